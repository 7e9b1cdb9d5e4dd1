"""What is said of the server and its models, without asking a model."""

from __future__ import annotations

from functools import cache

from headrace import clock
from headrace.errors import StoreUnavailable
from headrace.packaging.mlflow_version import VERSION as MLFLOW_VERSION
from headrace.serving.app.calls import LOADING
from headrace.serving.app.measures import Measures
from headrace.serving.app.metrics import CONTENT_TYPE as METRICS_TYPE
from headrace.serving.app.openapi import document
from headrace.serving.app.responses import Page, headers_of, json_reply
from headrace.serving.arm import Served
from headrace.serving.call import Reply
from headrace.serving.deployment import Deployment, Deployments
from headrace.serving.oip import metadata
from headrace.serving.problems import problem

LEAVING = "The server is stopping."


class Pages:
    """ready: False while the models are being loaded. leaving: the server stops; requests are still answered."""

    def __init__(self, deployments: Deployments, measures: Measures, *, protected: bool) -> None:
        self.ready = self.leaving = False
        self._deployments, self._measures, self._protected = deployments, measures, protected
        self._started_ms = clock.now_ms()

    def _trouble(self) -> str | None:
        """Why new requests had better go elsewhere."""
        if self.leaving:
            return LEAVING
        if not self.ready:
            return LOADING
        dead = [each.name for each in self._deployments.all() if not each.main.served.alive]
        return f"No process of {', '.join(dead)} can take requests at the moment." if dead else None

    def health(self) -> Page:
        trouble = self._trouble()
        if trouble is None:
            return Page(Reply(status=200, body=b"\n"))
        error = StoreUnavailable(trouble)
        return Page(problem("invocations", error), headers_of(error))

    def live(self) -> Page:
        return Page(json_reply({"live": True}))

    def version(self) -> Page:
        return Page(
            Reply(status=200, body=MLFLOW_VERSION.encode()), [(b"x-headrace-version", _release().encode("latin-1"))]
        )

    def metrics(self) -> Page:
        return Page(Reply(status=200, body=self._measures.text(self.ready), content_type=METRICS_TYPE))

    def openapi(self) -> Page:
        self._wait()
        return Page(json_reply(document(self._deployments, protected=self._protected, release=_release())))

    def models(self) -> Page:
        """What the page to try a model must know."""
        self._wait()
        shown = [_shown(each) for each in self._deployments.all()]
        return Page(json_reply({"models": shown, "protected": self._protected, "release": _release()}))

    def openai_models(self, *only: Deployment) -> Page:
        data = [self._openai(each) for each in only or self._deployments.all()]
        return Page(json_reply({"object": "list", "data": data}))

    def openai_model(self, deployment: Deployment) -> Page:
        return Page(json_reply(self._openai(deployment)))

    def inference_server(self) -> Page:
        return Page(json_reply({"name": "headrace", "version": _release(), "extensions": ["binary_tensor_data"]}))

    def inference_ready(self) -> Page:
        ready = self._trouble() is None
        return Page(json_reply({"ready": ready}, 200 if ready else 503))

    def inference_model(self, deployment: Deployment, label: str | None) -> Page:
        served = self._served(deployment, label)
        return Page(json_reply(metadata(deployment.name, deployment.labels, served.facts)))

    def inference_model_ready(self, deployment: Deployment, label: str | None) -> Page:
        ready = not self.leaving and self._served(deployment, label).alive
        return Page(json_reply({"name": deployment.name, "ready": ready}, 200 if ready else 503))

    def _served(self, deployment: Deployment, label: str | None) -> Served:
        self._wait()
        return deployment.main.served if label is None else deployment.version(label)

    def _wait(self) -> None:
        if not self.ready:
            raise StoreUnavailable(LOADING)

    def _openai(self, deployment: Deployment) -> dict[str, object]:
        since_ms = deployment.main.served.since_ms if self.ready else self._started_ms
        return {"id": deployment.name, "object": "model", "created": since_ms // 1000, "owned_by": "headrace"}


def _shown(deployment: Deployment) -> dict[str, object]:
    served = deployment.main.served
    facts = served.facts
    return {
        "name": deployment.name,
        "revision": served.label,
        "kinds": facts.kinds,
        "task": facts.task,
        "flavors": facts.flavors,
        "signature": facts.signature,
        "example": facts.example,
        "streams": facts.streams,
    }


@cache
def _release() -> str:
    """Read when somebody asks: what reads it takes a MB."""
    from importlib.metadata import version

    return version("headrace")
