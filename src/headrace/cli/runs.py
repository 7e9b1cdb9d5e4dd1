"""`headrace runs`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace import clock, settings
from headrace.cli import cells
from headrace.cli.experiments import VIEWS, chosen, tags_of, view_option
from headrace.cli.group import Group
from headrace.cli.output import done, fields, say, show, table
from headrace.cli.runs_amended import corrected, corrections, rewinds
from headrace.cli.runs_named import run_id_option, run_ids_option
from headrace.cli.session import store
from headrace.entities import ParamCorrection, Run, RunStatus, RunTag, ViewType
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from rich.console import RenderableType

LISTED_RUNS = 1000  # what one screenful of scrolling bears; the rest is a --max-results away
EVERY_RUN = 1 << 62
ENDED = [status.name for status in RunStatus if RunStatus.is_terminated(status)]
OWN_TAGS = "mlflow."  # tags that clients set by themselves begin so
COLUMN_KINDS = ("metrics", "params", "tags")

experiment_id_option = click.option(
    "--experiment-id", "-x", metavar="ID", help="This or a name; HEADRACE_EXPERIMENT_ID if neither is given."
)
experiment_name_option = click.option(
    "--experiment-name", "-n", metavar="NAME", help="This or an id; HEADRACE_EXPERIMENT_NAME if neither is given."
)
filter_option = click.option(
    "--filter", "filter_string", metavar="FILTER", help="Such as \"metrics.accuracy > 0.9 AND params.model = 'mlp'\"."
)
order_option = click.option(
    "--order-by", multiple=True, metavar="KEY [ASC|DESC]", help="Such as 'metrics.accuracy DESC'; repeat for several."
)


def every_run(
    experiment_ids: Sequence[str],
    filter_string: str | None = None,
    view: ViewType = ViewType.ACTIVE_ONLY,
    order_by: Sequence[str] = (),
    most: int = EVERY_RUN,
) -> Iterator[Run]:
    from headrace.client.runs import pages

    store()  # before it makes an empty one
    return pages(experiment_ids, filter_string or "", view, most, order_by)


def or_of_environment(experiment_id: str | None, name: str | None) -> tuple[str | None, str | None]:
    """What the command line says, else the environment: the id first, since `set_experiment` hands that to children."""
    if experiment_id is not None and name is not None:
        raise click.UsageError("Give --experiment-id or --experiment-name, not both.")
    if experiment_id is not None or name is not None:
        return experiment_id, name
    found = settings.EXPERIMENT_ID.get()
    return (found, None) if found else (None, settings.EXPERIMENT_NAME.get())


def experiments_named(experiment_id: str | None, name: str | None) -> dict[str, str]:
    """Id → name of the one that is named, or of all that are active."""
    experiment_id, name = or_of_environment(experiment_id, name)
    if experiment_id is None and name is None:
        from headrace.client.experiments import search_experiments

        store()
        return {each.experiment_id: each.name for each in search_experiments()}
    one = chosen(experiment_id, name)
    return {one.experiment_id: one.name}


@click.group(cls=Group)
def runs() -> None:
    """List, describe, compare and export runs."""


runs.add_command(rewinds)
runs.add_command(corrections)


@runs.command(
    "list",
    examples=[
        "headrace runs list",
        "headrace runs list -n digits --filter \"metrics.accuracy > 0.9\" --order-by 'metrics.accuracy DESC'",
        "headrace runs list -n digits -c params.model -c metrics.accuracy",
        "headrace runs list --experiment-id 1 -v deleted_only --json",
    ],
)
@experiment_id_option
@experiment_name_option
@view_option
@filter_option
@order_option
@click.option("--max-results", type=click.IntRange(min=1), default=LISTED_RUNS, show_default=True, metavar="N")
@click.option("--column", "-c", "columns", multiple=True, metavar="KEY", help="Such as metrics.accuracy or params.lr.")
def list_(
    experiment_id: str | None,
    experiment_name: str | None,
    view: str,
    filter_string: str | None,
    order_by: tuple[str, ...],
    max_results: int,
    columns: tuple[str, ...],
) -> None:
    """List runs, newest first, of one experiment or of all."""
    for column in columns:
        if column.partition(".")[0] not in COLUMN_KINDS or not column.partition(".")[2]:
            raise InvalidValue("--column", column, "write metrics.NAME, params.NAME or tags.NAME.")
    names = experiments_named(experiment_id, experiment_name)
    found = list(every_run([*names], filter_string, ViewType.from_string(view), order_by, max_results))
    show([run.to_dictionary() for run in found], lambda: _listing(found, names, columns))
    if len(found) == max_results:
        say(f"There may be more than these {max_results} runs; --max-results shows them.")


def _listing(found: Sequence[Run], names: dict[str, str], columns: Sequence[str]) -> RenderableType:
    several = len(names) > 1
    return table(
        ["Started", "Name", *(["Experiment"] if several else []), "Status", "Took", *columns, "Id"],
        [
            [
                cells.time(run.info.start_time),
                run.info.run_name,
                *([names.get(run.info.experiment_id, run.info.experiment_id)] if several else []),
                run.info.status,
                cells.duration(run.info.start_time, run.info.end_time),
                *(_value(run, column) for column in columns),
                run.info.run_id,
            ]
            for run in found
        ],
        right=["Took", *(column for column in columns if column.startswith("metrics."))],
    )


def _value(run: Run, column: str) -> str:
    kind, _, key = column.partition(".")
    if kind == "metrics":
        return cells.number(run.data.metrics.get(key))
    found = (run.data.params if kind == "params" else run.data.tags).get(key)
    return cells.MISSING if found is None else cells.one_line(found, 40)


@runs.command(
    "describe",
    examples=[
        "headrace runs describe --run-id 0e0a5b1c8d3f4c2b9a7e6f5d4c3b2a19",
        "headrace runs describe --run-id 0e0a5b1c8d3f4c2b9a7e6f5d4c3b2a19 | jq .data.metrics",
    ],
)
@run_id_option
def describe(run_id: str) -> None:
    """Show all of a run but its files; params that were corrected with what they were. In a pipe it prints JSON, as
    MLflow does."""
    run = store().get_run(run_id)
    show(run.to_dictionary(), lambda: _description(run, corrected(run_id)), json_in_pipes=True)


def _description(run: Run, corrections: Sequence[ParamCorrection]) -> RenderableType:
    from rich.console import Group as Stack

    info, data = run.info, run.data
    own = {key: value for key, value in data.tags.items() if key.startswith(OWN_TAGS)}
    parts: list[RenderableType] = [
        fields(
            [
                ("Run Id", info.run_id),
                ("Name", info.run_name),
                ("Experiment Id", info.experiment_id),
                ("Status", info.status if info.lifecycle_stage == "active" else f"{info.status}, deleted"),
                ("User", info.user_id or cells.MISSING),
                ("Started", cells.time(info.start_time)),
                ("Took", cells.duration(info.start_time, info.end_time)),
                ("Artifacts", info.artifact_uri),
            ]
        )
    ]
    if data.params:
        was: dict[str, list[str]] = {}
        for each in corrections:
            was.setdefault(each.key, []).append(cells.one_line(each.old, 40))
        rows = [
            [key, cells.one_line(value), *([", ".join(was.get(key, ()))] if was else [])]
            for key, value in sorted(data.params.items())
        ]
        parts.append(table(["Param", "Value", *(["Corrected, Was"] if was else [])], rows))
    if data.latest:
        points = sorted(data.latest, key=lambda metric: metric.key)
        rows = [[m.key, cells.number(m.value), str(m.step), cells.time(m.timestamp)] for m in points]
        parts.append(table(["Metric", "Last Value", "Step", "At"], rows, right=["Last Value", "Step"]))
    for title, tags in (("Tag", data.tags.keys() - own.keys()), ("Set by the client", own.keys())):
        if tags:
            parts.append(table([title, "Value"], [[key, cells.one_line(data.tags[key])] for key in sorted(tags)]))
    if run.inputs.dataset_inputs:
        rows = [
            [
                each.dataset.name,
                each.dataset.digest,
                ", ".join(tag.value for tag in each.tags if tag.key == "mlflow.data.context") or cells.MISSING,
                each.dataset.source_type,
            ]
            for each in run.inputs.dataset_inputs
        ]
        parts.append(table(["Dataset", "Digest", "Context", "Source"], rows))
    models = [("input", each.model_id, "") for each in run.inputs.model_inputs]
    models += [("output", each.model_id, str(each.step)) for each in run.outputs.model_outputs]
    if models:
        parts.append(table(["Model", "Id", "Step"], models, right=["Step"]))
    return Stack(*(each for part in parts for each in (part, "")))


@runs.command(
    "compare",
    examples=[
        "headrace runs compare RUN_A RUN_B",
        "headrace runs compare RUN_A RUN_B RUN_C --differences --json",
    ],
)
@click.argument("run_ids", nargs=-1, required=True, metavar="RUN RUN ...")
@click.option("--differences", "-d", is_flag=True, help="Leave out what is the same in all.")
@click.option("--all-tags", is_flag=True, help="Tags that clients set by themselves too.")
def compare(run_ids: tuple[str, ...], differences: bool, all_tags: bool) -> None:
    """Put runs side by side; ≠ marks what differs."""
    from headrace.cli.comparison import compared, side_by_side

    if len(run_ids) < 2:
        raise click.UsageError("A comparison takes at least two runs.")
    found = [store().get_run(run_id) for run_id in run_ids]
    result = compared(found, only_differences=differences, hidden_tags=() if all_tags else (OWN_TAGS,))
    show(result, lambda: side_by_side(result))


@runs.command(
    "create",
    examples=[
        "headrace runs create --experiment-name digits --run-name by-hand -t team=vision",
        "headrace runs create --experiment-id 1 --status FAILED --json",
    ],
)
@experiment_id_option
@experiment_name_option
@click.option("--run-name", metavar="NAME", help="A random one if absent.")
@click.option("--description", metavar="TEXT")
@click.option("--tags", "--tag", "-t", "tags", multiple=True, metavar="KEY=VALUE", help="Repeat for several.")
@click.option("--status", type=click.Choice(ENDED, case_sensitive=False), default="FINISHED", show_default=True)
@click.option("--parent-run-id", metavar="RUN", help="The new run goes below this one.")
def create(
    experiment_id: str | None,
    experiment_name: str | None,
    run_name: str | None,
    description: str | None,
    tags: tuple[str, ...],
    status: str,
    parent_run_id: str | None,
) -> None:
    """Make a run that has ended. An experiment named by --experiment-name is made if it is missing."""
    from headrace.client import context
    from headrace.client.tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE, MLFLOW_USER

    experiment_id, experiment_name = or_of_environment(experiment_id, experiment_name)
    if experiment_id is None and experiment_name is None:
        raise click.UsageError("Give exactly one of --experiment-id and --experiment-name.")
    given = tags_of(tags)
    if description:
        given[MLFLOW_RUN_NOTE] = description
    if parent_run_id:
        given[MLFLOW_PARENT_RUN_ID] = store().get_run(parent_run_id).info.run_id
    if experiment_name is not None:
        experiment_id = store(make=True).ensure_experiment(experiment_name).experiment_id
    assert experiment_id is not None
    resolved = context.resolve_tags(given)
    made = store().create_run(
        experiment_id,
        resolved[MLFLOW_USER],
        clock.now_ms(),
        [RunTag(key, value) for key, value in resolved.items()],
        run_name,
    )
    info = store().update_run(made.info.run_id, status, clock.now_ms())
    record = {
        "run_id": info.run_id,
        "experiment_id": info.experiment_id,
        "status": info.status,
        "run_name": info.run_name,
    }
    show(record, lambda: fields(record.items()), json_in_pipes=True)


@runs.command("delete", examples=["headrace runs delete --run-id 0e0a5b1c8d3f4c2b9a7e6f5d4c3b2a19"])
@run_ids_option
def delete(run_ids: tuple[str, ...]) -> None:
    """Mark runs deleted; restore brings them back."""
    for run_id in run_ids:
        store().delete_run(run_id)
        done(f"Run with id {run_id} has been deleted.", {"run_id": run_id, "lifecycle_stage": "deleted"})


@runs.command("restore", examples=["headrace runs restore --run-id 0e0a5b1c8d3f4c2b9a7e6f5d4c3b2a19"])
@run_ids_option
def restore(run_ids: tuple[str, ...]) -> None:
    """Bring deleted runs back."""
    for run_id in run_ids:
        store().restore_run(run_id)
        done(f"Run with id {run_id} has been restored.", {"run_id": run_id, "lifecycle_stage": "active"})


@runs.command(
    "export",
    examples=[
        "headrace runs export -n digits -o runs.csv",
        "headrace runs export RUN_A RUN_B --history --key loss -o loss.parquet",
        "headrace runs export -x 1 --filter \"params.model = 'mlp'\" --format json | jq length",
    ],
    json=False,
)
@click.argument("run_ids", nargs=-1, metavar="[RUN ...]")
@experiment_id_option
@experiment_name_option
@click.option("--view", "-v", type=VIEWS, default="active_only", show_default=True, help="By stage of life.")
@filter_option
@order_option
@click.option("--history", is_flag=True, help="One row per point of a metric instead of one row per run.")
@click.option(
    "--key", "keys", multiple=True, metavar="METRIC", help="With --history: only this one; repeat for several."
)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "parquet"]), help="By the file's name if absent, else csv."
)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Stdout if absent."
)
def export(
    run_ids: tuple[str, ...],
    experiment_id: str | None,
    experiment_name: str | None,
    view: str,
    filter_string: str | None,
    order_by: tuple[str, ...],
    history: bool,
    keys: tuple[str, ...],
    kind: str | None,
    output: Path | None,
) -> None:
    """Write runs, or the points of their metrics, as CSV, JSON or Parquet.

    The runs are those named, or those of the experiment, or of all experiments.
    """
    from headrace.cli.export import format_of, points_of, write_points, write_runs

    kind = format_of(kind, output)
    if keys and not history:
        raise click.UsageError("--key belongs to --history.")
    if run_ids:
        found = iter([store().get_run(run_id) for run_id in run_ids])
    else:
        names = experiments_named(experiment_id, experiment_name)
        found = every_run([*names], filter_string, ViewType.from_string(view), order_by)
    n_rows = write_points(points_of(store(), found, keys), kind, output) if history else write_runs(found, kind, output)
    if output is not None:
        say(f"{n_rows} {'points' if history else 'runs'} in {output}")
