"""The headers of a delivery, MLflow's: X-MLflow-Delivery-Id, X-MLflow-Timestamp (seconds since the epoch), and with a
secret X-MLflow-Signature: v1,BASE64(HMAC-SHA256(secret, "ID.TIMESTAMP.BODY"))."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping

from headrace import clock

DELIVERY_ID, TIMESTAMP, SIGNATURE = "X-MLflow-Delivery-Id", "X-MLflow-Timestamp", "X-MLflow-Signature"
MAX_AGE_S = 300  # what receivers usually allow; each attempt has a timestamp of its own


def headers(delivery_id: str, body: bytes, secret: str | None) -> dict[str, str]:
    timestamp = str(clock.now_ms() // 1000)
    made = {"Content-Type": "application/json", DELIVERY_ID: delivery_id, TIMESTAMP: timestamp}
    if secret:
        made[SIGNATURE] = signature(secret, delivery_id, timestamp, body)
    return made


def signature(secret: str, delivery_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{delivery_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(secret.encode(), signed, 'sha256')).decode()}"


def verified(secret: str, received: Mapping[str, str], body: bytes, max_age_s: float = MAX_AGE_S) -> bool:
    """Whether a request came from who has the secret, lately. received: its headers, names in any case."""
    named = {name.lower(): value for name, value in received.items()}
    timestamp = named.get(TIMESTAMP.lower(), "")
    if not (timestamp.isascii() and timestamp.isdigit()) or abs(clock.now_ms() / 1000 - int(timestamp)) > max_age_s:
        return False
    expected = signature(secret, named.get(DELIVERY_ID.lower(), ""), timestamp, body)
    return hmac.compare_digest(expected.encode(), named.get(SIGNATURE.lower(), "").encode())
