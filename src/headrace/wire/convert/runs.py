from __future__ import annotations

from collections.abc import Iterable, Sequence

from headrace.entities import Metric, Param, Projection, Run, RunData, RunInfo, RunTag
from headrace.wire.convert.experiments import mapping, pairs
from headrace.wire.convert.inputs import inputs, inputs_message, outputs, outputs_message
from headrace.wire.convert.metrics import metric_messages, metrics
from headrace.wire.messages.fields import KeyValue
from headrace.wire.messages.runs import (
    LogBatchOut,
    ProjectRuns,
    RunDataMessage,
    RunInfoMessage,
    RunMessage,
)


def run_info_message(info: RunInfo) -> RunInfoMessage:
    return RunInfoMessage(
        run_uuid=info.run_id,
        experiment_id=info.experiment_id,
        run_name=info.run_name,
        user_id=info.user_id,
        status=info.status,
        start_time=info.start_time,
        end_time=info.end_time,
        artifact_uri=info.artifact_uri,
        lifecycle_stage=info.lifecycle_stage,
        run_id=info.run_id,
    )


def run_info(message: RunInfoMessage) -> RunInfo:
    return RunInfo(
        run_id=message.run_id or message.run_uuid or "",
        experiment_id=message.experiment_id or "",
        user_id=message.user_id or "",
        status=message.status or "RUNNING",
        start_time=message.start_time or 0,
        end_time=message.end_time,
        lifecycle_stage=message.lifecycle_stage or "active",
        artifact_uri=message.artifact_uri or "",
        run_name=message.run_name or "",
    )


def run_message(run: Run) -> RunMessage:
    return RunMessage(
        info=run_info_message(run.info),
        data=RunDataMessage(
            metrics=metric_messages(run.data.latest), params=pairs(run.data.params), tags=pairs(run.data.tags)
        ),
        inputs=inputs_message(run.inputs),
        outputs=outputs_message(run.outputs),
    )


def run(message: RunMessage) -> Run:
    data = message.data or RunDataMessage()
    return Run(
        run_info(message.info),
        RunData(metrics(data.metrics), mapping(data.params), mapping(data.tags)),
        inputs(message.inputs),
        outputs(message.outputs),
    )


def run_tags(tags: Iterable[KeyValue]) -> list[RunTag]:
    return [RunTag(tag.key, tag.value) for tag in tags]


def run_tag_fields(tags: Iterable[RunTag]) -> list[KeyValue]:
    return [KeyValue(key=tag.key, value=tag.value) for tag in tags]


def batch_request(
    run_id: str,
    metrics: Sequence[Metric] = (),
    params: Sequence[Param] = (),
    tags: Sequence[RunTag] = (),
) -> LogBatchOut:
    return LogBatchOut(run_id=run_id, metrics=metric_messages(metrics), params=list(params), tags=list(tags))


def projection(request: ProjectRuns) -> Projection:
    return Projection(request.metrics, request.params, request.tags, request.inputs)
