"""How jobs of many calls share an engine, seen with engines that a test drives."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Hashable, Iterator, Sequence
from typing import Any

import msgspec
import pytest

from headrace.errors import InvalidValue
from headrace.packaging.llm.answers import ChatAnswer
from headrace.packaging.llm.engine import Job, Piece
from headrace.packaging.llm.options import GenerationOptions
from headrace.packaging.llm.request import parse_embedding
from headrace.packaging.llm.task import EmbeddingTask
from headrace.serving.hosts.exchange import Asked, Events, Exchange, Whole
from headrace.serving.hosts.rounds import Rounds
from headrace.serving.hosts.stepping import MAX_BATCHES, Stepper
from headrace.serving.hosts.texts import Texts, Wanted
from tests.serving.chat.talking import WAIT_S, Heard
from tests.serving.hosts.taking import call


class Letters:
    """An engine whose answers are as many letters as are allowed. Steps wait for the test where `held`."""

    model_name, supported, context_length = "letters", frozenset[str](), None
    max_batch, max_batch_tokens = 4, 10**9

    def __init__(self) -> None:
        self.started: list[list[int]] = []
        self.steps: list[str] = []
        self.free = threading.Event()
        self.free.set()

    def alike(self, job: Job) -> Hashable:
        return None if job.options.seed is not None else ("heat", job.options.temperature)

    def room(self, jobs: Sequence[Job]) -> int:
        return sum(job.max_tokens for job in jobs)

    def start(self, jobs: Sequence[Job]) -> LetterBatch:
        if any(job.prompt == [13] for job in jobs):
            raise InvalidValue("messages", 13, "no such prompts here")
        self.started.append([job.max_tokens for job in jobs])
        return LetterBatch(self, list(jobs))

    def stream(self, jobs: Sequence[Job]) -> Generator[Piece, None, None]:
        batch = self.start(jobs)
        while not batch.ended:
            yield from batch.step()


class LetterBatch:
    def __init__(self, engine: Letters, jobs: list[Job]) -> None:
        self._engine, self._jobs = engine, jobs
        self._said = [0] * len(jobs)

    @property
    def ended(self) -> bool:
        return all(job.done or said == job.max_tokens for job, said in zip(self._jobs, self._said, strict=True))

    def takes(self, job: Job) -> bool:
        return False

    def add(self, job: Job) -> int:
        raise AssertionError

    def step(self) -> list[Piece]:
        assert self._engine.free.wait(WAIT_S)
        if self._jobs[0].prompt == [99]:
            raise RuntimeError("secret")
        if self._jobs[0].prompt == [98]:
            return [Piece(job=5, text="of nobody")] + [Piece(job=0, text="a")] * 3  # three tokens at a step
        self._engine.steps.append(str(len(self._jobs)))
        pieces = []
        for number, job in enumerate(self._jobs):
            if not job.done and self._said[number] < job.max_tokens:
                self._said[number] += 1
                finish = "length" if self._said[number] == job.max_tokens else None
                pieces.append(Piece(job=number, text="a", finish=finish))  # type: ignore[arg-type]
        return pieces


class Desk:
    """Where exchanges are made."""

    def __init__(self) -> None:
        self.heard = Heard()

    def exchange(
        self, *lengths: int, prompt: int = 1, stream: bool = False, in_s: float = WAIT_S, **options: Any
    ) -> Exchange:
        own = GenerationOptions(**options)
        jobs = [Job(prompt=[prompt], max_tokens=length, options=own) for length in lengths]
        made = msgspec.structs.replace(call({}, "chat", in_s=in_s), id=self.heard.number())
        asked = Asked(ChatAnswer("m"), jobs)
        return Events(made, self.heard, asked, include_usage=False) if stream else Whole(made, self.heard, [asked])

    def texts(self, exchange: Exchange) -> list[str]:
        reply = self.heard.reply(exchange.call.id)
        assert reply.status == 200, reply
        return [choice["message"]["content"] for choice in json.loads(reply.body)["choices"]]


@pytest.fixture
def engine() -> Letters:
    return Letters()


@pytest.fixture
def stepper(engine: Letters) -> Iterator[Stepper]:
    made = Stepper(engine)  # type: ignore[arg-type]
    yield made
    engine.free.set()
    made.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_long_answer_holds_no_short_one_up(engine: Letters, stepper: Stepper, desk: Desk) -> None:
    long, short = desk.exchange(10**5, stream=True), desk.exchange(3)
    stepper.add(long)
    desk.heard.first_part(long.call.id)
    stepper.add(short)
    assert desk.texts(short) == ["aaa"]
    assert long.call.id not in desk.heard.replies
    long.cancel()


def test_those_that_wait_and_are_alike_begin_together(engine: Letters, stepper: Stepper, desk: Desk) -> None:
    engine.free.clear()
    running = [desk.exchange(5, seed=number) for number in range(MAX_BATCHES)]
    for each in running:
        stepper.add(each)
    waiting = [desk.exchange(length, temperature=heat) for heat in (0.5, 1.0) for length in (2, 3, 4)]
    for each in waiting:
        stepper.add(each)
    engine.free.set()
    assert [desk.texts(each) for each in running] == [["aaaaa"]] * MAX_BATCHES
    assert [desk.texts(each) for each in waiting] == [["a" * length] for length in (2, 3, 4)] * 2
    assert [2, 3, 4] in engine.started
    assert all(len(batch) == 1 for batch in engine.started[:MAX_BATCHES])
    assert desk.heard.replies[waiting[0].call.id].batch == 3


def test_batches_stay_within_the_engines_bounds(engine: Letters, stepper: Stepper, desk: Desk) -> None:
    engine.max_batch_tokens = 20
    exchanges = [desk.exchange(4, 4, 4, 4, 4, 4), desk.exchange(100), desk.exchange(6)]
    for each in exchanges:
        stepper.add(each)
    assert desk.texts(exchanges[0]) == ["aaaa"] * 6
    assert desk.texts(exchanges[1]) == ["a" * 100]
    assert desk.texts(exchanges[2]) == ["aaaaaa"]
    assert max(map(len, engine.started)) == 4
    assert [100] in engine.started  # more than there is room for, but alone


def test_cancelled_jobs_end_their_batch(engine: Letters, stepper: Stepper, desk: Desk) -> None:
    endless = desk.exchange(10**9, stream=True)
    stepper.add(endless)
    desk.heard.first_part(endless.call.id)
    endless.cancel()
    after = desk.exchange(2, seed=1)
    stepper.add(after)
    assert desk.texts(after) == ["aa"]
    steps = len(engine.steps)
    another = desk.exchange(2, seed=1)
    stepper.add(another)
    assert desk.texts(another) == ["aa"]
    assert len(engine.steps) <= steps + 3
    assert endless.call.id not in desk.heard.replies


def test_time_ends_an_answer_that_is_under_way(stepper: Stepper, desk: Desk) -> None:
    whole, stream = desk.exchange(10**9, in_s=0.1), desk.exchange(10**9, stream=True, seed=1)
    stepper.add(stream)
    desk.heard.first_part(stream.call.id)
    stepper.add(whole)
    assert desk.heard.reply(whole.call.id).status == 504
    stream.call = msgspec.structs.replace(stream.call, deadline=0.0)
    assert desk.heard.reply(stream.call.id).status == 504
    last = b"".join(desk.heard.parts[stream.call.id]).decode().split("\n\n")[-2]
    assert json.loads(last.removeprefix("data: "))["error"]["type"] == "timeout_error"


def test_a_failing_engine_ends_the_calls_that_it_fails_for(stepper: Stepper, desk: Desk) -> None:
    wrong, right, raises = desk.exchange(2, prompt=13), desk.exchange(2), desk.exchange(2, prompt=99, temperature=1.0)
    for each in (wrong, right, raises):
        stepper.add(each)
    assert desk.heard.reply(wrong.call.id).status == 400
    assert desk.texts(right) == ["aa"]
    failed = desk.heard.reply(raises.call.id)
    assert failed.status == 500
    assert b"secret" not in failed.body


def test_pieces_behind_the_end_are_left_out(stepper: Stepper, desk: Desk) -> None:
    both = [desk.exchange(9, prompt=98, stop=("aa",)), desk.exchange(9, prompt=98, stop=("aa",), stream=True, seed=1)]
    for each in both:
        stepper.add(each)
    assert desk.texts(both[0]) == [""]
    assert desk.heard.reply(both[1].call.id).status == 200
    after = desk.exchange(2)
    stepper.add(after)
    assert desk.texts(after) == ["aa"]


def test_an_engine_whose_thread_ends_leaves_no_call_waiting(
    engine: Letters, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stepper = Stepper(engine)  # type: ignore[arg-type]
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    engine.free.clear()
    running = desk.exchange(5)
    stepper.add(running)
    while not engine.started:
        threading.Event().wait(0.001)
    waiting = desk.exchange(5, seed=1)
    stepper.add(waiting)
    monkeypatch.setattr(running, "push", None)  # a fault of ours
    engine.free.set()
    assert desk.heard.reply(running.call.id).status == 503
    assert desk.heard.reply(waiting.call.id).status == 503
    stepper.close()
    with pytest.raises(RuntimeError, match="thread has ended"):
        stepper.add(desk.exchange(1))


def test_pieces_that_come_fast_share_a_part(stepper: Stepper, desk: Desk) -> None:
    stream = desk.exchange(3000, stream=True)
    stepper.add(stream)
    desk.heard.reply(stream.call.id)
    parts = desk.heard.parts[stream.call.id]
    events = b"".join(parts).decode().split("\n\n")
    assert len(events) == 1 + 3000 + 1 + 1 + 1  # role, pieces, finish, [DONE], and nothing behind the last line
    assert len(parts) < len(events)


def test_rounds_take_all_that_wait(engine: Letters, desk: Desk) -> None:
    rounds = Rounds(engine)  # type: ignore[arg-type]
    engine.free.clear()
    first, second = desk.exchange(50), desk.exchange(50)
    for number, each in enumerate((first, second), 1):
        rounds.add(each)
        while len(engine.started) < number:
            threading.Event().wait(0.001)
    waiting = [desk.exchange(length) for length in (1, 2, 3)]
    for each in waiting:
        rounds.add(each)
    engine.free.set()
    assert [desk.texts(each) for each in (first, second, *waiting)] == [["a" * n] for n in (50, 50, 1, 2, 3)]
    assert engine.started == [[50], [50], [1, 2, 3]]
    rounds.close()


def test_a_round_that_can_not_begin_is_tried_call_by_call(engine: Letters, desk: Desk) -> None:
    rounds = Rounds(engine)  # type: ignore[arg-type]
    engine.free.clear()
    blocking = [desk.exchange(5), desk.exchange(5)]
    for each in blocking:
        rounds.add(each)
    wrong, right, late = desk.exchange(2, prompt=13), desk.exchange(2), desk.exchange(10**9, in_s=0.2)
    for each in (wrong, right, late):
        rounds.add(each)
    engine.free.set()
    assert desk.heard.reply(wrong.call.id).status == 400
    assert desk.texts(right) == ["aa"]
    assert desk.heard.reply(late.call.id).status == 504
    endless = desk.exchange(10**9)
    rounds.add(endless)
    rounds.close()
    assert endless.call.id not in desk.heard.replies


class Lengths:
    model_name = "lengths"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.free = threading.Event()
        self.began = threading.Event()

    def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], list[int]]:
        self.batches.append(list(texts))
        self.began.set()
        assert self.free.wait(WAIT_S)
        if "bad" in texts:
            raise InvalidValue(message="a bad text")
        return [[float(len(text))] for text in texts], [len(text) for text in texts]


def test_texts_of_calls_that_wait_go_together_and_fail_alone(desk: Desk) -> None:
    engine = Lengths()
    texts = Texts(EmbeddingTask(engine), "served")

    def send(*inputs: str, **options: Any) -> int:
        made = msgspec.structs.replace(call({}, "embeddings"), id=desk.heard.number())
        request = parse_embedding({"input": list(inputs), **options})
        texts.add(Wanted(call=made, emit=desk.heard, requests=[request]))
        return made.id

    first = send("first")
    assert engine.began.wait(WAIT_S)
    numbers = [send("a", "bb"), send("bad"), send("ccc"), send("d", dimensions=5)]
    engine.free.set()
    assert desk.heard.reply(first).status == 200
    replies = [desk.heard.reply(number) for number in numbers]
    assert [reply.status for reply in replies] == [200, 400, 200, 400]
    answer = json.loads(replies[0].body)
    assert [each["embedding"] for each in answer["data"]] == [[1.0], [2.0]]
    assert (answer["model"], answer["usage"]) == ("served", {"prompt_tokens": 3, "total_tokens": 3})
    assert engine.batches[1] == ["a", "bb", "bad", "ccc", "d"]
    texts.close()
