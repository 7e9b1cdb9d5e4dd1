"""`headrace experiments`."""

from __future__ import annotations

from pathlib import Path

import click

from headrace.cli import cells
from headrace.cli.group import Group
from headrace.cli.output import done, fields, show, table
from headrace.cli.pairs import pairs_of
from headrace.cli.session import session, store
from headrace.entities import Experiment, ExperimentTag, ViewType
from headrace.errors import NotFound

NOTE_TAG = "mlflow.note.content"
VIEWS = click.Choice([view.name.lower() for view in ViewType], case_sensitive=False)

experiment_id_option = click.option("--experiment-id", "-x", required=True, metavar="ID", help="The experiment.")
view_option = click.option(
    "--view", "-v", type=VIEWS, default="active_only", show_default=True, help="By stage of life."
)


def chosen(experiment_id: str | None, name: str | None) -> Experiment:
    """The experiment named by exactly one of the two."""
    if (experiment_id is None) == (name is None):
        raise click.UsageError("Give exactly one of --experiment-id and --experiment-name.")
    if experiment_id is not None:
        return store().get_experiment(experiment_id)
    found = store().get_experiment_by_name(str(name))
    if found is None:
        raise NotFound("experiment", name, by="name")
    return found


def tags_of(pairs: tuple[str, ...]) -> dict[str, str]:
    return pairs_of("--tag", pairs, "KEY=VALUE")


@click.group(cls=Group)
def experiments() -> None:
    """Make, find and change experiments."""


@experiments.command(
    "create",
    examples=[
        "headrace experiments create -n digits",
        "headrace experiments create -n digits -l s3://bucket/digits -t team=vision",
    ],
)
@click.option("--experiment-name", "-n", required=True, metavar="NAME", help="Must not be taken.")
@click.option(
    "--artifact-location", "-l", metavar="URI", help="Where the files of its runs go; the store chooses if absent."
)
@click.option("--tag", "-t", "tags", multiple=True, metavar="KEY=VALUE", help="Repeat for several.")
def create(experiment_name: str, artifact_location: str | None, tags: tuple[str, ...]) -> None:
    """Make an experiment and print its id."""
    pairs = [ExperimentTag(key, value) for key, value in tags_of(tags).items()]
    made = store(make=True).create_experiment(experiment_name, artifact_location, pairs)
    done(
        f"Created experiment '{experiment_name}' with id {made}",
        {"experiment_id": made, "name": experiment_name},
    )


@experiments.command(
    "search",
    examples=["headrace experiments search", "headrace experiments search --view all --filter \"name LIKE 'digit%'\""],
)
@view_option
@click.option(
    "--filter", "filter_string", metavar="FILTER", help="Such as \"name LIKE 'a%' AND tags.team = 'vision'\"."
)
@click.option("--order-by", multiple=True, metavar="KEY [ASC|DESC]", help="Such as 'name DESC'; repeat for several.")
@click.option("--max-results", type=click.IntRange(min=1), metavar="N", help="All of them if absent.")
def search(view: str, filter_string: str | None, order_by: tuple[str, ...], max_results: int | None) -> None:
    """List experiments."""
    from headrace.client.experiments import search_experiments

    store()  # before it makes an empty one
    found = search_experiments(ViewType.from_string(view), max_results, filter_string, order_by)
    staged = view != "active_only"
    show(
        found,
        lambda: table(
            ["Experiment Id", "Name", *(["Stage"] if staged else []), "Created", "Artifact Location"],
            [
                [
                    each.experiment_id,
                    each.name,
                    *([each.lifecycle_stage] if staged else []),
                    cells.time(each.creation_time),
                    each.artifact_location,
                ]
                for each in found
            ],
            right=["Experiment Id"],
        ),
    )


experiments.add_command(search, "list")


@experiments.command("get", examples=["headrace experiments get -x 1", "headrace experiments get -n digits --json"])
@click.option("--experiment-id", "-x", metavar="ID", help="This or a name.")
@click.option("--experiment-name", "-n", metavar="NAME", help="This or an id.")
@click.option("--output", type=click.Choice(["table", "json"]), default="table", help="json is the same as --json.")
def get(experiment_id: str | None, experiment_name: str | None, output: str) -> None:
    """Show one experiment, deleted ones too."""
    session().json |= output == "json"
    found = chosen(experiment_id, experiment_name)
    show(
        found,
        lambda: fields(
            [
                ("Experiment Id", found.experiment_id),
                ("Name", found.name),
                ("Artifact Location", found.artifact_location),
                ("Stage", found.lifecycle_stage),
                ("Created", cells.time(found.creation_time)),
                ("Last Update", cells.time(found.last_update_time)),
                *((f"Tag {key}", cells.one_line(value)) for key, value in sorted(found.tags.items())),
            ]
        ),
    )


@experiments.command(
    "update",
    examples=[
        'headrace experiments update -x 1 --description "Handwritten digits"',
        "headrace experiments update -x 1 -t team=vision --remove-tag owner",
    ],
)
@experiment_id_option
@click.option("--description", metavar="TEXT", help="Shown beside the name.")
@click.option("--tag", "-t", "tags", multiple=True, metavar="KEY=VALUE", help="Set; repeat for several.")
@click.option("--remove-tag", multiple=True, metavar="KEY", help="Repeat for several.")
def update(experiment_id: str, description: str | None, tags: tuple[str, ...], remove_tag: tuple[str, ...]) -> None:
    """Set or remove tags and the description."""
    changed = tags_of(tags) | ({NOTE_TAG: description} if description is not None else {})
    if not changed and not remove_tag:
        raise click.UsageError("Nothing to change: give --description, --tag or --remove-tag.")
    for key, value in changed.items():
        store().set_experiment_tag(experiment_id, key, value)
    for key in remove_tag:
        store().delete_experiment_tag(experiment_id, key)
    done(f"Experiment with id {experiment_id} has been updated.", store().get_experiment(experiment_id))


@experiments.command("rename", examples=["headrace experiments rename -x 1 --new-name handwriting"])
@experiment_id_option
@click.option("--new-name", required=True, metavar="NAME", help="Must not be taken.")
def rename(experiment_id: str, new_name: str) -> None:
    """Give an active experiment another name."""
    store().rename_experiment(experiment_id, new_name)
    done(
        f"Experiment with id {experiment_id} has been renamed to '{new_name}'.",
        {"experiment_id": experiment_id, "name": new_name},
    )


@experiments.command("delete", examples=["headrace experiments delete -x 1"])
@experiment_id_option
def delete(experiment_id: str) -> None:
    """Mark an experiment and its runs deleted; restore brings them back."""
    store().delete_experiment(experiment_id)
    done(
        f"Experiment with id {experiment_id} has been deleted.",
        {"experiment_id": experiment_id, "lifecycle_stage": "deleted"},
    )


@experiments.command("restore", examples=["headrace experiments restore -x 1"])
@experiment_id_option
def restore(experiment_id: str) -> None:
    """Bring a deleted experiment and its runs back."""
    store().restore_experiment(experiment_id)
    done(
        f"Experiment with id {experiment_id} has been restored.",
        {"experiment_id": experiment_id, "lifecycle_stage": "active"},
    )


@experiments.command(
    "csv", examples=["headrace experiments csv -x 1 -o runs.csv", "headrace experiments csv -x 1 | head -1"], json=False
)
@experiment_id_option
@click.option("--filename", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Stdout if absent.")
def csv(experiment_id: str, filename: Path | None) -> None:
    """Write the runs of an experiment as CSV."""
    from headrace.cli.export import write_runs
    from headrace.cli.runs import every_run

    found = list(every_run([store().get_experiment(experiment_id).experiment_id]))
    write_runs(found, "csv", filename)
