"""The web pages' files as the server gives them. A folder of a build stands in for one, so that no test waits for npm;
what the pages do is tested in a browser."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.server import pages
from headrace.server.app import App
from tests.server.calls import request

INDEX = '<!doctype html><html><head><base href="/" /><script src="./assets/index-abc.js"></script></head></html>'
PATHS = ["/", "/experiments/1", "/experiments/1/runs/ab12", "/models", "/models/wine/versions/3"]
SCRIPT = b"console.log(1);" * 200


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-abc.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "sources.sha256").write_text("0")
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    pages.page.cache_clear()
    pages.page_files.cache_clear()


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("path", PATHS)
def test_every_address_of_the_pages_is_the_same_page(app: App, path: str) -> None:
    reply = request(app, "GET", path)
    assert (reply.status, reply.text) == (200, INDEX)
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["cache-control"] == "no-cache"
    policy = reply.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'self'"
    assert "script-src" not in rules
    assert rules["connect-src"] == "'self' http: https:"
    assert not {"http:", "https:", "*"} & set(" ".join(set(rules.values()) - {rules["connect-src"]}).split())
    assert "unsafe" not in policy


@pytest.mark.usefixtures("built")
def test_the_page_knows_the_prefix_that_it_stands_under(app_with: Callable[..., App]) -> None:
    reply = request(app_with(static_prefix="/tracking"), "GET", "/tracking/experiments/1")
    assert '<base href="/tracking/"' in reply.text


@pytest.mark.usefixtures("built")
def test_scripts_are_kept_for_ever_and_come_compressed(app: App) -> None:
    plain = request(app, "GET", "/assets/index-abc.js")
    assert plain.body == SCRIPT
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "immutable" in plain.headers["cache-control"]
    packed = request(app, "GET", "/assets/index-abc.js", headers={"accept-encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == SCRIPT


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        "/assets/index-old.js",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/index-abc.js.gz",
        "/assets/",
    ],
)
def test_only_files_of_the_build_are_given(app: App, path: str) -> None:
    assert request(app, "GET", path).status == 404


@pytest.mark.usefixtures("built")
def test_the_icon_is_asked_for_again(app: App) -> None:
    reply = request(app, "GET", "/icon.svg")
    assert (reply.text, reply.headers["cache-control"]) == ("<svg/>", "no-cache")


def test_without_a_build_a_plain_page_says_what_answers(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    forget()
    reply = request(app, "GET", "/")
    assert reply.headers["content-type"].startswith("text/html")
    assert "1 experiments with 0 active runs" in reply.text
    assert request(app, "GET", "/icon.svg").status == 404
    forget()
