"""Lines of a pip requirements file: `name[extra]>=1,<2; marker`, `name @ URL`, files that they name, and options.

Lines that pip knows and that name no distribution (an URL alone, a folder, `--index-url …`) are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from headrace.environments import markers
from headrace.environments.installed import canonical
from headrace.environments.versions import Clause, clauses
from headrace.errors import InvalidValue, shown

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_HEAD = re.compile(rf"(?P<name>{_NAME})\s*(?:\[(?P<extras>[^\]]*)\])?\s*")
_OPTIONS = re.compile(r"\s--?[a-z]")  # --hash=…, --config-settings …: of one requirement
_FILE = re.compile(r"(?P<option>-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(?P<path>\S.*)")
_EDITABLE = re.compile(r"^(-e|--editable)[\s=]+")
_COMMENT = re.compile(r"(^|\s)#.*$")
_LOCATION = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:|\.{0,2}/|~|[A-Za-z]:\\|[^@\s]*/|[^@\s]*\.(whl|zip|tar\.gz|tgz|tar\.bz2)$"
)
_FORM = "expected a name with extras and versions, such as 'pandas[parquet]>=2,<4', 'name @ URL', or an option of pip."


class Requirement(Struct, frozen=True, kw_only=True):
    """One distribution. name: as written. options: pip's for this line alone."""

    name: str
    extras: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    url: str | None = None
    marker: str | None = None
    options: str = ""

    @property
    def key(self) -> str:
        return canonical(self.name)

    @property
    def applies(self) -> bool:
        """Whether its marker holds in this interpreter."""
        return self.marker is None or markers.holds(self.marker)

    def allows(self, version: str) -> bool:
        return all(clause.matches(version) for clause in self.clauses)

    def __str__(self) -> str:
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        what = f" @ {self.url}" if self.url else ",".join(map(str, self.clauses))
        marker = f"{' ' if self.url else ''}; {self.marker}" if self.marker else ""
        return f"{self.name}{extras}{what}{marker}{' ' + self.options if self.options else ''}"


class Verbatim(Struct, frozen=True):
    """A line that is handed to pip as it stands."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def local(self) -> bool:
        """Whether it means a place on this machine."""
        place = _EDITABLE.sub("", self.text)
        return not place.startswith("-") and not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", place)

    def under(self, folder: Path) -> Verbatim:
        """The same with an absolute path, if it means a place relative to a folder."""
        if not self.local:
            return self
        editable = _EDITABLE.match(self.text)
        place = self.text[editable.end() :] if editable else self.text
        path, bracket, extras = place.partition("[")
        return Verbatim(f"{'-e ' if editable else ''}{folder / Path(path).expanduser()}{bracket}{extras}")


Line = Requirement | Verbatim


def parse(text: str) -> Line:
    """InvalidValue that shows the line if pip wouldn't take it."""
    line = text.strip()
    if line.startswith("-"):
        return Verbatim(line)
    options = _OPTIONS.search(line)
    body, tail = (line[: options.start()].rstrip(), line[options.start() :].strip()) if options else (line, "")
    if _LOCATION.match(body):
        return Verbatim(line)
    match = _HEAD.match(body)
    rest = body[match.end() :] if match else ""
    if match is None or not (rest == "" or rest[0] in "@;(<>=!~"):
        raise _wrong(line, _FORM)
    extras = tuple(sorted({canonical(part.strip()) for part in (match["extras"] or "").split(",") if part.strip()}))
    if any(not re.fullmatch(_NAME, extra) for extra in extras):
        raise _wrong(line, "extras are names between commas.")
    return _finish(line, Requirement(name=match["name"], extras=extras, options=tail), rest)


def _finish(line: str, head: Requirement, rest: str) -> Requirement:
    url: str | None = None
    conditions: tuple[Clause, ...] | None = ()
    if rest.startswith("@"):
        url, _, marker = rest[1:].strip().partition(" ;")
        if not url or " " in url:
            raise _wrong(line, "after '@' stands one URL; a marker follows after ' ; '.")
    else:
        text, _, marker = rest.partition(";")
        text = text.strip()
        conditions = clauses(text[1:-1] if text.startswith("(") and text.endswith(")") else text)
    if conditions is None:
        raise _wrong(line, f"{text!r} is no list of versions such as '>=1.2,<2' or '==1.4.*'.")
    marker = marker.strip()
    if marker:
        try:
            markers.holds(marker)
        except ValueError as error:
            raise _wrong(line, f"marker {marker!r}: {error}.") from None
    return replace(head, clauses=conditions, url=url or None, marker=marker or None)


def _wrong(line: str, why: str) -> InvalidValue:
    return InvalidValue(message=f"Requirement {shown(line)} can't be read: {why}")


class Lines(Struct, frozen=True, kw_only=True):
    """What requirement lines come to once the files that they name are read."""

    requirements: list[Line]
    constraints: list[Line]


def read(path: str | Path, *, within: Path | None = None) -> Lines:
    """A requirements file, with those that it names. within: the folder that all of them must be in."""
    reader = _Reader(within)
    reader.file(Path(path), constraint=False, above=())
    return reader.lines


def read_lines(texts: Iterable[str], folder: Path | None = None, *, within: Path | None = None) -> Lines:
    """Lines from a list. folder: what paths in `-r` and `-c` are relative to, by default the current one."""
    reader = _Reader(within)
    reader.texts(texts, folder or Path(), constraint=False, above=())
    return reader.lines


class _Reader:
    def __init__(self, within: Path | None) -> None:
        self.lines = Lines(requirements=[], constraints=[])
        self._within = within.resolve() if within else None

    def file(self, path: Path, *, constraint: bool, above: tuple[Path, ...]) -> None:
        real = path.resolve()
        if real in above:
            raise InvalidValue(message=f"Requirements file {str(path)!r} names itself, by way of files that it names.")
        if self._within is not None and not real.is_relative_to(self._within):
            raise InvalidValue(message=f"Requirements file {str(path)!r} lies outside of {str(self._within)!r}.")
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise InvalidValue(message=f"Requirements file {str(path)!r} can't be read: {reason}.") from error
        self.texts(text.splitlines(), path.parent, constraint=constraint, above=(*above, real))

    def texts(self, texts: Iterable[str], folder: Path, *, constraint: bool, above: tuple[Path, ...]) -> None:
        for text in _joined(texts):
            line = _COMMENT.sub("", text).strip()
            if not line:
                continue
            named = _FILE.fullmatch(line)
            if named:
                inner = constraint or named["option"] in ("-c", "--constraint")
                self.file(folder / named["path"].strip("\"'"), constraint=inner, above=above)
            else:
                (self.lines.constraints if constraint else self.lines.requirements).append(parse(line))


def _joined(texts: Iterable[str]) -> Iterator[str]:
    """Lines, with those that end in a backslash and their next ones as one."""
    kept = ""
    for text in texts:
        if text.endswith("\\") and not _COMMENT.search(text):
            kept += text[:-1]
        else:
            yield kept + text
            kept = ""
    if kept:
        yield kept
