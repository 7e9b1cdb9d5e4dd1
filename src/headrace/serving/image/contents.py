"""What an image of a model holds, read from the model's folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from headrace import environments
from headrace.environments.requirement import Verbatim, parse
from headrace.environments.spec import Spec
from headrace.errors import InvalidValue
from headrace.packaging import manifest, trust
from headrace.packaging.describe import describe
from headrace.packaging.mlmodel import PYFUNC, Model
from headrace.packaging.risks import Verdict
from headrace.packaging.trust import Origin

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)  # that Headrace is tested on; the base of images without a model
# Of the distribution, what it needs of the system and the slim base hasn't got.
_SYSTEM_PACKAGES = {"lightgbm": "libgomp1", "pyspark": "default-jre-headless"}
# Flavors whose requests never become a frame.
_FRAMELESS = ("onnxruntime_genai", "transformers")


@dataclass(frozen=True, kw_only=True)
class Contents:
    """base: image with a Python. name: what clients call the model. model: its folder; None for an image that gets one
    mounted. spec: of its environment. more: requirements of serving it beside those. runs_code: whether loading it runs
    code that it brings. labels: of the image, as they are."""

    base: str
    name: str = ""
    model: Path | None = None
    spec: Spec = field(default_factory=Spec)
    more: tuple[str, ...] = ()
    system_packages: tuple[str, ...] = ()
    runs_code: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_model_to_install(self) -> bool:
        """Whether its requirements name files of its own folder."""
        return any(isinstance(line, Verbatim) and line.local for line in map(parse, self.spec.lines))


def of_model(
    folder: Path,
    origin: Origin,
    *,
    name: str = "",
    version: str = "",
    base: str | None = None,
    allow_pickle: bool | None = None,
) -> Contents:
    """name, version: for the labels. base: instead of Python's own slim image. UntrustedModel where the model runs code
    that isn't trusted here: who builds an image lets it run wherever that goes."""
    model = Model.load(folder)
    if PYFUNC not in model.flavors:
        has = ", ".join(sorted(model.flavors)) or "no flavor"
        raise InvalidValue(
            "model_uri", str(folder), f"only models with the flavor {PYFUNC} can be served; it has {has}."
        )
    found = describe(folder, contents=False)
    runs_code = found.verdict is not Verdict.NO_CODE
    if runs_code:
        what = [risk.path for risk in found.risks] or ["MLmodel"]
        trust.may_run(folder, what=what, origin=origin, allow_pickle=allow_pickle)
    spec = environments.of_model(folder)
    wants_frames = not any(flavor in model.flavors for flavor in _FRAMELESS)
    packages = {package for name_, package in _SYSTEM_PACKAGES.items() if spec.names(name_)}
    return Contents(
        base=base or f"python:{_minor(spec.python)}-slim",
        name=name,
        model=folder,
        spec=spec,
        more=("pandas",) if wants_frames and not spec.names("pandas") else (),
        system_packages=tuple(sorted(packages)),
        runs_code=runs_code,
        labels=_labels(model, folder, name, version),
    )


def without_model(*, base: str | None = None) -> Contents:
    """Of an image that serves whatever is mounted at /opt/ml/model, in an environment that it builds when it starts."""
    return Contents(base=base or f"python:{_minor(None)}-slim")


def _minor(python: str | None) -> str:
    """The newest patch of a version has the fixes that a frozen one lacks."""
    parts = [int(part) for part in python.split(".")[:2]] if python else list(NEWEST_PYTHON)
    if len(parts) == 1 or tuple(parts) < OLDEST_PYTHON:
        parts = list(NEWEST_PYTHON)
    return ".".join(map(str, parts))


def _labels(model: Model, folder: Path, name: str, version: str) -> dict[str, str]:
    found = {
        "org.opencontainers.image.title": name or folder.name,
        "org.opencontainers.image.version": version,
        "org.headrace.model-id": model.model_id or "",
        "org.headrace.run-id": model.run_id or "",
        "org.headrace.digest": f"sha256:{manifest.digest_of(folder)}",
    }
    return {key: value for key, value in found.items() if value}
