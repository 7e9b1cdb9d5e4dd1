"""Runs the code of a Markdown page, top to bottom, in one empty folder.

```python blocks of a page share one interpreter; ```bash blocks run under `bash -eu`; of ```console blocks the lines
after `$ ` run, and the output shown below them must match (`...` stands for anything). `<!-- no-run: reason -->` on
the line before a block leaves it out. A page that says port 5000 gets a free port instead; a server that a block
leaves in the background (`headrace server … &`, `headrace models serve … &`) is waited for until it is healthy, and
ended with the page. A page that names `examples/` finds the checkout's there.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RUN_LANGUAGES = ("python", "bash", "console")
SHOWN_LANGUAGES = ("text", "json", "yaml", "toml", "sql", "ini", "http", "diff", "r", "java", "typescript", "html")
BLOCK_TIMEOUT_S = 120
PORT_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
DOCUMENTED_PORT = re.compile(r"\b5000\b")
FENCE = re.compile(r"^( *)```(?P<language>[^\n`]*)\n(?P<code>.*?)^\1```[ ]*$", re.MULTILINE | re.DOTALL)
SKIP = re.compile(r"<!--\s*no-run:?(?P<reason>[^>]*)-->\s*\Z")
MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

# Reads blocks as JSON lines on fd 0, answers with JSON lines on the fd in argv; prints go to stdout as usual.
INTERPRETER = """
import json, os, sys, traceback
replies = os.fdopen(int(sys.argv[1]), "w")
scope = {"__name__": "__main__"}
for line in sys.stdin:
    block, error = json.loads(line), None
    try:
        exec(compile("\\n" * block["line"] + block["code"], block["page"], "exec"), scope)
    except BaseException:
        error = traceback.format_exc()
    sys.stdout.flush()
    print(json.dumps(error), file=replies, flush=True)
"""


class PageError(AssertionError):
    pass


@dataclass(frozen=True, kw_only=True)
class Block:
    page: str
    line: int  # of the fence, from 1
    language: str
    code: str
    skipped_because: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(text: str, page: str) -> list[Block]:
    found = []
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        language = match["language"].strip()
        if language not in RUN_LANGUAGES + SHOWN_LANGUAGES:
            known = ", ".join(RUN_LANGUAGES + SHOWN_LANGUAGES)
            raise PageError(f"{page}:{line}: block of language {language!r}; known are {known}")
        skip = SKIP.search(text[: match.start()])
        if skip and not skip["reason"].strip():
            raise PageError(f"{page}:{line}: say why it doesn't run: <!-- no-run: reason -->")
        found.append(
            Block(
                page=page,
                line=line,
                language=language,
                code=textwrap.dedent(match["code"]),
                skipped_because=skip["reason"].strip() if skip else None,
            )
        )
    return found


class Runner:
    """Everything one page starts. Its own folder is its working directory and its HOME."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "MPLBACKEND": "Agg",
            "NO_COLOR": "1",
            "COLUMNS": "120",
        }
        self.groups: list[int] = []
        self.interpreter: subprocess.Popen[str] | None = None
        self.replies = -1

    def run(self, block: Block) -> None:
        code = DOCUMENTED_PORT.sub(str(self.port), block.code)
        if block.language == "python":
            self.python(block, code)
        elif block.language == "bash":
            self.bash(block, code)
        else:
            self.console(block, code)

    def python(self, block: Block, code: str) -> None:
        if self.interpreter is None:
            self.replies, theirs = os.pipe()
            self.interpreter = subprocess.Popen(
                [sys.executable, "-c", INTERPRETER, str(theirs)],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                pass_fds=[theirs],
                text=True,
                start_new_session=True,
            )
            os.close(theirs)
            self.groups.append(self.interpreter.pid)
        assert self.interpreter.stdin is not None
        request = {"page": block.page, "line": block.line, "code": code}
        self.interpreter.stdin.write(json.dumps(request) + "\n")
        self.interpreter.stdin.flush()
        with alarm(block.place):
            reply = b""
            while not reply.endswith(b"\n"):
                part = os.read(self.replies, 1 << 16)
                if not part:
                    raise PageError(f"{block.place}: the interpreter ended")
                reply += part
        error = json.loads(reply)
        if error:
            raise PageError(f"{block.place}:\n{error}")

    def bash(self, block: Block, code: str) -> str:
        # A file, not a pipe: what stays in the background would hold a pipe open.
        output = self.folder / ".output"
        with output.open("w") as sink:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", code],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self.groups.append(process.pid)
            with alarm(block.place):
                status = process.wait()
        text = output.read_text(encoding="utf-8")
        if status:
            raise PageError(f"{block.place}: exit status {status}\n{code}\n{text}")
        if re.search(r"headrace (server|ui|serve|models serve)\b.*&\s*$", code, re.MULTILINE):
            self.wait_for_port(block)
        return text

    def console(self, block: Block, code: str) -> None:
        for step in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
            command, _, expected = step.partition("\n")
            got = self.bash(block, command)
            if expected.strip() and not doctest.OutputChecker().check_output(expected, got, MATCH):
                raise PageError(f"{block.place}: `{command}` prints\n{got}\ninstead of\n{expected}")

    def wait_for_port(self, block: Block) -> None:
        deadline = time.monotonic() + PORT_TIMEOUT_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5).close()
                return
            except OSError as error:
                if time.monotonic() > deadline:
                    log = (self.folder / ".output").read_text(encoding="utf-8")
                    raise PageError(f"{block.place}: no server on port {self.port}: {error}\n{log}") from error
                time.sleep(0.05)

    def close(self) -> None:
        if self.interpreter is not None:
            assert self.interpreter.stdin is not None
            self.interpreter.stdin.close()
            os.close(self.replies)
            try:
                self.interpreter.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.interpreter.kill()
                self.interpreter.wait()
        for group in reversed(self.groups):
            stop_group(group)


def stop_group(group: int) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_S
    try:
        os.killpg(group, signal.SIGTERM)
        while time.monotonic() < deadline:
            os.killpg(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


@contextmanager
def alarm(place: str) -> Iterator[None]:
    def expired(signum: int, frame: object) -> None:
        raise PageError(f"{place}: still running after {BLOCK_TIMEOUT_S} s")

    before = signal.signal(signal.SIGALRM, expired)
    signal.alarm(BLOCK_TIMEOUT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_page(text: str, page: str, folder: Path) -> int:
    """Runs the page's blocks and returns how many ran. Raises PageError with page and line."""
    if "examples/" in text:
        (folder / EXAMPLES.name).symlink_to(EXAMPLES)
    runner = Runner(folder)
    to_run = [b for b in blocks(text, page) if b.language in RUN_LANGUAGES and b.skipped_because is None]
    try:
        for block in to_run:
            runner.run(block)
    finally:
        runner.close()
    return len(to_run)
