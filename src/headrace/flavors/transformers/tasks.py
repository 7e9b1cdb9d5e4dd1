"""Tasks of pipelines: which LLM task goes with which, what is signed how, what can be a pyfunc model.

transformers 5 dropped question-answering, summarization, translation, text2text-generation and others; they stay here,
since models of transformers 4 have them.
"""

from __future__ import annotations

import string
from typing import Any

from headrace.errors import InvalidValue
from headrace.packaging.llm.task import CHAT, COMPLETIONS, EMBEDDINGS
from headrace.packaging.schema import ColSpec, Schema, TensorSpec
from headrace.packaging.signature import ModelSignature
from headrace.packaging.types import DataType

TEXT_GENERATION, FEATURE_EXTRACTION = "text-generation", "feature-extraction"
PIPELINE_TASKS = {CHAT: TEXT_GENERATION, COMPLETIONS: TEXT_GENERATION, EMBEDDINGS: FEATURE_EXTRACTION}
TEMPLATED = (FEATURE_EXTRACTION, "fill-mask", "summarization", "text2text-generation", TEXT_GENERATION)

# Pipelines whose inputs no signature can say; MLflow's list. Others that neither side has a form for are as they are.
WITHOUT_PYFUNC = frozenset(
    f"{name}Pipeline"
    for name in "DocumentQuestionAnswering ImageToText VisualQuestionAnswering ImageSegmentation DepthEstimation "
    "ObjectDetection VideoClassification ZeroShotImageClassification ZeroShotObjectDetection "
    "ZeroShotAudioClassification MaskGeneration KeypointMatching ImageToImage".split()
)
_MODELS_WITHOUT_PYFUNC = ("Graphormer", "Informer", "TimeSeriesTransformer", "DecisionTransformer")

# What a class of model is for, by the end of its name. The first that fits counts.
_TASK_BY_CLASS = (
    ("ForCausalLM", TEXT_GENERATION),
    ("LMHeadModel", TEXT_GENERATION),
    ("ForMaskedLM", "fill-mask"),
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("TapasForQuestionAnswering", "table-question-answering"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForImageClassification", "image-classification"),
    ("ForAudioClassification", "audio-classification"),
    ("ForCTC", "automatic-speech-recognition"),
    ("ForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("WhisperForConditionalGeneration", "automatic-speech-recognition"),
    ("ForObjectDetection", "object-detection"),
    ("ForDepthEstimation", "depth-estimation"),
    ("ForSemanticSegmentation", "image-segmentation"),
    ("ForImageSegmentation", "image-segmentation"),
    ("ForVideoClassification", "video-classification"),
    ("ForConditionalGeneration", "text2text-generation"),
    ("Model", FEATURE_EXTRACTION),
)


def pipeline_task(task: str) -> str:
    return PIPELINE_TASKS.get(task, task)


def is_llm(task: str | None) -> bool:
    return task in PIPELINE_TASKS


def check_llm(task: str, of_pipeline: str) -> None:
    """InvalidValue unless the pipeline can do the LLM task."""
    if task.startswith("llm/") and task not in PIPELINE_TASKS:
        raise InvalidValue("task", task, f"LLM tasks are {', '.join(PIPELINE_TASKS)}.")
    if is_llm(task) and PIPELINE_TASKS[task] != of_pipeline:
        able = [name for name, needed in PIPELINE_TASKS.items() if needed == of_pipeline]
        has = f"a {of_pipeline} pipeline can be {' or '.join(able)}" if able else f"{of_pipeline} pipelines have none"
        raise InvalidValue("task", task, f"it needs a {PIPELINE_TASKS[task]} pipeline; {has}.")


def task_of_class(class_name: str) -> str:
    for ending, task in _TASK_BY_CLASS:
        if class_name.endswith(ending):
            return task
    raise InvalidValue("task", None, f"a {class_name} doesn't say what it is for; name a pipeline's task.")


def has_pyfunc(pipeline_type: str, model_type: str) -> bool:
    return pipeline_type not in WITHOUT_PYFUNC and not model_type.startswith(_MODELS_WITHOUT_PYFUNC)


def check_template(template: Any, task: str) -> None:
    if task not in TEMPLATED:
        raise InvalidValue(
            "prompt_template", template, f"tasks with a template are {', '.join(TEMPLATED)}, not {task}."
        )
    allowed = "a string with {prompt} in it once, and no other placeholder."
    if not isinstance(template, str):
        raise InvalidValue("prompt_template", template, allowed)
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError as error:
        raise InvalidValue("prompt_template", template, f"{allowed} ({error})") from None
    if names != ["prompt"]:
        raise InvalidValue("prompt_template", template, allowed)


def default_signature(task: str) -> ModelSignature | None:
    """What the pipeline takes and gives where no example says it better."""
    base = "translation" if task.startswith("translation") else task
    make = _SIGNATURES.get(base)
    if make is None:
        return None
    inputs, outputs = make
    return ModelSignature(_columns(inputs), _columns(outputs) if outputs else _vector())


_TEXT = "string"
_SIGNATURES: dict[str, tuple[str, str]] = {
    "token-classification": (_TEXT, _TEXT),
    "translation": (_TEXT, _TEXT),
    TEXT_GENERATION: (_TEXT, _TEXT),
    "text2text-generation": (_TEXT, _TEXT),
    "conversational": (_TEXT, _TEXT),
    "fill-mask": (_TEXT, _TEXT),
    "summarization": (_TEXT, _TEXT),
    "text-classification": (_TEXT, "label:string score:double"),
    "image-classification": (_TEXT, "label:string score:double"),
    "zero-shot-classification": (
        "sequences:string candidate_labels:string hypothesis_template:string",
        "sequence:string labels:string scores:double",
    ),
    "automatic-speech-recognition": ("binary", _TEXT),
    "audio-classification": ("binary", "score:double label:string"),
    "table-question-answering": ("query:string table:string", _TEXT),
    "question-answering": ("question:string context:string", _TEXT),
    FEATURE_EXTRACTION: (_TEXT, ""),
}


def _columns(text: str) -> Schema:
    columns = []
    for word in text.split():
        name, _, kind = word.rpartition(":")
        columns.append(ColSpec(DataType[kind], name or None))
    return Schema(columns)


def _vector() -> Schema:
    import numpy as np

    return Schema([TensorSpec(np.dtype("float64"), (-1,), "double")])
