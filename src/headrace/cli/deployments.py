"""`headrace deployments`, and `headrace deploy` for short: models in their places, by MLflow's options."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from headrace import clock
from headrace.cli.group import Group
from headrace.cli.output import as_json, done, show, table
from headrace.cli.pairs import pairs_of
from headrace.errors import InvalidValue

if TYPE_CHECKING:
    from headrace.deployments.base import BaseDeploymentClient

_FOLLOW_PAUSE_S = 0.2

target_option = click.option(
    "--target",
    "-t",
    metavar="TARGET",
    help="local, ray, kserve, azureml, sagemaker or a plugin's; else HEADRACE_DEPLOYMENTS_TARGET.",
)
name_option = click.option("--name", metavar="NAME", required=True, help="Of the deployment.")
config_option = click.option(
    "--config", "-C", metavar="K=V", multiple=True, help="For the target, which `help` explains; may be repeated."
)
flavor_option = click.option("--flavor", "-f", metavar="FLAVOR", help="For targets that know several.")
endpoint_option = click.option("--endpoint", metavar="NAME", help="For targets that have endpoints.")


def model_option(*, required: bool) -> Callable[[Any], Any]:
    return click.option("--model-uri", "-m", metavar="URI", required=required, help="models:/…, runs:/… or a path.")


@click.group(cls=Group)
def deployments() -> None:
    """Put models where they are to run: this machine, Ray, a cluster, a cloud; `deploy` for short."""


@deployments.command(
    examples=[
        "headrace deploy create -t local --name wine -m models:/wine@champion",
        "headrace deploy create -t kserve --name wine -m models:/wine/3 -C image=registry.example.org/wine:3",
    ]
)
@target_option
@name_option
@model_option(required=True)
@flavor_option
@config_option
@endpoint_option
def create(
    target: str | None, name: str, model_uri: str, flavor: str | None, config: tuple[str, ...], endpoint: str | None
) -> None:
    """Deploy a model, and wait until it answers where the target can tell."""
    made = _client(target).create_deployment(name, model_uri, flavor, _config(config), endpoint=endpoint)
    done(_told(f"Deployment {made.get('name', name)!r} is created", made), made)


@deployments.command(examples=["headrace deploy update -t local --name wine -m models:/wine/4"])
@target_option
@name_option
@model_option(required=False)
@flavor_option
@config_option
@endpoint_option
def update(
    target: str | None,
    name: str,
    model_uri: str | None,
    flavor: str | None,
    config: tuple[str, ...],
    endpoint: str | None,
) -> None:
    """Give a deployment another model or configuration."""
    made = _client(target).update_deployment(name, model_uri, flavor, _config(config), endpoint=endpoint)
    done(_told(f"Deployment {name!r} is updated", made), made)


@deployments.command(examples=["headrace deploy delete -t local --name wine"])
@target_option
@name_option
@config_option
@endpoint_option
def delete(target: str | None, name: str, config: tuple[str, ...], endpoint: str | None) -> None:
    """Stop a deployment and forget it; one that isn't there is no error."""
    _client(target).delete_deployment(name, _config(config), endpoint=endpoint)
    done(f"Deployment {name!r} is deleted.", {"name": name, "deleted": True})


@deployments.command("list", examples=["headrace deploy list -t local", "headrace deploy list -t ray --json"])
@target_option
@endpoint_option
def list_(target: str | None, endpoint: str | None) -> None:
    """What the target has, and how it is."""
    found = _client(target).list_deployments(endpoint=endpoint)
    columns = ("name", "status", "model_uri", "url")
    show(
        found,
        lambda: table(
            ["Name", "Status", "Model", "Address"], [[str(each.get(key) or "–") for key in columns] for each in found]
        ),
    )


@deployments.command(examples=["headrace deploy get -t local --name wine"])
@target_option
@name_option
@endpoint_option
def get(target: str | None, name: str, endpoint: str | None) -> None:
    """All that the target says of a deployment."""
    click.echo(as_json(_client(target).get_deployment(name, endpoint=endpoint)))


@deployments.command(
    json=False,
    examples=[
        "headrace deploy predict -t local --name wine -I request.json",
        "echo '{\"inputs\": [[1, 2]]}' | headrace deploy predict -t local --name wine",
    ],
)
@target_option
@click.option("--name", metavar="NAME", help="Of the deployment; or --endpoint.")
@endpoint_option
@click.option(
    "--input-path", "-I", metavar="FILE", type=click.Path(exists=True), help="JSON or CSV; standard input if absent."
)
@click.option("--output-path", "-O", metavar="FILE", type=click.Path(), help="Standard output if absent.")
def predict(
    target: str | None, name: str | None, endpoint: str | None, input_path: str | None, output_path: str | None
) -> None:
    """Ask a deployment: a request as JSON, or rows as CSV."""
    if name and endpoint:
        raise InvalidValue("--endpoint", endpoint, "give --name or --endpoint, not both.")
    answer = json.dumps(_client(target).predict(name, _inputs(input_path), endpoint=endpoint), ensure_ascii=False)
    if output_path is None:
        click.echo(answer)
    else:
        Path(output_path).write_text(answer + "\n", encoding="utf-8")


@deployments.command("run-local", examples=["headrace deploy run-local -t ray --name wine -m models:/wine/3"])
@target_option
@name_option
@model_option(required=True)
@flavor_option
@config_option
def run_local(target: str | None, name: str, model_uri: str, flavor: str | None, config: tuple[str, ...]) -> None:
    """Run a deployment on this machine, as its target would."""
    from headrace.deployments import targets

    made = targets.run_local(target or targets.get_deployments_target(), name, model_uri, flavor, _config(config))
    done(_told(f"Deployment {name!r} runs on this machine", made or {}), made)


@deployments.command("help", examples=["headrace deploy help -t kserve"])
@target_option
def help_(target: str | None) -> None:
    """What a target's URI and configuration may be."""
    from headrace.deployments import targets

    chosen = target or targets.get_deployments_target()
    text = targets.target_help(chosen)
    done(text, {"target": chosen, "help": text})


@deployments.command(json=False, examples=["headrace deploy logs --name wine -f"])
@click.option("--name", metavar="NAME", required=True, help="Of the deployment.")
@click.option("--follow", "-f", is_flag=True, help="Go on until it ends.")
def logs(name: str, follow: bool) -> None:
    """What a local deployment prints."""
    from headrace.deployments.local import LocalDeploymentClient

    client = LocalDeploymentClient()
    with client.log_of(name).open("rb") as log:
        while True:
            ended = client.get_deployment(name)["status"] == "ended"  # before the output, so that its last words count
            click.echo(log.read(), nl=False)
            if ended or not follow:
                return
            clock.sleep_s(_FOLLOW_PAUSE_S)


def _client(target: str | None) -> BaseDeploymentClient:
    from headrace.deployments import get_deploy_client

    return get_deploy_client(target)


def _config(pairs: tuple[str, ...]) -> dict[str, str]:
    return pairs_of("--config", pairs, once=True)


def _inputs(path: str | None) -> Any:
    if path is not None and path.endswith(".csv"):
        from headrace.lazy import optional_import

        return optional_import("pandas", extra="pandas").read_csv(path)
    text = sys.stdin.read() if path is None else Path(path).read_text(encoding="utf-8")
    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidValue("--input-path", path or "standard input", f"it isn't JSON: {error}.") from None


def _told(sentence: str, made: dict[str, Any]) -> str:
    where = made.get("url") or made.get("folder")
    return f"{sentence}: {where}" if where else f"{sentence}."
