"""What was found, kept as a run: each look is a step of its metrics, with the report and the picture as artifacts."""

from __future__ import annotations

import io
import re
from contextlib import suppress

import msgspec

from headrace import clock
from headrace.client import MlflowClient
from headrace.entities import LoggedModelInput, Metric, Run
from headrace.entities.limits import MAX_KEY_CHARS, MAX_METRICS_PER_BATCH
from headrace.errors import AlreadyExists, NotFound
from headrace.monitoring.report import Report

PREFIX = "monitoring/"
MODEL, REVISION, URI, STATE = (
    "headrace.monitoring.model",
    "headrace.monitoring.revision",
    "headrace.monitoring.uri",
    "headrace.monitoring.state",
)
REPORT, PICTURE = "report.json", "drift.png"
_UNFIT = re.compile(r"[^\w.\- /]")
_REQUESTS = "requests"


def record(report: Report, picture: bytes, *, name: str, experiment: str | None = None, model_id: str | None) -> Run:
    """The run of this version of the model, made at the first look. name: of the model. experiment: monitoring/NAME if
    None. model_id: of the logged model that the run is about, if it has one in this store."""
    client = MlflowClient()
    run = _run(client, report, name, experiment or f"{PREFIX}{name}", model_id)
    step = max((latest.step for latest in run.data.latest if latest.key == _REQUESTS), default=-1) + 1
    points = [
        Metric(key, value, report.at_ms, step)
        for key, value in metrics(report).items()
        if value == value  # noqa: PLR0124
    ]
    for start in range(0, len(points), MAX_METRICS_PER_BATCH):
        client.log_batch(run.info.run_id, metrics=points[start : start + MAX_METRICS_PER_BATCH])
    content = msgspec.json.format(msgspec.json.encode(report), indent=1)
    for folder in ("", f"looks/{step:06d}/"):
        client.log_stream(run.info.run_id, io.BytesIO(content), f"{folder}{REPORT}")
        client.log_stream(run.info.run_id, io.BytesIO(picture), f"{folder}{PICTURE}")
    client.set_tag(run.info.run_id, STATE, "drift" if report.alarms else "ok")
    client.set_terminated(run.info.run_id)
    return client.get_run(run.info.run_id)


def metrics(report: Report) -> dict[str, float]:
    """By key: of the requests, and of each column as psi/input/COLUMN and so on."""
    traffic = report.traffic
    found: dict[str, float] = {
        _REQUESTS: traffic.requests,
        "alarms": len(report.alarms),
        "drifted_columns": len(report.drifted),
        "refused_share": traffic.refused_share,
    }
    for name, spread in traffic.spreads.items():
        found |= {f"{name}/p50": spread.p50, f"{name}/p95": spread.p95, f"{name}/p99": spread.p99}
    for finding in report.findings:
        column = f"{finding.side}/{_UNFIT.sub('_', finding.column)}"
        values = {
            "psi": finding.psi,
            finding.test or "": finding.statistic,
            "p_value": finding.p_value,
            "missing_share": finding.served_missing if finding.served_rows else None,
        }
        found |= {f"{what}/{column}"[:MAX_KEY_CHARS]: value for what, value in values.items() if value is not None}
    return found


def _run(client: MlflowClient, report: Report, name: str, experiment: str, model_id: str | None) -> Run:
    known = client.get_experiment_by_name(experiment)
    try:
        experiment_id = known.experiment_id if known else client.create_experiment(experiment)
    except AlreadyExists:  # another watcher was first
        found = client.get_experiment_by_name(experiment)
        assert found is not None
        experiment_id = found.experiment_id
    revision = report.revision.replace("'", "")
    runs = client.search_runs([experiment_id], f"tags.`{REVISION}` = '{revision}'", max_results=1)
    if runs:
        return runs[0]
    tags = {MODEL: name, REVISION: revision, URI: report.model}
    made = client.create_run(experiment_id, clock.now_ms(), tags, f"{name} {revision}")
    if model_id:
        with suppress(NotFound):  # the model may be of another store
            client.get_logged_model(model_id)
            client.log_inputs(made.info.run_id, models=[LoggedModelInput(model_id)])
    return made
