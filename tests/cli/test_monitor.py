from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

import headrace
from headrace import clock
from headrace.cli.monitor import DRIFT_STATUS
from headrace.models import infer_signature
from headrace.packaging.profile import profile_of
from headrace.serving.call import Call, Reply
from headrace.serving.observe import Observation
from headrace.serving.samples import open_samples
from tests.cli.conftest import Headrace

pytestmark = pytest.mark.usefixtures("home")
TRAINING = pd.DataFrame({"age": np.random.default_rng(0).normal(40, 10, 1000)})
DAY_MS = 86_400_000


def double(model_input):  # type: ignore[no-untyped-def]
    return model_input["age"] * 2


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model in a registry, and samples of requests to it: a usual day, then yesterday's, which were others."""
    monkeypatch.chdir(tmp_path)
    headrace.pyfunc.log_model(
        name="m",
        python_model=double,
        signature=infer_signature(TRAINING, TRAINING["age"] * 2),
        training_data=TRAINING,
        registered_model_name="people",
        pip_requirements=["pandas"],
    )
    headrace.MlflowClient().set_registered_model_alias("people", "champion", "1")
    asked(40, clock.now_ms() - 2 * DAY_MS)


def asked(age: float, at_ms: int, **told: Any) -> None:
    samples = open_samples("samples")
    frame = pd.DataFrame({"age": np.random.default_rng(1).normal(age, 10, 300)})
    body = msgspec.json.encode({"dataframe_split": json.loads(frame.to_json(orient="split", index=False))})
    reply = Reply(status=200, body=msgspec.json.encode({"predictions": (frame["age"] * 2).tolist()}), rows=300)
    call = Call(id=1, kind="invocations", body=body, content_type="application/json", deadline=0.0)
    fields = {"deployment": "people", "revision": "1", "at_ms": at_ms, "duration_s": 0.01, "reply": reply}
    samples(Observation(call=call, **{**fields, **told}))
    samples.close()


MODEL = ("monitor", "models:/people@champion", "--samples", "samples")


def test_quiet_stream_is_told_stored_and_drawn(in_process: Headrace) -> None:
    found = in_process(*MODEL, "--picture", "pictures/a.png")
    assert "Nothing has drifted." in found.out
    assert "models:/people@champion, revision 1" in found.out
    assert Path("pictures/a.png").read_bytes().startswith(b"\x89PNG")
    (run,) = headrace.search_runs(experiment_names=["monitoring/people"], output_format="list")
    assert run.info.run_id in found.out
    assert (run.data.metrics["requests"], run.data.tags["headrace.monitoring.state"]) == (1, "ok")
    (model,) = headrace.get_run(run.info.run_id).inputs.model_inputs
    version = headrace.MlflowClient().get_model_version("people", "1")
    assert model.model_id == version.model_id


def test_drift_is_an_exit_status_and_json(in_process: Headrace) -> None:
    asked(60, clock.now_ms())
    found = in_process(*MODEL, "--since", "24h", "--json", "--no-record", status=DRIFT_STATUS).json()
    assert [finding["verdict"] for finding in found["findings"]] == ["drift", "drift"]
    assert [alarm.partition(":")[0] for alarm in found["alarms"]] == ["input age", "output value"]
    assert found["run_id"] is None
    assert headrace.get_experiment_by_name("monitoring/people") is None
    in_process(*MODEL, "--until", "yesterday", "--no-record")
    quiet = in_process(*MODEL, "--since", "1d", "--limit", "age=99", "--ignore", "value", "--no-record")
    assert "Nothing has drifted." in quiet.out
    few = in_process(*MODEL, "--since", "1d", "--least-rows", "500", "--no-record")
    assert few.out.count("too few") == 2


def test_references_of_a_file_and_of_earlier_requests(in_process: Headrace, tmp_path: Path) -> None:
    asked(60, clock.now_ms())
    old = pd.DataFrame({"age": np.random.default_rng(5).normal(60, 10, 1000)})
    old.to_csv("old.csv", index=False)
    old.to_parquet("old.parquet")
    Path("old.json").write_bytes(msgspec.json.encode(profile_of(old)))
    for name in ("old.csv", "old.parquet", "old.json"):
        found = in_process(*MODEL, "--since", "1d", "--reference", name, "--no-record", "--json").json()
        assert {one["column"]: one["verdict"] for one in found["findings"]} == {"age": "ok", "value": "no reference"}
    earlier = in_process(*MODEL, "--reference-until", "24h", "--no-record", "--json", status=DRIFT_STATUS).json()
    assert (earlier["reference"], len(earlier["alarms"])) == ("1 earlier requests", 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--since", "lately"], "write a span such as 90m"),
        (["--limit", "age"], "write COLUMN=PSI"),
        (["--limit", "=0.1"], "write COLUMN=PSI"),
        (["--limit", "age=nan"], "write COLUMN=PSI"),
        (["--reference-until", "1d", "--reference", "old.xml"], "not both"),
        (["--reference", "old.xml"], "must end in one of"),
        (["--until", "30d"], "none at all of that time"),
        (["--webhook", "http://127.0.0.1/x"], "https"),
        (["--picture", "old.xml/a.png"], "can't be written"),
    ],
)
def test_what_is_wrong_is_said(in_process: Headrace, options: list[str], said: str) -> None:
    Path("old.xml").write_text("")
    found = in_process(*MODEL, "--no-record", *options, status=1)
    assert said in " ".join(found.err.split())
    assert "Traceback" not in found.err


def test_requests_to_another_version_are_pointed_at(in_process: Headrace) -> None:
    headrace.pyfunc.log_model(
        name="m",
        python_model=double,
        signature=infer_signature(TRAINING, TRAINING["age"] * 2),
        training_data=TRAINING,
        registered_model_name="people",
        pip_requirements=["pandas"],
    )
    found = in_process("monitor", "models:/people/2", "--samples", "samples", status=1)
    assert "There are those of people (revision 1): 1." in found.err
    in_process("monitor", "models:/people/2", "--samples", "samples", "--any-revision", "--no-record")


def test_model_without_a_profile_says_what_to_do(in_process: Headrace) -> None:
    signature = infer_signature(TRAINING)
    headrace.pyfunc.save_model("bare", python_model=double, signature=signature, pip_requirements=["pandas"])
    found = in_process("monitor", "people=bare", "--samples", "samples", status=1)
    assert "training_data=" in found.err
    assert "--reference-until" in found.err


def test_a_watcher_looks_again_and_survives_a_look_that_fails(
    in_process: Headrace, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    def sleep_s(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            asked(60, clock.now_ms())
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr(clock, "sleep_s", sleep_s)
    found = in_process(*MODEL, "--since", "1h", "--every", "10m", "--no-record", status=1)
    assert slept == [600, 600]
    assert "none at all of that time" in found.err
    assert "ALARM  input age" in found.out
