from __future__ import annotations

import pytest

from headrace.errors import InvalidValue
from headrace.projects.backends.config import Config, decoded


class Resources(Config, frozen=True, kw_only=True):
    queue_name: str | None = None
    gpus: int = 0
    labels: dict[str, str] = {}  # noqa: RUF012


@pytest.mark.parametrize("key", ["queue-name", "queue_name"])
def test_dashes_and_underscores_are_the_same(key: str) -> None:
    assert decoded(Resources, {key: "a"}, "x") == Resources(queue_name="a")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"gpu": 1}, r"'gpu' .*knows no such key. Did you mean 'gpus'\?"),
        ({"zzz": 1}, "There are: queue-name, gpus, labels."),
        ({"gpus": "two"}, "'two' .*'gpus' of backend 'x': expected `int`, got `str`"),
        ({"labels": {"a": 1}}, "'labels.*' of backend 'x': expected `str`, got `int`"),
        ({"queue-name": "a", "queue_name": "b"}, "there twice"),
    ],
)
def test_wrong_keys_and_types_are_named(config: dict[str, object], said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        decoded(Resources, config, "x")
