from __future__ import annotations

from headrace.wire.endpoint import Endpoint
from headrace.wire.messages.fields import Done, Nothing
from headrace.wire.messages.service import WhoAmIAnswer

OPEN_SESSION = Endpoint(
    name="session.open",
    methods=("POST",),
    path="/api/1.0/headrace/session/open",
    request=Nothing,
    answer=WhoAmIAnswer,
    permission="read",
    doc="Signs a browser in: who sends a password or a token gets a cookie that stands for it.",
)
CLOSE_SESSION = Endpoint(
    name="session.close",
    methods=("POST",),
    path="/api/1.0/headrace/session/close",
    request=Nothing,
    answer=Done,
    permission="public",
    doc="Signs a browser out: its cookie goes, and what it stood for if that was made by signing in with a password.",
)

ENDPOINTS = (OPEN_SESSION, CLOSE_SESSION)
