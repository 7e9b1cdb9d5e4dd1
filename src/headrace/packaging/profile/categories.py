"""How often each text occurs, for as many texts as a profile keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

LIMIT = 256  # texts that are kept
MAX_CHARS = 64  # longer ones are no categories
FEW = 20  # that many different texts are categories even where nearly none comes twice


class Categories(msgspec.Struct, frozen=True, kw_only=True):
    """counts: the most frequent texts. other: values that aren't in counts. Where `other` isn't 0, a text may have
    come up to that many times more often than counts say. free: so varied that no text is kept, as with names or
    sentences, which a model folder should tell nobody."""

    counts: dict[str, int] = {}
    other: int = 0
    free: bool = False

    @classmethod
    def of(cls, counted: Mapping[str, int]) -> Categories:
        total = sum(counted.values())
        short = {text: n for text, n in counted.items() if len(text) <= MAX_CHARS}
        kept = dict(Counter(short).most_common(LIMIT))
        return cls(counts=kept, other=total - sum(kept.values()))

    def merge(self, other: Categories) -> Categories:
        if self.free or other.free:
            return Categories(other=self.total + other.total, free=True)
        kept = dict((Counter(self.counts) + Counter(other.counts)).most_common(LIMIT))
        return Categories(counts=kept, other=self.total + other.total - sum(kept.values()))

    @property
    def total(self) -> int:
        return sum(self.counts.values()) + self.other

    def discreet(self) -> Categories:
        """As it may be kept: without texts where most are one of a kind."""
        varied = len(self.counts) > FEW and sum(self.counts.values()) < 2 * len(self.counts)
        if self.free or self.other > self.total / 2 or varied:
            return Categories(other=self.total, free=True)
        return self
