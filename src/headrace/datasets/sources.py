"""Where a dataset came from: described in the run's record; `load` fetches it, for the process that asks."""

from __future__ import annotations

import getpass
import json
import shutil
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from headrace.errors import InvalidValue, NotSupported
from headrace.lazy import optional_import

DataFiles = str | Sequence[str] | Mapping[str, str | Sequence[str]]


class DatasetSource(ABC):
    @property
    @abstractmethod
    def source_type(self) -> str: ...

    @abstractmethod
    def to_dict(self) -> dict[str, Any]: ...

    @abstractmethod
    def load(self, dst_path: str | None = None) -> Any:
        """A local path for files, below dst_path or a new temporary folder if they had to be fetched."""

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DatasetSource) and (self.source_type, self.to_dict()) == (
            other.source_type,
            other.to_dict(),
        )

    def __hash__(self) -> int:
        return hash((self.source_type, self.to_json()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self.to_dict().items())})"


class UriSource(DatasetSource):
    """A file or folder by its address. source_type: local, or the address's scheme (s3, gs, wasbs, hdfs …)."""

    def __init__(self, uri: str) -> None:
        self.uri = str(uri)

    @property
    def source_type(self) -> str:
        scheme = _scheme(self.uri)
        return "local" if scheme in ("", "file") else scheme

    def to_dict(self) -> dict[str, Any]:
        return {"uri": self.uri}

    def load(self, dst_path: str | None = None) -> str:
        if self.source_type == "local":
            return unquote(urlsplit(self.uri).path) if _scheme(self.uri) == "file" else self.uri
        fsspec = optional_import("fsspec", extra="fsspec", why=f"to load {self.uri}")
        target = str(_folder(dst_path) / Path(urlsplit(self.uri).path).name)
        filesystem, path = fsspec.core.url_to_fs(self.uri)
        filesystem.get(path, target, recursive=bool(filesystem.isdir(path)))
        return target


class HttpSource(DatasetSource):
    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def source_type(self) -> str:
        return "http"

    def to_dict(self) -> dict[str, Any]:
        return {"url": self.url}

    def load(self, dst_path: str | None = None) -> str:
        from urllib.request import Request, urlopen

        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https"):
            raise InvalidValue("url", self.url, "http:// and https:// addresses can be loaded.")
        target = _folder(dst_path) / (Path(unquote(parts.path)).name or "dataset")
        with urlopen(Request(self.url), timeout=60) as answer, target.open("wb") as file:  # noqa: S310 (scheme checked)
            shutil.copyfileobj(answer, file, 1 << 20)
        return str(target)


class HuggingFaceSource(DatasetSource):
    def __init__(
        self,
        path: str,
        config_name: str | None = None,
        data_dir: str | None = None,
        data_files: DataFiles | None = None,
        split: str | None = None,
        revision: str | None = None,
    ) -> None:
        self.path, self.config_name, self.data_dir = path, config_name, data_dir
        self.data_files, self.split, self.revision = data_files, split, revision

    @property
    def source_type(self) -> str:
        return "hugging_face"

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "config_name": self.config_name,
            "data_dir": self.data_dir,
            "data_files": self.data_files,
            "split": None if self.split is None else str(self.split),
            "revision": None if self.revision is None else str(self.revision),
        }

    def load(self, dst_path: str | None = None) -> Any:
        """The `datasets.Dataset`; dst_path is its cache folder."""
        datasets = optional_import("datasets", extra="datasets", why=f"to load {self.path}")
        found = self.to_dict()
        return datasets.load_dataset(found.pop("path"), found.pop("config_name"), cache_dir=dst_path, **found)


class CodeSource(DatasetSource):
    """Made by code: by whom and by which script."""

    def __init__(self, tags: Mapping[str, str] | None = None) -> None:
        self.tags = dict(_context() if tags is None else tags)

    @property
    def source_type(self) -> str:
        return "code"

    def to_dict(self) -> dict[str, Any]:
        return {"tags": self.tags}

    def load(self, dst_path: str | None = None) -> Any:  # noqa: ARG002
        raise NotSupported(
            "This dataset was made by code, which its source only names; run that code to have it again."
        )


class OtherSource(DatasetSource):
    """Of a kind that another client logged and this one can only describe."""

    def __init__(self, source_type: str, fields: Mapping[str, Any]) -> None:
        self._source_type, self._fields = source_type, dict(fields)

    @property
    def source_type(self) -> str:
        return self._source_type

    def to_dict(self) -> dict[str, Any]:
        return self._fields

    def load(self, dst_path: str | None = None) -> Any:  # noqa: ARG002
        raise NotSupported(f"Headrace can't load a dataset from a source of type {self._source_type!r}.")


def as_source(source: object) -> DatasetSource:
    """A source as it is, from an address or path, or (None) the code that runs now."""
    match source:
        case DatasetSource():
            return source
        case None:
            return CodeSource()
        case str() | Path():
            text = str(source)
            return HttpSource(text) if _scheme(text) in ("http", "https") else UriSource(text)
    raise InvalidValue("source", source, "allowed are a path, an address, a source object, or None.")


_READERS: dict[str, type[DatasetSource]] = {"http": HttpSource, "hugging_face": HuggingFaceSource, "code": CodeSource}


def source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """What `to_json` of any client has written."""
    try:
        fields = json.loads(source_json)
        if not isinstance(fields, dict):
            raise TypeError("it isn't a JSON object")
        reader = _READERS.get(source_type)
        if reader is not None:
            return reader(**fields)
        if set(fields) == {"uri"}:
            return UriSource(fields["uri"])
    except (ValueError, TypeError) as error:
        raise InvalidValue("source", source_json, f"it is no source of type {source_type!r}: {error}.") from error
    return OtherSource(source_type, fields)


def _scheme(uri: str) -> str:
    head, colon, _ = uri.partition(":")
    return head.lower() if colon and len(head) > 1 and "/" not in head else ""


def _folder(dst_path: str | None) -> Path:
    if dst_path is None:
        return Path(tempfile.mkdtemp(prefix="headrace-dataset-"))
    folder = Path(dst_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _context() -> dict[str, str]:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        user = "unknown"
    script = sys.argv[0] if sys.argv and sys.argv[0] else "<console>"
    return {"mlflow.user": user, "mlflow.source.name": script, "mlflow.source.type": "LOCAL"}
