from __future__ import annotations

from headrace.entities import Changes, MetricSummary, RunChange, RunGroup
from headrace.wire.convert.numbers import double_in, double_out
from headrace.wire.messages.fields import Double
from headrace.wire.messages.live import ChangesAnswer, MetricSummaryMessage, RunChangeMessage, RunGroupMessage


def changes_answer(changes: Changes) -> ChangesAnswer:
    return ChangesAnswer(
        cursor=changes.cursor,
        runs=[
            RunChangeMessage(run_id=item.run_id, experiment_id=item.experiment_id, rewinds=item.rewinds)
            for item in changes.runs
        ],
        more=changes.more,
    )


def changes(answer: ChangesAnswer) -> Changes:
    runs = [RunChange(item.run_id, item.experiment_id, rewinds=item.rewinds) for item in answer.runs]
    return Changes(answer.cursor, runs, answer.more)


def _out(value: float | None) -> Double | None:
    return None if value is None else double_out(value)


def _in(value: Double | None) -> float | None:
    return None if value is None else double_in(value)


def run_group_message(group: RunGroup) -> RunGroupMessage:
    return RunGroupMessage(
        values=group.values,
        run_count=group.run_count,
        metrics={
            key: MetricSummaryMessage(
                count=item.count, minimum=_out(item.minimum), maximum=_out(item.maximum), mean=_out(item.mean)
            )
            for key, item in group.metrics.items()
        },
    )


def run_group(message: RunGroupMessage) -> RunGroup:
    return RunGroup(
        message.values,
        message.run_count,
        {
            key: MetricSummary(item.count, _in(item.minimum), _in(item.maximum), _in(item.mean))
            for key, item in message.metrics.items()
        },
    )
