"""The server that gives a project's commands the caller's store. Started by `headrace.projects.serve_store`, which says
on standard input what to serve: a line of JSON with the store's URI, the token to ask for, and the number of the
listening socket that is handed down. It stops when that input ends."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial

import click

from headrace.cli.backend import places
from headrace.client.open import open_store
from headrace.server.app import App, create_app
from headrace.server.artifacts import ServedArtifacts
from headrace.server.options import Options
from headrace.server.run import serve_on


@click.command("store-server", hidden=True)
def store_server() -> None:
    """Serve one store to the commands of a project."""
    asked = json.loads(sys.stdin.readline())
    build = partial(_app, asked["uri"], Options(auth="token", token=asked["token"]))
    with socket.socket(fileno=asked["socket"]) as listening:
        serve_on(listening, build, _until_input_ends)


def _app(uri: str, options: Options) -> App:
    # As a program opens the store that has no server: this one is gone when artifacts of new experiments are read.
    _, destination = places(uri, None, None, options)
    return create_app(open_store(uri), options, artifacts=ServedArtifacts(destination, roots=[destination]))


def _until_input_ends(stop: Callable[[], None]) -> None:
    def wait() -> None:
        sys.stdin.buffer.read()
        stop()

    threading.Thread(target=wait, name="headrace-input", daemon=True).start()
