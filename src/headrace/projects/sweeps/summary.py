"""What the parent run of a sweep shows of it: metrics and tags to search by, a note to read, a table of the trials."""

from __future__ import annotations

import json

from headrace import clock
from headrace.client.log_files import log_dict
from headrace.client.open import tracking_store
from headrace.client.tags import MLFLOW_RUN_NOTE
from headrace.entities import Metric, RunTag
from headrace.projects.sweeps.outcome import SweepResult

BEST_RUN_TAG = "headrace.sweep.best_run_id"
BEST_PARAMETERS_TAG = "headrace.sweep.best_parameters"
TABLE_FILE = "sweep/trials.json"
_NOTED_TRIALS = 10  # in the note; the table has all


def write(result: SweepResult) -> None:
    """Over what an earlier part of the same sweep wrote."""
    now, counts, best = clock.now_ms(), result.counts, result.best
    numbers = {
        "trials_finished": float(counts.finished),
        "trials_failed": float(counts.failed),
        "trials_pruned": float(counts.pruned),
    }
    tags = {MLFLOW_RUN_NOTE: note(result)}
    if best is not None and best.value is not None:
        numbers[f"best_{result.plan.metric}"] = best.value
        tags[BEST_RUN_TAG] = best.run_id
        tags[BEST_PARAMETERS_TAG] = json.dumps(dict(best.parameters), ensure_ascii=False)
    log_dict(table(result), TABLE_FILE, result.run_id)
    tracking_store().log_batch(
        result.run_id,
        metrics=[Metric(name, value, now, counts.ended) for name, value in numbers.items()],
        tags=[RunTag(key, value) for key, value in tags.items()],
    )


def table(result: SweepResult) -> dict[str, object]:
    """As MLflow's clients read tables: the best trial first."""
    names = result.columns()
    metric = [result.plan.metric] if result.plan.metric else []
    return {
        "columns": ["trial", *names, *metric, "state", "reason", "duration_s", "run_id"],
        "data": [
            [
                trial.number,
                *(trial.parameters[name] for name in names),
                *([trial.value] if metric else []),
                trial.state,
                trial.reason,
                None if trial.duration_ms is None else trial.duration_ms / 1000,
                trial.run_id,
            ]
            for trial in result.ranked()
        ],
    }


def note(result: SweepResult) -> str:
    """Markdown: counts, the best trial, the first of the table."""
    counts, plan = result.counts, result.plan
    said = [f"{counts.finished} of {counts.total} trials finished"]
    said += [f"{number} {what}" for number, what in ((counts.failed, "failed"), (counts.pruned, "pruned")) if number]
    parts = [", ".join(said) + "."]
    if plan.metric is not None and result.best is not None:
        given = ", ".join(f"`{name}={_cell(result.best.parameters[name])}`" for name in result.columns())
        value = f"{result.best.value!r}"
        parts.append(f"Best {plan.metric}: **{value}** with {given} (trial {result.best.number}).")
    names = result.columns()
    heads = ["trial", *names, *([plan.metric] if plan.metric else ["state"])]
    rows = [
        [
            str(trial.number),
            *(_cell(trial.parameters[name]) for name in names),
            trial.state if plan.metric is None or trial.value is None else f"{trial.value:.6g}",
        ]
        for trial in result.ranked()[:_NOTED_TRIALS]
    ]
    lines = [heads, ["---"] * len(heads), *rows]
    parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return "\n\n".join(parts)


def _cell(text: str, most: int = 60) -> str:
    flat = " ".join(text.split()).replace("|", "\\|").replace("`", "'")
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
