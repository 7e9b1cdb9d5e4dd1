"""`headrace models`: what a model folder holds, whether it is whole, and whether its code may run here; and registered
models, whose commands have files of their own."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace.cli import (
    cells,
    models_changes,
    models_history,
    models_image,
    models_move,
    models_policy,
    models_registry,
    models_sign,
)
from headrace.cli.group import Group
from headrace.cli.models_predict import predict
from headrace.cli.models_serve import serve
from headrace.cli.output import done, fields, show, table
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from rich.console import RenderableType

    from headrace.packaging.describe import Description

DOWNLOADED = "headrace-model-"  # how temporary folders of downloaded models begin
MAX_VALUE_CHARS = 400

model_argument = click.argument("model", metavar="PATH_OR_URI")


@click.group(cls=Group)
def models() -> None:
    """Serve models, score files with them; describe, verify, trust and register them."""


models.add_command(predict)
models.add_command(serve)
models.add_command(models_registry.search, "list")
for _command in (
    models_registry.search,
    models_registry.versions,
    models_registry.show_,
    models_registry.register,
    models_registry.alias,
    models_registry.unalias,
    models_registry.stage,
    models_registry.tag,
    models_registry.untag,
    models_changes.rename,
    models_changes.update,
    models_changes.delete,
    models_changes.delete_version,
    models_changes.copy,
    models_changes.download,
    models_history.history,
    models_history.at,
    models_history.lineage,
    models_policy.policy,
    models_policy.gate,
    models_sign.sign,
    models_sign.verify,
    models_move.export,
    models_move.import_,
    models_image.generate_dockerfile,
    models_image.build_docker,
):
    models.add_command(_command)


@contextlib.contextmanager
def local_folder(model: str) -> Iterator[Path]:
    """The model's folder on this machine; one that had to be downloaded is gone afterwards."""
    path = Path(model).expanduser()
    if path.exists():
        yield path
        return
    if ":" not in model:
        raise InvalidValue("PATH_OR_URI", model, "there is no such folder; write a path, models:/…, runs:/… or an URI.")
    from headrace.client.resolve import resolve_model

    resolved = resolve_model(model, loads=False).path
    try:
        yield resolved
    finally:
        above = resolved.parent
        if above.name.startswith(DOWNLOADED) and above.parent == Path(tempfile.gettempdir()):
            shutil.rmtree(above, ignore_errors=True)


@models.command(
    "describe",
    examples=[
        "headrace models describe ./model",
        "headrace models describe models:/digits/3",
        "headrace models describe runs:/RUN/model --json | jq .signature",
    ],
)
@model_argument
@click.option("--contents/--sizes", default=None, help="Compare every byte with the manifest, or sizes only.")
def describe_(model: str, contents: bool | None) -> None:
    """Tell all that a model says and holds, without running any of it."""
    from headrace.packaging.describe import describe

    with local_folder(model) as folder:
        found = describe(folder, contents=contents)
    show(found, lambda: _description(model, found))


@models.command("trust", examples=["headrace models trust ./model", "headrace models trust models:/digits/3"])
@model_argument
def trust_(model: str) -> None:
    """Let the code of these very files run when the model is loaded, here and by you, from now on."""
    from headrace.packaging import manifest, trust

    with local_folder(model) as folder:
        digest = manifest.digest_of(folder)
    kept = trust.remember(digest)
    if not kept:
        from headrace.packaging import trusted_digests

        raise InvalidValue(
            "HEADRACE_HOME", str(trusted_digests.home()), "the list of trusted models can't be written there."
        )
    done(f"Trusted: {model}, as it is now (SHA-256 {digest}).", {"model": model, "digest": digest, "trusted": True})


@models.command("untrust", examples=["headrace models untrust ./model"])
@model_argument
def untrust(model: str) -> None:
    """Take that back; also for a model that you saved."""
    from headrace.packaging import manifest, trust

    with local_folder(model) as folder:
        digest = manifest.digest_of(folder)
    trust.forget(digest)
    done(f"No longer trusted: {model} (SHA-256 {digest}).", {"model": model, "digest": digest, "trusted": False})


def _description(model: str, found: Description) -> RenderableType:
    from rich.console import Group as Stack

    parts: list[RenderableType] = [fields(_facts(found), title=model)]
    if found.signature:
        parts += ["", fields(_signature(found.signature), title="Signature")]
    if found.requirements:
        parts += ["", table(["Requirement", "Here"], [[each.line, _here(each)] for each in found.requirements])]
    if found.risks:
        rows = [["!" if risk.suspicious else "", risk.path, risk.kind, _short(risk.what)] for risk in found.risks]
        parts += ["", table(["", "Runs code", "Kind", "What"], rows)]
    parts += [
        "",
        table(["Biggest files", "Size"], [[each.path, cells.size(each.size_bytes)] for each in found.biggest]),
    ]
    return Stack(*parts)


def _facts(found: Description) -> list[tuple[str, object]]:
    made = " ".join(
        part
        for part in (
            f"{found.written} UTC" if found.written else "",
            f"by MLflow {found.mlflow_version}" if found.mlflow_version else "",
            f"on Python {found.python}" if found.python else "",
        )
        if part
    )
    facts: list[tuple[str, object]] = [
        ("Flavors", ", ".join(_flavor(name, keys) for name, keys in sorted(found.flavors.items()))),
        ("Size", f"{cells.size(found.size_bytes)} in {found.files} files"),
        ("Made", made or cells.MISSING),
        ("Code", _verdict(found)),
        ("Manifest", found.manifest + (f": {found.manifest_note}" if found.manifest_note else "")),
        ("Digest", found.digest or "not taken; --contents reads every byte"),
    ]
    optional = {
        "Model ID": found.model_id,
        "Run": found.run_id,
        "From": found.artifact_path,
        "Input example": found.example and _short(found.example.get("content")),
        "Metadata": found.metadata and _short(found.metadata),
        "Resources": found.resources and _short(found.resources),
        "Auth policy": found.auth_policy and _short(found.auth_policy),
        "Prompts": found.prompts and ", ".join(map(str, found.prompts)),
        "Environment variables": found.env_vars and ", ".join(map(str, found.env_vars)),
        "Unknown keys": ", ".join(sorted(found.other)),
        "Faults": " ".join(found.faults),
    }
    return facts + [(name, value) for name, value in optional.items() if value]


def _flavor(name: str, keys: dict[str, Any]) -> str:
    version = next((value for key, value in keys.items() if key.endswith("_version") and key != "python_version"), None)
    if name == "python_function":
        return f"{name} ({keys.get('loader_module')})"
    return f"{name} {version}" if version else name


def _verdict(found: Description) -> str:
    trusted = " These very files are trusted." if found.trusted else ""
    return {
        "no code": "Loading it runs no code of its own.",
        "runs code": f"Loading it runs code that it brings.{trusted}",
        "suspicious": f"SUSPICIOUS: it holds what no honest model needs, or what can't be looked into.{trusted}",
    }[found.verdict.value]


def _signature(signature: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for part, specs in signature.items():
        for place, spec in enumerate(specs or []):
            yield (part if place == 0 else "", _spec(spec))


def _spec(spec: dict[str, Any]) -> str:
    import json

    name = f"{spec['name']}: " if "name" in spec else ""
    if spec.get("type") == "tensor":
        tensor = spec["tensor-spec"]
        return f"{name}tensor {tensor['dtype']} {tensor['shape']}"
    simple = {key: value for key, value in spec.items() if key not in ("name", "type", "required", "default", "shape")}
    kind = f"{spec.get('type')} {_short(simple)}" if simple else str(spec.get("type"))
    if "default" in spec:
        return f"{name}{kind}, default {json.dumps(spec['default'])}"
    return f"{name}{kind}" if spec.get("required", True) else f"{name}{kind}, optional"


def _here(needed: Any) -> str:
    if needed.line.startswith("mlflow"):
        return "Headrace in its place"
    if needed.fulfilled is None:
        return cells.MISSING
    return "yes" if needed.fulfilled else f"no, {needed.installed}" if needed.installed else "no"


def _short(value: object) -> str:
    import json

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[:MAX_VALUE_CHARS]}…"
