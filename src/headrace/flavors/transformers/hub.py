"""Where a model came from: its repository on the Hugging Face hub, and the commit.

What was loaded lies in the hub's cache on this machine, which knows its commit, card and licence. Only for a model that
is there, and only while the hub isn't switched off (HF_HUB_OFFLINE), is the hub itself asked for what the cache lacks.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_REPOSITORY = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?")
_LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")
_CARD = "README.md"
_TIMEOUT_S = 5.0


def commit_of(name: str, loaded: Any = None) -> str | None:
    """The commit that a model or tokenizer of that name was loaded from; None if it isn't from the hub."""
    if not name or Path(name).exists() or not _REPOSITORY.fullmatch(name):
        return None
    config = getattr(loaded, "config", None)
    known = getattr(config, "_commit_hash", None) or getattr(loaded, "_commit_hash", None)  # transformers 4
    if known:
        return str(known)
    folder = _cache(name)
    main = folder / "refs" / "main"
    if main.is_file():
        return main.read_text(encoding="utf-8").strip()
    snapshots = sorted(folder.glob("snapshots/*"))
    return snapshots[0].name if len(snapshots) == 1 else None  # loaded at a revision of its own


def local_files(name: str) -> Sequence[Path]:
    """Card and licence of a model: beside its checkpoint on this machine, or from the hub where it came from."""
    if name and Path(name).is_dir():
        return [path for each in (_CARD, *_LICENCES) if (path := Path(name) / each).is_file()]
    commit = commit_of(name)
    if commit is None:
        return []
    cached = (_cached(name, each, commit) for each in (_CARD, *_LICENCES))
    found = [path for path in cached if path is not None]
    if not any(path.name == _CARD for path in found):
        found.extend(_fetched(name, _CARD, commit))
    if not any(path.name in _LICENCES for path in found):
        found.extend(_fetched(name, _LICENCES[0], commit))
    return found


def _cache(name: str) -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}"


def _cached(name: str, file: str, commit: str) -> Path | None:
    path = _cache(name) / "snapshots" / commit / file
    return path if path.is_file() else None


def _fetched(name: str, file: str, commit: str) -> list[Path]:
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    if constants.HF_HUB_OFFLINE:
        return []
    # A card is nice to have: whatever the network says, the model is saved.
    with contextlib.suppress(HfHubHTTPError, OSError):
        return [Path(hf_hub_download(name, file, revision=commit, etag_timeout=_TIMEOUT_S))]
    return []
