"""`headrace models serve` with real models in real processes."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from headrace.blobs.paths import InvalidPath
from headrace.cli import main
from headrace.cli.served_models import source_of
from headrace.cli.served_versions import stored_source
from tests.serving.app.certificates import self_signed
from tests.serving.app.served import HEADRACE, STOP_S, Served, save_scaled, serving


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    found = {}
    for name, factor in (("double", 2.0), ("triple", 3.0)):
        found[name] = save_scaled(folder / name, factor)
    return found


@pytest.fixture(scope="module")
def two(models: dict[str, str]) -> Iterator[Served]:
    with serving("-m", models["double"], "-m", f"third={models['triple']}", "--timeout", "20") as found:
        yield found


def asked(served: Served, path: str, body: object, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=STOP_S)
    try:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.request("POST", path, content, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def inputs(**named: float) -> dict[str, Any]:
    return {"inputs": {name: [value] for name, value in named.items()}}


def test_models_are_served_by_their_names(two: Served) -> None:
    assert asked(two, "/invocations", inputs(x=1.5)) == (200, {"predictions": [3.0]})
    assert asked(two, "/models/double/invocations", inputs(x=1)) == (200, {"predictions": [2.0]})
    assert asked(two, "/models/third/invocations", inputs(x=1)) == (200, {"predictions": [3.0]})
    assert any("Ready after" in line for line in two.said)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"dataframe_records": [', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json", 400),
        (b'{"dataframe_records": [{"x": "a lot"}], "inputs": []}', "application/json", 400),
        (b'{"rows": [1]}', "application/json", 400),
        (b'{"dataframe_split": {"columns": ["x"], "data": 5}}', "application/json", 400),
        (b"\xff\xfe\x00", "application/json", 400),
        (b"", "application/json", 400),
        (b"x\n1\n", "text/plain", 415),
        (b"x\n1\n", "text/csv; charset=latin-1", 415),
    ],
)
def test_bad_requests_are_told_what_is_wrong(two: Served, body: bytes, kind: str, status: int) -> None:
    found, answer = asked(two, "/invocations", body, **{"Content-Type": kind})
    assert found == status
    assert set(answer) == {"error_code", "message"}
    assert "Traceback" not in answer["message"]
    assert asked(two, "/invocations", inputs(x=1)) == (200, {"predictions": [2.0]})


def test_a_model_that_raises_says_what(two: Served) -> None:
    status, answer = asked(two, "/invocations", inputs(y=1))
    assert status == 400
    assert "Traceback" not in answer["message"]


def test_a_process_that_dies_is_replaced(two: Served) -> None:
    status, answer = asked(two, "/models/third/invocations", inputs(x=1, die=1))
    assert (status, answer["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
    end = time.monotonic() + STOP_S
    while asked(two, "/models/third/invocations", inputs(x=1))[0] != 200:
        assert time.monotonic() < end
    assert asked(two, "/invocations", inputs(x=1))[0] == 200


def test_the_deadline_is_the_commands(models: dict[str, str]) -> None:
    with serving("-m", models["double"], "-t", "0.5") as served:
        status, answer = asked(served, "/invocations", inputs(x=1, wait_s=3))
        assert (status, answer["error_code"]) == (504, "DEADLINE_EXCEEDED")


def test_no_request_is_lost_when_it_ends(models: dict[str, str]) -> None:
    outcomes: list[object] = []
    with serving("-m", models["double"], "--linger", str(STOP_S)) as served:
        answered = threading.Event()

        def client() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=STOP_S)
            while True:
                if connection.sock is None:
                    try:
                        connection.connect()
                    except ConnectionError:
                        return  # nobody listens any more: nothing was sent, nothing is lost
                try:
                    connection.request("POST", "/invocations", json.dumps(inputs(x=2, wait_s=0.02)))
                    response = connection.getresponse()
                    outcomes.append((response.status, response.read()))
                    answered.set()
                except (OSError, http.client.HTTPException) as error:
                    outcomes.append(error)
                    return

        clients = [threading.Thread(target=client) for _ in range(8)]
        for each in clients:
            each.start()
        assert answered.wait(STOP_S)
        status = served.end()
        for each in clients:
            each.join(STOP_S)
    assert status == 0
    assert outcomes
    assert {outcome for outcome in outcomes if outcome != (200, b'{"predictions":[4.0]}')} == set()
    assert not [line for line in served.said if "Traceback" in line or "ERROR" in line]


def test_keys_and_tls(models: dict[str, str], tmp_path: Path) -> None:
    certificate = self_signed(tmp_path / "tls.pem")
    (tmp_path / "keys").write_text("# ours\nfirst-secret\n\nsecond-secret\n", encoding="utf-8")
    options = ["--ssl-certfile", str(certificate), "--api-key-file", str(tmp_path / "keys")]
    with serving("-m", models["double"], *options, variables={"HEADRACE_SERVE_API_KEYS": "third-secret"}) as served:
        assert served.url.startswith("https://")
        trust = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection("localhost", served.port, context=trust, timeout=STOP_S)
        for key, status in (("first-secret", 200), ("third-secret", 200), ("# ours", 401)):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            connection.request("POST", "/invocations", json.dumps(inputs(key=1)), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            assert response.status == status
            assert status == 401 or answer == {"predictions": [False]}  # the model doesn't see them
        connection.close()


def test_a_model_that_cannot_be_loaded_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: no_such_module\n")
    done = subprocess.run(
        [HEADRACE, "models", "serve", "--port", "0", "-m", str(tmp_path), "--allow-pickle"],
        capture_output=True,
        text=True,
        timeout=STOP_S,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "no_such_module" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-m", "nowhere"], "nowhere"),
        (["-m", "DOUBLE", "-m", "DOUBLE"], "double"),
        (["-m", "DOUBLE", "--split", "10", "other=DOUBLE"], "--split"),
        (["-m", "DOUBLE", "--split", "120", "DOUBLE"], "share"),
        (["-m", "DOUBLE", "--model-config", "[]"], "--model-config"),
        (["-m", "DOUBLE", "--api-key-file", "short"], "API key"),
        (["-m", "DOUBLE", "--env", "NAME"], "--env"),
    ],
)
def test_wrong_choices_are_told_before_anything_starts(
    models: dict[str, str], tmp_path: Path, options: list[str], said: str
) -> None:
    (tmp_path / "short").write_text("short\n", encoding="utf-8")
    given = [option.replace("DOUBLE", models["double"]) for option in options]
    done = CliRunner().invoke(main, ["models", "serve", "--port", "0", *given])
    assert done.exit_code == 1
    assert said in done.stderr


def test_a_folder_is_found_as_the_client_finds_it(
    models: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(models["double"]).parent)
    (tmp_path / "link").symlink_to(models["double"])
    (tmp_path / "disk").symlink_to(Path(models["double"]).parent)
    names = [models["double"], "double", "./double", f"{models['double']}/", f"{tmp_path}/disk/double"]
    for name in names:
        assert source_of(name).now() == stored_source(name, follow=True).now(), name
    with pytest.raises(InvalidPath):
        source_of(f"{tmp_path}/link")  # as the client has it: what lies in a folder may not lead out of it


def test_what_stands_in_front_of_a_folder_holds_neither_client_nor_numbers(models: dict[str, str]) -> None:
    code = (
        "import sys, headrace.serving.app.app, headrace.serving.app.run, headrace.serving.prepared\n"
        "from headrace.cli import models, served_models, serving\n"
        "served_models.source_of(sys.argv[1])\n"
        "names = ('headrace.client.open', 'yaml', 'numpy', 'pandas', 'importlib.metadata', 'zipfile')\n"
        "print(*[name for name in names if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, models["double"]], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_a_certificate_without_its_key_is_refused(models: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "tls.pem").write_text("no certificate", encoding="utf-8")
    certificate = ["--ssl-certfile", str(tmp_path / "tls.pem")]
    done = CliRunner().invoke(main, ["models", "serve", "--port", "0", "-m", models["double"], *certificate])
    assert done.exit_code == 1
    assert "tls.pem" in done.stderr
