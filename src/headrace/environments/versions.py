"""Version numbers of Python packages and conditions on them, in the order and with the meaning of PEP 440.

Conditions are asked about what is installed, so a pre-release satisfies them like any other version.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

_VERSION = re.compile(
    r"""\s*v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)
    (?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_number>\d*))?
    (?:-(?P<post_bare>\d+)|[-_.]?(?P<post>post|rev|r)[-_.]?(?P<post_number>\d*))?
    (?:[-_.]?(?P<dev>dev)[-_.]?(?P<dev_number>\d*))?
    (?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_CLAUSE = re.compile(r"\s*(?P<operator>===|~=|==|!=|<=|>=|<|>)\s*(?P<version>[^\s,;()]+)\s*")
_PRE = {"alpha": "a", "a": "a", "beta": "b", "b": "b", "c": "rc", "pre": "rc", "preview": "rc", "rc": "rc"}
_LAST = (1,)  # sorts after every pair that starts with 0


class Version(Struct, frozen=True):
    """release: without trailing zeros, so that `1.0` is `1`. pre: ("a" | "b" | "rc", number)."""

    epoch: int
    release: tuple[int, ...]
    pre: tuple[str, int] | None = None
    post: int | None = None
    dev: int | None = None
    local: tuple[tuple[int, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Version | None:
        """None for text that is no version."""
        match = _VERSION.fullmatch(text)
        if match is None:
            return None
        release = [int(part) for part in match["release"].split(".")]
        while len(release) > 1 and not release[-1]:
            release.pop()
        post = match["post_bare"] or (match["post_number"] or "0" if match["post"] else None)
        return cls(
            int(match["epoch"] or 0),
            tuple(release),
            (_PRE[match["pre"].lower()], int(match["pre_number"] or 0)) if match["pre"] else None,
            None if post is None else int(post),
            int(match["dev_number"] or 0) if match["dev"] else None,
            tuple(_local_part(part) for part in re.split(r"[-_.]", match["local"] or "") if part),
        )

    def _key(self) -> tuple[Any, ...]:
        pre: tuple[Any, ...] = (0, *self.pre) if self.pre else _LAST
        if self.pre is None and self.post is None and self.dev is not None:
            pre = (-1,)  # 1.0.dev1 comes before 1.0a1
        post = -1 if self.post is None else self.post
        dev: tuple[int, ...] = _LAST if self.dev is None else (0, self.dev)
        return self.epoch, self.release, pre, post, dev, self.local

    def __lt__(self, other: Version) -> bool:
        return self._key() < other._key()

    def __le__(self, other: Version) -> bool:
        return self._key() <= other._key()

    def __gt__(self, other: Version) -> bool:
        return self._key() > other._key()

    def __ge__(self, other: Version) -> bool:
        return self._key() >= other._key()

    @property
    def public(self) -> Version:
        """The same without its local label (`+cpu`)."""
        return Version(self.epoch, self.release, self.pre, self.post, self.dev)

    @property
    def early(self) -> bool:
        """A pre-release or one from development."""
        return self.pre is not None or self.dev is not None

    @property
    def base(self) -> tuple[int, tuple[int, ...]]:
        return self.epoch, self.release


def _local_part(text: str) -> tuple[int, str]:
    # Numbers sort after words, among themselves by value.
    return (int(text), "") if text.isdigit() else (-1, text.lower())


class Clause(Struct, frozen=True):
    """One condition. `matches` any text for an operator `===`, versions only for the others."""

    operator: str
    version: str

    def __str__(self) -> str:
        return f"{self.operator}{self.version}"

    def matches(self, installed: str) -> bool:
        if self.operator == "===":
            return installed.lower() == self.version.lower()
        found = Version.parse(installed)
        if found is None:
            return False
        if self.version.endswith(".*"):
            return _starts_with(found, self.version[:-2]) is (self.operator == "==")
        asked = Version.parse(self.version)
        return asked is not None and _holds(self.operator, found, asked, self.version)


def _holds(operator: str, found: Version, asked: Version, text: str) -> bool:
    match operator:
        case "==" | "!=":
            same = (found if asked.local else found.public) == asked
            return same is (operator == "==")
        case "<=":
            return found.public <= asked
        case ">=":
            return found.public >= asked
        case "<":  # of `<1.0`, pre-releases of 1.0 are no part
            return found < (asked if asked.early else replace(asked, dev=0))
        case ">":
            return _is_later(found, asked)
    return found.public >= asked and _starts_with(found, _parent(text))  # ~=


def _is_later(found: Version, asked: Version) -> bool:
    """Later by more than a local label or, of what is no post-release itself, than post-releases."""
    if asked.dev is not None:
        return found >= replace(asked, dev=asked.dev + 1)
    if asked.post is not None:
        return found >= replace(asked, post=asked.post + 1, dev=0)
    return found > asked and (found.base, found.pre) != (asked.base, asked.pre)


def _parent(text: str) -> str:
    """`1.4` of `1.4.2` and of `1.4.2rc1`: what a compatible release may not leave."""
    match = re.match(r"\s*v?(\d+!)?\d+(\.\d+)*", text)
    assert match is not None
    return match[0].rpartition(".")[0]


def _starts_with(found: Version, prefix: str) -> bool:
    asked = _VERSION.fullmatch(prefix)
    if asked is None or int(asked["epoch"] or 0) != found.epoch:
        return False
    wanted = [int(part) for part in asked["release"].split(".")]
    return [*found.release, *[0] * len(wanted)][: len(wanted)] == wanted


def clauses(text: str) -> tuple[Clause, ...] | None:
    """The conditions of `>=1.2,<2`, in their order; None for text that is no list of conditions."""
    found = []
    for part in text.split(","):
        if not part.strip():
            continue
        match = _CLAUSE.fullmatch(part)
        if match is None or not _sound(match["operator"], match["version"]):
            return None
        found.append(Clause(match["operator"], match["version"]))
    return tuple(found)


def _suffixed(version: re.Match[str]) -> bool:
    return any(version[part] for part in ("pre", "post_bare", "post", "dev", "local"))


def _sound(operator: str, version: str) -> bool:
    if operator == "===":
        return True
    star = version.endswith(".*")
    asked = _VERSION.fullmatch(version[:-2] if star else version)
    if asked is None or (star and (operator not in ("==", "!=") or _suffixed(asked))):
        return False
    if asked["local"] and operator not in ("==", "!="):
        return False
    return operator != "~=" or "." in asked["release"]
