"""Runs in groups, with sums of their metrics: columns of the indexes are read whole and put together in memory.

To join the rows of each run in SQL takes two to three times as long: seen with 100,000 runs, grouped by a param, with
two metrics, 370 ms of CPU on SQLite, here 150. Of few runs the rows are looked up instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from headrace.entities import MetricSummary, RunGroup
from headrace.stores.sql import run_search
from headrace.stores.sql.conditions import Part
from headrace.stores.sql.connection import Database

FEW = 5000  # runs whose rows are looked up one by one
FETCHED = 50_000  # rows at a time
SPREAD = 20  # numbers a run, up to which a table of them beats searching
# Exact; keeps the sum of a trillion largest doubles finite.
SCALE = 2.0**-40

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

_decode = msgspec.json.Decoder(list[int]).decode


def grouped(
    db: Database,
    chosen: run_search.Selection,
    keys: Sequence[tuple[str, str]],
    metrics: Sequence[str],
    max_results: int,
) -> list[RunGroup]:
    """keys: (table, key)."""
    runs = _Runs(db, chosen)
    if not len(runs.refs):
        return []
    columns = [runs.texts(table, key) for table, key in keys]
    groups = _groups(len(runs.refs), columns)
    told = groups.largest(max_results)
    found = [
        RunGroup([column.values[code] for column, code in zip(columns, codes, strict=True)], count)
        for codes, count in zip(groups.codes[told].tolist(), groups.counts[told].tolist(), strict=True)
    ]
    for key in metrics:
        for group, summary in zip(found, _summaries(runs.reals(key), groups, told), strict=True):
            if summary is not None:
                group.metrics[key] = summary
    return found


class _Texts(NamedTuple):
    """codes: of each run, an index into values, which are in order; the last one, None, of runs without the key."""

    values: list[str | None]
    codes: Ints


class _Points(NamedTuple):
    """places: of the runs that have the metric; values: NaN among them."""

    places: Ints
    values: Reals


class _Runs:
    """The runs of a selection, by their refs in ascending order, and columns of what belongs to them."""

    def __init__(self, db: Database, chosen: run_search.Selection) -> None:
        self._db = db
        self.refs = np.sort(_array(run_search.refs(db, chosen)))
        self._first = int(self.refs[0]) if len(self.refs) else 0
        self._place_of = _inverted(self.refs)
        if len(self.refs) <= FEW:
            self._scope = Part(f"t.run_ref {db.any_of}", (db.among(self.refs.tolist()),))
        elif len(chosen.experiments) == 1:  # then SQLite reads in the order of the index
            self._scope = Part("t.experiment_id = ?", chosen.experiments)
        else:
            self._scope = Part(f"t.experiment_id {db.any_of}", (db.among(chosen.experiments),))

    def texts(self, table: str, key: str) -> _Texts:
        number = self._db.names.find(self._db, key)
        codes = np.full(len(self.refs), -1)
        rows: list[tuple[str, list[int]]] = []
        if number is not None:
            found = self._db.execute(
                f"SELECT t.value, {_listed(self._db, 't.run_ref')} FROM {table} t "
                f"WHERE {self._scope.sql} AND t.key_ref = ? GROUP BY t.value",
                (*self._scope.values, number),
            )
            rows = sorted(((value, _unpacked(refs)) for value, refs in found), key=itemgetter(0))
            numbers = np.repeat(np.arange(len(rows)), [len(refs) for _, refs in rows])
            places, known = self._places(_array(list(chain.from_iterable(refs for _, refs in rows))))
            codes[places] = numbers[known]
        codes[codes < 0] = len(rows)
        return _Texts([*(value for value, _ in rows), None], codes)

    def reals(self, key: str) -> _Points:
        number = self._db.names.find(self._db, key)
        if number is None:
            return _Points(_array([]), np.array([]))
        where = Part(f"{self._scope.sql} AND t.key_ref = ? AND t.last_class = ?", (*self._scope.values, number))
        pieces = [*self._numbers(where), *self._not_numbers(where)]
        refs, values = (np.concatenate(each) for each in zip(*pieces, strict=True))
        places, known = self._places(refs)
        return _Points(places, values[known])

    def _numbers(self, where: Part) -> Iterator[tuple[Ints, Reals]]:
        """(refs, values). SQLite's JSON would cut the values."""
        if self._db.dialect == "postgresql":
            sql = f"SELECT array_agg(t.run_ref), array_agg(t.last_value) FROM metric_series t WHERE {where.sql}"
            refs, values = self._db.execute(sql, (*where.values, 0)).fetchone()
            yield _array(refs or []), np.array(values or [], np.float64)
            return
        rows = iter(
            self._db.execute(
                f"SELECT t.run_ref, t.last_value FROM metric_series t WHERE {where.sql}", (*where.values, 0)
            )
        )
        while some := list(islice(rows, FETCHED)):
            pairs = np.array(some, np.float64)
            yield pairs[:, 0].astype(np.int64), pairs[:, 1]

    def _not_numbers(self, where: Part) -> Iterator[tuple[Ints, Reals]]:
        sql = f"SELECT {_listed(self._db, 't.run_ref')} FROM metric_series t WHERE {where.sql}"
        refs = _array(_unpacked(self._db.execute(sql, (*where.values, 1)).fetchone()[0]))
        yield refs, np.full(len(refs), np.nan)

    def _places(self, refs: Ints) -> tuple[Ints, NDArray[np.bool_]]:
        """(places in `self.refs` of those that are there, which of the given these are)."""
        if self._place_of is None:
            places = np.minimum(np.searchsorted(self.refs, refs), len(self.refs) - 1)
            known = self.refs[places] == refs
        else:
            inside = (refs >= self._first) & (refs <= self.refs[-1])
            places = self._place_of[np.where(inside, refs - self._first, -1)]
            known = places >= 0
        return places[known], known


def _inverted(refs: Ints) -> Ints | None:
    """The place of each number from the first ref on; -1 where it is none, as at the end. None: they lie far apart."""
    if not len(refs) or refs[-1] - refs[0] > SPREAD * len(refs):
        return None
    found = np.full(refs[-1] - refs[0] + 2, -1)
    found[refs - refs[0]] = np.arange(len(refs))
    return found


def _listed(db: Database, column: str) -> str:
    return f"json_group_array({column})" if db.dialect == "sqlite" else f"array_agg({column})"


def _unpacked(found: str | list[int] | None) -> list[int]:
    return _decode(found) if isinstance(found, str) else found or []


def _array(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, np.int64)


class _Groups(NamedTuple):
    """of_run: the group of each run. codes: of each group, one a key. counts: runs of each group."""

    of_run: Ints
    codes: Ints
    counts: Ints

    def largest(self, most: int) -> Ints:
        """Groups of most runs first, then by their values."""
        by_values = tuple(self.codes[:, column] for column in reversed(range(self.codes.shape[1])))
        return np.lexsort((*by_values, -self.counts))[:most]


def _groups(runs: int, columns: Sequence[_Texts]) -> _Groups:
    of_run = np.zeros(runs, np.int64)
    for column in columns:
        # Numbered anew after each key, so that no product of numbers of values gets large.
        _, of_run = np.unique(of_run * len(column.values) + column.codes, return_inverse=True)
    counts = np.bincount(of_run)
    of_group = np.zeros(len(counts), np.int64)
    of_group[of_run] = np.arange(runs)  # some run of each
    codes = np.stack([column.codes[of_group] for column in columns], axis=1) if columns else np.zeros((1, 0), np.int64)
    return _Groups(of_run, codes, counts)


def _summaries(points: _Points, groups: _Groups, told: Ints) -> list[MetricSummary | None]:
    """Of the groups that are told; None where no run has the metric."""
    most = len(groups.counts)
    counts = np.bincount(groups.of_run[points.places], minlength=most)
    real = ~np.isnan(points.values)
    of, values = groups.of_run[points.places[real]], points.values[real]
    numbers = np.bincount(of, minlength=most)
    minima, maxima = np.full(most, np.inf), np.full(most, -np.inf)
    np.minimum.at(minima, of, values)
    np.maximum.at(maxima, of, values)
    sums = np.bincount(of, weights=values * SCALE, minlength=most)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.clip(sums / numbers / SCALE, minima, maxima)
    found: list[MetricSummary | None] = []
    for group in told.tolist():
        if not counts[group]:
            found.append(None)
        elif not numbers[group]:
            found.append(MetricSummary(int(counts[group]), None, None, None))
        else:
            found.append(
                MetricSummary(int(counts[group]), float(minima[group]), float(maxima[group]), float(means[group]))
            )
    return found
