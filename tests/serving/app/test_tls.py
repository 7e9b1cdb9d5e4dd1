from __future__ import annotations

import http.client
import ssl
from pathlib import Path

import pytest

from tests.serving.app.certificates import self_signed
from tests.serving.app.front import DEADLINE_S, Front, front


def status(found: Front, trust: ssl.SSLContext) -> int:
    port = int(found.address.rpartition(":")[2])
    connection = http.client.HTTPSConnection("localhost", port, context=trust, timeout=DEADLINE_S)
    try:
        connection.request("POST", "/invocations", "{}")
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


def test_clients_show_a_certificate_where_one_is_asked_for(tmp_path: Path) -> None:
    ours, theirs = self_signed(tmp_path / "server.pem"), self_signed(tmp_path / "client.pem")
    with front("wine", certificate=ours, client_authority=theirs) as found:
        assert found.address.startswith("https://")
        trust = ssl.create_default_context(cafile=str(ours))
        with pytest.raises((ssl.SSLError, ConnectionError)):
            status(found, trust)
        trust.load_cert_chain(str(theirs))
        assert status(found, trust) == 200


def test_a_certificate_that_nobody_signed_is_the_clients_to_refuse(tmp_path: Path) -> None:
    with front("wine", certificate=self_signed(tmp_path / "server.pem")) as found:
        with pytest.raises(ssl.SSLCertVerificationError):
            status(found, ssl.create_default_context())
        assert status(found, ssl.create_default_context(cafile=str(tmp_path / "server.pem"))) == 200
