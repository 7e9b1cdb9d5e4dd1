"""What `headrace run` says when a run is over: what it is called, how it ended, how long it took, where to look."""

from __future__ import annotations

import click

from headrace.cli.output import as_json, say
from headrace.cli.session import session
from headrace.client.open import tracking_store
from headrace.client.rest_store.address import run_page
from headrace.client.uri import get_tracking_uri
from headrace.entities import Run


def tell(run_id: str) -> None:
    """As JSON to standard output with --json, else to standard error."""
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
