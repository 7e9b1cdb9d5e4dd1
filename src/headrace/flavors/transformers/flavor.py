"""The flavor: `save`, `load` and `load_pyfunc`, put together from the modules beside it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from headrace.errors import InvalidValue
from headrace.flavors.transformers import adapters, hub, loading, predictor, tasks, writing
from headrace.flavors.transformers.given import PROCESSOR, Given, look_at
from headrace.flavors.transformers.placement import dtype_argument
from headrace.lazy import optional_import
from headrace.packaging.draft import Draft
from headrace.packaging.flavor import Predictor
from headrace.packaging.llm.signatures import task_signature
from headrace.packaging.source import Source

RETURN_TYPES = ("pipeline", "components")
INFERENCE_TASK = "inference_task"


class Transformers:
    name = "transformers"
    model_argument = "transformers_model"
    module = "transformers"
    distributions: Sequence[str] = ("transformers", "torch")

    def save(
        self,
        transformers_model: Any,
        draft: Draft,
        /,
        *,
        processor: Any = None,
        task: str | None = None,
        torch_dtype: Any = None,
        dtype: Any = None,
        model_card: Any = None,
        model_config: Mapping[str, Any] | None = None,
        prompt_template: str | None = None,
        save_pretrained: bool = True,
        base_model_path: str | Path | None = None,
    ) -> Predictor | None:
        """task: of the pipeline where the model doesn't say it, or llm/v1/chat, llm/v1/completions, llm/v1/embeddings.
        save_pretrained: False stores a reference to the hub, with its commit, in place of weights. base_model_path:
        where the base model of an adapter lies, now and when it is loaded."""
        given = look_at(transformers_model, task, processor)
        if task is not None:
            tasks.check_llm(task, given.task)
        if given.checkpoint is not None and not save_pretrained:
            raise InvalidValue("save_pretrained", False, "a checkpoint's folder can only be stored, not referred to.")
        _sign(given, task, draft)
        if prompt_template is not None:
            tasks.check_template(prompt_template, given.task)
            _add_metadata(draft, prompt_template=prompt_template)
        if task is not None and tasks.is_llm(task):
            predictor.check(task, given, dict(model_config or {}))
        keys = _flavor_keys(given, dtype_argument(dtype or torch_dtype))
        keys |= _write(given, draft, save_pretrained=save_pretrained, base_model_path=base_model_path)
        if task is not None and tasks.is_llm(task):
            keys[INFERENCE_TASK] = task
        writing.card(given, draft, model_card)
        writing.readable(draft.path)
        draft.set_flavor(**keys, transformers_version=optional_import("transformers").__version__)
        _require(given, draft)
        return _add_pyfunc(given, task, draft, model_config, prompt_template)

    def load(
        self,
        source: Source,
        /,
        *,
        return_type: str = "pipeline",
        device: Any = None,
        base_model_path: str | Path | None = None,
        **options: Any,
    ) -> Any:
        """return_type: "pipeline", or "components" for a dict. options: dtype, device_map and others of
        from_pretrained; the rest are the pipeline's."""
        optional_import(self.module, extra="transformers", why="the model is one of transformers'")
        if return_type not in RETURN_TYPES:
            raise InvalidValue("return_type", return_type, f"allowed are {', '.join(RETURN_TYPES)}.")
        keys = source.flavor(self.name)
        placement = loading.placement_of(keys, device, options)
        base = None if base_model_path is None else str(base_model_path)
        parts = loading.components(source, keys, placement, base, options)
        task = str(keys.get("task"))
        if return_type == "components":
            return {"task": task, **parts, **options}
        return loading.pipeline(task, parts, placement, options)

    def persist(self, source: Source) -> list[str]:
        """Puts into the folder what it only refers to, and says which folders of it are new; none if it has all."""
        keys = source.flavor(self.name)
        if keys.get("model_binary"):
            return []
        options: dict[str, Any] = {}
        placement = loading.placement_of(keys, None, options)
        plain = {name: value for name, value in keys.items() if name != "peft_adaptor"}
        parts = loading.components(source, plain, placement, None, options)
        written = writing.persist(parts, source.path)
        for name in (*parts, PROCESSOR):
            keys.pop(f"{name}_name", None)
            keys.pop(f"{name}_revision", None)
        for name in ("source_model_revision", "local_base_model_path"):
            keys.pop(name, None)
        keys["model_binary"] = writing.MODEL
        return written

    def load_pyfunc(self, source: Source, /) -> Predictor:
        keys = source.flavor(self.name)
        template = (source.model.metadata or {}).get("prompt_template")
        return predictor.predictor(
            self.load(source),
            task=keys.get(INFERENCE_TASK),
            model_config=source.model_config,
            prompt_template=template,
            model_name=str(keys.get("source_model_name") or keys.get("pipeline_model_type") or ""),
        )


FLAVOR = Transformers()


def _sign(given: Given, task: str | None, draft: Draft) -> None:
    asked = (draft.model.metadata or {}).get("task")
    if asked is not None and asked != task and str(asked).startswith("llm/"):
        raise InvalidValue("metadata", {"task": asked}, f"it contradicts task={task!r}; leave one of them out.")
    if task is None or not tasks.is_llm(task):
        if draft.signature is None and draft.input_example is None and not draft.unsigned:
            draft.signature = tasks.default_signature(given.task)
        return
    fixed = task_signature(task)
    if draft.signature is not None and draft.signature != fixed:
        raise InvalidValue(message=f"The task {task} has its own signature; leave `signature` out.")
    draft.signature = fixed
    _add_metadata(draft, task=task)


def _add_metadata(draft: Draft, **entries: Any) -> None:
    draft.model.metadata = {**(draft.model.metadata or {}), **entries}


def _flavor_keys(given: Given, dtype: Any) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "task": given.task,
        "instance_type": given.pipeline_type,
        "pipeline_model_type": given.model_type,
        "source_model_name": given.shown_name,
        "components": [name for name in given.components if name != PROCESSOR],
        **{f"{name}_type": type(component).__name__ for name, component in given.components.items()},
    }
    recorded = dtype or given.dtype
    if recorded is not None:
        keys["torch_dtype"] = str(recorded)
    framework = getattr(given.pipeline, "framework", None)
    if framework:
        keys["framework"] = framework
    return keys


def _write(given: Given, draft: Draft, *, save_pretrained: bool, base_model_path: str | Path | None) -> dict[str, Any]:
    """The files, and the flavor's keys that say where weights are."""
    adapted = adapters.is_adapted(given.model)
    keys: dict[str, Any] = {}
    if adapted:
        writing.adapter(given, draft)
        keys["peft_adaptor"] = adapters.FOLDER
    if base_model_path is not None:
        if not adapted:
            raise InvalidValue("base_model_path", str(base_model_path), "only adapters (PEFT) have a base model.")
        writing.components(given, draft)
        return keys | {"local_base_model_path": str(loading.check_base(base_model_path))}
    commit = None
    if adapted or not save_pretrained:
        commit = hub.commit_of(given.name, given.plain_model)
        if commit is None and not save_pretrained:
            warnings.warn(
                "save_pretrained=False needs a model that was loaded from the Hugging Face hub; "
                f"{given.name or 'this one'!r} wasn't, so its weights are stored.",
                stacklevel=5,
            )
    if commit is None:
        writing.weights(given, draft)
        writing.components(given, draft)
        return keys | {"model_binary": writing.MODEL}
    return keys | {"source_model_revision": commit} | _refer_to_components(given, commit)


def _refer_to_components(given: Given, commit: str) -> dict[str, Any]:
    """Those of the model's own repository by its commit, others by theirs."""
    keys: dict[str, Any] = {}
    for name, component in given.components.items():
        repository = str(getattr(component, "name_or_path", None) or given.name)
        revision = commit if repository == given.name else hub.commit_of(repository, component)
        if revision is None:
            raise InvalidValue(
                "save_pretrained",
                False,
                f"the {name} comes from {repository!r}, which isn't on the hub; store the model.",
            )
        keys |= {f"{name}_name": repository, f"{name}_revision": revision}
    return keys


def _require(given: Given, draft: Draft) -> None:
    """What classes of the model import beside torch, so far as their modules say it."""
    kinds = {type(component) for component in given.components.values()} | {type(given.plain_model)}
    draft.modules |= {base.__module__ for kind in kinds for base in kind.__mro__ if base.__module__ != "builtins"}
    if adapters.is_adapted(given.model):
        draft.require("peft")
    if "image_processor" in given.components:
        draft.require("pillow")
        if type(given.components["image_processor"]).__name__.endswith("Fast"):
            draft.require("torchvision")


def _add_pyfunc(
    given: Given, task: str | None, draft: Draft, model_config: Mapping[str, Any] | None, prompt_template: str | None
) -> Predictor | None:
    if not tasks.has_pyfunc(given.pipeline_type, given.model_type):
        warnings.warn(
            f"A {given.pipeline_type} takes what no signature can say, so the model gets no python_function flavor; "
            "headrace.transformers.load_model loads it.",
            stacklevel=5,
        )
        draft.signature = None
        return None
    config = dict(model_config or {})
    if prompt_template is not None and given.task == tasks.TEXT_GENERATION:
        config.setdefault("return_full_text", False)
    keys: dict[str, Any] = {"config": config} if config else {}
    draft.set_pyfunc(**keys)  # without predict_stream_fn, which MLflow's own loader of the flavor doesn't have
    if given.pipeline is None or draft.input_example is None:
        return None
    return predictor.predictor(
        given.pipeline,
        task=task if tasks.is_llm(task) else None,
        model_config=config,
        prompt_template=prompt_template,
        model_name=given.shown_name or given.model_type,
    )
