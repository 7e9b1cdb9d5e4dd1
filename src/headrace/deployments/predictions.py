"""Requests to a model's server, and what it answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from headrace.client.json_service import JsonService
from headrace.errors import InvalidValue
from headrace.lazy import optional_import
from headrace.packaging.serving_input import serving_input_of

_FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs", "messages", "prompt", "input")
_EVENT = b"data:"


class PredictionsResponse(dict[str, Any]):
    """The answer of /invocations, as MLflow's client gives it."""

    def get_predictions(self, predictions_format: str = "dataframe", dtype: Any = None) -> Any:
        """predictions_format: dataframe or ndarray; dtype: of the latter."""
        found = self["predictions"]
        if predictions_format == "ndarray":
            import numpy as np

            return np.array(found, dtype)
        if predictions_format != "dataframe":
            raise InvalidValue("predictions_format", predictions_format, "dataframe or ndarray.")
        pandas = optional_import("pandas", extra="pandas")
        if isinstance(found, str):
            return pandas.DataFrame([found])
        scalars = isinstance(found, dict) and not any(isinstance(each, list) for each in found.values())
        return pandas.DataFrame([found]) if scalars else pandas.DataFrame(found)

    def to_json(self, path: str | Path | None = None) -> str | None:
        """The text; or None, where it is written to a file."""
        if path is None:
            return json.dumps(self)
        Path(path).write_text(json.dumps(self), encoding="utf-8")
        return None

    @classmethod
    def from_json(cls, json_str: str) -> PredictionsResponse:
        try:
            found = json.loads(json_str)
        except ValueError as error:
            raise InvalidValue("json_str", json_str, f"it isn't JSON: {error}.") from None
        if not isinstance(found, dict) or "predictions" not in found:
            raise InvalidValue("json_str", json_str, "an object with the key predictions.")
        return cls(found)


def body_of(inputs: Any) -> Any:
    """What a scoring server is sent: a request as it is, anything else as an example of it would be."""
    if isinstance(inputs, str | bytes):
        try:
            return json.loads(inputs)
        except ValueError as error:
            raise InvalidValue("inputs", inputs, f"text must be JSON: {error}.") from None
    if isinstance(inputs, Mapping) and any(form in inputs for form in _FORMS):
        return dict(inputs)
    return json.loads(serving_input_of(inputs))


def ask(url: str, inputs: Any, headers: Mapping[str, str] | None = None) -> Any:
    """Of a model's server: PredictionsResponse, or for chat models what they answer."""
    service = JsonService("The deployment", url, headers)
    try:
        found = service.post("/invocations", body_of(inputs))
    finally:
        service.close()
    return PredictionsResponse(found) if isinstance(found, dict) and "predictions" in found else found


def ask_for_stream(url: str, inputs: Any, headers: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """The events of a streamed answer; ServiceError where one tells of an error."""
    service = JsonService("The deployment", url, headers)
    try:
        for line in service.stream_lines("/invocations", {**body_of(inputs), "stream": True}):
            if line.startswith(_EVENT) and line.removeprefix(_EVENT).strip() != b"[DONE]":
                yield json.loads(line.removeprefix(_EVENT))
    finally:
        service.close()
