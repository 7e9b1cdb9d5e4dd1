from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from headrace.serving.call import Call, Reply, Usage
from headrace.serving.observe import Observation
from headrace.serving.samples import Sample, open_samples
from tests.cli.conftest import Headrace

REPLY = Reply(status=200, body=b'{"predictions": [1]}', rows=1, usage=Usage(3, 4))
REFUSED = Reply(status=400, body=b"{}", error="SCHEMA_ENFORCEMENT_FAILED", field="age")


@pytest.fixture
def kept(tmp_path: Path) -> str:
    samples = open_samples(tmp_path / "samples")
    for number, (name, reply) in enumerate([("wine", REPLY), ("wine", REFUSED), ("chat", REPLY)]):
        call = Call(id=number, kind="invocations", body=b'{"n": \xff}', content_type="application/json", deadline=0.0)
        samples(
            Observation(
                deployment=name, revision="1", call=call, reply=reply, at_ms=1_700_000_000_000 + number, duration_s=0.5
            )
        )
    samples.close()
    return str(tmp_path / "samples")


def test_requests_are_listed(in_process: Headrace, kept: str) -> None:
    lines = in_process("samples", kept).out.splitlines()
    assert len(lines) == 5
    refused = " ".join(lines[3].split()[2:])
    assert refused == "wine 1 invocations 400 0 500.0 – – 8 B 2 B SCHEMA_ENFORCEMENT_FAILED age"
    assert [one["at_ms"] for one in in_process("samples", kept, "--model", "wine", "--json").json()] == [
        1_700_000_000_000, 1_700_000_000_001,
    ]  # fmt: skip
    assert [one["field"] for one in in_process("samples", kept, "--failed", "--json").json()] == ["age"]
    assert [one["deployment"] for one in in_process("samples", kept, "-n", "1", "--json").json()] == ["chat"]
    assert in_process("samples", kept, "--since", "1h", "--json").json() == []
    assert in_process("samples", kept, "--revision", "2", "--json").json() == []


def test_requests_are_exported_with_their_bodies(in_process: Headrace, kept: str, tmp_path: Path) -> None:
    for ending in ("parquet", "csv", "jsonl"):
        target = tmp_path / f"requests.{ending}"
        assert "3 requests are in" in in_process("samples", kept, "--export", str(target)).out
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
    table = pq.read_table(tmp_path / "requests.parquet")
    assert table.column_names == list(Sample.__struct_fields__)
    first = table.to_pylist()[0]
    assert (first["request"], first["prompt_tokens"], first["shadow"], first["error"]) == (
        b'{"n": \xff}',
        3,
        False,
        None,
    )
    with (tmp_path / "requests.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["status"], row["request"]) for row in rows] == [
        (status, '{"n": \\xff}') for status in ("200", "400", "200")
    ]
    lines = [json.loads(line) for line in (tmp_path / "requests.jsonl").read_text().splitlines()]
    assert [line["reply"] for line in lines] == ['{"predictions": [1]}', "{}", '{"predictions": [1]}']


def test_what_is_wrong_is_said(in_process: Headrace, kept: str, tmp_path: Path) -> None:
    assert "no such folder" in in_process("samples", str(tmp_path / "nowhere"), status=1).err
    assert "must end in one of" in in_process("samples", kept, "--export", "a.xml", status=1).err
    assert "can't be written" in in_process("samples", kept, "--export", f"{tmp_path}/no/a.csv", status=1).err
    in_process("samples", status=2)
