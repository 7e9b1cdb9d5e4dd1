"""The next token out of logits: greedy, or drawn by temperature, top_k and top_p from a row's own chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headrace.flavors.genai_rows import Row
from headrace.packaging.llm.engine import Job


@dataclass(frozen=True, kw_only=True)
class Search:
    """How a model generates where a request is silent: `search` of genai_config.json."""

    sample: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    repetition_penalty: float = 1.0

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Search:
        own = config.get("search", {})
        return cls(
            sample=bool(own.get("do_sample", False)),
            temperature=float(own.get("temperature", 1.0)),
            top_k=int(own.get("top_k", 0)),
            top_p=float(own.get("top_p", 1.0)),
            repetition_penalty=float(own.get("repetition_penalty", 1.0)),
        )

    def over(self, job: Job) -> Search:
        """As one job wants it."""
        options = job.options
        return Search(
            sample=self.sample if options.sample is None else options.sample,
            temperature=self.temperature if options.temperature is None else options.temperature,
            top_k=self.top_k if options.top_k is None else options.top_k,
            top_p=self.top_p if options.top_p is None else options.top_p,
            repetition_penalty=options.repetition_penalty or self.repetition_penalty,
        )


class Choice:
    """Of one row. Its seed is its own, so that the same request draws the same answer beside any others."""

    def __init__(self, search: Search, job: Job) -> None:
        self._search = search.over(job)
        self._seen = set(job.prompt) if self._search.repetition_penalty != 1.0 else set()
        self._seed = None if job.seed is None else job.seed % 2**64

    @cached_property
    def _chance(self) -> Any:
        """Made for those who draw only: numpy's generators take memory that greedy answers don't need."""
        import numpy as np

        return np.random.default_rng(self._seed)

    @property
    def plain(self) -> bool:
        """Whether it is the likeliest token, whatever was said before."""
        return not self._search.sample and self._search.repetition_penalty == 1.0

    def token(self, row: Row, logits: Any) -> int:
        scores = logits
        if row.penalised or self._search.repetition_penalty != 1.0:
            scores = logits.copy()
            self._repeat_less(row, scores)
            row.penalise(scores)
        return self._drawn(scores) if self._search.sample else int(scores.argmax())

    def _repeat_less(self, row: Row, scores: Any) -> None:
        penalty = self._search.repetition_penalty
        if penalty != 1.0:
            import numpy as np

            seen = np.fromiter(self._seen | row.counts.keys(), dtype=np.int64)
            scores[seen] = np.where(scores[seen] > 0, scores[seen] / penalty, scores[seen] * penalty)

    def _drawn(self, scores: Any) -> int:
        import numpy as np

        search = self._search
        if search.temperature == 0 or search.top_k == 1:
            return int(scores.argmax())
        count = search.top_k if 0 < search.top_k < len(scores) else len(scores)
        likeliest = np.argpartition(-scores, count - 1)[:count]
        likeliest = likeliest[np.argsort(-scores[likeliest], kind="stable")]
        wanted = scores[likeliest].astype(np.float64) / search.temperature
        chances = np.exp(wanted - wanted[0])
        reached = np.cumsum(chances)
        if search.top_p < 1.0:
            # The first token that reaches top_p is the last that may be drawn.
            kept = int(np.searchsorted(reached, search.top_p * reached[-1])) + 1
            reached = reached[:kept]
        drawn = int(np.searchsorted(reached, self._chance.random() * reached[-1], side="right"))
        return int(likeliest[min(drawn, len(reached) - 1)])
