"""Files that a project, or a parameter of one, names by a URI."""

from __future__ import annotations

import shutil
from base64 import b64encode
from pathlib import Path, PurePosixPath
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from headrace.client.uri import get_tracking_uri
from headrace.errors import InvalidValue, StoreUnavailable

_TIMEOUT_S = 60  # of silence
_CHUNK_BYTES = 1 << 20


def download(uri: str, folder: Path) -> Path:
    """The file or folder, below `folder`. What the tracking server has is asked of it, with its credentials; other
    addresses of the web get none."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https") and parts.netloc != urlsplit(get_tracking_uri()).netloc:
        name = PurePosixPath(unquote(parts.path)).name
        return _from_web(uri, folder / (name if name not in ("", "..") else "file"))
    from headrace.client.artifacts import download_artifacts

    return Path(download_artifacts(artifact_uri=uri, dst_path=str(folder)))


def _from_web(uri: str, target: Path) -> Path:
    try:
        with urlopen(_request(uri), timeout=_TIMEOUT_S) as answer, target.open("wb") as out:  # noqa: S310 — http(s)
            shutil.copyfileobj(answer, out, _CHUNK_BYTES)
    except HTTPError as error:
        raise InvalidValue("uri", _request(uri).full_url, f"the server answers {error.code} {error.reason}.") from None
    except (URLError, TimeoutError, ConnectionError) as error:
        raise StoreUnavailable(
            f"{_request(uri).full_url} can't be fetched: {getattr(error, 'reason', error)}."
        ) from None
    return target


def _request(uri: str) -> Request:
    """Credentials of the address go into a header, where the server looks for them and no message shows them."""
    parts = urlsplit(uri)
    credentials, at, host = parts.netloc.rpartition("@")
    made = Request(urlunsplit(parts._replace(netloc=host)))  # noqa: S310 — http and https only
    if at:
        made.add_header("Authorization", f"Basic {b64encode(unquote(credentials).encode()).decode()}")
    return made
