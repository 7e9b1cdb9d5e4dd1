"""`headrace models export` and `import`: a registered model with all that belongs to it, between registries; and, with
`--to`, a model for a device.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace.cli import cells
from headrace.cli.group import Command
from headrace.cli.models_edge import export_for_device
from headrace.cli.models_named import comment_option, hinted, name_of
from headrace.cli.output import done, say
from headrace.cli.problem import Problem
from headrace.cli.run_options import only
from headrace.cli.session import registry
from headrace.errors import Corrupt, Forbidden, MissingValue, NotFound, StoreUnavailable

if TYPE_CHECKING:
    from headrace.registry.bundle import BundledVersion

_OF_REGISTERED = ("name", "target", "no_files", "force")
_OF_DEVICES = ("to", "model_uri", "output_directory", "tolerance", "allow_pickle")


@click.command(
    "export",
    cls=Command,
    examples=[
        "headrace models export wine wine.tar",
        "headrace models export wine backups/wine --no-files --force",
        "headrace models export -m models:/wine@champion --to onnx -d wine-onnx",
        "headrace models export -m models:/phi3/2 --to bundle -d phi3-device",
    ],
)
@click.argument("name", required=False)
@click.argument("target", metavar="FILE_OR_FOLDER", type=click.Path(path_type=Path), required=False)
@click.option("--no-files", is_flag=True, help="Leave the versions' files where they lie; only their sources go along.")
@click.option("--force", is_flag=True, help="Replace what is at that place.")
@click.option("--to", type=click.Choice(["onnx", "bundle"]), help="Instead, a folder that runs without Headrace.")
@click.option("--model-uri", "-m", metavar="URI", help="With --to: the model.")
@click.option(
    "--output-directory", "-d", metavar="DIR", type=click.Path(path_type=Path), help="With --to: a new folder."
)
@click.option(
    "--tolerance",
    type=float,
    default=1e-4,
    show_default=True,
    help="With --to onnx: how far answers may be from the model's own, relative and absolute.",
)
@click.option("--allow-pickle/--forbid-pickle", default=None, help="With --to: run code that the model brings, or not.")
def export(
    name: str | None,
    target: Path | None,
    no_files: bool,
    force: bool,
    to: str | None,
    model_uri: str | None,
    output_directory: Path | None,
    tolerance: float,
    allow_pickle: bool | None,
) -> None:
    """Write a model with versions, files, aliases, stages, policy, signatures and history into a .tar file or a folder.

    A server of MLflow's has neither policies, signatures nor history; the rest is exported from there, too.

    With --to, one model becomes a folder that needs no Headrace: an ONNX graph with onnxruntime, or a language model
    with onnxruntime-genai, and a program that asks it.
    """
    if to is not None:
        only(_OF_DEVICES, "--to", "it makes a folder of the one model that --model-uri names")
        export_for_device(model_uri, to, output_directory, tolerance, allow_pickle=allow_pickle)
        return
    only(_OF_REGISTERED, "an export without --to", "say --to onnx or --to bundle for a folder for a device")
    if name is None or target is None:
        raise MissingValue("NAME" if name is None else "FILE_OR_FOLDER")
    from headrace.client.model_export import export_model
    from headrace.client.uri import get_registry_uri, get_tracking_uri

    name = name_of(name)
    with hinted(name):
        registry().get_registered_model(name)
    try:
        made = export_model(
            name, target, get_registry_uri(), get_tracking_uri(), files=not no_files, replace=force, on_version=_tell
        )
    except (Corrupt, NotFound, StoreUnavailable, Forbidden) as error:
        if no_files:
            raise
        raise Problem(
            error.message, "--no-files exports the model all the same, without any version's files."
        ) from error
    kept = "" if made.has_history else ", without history: its server keeps none"
    done(
        f"Model {name!r} with {_count(len(made.versions))} is in {target}{kept}.",
        {"name": name, "path": str(target), "versions": len(made.versions), "history": made.has_history},
    )


@click.command(
    "import",
    cls=Command,
    examples=[
        "headrace models import wine.tar --tracking-uri https://headrace.example.org",
        "headrace models import wine.tar --as wine-from-lab",
    ],
)
@click.argument("source", metavar="FILE_OR_FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option("--as", "as_name", metavar="NAME", help="Another name than it had.")
@click.option("--no-history", is_flag=True, help="Leave the journal out, which only an admin may import.")
@comment_option
def import_(source: Path, as_name: str | None, no_history: bool, comment: str | None) -> None:
    """Make a registered model of what `export` wrote: numbers, aliases and stages as they were.

    All of it is looked at first. An import that broke off goes on where it stopped when it is run again.
    """
    from headrace.client.model_import import import_model
    from headrace.client.uri import get_registry_uri, get_tracking_uri

    registry(make=True)
    try:
        made = import_model(
            source,
            get_registry_uri(),
            get_tracking_uri(),
            name=as_name,
            history=not no_history,
            comment=comment,
            on_version=_tell,
        )
    except Forbidden as error:
        if no_history:
            raise
        raise Problem(error.message, "--no-history leaves the journal out, which only an admin may import.") from error
    for what in made.missing:
        say(f"Left out: {what}.")
    done(
        f"Model {made.name!r} with {_count(made.versions)} has been imported.",
        {"name": made.name, "versions": made.versions, "missing": made.missing},
    )


def _tell(version: BundledVersion) -> None:
    files = version.files or {}
    size = cells.size(sum(record.size_bytes for record in files.values()))
    say(f"version {version.version}: {f'{_files(len(files))}, {size}' if version.files is not None else 'no files'}")


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"


def _count(versions: int) -> str:
    return "1 version" if versions == 1 else f"{versions} versions"
