"""How many processes a model has, and what they may take."""

from __future__ import annotations

from typing import Literal

import msgspec

LEAST_STUCK_S = 30.0  # a model that is slower than its clients wait isn't stuck
OPEN_HOST = "headrace.serving.hosts.open:open_host"


class PoolOptions(msgspec.Struct, frozen=True, kw_only=True):
    """workers: processes. queue_limit, queue_bytes: of the calls that wait for one of them; more are refused.

    request_timeout_s: as the front sets deadlines. latency_target_s: that waiting and answering should take together;
    batches are cut to it. stuck_after_s: a process that has given no sign for so long with a call in it is killed; None
    means twice the request timeout, and 30 s at least. load_timeout_s: for a model to load.

    max_rss_bytes: of one process, shared pages included; one that has more gives way to a new one. retry_crashed: calls
    that a process died with are tried once more, each alone; right only for a model without side effects. devices:
    each process sees one of them (CUDA_VISIBLE_DEVICES), in turn. variables: of the environment, for the processes.
    sharing: `auto` loads the model once and forks where that is safe, `load` has each process load it.
    host: `module:function` that makes a Host of a ModelSpec.
    """

    workers: int = 1
    queue_limit: int = 1024
    queue_bytes: int = 512 << 20
    request_timeout_s: float = 60.0
    latency_target_s: float | None = None
    stuck_after_s: float | None = None
    load_timeout_s: float = 600.0
    max_rss_bytes: int | None = None
    retry_crashed: bool = False
    devices: tuple[str, ...] = ()
    variables: dict[str, str] = {}
    sharing: Literal["auto", "load"] = "auto"
    host: str = OPEN_HOST

    @property
    def stuck_s(self) -> float:
        if self.stuck_after_s is not None:
            return self.stuck_after_s
        return max(2 * self.request_timeout_s, LEAST_STUCK_S)
