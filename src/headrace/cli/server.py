"""`headrace server`: the options of MLflow's command of that name, and what Headrace adds."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Literal

import click

from headrace import settings
from headrace.cli.group import Command
from headrace.cli.listening import host_option, listed, names, port_option

# Options of MLflow's server that scripts carry and that mean nothing here: taken, and said to be without effect.
_WITHOUT_EFFECT = (
    "--read-replica-backend-store-uri",
    "--gunicorn-opts",
    "--waitress-opts",
    "--uvicorn-opts",
    "--expose-prometheus",
    "--trace-archival-config",
    "--secrets-cache-ttl",
    "--secrets-cache-max-size",
    "--workspace-store-uri",
)
_FLAGS_WITHOUT_EFFECT = ("--dev", "--enable-workspaces")


def _ignored(function: Any) -> Any:
    for name in _WITHOUT_EFFECT:
        function = click.option(name, hidden=True, expose_value=False, callback=_say_ignored)(function)
    for name in _FLAGS_WITHOUT_EFFECT:
        function = click.option(name, is_flag=True, hidden=True, expose_value=False, callback=_say_ignored)(function)
    return function


def _say_ignored(context: click.Context, option: click.Parameter, value: object) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"Warning: {option.opts[0]} has no effect on headrace server.", err=True)


def _prefix(_: click.Context, __: click.Parameter, value: str | None) -> str:
    prefix = (value or "").rstrip("/")
    if prefix and not prefix.startswith("/"):
        raise click.BadParameter("it must begin with /.")
    return prefix


def _app_name(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value not in (None, "basic-auth"):
        raise click.BadParameter(f"{value!r} is no app of this server; there is basic-auth, the same as --auth basic.")
    return value


@click.command(
    cls=Command,
    tracking=False,
    json=False,
    examples=[
        "headrace server",
        "headrace server --backend-store-uri postgresql://headrace@db.example/headrace --workers 4",
        "headrace server --host 0.0.0.0 --auth basic --artifacts-destination s3://bucket/runs",
    ],
)
@click.option(
    "--backend-store-uri",
    metavar="URI",
    envvar=names("BACKEND_STORE_URI"),
    default="./.headrace",
    show_default=True,
    help="Where runs are kept: folder, sqlite:///, postgresql://; offline:FOLDER shows journals.",
)
@click.option(
    "--registry-store-uri",
    metavar="URI",
    envvar=names("REGISTRY_STORE_URI"),
    help="Where registered models are kept, if not with the runs.",
)
@click.option(
    "--default-artifact-root",
    metavar="URI",
    envvar=names("DEFAULT_ARTIFACT_ROOT"),
    help="Where artifacts of new experiments go; without it, through this server.",
)
@click.option(
    "--serve-artifacts/--no-serve-artifacts",
    default=True,
    envvar=names("SERVE_ARTIFACTS"),
    help="Whether clients may reach artifacts through this server.",
)
@click.option(
    "--artifacts-only", is_flag=True, envvar=names("ARTIFACTS_ONLY"), help="Serve artifacts and nothing else."
)
@click.option(
    "--artifacts-destination",
    metavar="URI",
    envvar=names("ARTIFACTS_DESTINATION"),
    help="Where the server keeps artifacts that it serves. [default: ./mlartifacts; beside the runs for a folder]",
)
@host_option
@port_option
@click.option(
    "-w",
    "--workers",
    envvar=names("WORKERS"),
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes. SQLite is fastest with one.",
)
@click.option(
    "--static-prefix", envvar=names("STATIC_PREFIX"), callback=_prefix, help="Prefix of every path, /like-this."
)
@click.option(
    "--allowed-hosts",
    metavar="NAMES",
    envvar=names("SERVER_ALLOWED_HOSTS"),
    callback=listed,
    help="Host headers to answer beside loopback and private addresses, with commas; * in patterns.",
)
@click.option(
    "--cors-allowed-origins",
    metavar="ORIGINS",
    envvar=names("SERVER_CORS_ALLOWED_ORIGINS"),
    callback=listed,
    help="Origins of pages that may call this server, with commas.",
)
@click.option(
    "--x-frame-options",
    type=click.Choice(["SAMEORIGIN", "DENY", "NONE"], case_sensitive=False),
    envvar=names("SERVER_X_FRAME_OPTIONS"),
    default="SAMEORIGIN",
    show_default=True,
    help="Who may show this server's pages in a frame.",
)
@click.option(
    "--disable-security-middleware",
    is_flag=True,
    envvar=names("SERVER_DISABLE_SECURITY_MIDDLEWARE"),
    help="Don't check Host and Origin.",
)
@click.option(
    "--auth",
    type=click.Choice(["none", "basic", "token"]),
    envvar="HEADRACE_AUTH",
    help="Ask who is calling: passwords and tokens (basic), or tokens only. Users: headrace users. [default: none]",
)
@click.option(
    "--durability",
    type=click.Choice(["full", "normal"]),
    envvar="HEADRACE_DURABILITY",
    default="full",
    show_default=True,
    help="Of SQLite. full: what was acknowledged survives a power cut; normal: a power cut may take the last writes, "
    "a killed process takes none.",
)
@click.option("--app-name", hidden=True, callback=_app_name)
@_ignored
def server(
    backend_store_uri: str,
    registry_store_uri: str | None,
    default_artifact_root: str | None,
    serve_artifacts: bool,
    artifacts_only: bool,
    artifacts_destination: str | None,
    host: str,
    port: int,
    workers: int,
    static_prefix: str,
    allowed_hosts: tuple[str, ...],
    cors_allowed_origins: tuple[str, ...],
    x_frame_options: str,
    disable_security_middleware: bool,
    auth: str | None,
    durability: Literal["full", "normal"],
    app_name: str | None,
) -> None:
    """Serve a store: web pages, and REST for any MLflow client.

    Without options: the embedded store of this folder, the one that programs here use without a tracking URI.
    """
    from headrace.asgi.listen import is_loopback
    from headrace.cli.backend import build_app
    from headrace.server.options import Options
    from headrace.server.run import Listening, serve

    mode = auth or ("basic" if app_name else "none")
    if mode == "none" and not is_loopback(host):
        click.echo(
            f"Warning: listening on {host} with --auth none: everybody who reaches this address can read, change and "
            "delete all runs. --auth basic or token asks who is calling.",
            err=True,
        )
    if workers > 1 and "memory:" in (backend_store_uri, registry_store_uri):
        raise click.BadParameter("processes can't share a store in memory.", param_hint="--workers")
    options = Options(
        auth=mode,  # type: ignore[arg-type] # click.Choice
        allowed_hosts=(*allowed_hosts, host),
        cors_allowed_origins=cors_allowed_origins,
        x_frame_options=x_frame_options.upper(),  # type: ignore[arg-type] # click.Choice
        security=not disable_security_middleware,
        static_prefix=static_prefix,
        serves_artifacts=serve_artifacts,
        artifacts_only=artifacts_only,
        max_upload_bytes=settings.MAX_UPLOAD_BYTES.get(),
    )
    build = partial(
        build_app,
        backend_store_uri,
        default_artifact_root,
        artifacts_destination,
        options,
        durability,
        registry_store_uri,
    )
    sys.exit(serve(build, Listening(host=host, port=port, workers=workers)))
