from __future__ import annotations

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from headrace.projects import serve_store

TIMEOUT_S = 60


def test_a_server_that_cannot_be_started_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve_store, "_COMMAND", ["-c", "raise SystemExit(1)"])
    with serve_store.served(tmp_path.as_uri()) as variables:
        address = urlsplit(variables["MLFLOW_TRACKING_URI"])
        for _ in range(2):
            connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=TIMEOUT_S)
            connection.request("GET", "/version")
            with pytest.raises(ConnectionError):
                connection.getresponse()
