"""Which host a model gets."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from headrace import clock
from headrace.flavors.genai_engine import deferred
from headrace.packaging.llm.task import EmbeddingTask
from headrace.packaging.load import load_pyfunc, open_model
from headrace.packaging.trust import Origin
from headrace.serving.hosts.base import Host
from headrace.serving.hosts.chat import ChatHost, task_of
from headrace.serving.hosts.embeddings import EmbeddingHost
from headrace.serving.spec import ModelSpec


class _Place(NamedTuple):
    path: Path
    origin: Origin


def open_host(spec: ModelSpec) -> Host:
    """Loads the model. Raises what loading raises."""
    started = clock.monotonic_s()
    source = open_model(
        _Place(Path(spec.path), spec.origin), model_config=spec.model_config, allow_pickle=spec.allow_pickle
    )
    if spec.engine == "vllm":
        from headrace.serving.hosts.vllm import VllmHost

        return VllmHost(source, spec)
    with deferred():
        model = load_pyfunc(source, suppress_warnings=True)
    loaded_s = clock.monotonic_s() - started
    task = task_of(model)
    if isinstance(task, EmbeddingTask):
        return EmbeddingHost(model, task, spec, load_s=loaded_s)
    if task is not None:
        return ChatHost(model, task, spec, load_s=loaded_s)
    from headrace.serving.hosts.agents import PROMPT, AgentHost, chat_field, takes_prompts
    from headrace.serving.hosts.predict import PredictHost

    field = chat_field(model.metadata) or (PROMPT if takes_prompts(model) else None)
    if field is not None:
        return AgentHost(model, field, spec, load_s=loaded_s)
    return PredictHost(model, spec, load_s=loaded_s)
