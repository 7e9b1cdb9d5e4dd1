"""The processes of a model in an environment of its own, which is built when they start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from headrace.serving.answer import Answer
from headrace.serving.arm import Pool as Processes
from headrace.serving.call import Call, Reply
from headrace.serving.facts import Facts
from headrace.serving.spec import ModelSpec
from headrace.serving.workers import Pool, PoolOptions

if TYPE_CHECKING:
    from headrace.environments import Environment
    from headrace.serving.workers import Load

Tell = Callable[[str], None]

_NEEDS = ("pandas",)  # to read tables, beside what the model asks for


def pool_of(spec: ModelSpec, options: PoolOptions, env_manager: str, tell: Tell) -> Processes:
    """env_manager: local runs the model where Headrace runs."""
    if env_manager == "local":
        return Pool(spec, options, tell=tell)
    return PreparedPool(spec, options, env_manager, tell)


class PreparedPool:
    facts: Facts

    def __init__(self, spec: ModelSpec, options: PoolOptions, env_manager: str, tell: Tell) -> None:
        self._spec, self._options, self._env_manager, self._tell = spec, options, env_manager, tell
        self._pool: Pool | None = None

    @property
    def _started(self) -> Pool:
        assert self._pool is not None, "the pool hasn't started"
        return self._pool

    async def start(self) -> Facts:
        environment = await asyncio.to_thread(_environment, self._spec, self._env_manager, self._tell)
        self._pool = Pool(self._spec, self._options, environment=environment, tell=self._tell)
        self.facts = await self._pool.start()
        return self.facts

    async def call(self, call: Call) -> Answer:
        return await self._started.call(call)

    async def warm(self, body: bytes, content_type: str) -> list[Reply]:
        return await self._started.warm(body, content_type)

    async def stop(self, grace_s: float) -> None:
        if self._pool is not None:
            await self._pool.stop(grace_s)

    def load(self) -> Load:
        return self._started.load()

    @property
    def alive(self) -> bool:
        return self._pool is not None and self._pool.alive


def _environment(spec: ModelSpec, env_manager: str, tell: Tell) -> Environment:
    """Raises UntrustedModel where the model's packages may not be installed: what they bring runs, some of it while
    they are built."""
    from headrace import environments
    from headrace.packaging import trust

    what = ["requirements.txt: packages that would be installed, and may run code"]
    trust.may_run(spec.path, what=what, origin=spec.origin, allow_pickle=spec.allow_pickle)
    wanted = environments.of_model(spec.path)
    missing = [name for name in _NEEDS if not wanted.names(name)]
    return environments.prepare(replace(wanted, own=(*wanted.own, *missing)), env_manager, progress=tell)
