"""Webhooks: who may be told what, signed how, and the sender that works off the durable queue of the store."""

from headrace.registry.webhooks.dispatcher import Dispatcher
from headrace.registry.webhooks.events import EVENTS, MLFLOW_EVENTS
from headrace.registry.webhooks.service import Webhooks
from headrace.registry.webhooks.signing import verified

__all__ = ["EVENTS", "MLFLOW_EVENTS", "Dispatcher", "Webhooks", "verified"]
