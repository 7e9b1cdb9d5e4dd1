"""The only door for time and randomness, so that tests can hold both still."""

from __future__ import annotations

import random
import time
import uuid

_ADJECTIVES = (
    "able amber ample apt arctic bold brave bright brisk calm clear clever crisp deep eager early fair fast fine "
    "fleet fresh gentle glad grand great keen kind late light lively lucky mellow merry mild neat noble quick quiet "
    "rapid rare ready rich round sharp silent silver sleek smart smooth snowy solid steady still stout sunny sure "
    "swift tall tidy true vivid warm wide wise young zesty"
).split()
_NOUNS = (
    "alder aspen badger basin bay beacon beck birch bison bluff brook canal canyon cedar cove crane creek crest delta "
    "dipper dune eddy egret elm falcon falls fern finch fjord flume ford forest fox glade gorge grove gull harbor hawk "
    "heron hill ibis inlet isle kestrel lagoon lake lark marsh martin meadow mill moor otter owl pike pine plover pond "
    "quay rapids reed ridge river robin salmon shoal shore sluice sparrow spring stork stream swan "
    "tern tide trout vale weir willow wren"
).split()


def now_ms() -> int:
    """Milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    return time.monotonic()


def sleep_s(seconds: float) -> None:
    time.sleep(seconds)


def hex_id() -> str:
    """32 hex digits, random: a run id."""
    return uuid.uuid4().hex


def dated_hex_id() -> str:
    """32 hex digits: ms since the epoch (12), then random ones, as in a UUID of version 7."""
    return f"{now_ms():012x}{uuid.uuid4().hex[:20]}"


def uuid_id() -> str:
    """A random UUID with its dashes: a webhook or a delivery."""
    return str(uuid.uuid4())


def model_id() -> str:
    return f"m-{uuid.uuid4().hex}"


def jitter(upper: float) -> float:
    """Uniform in [0, upper]."""
    return random.random() * upper


def random_name() -> str:
    """adjective-noun-number, for a run or model that nobody named."""
    return f"{random.choice(_ADJECTIVES)}-{random.choice(_NOUNS)}-{random.randrange(1000)}"
