from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headrace
from headrace.entities import Run
from headrace.errors import InvalidState, NotFound
from headrace.models import infer_signature
from headrace.monitoring.gather import gather
from headrace.monitoring.picture import draw
from headrace.monitoring.record import record
from headrace.monitoring.report import Limits, Report
from headrace.monitoring.watch import Look, Watched, earlier_reference, look
from headrace.serving.call import Call, Kind, Reply, Usage
from headrace.serving.observe import Observation
from headrace.serving.samples import open_samples
from headrace.serving.samples.record import sample_of

START_MS = 1_700_000_000_000
TRAINING = pd.DataFrame(
    {
        "age": np.random.default_rng(0).normal(40, 10, 1000),
        "town": np.random.default_rng(1).choice(["Ulm", "Bonn"], 1000),
    }
)
ANSWERS = TRAINING["age"] / 10


class Tenth(headrace.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input["age"] / 10


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    folder = tmp_path_factory.mktemp("model") / "m"
    headrace.pyfunc.save_model(
        folder, python_model=Tenth(), signature=infer_signature(TRAINING, ANSWERS), training_data=TRAINING
    )
    return Watched(uri="models:/people@champion", name="people", label="3", folder=folder)


class Server:
    """What a server's observer would be told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._samples = open_samples(folder)
        self._count = 0

    def answer(
        self, body: bytes, reply: Reply, content_type: str = "application/json", kind: Kind = "invocations", **told: Any
    ) -> None:
        self._count += 1
        call = Call(id=self._count, kind=kind, body=body, content_type=content_type, deadline=0.0)
        fields = {"deployment": "people", "revision": "3", "at_ms": START_MS + 1000 * self._count, "duration_s": 0.01}
        self._samples(Observation(call=call, reply=reply, **{**fields, **told}))

    def split(self, frame: pd.DataFrame, **told: Any) -> None:
        body = {"dataframe_split": json.loads(frame.to_json(orient="split", index=False))}
        answer = msgspec.json.encode({"predictions": (frame["age"] / 10).tolist()})
        self.answer(msgspec.json.encode(body), Reply(status=200, body=answer, rows=len(frame)), **told)

    def close(self) -> None:
        self._samples.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "samples")
    yield made
    made.close()


def seen(watched: Watched, server: Server, **options: Any) -> Look:
    server.close()
    return look(watched, server.folder, options.pop("limits", Limits()), **options)


def verdicts(report: Report) -> dict[str, str]:
    return {finding.column: finding.verdict for finding in report.findings}


def people(rows: int, seed: int = 2, age: float = 40) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame({"age": random.normal(age, 10, rows), "town": random.choice(["Ulm", "Bonn"], rows)})


def test_requests_like_the_training_data_raise_no_alarm(watched: Watched, server: Server) -> None:
    for seed in range(60):
        server.split(people(5, seed))
    report = seen(watched, server).report
    assert verdicts(report) == {"age": "ok", "town": "ok", "value": "ok"}
    assert report.alarms == []
    assert (report.traffic.requests, report.traffic.unread, report.traffic.statuses) == (60, {}, {"200": 60})
    assert {finding.served_rows for finding in report.findings} == {300}


def test_older_people_are_an_alarm_of_input_and_output(watched: Watched, server: Server) -> None:
    for seed in range(60):
        server.split(people(5, seed, age=55))
    report = seen(watched, server).report
    assert verdicts(report) == {"age": "drift", "town": "ok", "value": "drift"}
    assert [alarm.partition(":")[0] for alarm in report.alarms] == ["input age", "output value"]


def test_every_form_of_a_request_is_read_like_any_other(watched: Watched, server: Server) -> None:
    frame = people(40)
    answer = msgspec.json.encode({"predictions": (frame["age"] / 10).tolist()})
    rows = frame.to_dict("records")
    reply = Reply(status=200, body=answer)
    server.split(frame)
    server.answer(msgspec.json.encode({"dataframe_records": rows}), reply)
    server.answer(msgspec.json.encode({"inputs": rows}), reply)
    server.answer(msgspec.json.encode({"instances": rows}), reply)
    server.answer(frame.to_csv(index=False).encode(), reply, "text/csv; charset=utf-8")
    server.answer(msgspec.msgpack.encode({"dataframe_records": rows}), reply, "application/msgpack")
    server.answer(frame.to_parquet(), reply, "application/vnd.apache.parquet")
    tensors = {
        "inputs": [
            {"name": "age", "shape": [40], "datatype": "FP64", "data": frame["age"].tolist()},
            {"name": "town", "shape": [40], "datatype": "BYTES", "data": frame["town"].tolist()},
        ]
    }
    outputs = {"outputs": [{"name": "predict", "shape": [40], "datatype": "FP64", "data": list(frame["age"] / 10)}]}
    server.answer(msgspec.json.encode(tensors), Reply(status=200, body=msgspec.json.encode(outputs)), kind="infer")
    found = seen(watched, server)
    assert found.report.traffic.unread == {}
    profile = found.gathered.profile
    assert {name: (column.count, column.missing) for name, column in profile.inputs.items()} == {
        "age": (320, 0), "town": (320, 0),
    }  # fmt: skip
    assert profile.inputs["age"].mean == pytest.approx(frame["age"].mean())
    assert (profile.output_rows, profile.outputs["value"].count) == (320, 320)


def test_refused_requests_are_counted_with_their_fields_and_are_an_alarm(watched: Watched, server: Server) -> None:
    for seed in range(100):
        server.split(people(2, seed))
    for _ in range(10):
        server.answer(b"{}", Reply(status=400, body=b"{}", error="SCHEMA_ENFORCEMENT_FAILED", field="age"))
    server.answer(b"{}", Reply(status=503, body=b"{}", error="TEMPORARILY_UNAVAILABLE"))
    report = seen(watched, server).report
    assert (report.traffic.refused, report.traffic.refused_fields) == (10, {"age": 10})
    assert report.alarms == ["requests: 9.0% were refused (fields age), limit 5.0%"]


def test_what_can_not_be_looked_into_is_told(watched: Watched, server: Server) -> None:
    server.split(people(150))
    server.answer(b'{"dataframe_records": [{"town": "Ulm"', Reply(status=200, body=b"{}"))
    server.answer(b"x" * (300 << 10), Reply(status=200, body=b"{}"))
    unread = seen(watched, server).report.traffic.unread
    assert unread == {
        "can't be read by this model's signature: BadPayload": 1,
        "longer than what is kept of a body": 1,
    }


def test_an_odd_request_among_others_costs_itself_alone(watched: Watched, server: Server) -> None:
    server.answer(b'{"inputs": [{"age": 40.0, "town": "Ulm"}]}', Reply(status=200, body=b'{"predictions": [4.0]}'))
    server.answer(b'{"inputs": [{"other": 1}]}', Reply(status=200, body=b'{"predictions": [1e400, "x", {"y": 1}]}'))
    server.answer(b'{"inputs": [{"age": 50.0, "town": "Ulm"}]}', Reply(status=200, body=b'{"predictions": [5.0]}'))
    found = seen(watched, server)
    age = found.gathered.profile.inputs["age"]
    assert (age.present, age.missing) == (2, 1)
    assert found.gathered.profile.outputs["value"].kind == "other"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
FORMS = st.sampled_from(["dataframe_split", "dataframe_records", "inputs", "instances", "messages", "predictions"])
BODIES = st.binary(max_size=40) | st.dictionaries(FORMS, VALUES, max_size=2).map(lambda body: json.dumps(body).encode())
KINDS: list[Kind] = ["invocations", "chat", "completions", "embeddings", "infer"]
TYPES = ["application/json", "text/csv", "application/msgpack", "application/octet-stream", "nonsense", ""]


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(BODIES, BODIES, st.sampled_from(TYPES), st.sampled_from(TYPES), st.sampled_from(KINDS)), max_size=12
    )
)
def test_whatever_was_kept_is_counted_and_costs_at_most_itself(
    watched: Watched, exchanges: list[tuple[bytes, bytes, str, str, Kind]]
) -> None:
    good = people(10)
    body = {"dataframe_split": json.loads(good.to_json(orient="split", index=False))}
    exchanges = [
        (msgspec.json.encode(body), b'{"predictions": [1]}', "application/json", "application/json", "invocations"),
        *exchanges,
    ]
    samples = [
        sample_of(
            Observation(
                deployment="people",
                revision="3",
                call=Call(id=number, kind=kind, body=request, content_type=asked_as, deadline=0.0),
                reply=Reply(status=200, body=reply, content_type=told_as),
                at_ms=number,
                duration_s=0.1,
            ),
            1.0,
            1 << 20,
        )
        for number, (request, reply, asked_as, told_as, kind) in enumerate(exchanges)
    ]
    found = gather(lambda: iter(samples), watched.model, 100)
    assert found.traffic.requests == len(samples)
    assert found.profile.inputs["age"].present >= 10


def test_requests_to_other_versions_and_times_do_not_count(watched: Watched, server: Server) -> None:
    server.split(people(200))
    server.split(people(200, age=90), revision="2")
    server.split(people(200, age=90), deployment="others")
    server.split(people(200, age=90), at_ms=START_MS + 10_000_000)
    server.close()
    report = look(watched, server.folder, Limits(), until_ms=START_MS + 5_000_000).report
    assert report.traffic.requests == 1
    assert report.alarms == []
    assert look(watched, server.folder, Limits(), since_ms=START_MS + 5_000_000).report.alarms
    with pytest.raises(NotFound, match=r"people \(revision 2\): 1, others \(revision 3\): 1"):
        look(changed(watched, label="9"), server.folder, Limits())
    with pytest.raises(NotFound, match="none at all of that time"):
        look(watched, server.folder, Limits(), until_ms=5)


def changed(watched: Watched, **fields: Any) -> Watched:
    return Watched(**{**vars(watched), **fields})


def test_model_without_a_profile_is_compared_with_earlier_requests(tmp_path: Path, server: Server) -> None:
    headrace.pyfunc.save_model(tmp_path / "m", python_model=Tenth(), signature=infer_signature(TRAINING, ANSWERS))
    bare = Watched(uri="models:/people/3", name="people", label="3", folder=tmp_path / "m")
    for seed in range(100):
        server.split(people(2, seed, age=40 if seed < 50 else 60))
    with pytest.raises(InvalidState, match=r"without a profile.*--reference-until"):
        seen(bare, server)
    split_ms = START_MS + 50_500
    reference = earlier_reference(bare, server.folder, None, split_ms)
    report = look(bare, server.folder, Limits(), since_ms=split_ms, reference=reference).report
    assert report.reference == "50 earlier requests"
    assert verdicts(report) == {"age": "drift", "town": "ok", "value": "drift"}


def test_chats_are_watched_by_lengths_tokens_and_ends(watched: Watched, server: Server) -> None:
    for number in range(300):
        long = number >= 150
        body = {"messages": [{"role": "user", "content": "word " * (40 if long else 4 + number % 3)}]}
        choice = {
            "message": {"role": "assistant", "content": "Madrid" * 3},
            "finish_reason": "length" if long else "stop",
        }
        reply = Reply(
            status=200,
            body=msgspec.json.encode({"choices": [choice]}),
            usage=Usage(50 if long else 8 + number % 3, 16 if long else 5),
        )
        server.answer(msgspec.json.encode(body), reply, kind="chat")
    server.close()
    split_ms = START_MS + 150_500
    reference = earlier_reference(watched, server.folder, None, split_ms)
    report = look(watched, server.folder, Limits(), since_ms=split_ms, reference=reference).report
    assert verdicts(report) == {
        "messages": "ok", "prompt_characters": "drift", "prompt_tokens": "drift", "answer_characters": "ok",
        "completion_tokens": "drift", "finish_reason": "drift",
    }  # fmt: skip
    assert report.traffic.spreads["prompt_tokens"].p50 == 50


def test_streamed_answers_are_known_by_their_tokens_and_miss_nothing(watched: Watched, server: Server) -> None:
    body = b'{"messages": [{"role": "user", "content": "Spain?"}]}'
    choice = {"message": {"role": "assistant", "content": "Madrid"}, "finish_reason": "stop"}
    whole = Reply(status=200, body=msgspec.json.encode({"choices": [choice]}), usage=Usage(3, 4))
    for number in range(300):
        streamed = Reply(status=200, body=b"", content_type="text/event-stream", usage=Usage(3, 4))
        server.answer(body, whole if number < 150 else streamed, kind="chat")
    server.close()
    split_ms = START_MS + 150_500
    reference = earlier_reference(watched, server.folder, None, split_ms)
    report = look(watched, server.folder, Limits(), since_ms=split_ms, reference=reference).report
    assert verdicts(report) == {
        "messages": "ok", "prompt_characters": "ok", "prompt_tokens": "ok", "answer_characters": "too few",
        "completion_tokens": "ok", "finish_reason": "too few",
    }  # fmt: skip


@pytest.mark.parametrize(("rows", "windows"), [(3, 3), (30, 12)])
def test_windows_have_as_many_requests_each_and_rows_enough(
    watched: Watched, server: Server, rows: int, windows: int
) -> None:
    for seed in range(120):
        server.split(people(rows, seed))
    found = seen(watched, server).gathered.windows
    assert [window.profile.rows for window in found] == [120 * rows // windows] * windows
    assert all(a.end_ms == b.start_ms for a, b in itertools.pairwise(found))


def test_picture_is_drawn_of_whatever_was_found(watched: Watched, server: Server) -> None:
    for seed in range(60):
        server.split(people(5, seed, age=55))
    found = seen(watched, server)
    image = draw(found.report, found.reference.profile, found.gathered.profile, found.gathered.windows)
    assert image.startswith(b"\x89PNG")
    few = look(watched, server.folder, Limits(least_rows=10_000))
    assert draw(few.report, few.reference.profile, few.gathered.profile, []).startswith(b"\x89PNG")


def test_looks_are_steps_of_one_run(
    watched: Watched, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in range(60):
        server.split(people(5, seed, age=55))
    report = seen(watched, server).report
    first = record(report, b"png", name="people", model_id="m-" + "0" * 32)  # of another store
    second = record(report, b"png2", name="people", model_id=None)
    assert first.info.run_id == second.info.run_id
    run: Run = headrace.get_run(first.info.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.tags["headrace.monitoring.state"] == "drift"
    assert run.data.metrics["drifted_columns"] == 2
    assert run.data.metrics["psi/input/age"] > 0.2
    history = headrace.MlflowClient().get_metric_history(run.info.run_id, "requests")
    assert [(point.step, point.value) for point in history] == [(0, 60), (1, 60)]
    experiment = headrace.get_experiment(run.info.experiment_id)
    assert experiment.name == "monitoring/people"
    place = Path(headrace.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path=""))
    assert (place / "drift.png").read_bytes() == b"png2"
    assert (place / "looks/000000/drift.png").read_bytes() == b"png"
    again = msgspec.json.decode((place / "report.json").read_bytes(), type=Report)
    assert again == report
