"""`headrace artifacts`. MLflow's clients for Java and R call these commands: names, options and output fit theirs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import click

from headrace.cli import cells
from headrace.cli.group import Group
from headrace.cli.output import done, say, show, table
from headrace.cli.session import client, session

run_id_option = click.option("--run-id", "-r", required=True, metavar="RUN", help="The run.")
artifact_path_option = click.option(
    "--artifact-path", "-a", metavar="PATH", help="Path below the run's artifacts; their root if absent."
)


@click.group(cls=Group)
def artifacts() -> None:
    """Upload, list and download the files of runs."""


@artifacts.command("log-artifact", examples=["headrace artifacts log-artifact -l report.html -r RUN -a reports"])
@click.option(
    "--local-file", "-l", required=True, metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="The file."
)
@run_id_option
@artifact_path_option
def log_artifact(local_file: str, run_id: str, artifact_path: str | None) -> None:
    """Upload a file to a run, into the folder PATH."""
    client().log_artifact(run_id, local_file, artifact_path)
    _logged(f"Logged {local_file} to {_place(run_id, artifact_path)}", run_id, artifact_path)


@artifacts.command("log-artifacts", examples=["headrace artifacts log-artifacts -l plots -r RUN -a plots"])
@click.option(
    "--local-dir", "-l", required=True, metavar="DIR", type=click.Path(exists=True, file_okay=False), help="The folder."
)
@run_id_option
@artifact_path_option
def log_artifacts(local_dir: str, run_id: str, artifact_path: str | None) -> None:
    """Upload what is in a folder to a run, into the folder PATH."""
    client().log_artifacts(run_id, local_dir, artifact_path)
    _logged(f"Logged what is in {local_dir} to {_place(run_id, artifact_path)}", run_id, artifact_path)


@artifacts.command(
    "list", examples=["headrace artifacts list -r RUN", "headrace artifacts list -r RUN -a model | jq -r '.[].path'"]
)
@run_id_option
@artifact_path_option
def list_(run_id: str, artifact_path: str | None) -> None:
    """List files and folders, one level. In a pipe it prints JSON, as MLflow does."""
    found = client().list_artifacts(run_id, artifact_path)
    records: list[dict[str, Any]] = [
        {"path": each.path, "is_dir": each.is_dir}
        | ({} if each.is_dir or each.file_size is None else {"file_size": each.file_size})
        for each in found
    ]
    show(
        records,
        lambda: table(
            ["Path", "Size"],
            [[f"{each.path}/" if each.is_dir else each.path, cells.size(each.file_size)] for each in found],
            right=["Size"],
        ),
        json_in_pipes=True,
    )


@artifacts.command(
    "download",
    examples=[
        "headrace artifacts download -r RUN -a model -d ./downloaded",
        "headrace artifacts download -u runs:/RUN/report.html",
    ],
)
@click.option("--run-id", "-r", metavar="RUN", help="The run; or give --artifact-uri.")
@artifact_path_option
@click.option("--artifact-uri", "-u", metavar="URI", help="Such as runs:/RUN/path or s3://bucket/path.")
@click.option(
    "--dst-path", "-d", metavar="DIR", type=click.Path(file_okay=False), help="A new temporary folder if absent."
)
def download(run_id: str | None, artifact_path: str | None, artifact_uri: str | None, dst_path: str | None) -> None:
    """Download a file or folder and print where it is now."""
    from headrace.artifacts import download_artifacts

    if (run_id is None) == (artifact_uri is None):
        raise click.UsageError("Give exactly one of --run-id and --artifact-uri.")
    if artifact_uri is not None and artifact_path is not None:
        raise click.UsageError("--artifact-path goes with --run-id; with --artifact-uri, put the path into the URI.")
    folder = Path(dst_path or tempfile.mkdtemp(prefix="headrace-")).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if artifact_uri is not None:
        local = download_artifacts(artifact_uri=artifact_uri, dst_path=str(folder))
    else:
        local = download_artifacts(run_id=run_id, artifact_path=artifact_path or "", dst_path=str(folder))
    done(str(local), {"path": str(local)})


def _place(run_id: str, artifact_path: str | None) -> str:
    return f"runs:/{run_id}/{artifact_path}" if artifact_path else f"runs:/{run_id}"


def _logged(sentence: str, run_id: str, artifact_path: str | None) -> None:
    if session().json:
        done("", {"run_id": run_id, "artifact_path": artifact_path or ""})
    else:
        say(sentence)
