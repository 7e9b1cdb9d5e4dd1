from __future__ import annotations

import datetime as dt
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from headrace.errors import ServiceError
from headrace.net.fetch import FetchLimits, fetch, post
from headrace.net.message import Request
from headrace.net.pool import PoolTransport
from headrace.net.retry import Retrying, RetryPolicy

NAME = "files.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificate and key of files.example in one file, signed by nobody but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = self.headers["Host"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def name_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo

    def resolve(host: str | bytes | None, *arguments: Any, **named: Any) -> Any:
        return real("127.0.0.1" if host in (NAME, "other.example") else host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def get(port: int, name: str = NAME) -> bytes:
    return PoolTransport().send(Request(method="GET", url=f"https://{name}:{port}/")).body


def test_certificate_that_nobody_vouches_for_is_refused_with_the_way_out(port: int) -> None:
    with pytest.raises(ServiceError, match=r"isn't trusted: .*HEADRACE_TRACKING_SERVER_CERT_PATH"):
        get(port)


def test_distrust_is_final(port: int) -> None:
    waits: list[float] = []
    policy = RetryPolicy(max_retries=3, backoff_factor_s=1, jitter_s=0)
    with pytest.raises(ServiceError):
        Retrying(PoolTransport(), lambda: policy, waits.append).send(
            Request(method="GET", url=f"https://{NAME}:{port}/")
        )
    assert waits == []


def test_bundle_of_the_environment_is_trusted(port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
    assert get(port) == f"{NAME}:{port}".encode()
    with pytest.raises(ServiceError, match="isn't trusted"):
        get(port, "other.example")


def test_insecure_takes_any_certificate(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    assert get(port, "other.example") == f"other.example:{port}".encode()


def test_fetcher_checks_the_name_though_it_connects_to_an_address(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = FetchLimits(allow_private=True, timeout_s=10)
    with pytest.raises(ServiceError):
        fetch(f"https://{NAME}:{port}/", limits)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(f"https://{NAME}:{port}/", limits) == f"{NAME}:{port}".encode()
    with pytest.raises(ServiceError):
        fetch(f"https://other.example:{port}/", limits)


def test_post_goes_by_tls_to_whom_the_certificate_names(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = FetchLimits(allow_private=True, timeout_s=10, schemes=("https",))
    with pytest.raises(ServiceError, match=r"isn't trusted: .*SSL_CERT_FILE names"):
        post(f"https://{NAME}:{port}/", b"told", limits)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    answer = post(f"https://{NAME}:{port}/", b"told", limits)
    assert (answer.status, answer.body) == (201, b"told")
    with pytest.raises(ServiceError):
        post(f"https://other.example:{port}/", b"told", limits)
