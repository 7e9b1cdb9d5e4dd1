"""Which path is what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from headrace.serving.app.calls import Target
from headrace.serving.app.pages import Pages
from headrace.serving.app.responses import Page
from headrace.serving.app.static import FILES, static_file
from headrace.serving.call import OPENAI, PATHS
from headrace.serving.deployment import Deployment, Deployments

_POST = ("POST",)
_GET = ("GET", "HEAD")
_OPENAI = {PATHS[kind]: kind for kind in OPENAI}
_VERSIONS = "/versions/"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """goes: to a model, or makes a page. public: asks for no key."""

    methods: tuple[str, ...]
    goes: Target | Callable[[], Page]
    public: bool = False


class Routes:
    """main: the paths to name to somebody who is lost."""

    def __init__(self, deployments: Deployments, pages: Pages, *, public_metrics: bool) -> None:
        self._pages = pages
        self._routes: dict[str, Route] = {}
        self._by_version: dict[str, Deployment] = {}
        self.main = ["/invocations", *_OPENAI, "/v1/models", "/v2", "/health", "/version", "/metrics", "/openapi.json"]
        self._add_pages(public_metrics)
        self._add_calls("", None, deployments.find())
        for deployment in deployments.all():
            self._add_calls(f"/models/{deployment.name}", deployment, deployment)
            self._page(f"/v1/models/{deployment.name}", partial(pages.openai_model, deployment))
            self._add_inference(deployment)

    def find(self, path: str) -> Route | None:
        route = self._routes.get(path)
        if route is None and _VERSIONS in path:
            return self._of_version(path)
        return route

    def _page(self, path: str, make: Callable[[], Page], *, public: bool = False) -> None:
        self._routes[path] = Route(methods=_GET, goes=make, public=public)

    def _add_pages(self, public_metrics: bool) -> None:
        pages = self._pages
        for path in ("/ping", "/health"):
            self._page(path, pages.health, public=True)
        self._page("/version", pages.version, public=True)
        self._page("/metrics", pages.metrics, public=public_metrics)
        self._page("/openapi.json", pages.openapi)
        self._page("/page/models.json", pages.models)
        self._page("/v1/models", pages.openai_models)
        self._page("/v2", pages.inference_server, public=True)
        self._page("/v2/health/live", pages.live, public=True)
        self._page("/v2/health/ready", pages.inference_ready, public=True)
        for path, name in FILES.items():  # they hold nothing of the models
            self._page(path, partial(static_file, name), public=True)

    def _add_calls(self, prefix: str, named: Deployment | None, invoked: Deployment) -> None:
        """named: the model of OpenAI's requests, None where their bodies name it."""
        target = Target(kind="invocations", deployment=invoked)
        self._routes[prefix + "/invocations"] = Route(methods=_POST, goes=target)
        for path, kind in _OPENAI.items():
            self._routes[prefix + path] = Route(methods=_POST, goes=Target(kind=kind, deployment=named))
        if named is not None:
            self._page(prefix + "/v1/models", partial(self._pages.openai_models, named))

    def _add_inference(self, deployment: Deployment) -> None:
        base = f"/v2/models/{deployment.name}"
        self._by_version[base] = deployment
        self._page(base, partial(self._pages.inference_model, deployment, None))
        self._page(base + "/ready", partial(self._pages.inference_model_ready, deployment, None))
        self._routes[base + "/infer"] = Route(methods=_POST, goes=Target(kind="infer", deployment=deployment))

    def _of_version(self, path: str) -> Route | None:
        base, _, rest = path.partition(_VERSIONS)
        deployment = self._by_version.get(base)
        if deployment is None:
            return None
        version, _, verb = rest.partition("/")
        if verb == "infer":
            target = Target(kind="infer", deployment=deployment, version=version)
            return Route(methods=_POST, goes=target)
        if verb == "ready":
            return Route(methods=_GET, goes=partial(self._pages.inference_model_ready, deployment, version))
        if not verb:
            return Route(methods=_GET, goes=partial(self._pages.inference_model, deployment, version))
        return None
