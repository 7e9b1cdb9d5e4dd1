"""From the choices of `headrace models serve` to what is served."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from headrace import clock, settings
from headrace.cli.output import say
from headrace.cli.pairs import pairs_of
from headrace.errors import InvalidValue
from headrace.lazy import MissingPackage

if TYPE_CHECKING:
    from headrace.serving.app.app import App
    from headrace.serving.app.keys import Keys
    from headrace.serving.arm import MakePool, Pool
    from headrace.serving.deployment import Deployment, Deployments, Part
    from headrace.serving.observe import Observer
    from headrace.serving.samples import Samples
    from headrace.serving.source import Revision
    from headrace.serving.traces import Traces

_NAMED = re.compile(r"([A-Za-z0-9][\w.-]*)=(.+)", re.DOTALL)
_PLAIN_NAME = "model"
_MB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The command's options, as click names them."""

    port: int
    host: str
    timeout: float | None
    workers: int
    env_manager: str
    no_conda: bool
    install_mlflow: bool
    no_batching: bool
    max_batch: int
    latency_target: float | None
    queue: int
    concurrency: int
    engine: Literal["own", "vllm"]
    split: tuple[tuple[float, str], ...]
    shadow: tuple[tuple[float, str], ...]
    follow: bool
    follow_every: float
    api_key_file: str | None
    public_metrics: bool
    ssl_certfile: str | None
    ssl_keyfile: str | None
    ssl_ca_certs: str | None
    allowed_hosts: tuple[str, ...]
    cors_allowed_origins: tuple[str, ...]
    disable_security_middleware: bool
    max_body: float
    max_memory: int | None
    retry_crashed: bool
    drain: int
    linger: float
    devices: tuple[str, ...]
    model_config: str | None
    env: tuple[str, ...]
    allow_pickle: bool | None
    log_requests: bool
    samples: str | None
    sample_rate: float
    samples_size: int
    otel: bool

    @property
    def timeout_s(self) -> float:
        return self.timeout or settings.SERVE_TIMEOUT_S.get()


def start(models: tuple[str, ...], choices: Choices) -> None:
    """Serves until a signal comes."""
    from headrace.serving.app.run import Listening, serve

    began_s = clock.monotonic_s()
    keys = _keys(choices)
    _warn(choices, keys)
    deployments = _deployments(models, choices)
    names = ", ".join(each.name for each in deployments.all())

    def ready(address: str) -> None:
        say(f"Ready after {clock.monotonic_s() - began_s:.1f} s.")
        print(f"Headrace is serving {names} on {address}", flush=True)

    listening = Listening(
        host=choices.host,
        port=choices.port,
        certfile=choices.ssl_certfile,
        keyfile=choices.ssl_keyfile,
        ca_certs=choices.ssl_ca_certs,
        drain_s=choices.drain,
        linger_s=choices.linger,
        follow_s=choices.follow_every if choices.follow else None,
    )
    with _observers(choices) as observers:
        serve(deployments, lambda: _app(deployments, choices, keys, observers), listening, ready)


@contextmanager
def _observers(choices: Choices) -> Iterator[list[Observer]]:
    """What keeps samples and sends traces, where that is asked for."""
    opened: list[Samples | Traces] = []
    try:
        if choices.samples is not None:
            from headrace.serving.samples import open_samples

            opened.append(open_samples(choices.samples, rate=choices.sample_rate, max_bytes=choices.samples_size * _MB))
        if choices.otel or settings.OTLP_ENDPOINT.is_set():
            from headrace.serving.traces import open_traces

            try:
                opened.append(open_traces())
            except MissingPackage as error:
                if choices.otel:
                    raise
                say(f"Warning: {settings.OTLP_ENDPOINT.names[0]} is set, but no traces are sent: {error.message}")
        yield list(opened)
    finally:
        for each in opened:
            each.close()


def _app(deployments: Deployments, choices: Choices, keys: Keys | None, observers: list[Observer]) -> App:
    from headrace.serving.app.app import App
    from headrace.serving.app.options import Options

    options = Options(
        allowed_hosts=(*choices.allowed_hosts, choices.host),
        cors_allowed_origins=choices.cors_allowed_origins,
        security=not choices.disable_security_middleware,
        max_body_bytes=int(choices.max_body * _MB),
        timeout_s=choices.timeout_s,
        public_metrics=choices.public_metrics,
        log_requests=choices.log_requests,
    )
    return App(deployments, options, keys=keys, observers=observers)


def _keys(choices: Choices) -> Keys | None:
    from headrace.serving.app.keys import Keys, keys_of_file

    named = settings.SERVE_API_KEYS.get()
    for name in settings.SERVE_API_KEYS.names:
        os.environ.pop(name, None)  # the models' processes, which get the rest of it, needn't know
    found = [key.strip() for key in named.split(",") if key.strip()] if named else []
    if choices.api_key_file is not None:
        found += keys_of_file(Path(choices.api_key_file))
    elif not named:
        return None
    return Keys(found)


def _warn(choices: Choices, keys: Keys | None) -> None:
    """is_loopback of `asgi` would import what answers, before the models' processes start."""
    if keys is None and not choices.ssl_ca_certs and choices.host not in ("127.0.0.1", "localhost", "::1"):
        say(
            f"Warning: listening on {choices.host} without keys: everybody who reaches this address can ask the "
            "models. --api-key-file or HEADRACE_SERVE_API_KEYS asks for a key."
        )


def _deployments(models: tuple[str, ...], choices: Choices) -> Deployments:
    from headrace.serving.deployment import Deployments

    named = [name_and_uri(text) for text in models]
    names = [name for name, _ in named]
    parts = _parts(names, choices)
    return Deployments([_deployment(name, uri, parts[name], choices) for name, uri in named])


def _parts(names: list[str], choices: Choices) -> dict[str, list[tuple[float, str, bool]]]:
    parts: dict[str, list[tuple[float, str, bool]]] = {name: [] for name in names}
    for option, given, shadow in (("--split", choices.split, False), ("--shadow", choices.shadow, True)):
        for percent, text in given:
            name, uri = name_and_uri(text)
            if name not in parts and len(parts) == 1 and not _NAMED.fullmatch(text):
                name = names[0]
            if name not in parts:
                raise InvalidValue(option, text, f"write NAME=URI with one of the models served: {', '.join(parts)}.")
            parts[name].append((percent, uri, shadow))
    return parts


def _deployment(name: str, uri: str, parts: list[tuple[float, str, bool]], choices: Choices) -> Deployment:
    from headrace.cli.served_models import source_of
    from headrace.serving.deployment import Deployment, Part

    def source(of: str) -> Any:
        say(f"Resolving {of} …")
        return source_of(of, follow=choices.follow)

    others: list[Part] = [Part(source=source(of), share=share, shadow=shadow) for share, of, shadow in parts]
    return Deployment(name, source(uri), others, _pools(name, choices))


def _pools(name: str, choices: Choices) -> MakePool:
    from headrace.serving.prepared import pool_of
    from headrace.serving.spec import ModelSpec
    from headrace.serving.workers import PoolOptions

    options = PoolOptions(
        workers=choices.workers,
        queue_limit=choices.queue,
        request_timeout_s=choices.timeout_s,
        latency_target_s=choices.latency_target and choices.latency_target / 1000,
        max_rss_bytes=choices.max_memory and choices.max_memory * _MB,
        retry_crashed=choices.retry_crashed,
        devices=choices.devices,
        variables=pairs_of("--env", choices.env),
    )
    config, manager = _config(choices.model_config), "local" if choices.no_conda else choices.env_manager

    def make(revision: Revision) -> Pool:
        spec = ModelSpec(
            path=str(revision.path),
            name=name,
            root=str(revision.origin.root) if revision.origin.root else None,
            creator=revision.origin.creator,
            caller=revision.origin.caller,
            allow_pickle=choices.allow_pickle,
            model_config=config,
            batching=not choices.no_batching,
            max_batch=choices.max_batch,
            concurrency=choices.concurrency,
            engine=choices.engine,
        )
        return pool_of(spec, options, manager, say)

    return make


def name_and_uri(text: str) -> tuple[str, str]:
    found = _NAMED.fullmatch(text)
    if found and not Path(text).exists():
        return found[1], found[2]
    return _name_of(text), text


def _name_of(uri: str) -> str:
    """Of a registered model its name; else the last part of the address that is one."""
    scheme, _, rest = uri.partition(":/")
    if scheme == "models" and rest:
        name = re.split(r"[/@]", rest.lstrip("/"))[0]
        return name if not name.startswith("m-") else _PLAIN_NAME
    last = PurePosixPath(uri.split("?", maxsplit=1)[0]).name
    return last if re.fullmatch(r"[A-Za-z0-9][\w.-]*", last) else _PLAIN_NAME


def _config(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InvalidValue("--model-config", text, f"a JSON object is needed ({error}).") from None
