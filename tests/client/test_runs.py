from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import headrace as mlflow
from headrace.errors import HeadraceError, InvalidState, InvalidValue, NotFound

pytestmark = pytest.mark.usefixtures("place")


def stored(run_id: str) -> mlflow.entities.Run:
    return mlflow.MlflowClient().get_run(run_id)


def test_run_that_ends_well_is_finished() -> None:
    with mlflow.start_run() as run:
        assert stored(run.info.run_id).info.status == "RUNNING"
    info = stored(run.info.run_id).info
    assert info.status == "FINISHED"
    assert info.end_time is not None
    assert info.end_time >= info.start_time > 1_600_000_000_000


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_run_that_an_exception_leaves_is_failed_and_the_exception_goes_on(error: type[BaseException]) -> None:
    with pytest.raises(error), mlflow.start_run() as run:
        raise error
    assert stored(run.info.run_id).info.status == "FAILED"
    assert mlflow.active_run() is None


def test_end_run_takes_a_status() -> None:
    run = mlflow.start_run()
    mlflow.end_run("KILLED")
    assert stored(run.info.run_id).info.status == "KILLED"


def test_end_run_with_an_unknown_status_says_which_there_are() -> None:
    mlflow.start_run()
    with pytest.raises(InvalidValue, match="FINISHED, FAILED, KILLED"):
        mlflow.end_run("DONE")


def test_end_run_without_a_run_does_nothing() -> None:
    mlflow.end_run()


def test_run_ended_inside_its_block_keeps_that_status() -> None:
    with mlflow.start_run() as run:
        mlflow.end_run("KILLED")
    assert stored(run.info.run_id).info.status == "KILLED"


def test_second_run_needs_nested_or_an_end() -> None:
    run = mlflow.start_run()
    with pytest.raises(Exception, match=f"Run '{run.info.run_id}' is open already.*nested=True"):
        mlflow.start_run()


def test_nested_runs_name_their_parent_and_close_inside_out() -> None:
    with mlflow.start_run() as outer:
        with mlflow.start_run(nested=True) as middle, mlflow.start_run(nested=True) as inner:
            assert mlflow.active_run() is inner
        assert mlflow.active_run() is outer
    assert stored(middle.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id
    assert stored(inner.info.run_id).data.tags["mlflow.parentRunId"] == middle.info.run_id
    parent = mlflow.get_parent_run(inner.info.run_id)
    assert parent is not None
    assert parent.info.run_id == middle.info.run_id
    assert mlflow.get_parent_run(outer.info.run_id) is None


def test_parent_can_be_named_without_being_open() -> None:
    with mlflow.start_run() as parent:
        pass
    with mlflow.start_run(parent_run_id=parent.info.run_id) as child:
        pass
    assert stored(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id


def test_parent_must_exist_be_active_and_be_the_open_run_if_there_is_one() -> None:
    with pytest.raises(NotFound):
        mlflow.start_run(parent_run_id="f" * 32)
    with mlflow.start_run() as gone:
        pass
    mlflow.delete_run(gone.info.run_id)
    with pytest.raises(InvalidState):
        mlflow.start_run(parent_run_id=gone.info.run_id)
    with mlflow.start_run(), pytest.raises(InvalidValue, match="is open"):
        mlflow.start_run(nested=True, parent_run_id=gone.info.run_id)


def test_run_is_resumed_by_id_with_new_tags_and_name() -> None:
    with mlflow.start_run(run_name="first") as run:
        mlflow.log_param("p", 1)
    with mlflow.start_run(run_id=run.info.run_id, run_name="second", tags={"k": "v"}, description="why") as again:
        assert stored(run.info.run_id).info.status == "RUNNING"
        assert again.data.params == {"p": "1"}
    after = stored(run.info.run_id)
    assert (after.info.status, after.info.run_name) == ("FINISHED", "second")
    assert after.data.tags["k"] == "v"
    assert after.data.tags["mlflow.note.content"] == "why"


def test_run_id_of_the_environment_is_resumed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with mlflow.start_run() as resumed:
        assert resumed.info.run_id == run.info.run_id
    assert "MLFLOW_RUN_ID" not in os.environ
    with mlflow.start_run() as fresh:
        assert fresh.info.run_id != run.info.run_id


def test_deleted_run_is_not_resumed() -> None:
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    with pytest.raises(InvalidState, match="restore_run"):
        mlflow.start_run(run_id=run.info.run_id)


def test_run_of_another_experiment_is_not_resumed_below_a_chosen_one() -> None:
    with mlflow.start_run() as run:
        pass
    mlflow.set_experiment("elsewhere")
    with pytest.raises(InvalidValue, match="belongs to experiment 0"):
        mlflow.start_run(run_id=run.info.run_id)


def test_unknown_run_is_not_resumed() -> None:
    with pytest.raises(NotFound):
        mlflow.start_run(run_id="0" * 32)


def test_tags_description_and_name_are_kept() -> None:
    with mlflow.start_run(run_name="named", tags={"n": 3}, description="# why") as run:
        pass
    tags = stored(run.info.run_id).data.tags
    assert (tags["n"], tags["mlflow.note.content"], tags["mlflow.runName"]) == ("3", "# why", "named")


def test_description_twice_is_refused_and_no_run_is_made() -> None:
    with pytest.raises(InvalidValue, match=r"mlflow\.note\.content"):
        mlflow.start_run(description="a", tags={"mlflow.note.content": "b"})
    assert mlflow.active_run() is None
    assert mlflow.search_runs(output_format="list") == []


def test_active_run_is_the_threads_own() -> None:
    seen: list[object] = []
    with mlflow.start_run():
        thread = threading.Thread(target=lambda: seen.append(mlflow.active_run()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_two_threads_log_to_runs_of_their_own() -> None:
    barrier = threading.Barrier(2)
    ids: dict[int, str] = {}

    def work(number: int) -> None:
        with mlflow.start_run() as run:
            ids[number] = run.info.run_id
            barrier.wait(30)
            mlflow.log_metric("m", number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [stored(ids[number]).data.metrics for number in range(2)] == [{"m": 0.0}, {"m": 1.0}]


def test_last_active_run_is_the_open_one_then_the_ended_one() -> None:
    assert mlflow.last_active_run() is None
    with mlflow.start_run() as run:
        open_one = mlflow.last_active_run()
        assert open_one is not None
        assert open_one.info.run_id == run.info.run_id
    ended = mlflow.last_active_run()
    assert ended is not None
    assert (ended.info.run_id, ended.info.status) == (run.info.run_id, "FINISHED")


def test_logging_starts_a_run_that_stays_open() -> None:
    mlflow.log_param("p", 1)
    run = mlflow.active_run()
    assert run is not None
    mlflow.log_metric("m", 2)
    assert stored(run.info.run_id).data.to_dictionary()["metrics"] == {"m": 2.0}
    assert stored(run.info.run_id).data.params == {"p": "1"}


def test_open_run_stays_with_its_store_when_the_folder_changes(tmp_path: Path) -> None:
    with mlflow.start_run() as run:
        home = mlflow.get_tracking_uri()
        (tmp_path / "elsewhere").mkdir()
        os.chdir(tmp_path / "elsewhere")
        mlflow.log_metric("m", 1)
        with mlflow.start_run(nested=True) as child:
            mlflow.log_metric("m", 2)
    client = mlflow.MlflowClient(home)
    assert client.get_run(run.info.run_id).data.metrics == {"m": 1.0}
    assert client.get_run(child.info.run_id).data.metrics == {"m": 2.0}
    assert client.get_run(run.info.run_id).info.status == "FINISHED"
    assert not (tmp_path / "elsewhere" / ".headrace").exists()


def test_deleted_and_restored_run() -> None:
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    assert mlflow.search_runs(output_format="list") == []
    mlflow.restore_run(run.info.run_id)
    assert len(mlflow.search_runs(output_format="list")) == 1


def test_errors_are_mlflows_exception_with_its_shape() -> None:
    with pytest.raises(mlflow.MlflowException) as caught:
        mlflow.get_run("0" * 32)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert caught.value.get_http_status_code() == 404
    assert mlflow.exceptions.MlflowException is HeadraceError
    assert mlflow.exceptions.RestException is HeadraceError


def test_active_run_is_a_run() -> None:
    with mlflow.start_run() as run:
        assert isinstance(run, mlflow.entities.Run)
        assert isinstance(run, mlflow.ActiveRun)
