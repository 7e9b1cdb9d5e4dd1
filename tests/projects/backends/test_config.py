from __future__ import annotations

from pathlib import Path

import pytest

from headrace.errors import InvalidValue
from headrace.projects.backends.config import Config, decoded, given


class Resources(Config, frozen=True, kw_only=True):
    queue_name: str | None = None
    gpus: int = 0
    labels: dict[str, str] = {}  # noqa: RUF012


def test_a_file_a_literal_and_a_mapping_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"gpus": 2}')
    for config in (tmp_path / "c.json", str(tmp_path / "c.json"), ' {"gpus": 2}', {"gpus": 2}):
        assert given(config) == {"gpus": 2}
    assert given(None) == {}


@pytest.mark.parametrize("key", ["queue-name", "queue_name"])
def test_dashes_and_underscores_are_the_same(key: str) -> None:
    assert decoded(Resources, {key: "a"}, "x") == Resources(queue_name="a")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("nowhere.json", "there is no such file"),
        ("{gpus: 2}", "the literal isn't JSON: .* at line 1, column 2"),
        ("{", "the literal isn't JSON"),
    ],
)
def test_what_cannot_be_read_is_told(config: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        given(config)


def test_a_file_with_something_else_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("[1]")
    with pytest.raises(InvalidValue, match="must hold a JSON object"):
        given(tmp_path / "c.json")


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
