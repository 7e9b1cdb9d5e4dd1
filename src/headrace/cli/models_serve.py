"""`headrace models serve`, also `headrace serve`: MLflow's options of that command, and what Headrace adds."""

from __future__ import annotations

from typing import Any

import click

from headrace import settings
from headrace.cli.group import Command
from headrace.cli.listening import host_option, listed, port_option
from headrace.cli.model_options import allow_pickle_option, env_manager_option


@click.command(
    "serve",
    cls=Command,
    json=False,
    examples=[
        "headrace models serve -m models:/wine@champion",
        "headrace models serve -m ./model --port 8080 --workers 4 --api-key-file keys.txt --host 0.0.0.0",
        "headrace models serve -m chat=models:/phi3@champion -m rank=runs:/RUN/model",
        "headrace models serve -m models:/wine@champion --split 10 models:/wine/7 --shadow 100 models:/wine/8",
    ],
)
@click.option(
    "--model-uri",
    "-m",
    "models",
    metavar="[NAME=]URI",
    multiple=True,
    required=True,
    help="models:/…, runs:/…, a path or any artifact URI; several are served side by side.",
)
@port_option
@host_option
@click.option(
    "-t",
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    metavar="SECONDS",
    help="Until a request must be answered. [default: 60]",
)
@click.option(
    "-w",
    "--workers",
    envvar=["HEADRACE_SERVE_WORKERS", "MLFLOW_MODELS_WORKERS"],
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes of each model.",
)
@env_manager_option
@click.option("--no-conda", is_flag=True, hidden=True, help="MLflow's old name of --env-manager local.")
@click.option(
    "--install-mlflow", is_flag=True, hidden=True, help="For MLflow's callers: the environment always gets Headrace."
)
@click.option("--no-batching", is_flag=True, help="Each request goes through the model alone.")
@click.option(
    "--max-batch",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="N",
    help="Requests that may share a batch.",
)
@click.option(
    "--latency-target",
    type=click.FloatRange(0, min_open=True),
    metavar="MS",
    help="Milliseconds that waiting and answering should take together; batches are cut to it.",
)
@click.option(
    "--queue",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    metavar="N",
    help="Requests that may wait for a model; more get 429.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    default=64,
    show_default=True,
    metavar="N",
    help="Requests that a chat engine answers at a time.",
)
@click.option(
    "--engine",
    type=click.Choice(["own", "vllm"]),
    default="own",
    show_default=True,
    help="Of language models: own, that of the model's flavor; vllm, for those of Transformers where there is a GPU.",
)
@click.option(
    "--split",
    type=(float, str),
    multiple=True,
    metavar="PERCENT [NAME=]URI",
    help="Another version that answers so much of a model's requests.",
)
@click.option(
    "--shadow",
    type=(float, str),
    multiple=True,
    metavar="PERCENT [NAME=]URI",
    help="Another version that gets copies of so much of a model's requests; nobody sees its answers.",
)
@click.option(
    "--follow/--no-follow",
    default=True,
    show_default=True,
    help="Serve another version when the alias or stage of a models:/ address moves.",
)
@click.option(
    "--follow-every",
    type=click.FloatRange(0.05),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Between two looks where it is.",
)
@click.option(
    "--api-key-file",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="Keys, one a line, of which a client must send one; also HEADRACE_SERVE_API_KEYS.",
)
@click.option("--public-metrics", is_flag=True, help="/metrics asks for no key.")
@click.option("--ssl-certfile", type=click.Path(dir_okay=False), metavar="FILE", help="Certificate for https (PEM).")
@click.option(
    "--ssl-keyfile", type=click.Path(dir_okay=False), metavar="FILE", help="Its key, where it isn't in the same file."
)
@click.option(
    "--ssl-ca-certs",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Who signs certificates that clients must show.",
)
@click.option(
    "--allowed-hosts",
    metavar="NAMES",
    envvar="HEADRACE_SERVE_ALLOWED_HOSTS",
    callback=listed,
    help="Host headers to answer beside loopback and private addresses, with commas; * in patterns.",
)
@click.option(
    "--cors-allowed-origins",
    metavar="ORIGINS",
    envvar="HEADRACE_SERVE_CORS_ALLOWED_ORIGINS",
    callback=listed,
    help="Origins of pages that may call this server, with commas.",
)
@click.option("--disable-security-middleware", is_flag=True, help="Don't check Host and Origin.")
@click.option(
    "--max-body",
    type=click.FloatRange(0, min_open=True),
    default=64,
    show_default=True,
    metavar="MB",
    help="Largest request; more gets 413.",
)
@click.option(
    "--max-memory", type=click.IntRange(1), metavar="MB", help="A process that has more gives way to a new one."
)
@click.option(
    "--retry-crashed",
    is_flag=True,
    help="Requests that a process died with are tried once more; only for models without side effects.",
)
@click.option(
    "--drain",
    type=click.IntRange(0),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="For running requests after SIGTERM.",
)
@click.option(
    "--linger",
    type=click.FloatRange(0),
    default=0.5,
    show_default=True,
    metavar="SECONDS",
    help="For requests that come on open connections after SIGTERM.",
)
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="ID",
    help="GPU for a process, by CUDA's number; may be repeated, processes take turns.",
)
@click.option(
    "--model-config",
    envvar=["HEADRACE_SERVE_MODEL_CONFIG", "SERVING_MODEL_CONFIG"],
    metavar="JSON",
    help="Object that overrides the model_config of the models.",
)
@click.option("--env", metavar="K=V", multiple=True, help="Environment variable for the models; may be repeated.")
@allow_pickle_option
@click.option(
    "--samples",
    envvar=settings.SAMPLES_DIR.names[0],
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Keep requests and answers there, bodies included, for `headrace monitor`.",
)
@click.option(
    "--sample-rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    metavar="SHARE",
    help="Share of the requests that is kept.",
)
@click.option(
    "--samples-size",
    type=click.IntRange(1),
    default=1024,
    show_default=True,
    metavar="MB",
    help="Of the folder; the oldest samples go first.",
)
@click.option("--otel", is_flag=True, help="Send a span of each request by OTLP, as the OTEL_… variables say where to.")
@click.option("--log-requests", is_flag=True, help="A line for each request on standard error.")
def serve(models: tuple[str, ...], **given: Any) -> None:
    """Serve models over HTTP: MLflow's requests, OpenAI's, the Open Inference Protocol's.

    Each model runs in processes of its own; requests that come together share batches. The page at / lets you try them.
    """
    from headrace.cli.serving import Choices, start

    start(models, Choices(**given))
