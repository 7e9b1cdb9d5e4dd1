from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from headrace.client.open import tracking_store
from headrace.client.temporary import PREFIX
from headrace.entities import LoggedModelStatus
from headrace.errors import InvalidValue, NotFound, StoreUnavailable, UserCodeError
from headrace.packaging import manifest
from headrace.packaging.save import ExampleFails
from tests.client.conftest import forget
from tests.support.live_server import live_server

X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})


@pytest.fixture(scope="module")
def fitted() -> LinearRegression:
    return LinearRegression().fit(X, [1.0, 2.0, 3.0])


def test_model_is_loaded_by_its_id_and_through_its_run(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, name="line", input_example=X)
    for uri in (info.model_uri, f"models:/{info.model_id}", f"runs:/{run.info.run_id}/line"):
        np.testing.assert_allclose(mlflow.pyfunc.load_model(uri).predict(X), fitted.predict(X))
        np.testing.assert_allclose(mlflow.sklearn.load_model(uri).coef_, fitted.coef_)


def test_logged_model_is_ready_and_tied_to_its_run(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        mlflow.log_param("alpha", 0.1)
        mlflow.log_metric("loss", 0.5, step=0)
        mlflow.log_metric("loss", 0.25, step=3)
        info = mlflow.sklearn.log_model(
            fitted, name="line", step=3, params={"beta": 2}, tags={"team": "a"}, model_type="regressor"
        )
    model = mlflow.get_logged_model(info.model_id)
    assert model.status == str(model.status) == "READY"
    assert model.status != "PENDING"
    assert (model.name, model.status, model.source_run_id, model.model_type) == (
        "line", LoggedModelStatus.READY, run.info.run_id, "regressor",
    )  # fmt: skip
    assert model.params == {"alpha": "0.1", "beta": "2"}
    assert model.tags["team"] == "a"
    assert [(point.key, point.value, point.step) for point in model.metrics or ()] == [("loss", 0.25, 3)]
    outputs = mlflow.get_run(run.info.run_id).outputs.model_outputs
    assert [(output.model_id, output.step) for output in outputs] == [(info.model_id, 3)]
    assert mlflow.last_logged_model().model_id == info.model_id


def test_metrics_of_an_earlier_step_are_found_in_the_history(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run():
        for step in range(5):
            mlflow.log_metric("loss", 1.0 - step / 10, step=step)
        info = mlflow.sklearn.log_model(fitted, name="line", step=2)
    assert [point.value for point in mlflow.get_logged_model(info.model_id).metrics or ()] == [0.8]


def points(model_id: str) -> list[tuple[str, float, int]]:
    return sorted((point.key, point.value, point.step) for point in mlflow.get_logged_model(model_id).metrics or ())


def test_metrics_that_come_after_the_model_are_its_too(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        one = mlflow.sklearn.log_model(fitted, name="one", step=2)
        two = mlflow.sklearn.log_model(fitted, name="two", step=2)
        mlflow.log_metric("loss", 0.5, step=2)
        mlflow.log_metrics({"loss": 0.25, "accuracy": 1.0}, step=3)
        mlflow.log_metric("accuracy", 0.5, step=2, model_id=two.model_id)
    assert points(one.model_id) == [("loss", 0.5, 2)]
    assert points(two.model_id) == [("accuracy", 0.5, 2), ("loss", 0.5, 2)]
    data = mlflow.get_run(run.info.run_id).data
    assert data.metrics == {"loss": 0.25, "accuracy": 1.0}
    with mlflow.start_run():
        mlflow.log_metric("loss", 0.75, step=2)
    assert points(one.model_id) == [("loss", 0.5, 2)]


def test_metrics_are_those_of_the_active_model(
    place: str, fitted: LinearRegression, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (mlflow.initialize_logged_model(name).model_id for name in ("one", "two"))
    mlflow.set_active_model(model_id=one)
    try:
        with mlflow.set_active_model(model_id=two):
            mlflow.log_metric("a", 1.0)
        assert mlflow.get_active_model_id() == one
        mlflow.log_metric("b", 2.0)
    finally:
        mlflow.clear_active_model()
    monkeypatch.setenv("MLFLOW_ACTIVE_MODEL_ID", two)
    mlflow.log_metric("c", 3.0)
    assert points(one) == [("b", 2.0, 0)]
    assert points(two) == [("a", 1.0, 0), ("c", 3.0, 0)]


def test_model_without_a_run_starts_none(place: str, fitted: LinearRegression) -> None:
    info = mlflow.sklearn.log_model(fitted, name="line")
    assert mlflow.active_run() is None
    assert info.run_id is None
    assert mlflow.get_logged_model(info.model_id).source_run_id is None
    assert mlflow.pyfunc.load_model(info.model_uri).predict(X).shape == (3,)


def test_artifact_path_names_the_model_too(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, "line")
    assert info.name == "line"
    assert mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/line").metadata.model_id == info.model_id


def test_artifact_path_may_be_a_folder_in_folders(place: str, fitted: LinearRegression) -> None:
    other = LinearRegression().fit(X, [5.0, 5.0, 6.0])
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(fitted, "models/one/line")
        mlflow.sklearn.log_model(other, "models/two/line")
    for folder, model in ("one", fitted), ("two", other):
        loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/models/{folder}/line")
        np.testing.assert_allclose(loaded.coef_, model.coef_)
    paths = [info.path for info in mlflow.MlflowClient().list_artifacts(run.info.run_id, "models/one/line")]
    assert "models/one/line/MLmodel" in paths
    for path in ("line", "models/line", "models"):
        with pytest.raises(NotFound):
            mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/{path}")


def test_model_that_failed_does_not_hide_one_that_is_ready(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, name="line")
        mlflow.finalize_logged_model(mlflow.initialize_logged_model("line").model_id, "FAILED")
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/line")
    assert loaded.model_id == info.model_id


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": 5}, "Invalid value 5 for parameter 'name'"),
        ({"name": "line", "tags": ["a"]}, "parameter 'tags' supplied: a dict"),
        ({"name": "line", "params": 5}, "parameter 'params' supplied: a dict"),
    ],
)
def test_what_no_model_can_be_logged_with_is_named(given: Any, said: str, fitted: LinearRegression) -> None:
    with pytest.raises(InvalidValue, match=said):
        mlflow.sklearn.log_model(fitted, **given)


def test_mlmodel_is_read_by_address(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, name="line", input_example=X)
    for uri in (info.model_uri, f"runs:/{run.info.run_id}/line"):
        model = mlflow.models.Model.load(uri)
        assert isinstance(model, mlflow.models.Model)
        assert model.get_model_info().model_uri == info.model_uri
        assert mlflow.models.get_model_info(uri).model_uri == info.model_uri


def test_downloads_end_with_their_process(
    fitted: LinearRegression, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_server(tmp_path / "server") as server:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
        check_that_downloads_end(fitted, tmp_path)
        forget()


def check_that_downloads_end(fitted: LinearRegression, tmp_path: Path) -> None:
    info = mlflow.sklearn.log_model(fitted, name="line")
    script = f"""
        import os
        import headrace as mlflow
        model = mlflow.sklearn.load_model({info.model_uri!r})
        if os.fork() == 0:
            raise SystemExit
        os.wait()
        print(*os.listdir({str(tmp_path / "tmp")!r}))
    """
    left = f"{PREFIX}{2**22 + 1}-dead"
    (tmp_path / "tmp" / left).mkdir(parents=True)
    (tmp_path / "tmp" / f"{PREFIX}{os.getpid()}-alive").mkdir()
    for folder in (tmp_path / "tmp").iterdir():
        os.utime(folder, (0, 0))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        capture_output=True,
        text=True,
        check=True,
    )
    alive = f"{PREFIX}{os.getpid()}-alive"
    assert len(done.stdout.split()) == 2
    assert left not in done.stdout
    assert [path.name for path in (tmp_path / "tmp").iterdir()] == [alive]


def test_name_and_artifact_path_together_are_refused(place: str, fitted: LinearRegression) -> None:
    with pytest.raises(InvalidValue, match="give name or artifact_path, not both"):
        mlflow.sklearn.log_model(fitted, "line", name="other")


def test_mlmodel_says_where_the_model_is_and_what_made_it(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(fitted, name="line", metadata={"owner": "x"})
    model = mlflow.pyfunc.load_model(info.model_uri).metadata
    assert (model.model_id, model.model_uuid, model.run_id) == (info.model_id, info.model_id, run.info.run_id)
    location = mlflow.get_logged_model(info.model_id).artifact_location
    assert location.startswith(("file:", "/"))
    assert model.artifact_path == "line"
    assert model.metadata == {"owner": "x"}
    assert (model.model_size_bytes or 0) > 0


def test_manifest_of_a_logged_model_holds(place: str, fitted: LinearRegression) -> None:
    info = mlflow.sklearn.log_model(fitted, name="line")
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri, dst_path="copy"))
    known = manifest.read(folder)
    assert known is not None
    assert manifest.check(folder, known, contents=True) == []
    assert "MLmodel" in known.files


class FailsOnItsExample(mlflow.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any) -> Any:
        raise ZeroDivisionError("by design")


def test_model_that_fails_on_its_example_says_so_before_it_is_ready(place: str) -> None:
    with pytest.warns(ExampleFails, match=r"fails on its own input example: ZeroDivisionError: by design \(.*line"):
        info = mlflow.pyfunc.log_model(name="bad", python_model=FailsOnItsExample(), input_example=X)
    assert mlflow.get_logged_model(info.model_id).tags["headrace.inputExample"] == "fails: ZeroDivisionError"
    assert info.signature.inputs.input_names() == ["a", "b"]


def test_such_a_model_is_refused_where_that_is_asked_for(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_REQUIRE_WORKING_EXAMPLE", "1")
    with pytest.raises(UserCodeError, match="by design"):
        mlflow.pyfunc.log_model(name="bad", python_model=FailsOnItsExample(), input_example=X)
    assert mlflow.search_logged_models(output_format="list") == []


def test_what_the_model_raises_comes_whole(place: str) -> None:
    info = mlflow.pyfunc.log_model(name="bad", python_model=FailsOnItsExample())
    with pytest.raises(ZeroDivisionError, match="by design") as caught:
        mlflow.pyfunc.load_model(info.model_uri).predict(X)
    assert caught.traceback[-1].name == "predict"


def test_model_that_cannot_be_written_leaves_nothing(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run() as run, pytest.raises(InvalidValue, match="no such file"):
        mlflow.sklearn.log_model(fitted, name="line", code_paths=["nowhere"])
    assert mlflow.search_logged_models(output_format="list") == []
    assert mlflow.get_run(run.info.run_id).outputs.model_outputs == []


def test_upload_that_breaks_leaves_a_failed_model(
    place: str, fitted: LinearRegression, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("headrace.client.log_model._hand_over", broken)
    with pytest.raises(KeyboardInterrupt):
        mlflow.sklearn.log_model(fitted, name="line")
    [model] = mlflow.search_logged_models(output_format="list")
    assert model.status == LoggedModelStatus.FAILED


def test_store_that_is_gone_does_not_hide_what_went_wrong(
    place: str, fitted: LinearRegression, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    def gone(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr("headrace.client.log_model._hand_over", broken)
    monkeypatch.setattr(type(tracking_store()), "finalize_logged_model", gone)
    with pytest.raises(KeyboardInterrupt):
        mlflow.sklearn.log_model(fitted, name="line")


def test_killed_in_the_middle_nothing_is_ready(tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal
        import headrace as mlflow
        from headrace.client import log_model
        from sklearn.linear_model import LinearRegression
        log_model._hand_over = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        mlflow.sklearn.log_model(LinearRegression().fit([[1.0]], [1.0]), name="line")
        """
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=dict(os.environ), check=False)
    assert ended.returncode == -9
    [model] = mlflow.search_logged_models(output_format="list")
    assert model.status == LoggedModelStatus.PENDING
    # The next model goes on as if nothing had been; what the killed process left is out of sight.
    info = mlflow.sklearn.log_model(LinearRegression().fit([[1.0]], [1.0]), name="line")
    assert mlflow.pyfunc.load_model(info.model_uri).predict([[2.0]]).shape == (1,)


def test_model_goes_into_one_that_waits_for_it(place: str, fitted: LinearRegression) -> None:
    waiting = mlflow.initialize_logged_model(name="line", params={"early": 1})
    info = mlflow.sklearn.log_model(fitted, model_id=waiting.model_id, params={"late": 2})
    assert info.model_id == waiting.model_id
    assert mlflow.get_logged_model(waiting.model_id).params == {"early": "1", "late": "2"}


def test_info_of_a_logged_model_is_read_without_loading_it(place: str, fitted: LinearRegression) -> None:
    with mlflow.start_run():
        logged = mlflow.sklearn.log_model(fitted, name="line", input_example=X)
    info = mlflow.models.get_model_info(logged.model_uri)
    assert info == logged
    assert json.loads(info.signature_dict["inputs"])[0] == {"type": "double", "name": "a", "required": True}


def test_files_may_be_added_to_a_logged_model(place: str, fitted: LinearRegression, tmp_path: Path) -> None:
    info = mlflow.sklearn.log_model(fitted, name="line")
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "loss.txt").write_text("falls")
    client = mlflow.MlflowClient()
    client.log_model_artifacts(info.model_id, tmp_path / "plots", "plots")
    client.log_model_artifact(info.model_id, tmp_path / "plots" / "loss.txt")
    np.testing.assert_allclose(mlflow.sklearn.load_model(info.model_uri).coef_, fitted.coef_)
    known = manifest.read(mlflow.artifacts.download_artifacts(info.model_uri, dst_path="copy"))
    assert known is not None
    assert {"plots/loss.txt", "loss.txt", "MLmodel"} <= known.files.keys()
    mlflow.sklearn.save_model(fitted, "saved")
    waiting = mlflow.initialize_logged_model("by-hand")
    client.log_model_artifacts(waiting.model_id, "saved")
    np.testing.assert_allclose(mlflow.sklearn.load_model(waiting.model_uri).coef_, fitted.coef_)


def test_signature_of_a_logged_model_can_be_set_later(place: str, fitted: LinearRegression) -> None:
    info = mlflow.sklearn.log_model(fitted, name="line")
    mlflow.models.set_signature(info.model_uri, mlflow.models.infer_signature(X, [1.0]))
    loaded = mlflow.pyfunc.load_model(info.model_uri)
    assert loaded.metadata.signature.inputs.input_names() == ["a", "b"]
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri, dst_path="copy"))
    assert manifest.check(folder, manifest.read(folder), contents=True) == []


def test_requirements_of_a_logged_model_can_be_changed(
    place: str, fitted: LinearRegression, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace.packaging.lock.lock_or_warn", lambda *_: "six==1.16.0\n")
    monkeypatch.setenv("HEADRACE_LOCK_MODEL_DEPENDENCIES", "1")
    info = mlflow.sklearn.log_model(fitted, name="line")
    mlflow.models.update_model_requirements(info.model_uri, "add", ["requests==2.32.0", "scikit-learn==1.5.0"])
    mlflow.models.update_model_requirements(info.model_uri, "remove", ["skops"])
    folder = Path(mlflow.artifacts.download_artifacts(info.model_uri, dst_path="copy"))
    lines = (folder / "requirements.txt").read_text().splitlines()
    assert {"requests==2.32.0", "scikit-learn==1.5.0"} <= set(lines)
    assert not any(line.startswith("skops") for line in lines)
    assert not (folder / "requirements.lock").exists()
    assert manifest.check(folder, manifest.read(folder), contents=True) == []
