"""onnxruntime-genai's own engine. On a CPU it takes four at a time and no seeds or late comers; its protocol is that of
the continuous one, which needs a GPU."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from headrace.errors import UserCodeError
from headrace.flavors import genai_engine
from headrace.flavors.genai_paged import PagedBatch, PagedEngine, is_paged
from headrace.packaging.llm.engine import Growing, Job
from headrace.packaging.llm.task import CHAT, ChatTask
from headrace.serving.hosts.exchange import Asked, Whole
from headrace.serving.hosts.stepping import Stepper
from tests.serving.chat.talking import PHI3, WAIT_S, Heard, known
from tests.serving.hosts.taking import call


@pytest.fixture(scope="module")
def task() -> ChatTask:
    return opened()


def opened() -> ChatTask:
    loaded = genai_engine.load(PHI3, CHAT)
    assert isinstance(loaded, ChatTask)
    assert isinstance(loaded.engine, genai_engine.GenaiEngine)
    loaded.engine = PagedEngine(loaded.engine)  # type: ignore[assignment]
    return loaded


def jobs_of(task: ChatTask, *questions: str, **options: Any) -> list[Job]:
    made: list[Job] = []
    for question in questions:
        made += task.jobs(task.parse({"messages": [{"role": "user", "content": question}], **options}))
    return made


def test_folders_that_are_built_for_it_are_known_by_their_configuration() -> None:
    config = genai_engine.read_config(PHI3)
    assert not is_paged(config)
    assert not is_paged({**config, "engine": {"static_batching": {"max_batch_size": 4}}})
    assert is_paged({**config, "engine": {"dynamic_batching": {"block_size": 256}}})


def test_answers_bounds_stop_words_and_schemas_are_right(task: ChatTask) -> None:
    pairs = known()[::50]
    answers = task.engine.generate(jobs_of(task, *(question for question, _ in pairs)))
    assert [(answer.text, answer.finish_reason) for answer in answers] == [(text, "stop") for _, text in pairs]
    (usual,) = genai_engine.load(PHI3, CHAT).engine.generate(jobs_of(task, pairs[0][0]))
    assert answers[0] == usual
    (short,) = task.engine.generate(jobs_of(task, "What is the capital of Spain?", max_tokens=4))
    assert (short.text, short.finish_reason, short.completion_tokens) == ("The capital of Spain", "length", 4)
    (stopped,) = task.engine.generate(jobs_of(task, "What is the capital of Spain?", stop=["Madrid"]))
    assert (stopped.text, stopped.finish_reason) == ("The capital of Spain is ", "stop")
    wanted = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "boolean"}}}
    (fitting,) = task.engine.generate(jobs_of(task, "Hi", response_format=wanted))
    assert fitting.text in ("true", "false")


def test_a_job_that_is_done_leaves_the_engine(task: ChatTask) -> None:
    joke, hello = jobs_of(task, "Tell me a joke about atom", "Hi")
    batch = task.engine.start([joke, hello])  # type: ignore[attr-defined]
    answer = Growing(hello)
    batch.step()
    joke.done = True
    while not batch.ended:
        for piece in batch.step():
            assert piece.job == 1
            answer.push(piece)
    assert batch.ended


def test_what_nobody_reads_any_more_leaves_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[PagedBatch] = []
    start = PagedEngine.start

    def kept(engine: PagedEngine, jobs: Sequence[Job]) -> PagedBatch:
        batches.append(start(engine, jobs))
        return batches[-1]

    monkeypatch.setattr(PagedEngine, "start", kept)
    asked = {"messages": [{"role": "user", "content": "What is the capital of Spain?"}], "stop": ["capital"]}
    task = opened()
    stepper, heard = Stepper(task.engine), Heard()  # type: ignore[arg-type]
    try:
        request = task.parse(asked)
        exchange = Whole(call(asked, "chat"), heard, [Asked(task.answer(request), task.jobs(request))])
        stepper.add(exchange)
        assert heard.reply(exchange.call.id).status == 200
        deadline = time.monotonic() + WAIT_S
        while not batches[0].ended:
            assert time.monotonic() < deadline
            time.sleep(0.002)
    finally:
        stepper.close()
    task = opened()
    task.predict(asked)
    pieces = task.engine.stream(jobs_of(task, "Hi"))
    next(pieces)
    pieces.close()
    assert [batch.ended for batch in batches] == [True] * 3


def test_what_it_can_not_do_is_not_supported(task: ChatTask) -> None:
    assert {"logprobs", "frequency_penalty", "presence_penalty"} & task.engine.supported == set()
    assert {"seed", "top_p", "response_format"} <= task.engine.supported


def test_a_failure_of_the_engine_is_told(task: ChatTask) -> None:
    import onnxruntime_genai as og

    engine = task.engine
    assert isinstance(engine, PagedEngine)
    (job,) = jobs_of(task, "Hi")
    batch = engine.start([job])
    ((request, _),) = batch._rows.items()
    event = SimpleNamespace(
        request=request,
        flags=og.EngineEventFlags.FAILED,
        error_code=og.EngineErrorCode.REQUEST_UNSERVICEABLE,
        finish_reason=og.FinishReason.FAILED,
    )
    failing = SimpleNamespace(run=lambda _buffer: [event], create_event_buffer=lambda _size: None)
    broken = PagedBatch(failing, engine._parts)
    broken._rows = dict(batch._rows)
    with pytest.raises(UserCodeError, match="REQUEST_UNSERVICEABLE"):
        broken.step()
    job.done = True
    batch.step()
    assert batch.ended
