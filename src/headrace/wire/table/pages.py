from __future__ import annotations

from headrace.wire.endpoint import BYTES, Endpoint
from headrace.wire.messages.fields import Done
from headrace.wire.messages.pages import PagePath

_HTML = ("text/html",)

EXPERIMENT_PAGE = Endpoint(
    name="pages.experiment",
    methods=("GET",),
    path="/experiments/{path:path}",
    request=PagePath,
    answer=Done,
    permission="public",
    media=_HTML,
    doc="The web page of an experiment, a run, a comparison.",
)
MODELS_PAGE = Endpoint(
    name="pages.models",
    methods=("GET",),
    path="/models",
    request=PagePath,
    answer=Done,
    permission="public",
    media=_HTML,
    doc="The web page of all registered models.",
)
MODEL_PAGE = Endpoint(
    name="pages.model",
    methods=("GET",),
    path="/models/{path:path}",
    request=PagePath,
    answer=Done,
    permission="public",
    media=_HTML,
    doc="The web page of a registered model or of a version of it.",
)
PAGE_FILE = Endpoint(
    name="pages.file",
    methods=("GET",),
    path="/assets/{path:path}",
    request=PagePath,
    answer=Done,
    permission="public",
    media=(BYTES,),
    errors=("RESOURCE_DOES_NOT_EXIST",),
    doc="A script or style of the web pages; its name changes with its content.",
)
PAGE_ICON = Endpoint(
    name="pages.icon",
    methods=("GET",),
    path="/icon.svg",
    request=PagePath,
    answer=Done,
    permission="public",
    media=("image/svg+xml",),
    doc="The icon of the web pages.",
)

ENDPOINTS = (EXPERIMENT_PAGE, MODELS_PAGE, MODEL_PAGE, PAGE_FILE, PAGE_ICON)
