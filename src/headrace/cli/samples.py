"""`headrace samples`: the requests that `models serve --samples` kept, as a list or as a file."""

from __future__ import annotations

import csv
import itertools
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from headrace import settings
from headrace.cli import cells
from headrace.cli.group import Command
from headrace.cli.moments import moment_ms
from headrace.cli.output import done, show, table
from headrace.errors import InvalidValue
from headrace.lazy import optional_import

if TYPE_CHECKING:
    from headrace.serving.samples import Sample

_AT_ONCE = 5_000  # records in memory while a file is written
_NUMBERS = ("Status", "Rows", "ms", "Tokens in", "out", "Request", "Answer")


@click.command(
    "samples",
    cls=Command,
    tracking=False,
    examples=[
        "headrace samples ./samples --since 1h",
        "headrace samples ./samples --failed --json",
        "headrace samples ./samples --since yesterday --export requests.parquet",
    ],
)
@click.argument(
    "folder",
    metavar="[DIR]",
    envvar=settings.SAMPLES_DIR.names[0],
    type=click.Path(file_okay=False, path_type=Path),
)
@click.option("--since", metavar="TIME", help="From then on: 90m, 24h, 7d ago, or a date.")
@click.option("--until", metavar="TIME", help="Before then.")
@click.option("--model", metavar="NAME", help="Requests to this name.")
@click.option("--revision", metavar="LABEL", help="Requests that this version answered.")
@click.option("--failed", is_flag=True, help="Requests with a status of 400 or more.")
@click.option(
    "--last", "-n", type=click.IntRange(1), default=50, show_default=True, help="List so many, the last ones."
)
@click.option(
    "--export",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all of them, bodies included, to FILE: .parquet, .csv or .jsonl.",
)
def samples(
    folder: Path,
    since: str | None,
    until: str | None,
    model: str | None,
    revision: str | None,
    failed: bool,
    last: int,
    export: Path | None,
) -> None:
    """List requests to served models that were kept, or export them."""
    from headrace.serving.samples import read

    def wanted(sample: Sample) -> bool:
        of_model = model in (None, sample.deployment) and revision in (None, sample.revision)
        return of_model and (not failed or sample.status >= 400)

    found = filter(wanted, read(folder, moment_ms("--since", since), moment_ms("--until", until)))
    if export is not None:
        count = _exported(found, export)
        done(f"{count:,} requests are in {export}.", {"file": str(export), "requests": count})
        return
    shown = list(deque(found, last))
    show([_record(each) for each in shown], lambda: table(_COLUMNS, map(_row, shown), right=_NUMBERS))


_COLUMNS = ["When", "Model", "Revision", "Kind", *_NUMBERS, "Error"]


def _row(sample: Sample) -> list[object]:
    return [
        cells.time(sample.at_ms),
        sample.deployment,
        sample.revision,
        f"{sample.kind} (shadow)" if sample.shadow else sample.kind,
        sample.status,
        sample.rows,
        f"{sample.duration_s * 1000:.1f}",
        cells.number(sample.prompt_tokens),
        cells.number(sample.completion_tokens),
        cells.size(sample.request_bytes),
        cells.size(sample.reply_bytes),
        " ".join(filter(None, (sample.error, sample.field))),
    ]


def _record(sample: Sample) -> dict[str, Any]:
    """Bodies as text; bytes that are none become escapes."""
    made = msgspec.structs.asdict(sample)
    for name in ("request", "reply"):
        made[name] = made[name].decode("utf-8", "backslashreplace")
    return made


def _exported(found: Iterable[Sample], target: Path) -> int:
    writers: dict[str, Callable[[Iterator[Sample], Path], int]] = {
        ".parquet": _as_parquet,
        ".csv": _as_csv,
        ".jsonl": _as_lines,
    }
    write = writers.get(target.suffix.lower())
    if write is None:
        raise InvalidValue("--export", str(target), f"its name must end in one of {', '.join(writers)}.")
    part = target.with_name(f".{target.name}.part")
    try:
        part.touch(mode=0o600)  # what people asked a model is for its owner's eyes
        count = write(iter(found), part)
        part.replace(target)
    except OSError as error:
        raise InvalidValue("--export", str(target), f"it can't be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _as_lines(found: Iterator[Sample], place: Path) -> int:
    count = 0
    with place.open("w", encoding="utf-8") as file:
        for count, sample in enumerate(found, 1):  # noqa: B007 — the last one counts them
            file.write(json.dumps(_record(sample), ensure_ascii=False) + "\n")
    return count


def _as_csv(found: Iterator[Sample], place: Path) -> int:
    from headrace.serving.samples import Sample

    count = 0
    with place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, Sample.__struct_fields__)
        writer.writeheader()
        for count, sample in enumerate(found, 1):  # noqa: B007 — the last one counts them
            writer.writerow(_record(sample))
    return count


def _as_parquet(found: Iterator[Sample], place: Path) -> int:
    """Bodies as bytes."""
    from headrace.serving.samples import Sample

    arrow = optional_import("pyarrow", why="to write Parquet")
    parquet = optional_import("pyarrow.parquet", why="to write Parquet")
    numbers = {bool: arrow.bool_(), int: arrow.int64(), float: arrow.float64()}
    kinds = {**numbers, bytes: arrow.binary(), str: arrow.string()}
    schema = arrow.schema([(field.name, kinds[_type_of(field.type)]) for field in msgspec.structs.fields(Sample)])
    count = 0
    with parquet.ParquetWriter(place, schema) as writer:
        while part := list(itertools.islice(found, _AT_ONCE)):
            rows = [msgspec.structs.asdict(sample) for sample in part]
            writer.write_table(arrow.Table.from_pylist(rows, schema=schema))
            count += len(part)
    return count


def _type_of(kind: Any) -> type:
    """Of a field, where a None doesn't count; text for literals."""
    named = {kind, *get_args(kind)}
    return next((each for each in (bool, int, float, bytes) if each in named), str)
