"""Changing what a finished model folder asks for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from headrace.environments.conda_file import with_pip
from headrace.environments.requirement import Requirement, parse
from headrace.errors import InvalidValue
from headrace.packaging.env_files import read, write

OPERATIONS = ("add", "remove")


def amend(folder: str | Path, operation: str, lines: Iterable[str]) -> None:
    """Rewrites the folder's environment files. add: a line takes the place of the same package's. remove: the line of
    that package goes, whatever version it says."""
    if operation not in OPERATIONS:
        raise InvalidValue("operation", operation, f"allowed are {' and '.join(OPERATIONS)}.")
    if isinstance(lines, str):
        raise InvalidValue("requirement_list", lines, "a list of requirement lines.")
    changed = {_key(line): line for line in lines}
    environment = read(folder)
    kept = [line for line in environment.pip if _key(line) not in changed]
    if operation == "add":
        at = next((place for place, line in enumerate(kept) if line.startswith("-c ")), len(kept))
        kept[at:at] = [str(parse(line)) for line in changed.values()]
    conda = with_pip(environment.conda, kept) if environment.conda else environment.conda
    write(folder, msgspec.structs.replace(environment, pip=kept, conda=conda))


def _key(line: str) -> str:
    parsed = parse(line) if not line.startswith("-") else line
    return parsed.key if isinstance(parsed, Requirement) else str(parsed)
