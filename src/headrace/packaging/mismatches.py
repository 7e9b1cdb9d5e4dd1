"""What a model asks for beside what is installed here: which packages differ, and the one command that mends it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from headrace.environments.installed import distribution
from headrace.environments.requirement import Requirement, parse
from headrace.errors import InvalidValue
from headrace.packaging.env_files import read

_OURS = frozenset({"mlflow", "mlflow-skinny", "mlflow-tracing", "headrace"})  # Headrace runs the model in their place
# Distributions with the same modules in them, built for other hardware.
_SAME = (
    ("xgboost", "xgboost-cpu"),
    ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos"),
    ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"),
    ("onnxruntime-genai", "onnxruntime-genai-cuda", "onnxruntime-genai-directml"),
    ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"),
    ("faiss-cpu", "faiss-gpu"),
    ("psycopg2", "psycopg2-binary"),
)
_ALTERNATIVES = {name: group for group in _SAME for name in group}


class Mismatch(Struct, frozen=True, kw_only=True):
    """required: the model's line. installed: the version here; None if there is none."""

    name: str
    required: str
    installed: str | None

    def __str__(self) -> str:
        return f"{self.required} ({'not installed' if self.installed is None else f'installed: {self.installed}'})"


def mismatches(folder: str | Path) -> list[Mismatch]:
    """Requirements of a model folder that what is installed here doesn't fulfil. Lines that can't be read are passed
    over: this is a warning's work, and pip will say what is wrong with them."""
    found = []
    for line in read(folder).pip:
        try:
            required = parse(line)
        except InvalidValue:
            continue
        if not isinstance(required, Requirement) or required.key in _OURS or not required.applies:
            continue
        version = _installed(required.key)
        if version is None or not required.allows(version):
            found.append(Mismatch(name=required.key, required=str(required), installed=version))
    return found


def missing(folder: str | Path) -> list[Mismatch]:
    """Those of them that aren't installed at all."""
    return [mismatch for mismatch in mismatches(folder) if mismatch.installed is None]


def _installed(name: str) -> str | None:
    for each in (name, *_ALTERNATIVES.get(name, ())):
        found = distribution(each)
        if found is not None:
            return found.version
    return None


def install_line(found: Iterable[Mismatch]) -> str:
    """The command that mends all of them at once."""
    import shlex  # a millisecond, which only a mismatch is worth

    return f"pip install {shlex.join(mismatch.required for mismatch in found)}"
