"""Builds what a spec asks for: by uv, by venv and pip, or by conda."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

import yaml

from headrace import settings
from headrace.environments import cache, conda_file, interpreters, pip_settings
from headrace.environments.prepared import Environment, local
from headrace.environments.spec import Spec
from headrace.environments.tool import told
from headrace.environments.uv import find_uv, uv_or_none
from headrace.errors import CallerError, InvalidValue
from headrace.lazy import MissingPackage

Manager = Literal["local", "uv", "virtualenv", "conda"]
Progress = Callable[[str], None]

_CONDAS = ("conda", "mamba", "micromamba")
_SHOWN_LINES = 25  # of a failed installer: its reason comes last
# Who set one of these has said where packages come from.
_UV_INDEXES = frozenset(
    "UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_INDEX UV_INDEX_URL UV_NO_INDEX UV_TORCH_BACKEND".split()
)
# What would point an installer at another environment than the one that is built.
_MISLEADING = (
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",
    "PIP_TARGET",
    "PIP_USER",
)


class BuildFailed(CallerError):
    """An installer failed; the message holds what it said."""


def prepare(spec: Spec, manager: str = "uv", *, progress: Progress | None = None) -> Environment:
    """The environment, built if it isn't there yet: minutes for large packages, some ms afterwards.

    Many processes may ask at once: one builds, the others wait. progress: gets a line for each step.
    """
    if manager not in get_args(Manager):
        raise InvalidValue("env_manager", manager, f"allowed are {', '.join(get_args(Manager))}.")
    if manager == "local":
        return local()
    tell = progress or _silent
    by_conda = manager == "conda"
    if manager == "uv":
        find_uv()
    digest = spec.digest(conda=by_conda)
    path, python = cache.get(
        digest,
        lambda folder: (_by_conda if by_conda else _by_venv)(spec, folder, tell),
        tell,
    )
    return Environment(python=python, path=path, digest=digest, conda=by_conda)


def _silent(line: str) -> None:
    del line


def _tell_of_conda_only(spec: Spec, tell: Progress) -> None:
    names = conda_file.conda_only(spec.conda)
    if names:
        tell(f"Not installed, since only conda can: {', '.join(names)}")


def _by_venv(spec: Spec, folder: Path, tell: Progress) -> Path:
    for note in spec.notes:
        tell(note)
    _tell_of_conda_only(spec, tell)
    uv, chosen = uv_or_none(), settings.ENV_INSTALLER.get()
    base = interpreters.find(spec.python, tell)
    tell(f"Building an environment with {len(spec.all_lines)} requirements for {base}")
    if uv is None or chosen == "pip":
        # Our own pip serves our own Python: that saves the seconds that a new one takes to unpack.
        ours = base == Path(sys.executable) and find_spec("pip") is not None
        _run([base, "-m", "venv", *(["--without-pip"] if ours else []), folder], spec, tell, {})
        python = folder / "bin" / "python"
        pip: list[str | Path] = [base, "-m", "pip", "--python", python] if ours else [python, "-m", "pip"]
        install = [*pip, "install", "--progress-bar", "off"]
        variables = dict[str, str]()
    else:
        _run([uv, "venv", "--quiet", "--no-project", "--python", base, folder], spec, tell, {})
        python = folder / "bin" / "python"
        install = [uv, "pip", "install", "--python", python]
        variables = _for_uv(spec)
    for each in _installs(spec, folder):
        _run([*install, *each], spec, tell, variables)
    return python


def _for_uv(spec: Spec) -> dict[str, str]:
    found = pip_settings.for_uv()
    if spec.lock is not None:
        found.pop("UV_CONSTRAINT", None)  # has no hashes, and a lock leaves nothing to constrain
    if spec.names("torch") and not _UV_INDEXES & found.keys() and not _UV_INDEXES & os.environ.keys():
        # The general index has builds for NVIDIA's cards alone, of some GB; uv knows where the one for this machine is.
        found["UV_TORCH_BACKEND"] = "auto"
    return found


def _installs(spec: Spec, folder: Path) -> Iterator[list[str]]:
    """Arguments of each `install`, in their order. The files they name stay in the environment, to be looked up."""
    if spec.build:
        yield [*spec.build]
    if spec.lock is not None:
        yield ["--require-hashes", "--no-deps", "-r", _write(folder / "requirements.lock", [spec.lock])]
        # As constraints, without hashes: those would be asked of what isn't in the lock, too.
        pins = [line.rstrip(" \\") for line in spec.lock.splitlines() if not line.lstrip().startswith("--hash")]
        if spec.own:
            yield ["-r", _write(folder / "own.txt", spec.own), "-c", _write(folder / "pins.txt", pins)]
    elif spec.all_lines:
        limits = ["-c", _write(folder / "constraints.txt", spec.constraints)] if spec.constraints else []
        yield ["-r", _write(folder / "requirements.txt", spec.all_lines), *limits]


def _write(path: Path, lines: Sequence[str]) -> str:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def _by_conda(spec: Spec, folder: Path, tell: Progress) -> Path:
    conda = _conda()
    asked, limits = folder.with_name(f"{folder.name}.yaml"), folder.with_name(f"{folder.name}.txt")
    constraints = [f"-c {_write(limits, spec.constraints)}"] if spec.constraints else []
    mapping = conda_file.with_pip(spec.conda or _as_conda(spec), [*spec.all_lines, *constraints])
    _write(asked, [yaml.safe_dump(mapping)])
    tell(f"Building an environment by {conda.name}")
    try:
        create: list[str | Path] = ["create", "--yes"] if conda.stem == "micromamba" else ["env", "create"]
        _run([conda, *create, "--prefix", folder, "--file", asked], spec, tell, {})
    finally:
        asked.unlink(missing_ok=True)
        limits.unlink(missing_ok=True)
    return folder / "bin" / "python"


def _as_conda(spec: Spec) -> dict[str, object]:
    python = f"python={spec.python}" if spec.python else "python"
    return {"channels": ["conda-forge"], "dependencies": [python, "pip"]}


def conda_or_none() -> Path | None:
    """The conda, mamba or micromamba that would build an environment."""
    home, chosen = settings.CONDA_HOME.get(), settings.CONDA_CREATE_COMMAND.get()
    for name in [chosen] if chosen else _CONDAS:
        found = shutil.which(name, path=str(Path(home, "bin")) if home else None)
        if found:
            return Path(found)
    return None


def _conda() -> Path:
    found = conda_or_none()
    if found is not None:
        return found
    home, chosen = settings.CONDA_HOME.get(), settings.CONDA_CREATE_COMMAND.get()
    where = f"{home}/bin" if home else "the PATH"
    raise MissingPackage(
        f"env_manager 'conda' needs {chosen or ', '.join(_CONDAS)} on {where}, and none is there. Install Miniforge or "
        "micromamba, or set HEADRACE_CONDA_HOME; env_manager 'uv' installs the pip part without conda."
    )


def _run(command: Sequence[str | Path], spec: Spec, tell: Progress, variables: dict[str, str]) -> None:
    """One step of an installer, in the folder that its paths are relative to. Its lines are progress."""
    environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
    status, last = told(
        list(map(str, command)),
        tell,
        _SHOWN_LINES,
        cwd=spec.folder if spec.folder.is_dir() else None,
        env={**environment, **variables, "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    if status:
        raise BuildFailed(_reason(command, last))


def _reason(command: Sequence[str | Path], last: str) -> str:
    name = Path(command[0]).name
    hint = ""
    if name == Path(str(uv_or_none())).name:
        hint = "\nIf pip finds these packages and uv doesn't, set HEADRACE_ENV_INSTALLER=pip."
    return f"The environment couldn't be built; {name} said:\n{last or 'nothing'}{hint}"
