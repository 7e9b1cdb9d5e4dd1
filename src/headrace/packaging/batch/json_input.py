"""JSON documents in the forms of the scoring server, and JSON lines.

A document up to STREAM_BYTES goes through the model at once, as the server would do it. A longer one whose rows stand
in a list is walked twice: first to see all that stands around the rows, then row by row. Columns by name in `inputs`
and requests to language models are read whole.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from headrace.errors import shown
from headrace.packaging.batch.chunk import Chunk, Limits, length
from headrace.packaging.batch.json_scan import ROW, Scanner, walk
from headrace.packaging.batch.source import Input
from headrace.packaging.mlmodel import Model
from headrace.packaging.payload import arrays
from headrace.packaging.payload.columns import cast_frame
from headrace.packaging.payload.errors import BadPayload
from headrace.packaging.payload.request import FORMS, INPUTS, INSTANCES, PARAMS, RECORDS, SPLIT, frame_of, of_json

STREAM_BYTES = 16 << 20


def chunks(source: Input, model: Model, limits: Limits) -> Iterator[Chunk]:
    with source.file() as path:
        if path.stat().st_size <= STREAM_BYTES:
            yield _whole(path.read_bytes(), model, source.name)
            return
        with path.open("rb") as stream:
            outline = _outline(Scanner(stream, source.name))
        source.total_rows = outline["rows"] or None
        form = next((form for form in FORMS if form in outline), None)
        if form is None or not outline["rows"]:
            yield _whole(path.read_bytes(), model, source.name)
            return
        of_json({**{key: outline[key] for key in outline if key in (*FORMS, PARAMS)}, form: _EMPTY[form]}, model)
        with source.stream() as counted:
            yield from _rows(Scanner(counted, source.name), form, outline, model, limits)  # type: ignore[arg-type]


_EMPTY: dict[str, Any] = {SPLIT: {"data": []}, RECORDS: [], INSTANCES: [], INPUTS: []}


def _outline(scanner: Scanner) -> dict[str, Any]:
    """All but the rows, which are counted."""
    found: dict[str, Any] = {"rows": 0, "columns": None}
    for key, value in walk(scanner):
        if key is ROW:
            found["rows"] += 1
        elif isinstance(key, tuple):
            found[key[1]] = value
        else:
            found[key] = value
    return found


def _rows(scanner: Scanner, form: str, outline: dict[str, Any], model: Model, limits: Limits) -> Iterator[Chunk]:
    gathered: list[Any] = []
    row, began = 0, 0
    for key, value in walk(scanner):
        if key is not ROW:
            continue
        gathered.append(value)
        if len(gathered) >= limits.rows or scanner.done_chars - began >= limits.size_bytes:
            yield _of_rows(gathered, row, form, outline, model)
            row, began, gathered = row + len(gathered), scanner.done_chars, []
    if gathered:
        yield _of_rows(gathered, row, form, outline, model)


def _of_rows(rows: list[Any], first_row: int, form: str, outline: dict[str, Any], model: Model) -> Chunk:
    data, bad = _data(rows, form, outline["columns"], model)
    return Chunk(data=data, rows=len(rows), first_row=first_row, bad=bad, params=outline.get(PARAMS))


def _data(rows: list[Any], form: str, columns: Any, model: Model) -> tuple[Any, dict[int, str]]:
    schema = model.signature.inputs if model.signature else None
    if model.is_signature_from_type_hint:
        return rows, {}
    if form == INSTANCES:
        return arrays.instances(rows, schema), {}
    if form == INPUTS:
        return arrays.inputs(rows, schema), {}
    frame = frame_of(form, rows if form == RECORDS else {"data": rows, "columns": columns})
    made, bad = cast_frame(frame, schema)
    return made, {each.row: str(each) for each in bad}


def _whole(body: bytes, model: Model, name: str) -> Chunk:
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload(f"{name} isn't JSON: {error}.") from None
    form = next((form for form in (SPLIT, RECORDS) if isinstance(parsed, dict) and form in parsed), None)
    if form is None:
        request = of_json(parsed, model)
        return Chunk(
            data=request.data,
            rows=length(request.data) or 1,
            params=request.params,
            whole=True,
            unwrapped=request.unwrapped,
        )
    # As of_json, but bad rows are kept apart.
    request = of_json({**parsed, form: _EMPTY[form]}, model)
    if request.unwrapped or model.is_signature_from_type_hint:
        request = of_json(parsed, model)
        return Chunk(data=request.data, rows=1, params=request.params, whole=True, unwrapped=request.unwrapped)
    frame = frame_of(form, parsed[form])
    made, bad = cast_frame(frame, model.signature.inputs if model.signature else None)
    return Chunk(
        data=made,
        rows=len(frame),
        bad={each.row: str(each) for each in bad},
        params=request.params,
        whole=True,
    )


def line_chunks(source: Input, model: Model, limits: Limits) -> Iterator[Chunk]:
    """One row a line: an object is a row of columns, anything else an instance. Empty lines are passed over."""
    with source.stream() as stream:
        gathered: list[Any] = []
        lines: list[int] = []
        bad: dict[int, str] = {}
        row = size = 0
        for number, line in enumerate(_lines(stream), 1):
            if not line.strip():
                continue
            try:
                gathered.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                bad[len(lines)] = f"it isn't JSON: {error}"
            lines.append(number)
            size += len(line)
            if len(lines) >= limits.rows or size >= limits.size_bytes:
                yield _of_lines(gathered, lines, bad, row, model)
                row, size, gathered, lines, bad = row + len(lines), 0, [], [], {}
        if lines:
            yield _of_lines(gathered, lines, bad, row, model)


def _lines(stream: Any) -> Iterator[bytes]:
    yield from io.BufferedReader(stream, 1 << 20)


def _of_lines(rows: list[Any], lines: list[int], bad: dict[int, str], first_row: int, model: Model) -> Chunk:
    objects = bool(rows) and isinstance(rows[0], dict)
    places = [place for place in range(len(lines)) if place not in bad]
    kept, kept_places = [], []
    for place, one in zip(places, rows, strict=True):
        if isinstance(one, dict) == objects:
            kept.append(one)
            kept_places.append(place)
        else:
            wanted = "an object" if objects else "no object"
            bad[place] = f"expected {wanted}, as in the lines before, found {shown(one)}"
    data, more = _data(kept, RECORDS if objects else INSTANCES, None, model) if kept else (kept, {})
    bad |= {kept_places[place]: what for place, what in more.items()}
    return Chunk(data=data, rows=len(lines), first_row=first_row, bad=bad, lines=lines)
