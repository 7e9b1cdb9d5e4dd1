"""Where a project comes from: a folder here, a git repository, a zip or tar, an artifact.

What is fetched is kept pristine in a cache, by commit or by digest, and appears there whole or not at all; each run
gets a copy of its own, since projects write into their folder. A folder of the caller's is run where it is.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from headrace.errors import InvalidValue
from headrace.projects import source_archive, source_git
from headrace.projects.launch import Progress, Source
from headrace.projects.mlproject import has_mlproject
from headrace.projects.source_cache import cached, inside, named

_ARTIFACT = re.compile(r"(runs|models|mlflow-artifacts|s3|gs|gcs|abfss?|wasbs?|az|dbfs|hdfs):", re.IGNORECASE)
_FORMS = (
    "a folder, file:///…, a git repository (https://…, ssh://…, git@host:path), a .zip or .tar.gz, or "
    "runs:/RUN_ID/path; #folder at its end names a folder inside"
)


def fetch(uri: str, version: str | None, progress: Progress) -> Source:
    """The project's source, fetched unless it is here. InvalidValue for what leads nowhere."""
    address, subdirectory = split(uri)
    if _ARTIFACT.match(address):
        _refuse_version(version, address)
        return _artifact(address, subdirectory, progress)
    local = _local_path(address)
    if source_archive.is_archive(address):
        _refuse_version(version, address)
        return _archive(address, local, subdirectory, progress)
    if local is not None and local.is_dir() and not source_git.is_bare(local):
        if version is None:
            return _folder(address, local, subdirectory)
        if source_git.top(local) is None:
            raise InvalidValue("version", version, f"only git has versions, and {str(local)!r} is in no repository.")
        return source_git.checkout_of_folder(local, subdirectory, version, address, progress)
    if local is not None and not local.exists():
        raise InvalidValue("uri", uri, f"nothing is at {str(local)!r}. A project is {_FORMS}.")
    if local is not None and not local.is_dir():
        raise InvalidValue("uri", uri, f"it is a file. A project is {_FORMS}.")
    return source_git.checkout(str(local) if local else address, subdirectory, version, address, progress)


def split(uri: str) -> tuple[str, str]:
    """(address, folder inside). InvalidValue for a folder that leads out."""
    address, _, subdirectory = uri.strip("'\"").partition("#")
    parts = subdirectory.strip("/").split("/") if subdirectory else []
    if ".." in parts or "." in parts or "\0" in subdirectory:
        raise InvalidValue("uri", uri, "the folder after # may not hold '.' or '..'.")
    if not address or address.startswith("-"):
        raise InvalidValue("uri", uri, f"a project is {_FORMS}.")
    return address, "/".join(parts)


def _local_path(address: str) -> Path | None:
    """None for an address elsewhere. A plain path counts as local if it is there or looks like no git address."""
    parts = urlsplit(address)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise InvalidValue("uri", address, "a file: URI names no host: write file:///absolute/folder.")
        return Path(unquote(parts.path))
    path = Path(address).expanduser()
    if path.exists() or not source_git.is_remote(address):
        return path.absolute()
    return None


def _refuse_version(version: str | None, address: str) -> None:
    if version is not None:
        raise InvalidValue("version", version, f"only git has versions; {address!r} is no repository.")


def _folder(address: str, folder: Path, subdirectory: str) -> Source:
    place = inside(folder, subdirectory, address)
    found = source_git.described(Source(uri=address, name=str(place), folder=place, subdirectory=subdirectory))
    return replace(found, name=named(address, subdirectory)) if subdirectory else found


def _archive(address: str, local: Path | None, subdirectory: str, progress: Progress) -> Source:
    if local is not None:
        if not local.is_file():
            raise InvalidValue("uri", address, f"there is no file {str(local)!r}.")
        return _unpacked(local, str(local), subdirectory)
    from headrace.projects.download import download

    shown = source_git.without_secret(address)
    progress(f"Fetching {shown}")
    with tempfile.TemporaryDirectory(prefix="headrace-project-") as folder:
        return _unpacked(download(address, Path(folder)), shown, subdirectory)


def _unpacked(file: Path, address: str, subdirectory: str) -> Source:
    digest = source_archive.digest(file)
    place = cached(f"archive-{digest}", lambda folder: source_archive.unpack(file, folder))
    folder = inside(place, subdirectory, address)
    return Source(
        uri=address,
        name=named(address, subdirectory),
        folder=folder if subdirectory else _top(folder),
        subdirectory=subdirectory,
        archive=digest,
        pristine=place,
    )


def _top(folder: Path) -> Path:
    """Forges put one folder around all: the project is in there."""
    entries = list(folder.iterdir())
    return entries[0] if len(entries) == 1 and has_mlproject(entries[0]) else folder


def _artifact(address: str, subdirectory: str, progress: Progress) -> Source:
    from headrace.client.artifacts import download_artifacts
    from headrace.client.temporary import temporary_folder

    progress(f"Fetching {address}")
    found = Path(download_artifacts(artifact_uri=address, dst_path=str(temporary_folder())))
    if found.is_file():
        return _unpacked(found, address, subdirectory)
    folder = inside(found, subdirectory, address)
    return Source(
        uri=address, name=named(address, subdirectory), folder=folder, subdirectory=subdirectory, pristine=found
    )
