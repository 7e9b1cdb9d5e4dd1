"""Values never reach a shell unquoted: each command is given to a real one, with values that would leave a trace."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.errors import InvalidValue
from headrace.projects.commands import command
from headrace.projects.mlproject import EntryPoint

TRACE = "PWNED"
EVIL = [
    "a b",
    f"x'; touch {TRACE}; '",
    f'"; touch {TRACE}; "',
    f"$(touch {TRACE})",
    f"`touch {TRACE}`",
    f"a\ntouch {TRACE}\n",
    f"\\'; touch {TRACE} #",
    f"; touch {TRACE}",
    f"&& touch {TRACE}",
    f"${{IFS}}; touch {TRACE}",
    f"\\\ntouch {TRACE}",
    "*",
    "~",
    "",
    "\\",
    "'",
    '"',
    "a\\",
    "!x",
]
BARE = ["printf %s {p}", "printf %s --x={p}", "printf %s $(printf %s {p})x", "cat <<< {p}", "(printf %s {p})"]
QUOTED = [
    'printf %s "{p}"',
    "printf %s '{p}'",
    "printf %s $'{p}'",
    'printf %s "--x={p}"',
    'bash -c "printf %s {p}"',
    "bash -c 'printf %s {p}'",
    'printf %s "$(printf %s {p})"',
    'printf %s "$(printf %s "{p}")"',
    'printf %s "it\'s {p}"',
    "printf %s 'say \"{p}\"'",
    'printf %s a#b"{p}"',
    'printf %s $((1+1)) "{p}"',
    '{p}#"\n{p}"',
    'x={p}; printf %s "$x"',
    'printf %s "\\"{p}\\""',
    'printf %s "$HOME{p}"',
    'true # it\'s\nprintf %s "{p}"',
]
# Where no quoting helps.
RAW = [
    "true # {p}",
    "printf %s `printf {p}`",
    "cat <<EOF\n{p}\nEOF",
    "printf %s \\{p}",
    "printf %s ${p}",
    'printf %s "${{HOME:-"y"}}{p}"',
    'printf %s "$(case x in a) printf "{p}";; esac)"',
    "printf %s ${{x:-{p}}}",
]


def run(text: str, folder: Path) -> bytes:
    done = subprocess.run(["bash", "-c", text], cwd=folder, capture_output=True, env={"PATH": os.environ["PATH"]})
    assert not (folder / TRACE).exists(), text
    return done.stdout


@pytest.mark.parametrize("template", [*BARE, *QUOTED])
def test_no_value_is_run(template: str, tmp_path: Path) -> None:
    for value in EVIL:
        run(command(EntryPoint(name="main", command=template), {"p": value}, {}), tmp_path)


@pytest.mark.parametrize("template", RAW)
def test_value_that_no_quoting_makes_safe_is_refused(template: str, tmp_path: Path) -> None:
    for value in EVIL:
        with pytest.raises(InvalidValue, match=r"parameters\.p"):
            command(EntryPoint(name="main", command=template), {"p": value}, {})
    assert "ab-1.5" in command(EntryPoint(name="main", command=template), {"p": "ab-1.5"}, {})


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_value_arrives_as_it_is(value: str) -> None:
    text = command(EntryPoint(name="main", command="printf %s {p}"), {"p": value}, {})
    done = subprocess.run(["bash", "-c", text], capture_output=True, check=True)
    assert done.stdout == value.encode()


def test_in_quotes_a_plain_value_is_itself_and_another_one_quoted(tmp_path: Path) -> None:
    # The second as with MLflow, whose commands have the quoted text there.
    point = EntryPoint(name="main", command='printf %s "--x={p}"')
    assert run(command(point, {"p": "0.5"}, {}), tmp_path) == b"--x=0.5"
    assert run(command(point, {"p": "a b"}, {}), tmp_path) == b"--x='a b'"


def test_other_parameters_follow_as_options(tmp_path: Path) -> None:
    # A block of YAML ends with a newline.
    point = EntryPoint(name="main", command="printf '[%s]' {p}\n")
    text = command(point, {"p": "1"}, {"key": "a b", f"k; touch {TRACE}": f"$(touch {TRACE})"})
    assert run(text, tmp_path) == f"[1][--key][a b][--k; touch {TRACE}][$(touch {TRACE})]".encode()


def test_other_parameters_behind_a_comment_may_not_leave_it() -> None:
    with pytest.raises(InvalidValue, match=r"parameters\.key"):
        command(EntryPoint(name="main", command="true # that's all"), {}, {"key": f"a\ntouch {TRACE}"})


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("run {q}", r"\{q\} is no parameter of entry point 'main'"),
        ("run {}", "is no parameter"),
        ("run {p:.3}", "leave out its format"),
        ("run {p!r}", "leave out its format"),
        ("run {p.real}", "is no parameter"),
        ("run {p", "write {{ and }}"),
        ("run }", "write {{ and }}"),
    ],
)
def test_template_that_cant_be_filled(template: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        command(EntryPoint(name="main", command=template), {"p": "1"}, {})


def test_double_braces_are_the_shells(tmp_path: Path) -> None:
    point = EntryPoint(name="main", command="x=7; printf %s ${{x}} {{a,b}} {p}")
    assert run(command(point, {"p": "1"}, {}), tmp_path) == b"7ab1"
