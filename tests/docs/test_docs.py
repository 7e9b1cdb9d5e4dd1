from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.docs.pages import PageError, blocks, run_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

# A quarter of a minute to a whole one each: they load frameworks many times, in processes of their own.
SLOW = {
    "docs/batch-scoring.md",
    "docs/monitoring.md",
    "docs/registry-safety.md",
    "docs/serving.md",
    "docs/shipping.md",
    "docs/transformers.md",
    "docs/flavors.md",
    "docs/models.md",
    "docs/registry.md",
    "docs/sweeps.md",
}


def page(path: Path) -> ParameterSet:
    name = str(path.relative_to(ROOT))
    return pytest.param(path, id=name, marks=[pytest.mark.full] if name in SLOW else [])


@pytest.mark.parametrize("path", [page(path) for path in PAGES])
def test_page_runs_as_written(path: Path, tmp_path: Path) -> None:
    run_page(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)), tmp_path)


def fenced(language: str, code: str) -> str:
    return f"```{language}\n{code}\n```\n"


@pytest.mark.parametrize(
    "block",
    [
        fenced("python", "assert 1 == 2"),
        fenced("python", "raise SystemExit(0)"),
        fenced("bash", "false\ntrue"),
        fenced("console", "$ echo seen\nunseen"),
        fenced("python", "one = 1") + "\n" + fenced("python", "assert one == 2"),
    ],
)
def test_untrue_page_is_refused(block: str, tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"page.md:\d"):
        run_page("# Page\n\n" + block, "page.md", tmp_path)


def test_blocks_of_a_page_build_on_each_other(tmp_path: Path) -> None:
    page = (
        fenced("python", "words = 'a b'.split()")
        + fenced("bash", "echo port 5000 > note.txt")
        + fenced("python", "assert words == ['a', 'b']\nassert open('note.txt').read() == 'port 5000\\n'")
        + fenced("console", "$ cat note.txt\nport ...\n$ ls note.txt")
        + fenced("json", "not run")
    )
    assert run_page(page, "page.md", tmp_path) == 4


def test_block_is_left_out_for_a_reason_only() -> None:
    block = fenced("bash", "exit 1")
    [left_out] = blocks("<!-- no-run: needs a cloud account -->\n" + block, "page.md")
    assert left_out.skipped_because == "needs a cloud account"
    with pytest.raises(PageError, match="say why"):
        blocks("<!-- no-run -->\n" + block, "page.md")


def test_block_without_language_is_refused() -> None:
    with pytest.raises(PageError, match="language"):
        blocks(fenced("", "x"), "page.md")
