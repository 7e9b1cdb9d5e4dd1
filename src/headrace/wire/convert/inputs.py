from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    RunInputs,
    RunOutputs,
)
from headrace.wire.messages.fields import KeyValueAnswer
from headrace.wire.messages.inputs import (
    DatasetIn,
    DatasetInputIn,
    DatasetInputMessage,
    DatasetMessage,
    InputTagIn,
    LogInputs,
    LogOutputs,
    ModelInputIn,
    ModelInputMessage,
    ModelOutputIn,
    ModelOutputMessage,
    RunInputsMessage,
    RunOutputsMessage,
)


def inputs_message(inputs: RunInputs) -> RunInputsMessage:
    return RunInputsMessage(
        dataset_inputs=[_dataset_input_message(item) for item in inputs.dataset_inputs],
        model_inputs=[ModelInputMessage(model_id=item.model_id) for item in inputs.model_inputs],
    )


def _dataset_input_message(item: DatasetInput) -> DatasetInputMessage:
    dataset = item.dataset
    return DatasetInputMessage(
        tags=[KeyValueAnswer(key=tag.key, value=tag.value) for tag in item.tags],
        dataset=DatasetMessage(
            name=dataset.name,
            digest=dataset.digest,
            source_type=dataset.source_type,
            source=dataset.source,
            schema=dataset.schema,
            profile=dataset.profile,
        ),
    )


def outputs_message(outputs: RunOutputs) -> RunOutputsMessage:
    return RunOutputsMessage(
        model_outputs=[ModelOutputMessage(model_id=item.model_id, step=item.step) for item in outputs.model_outputs]
    )


def inputs(message: RunInputsMessage | None) -> RunInputs:
    if message is None:
        return RunInputs()
    return RunInputs(
        [_dataset_input(item) for item in message.dataset_inputs],
        [LoggedModelInput(item.model_id) for item in message.model_inputs],
    )


def _dataset_input(item: DatasetInputMessage) -> DatasetInput:
    dataset = item.dataset
    return DatasetInput(
        Dataset(
            dataset.name,
            dataset.digest,
            dataset.source_type or "",
            dataset.source or "",
            dataset.schema,
            dataset.profile,
        ),
        [InputTag(tag.key, tag.value or "") for tag in item.tags],
    )


def outputs(message: RunOutputsMessage | None) -> RunOutputs:
    if message is None:
        return RunOutputs()
    return RunOutputs([LoggedModelOutput(item.model_id, item.step or 0) for item in message.model_outputs])


def datasets_of_request(items: Iterable[DatasetInputIn]) -> list[DatasetInput]:
    return [
        DatasetInput(
            Dataset(
                item.dataset.name,
                item.dataset.digest,
                item.dataset.source_type,
                item.dataset.source,
                item.dataset.schema,
                item.dataset.profile,
            ),
            [InputTag(tag.key, tag.value) for tag in item.tags],
        )
        for item in items
    ]


def inputs_request(
    run_id: str, datasets: Sequence[DatasetInput] = (), models: Sequence[LoggedModelInput] = ()
) -> LogInputs:
    return LogInputs(
        run_id=run_id,
        datasets=[
            DatasetInputIn(
                tags=[InputTagIn(key=tag.key, value=tag.value) for tag in item.tags],
                dataset=DatasetIn(
                    name=item.dataset.name,
                    digest=item.dataset.digest,
                    source_type=item.dataset.source_type,
                    source=item.dataset.source,
                    schema=item.dataset.schema,
                    profile=item.dataset.profile,
                ),
            )
            for item in datasets
        ],
        models=[ModelInputIn(model_id=item.model_id) for item in models],
    )


def outputs_request(run_id: str, models: Sequence[LoggedModelOutput]) -> LogOutputs:
    return LogOutputs(run_id=run_id, models=[ModelOutputIn(model_id=item.model_id, step=item.step) for item in models])
