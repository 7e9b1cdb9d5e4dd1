"""Continuous batches: rows come and go at any step, and none is changed by the others."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headrace.flavors import genai_engine
from headrace.flavors.genai_choice import Choice, Search
from headrace.flavors.genai_rows import Row
from headrace.flavors.genai_session import FIRST_LENGTH, Session, Unsuitable
from headrace.flavors.genai_slots import READ_TOKENS, SlotBatch, SlotEngine
from headrace.packaging.llm.engine import Generated, Growing, Job
from headrace.packaging.llm.options import GenerationOptions
from headrace.packaging.llm.task import CHAT, ChatTask
from tests.serving.chat.talking import PHI3, known


@pytest.fixture(scope="module")
def task() -> ChatTask:
    loaded = genai_engine.load(PHI3, CHAT)
    assert isinstance(loaded, ChatTask)
    return loaded


@pytest.fixture(scope="module")
def engine(task: ChatTask) -> SlotEngine:
    assert isinstance(task.engine, genai_engine.GenaiEngine)
    return SlotEngine(task.engine)


class Mixed:
    """Jobs that are added to one batch at random steps."""

    def __init__(self, engine: SlotEngine, seed: int) -> None:
        self.batch: SlotBatch | None = None
        self._engine, self._random = engine, random.Random(seed)

    def run(self, jobs: Sequence[Job], *, cancelled: Sequence[int] = (), at_once: int = 12) -> list[Generated]:
        """cancelled: numbers of jobs that somebody ends after some steps."""
        answers = [Growing(job) for job in jobs]
        waiting, running = list(range(len(jobs))), dict[int, int]()
        while waiting or running:
            while waiting and len(running) < at_once and (not running or self._random.random() < 0.4):
                index = waiting.pop()
                running[self._begin(jobs[index])] = index
            assert self.batch is not None
            for piece in self.batch.step():
                answer = answers[running[piece.job]]
                assert not answer.job.done
                answer.push(piece)
            for number, index in list(running.items()):
                if index in cancelled and self._random.random() < 0.2:
                    jobs[index].done = True
                if jobs[index].done:
                    del running[number]
        assert self.batch is not None
        self.batch.step()
        assert self.batch.ended
        return [answer.generated() for answer in answers]

    def _begin(self, job: Job) -> int:
        if self.batch is None:
            batch = self._engine.start([job])
            assert isinstance(batch, SlotBatch)
            self.batch = batch
            return 0
        assert self.batch.takes(job)
        return self.batch.add(job)


def jobs_of(task: ChatTask, *questions: str, **options: Any) -> list[Job]:
    made: list[Job] = []
    for question in questions:
        made += task.jobs(task.parse({"messages": [{"role": "user", "content": question}], **options}))
    return made


def test_all_known_answers_are_right_however_rows_come_and_go(task: ChatTask, engine: SlotEngine) -> None:
    pairs = known()
    answers = Mixed(engine, 1).run(jobs_of(task, *(question for question, _ in pairs)))
    assert [answer.text for answer in answers] == [answer for _, answer in pairs]
    assert {answer.finish_reason for answer in answers} == {"stop"}


@pytest.mark.parametrize("seed", range(4))
def test_each_answer_is_what_it_is_alone(task: ChatTask, engine: SlotEngine, seed: int) -> None:
    chance = random.Random(seed)
    questions = [question for question, _ in known()]

    def draw() -> dict[str, Any]:
        return {
            "max_tokens": chance.choice([4, 8, 16, 64, 256]),
            "temperature": chance.choice([0, 0, 0.7, 1.5]),
            "seed": chance.randrange(1000),
            "top_p": chance.choice([None, 0.9]),
            "stop": chance.choice([None, ["capital"]]),
            "frequency_penalty": chance.choice([None, 0.5]),
        }

    asked = [(chance.choice(questions) * chance.choice([1, 1, 8]), draw()) for _ in range(40)]
    cancelled = chance.sample(range(40), 8)
    together = Mixed(engine, seed).run(
        [job for question, options in asked for job in jobs_of(task, question, **options)], cancelled=cancelled
    )
    for index, (question, options) in enumerate(asked):
        if index not in cancelled:
            (alone,) = Mixed(engine, 0).run(jobs_of(task, question, **options))
            assert alone == together[index]


def test_greedy_answers_are_those_of_onnxruntime_genai(task: ChatTask, engine: SlotEngine) -> None:
    questions = [question for question, _ in known()[::40]] + ["Spain? " * 30, "zxq", "capital joke capital"]
    jobs = jobs_of(task, *questions, max_tokens=40, repetition_penalty=1.3)
    mixed = Mixed(engine, 3).run(jobs)
    for job in jobs:
        job.done = False
    assert engine.generate(jobs) == mixed


@pytest.mark.parametrize("options", [{}, {"top_p": 0.98, "top_k": 40}, {"frequency_penalty": 0.5, "logprobs": True}])
def test_a_seed_says_the_same_without_a_server(task: ChatTask, engine: SlotEngine, options: dict[str, Any]) -> None:
    questions = [question for question, _ in known()[::40]]
    seeded = {"max_tokens": 40, "temperature": 2.0, **options}
    jobs = [job for seed in range(4) for job in jobs_of(task, *questions, seed=seed, **seeded)]
    mixed = Mixed(engine, 4).run(jobs)
    for job in jobs:
        job.done = False
    alone = engine.generate(jobs)
    assert [answer.text for answer in alone] == [answer.text for answer in mixed]
    assert len({answer.text for answer in alone}) > len(questions)


def test_a_long_prompt_is_read_in_parts_while_others_speak(task: ChatTask, engine: SlotEngine) -> None:
    short, long = jobs_of(task, "Tell me a joke about atom", "What is the capital of Spain? " * 40, max_tokens=20)
    assert len(long.prompt) > 2 * READ_TOKENS
    batch = engine.start([short])
    assert batch.step()
    batch.add(long)
    numbers = [piece.job for _ in range(2) for piece in batch.step()]
    assert numbers == [0, 0]
    while not (pieces := [piece for piece in batch.step() if piece.job == 1]):
        assert not short.done
    assert len(pieces) == 2  # the prompt's last part, and a step with the others


def test_room_is_given_back_and_bounded(task: ChatTask, engine: SlotEngine) -> None:
    (job,) = jobs_of(task, "Hi")
    batch = engine.start([job])
    count = 1
    while batch.takes(job):
        batch.add(Job(prompt=job.prompt, max_tokens=job.max_tokens, options=job.options))
        count += 1
    assert count == engine.max_batch_tokens // 512
    assert batch.step()
    job.done = True
    batch.step()
    assert batch.takes(Job(prompt=job.prompt, max_tokens=1))


def test_caches_follow_the_rows_that_are_there(task: ChatTask, engine: SlotEngine) -> None:
    *crowd, joke = jobs_of(task, *["Hi"] * 9, "Tell me a joke about atom", max_tokens=150)
    batch = engine.start(crowd)
    assert isinstance(batch, SlotBatch)
    while not batch.ended:
        batch.step()
    assert (batch._caches.slots, batch._caches.length) == (16, FIRST_LENGTH)
    batch.add(joke)
    answer = Growing(joke)
    while not batch.ended:
        for piece in batch.step():
            answer.push(piece)
    assert answer.generated().text == dict(known())["Tell me a joke about atom"]
    # The row outgrew its slot, and the eight slots of those who had gone weren't made longer with it.
    assert (batch._caches.slots, batch._caches.length) == (1, 2 * FIRST_LENGTH)


def test_what_is_drawn_follows_the_chances() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05], dtype=np.float32))

    def drawn(**options: Any) -> list[float]:
        job = Job(prompt=[0], max_tokens=1, options=GenerationOptions(sample=True, **options), seed=3)
        choice = Choice(Search(), job)
        row = object.__new__(Row)
        row.job, row.counts = job, {}
        counts = np.bincount([choice.token(row, logits) for _ in range(4000)], minlength=4)
        return [round(float(count) / 4000, 3) for count in counts]

    assert drawn() == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.03)
    assert drawn(top_k=2) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    assert drawn(top_p=0.75) == pytest.approx([0.625, 0.375, 0, 0], abs=0.03)
    squares = np.array([0.25, 0.09, 0.0225, 0.0025])
    assert drawn(temperature=0.5) == pytest.approx((squares / squares.sum()).tolist(), abs=0.03)
    assert drawn(top_k=1) == [1, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"search": {"past_present_share_buffer": False}}, "caches grow"),
        ({"search": {"past_present_share_buffer": True, "num_beams": 4}}, "search has rules"),
        ({"vision": {"filename": "vision.onnx"}}, "parts decoder, vision"),
        ({"decoder": {"sliding_window": {"window_size": 16}}}, "more than one graph"),
        ({"decoder": {"session_options": {"provider_options": [{"cuda": {}}]}}}, "another device"),
    ],
)
def test_other_graphs_are_left_to_onnxruntime_genai(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(PHI3, folder)
    config = genai_engine.read_config(folder)
    config["search"].update(change.get("search", {}))
    config["model"].update({name: part for name, part in change.items() if name == "vision"})
    config["model"]["decoder"].update(change.get("decoder", {}))
    (folder / "genai_config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(Unsuitable, match=reason):
        Session(folder, config)


def test_a_graph_whose_rows_disturb_each_other_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(PHI3, genai_engine.read_config(PHI3))
    session.try_out()
    genuine = Session.run

    def as_if_all_were_as_long(self: Session, caches: Any, first: int, ids: Any, totals: Any) -> Any:
        return genuine(self, caches, first, ids, [max(totals)] * len(totals))

    monkeypatch.setattr(Session, "run", as_if_all_were_as_long)
    with pytest.raises(Unsuitable, match="unequal length"):
        session.try_out()
