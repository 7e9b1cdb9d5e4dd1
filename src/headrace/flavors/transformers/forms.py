"""What each kind of pipeline takes and gives as a pyfunc model; MLflow's forms, so that answers are the same.

Inputs come as a string, a list of strings, a dict, a list of dicts or a frame. A pipeline is known by its class's name,
or its ancestors', as versions differ in what they have. Other pipelines get inputs as they come and give what
they give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

from headrace.errors import InvalidValue, shown
from headrace.flavors.transformers import media
from headrace.flavors.transformers.records import is_chat, json_value, rows_of
from headrace.lazy import optional_import


class Form:
    """read: any input as a list, one an input. answer: of the pipeline for them."""

    def read(self, model_input: Any) -> list[Any]:
        return rows_of(model_input)

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        return _call(pipeline, inputs, arguments)


class Text(Form):
    """Texts in, texts out. key: of a result's text."""

    def __init__(self, key: str = "") -> None:
        self.key = key

    def read(self, model_input: Any) -> list[Any]:
        return [self._text(row) for row in rows_of(model_input)]

    def _text(self, row: Any) -> Any:
        value = next(iter(row.values()), None) if isinstance(row, Mapping) else row
        if not isinstance(value, str):
            raise InvalidValue("inputs", value, "a string, or a list or frame of strings.")
        return value

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        return [str(result[self.key]).strip() for result in _flat(_call(pipeline, inputs, arguments))]


class PairedText(Text):
    """Named parts of an input become one text, as T5 models are trained: `question: … context: …`."""

    def _text(self, row: Any) -> Any:
        if isinstance(row, Mapping) and all(isinstance(name, str) for name in row) and "inputs" not in row:
            return " ".join(f"{name}: {value}" for name, value in row.items())
        return super()._text(row)


class Generation(Text):
    """collapse_whitespace: runs of it become one space. include_prompt: False leaves out what was asked."""

    def read(self, model_input: Any) -> list[Any]:
        if is_chat(model_input):
            return [model_input]
        return super().read(model_input)

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        given = dict(arguments)
        collapse = given.pop("collapse_whitespace", False)
        if given.pop("include_prompt", True) is False:
            given.setdefault("return_full_text", False)
        found = []
        for result in _flat(_call(pipeline, inputs, given)):
            text = result["generated_text"]
            if isinstance(text, list):  # a chat, the answer last
                text = text[-1]["content"]
            found.append((re.sub(r"\s+", " ", text) if collapse else text).strip())
        return found


class FillMask(Text):
    """The likeliest token of each input; a list of them where an input has several gaps."""

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        if len(inputs) == 1:  # of a list of one, versions differ in what they give
            return [self._best(_call(pipeline, inputs[0], arguments))]
        return [self._best(result) for result in _call(pipeline, inputs, arguments)]

    def _best(self, result: Sequence[Any]) -> Any:
        if isinstance(result[0], Mapping):
            return str(result[0]["token_str"]).strip()
        return [str(gap[0]["token_str"]).strip() for gap in result]


class TextClassification(Form):
    def read(self, model_input: Any) -> list[Any]:
        return [self._text(row) for row in rows_of(model_input)]

    def _text(self, row: Any) -> Any:
        if isinstance(row, Mapping):
            if "text" in row and set(row) <= {"text", "text_pair"}:
                return dict(row)
            if len(row) == 1:
                row = next(iter(row.values()))
        if isinstance(row, str):
            pair = json_value(row) if row.lstrip().startswith("{") else None
            return pair if isinstance(pair, dict) and set(pair) <= {"text", "text_pair"} else row
        raise InvalidValue("inputs", row, "a string, or a dict of 'text' and 'text_pair'; or a list of those.")

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        return _frame(_call(pipeline, inputs, arguments))


class TokenClassification(Text):
    """The entities of each input, in order, with commas between."""

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        results = _call(pipeline, inputs, arguments)
        if len(inputs) == 1 and (not results or isinstance(results[0], Mapping)):
            results = [results]
        return [",".join(str(part.get("entity_group", part.get("entity"))) for part in result) for result in results]


class ZeroShot(Form):
    """Columns sequences, candidate_labels (a list, or one as JSON) and hypothesis_template; a row for each label."""

    def read(self, model_input: Any) -> list[Any]:
        rows = rows_of(model_input)
        for row in rows:
            if not isinstance(row, Mapping) or not {"sequences", "candidate_labels"} <= set(row):
                raise InvalidValue("inputs", row, "a dict, or rows, of 'sequences' and 'candidate_labels'.")
        return [{**row, "candidate_labels": json_value(row["candidate_labels"])} for row in rows]

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        found = []
        for (labels, template), rows in groupby(inputs, key=_alike):
            sequences: list[str] = []
            for row in rows:
                value = row["sequences"]
                sequences += [value] if isinstance(value, str) else list(value)
            more = {"hypothesis_template": template} if template else {}
            given = {**arguments, "candidate_labels": list(labels), **more}
            for result in _flat(_call(pipeline, sequences, given)):
                found += [
                    {"sequence": result["sequence"], "labels": label, "scores": score}
                    for label, score in zip(result["labels"], result["scores"], strict=True)
                ]
        return _frame(found)


def _alike(row: Mapping[str, Any]) -> tuple[tuple[str, ...], Any]:
    labels = row["candidate_labels"]
    if isinstance(labels, str):
        labels = [label.strip() for label in labels.split(",")]
    return tuple(map(str, labels)), row.get("hypothesis_template")


class FeatureExtraction(Text):
    """An array (tokens, width) of one text; a list of those of several."""

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        import numpy as np

        arrays = [np.array(result)[0] for result in _call(pipeline, inputs, arguments)]
        return arrays[0] if len(arrays) == 1 else arrays


class QuestionAnswering(Form):
    def read(self, model_input: Any) -> list[Any]:
        rows = rows_of(model_input)
        for row in rows:
            if not isinstance(row, Mapping) or not {"question", "context"} <= set(row):
                raise InvalidValue("inputs", row, "a dict, or rows, of 'question' and 'context'.")
        return [{"question": row["question"], "context": row["context"]} for row in rows]

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        return [str(result["answer"]).strip() for result in _flat(_call(pipeline, inputs, arguments))]


class TableQuestionAnswering(Form):
    """query: a question or a list of them; table: column → cells, or that as JSON."""

    def read(self, model_input: Any) -> list[Any]:
        rows = rows_of(model_input)
        for row in rows:
            if not isinstance(row, Mapping) or not {"query", "table"} <= set(row):
                raise InvalidValue("inputs", row, "a dict, or rows, of 'query' and 'table'.")
        return [{"query": row["query"], "table": json_value(row["table"])} for row in rows]

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        found: list[str] = []
        for row in inputs:
            results = _call(pipeline, {"table": row["table"], "query": row["query"]}, arguments)
            found += [str(result["answer"]).strip() for result in _flat(results)]
        return found


class Speech(Form):
    """The text; as JSON with its times where `return_timestamps` asks for words or characters."""

    def read(self, model_input: Any) -> list[Any]:
        return [media.audio(row) for row in rows_of(model_input)]

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        import json

        results = _call(pipeline, inputs, arguments)
        if arguments.get("return_timestamps") in ("word", "char"):
            return json.dumps(results[0] if len(inputs) == 1 else results)
        return [str(result["text"]).strip() for result in _flat(results)]


class AudioClassification(Speech):
    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        results = _call(pipeline, inputs, arguments)
        return _frame(results[0] if len(inputs) == 1 else results)


class ImageClassification(Form):
    def read(self, model_input: Any) -> list[Any]:
        return [media.image(row) for row in rows_of(model_input)]

    def answer(self, pipeline: Any, inputs: list[Any], arguments: Mapping[str, Any]) -> Any:
        return _frame(_call(pipeline, inputs, arguments))


_FORMS: dict[str, Callable[[], Form]] = {
    "TranslationPipeline": lambda: Text("translation_text"),
    "SummarizationPipeline": lambda: Text("summary_text"),
    "Text2TextGenerationPipeline": lambda: PairedText("generated_text"),
    "TextGenerationPipeline": Generation,
    "FillMaskPipeline": FillMask,
    "TextClassificationPipeline": TextClassification,
    "TokenClassificationPipeline": TokenClassification,
    "ZeroShotClassificationPipeline": ZeroShot,
    "FeatureExtractionPipeline": FeatureExtraction,
    "QuestionAnsweringPipeline": QuestionAnswering,
    "TableQuestionAnsweringPipeline": TableQuestionAnswering,
    "AutomaticSpeechRecognitionPipeline": Speech,
    "AudioClassificationPipeline": AudioClassification,
    "ImageClassificationPipeline": ImageClassification,
}


def form_of(pipeline: Any) -> Form:
    names = (kind.__name__ for kind in type(pipeline).__mro__)
    make = next((_FORMS[name] for name in names if name in _FORMS), Form)
    return make()


def _call(pipeline: Any, inputs: Any, arguments: Mapping[str, Any]) -> Any:
    try:
        return pipeline(inputs, **arguments)
    except (ValueError, TypeError) as error:
        text = str(error)
        # transformers looks at the arguments of a call here and there, and says it so.
        if arguments and ("model_kwargs" in text or "unexpected keyword argument" in text):
            raise InvalidValue(
                message=f"Of the arguments {shown(dict(arguments))} (params and model_config), a "
                f"{type(pipeline).__name__} refuses some: {text}"
            ) from error
        raise


def _flat(results: Any) -> list[Any]:
    """Of one input or several, with one answer each or several."""
    if isinstance(results, Mapping):
        return [results]
    found: list[Any] = []
    for result in results:
        found += result if isinstance(result, list) else [result]
    return found


def _frame(results: Any) -> Any:
    pandas = optional_import("pandas", extra="pandas", why="answers of this pipeline are a frame")
    return pandas.DataFrame(results)
