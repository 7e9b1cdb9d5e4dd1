"""`headrace models predict`: a file of rows through a model, by MLflow's options and some more."""

from __future__ import annotations

import click

from headrace.cli.group import Command
from headrace.cli.model_options import allow_pickle_option, env_manager_option
from headrace.cli.output import say
from headrace.cli.pairs import pairs_of

_TYPES = ("json", "jsonl", "csv", "parquet")


@click.command(
    "predict",
    cls=Command,
    json=False,
    examples=[
        "headrace models predict -m models:/wine/3 -i wines.csv -o scores.parquet",
        "headrace models predict -m ./model -i rows.jsonl -o scores.jsonl --on-error null",
        "echo '{\"inputs\": [[1, 2]]}' | headrace models predict -m runs:/RUN/model --env-manager uv",
    ],
)
@click.option("--model-uri", "-m", required=True, metavar="URI", help="models:/…, runs:/…, a path or any artifact URI.")
@click.option("--input-path", "-i", metavar="FILE", type=click.Path(), help="Standard input if absent.")
@click.option("--output-path", "-o", metavar="FILE", type=click.Path(), help="Standard output if absent.")
@click.option("--content-type", "-t", type=click.Choice(_TYPES), help="Of the input; else FILE's ending, or json.")
@click.option("--output-type", type=click.Choice(_TYPES), help="Of the output; else FILE's ending, or json.")
@click.option(
    "--on-error",
    type=click.Choice(["fail", "null"]),
    default="fail",
    show_default=True,
    help="A row that can't be scored: stop and name it, or write null in its place and go on.",
)
@click.option(
    "--chunk-rows",
    type=click.IntRange(1),
    metavar="N",
    help="Rows that go through the model at once; 32,768 if absent.",
)
@env_manager_option
@click.option("--install-mlflow", is_flag=True, help="For MLflow's callers: the environment always gets Headrace.")
@click.option(
    "--pip-requirements-override",
    "-r",
    metavar="REQ,REQ",
    help="Requirements, by commas, in place of the model's own of the same name.",
)
@click.option("--env", metavar="K=V", multiple=True, help="Environment variable for the model; may be repeated.")
@allow_pickle_option
@click.option("--quiet", "-q", is_flag=True, help="No progress on standard error.")
def predict(
    model_uri: str,
    input_path: str | None,
    output_path: str | None,
    content_type: str | None,
    output_type: str | None,
    on_error: str,
    chunk_rows: int | None,
    env_manager: str,
    install_mlflow: bool,  # noqa: ARG001 — MLflow's option
    pip_requirements_override: str | None,
    env: tuple[str, ...],
    allow_pickle: bool | None,
    quiet: bool,
) -> None:
    """Score a file of any size: JSON as the scoring server takes it, JSON lines, CSV or Parquet.

    Rows are read, scored and written in chunks and keep their order. An output file appears when all is done.
    """
    from headrace.client.batch import predict_file
    from headrace.packaging.batch import Limits

    outcome = predict_file(
        model_uri,
        input_path,
        output_path,
        content_type,
        output_type=output_type,
        env_manager=env_manager,
        pip_requirements_override=[
            each.strip() for each in (pip_requirements_override or "").split(",") if each.strip()
        ],
        extra_envs=pairs_of("--env", env),
        on_error=on_error,
        limits=Limits(rows=chunk_rows) if chunk_rows else None,
        allow_pickle=allow_pickle,
        quiet=quiet,
    )
    for sentence in outcome.shown:
        say(f"Null for {sentence}")
    if outcome.bad > len(outcome.shown):
        say(f"… and for {outcome.bad - len(outcome.shown):,} more rows.")
