"""What `headrace run` says when a run is over: what it is called, how it ended, how long it took, where to look."""

from __future__ import annotations

import click

from headrace.cli.cells import plain
from headrace.cli.output import as_json, say
from headrace.cli.session import session
from headrace.client.open import tracking_store
from headrace.client.rest_store.address import run_page
from headrace.client.uri import get_tracking_uri
from headrace.entities import Run
from headrace.projects import RunFailed


class Failed(click.ClickException):
    """The run's sentence is the error's; the summary comes with it."""

    exit_code = 1

    def __init__(self, failure: RunFailed) -> None:
        super().__init__(failure.message)
        self._run_id = failure.run_id

    def show(self, file: object = None) -> None:  # noqa: ARG002 — click's
        if self._run_id is not None:
            _tell(self._run_id)
        click.secho(f"Error: {plain(self.message)}", err=True, fg="red")


def failed(failure: RunFailed) -> Failed:
    return Failed(failure)


def succeeded(run_id: str) -> None:
    _tell(run_id)


def _tell(run_id: str) -> None:
    run = tracking_store().get_run(run_id)
    if session().json:
        click.echo(as_json({"run_id": run_id, **_facts(run)}))
        return
    took = _duration_s(run)
    say(f"Run {run_id} ({run.info.run_name}) {run.info.status}{f' in {took:.1f} s' if took is not None else ''}")
    page = run_page(get_tracking_uri(), run.info.experiment_id, run_id)
    say(f"Look at it: {page or f'headrace runs describe --run-id {run_id}'}")


def _facts(run: Run) -> dict[str, object]:
    return {
        "run_name": run.info.run_name,
        "experiment_id": run.info.experiment_id,
        "status": run.info.status,
        "duration_s": _duration_s(run),
        "params": run.data.params,
        "metrics": run.data.metrics,
        "artifact_uri": run.info.artifact_uri,
    }


def _duration_s(run: Run) -> float | None:
    return None if run.info.end_time is None else (run.info.end_time - run.info.start_time) / 1000
