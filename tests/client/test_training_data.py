from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import headrace
from headrace import clock
from headrace.packaging import manifest
from headrace.packaging.info import ModelInfo
from headrace.packaging.profile import Profile, profile_of, read
from headrace.packaging.profile.kept import PREDICTED_ROWS, NoProfile, keep

FRAME = pd.DataFrame({"a": np.arange(5000.0), "b": np.ones(5000)})
TARGET = FRAME["a"] * 2


@pytest.fixture(autouse=True)
def in_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def model() -> LinearRegression:
    return LinearRegression().fit(FRAME, TARGET)


def profile_in(logged: ModelInfo) -> Profile | None:
    return read(headrace.artifacts.download_artifacts(logged.model_uri))


def test_profile_of_training_data_is_kept_and_belongs_to_the_manifest() -> None:
    logged = headrace.sklearn.log_model(
        model(), name="m", input_example=FRAME.head(2), training_data=FRAME.assign(target=TARGET)
    )
    found = profile_in(logged)
    assert found is not None
    assert (found.rows, list(found.inputs), found.output_rows) == (5000, ["a", "b"], PREDICTED_ROWS)
    assert found.outputs["value"].high == pytest.approx(9998)
    folder = headrace.artifacts.download_artifacts(logged.model_uri)
    known = manifest.read(folder)
    assert known is not None
    assert "profile.json" in known.files


def test_dataset_and_ready_profile_do_as_well(tmp_path: Path) -> None:
    dataset = headrace.data.from_pandas(FRAME.assign(target=TARGET), targets="target")
    headrace.sklearn.save_model(model(), tmp_path / "one", input_example=FRAME.head(2), training_data=dataset)
    found = read(tmp_path / "one")
    assert found is not None
    assert list(found.inputs) == ["a", "b"]
    halves = profile_of(FRAME.head(2500)).merge(profile_of(FRAME.tail(2500)))
    headrace.pyfunc.save_model(
        tmp_path / "two", python_model=Doubles(), input_example=FRAME.head(2), training_data=halves
    )
    assert read(tmp_path / "two") == halves


class Doubles(headrace.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input["a"] * 2


def test_training_input_of_the_run_is_profiled_where_it_fits_the_model() -> None:
    dataset = headrace.data.from_pandas(FRAME.assign(target=TARGET), targets="target")
    with headrace.start_run():
        headrace.log_input(dataset, context="training")
        fitting = headrace.sklearn.log_model(model(), name="m", input_example=FRAME.head(2))
        other = headrace.sklearn.log_model(
            LinearRegression().fit(FRAME.rename(columns=str.upper), TARGET),
            name="other",
            input_example=FRAME.rename(columns=str.upper).head(2),
        )
    found = profile_in(fitting)
    assert found is not None
    assert (list(found.inputs), found.outputs) == (["a", "b"], {})
    assert profile_in(other) is None


def test_evaluation_data_and_data_that_are_gone_are_not_profiled() -> None:
    with headrace.start_run():
        kept = headrace.data.from_pandas(FRAME)
        headrace.log_input(kept, context="evaluation")
        assert profile_in(headrace.sklearn.log_model(model(), name="m", input_example=FRAME.head(2))) is None
        headrace.log_input(headrace.data.from_pandas(FRAME), context="training")
        gc.collect()
        assert profile_in(headrace.sklearn.log_model(model(), name="m", input_example=FRAME.head(2))) is None


def test_a_model_is_not_lost_for_its_profile(tmp_path: Path) -> None:
    with pytest.warns(NoProfile, match="none of these is a column"):
        headrace.sklearn.save_model(
            model(), tmp_path / "one", input_example=FRAME.head(2), training_data=pd.DataFrame({"z": [1.0]})
        )
    assert read(tmp_path / "one") is None

    class Fails(Doubles):
        def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
            if len(model_input) > 2:
                raise ValueError("too many")
            return [1]

    with pytest.warns(NoProfile, match="ValueError: too many"):
        headrace.pyfunc.save_model(
            tmp_path / "two", python_model=Fails(), input_example=FRAME.head(2), training_data=FRAME
        )
    found = read(tmp_path / "two")
    assert found is not None
    assert (found.rows, found.outputs) == (5000, {})


def test_data_that_no_profile_can_be_made_of_cost_only_the_profile(tmp_path: Path) -> None:
    class Odd:
        shape = (3,)

        def toarray(self) -> Any:
            raise RuntimeError("gone")

    with pytest.warns(NoProfile, match="RuntimeError: gone"):
        headrace.sklearn.save_model(model(), tmp_path / "m", input_example=FRAME.head(2), training_data=Odd())
    assert read(tmp_path / "m") is None
    assert (tmp_path / "m" / "MLmodel").is_file()


def test_dataset_of_hugging_face_is_read_where_it_is_given(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    dataset = headrace.data.from_huggingface(datasets.Dataset.from_pandas(FRAME.head(50)))
    headrace.sklearn.save_model(model(), tmp_path / "m", input_example=FRAME.head(2), training_data=dataset)
    found = read(tmp_path / "m")
    assert found is not None
    assert (found.rows, list(found.inputs)) == (50, ["a", "b"])


def test_a_slow_model_is_asked_few_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    now = [0.0]

    def predict(rows: Any) -> Any:
        asked.append(len(rows))
        now[0] += 0.125 * len(rows)
        return rows["a"] * 2

    monkeypatch.setattr(clock, "monotonic_s", lambda: now[0])
    keep(FRAME, None, tmp_path, predict)
    assert asked == [1, 16, 23]
    found = read(tmp_path)
    assert found is not None
    assert (found.rows, found.output_rows) == (5000, 23)
