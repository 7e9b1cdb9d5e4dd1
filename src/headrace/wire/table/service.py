from __future__ import annotations

from headrace.wire.endpoint import TEXT, Endpoint
from headrace.wire.messages.fields import Done, Nothing
from headrace.wire.messages.service import ServerInfoAnswer, WhoAmIAnswer

HEALTH = Endpoint(
    name="service.health",
    methods=("GET",),
    path="/health",
    request=Nothing,
    answer=Done,
    permission="public",
    media=(TEXT,),
    doc="OK while the server answers.",
)
VERSION = Endpoint(
    name="service.version",
    methods=("GET",),
    path="/version",
    request=Nothing,
    answer=Done,
    permission="public",
    media=(TEXT,),
    doc="The MLflow version whose API this server speaks; X-Headrace-Version is ours.",
)
SERVER_INFO = Endpoint(
    name="service.info",
    methods=("GET",),
    path="/api/3.0/mlflow/server-info",
    request=Nothing,
    answer=ServerInfoAnswer,
    permission="public",
    doc="What the server can do.",
)
WHO_AM_I = Endpoint(
    name="service.whoami",
    methods=("GET",),
    path="/api/1.0/headrace/whoami",
    request=Nothing,
    answer=WhoAmIAnswer,
    permission="read",
    doc="As whom the server knows the caller.",
)
OPENAPI = Endpoint(
    name="service.openapi",
    methods=("GET",),
    path="/openapi.json",
    request=Nothing,
    answer=Done,
    permission="read",
    media=("application/vnd.oai.openapi+json",),
    doc="This table as an OpenAPI 3.1 document.",
)
LANDING = Endpoint(
    name="service.landing",
    methods=("GET",),
    path="/",
    request=Nothing,
    answer=Done,
    permission="public",
    media=("text/html",),
    doc="The web page of all experiments; a plain page that says what answers here, where the web pages aren't built.",
)

ENDPOINTS = (
    HEALTH,
    VERSION,
    SERVER_INFO,
    WHO_AM_I,
    OPENAPI,
    LANDING,
)
