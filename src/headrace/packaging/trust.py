"""Who may run code here: the policy for models that bring some. It belongs to whoever loads, never to the file.

A pickle runs what it likes when it is loaded; so do Python files, modules named as loaders and some layers. They run
without a word only if one of these holds:

- the model lies in the embedded store of this user, below its root;
- its folder is, byte by byte, one that this user saved here or said to trust: its digest is in a private list;
- it is a version in a remote registry, made by the authenticated caller or by a name in HEADRACE_TRUSTED_USERS;
- the call says `allow_pickle=True`, or the environment HEADRACE_ALLOW_PICKLE=1 (or MLflow's own variable).

`allow_pickle=False` and HEADRACE_ALLOW_PICKLE=0 forbid all, own models too. The digest is of the whole folder, so a
trusted pickle can't be paired with another MLmodel. Whoever may write to a folder while it is loaded can still exchange
a file between the look and the load; keep models where only their owner writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from headrace import settings
from headrace.blobs.paths import InvalidPath
from headrace.errors import Forbidden
from headrace.packaging import manifest, trusted_digests
from headrace.packaging.inside import inside, is_inside

MAX_SHOWN = 8  # files in a refusal
SHOWN_BUDGET = 500_000  # instructions of pickles that a refusal looks at, half a second

remember = trusted_digests.remember
forget = trusted_digests.forget


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a folder came from. root: of the embedded store of this user. creator, caller: of a remote version, as the
    server authenticated them; None where it didn't. A folder that came otherwise has none of these."""

    root: Path | None = None
    creator: str | None = None
    caller: str | None = None

    @classmethod
    def embedded(cls, root: str | Path = "/") -> Origin:
        return cls(root=Path(root))

    @classmethod
    def remote(cls, creator: str | None, caller: str | None = None) -> Origin:
        return cls(creator=creator, caller=caller)

    @classmethod
    def elsewhere(cls) -> Origin:
        return cls()

    def vouches_for(self, folder: str | Path) -> bool:
        if self.root is not None and is_inside(self.root, folder):
            return _is_own(Path(folder))
        return bool(self.creator) and (self.creator == self.caller or self.creator in trusted_users())

    def __str__(self) -> str:
        if self.creator:
            return f"it was made by {self.creator!r}, who is neither you nor in HEADRACE_TRUSTED_USERS"
        return "it was neither made here by you nor trusted before"


class UntrustedModel(Forbidden):
    """folder: of the model. what: the files that would run."""

    def __init__(self, folder: Path, what: Sequence[str], why: str) -> None:
        self.folder, self.what = folder, list(what)
        held = "\n".join(f"  {line}" for line in _held(folder, what))
        super().__init__(
            f"The model in {folder} runs code when it is loaded, and {why}. It holds:\n{held}\n"
            "If you trust whoever made it, choose:\n"
            "  allow_pickle=True             in this call, for this once\n"
            f"  headrace models trust {folder}   for these very files, from now on\n"
            "  HEADRACE_ALLOW_PICKLE=1       in the environment, for every model\n"
            f"`headrace models describe {folder}` shows the rest of it and runs nothing."
        )


def may_run(folder: str | Path, *, what: Sequence[str], origin: Origin, allow_pickle: bool | None = None) -> None:
    """To be called before anything of the folder runs. what: the files that would, from the folder. allow_pickle: the
    caller's word, which wins over the environment's. Raises UntrustedModel."""
    place = Path(folder)
    allowed = settings.ALLOW_PICKLE.get() if allow_pickle is None else allow_pickle
    if allowed:
        return
    if allowed is False:
        said = "allow_pickle=False" if allow_pickle is False else f"{_variable()} in the environment"
        raise UntrustedModel(place, what, f"{said} forbids that")
    if not origin.vouches_for(place) and not is_trusted(place):
        raise UntrustedModel(place, what, str(origin))


def is_trusted(folder: str | Path) -> bool:
    """Whether its content is in this user's list. Every byte is read. Python's caches in it, which the digest leaves
    out, are removed: they could hold anything."""
    if trusted_digests.is_empty() or not trusted_digests.contains(manifest.digest_of(folder)):
        return False
    return not manifest.remove_bytecode(folder)


def trusted_users() -> frozenset[str]:
    names = settings.TRUSTED_USERS.get() or ""
    return frozenset(name.strip() for name in names.split(",") if name.strip())


def _is_own(folder: Path) -> bool:
    """Root counts as everybody: in a container, the files of a mounted store are often another user's."""
    getuid = getattr(os, "geteuid", None)
    return getuid is None or getuid() in (0, folder.stat().st_uid)


def _variable() -> str:
    return next(f"{name}={os.environ[name]}" for name in settings.ALLOW_PICKLE.names if os.environ.get(name))


def _held(folder: Path, what: Sequence[str]) -> Iterator[str]:
    from headrace.packaging.pickles import Budget, scan_file  # readers of archives, which few who load a model need

    budget = Budget(operations=SHOWN_BUDGET)
    files = [name for each in what for name in _files_at(folder, each)]
    for name in files[:MAX_SHOWN]:
        place = _place(folder, name)
        found = scan_file(place, name, budget) if place else []
        alarming = sorted({each for finding in found for each in finding.alarming})
        yield "; ".join(str(each) for each in found) or name
        if alarming:
            yield f"  ! no model needs {', '.join(alarming[:5])}"
    if len(files) > MAX_SHOWN:
        yield f"and {len(files) - MAX_SHOWN} more files"


def _place(folder: Path, name: str) -> Path | None:
    """None for what isn't a path at all, isn't there, or leads out of the folder: that is nobody's to look into."""
    try:
        place = inside(folder, name)
        return place if place.exists() else None
    except (InvalidPath, OSError):
        return None


def _files_at(folder: Path, name: str) -> list[str]:
    place = _place(folder, name)
    if place is None or not place.is_dir():
        return [name]
    prefix = "" if name in ("", ".") else f"{name.rstrip('/')}/"
    return [each for each in manifest.files_of(folder) if each.startswith(prefix)]
