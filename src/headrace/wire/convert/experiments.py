from __future__ import annotations

from collections.abc import Iterable, Mapping

from headrace.entities import DatasetSummary, Experiment, ExperimentTag
from headrace.wire.messages.experiments import DatasetSummaryMessage, ExperimentMessage
from headrace.wire.messages.fields import KeyValue, KeyValueAnswer


def pairs(items: Mapping[str, str]) -> list[KeyValueAnswer]:
    return [KeyValueAnswer(key=key, value=value) for key, value in items.items()]


def mapping(items: Iterable[KeyValueAnswer]) -> dict[str, str]:
    return {item.key: item.value or "" for item in items}


def experiment_message(experiment: Experiment) -> ExperimentMessage:
    return ExperimentMessage(
        experiment_id=experiment.experiment_id,
        name=experiment.name,
        artifact_location=experiment.artifact_location,
        lifecycle_stage=experiment.lifecycle_stage,
        last_update_time=experiment.last_update_time,
        creation_time=experiment.creation_time,
        tags=pairs(experiment.tags),
    )


def experiment(message: ExperimentMessage) -> Experiment:
    return Experiment(
        experiment_id=message.experiment_id,
        name=message.name or "",
        artifact_location=message.artifact_location or "",
        lifecycle_stage=message.lifecycle_stage or "active",
        tags=mapping(message.tags),
        creation_time=message.creation_time,
        last_update_time=message.last_update_time,
    )


def experiment_tags(tags: Iterable[KeyValue]) -> list[ExperimentTag]:
    return [ExperimentTag(tag.key, tag.value) for tag in tags]


def experiment_tag_fields(tags: Iterable[ExperimentTag]) -> list[KeyValue]:
    return [KeyValue(key=tag.key, value=tag.value) for tag in tags]


def dataset_summary_message(summary: DatasetSummary) -> DatasetSummaryMessage:
    return DatasetSummaryMessage(
        experiment_id=summary.experiment_id, name=summary.name, digest=summary.digest, context=summary.context
    )


def dataset_summary(message: DatasetSummaryMessage) -> DatasetSummary:
    return DatasetSummary(message.experiment_id, message.name, message.digest, message.context)
