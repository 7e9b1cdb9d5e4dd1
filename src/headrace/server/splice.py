"""Ready JSON of a run (`stores.documents`) put into an answer as it is."""

from __future__ import annotations

from typing import cast

import msgspec

from headrace.stores.documents import RunDocument
from headrace.wire.convert.inputs import inputs_message, outputs_message
from headrace.wire.convert.runs import run_info_message
from headrace.wire.messages.fields import KeyValueAnswer
from headrace.wire.messages.metrics import MetricMessage
from headrace.wire.messages.runs import RunDataMessage, RunMessage


def run_document_message(document: RunDocument) -> RunMessage:
    return RunMessage(
        info=run_info_message(document.info),
        # The encoder writes Raw as it is; the fields' types are those of whoever reads the answer.
        data=RunDataMessage(
            metrics=cast(list[MetricMessage], _items(document.metrics)),
            params=cast(list[KeyValueAnswer], _items(document.params)),
            tags=cast(list[KeyValueAnswer], _items(document.tags)),
        ),
        inputs=inputs_message(document.inputs),
        outputs=outputs_message(document.outputs),
    )


def _items(array: msgspec.Raw) -> object:
    return [] if len(memoryview(array)) <= 2 else array  # an empty array is left out of the answer
