"""Lines of a pip requirements file: `name[extra]>=1,<2; marker`, `name @ URL`, files that they name, and options.

Lines that pip knows and that name no distribution (an URL alone, a folder, `--index-url …`) are kept as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from headrace.environments import markers
from headrace.environments.installed import canonical
from headrace.environments.versions import Clause, clauses
from headrace.errors import InvalidValue, shown

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_HEAD = re.compile(rf"(?P<name>{_NAME})\s*(?:\[(?P<extras>[^\]]*)\])?\s*")
_OPTIONS = re.compile(r"\s--?[a-z]")  # --hash=…, --config-settings …: of one requirement
_FILE = re.compile(r"(?P<option>-r|--requirement|-c|--constraint)(?:\s*=\s*|\s+|(?<=-[rc]))(?P<path>\S.*)")
_COMMENT = re.compile(r"(^|\s)#.*$")
_LOCATION = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:|\.{0,2}/|~|[A-Za-z]:\\|[^@\s]*/|[^@\s]*\.(whl|zip|tar\.gz|tgz|tar\.bz2)$"
)
_FORM = "expected a name with extras and versions, such as 'pandas[parquet]>=2,<4', 'name @ URL', or an option of pip."


@dataclass(frozen=True, kw_only=True)
class Requirement:
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


@dataclass(frozen=True)
class Verbatim:
    """A line that is handed to pip as it stands."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def local(self) -> bool:
        """Whether it means a place on this machine."""
        place = re.sub(r"^(-e|--editable)[\s=]+", "", self.text)
        return not place.startswith("-") and not re.match(r"([a-z]+\+)?(https?|ssh|git|s3|gs)(://|@)", place)


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


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What requirement lines come to once the files that they name are read."""

    requirements: list[Line]
    constraints: list[Line]


def read(path: str | Path) -> Lines:
    """A requirements file, with those that it names."""
    lines = Lines(requirements=[], constraints=[])
    _read_file(Path(path), constraint=False, into=lines, above=())
    return lines


def read_lines(texts: Iterable[str], folder: Path | None = None) -> Lines:
    """Lines from a list. folder: what paths in `-r` and `-c` are relative to, by default the current one."""
    lines = Lines(requirements=[], constraints=[])
    _read_lines(texts, folder or Path(), constraint=False, into=lines, above=())
    return lines


def _read_file(path: Path, *, constraint: bool, into: Lines, above: tuple[Path, ...]) -> None:
    real = path.resolve()
    if real in above:
        raise InvalidValue(message=f"Requirements file {str(path)!r} names itself, by way of the files that it names.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise InvalidValue(message=f"Requirements file {str(path)!r} can't be read: {reason}.") from error
    _read_lines(text.splitlines(), path.parent, constraint=constraint, into=into, above=(*above, real))


def _read_lines(texts: Iterable[str], folder: Path, *, constraint: bool, into: Lines, above: tuple[Path, ...]) -> None:
    for text in _joined(texts):
        line = _COMMENT.sub("", text).strip()
        if not line:
            continue
        named = _FILE.fullmatch(line)
        if named:
            inner = constraint or named["option"] in ("-c", "--constraint")
            _read_file(folder / named["path"].strip("\"'"), constraint=inner, into=into, above=above)
        else:
            (into.constraints if constraint else into.requirements).append(parse(line))


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
