"""Which runs a search finds, page by page.

Seen on SQLite with 100,000 runs (10 metrics, 20 params, 5 tags): following the index of the order's first key and
probing the filters takes under a millisecond for a page of 100; joining from the filter's index and sorting takes 300.
Only where filters find few runs, which their indexes can tell, is it better to start from them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from headrace.entities import ViewType, limits
from headrace.query import RUNS, Filter, Order, parse_filter, parse_order
from headrace.stores import checks, tokens
from headrace.stores.sql import keyset, run_lower
from headrace.stores.sql.conditions import Part, joined
from headrace.stores.sql.connection import Database
from headrace.stores.sql.lifecycle import seen
from headrace.stores.sql.run_lower import Candidate, Lead, Phase

FEW = 3000  # runs that are always worth being read and sorted: 10 ms
EVERY_RUN = 10**9
SOME = 20_000  # more are never worth it
MERGED_EXPERIMENTS = 20  # at most so many index ranges are merged; for more the runs are sorted


_decode_refs = msgspec.json.Decoder(list[int]).decode


class Selection(NamedTuple):
    """What a search looks at: experiments, filter, view."""

    experiments: tuple[int, ...]
    rule: Filter
    view_type: ViewType


class Search(NamedTuple):
    selection: Selection
    order: Order
    max_results: int
    page_token: str | None
    digest: str


class Found(NamedTuple):
    refs: list[int]
    token: str | None


def selection(experiment_ids: Sequence[str], filter_string: str | None, view_type: ViewType) -> Selection:
    numbers = sorted({checks.experiment_number(each) for each in experiment_ids})
    return Selection(tuple(numbers), parse_filter(filter_string, RUNS), ViewType(view_type))


def search(
    experiment_ids: Sequence[str],
    filter_string: str | None,
    view_type: ViewType,
    max_results: int,
    order_by: Sequence[str],
    page_token: str | None,
) -> Search:
    limits.check_max_results(max_results)
    chosen, order = selection(experiment_ids, filter_string, view_type), parse_order(order_by, RUNS)
    digest = tokens.search_digest("runs", chosen.experiments, filter_string or "", int(view_type), list(order_by))
    return Search(chosen, order, max_results, page_token, digest)


def find(db: Database, wanted: Search) -> Found:
    phases = run_lower.phases(db, wanted.order)
    first, place = _start(wanted, phases)
    if not wanted.selection.experiments:
        return Found([], None)
    query = _Query(db, wanted.selection, wanted.max_results)
    found: list[tuple[int, Any]] = []
    for i in range(first, len(phases)):
        after = place if i == first else None
        found += [(i, row) for row in query.rows(phases[i], after, wanted.max_results + 1 - len(found))]
        if len(found) > wanted.max_results:
            break
    kept = found[: wanted.max_results]
    token = None
    if len(found) > len(kept):
        phase, last = kept[-1]
        token = tokens.encode(wanted.digest, [phase, *last[1:]])
    return Found([row[0] for _, row in kept], token)


def _start(wanted: Search, phases: Sequence[Phase]) -> tuple[int, list[Any] | None]:
    if not wanted.page_token:
        return 0, None
    place = tokens.decode(wanted.page_token, wanted.digest)
    if not isinstance(place, list) or not place or not isinstance(place[0], int) or not 0 <= place[0] < len(phases):
        raise tokens.refused(wanted.page_token)
    return place[0], keyset.checked_place(wanted.page_token, place[1:], phases[place[0]].terms)


def count(db: Database, chosen: Selection) -> int:
    if not chosen.experiments:
        return 0
    query = _Query(db, chosen, EVERY_RUN)
    if query.found is not None:
        return len(query.found)
    tables, where = query.source(None)
    whole = joined([tables, joined(where, " AND ")], " WHERE ")
    return int(db.execute(f"SELECT count(*) FROM {whole.sql}", whole.values).fetchone()[0])


def refs(db: Database, chosen: Selection) -> list[int]:
    """All that match, in no order."""
    query = _Query(db, chosen, EVERY_RUN)
    if query.found is not None:
        return query.found
    tables, conditions = query.source(None)
    whole = joined([tables, joined(conditions, " AND ")], " WHERE ")
    if db.dialect == "sqlite":
        found = db.execute(f"SELECT json_group_array(r.id) FROM {whole.sql}", whole.values).fetchone()[0]
        return _decode_refs(found)
    return db.execute(f"SELECT array_agg(r.id) FROM {whole.sql}", whole.values).fetchone()[0] or []


class _Query:
    """The parts that all phases of a search share, and the choice of where to start from."""

    def __init__(self, db: Database, chosen: Selection, wanted: int) -> None:
        """wanted: as many runs are asked for."""
        self.db, self.experiments = db, chosen.experiments
        view = seen(chosen.view_type, "r")
        sees = [Part(view)] if view else []
        self.found: list[int] | None = None
        """All runs that match, where they were found from the filter's side."""
        by_id = any(
            each.entity == "attribute" and each.key == "run_id" and each.op in ("=", "IN")
            for each in chosen.rule.comparisons
        )
        every_run_of = chosen.experiments if wanted >= EVERY_RUN and not by_id else ()
        self.filters = [*sees, *run_lower.filter_conditions(db, chosen.rule, every_run_of)]
        start = None if by_id else self._selective(run_lower.candidates(db, chosen.rule), wanted)
        if by_id:
            self.found = self._matching(Part("run r"), self.filters)
        elif start is not None:
            cross = "CROSS JOIN" if db.dialect == "sqlite" else "JOIN"
            tables = Part(f"{start.lead.table} d {cross} run r ON r.id = d.run_ref")
            self.found = self._matching(tables, [self._led_by(start.lead), *sees, *start.others])

    def _matching(self, tables: Part, conditions: Sequence[Part]) -> list[int]:
        scope = Part(f"r.experiment_id {self.db.any_of}", (self.db.among(self.experiments),))
        where = joined([scope, *conditions], " AND ")
        return [row[0] for row in self.db.execute(f"SELECT r.id FROM {tables.sql} WHERE {where.sql}", where.values)]

    def _selective(self, candidates: Sequence[Candidate], wanted: int) -> Candidate | None:
        """The filter to start from, if that is cheaper than to follow the order until enough runs have passed.

        With n of N runs passing the sharpest filter and m all of them, the one reads n runs, the other wanted × N / m.
        """
        counts = [self._count(each.lead, FEW) for each in candidates]
        if not counts:
            return None
        if min(counts) >= FEW:
            runs = self._count_runs()
            # Where all filters pass n, m is n^k / N^(k - 1): more than this n is never the better start.
            logarithm = (math.log(wanted) + len(counts) * math.log(max(runs, 1))) / (len(counts) + 1)
            most = min(SOME, int(math.exp(logarithm)))
            counts = [self._count(each.lead, most) for each in candidates]
            n = min(counts)
            passing = runs * math.prod(each / max(runs, 1) for each in counts if each < most)
            if n >= most or n * passing > wanted * runs:
                return None
        return candidates[counts.index(min(counts))]

    def _count(self, lead: Lead, most: int) -> int:
        where = self._led_by(lead)
        rows = self.db.execute(
            f"SELECT count(*) FROM (SELECT 1 AS one FROM {lead.table} d WHERE {where.sql} LIMIT ?) AS few",
            (*where.values, most),
        )
        return int(rows.fetchone()[0])

    def _count_runs(self) -> int:
        row = self.db.execute(
            f"SELECT count(*) FROM run r WHERE r.experiment_id {self.db.any_of}", (self.db.among(self.experiments),)
        )
        return int(row.fetchone()[0])

    def _led_by(self, lead: Lead) -> Part:
        scope = Part(
            f"d.experiment_id {self.db.any_of} AND d.key_ref = ?", (self.db.among(self.experiments), lead.key_ref)
        )
        return joined([scope, lead.condition], " AND ")

    def rows(self, phase: Phase, place: Sequence[Any] | None, limit: int) -> list[Any]:
        """(run ref, terms…) of the runs behind place, in order."""
        follows = (phase.lead is not None or phase.by_start) and self.found is None
        if follows and len(self.experiments) <= MERGED_EXPERIMENTS:
            selects = [self._select(phase, place, limit, *self._along(phase, number)) for number in self.experiments]
        else:
            selects = [self._select(phase, place, limit, *self.source(phase.lead))]
        if len(selects) == 1:
            return self.db.execute(*selects[0]).fetchall()
        united = joined([Part(f"SELECT * FROM ({each.sql}) AS one", each.values) for each in selects], " UNION ALL ")
        order = keyset.order(phase.terms)
        return self.db.execute(f"{united.sql} ORDER BY {order} LIMIT ?", (*united.values, limit)).fetchall()

    def _select(
        self, phase: Phase, place: Sequence[Any] | None, limit: int, source: Part, conditions: Sequence[Part]
    ) -> Part:
        tables = joined([source, *phase.joins], " ")
        behind = [] if place is None else [keyset.after(phase.terms, place)]
        where = joined([*conditions, *phase.conditions, *behind], " AND ")
        return Part(
            f"SELECT r.id, {keyset.columns(phase.terms)} FROM {tables.sql} WHERE {where.sql} "
            f"ORDER BY {keyset.order(phase.terms)} LIMIT ?",
            (*tables.values, *where.values, limit),
        )

    def _along(self, phase: Phase, experiment: int) -> tuple[Part, list[Part]]:
        """In the order of the phase's index, within one experiment."""
        lead, forced = phase.lead, self.db.dialect == "sqlite"
        if lead is None:
            source = Part("run r INDEXED BY run_by_start" if forced else "run r")
            return source, [Part("r.experiment_id = ?", (experiment,)), *self.filters]
        source = Part(
            f"{lead.table} d INDEXED BY {lead.index_name} CROSS JOIN run r ON r.id = d.run_ref"
            if forced
            else f"{lead.table} d JOIN run r ON r.id = d.run_ref"
        )
        scope = Part("d.experiment_id = ? AND d.key_ref = ?", (experiment, lead.key_ref))
        return source, [scope, lead.condition, *self.filters]

    def source(self, lead: Lead | None) -> tuple[Part, list[Part]]:
        """In any order: the runs that were found, else those of the experiments that match."""
        cross = "CROSS JOIN" if self.db.dialect == "sqlite" else "JOIN"
        if self.found is None:
            scope = Part(f"r.experiment_id {self.db.any_of}", (self.db.among(self.experiments),))
            conditions = [scope, *self.filters]
        else:
            conditions = [Part(f"r.id {self.db.any_of}", (self.db.among(self.found),))]
        if lead is None:
            return Part("run r"), conditions
        source = Part(f"run r {cross} {lead.table} d ON d.run_ref = r.id AND d.key_ref = ?", (lead.key_ref,))
        return source, [*conditions, lead.condition]
