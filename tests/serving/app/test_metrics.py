"""The text format of Prometheus, as its documentation has it."""

from __future__ import annotations

from headrace.serving.app.metrics import Counter, Histogram, gauge


def test_counters_have_head_and_series() -> None:
    counter = Counter("requests_total", "Requests\nby \\ path.", ("path",))
    counter.add(('a"b\\c\nd',))
    counter.add(("x",), 2.5)
    assert list(counter.lines()) == [
        "# HELP requests_total Requests\\nby \\\\ path.",
        "# TYPE requests_total counter",
        'requests_total{path="a\\"b\\\\c\\nd"} 1',
        'requests_total{path="x"} 2.5',
    ]


def test_buckets_are_cumulative_and_hold_their_upper_end() -> None:
    histogram = Histogram("seconds", "Time.", ("kind",), (0.1, 1.0))
    for value in (0.1, 0.5, 3.0):
        histogram.observe(("a",), value)
    assert list(histogram.lines())[2:] == [
        'seconds_bucket{kind="a",le="0.1"} 1',
        'seconds_bucket{kind="a",le="1"} 2',
        'seconds_bucket{kind="a",le="+Inf"} 3',
        'seconds_sum{kind="a"} 3.6',
        'seconds_count{kind="a"} 3',
    ]


def test_shares_of_a_batch_are_one_batch() -> None:
    histogram = Histogram("calls", "Calls of a batch.", (), (1, 8))
    for _ in range(3000):
        for _ in range(3):
            histogram.observe((), 3, 1 / 3)
    assert list(histogram.lines())[2:] == [
        'calls_bucket{le="1"} 0',
        'calls_bucket{le="8"} 3000',
        'calls_bucket{le="+Inf"} 3000',
        "calls_sum 9000",
        "calls_count 3000",
    ]


def test_gauges_without_labels_have_no_braces() -> None:
    assert list(gauge("files", "Open.", (), [((), 4)]))[-1] == "files 4"
