"""How processes begin: loading, what keeps a model from it, what forks share."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from headrace import environments, pyfunc
from headrace.errors import HeadraceError
from headrace.serving.call import Call, Reply
from headrace.serving.spec import ModelSpec
from headrace.serving.workers import LoadFailed, Pool, PoolOptions, threads
from tests.serving.workers.asking import a_call, a_pool, ask, make_pool, run, until

REFUSALS: dict[str, tuple[str, str]] = {
    "refuse": ("The model isn't trusted.", "PERMISSION_DENIED"),
    "raise": ("The model can't be loaded: LookupError: no weights here", "INTERNAL_ERROR"),
    "exit": ("The model can't be loaded: SystemExit: 3", "INTERNAL_ERROR"),
    "segfault": (
        "The model's process was ended by SIGSEGV while it loaded the model; see what it wrote",
        "INTERNAL_ERROR",
    ),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("load", REFUSALS)
def test_a_model_that_cant_be_loaded_says_why(load: str, workers: int, capfd: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        pool = make_pool(config={"load": load}, workers=workers)
        with pytest.raises(LoadFailed) as caught:
            await pool.start()
        message, code = REFUSALS[load]
        assert caught.value.message.startswith(message)
        assert caught.value.error_code == code
        await pool.stop(0.0)  # which those who start it may call again

    run(work())
    assert ("Traceback" in capfd.readouterr().err) == (load in ("raise", "exit"))


def test_a_model_that_loads_for_ever_is_given_up() -> None:
    async def work() -> None:
        pool = make_pool(config={"load": "hang"}, load_timeout_s=0.5)
        with pytest.raises(LoadFailed, match=r"didn't load within 0\.5 s") as caught:
            await pool.start()
        assert caught.value.error_code == "DEADLINE_EXCEEDED"

    run(work())


def test_a_start_that_is_cancelled_leaves_nothing() -> None:
    async def work() -> None:
        pool = make_pool(config={"load": "hang"}, workers=2)
        task = asyncio.create_task(pool.start())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(work())


def test_calls_are_answered_while_other_processes_still_load(tmp_path: Path) -> None:
    async def work() -> None:
        config = {"load": "second waits", "path": str(tmp_path / "go")}
        pool = make_pool(config=config, workers=2, sharing="load")
        await pool.start()
        try:
            assert (await ask(pool, id=1))["id"] == 1
            assert pool.load().workers == 1
            (tmp_path / "go").touch()
            assert len(await pool.warm(b"{}", "application/json")) == 2  # it waits for all
        finally:
            await pool.stop(0.0)

    run(work())


# What is shared


@pytest.mark.parametrize(
    ("load", "forks"), [(None, True), ("thread", False), ("connection", False), ("open file", False)]
)
def test_processes_are_forked_only_where_that_is_safe(load: str | None, forks: bool) -> None:
    async def work() -> None:
        told: list[str] = []
        async with a_pool(config={"load": load}, workers=3, told=told) as pool:
            assert (pool._crew._template is not None) == forks
            assert [line for line in told if "isn't safe" in line] == ([] if forks else told)
            parents = {_parent(worker.pid) for worker in pool._crew.workers}
            assert (os.getpid() in parents) != forks
            assert len(parents) == 1
            answers = await asyncio.gather(*(ask(pool, id=number) for number in range(50)))
            assert [each["id"] for each in answers] == list(range(50))

    run(work())


def test_sharing_can_be_off_and_devices_are_dealt_out() -> None:
    async def work() -> None:
        async with a_pool(workers=2, sharing="load") as pool:
            assert pool._crew._template is None
        async with a_pool("calls", workers=3, devices=("4", "7")) as pool:
            seen = [await _direct(pool, place, do="environment", names=["CUDA_VISIBLE_DEVICES"]) for place in range(3)]
            assert sorted(each["CUDA_VISIBLE_DEVICES"] for each in seen) == ["4", "4", "7"]

    run(work())


def test_forks_draw_different_numbers() -> None:
    async def work() -> None:
        async with a_pool(
            "calls", workers=2, variables={"OPENBLAS_NUM_THREADS": "1"}, config={"import": "numpy"}
        ) as pool:
            assert pool._crew._template is not None
            drawn = [(await _direct(pool, place, do="draw"))["drawn"] for place in range(2)]
            assert drawn[0] != drawn[1]

    run(work())


@pytest.mark.parametrize("user", [{}, {"OMP_NUM_THREADS": "7"}])
def test_processes_share_the_cores_unless_the_user_says_otherwise(user: dict[str, str]) -> None:
    names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "COLOUR"]

    async def seen(**options: Any) -> dict[str, Any]:
        async with a_pool(variables={**user, "COLOUR": "red"}, **options) as pool:
            return await ask(pool, do="environment", names=names)

    async def work() -> None:
        told = await seen(workers=2, sharing="load")
        each = str(max(1, threads.cores() // 2))
        assert told["COLOUR"] == "red"
        assert told["OMP_NUM_THREADS"] == user.get("OMP_NUM_THREADS", each)
        assert told["OPENBLAS_NUM_THREADS"] == (None if user else each)
        alone = await seen(workers=1)
        assert alone["OMP_NUM_THREADS"] == user.get("OMP_NUM_THREADS")

    run(work())


@pytest.mark.parametrize("load", [None, "thread"], ids=["forked", "loaded"])
def test_blas_gets_its_threads_when_the_model_is_loaded(load: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("threadpoolctl")
    threads_here = threads.cores()
    monkeypatch.setattr(threads, "cores", lambda: 8)

    async def work() -> None:
        async with a_pool("calls", workers=2, config={"import": "numpy", "load": load}) as pool:
            assert (pool._crew._template is not None) == (load is None)
            found = [(await _direct(pool, place, do="blas"))["threads"] for place in range(2)]
            own = 4 if load is None else min(4, threads_here)  # what starts with its threads takes what there is
            assert found == [[4], [own]]

    run(work())


# A real model


def test_a_saved_model_answers_in_an_environment_of_its_own(tmp_path: Path) -> None:
    class Scaled(pyfunc.PythonModel):
        def load_context(self, context: Any) -> None:
            self.weights = np.load(context.artifacts["weights"])

        def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> Any:
            return model_input["a"] * float(self.weights[0])

    np.save(tmp_path / "weights.npy", np.full(1000, 3.0))
    pyfunc.save_model(
        str(tmp_path / "m"),
        python_model=Scaled(),
        artifacts={"weights": str(tmp_path / "weights.npy")},
        input_example=pd.DataFrame({"a": [1.0]}),
        pip_requirements=[],
    )
    spec = ModelSpec(path=str(tmp_path / "m"), name="scaled")
    environment = environments.Environment(python=Path(sys.executable))

    async def work() -> None:
        pool = Pool(spec, PoolOptions(workers=2), environment=environment, tell=lambda _: None)
        facts = await pool.start()
        try:
            assert facts.signature is not None
            assert pool._crew._template is not None
            await pool._crew.complete()
            body = b'{"dataframe_split": {"columns": ["a"], "data": [[%d.0]]}}'
            replies = await asyncio.gather(*(_asked(pool, body % number) for number in range(100)))
            assert [msgspec.json.decode(each.body) for each in replies] == [
                {"predictions": [{"a": 3.0 * number}]} for number in range(100)
            ]
        finally:
            await pool.stop(0.0)

    run(work())


def test_a_folder_that_is_no_model_is_said_to_be_none(tmp_path: Path) -> None:
    async def work() -> None:
        pool = Pool(ModelSpec(path=str(tmp_path), name="nothing"), tell=lambda _: None)
        with pytest.raises(LoadFailed) as caught:
            await pool.start()
        assert str(tmp_path) in caught.value.message
        assert isinstance(caught.value, HeadraceError)
        assert caught.value.http == 404

    run(work())


async def _asked(pool: Pool, body: bytes) -> Reply:
    call = a_call(raw=body)
    answer = await pool.call(
        Call(id=call.id, kind="invocations", body=body, content_type="application/json", deadline=call.deadline)
    )
    assert isinstance(answer, Reply)
    return answer


async def _direct(pool: Pool, place: int, **body: Any) -> dict[str, Any]:
    """From a certain process."""
    await until(lambda: len(pool._crew.workers) > place)
    reply = await pool._warm(pool._crew.workers[place], msgspec.json.encode(body), "application/json")
    found: dict[str, Any] = msgspec.json.decode(reply.body)
    return found


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
