"""`headrace models export --to`: a model as a folder that runs without Headrace."""

from __future__ import annotations

from pathlib import Path

from headrace.cli.output import done, say
from headrace.errors import InvalidValue, MissingValue


def export_for_device(
    model_uri: str | None, to: str, directory: Path | None, tolerance: float, *, allow_pickle: bool | None
) -> None:
    from headrace.deployments.edge.export import export

    if model_uri is None:
        raise MissingValue("--model-uri")
    if directory is None:
        raise MissingValue("--output-directory")
    if not tolerance >= 0:
        raise InvalidValue("--tolerance", tolerance, "a number of at least 0.")
    folder = export(model_uri, to, directory, tolerance=tolerance, allow_pickle=allow_pickle, progress=say)
    done(
        f"{model_uri} is in {folder}: pip install -r {folder}/requirements.txt && python {folder}/run.py",
        {"model_uri": model_uri, "to": to, "folder": str(folder)},
    )
