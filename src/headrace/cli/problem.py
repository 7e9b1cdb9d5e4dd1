"""The one place where errors become what a user reads: one red line, the next step, exit status 1.

HEADRACE_DEBUG=1 shows the traceback too. What isn't an error of our tree, or of the operating system about a file
that the user named, is a bug and keeps its traceback.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from headrace import errors, settings
from headrace.cli.cells import plain

EXIT_STATUS = 1

# Only what the errors' own sentences don't hold.
_ADVICE: dict[type[errors.HeadraceError], str] = {
    errors.Unauthenticated: "Set HEADRACE_TRACKING_TOKEN, or HEADRACE_TRACKING_USERNAME and …_PASSWORD.",
    errors.Unsigned: "",
    errors.Forbidden: "An admin of the server can give another role: headrace users set-role.",
    errors.StoreUnavailable: "headrace doctor checks the way to the store.",
    errors.TooBusy: "Try again in a moment.",
    errors.Corrupt: "headrace doctor checks the store; keep a copy of its files before you change anything.",
}
_WHERE_TO_FIND = {
    "run": "headrace runs list shows the runs there are.",
    "experiment": "headrace experiments search --view all shows the experiments there are.",
    "user": "headrace users list shows the users there are.",
    "token": "headrace users tokens list USERNAME shows the tokens there are.",
}


class Problem(click.ClickException):
    exit_code = EXIT_STATUS

    def __init__(self, message: str, advice: str = "", cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.advice, self.cause = advice, cause

    def show(self, file: IO[Any] | None = None) -> None:
        if self.cause is not None and settings.DEBUG.get():
            traceback.print_exception(self.cause, file=sys.stderr)
        click.secho(f"Error: {plain(self.message)}", file=file, err=file is None, fg="red")
        if self.advice:
            click.echo(plain(self.advice), file=file, err=file is None)


@contextmanager
def told() -> Iterator[None]:
    """Turns what users can mend into a Problem."""
    try:
        yield
    except errors.HeadraceError as error:
        raise Problem(error.message, advice(error), error) from error
    except (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
        if error.filename is None:
            raise
        raise Problem(f"{error.strerror}: {str(error.filename)!r}", cause=error) from error


def advice(error: errors.HeadraceError) -> str:
    """The next step, where the error's own sentence doesn't hold it."""
    if isinstance(error, errors.NotFound):
        noun = getattr(error, "noun", None) or error.message.lower()
        return next((step for word, step in _WHERE_TO_FIND.items() if word in noun), "")
    for kind in type(error).__mro__:
        step = _ADVICE.get(kind)
        if step is not None:
            return "" if "HEADRACE_" in error.message else step
    return ""
