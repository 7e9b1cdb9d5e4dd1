"""log_figure: of matplotlib or plotly, or of anything that saves itself by `savefig`."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from headrace.blobs.paths import file_path
from headrace.client.log_files import target_of
from headrace.client.run_files import RunFiles
from headrace.errors import InvalidValue

_PLOTLY_IMAGES = (".png", ".jpeg", ".jpg", ".webp", ".svg", ".pdf")


def log_figure(
    figure: Any,
    artifact_file: str,
    *,
    save_kwargs: Mapping[str, Any] | None = None,
    synchronous: bool | None = None,
) -> None:
    """The name's ending decides the format. save_kwargs: for the figure's own save method."""
    log_figure_to(target_of(synchronous=synchronous).blobs, figure, artifact_file, save_kwargs)


def log_figure_to(
    blobs: RunFiles, figure: Any, artifact_file: str, save_kwargs: Mapping[str, Any] | None = None
) -> None:
    name = Path(file_path(artifact_file)).name
    with tempfile.TemporaryDirectory(prefix="headrace-figure-") as folder:
        place = Path(folder, name)
        _save(figure, place, dict(save_kwargs or {}))
        blobs.put_file(artifact_file, place)


def _save(figure: Any, place: Path, options: dict[str, Any]) -> None:
    if _is_plotly(figure):
        ending = place.suffix.lower()
        if ending == ".html":
            figure.write_html(place, **{"include_plotlyjs": "cdn", "auto_open": False, **options})
        elif ending in _PLOTLY_IMAGES:
            figure.write_image(place, **options)
        else:
            raise InvalidValue(
                "artifact_file", place.name, f"plotly writes .html and, with kaleido, {', '.join(_PLOTLY_IMAGES)}."
            )
    elif callable(getattr(figure, "savefig", None)):
        if place.suffix == ".html":
            raise InvalidValue("artifact_file", place.name, "matplotlib writes images, .png or .svg say.")
        figure.savefig(place, **options)
    else:
        raise InvalidValue("figure", type(figure).__name__, "a figure of matplotlib or plotly is needed.")


def _is_plotly(figure: Any) -> bool:
    return any(kind.__module__.split(".")[0] == "plotly" for kind in type(figure).__mro__)
