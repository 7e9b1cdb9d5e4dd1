"""What every store does to list keys of runs: the question checked, and the page of the keys that were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, get_args

from headrace.entities import KeyKind, Page, limits
from headrace.errors import InvalidValue
from headrace.query import fold
from headrace.stores import checks, tokens


class Asked(NamedTuple):
    """part: folded text that a key must hold. after: the last key of the page before."""

    experiments: tuple[int, ...]
    kind: KeyKind
    part: str
    max_results: int
    after: str | None
    digest: str

    @classmethod
    def of(
        cls, experiment_ids: Sequence[str], kind: KeyKind, contains: str, max_results: int, page_token: str | None
    ) -> Asked:
        limits.check_max_results(max_results)
        if kind not in get_args(KeyKind):
            raise InvalidValue("kind", kind, f"allowed are {', '.join(get_args(KeyKind))}.")
        numbers = tuple(sorted({checks.experiment_number(each) for each in experiment_ids}))
        part = fold(contains)
        digest = tokens.search_digest("keys", numbers, kind, part)
        after = tokens.decode(page_token, digest) if page_token else None
        if page_token and not isinstance(after, str):
            raise tokens.refused(page_token)
        return cls(numbers, kind, part, max_results, after, digest)

    def page(self, keys: Iterable[str]) -> Page[str]:
        """keys: all of the experiments, in any order."""
        after, part = self.after, self.part
        if after is not None:
            keys = [key for key in keys if key > after]
        if part:
            keys = [key for key in keys if part in fold(key)]
        return self.cut(sorted(keys))

    def cut(self, keys: Sequence[str]) -> Page[str]:
        """keys: those of the page and at least one more, if there is one."""
        told = keys[: self.max_results]
        return Page(told, tokens.encode(self.digest, told[-1]) if len(keys) > len(told) else None)
