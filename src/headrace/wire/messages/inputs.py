from __future__ import annotations

from headrace.wire.messages.fields import Answer, Int64, KeyValueAnswer, Request, RunAddress, Text


class InputTagIn(Request, kw_only=True):
    key: Text
    value: Text


class DatasetIn(Request, kw_only=True):
    name: Text
    digest: Text
    source_type: Text
    source: Text
    schema: str | None = None
    profile: str | None = None


class DatasetInputIn(Request, kw_only=True):
    tags: list[InputTagIn] = []
    dataset: DatasetIn


class ModelInputIn(Request, kw_only=True):
    model_id: Text


class LogInputs(RunAddress, kw_only=True):
    datasets: list[DatasetInputIn] = []
    models: list[ModelInputIn] = []


class ModelOutputIn(Request, kw_only=True):
    model_id: Text
    step: Int64


class LogOutputs(RunAddress, kw_only=True):
    models: list[ModelOutputIn] = []


class DatasetMessage(Answer, kw_only=True):
    name: str
    digest: str
    source_type: str | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None


class DatasetInputMessage(Answer, kw_only=True):
    tags: list[KeyValueAnswer] = []
    dataset: DatasetMessage


class ModelInputMessage(Answer, kw_only=True):
    model_id: str


class ModelOutputMessage(Answer, kw_only=True):
    model_id: str
    step: int | None = None


class RunInputsMessage(Answer, kw_only=True):
    dataset_inputs: list[DatasetInputMessage] = []
    model_inputs: list[ModelInputMessage] = []


class RunOutputsMessage(Answer, kw_only=True):
    model_outputs: list[ModelOutputMessage] = []
