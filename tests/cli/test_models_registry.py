from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.linear_model import LinearRegression

import headrace as mlflow
from tests.cli.conftest import Headrace
from tests.client.conftest import server_at

X, Y = [[1.0], [2.0], [3.0]], [1.0, 2.0, 3.0]


@pytest.fixture
def wine() -> str:
    """A model with three versions of no files, one of them with an alias."""
    client = mlflow.MlflowClient()
    client.create_registered_model("wine", {"team": "a"}, "Quality")
    for number in (1, 2, 3):
        client.create_model_version("wine", f"s3://bucket/{number}")
    client.set_registered_model_alias("wine", "champion", 2)
    return "wine"


def test_a_model_is_registered_aliased_found_and_deleted(headrace: Headrace) -> None:
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(LinearRegression().fit(X, Y), name="line")
    mlflow.sklearn.save_model(LinearRegression().fit(X, Y), "saved")
    assert headrace("models", "register", info.model_uri, "line").out == "Registered version 1 of model 'line'.\n"
    headrace("models", "register", f"runs:/{run.info.run_id}/line", "line", "-t", "checked=yes", "--description", "2nd")
    third = headrace("models", "register", "./saved", "line", "-a", "champion", "-a", "best", "--json").json()
    assert (third["version"], sorted(third["aliases"])) == ("3", ["best", "champion"])

    said = headrace("models", "alias", "line", "champion", "2", "--comment", "it is faster").out
    assert said == "Alias 'champion' of model 'line' points to version 2, from version 3.\n"
    shown = headrace("models", "show", "line").out
    assert "champion" in shown
    assert "2nd" in shown
    version = headrace("models", "show", "models:/line@champion", "--json").json()
    assert (version["version"]["version"], version["version"]["tags"]) == ("2", {"checked": "yes"})
    assert version["manifest"]["files"]["MLmodel"]["size_bytes"] > 0
    assert version["signed"] == 0
    assert "MLmodel" in headrace("models", "show", "line/1").out

    downloaded = Path(headrace("models", "download", "line@champion", "-d", "here").out.strip())
    assert (downloaded / "registered_model_meta").exists()
    assert "are as they were registered" in headrace("models", "verify", "models:/line/latest").out
    scored = headrace("models", "predict", "-m", "models:/line@champion", stdin='{"inputs": [[4.0]]}').json()
    assert scored["predictions"] == pytest.approx([4.0])

    headrace("models", "delete", "line", status=1)
    headrace("models", "delete", "line", "--force")
    assert headrace("models", "list", "--json").json() == []


def test_lists_show_newest_version_aliases_and_stages(in_process: Headrace, wine: str) -> None:
    in_process("models", "stage", wine, "1", "Production")
    header, _, row = in_process("models", "search", "--filter", "tags.team = 'a'").out.splitlines()
    assert header.split() == ["Name", "Newest", "Aliases", "Updated", "Description"]
    assert row.split()[:5] == ["wine", "3", "champion", "→", "2"]
    rows = in_process("models", "versions", wine).out.splitlines()
    assert [line.split()[0] for line in rows[2:]] == ["3", "2", "1"]
    assert "champion" in rows[3]
    assert "Production" in rows[4]
    named = in_process("models", "versions", "--filter", "version_number >= 2", "--json").json()
    assert sorted(each["version"] for each in named) == ["2", "3"]
    assert "There may be more than these 1" in in_process("models", "versions", wine, "--max-results", "1").err


def test_tags_descriptions_and_names_are_changed(in_process: Headrace, wine: str) -> None:
    in_process("models", "tag", wine, "grape=merlot=2", "year=2021")
    in_process("models", "untag", wine, "team")
    in_process("models", "tag", "wine@champion", "checked=yes", "by=anna")
    in_process("models", "untag", "wine/2", "by", "--comment", "left")
    in_process("models", "update", wine, "--description", "**Good**")
    in_process("models", "update", "wine/2", "--description", "second")
    renamed = in_process("models", "rename", wine, "red wine", "--json").json()
    assert renamed["tags"] == {"grape": "merlot=2", "year": "2021"}
    assert renamed["description"] == "**Good**"
    version = in_process("models", "show", "red wine/2", "--json").json()["version"]
    assert (version["tags"], version["description"]) == ({"checked": "yes"}, "second")
    assert in_process("models", "update", "red wine", "--description", "", "--json").json()["description"] is None


def test_stages_and_versions_are_named_in_any_way(in_process: Headrace, wine: str) -> None:
    in_process("models", "stage", wine, "@champion", "staging")
    said = in_process("models", "stage", wine, "latest", "staging", "--archive-existing").out
    assert said == "Version 3 of model 'wine' is in stage Staging.\n"
    assert in_process("models", "show", "wine/archived", "--json").json()["version"]["version"] == "2"
    in_process("models", "unalias", wine, "champion")
    in_process("models", "delete-version", wine, "2")
    assert [each["version"] for each in in_process("models", "versions", wine, "--json").json()] == ["3", "1"]


def test_comments_are_in_the_history(in_process: Headrace, wine: str) -> None:
    in_process("models", "alias", wine, "champion", "3", "--comment", "more rain")
    event = mlflow.MlflowClient().get_model_version_history(wine)[0]
    assert (event.kind, event.key, event.before, event.after, event.comment) == (
        "alias_set", "champion", "2", "3", "more rain",
    )  # fmt: skip


def test_a_version_goes_to_another_server(in_process: Headrace, tmp_path: Path) -> None:
    mlflow.sklearn.log_model(LinearRegression().fit(X, Y), name="line", registered_model_name="line")
    (tmp_path / "server").mkdir()
    with server_at(tmp_path / "server", proxied=True) as address:
        said = in_process("models", "copy", "line/1", "curve", "--to", address).out
        assert said == f"Version 1 of model 'line' is version 1 of 'curve' at {address}.\n"
        assert in_process("models", "copy", "line/1", "line", "--json").json()["source"] == "models:/line/1"
        shown = in_process("models", "show", "curve/1", "--tracking-uri", address, "--json").json()
    assert shown["version"]["tags"] == {"headrace.copiedFrom": "models:/line/1"}
    assert shown["version"]["digest"]


@pytest.mark.parametrize(
    ("arguments", "said", "advice"),
    [
        (["show", "wime"], "'wime'", "Did you mean 'wine'?"),
        (["show", "beer"], "'beer'", "There are: wine."),
        (["show", "wine/9"], "'9'", ""),
        (["show", "wine@champ"], "'champ'", ""),
        (["show", "wine/champion"], "models:/wine@champion", ""),
        (["alias", "wine", "champion", "9"], "'9'", "'wine' has versions up to 3; its aliases: champion → 2."),
        (["alias", "wime", "champion", "1"], "'wime'", "Did you mean 'wine'?"),
        (["alias", "wine", "latest", "1"], "latest", ""),
        (["alias", "wine", "x", "beer@y"], "'beer'", "There are: wine."),
        (["unalias", "wine", "champoin"], "'champoin'", "Did you mean 'champion'?"),
        (["unalias", "wine", "x"], "'x'", "Its aliases: champion → 2."),
        (["untag", "wine", "x"], "there are: team", ""),
        (["tag", "wine", "x"], "KEY=VALUE", ""),
        (["tag", "wine/1/path", "x=y"], "NAME/3", ""),
        (["rename", "wime", "x"], "'wime'", "Did you mean 'wine'?"),
        (["rename", "wine", "a/b"], "a/b", ""),
        (["delete", "wine"], "champion → 2", "--force"),
        (["delete-version", "wine", "2"], "champion → 2", "--force"),
        (["delete-version", "wine", "9"], "'9'", ""),
        (["stage", "wine", "3", "none", "--archive-existing"], "Staging", ""),
        (["versions", "wime"], "'wime'", "Did you mean 'wine'?"),
        (["register", "./nosuch", "wine"], "MLmodel", ""),
        (["register", "wine/3", "x"], "MLmodel", ""),
        (["copy", "wine/9", "x"], "'9'", ""),
        (["download", "wine"], "say which version", ""),
    ],
)
def test_a_mistake_is_one_line_with_the_way_out(
    in_process: Headrace, wine: str, arguments: list[str], said: str, advice: str
) -> None:
    ended = in_process("models", *arguments, status=1)
    first, *rest = ended.err.splitlines()
    assert first.startswith("Error: ")
    assert said in first
    assert advice in "\n".join(rest)
    assert "Traceback" not in ended.err


def test_looking_makes_no_store(in_process: Headrace) -> None:
    assert "There is no store" in in_process("models", "list", status=1).err
    assert not Path(".headrace").exists()
