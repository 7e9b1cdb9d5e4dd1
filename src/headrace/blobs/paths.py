"""The one safe way from a path that somebody sent to a place below a root; server and client both go through it.

A path is percent-decoded again and again before it is judged, so that no layer that decodes once more can turn it
into another one; what is then used is the path as it came, so that odd but legal names (spaces, Unicode, "%41") stay
what they are. Empty and "." segments are dropped.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote, urlsplit

from headrace.errors import InvalidValue, shown

MAX_PATH_BYTES = 4096  # PATH_MAX of Linux; object stores end at 1024 and say so themselves
MAX_SEGMENT_BYTES = 255  # NAME_MAX of every common file system
MAX_SEGMENTS = 128  # what walks a tree calls itself once for each
_DECODINGS = 32  # each shortens the text; whoever encodes more often than this is attacking
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.\-]*://|^file:", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class InvalidPath(InvalidValue):
    def __init__(self, path: str, why: str) -> None:
        super().__init__("path", path, message=f"Invalid path {shown(path)}: {why}.")


def relative(path: str) -> str:
    """The path in normal form: segments joined by "/", "" for the root. InvalidPath for any that could leave it."""
    decoded = path
    _judge(path, decoded)
    for _ in range(_DECODINGS):
        once_more = unquote(decoded)
        if once_more == decoded:
            break
        if once_more.count("/") != decoded.count("/"):
            raise InvalidPath(path, "it holds an encoded slash; write it as /")
        decoded = once_more
        _judge(path, decoded)
    else:
        raise InvalidPath(path, "it is percent-encoded too many times")
    return "/".join(segment for segment in path.split("/") if segment not in ("", "."))


def file_path(path: str) -> str:
    """`relative`, for a path that must name a file: neither empty nor ending in a slash."""
    clean = relative(path)
    if not clean:
        raise InvalidPath(path, "it names no file")
    if path.endswith("/"):
        raise InvalidPath(path, "it ends in a slash, so it names a folder, not a file")
    return clean


def _judge(path: str, decoded: str) -> None:
    if decoded.startswith("/") or _DRIVE.match(decoded) or _SCHEME.match(decoded):
        raise InvalidPath(path, "it must be relative, without drive letter or scheme")
    if "\\" in decoded:
        raise InvalidPath(path, "it holds a backslash; folders are separated by /")
    if "#" in decoded:
        raise InvalidPath(path, "it holds a #")
    if _CONTROL.search(decoded):
        raise InvalidPath(path, "it holds a control character")
    segments = decoded.split("/")
    if ".." in segments:
        raise InvalidPath(path, "it holds a '..' segment")
    try:
        sizes = [len(segment.encode()) for segment in segments]
    except UnicodeEncodeError:
        raise InvalidPath(path, "it isn't valid Unicode") from None
    if max(sizes) > MAX_SEGMENT_BYTES or sum(sizes) + len(sizes) > MAX_PATH_BYTES or len(sizes) > MAX_SEGMENTS:
        raise InvalidPath(
            path,
            f"it is too long; at most {MAX_SEGMENT_BYTES} bytes a segment, {MAX_PATH_BYTES} bytes and {MAX_SEGMENTS} "
            "segments in all",
        )


def join(folder: str, name: str) -> str:
    """Of two paths in normal form."""
    return f"{folder}/{name}" if folder and name else folder or name


def join_uri(root: str, path: str) -> str:
    """The URI of a path (in normal form) below a root: its query stays at the end, file: URIs are percent-encoded."""
    if not path:
        return root
    if scheme(root) == "file":
        path = quote(path)
    body, mark, query = root.partition("?") if scheme(root) else (root, "", "")
    return f"{body.rstrip('/')}/{path}{mark}{query}"


def scheme(uri: str) -> str:
    """In lower case, "" for a plain path; of a chained address (a::b://c) the first."""
    head, colon, _ = uri.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]+", head):
        return ""
    return head.lower()


def local_path(uri: str) -> str:
    """The path of a plain path or a file: URI of this machine."""
    if scheme(uri) != "file":
        return uri
    parts = urlsplit(uri)
    if parts.netloc not in ("", "localhost"):
        raise InvalidValue("artifact location", uri, "a file: address of this machine starts with file:///.")
    if parts.query or parts.fragment:
        raise InvalidValue("artifact location", uri, "a file: address has no ? and no #; write them as %3F and %23.")
    return unquote(parts.path)
