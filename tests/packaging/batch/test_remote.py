from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace import pyfunc
from headrace.errors import Forbidden, UserCodeError
from headrace.packaging.batch import worker
from headrace.packaging.batch.job import Job, run
from headrace.packaging.batch.remote import RemoteModel, receive, send
from headrace.packaging.trust import Origin, UntrustedModel

FRAME = pd.DataFrame({"a": [1.0, 2.0], "s": ["x", "y"], "v": [[1.5], [2.5, 3.5]]})


def saved(folder: Path, predict: Any, **options: Any) -> Path:
    pyfunc.save_model(str(folder), python_model=predict, pip_requirements=[], **options)
    return folder


def remote(folder: Path, **options: Any) -> RemoteModel:
    given: dict[str, Any] = {"allow_pickle": True, "model_config": {}, "env_manager": "local", "variables": {}}
    return RemoteModel(folder, Origin.elsewhere(), **{**given, **options})


@pytest.mark.parametrize(
    "value", [FRAME, np.arange(6.0).reshape(2, 3), ["a", {"b": [1]}], {"choices": []}, 3.5, None, np.array([], "int64")]
)
def test_messages_come_back_as_they_went(value: Any) -> None:
    pipe = io.BytesIO()
    send(pipe, value, params={"k": 1})
    pipe.seek(0)
    message = receive(pipe)
    assert message is not None
    got, header = message
    assert header["params"] == {"k": 1}
    assert receive(pipe) is None
    if isinstance(value, pd.DataFrame):
        assert [list(cell) for cell in got.pop("v")] == value["v"].tolist()
        pd.testing.assert_frame_equal(got, value[["a", "s"]])
    elif isinstance(value, np.ndarray):
        np.testing.assert_array_equal(got, value)
        assert got.dtype == value.dtype
    else:
        assert got == value


def test_a_model_answers_from_another_process(tmp_path: Path) -> None:
    class Model(pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):  # type: ignore[no-untyped-def]
            import os

            print("printed by the model")
            if (model_input["a"] < 0).any():
                raise LookupError("nowhere to be found")
            frame = model_input[["a"]].copy()
            frame["process"] = os.getpid()
            frame["colour"] = os.environ["COLOUR"]
            return frame

    model = remote(saved(tmp_path / "m", Model()), variables={"COLOUR": "red"})
    answer = model.predict(FRAME)
    assert answer["colour"].tolist() == ["red", "red"]
    assert os.getpid() not in answer["process"].tolist()
    with pytest.raises(UserCodeError, match=r"in predict[\s\S]*LookupError: nowhere to be found"):
        model.predict(FRAME.assign(a=-1.0))
    assert len(model.predict(FRAME)) == 2
    model.close()


def test_a_model_that_cant_be_loaded_says_why(tmp_path: Path) -> None:
    folder = saved(tmp_path / "m", lambda model_input: model_input)
    with pytest.raises(Exception, match="allow_pickle=False forbids that"):
        remote(folder, allow_pickle=False)


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    def deadly(model_input):  # type: ignore[no-untyped-def]
        import os

        os._exit(7)

    model = remote(saved(tmp_path / "m", deadly))
    with pytest.raises(UserCodeError, match="ended with status 7"):
        model.predict(FRAME)


def test_a_worker_loads_once_and_unpacks_an_archive_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = saved(tmp_path / "m", lambda model_input: model_input["a"] * 2)
    model = worker.worker_model(
        folder, Origin.elsewhere(), allow_pickle=None, model_config=None, env_manager=None, variables=None
    )
    assert model.allow_pickle is True  # this user saved it here; workers have no list of their own
    packed = worker.pack(model, tmp_path / "model.tar")
    asked = []

    def archive() -> Path:
        asked.append(1)
        return tmp_path / "model.tar"

    first = worker.loaded(packed, archive)
    assert first.predict(FRAME).tolist() == [2.0, 4.0]
    assert worker.loaded(packed, archive) is first
    assert len(asked) == 1
    assert worker.loaded(model) is not first


def test_a_worker_refuses_what_its_driver_doesnt_trust(tmp_path: Path) -> None:
    folder = saved(tmp_path / "m", lambda model_input: model_input)
    with (folder / "MLmodel").open("a") as file:
        file.write("made_by: a stranger\n")
    (folder / "model_manifest.json").unlink()
    model = worker.worker_model(
        folder, Origin.elsewhere(), allow_pickle=None, model_config=None, env_manager=None, variables=None
    )
    assert model.allow_pickle is None
    with pytest.raises(UntrustedModel):
        worker.loaded(model)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_elses_isnt_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = saved(tmp_path / "m", lambda model_input: model_input)
    model = worker.worker_model(
        folder, Origin.elsewhere(), allow_pickle=True, model_config=None, env_manager=None, variables=None
    )
    packed = worker.pack(model, tmp_path / "model.tar")
    theirs = tmp_path / f"headrace-worker-{os.getuid()}"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    with pytest.raises(Forbidden, match="belongs to somebody else"):
        worker.loaded(packed, lambda: tmp_path / "model.tar")


def test_packages_of_a_stranger_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = saved(tmp_path / "m", lambda model_input: model_input, input_example=FRAME)
    (folder / "requirements.txt").write_text(f"stranger @ {tmp_path.as_uri()}/stranger")
    (tmp_path / "stranger").mkdir()
    (tmp_path / "stranger" / "setup.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.setenv("HEADRACE_ENV_ROOT", str(tmp_path / "environments"))
    with pytest.raises(UntrustedModel, match=r"requirements\.txt: packages that would be installed"):
        remote(folder, allow_pickle=None, env_manager="uv")
    with pytest.raises(UntrustedModel, match="packages that would be installed"):
        run(Job(folder=folder, origin=Origin.elsewhere()), env_manager="uv")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "environments").exists()
