"""The folder that an engine builds an image from: Dockerfile, requirements, Headrace's wheel, the model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from headrace.environments import pip_settings
from headrace.environments.installed import distribution
from headrace.environments.uv import uv_or_none
from headrace.errors import AlreadyExists, CallerError
from headrace.packaging import manifest
from headrace.serving.image import dockerfile
from headrace.serving.image.contents import Contents

Progress = Callable[[str], None]

# Only these files are sent to the engine; whatever else somebody puts beside them isn't.
_IGNORED = "*\n!Dockerfile\n!*.txt\n!*.lock\n!*.whl\n!model\n**/__pycache__\n"
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644  # the container's user isn't the one who saved the model


def write(contents: Contents, folder: Path, tell: Progress) -> Path:
    """Fills a folder, which must be new, empty or an earlier context. AlreadyExists otherwise."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "Dockerfile").is_file():
        raise AlreadyExists("folder", str(folder), hint="Name one that is new, empty, or holds an earlier Dockerfile.")
    folder.mkdir(parents=True, exist_ok=True)
    wheel = _wheel(folder, tell)
    _write_requirements(contents, folder, wheel)
    if contents.model is not None:
        _copy_model(contents.model, folder / "model")
    (folder / ".dockerignore").write_text(_IGNORED, encoding="utf-8")
    made = dockerfile.text(contents, [wheel.name] if wheel else [])
    (folder / "Dockerfile").write_text(made, encoding="utf-8")
    return folder


def _write_requirements(contents: Contents, folder: Path, wheel: Path | None) -> None:
    spec = contents.spec
    extras = "" if contents.model is not None else "[env]"  # without a model, its environment is built at the start
    folder_there = dockerfile.BUILD if contents.model is not None else dockerfile.KEPT
    place = f" @ file://{folder_there}/{wheel.name}" if wheel else f"=={_version()}"
    own = [f"headrace{extras}{place}", *contents.more]
    for name, lines in (
        (dockerfile.REQUIREMENTS, spec.lines if spec.lock is None else ()),
        (dockerfile.CONSTRAINTS, spec.constraints if spec.lock is None else ()),
        (dockerfile.OWN, own),
    ):
        if lines:
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        else:
            (folder / name).unlink(missing_ok=True)
    if spec.lock is not None:
        (folder / dockerfile.LOCK).write_text(spec.lock, encoding="utf-8")
        pins = [line.rstrip(" \\") for line in spec.lock.splitlines() if not line.lstrip().startswith("--hash")]
        (folder / dockerfile.PINS).write_text("\n".join(pins) + "\n", encoding="utf-8")


def _copy_model(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    target.mkdir()
    for name in manifest.files_of(source):  # which refuses links that lead out of the folder
        manifest.copy_and_hash(source / name, target / name)
    if (source / manifest.FILE_NAME).is_file():
        shutil.copyfile(source / manifest.FILE_NAME, target / manifest.FILE_NAME)
    target.chmod(_FOLDER_MODE)
    for path in target.rglob("*"):
        path.chmod(_FOLDER_MODE if path.is_dir() else _FILE_MODE)


def _wheel(folder: Path, tell: Progress) -> Path | None:
    """Of this very Headrace, where no index has it: a working copy, or what was installed from a file."""
    for old in folder.glob("headrace-*.whl"):
        old.unlink()
    found = distribution("headrace")
    source = Path(__file__).parents[4]
    if found is not None and not found.editable and found.place is None:
        return None
    if found is not None and found.place is not None and not found.editable:
        source = Path(found.place.partition("file://")[2])
    if source.suffix == ".whl":
        return Path(shutil.copy(source, folder))
    tell(f"Building Headrace's wheel from {source}")
    uv = uv_or_none()
    command = [str(uv), "build", "--quiet"] if uv else [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--wheel", "--out-dir", str(folder), str(source)] if uv else ["--wheel-dir", str(folder), str(source)]
    _run(command)
    (folder / ".gitignore").unlink(missing_ok=True)  # uv's
    return next(folder.glob("headrace-*.whl"))


def _run(command: Sequence[str]) -> None:
    ended = subprocess.run(  # noqa: S603 — no shell
        list(command),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **pip_settings.for_uv()},
        check=False,
    )
    if ended.returncode:
        raise CallerError(f"Headrace's wheel couldn't be built; {Path(command[0]).name} said:\n{ended.stderr.strip()}")


def _version() -> str:
    found = distribution("headrace")
    assert found is not None
    return found.version
