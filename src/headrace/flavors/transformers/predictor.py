"""Pipelines as pyfunc models: an LLM task speaks OpenAI, any other pipeline takes and gives what `forms` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors.transformers import forms
from headrace.flavors.transformers.embeddings import PipelineEmbedder
from headrace.flavors.transformers.engine import PipelineEngine, check_max_length
from headrace.flavors.transformers.given import Given
from headrace.flavors.transformers.templates import NO_TEMPLATE, Template
from headrace.packaging.flavor import Predictor
from headrace.packaging.llm.options import CONFIG_KEYS, OPTION_NAMES, GenerationOptions, options_of_config
from headrace.packaging.llm.request import CompletionRequest
from headrace.packaging.llm.task import CHAT, COMPLETIONS, EMBEDDINGS, ChatTask, CompletionTask, EmbeddingTask

# Arguments of a pipeline that say how text comes out of it; an LLM task has its own answer.
_OF_PIPELINES = frozenset(
    "return_full_text return_text return_tensors return_type clean_up_tokenization_spaces batch_size num_workers "
    "truncation padding add_special_tokens include_prompt collapse_whitespace prefix handle_long_generation".split()
)


def predictor(
    pipeline: Any,
    *,
    task: str | None,
    model_config: Mapping[str, Any] | None,
    prompt_template: str | None,
    model_name: str,
) -> Predictor:
    config = dict(model_config or {})
    if task == EMBEDDINGS:
        return _Embeddings(pipeline, model_name)
    if task in (CHAT, COMPLETIONS):
        own = _own_settings(pipeline, config)
        defaults = options_of_config({**_bounds(own), **config})
        engine = PipelineEngine(pipeline, model_name, own)
        kind = _Chat if task == CHAT else _Completion
        return kind(pipeline, engine, defaults, prompt_template)
    return PipelinePredictor(pipeline, config, prompt_template)


def generate_signature_output(
    pipeline: Any,
    data: Any,
    model_config: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    flavor_config: Mapping[str, Any] | None = None,
) -> Any:
    """What the saved pipeline will answer to the data, for `infer_signature`. flavor_config: its `inference_task`
    counts."""
    keys = dict(flavor_config or {})
    made = predictor(
        pipeline, task=keys.get("inference_task"), model_config=model_config, prompt_template=None, model_name=""
    )
    return made.predict(data, params) if params else made.predict(data)  # type: ignore[call-arg]


def check(task: str, given: Given, config: Mapping[str, Any]) -> None:
    """What would fail at each predict fails when the model is saved."""
    if "tokenizer" not in given.components:
        raise InvalidValue("task", task, "it needs a pipeline with a tokenizer.")
    if task == CHAT and not Template(given.components["tokenizer"]).exists:
        raise InvalidValue("task", task, NO_TEMPLATE)
    if task == EMBEDDINGS:
        return
    options_of_config(config)
    if config.get("max_length") is not None:
        check_max_length(config["max_length"])
    unknown = sorted(set(config) - OPTION_NAMES - CONFIG_KEYS - _OF_PIPELINES - _generation_keys())
    if unknown:
        raise InvalidValue(
            "model_config",
            unknown[0],
            "it is no setting for generation; OpenAI's are "
            f"{', '.join(sorted(OPTION_NAMES))}, transformers' those of GenerationConfig.",
        )


def _generation_keys() -> frozenset[str]:
    from transformers import GenerationConfig

    return frozenset(vars(GenerationConfig()))


def _own_settings(pipeline: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """How the model generates where nobody says: the pipeline's defaults, the model's, its model_config."""
    defaults = getattr(pipeline, "_default_generation_config", None)
    prepared = getattr(pipeline, "generation_config", None)  # transformers 4 has put them together already
    found: dict[str, Any] = {}
    if prepared is not None:
        found.update(prepared.to_diff_dict())
        found.setdefault("do_sample", bool(prepared.do_sample))
    else:
        found.update(defaults.to_diff_dict() if defaults is not None else {})
        found.update(pipeline.model.generation_config.to_diff_dict())
    known = _generation_keys()
    given = {name: value for name, value in config.items() if name in known and value is not None}
    found.update(given)
    return {
        name: value
        for name, value in found.items()
        if not name.startswith("_") and name in known and name not in _DESCRIPTIVE and value is not None
    }


_DESCRIPTIVE = frozenset(("transformers_version", "return_dict_in_generate", "output_scores", "output_logits"))


def _bounds(own: Mapping[str, Any]) -> dict[str, Any]:
    """Of the model's settings, those that a task itself looks at."""
    found = {"max_new_tokens": own.get("max_new_tokens"), "stop_strings": own.get("stop_strings")}
    return {name: value for name, value in found.items() if value is not None}


class _Raw:
    def __init__(self, pipeline: Any) -> None:
        self.pipeline = pipeline

    def get_raw_model(self) -> Any:
        return self.pipeline


class _Chat(ChatTask, _Raw):
    def __init__(self, pipeline: Any, engine: PipelineEngine, defaults: GenerationOptions, _template: Any) -> None:
        ChatTask.__init__(self, engine, defaults)
        _Raw.__init__(self, pipeline)


class _Completion(CompletionTask, _Raw):
    """With a prompt_template, it goes round each prompt."""

    def __init__(
        self, pipeline: Any, engine: PipelineEngine, defaults: GenerationOptions, template: str | None
    ) -> None:
        CompletionTask.__init__(self, engine, defaults)
        _Raw.__init__(self, pipeline)
        self._template = template

    def prompts(self, request: CompletionRequest) -> Sequence[str]:
        prompts = super().prompts(request)
        return [self._template.format(prompt=prompt) for prompt in prompts] if self._template else prompts


class _Embeddings(EmbeddingTask, _Raw):
    def __init__(self, pipeline: Any, model_name: str) -> None:
        EmbeddingTask.__init__(self, PipelineEmbedder(pipeline, model_name))
        _Raw.__init__(self, pipeline)


class PipelinePredictor(_Raw):
    """Any pipeline. config: arguments of each call, over which `params` win."""

    def __init__(self, pipeline: Any, config: Mapping[str, Any], prompt_template: str | None) -> None:
        super().__init__(pipeline)
        self._config = dict(config)
        self._form = forms.form_of(pipeline)
        self._template = prompt_template

    def predict(self, model_input: Any, params: Mapping[str, Any] | None = None) -> Any:
        arguments = {**self._config, **(params or {})}
        inputs = self._form.read(model_input)
        if self._template is not None:
            inputs = [self._template.format(prompt=text) if isinstance(text, str) else text for text in inputs]
        return self._form.answer(self.pipeline, inputs, arguments)
