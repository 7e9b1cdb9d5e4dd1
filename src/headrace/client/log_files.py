"""Writing artifacts of a run: files, folders, text, JSON and YAML, streams.

The functions ending in _to write to a `Target`; the fluent ones to the open run (started if there is none) or run_id.
A fluent call returns when the file waits beside the journal, from which a thread sends it (`run_files`); with
synchronous=True, or on_progress, when the store has it, or raises what went wrong.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from headrace.blobs.base import CHUNK_BYTES, Stored
from headrace.blobs.paths import file_path, join, join_uri, relative
from headrace.blobs.transfer import OnProgress, upload
from headrace.client.active_run import active_run, active_uri
from headrace.client.artifact_roots import root_met, run_root
from headrace.client.open import flush_files, tracking_sink
from headrace.client.outbox.unmet import is_unmet
from headrace.client.run_files import RunFiles, files_below, run_files
from headrace.client.runs import current_run
from headrace.client.sink import Sink
from headrace.client.uri import get_tracking_uri
from headrace.errors import InvalidValue

_YAML = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A run to write artifacts to. sink: where the tags that point to some of them go."""

    run_id: str
    tracking_uri: str
    blobs: RunFiles
    sink: Sink


def target_of(run_id: str | None = None, *, synchronous: bool | None = None) -> Target:
    """run_id None: the open run, started if there is none."""
    wait = synchronous is True
    run = active_run()
    if run_id is not None and (run is None or run.info.run_id != run_id):
        uri = get_tracking_uri()
        sink = tracking_sink(uri)
        met = root_met(run_id, uri)
        if met is not None:
            blobs = files_below(met, sink, run_id, uri, wait=wait)
            return Target(run_id=run_id, tracking_uri=uri, blobs=blobs, sink=sink)
        info = sink.get_run(run_id).info
    else:
        run = run or current_run()
        uri = active_uri() or get_tracking_uri()
        sink = tracking_sink(uri)
        sink.begin(run)
        info = run.info
    return Target(run_id=info.run_id, tracking_uri=uri, blobs=run_files(sink, info, uri, wait=wait), sink=sink)


def target_at(run_id: str, tracking_uri: str) -> Target:
    """Of a caller who waits for the store."""
    flush_files(tracking_uri, run_id)
    blobs = run_root(run_id, tracking_uri)
    return Target(run_id=run_id, tracking_uri=tracking_uri, blobs=blobs, sink=tracking_sink(tracking_uri))


def get_artifact_uri(artifact_path: str | None = None) -> str:
    """Of the open run, or of a file or folder below it."""
    info = current_run().info
    if is_unmet(info):  # its files may have gone where they belong meanwhile
        info = tracking_sink(active_uri()).get_run(info.run_id).info
    return join_uri(info.artifact_uri, relative(artifact_path or ""))


def log_artifact(
    local_path: str | Path,
    artifact_path: str | None = None,
    run_id: str | None = None,
    on_progress: OnProgress | None = None,
    synchronous: bool | None = None,
) -> None:
    """A file, or a folder under its own name, into the folder artifact_path."""
    target = target_of(run_id, synchronous=_waits(on_progress, synchronous))
    log_artifact_to(target.blobs, local_path, artifact_path, on_progress)


def log_artifacts(
    local_dir: str | Path,
    artifact_path: str | None = None,
    run_id: str | None = None,
    on_progress: OnProgress | None = None,
    synchronous: bool | None = None,
) -> None:
    """What is in the folder, into the folder artifact_path."""
    target = target_of(run_id, synchronous=_waits(on_progress, synchronous))
    log_artifacts_to(target.blobs, local_dir, artifact_path, on_progress)


def log_text(text: str, artifact_file: str, run_id: str | None = None, synchronous: bool | None = None) -> None:
    """As UTF-8."""
    log_text_to(target_of(run_id, synchronous=synchronous).blobs, text, artifact_file)


def log_dict(dictionary: Any, artifact_file: str, run_id: str | None = None, synchronous: bool | None = None) -> None:
    """As YAML for .yaml and .yml, as JSON for any other name."""
    log_dict_to(target_of(run_id, synchronous=synchronous).blobs, dictionary, artifact_file)


def log_stream(
    stream: IO[bytes], artifact_file: str, run_id: str | None = None, synchronous: bool | None = None
) -> None:
    """All that can be read from the binary stream; never in memory as a whole."""
    log_stream_to(target_of(run_id, synchronous=synchronous).blobs, stream, artifact_file)


def _waits(on_progress: OnProgress | None, synchronous: bool | None) -> bool:
    return synchronous is True or on_progress is not None


def log_artifact_to(
    blobs: RunFiles, local_path: str | Path, artifact_path: str | None, on_progress: OnProgress | None = None
) -> list[Stored]:
    source = Path(local_path).expanduser()
    folder = relative(artifact_path or "")
    if source.is_dir():
        folder = join(folder, source.resolve().name)
    return upload(blobs, source, folder, on_progress)


def log_artifacts_to(
    blobs: RunFiles, local_dir: str | Path, artifact_path: str | None, on_progress: OnProgress | None = None
) -> list[Stored]:
    source = Path(local_dir).expanduser()
    if not source.is_dir():
        raise InvalidValue("local_dir", str(local_dir), "there is no such folder; log_artifact takes single files.")
    return upload(blobs, source, relative(artifact_path or ""), on_progress)


def log_text_to(blobs: RunFiles, text: str, artifact_file: str) -> None:
    if not isinstance(text, str):
        raise InvalidValue("text", text, "text is needed; log_dict and log_stream take other things.")
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue("text", text, f"it isn't valid Unicode: {error.reason}.") from None
    blobs.put_bytes(artifact_file, content)


def log_dict_to(blobs: RunFiles, dictionary: Any, artifact_file: str) -> None:
    try:
        if file_path(artifact_file).lower().endswith(_YAML):
            import yaml

            plain = json.loads(json.dumps(dictionary, default=_plain))
            text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)
        else:
            text = json.dumps(dictionary, indent=2, ensure_ascii=False, default=_plain)
        blobs.put_bytes(artifact_file, text.encode())
    except (TypeError, ValueError, UnicodeEncodeError) as error:
        raise InvalidValue("dictionary", dictionary, f"it can't be written as JSON or YAML: {error}.") from error


def log_stream_to(blobs: RunFiles, stream: Any, artifact_file: str) -> None:
    if isinstance(stream, io.TextIOBase):
        raise InvalidValue("stream", stream, "a binary stream is needed; log_text takes text.")
    blobs.put(artifact_file, _chunks(stream))


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def _plain(value: Any) -> Any:
    """Numbers and arrays of numpy and its like."""
    for name in ("tolist", "item"):
        method = getattr(value, name, None)
        if callable(method):
            return method()
    raise TypeError(f"{type(value).__name__} has no form in JSON")
