"""`headrace lock`."""

from __future__ import annotations

import click

from headrace.cli.group import Command
from headrace.cli.output import done, say
from headrace.cli.problem import EXIT_STATUS


@click.command(
    "lock",
    cls=Command,
    tracking=False,
    examples=[
        "headrace lock",
        "headrace lock projects/wine",
        "headrace lock --check",
    ],
)
@click.argument("project", default=".", metavar="[PROJECT]", type=click.Path())
@click.option("--check", is_flag=True, help="Write nothing; say whether the lock that is there is current.")
def lock(project: str, check: bool) -> None:
    """Fix the exact versions of a project's environment, with hashes.

    PROJECT is a folder with an MLproject, python_env.yaml, conda.yaml or pyproject.toml. The lock lies beside that
    file: requirements.lock, or uv.lock beside pyproject.toml. `headrace run` uses it for as long as it is current.
    """
    from headrace.projects import lock as locks

    if check:
        found = locks.check(project)
        record = {"path": str(found.path), "current": found.current}
        said = f"{found.path} is current" if found.current else f"{found.path} is out of date: headrace lock {project}"
        done(said, record)
        if not found.current:
            click.get_current_context().exit(EXIT_STATUS)
        return
    written = locks.write(project)
    for line in written.unhashed:
        say(f"Without a hash, since it is a folder or a repository: {line}")
    what = f"holds {written.packages} packages" if written.changed else "was current already"
    done(
        f"{written.path} {what}",
        {
            "path": str(written.path),
            "packages": written.packages,
            "unhashed": list(written.unhashed),
            "changed": written.changed,
        },
    )
