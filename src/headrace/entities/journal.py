"""What a journal of a logging process holds: one record for each call that writes, numbered from 1 by its writer.

A writer is one opening of a journal by one process; its id begins with the time of that (`clock.dated_hex_id`) and is
never used again. Records of one run that one writer made are applied in their order.
"""

from __future__ import annotations

import msgspec

from headrace.entities.dataset import DatasetInput
from headrace.entities.run import LoggedModelInput, LoggedModelOutput


class RunStarted(msgspec.Struct, frozen=True, array_like=True, tag="start"):
    """Makes the run, or takes it as it is if it is there. experiment_name: of the experiment, which is made if it is
    missing; experiment_id: of one that must exist. One of them is given."""

    run_id: str
    experiment_id: str | None = None
    experiment_name: str | None = None
    user_id: str = ""
    start_time: int = 0
    run_name: str | None = None
    tags: dict[str, str] = {}


class RunUpdated(msgspec.Struct, frozen=True, array_like=True, tag="update"):
    """joined_ms: set where the writer has opened the run again, and when: what it logs from then on comes after all
    rewinds of before."""

    run_id: str
    status: str | None = None
    end_time: int | None = None
    run_name: str | None = None
    joined_ms: int | None = None


class RunRewound(msgspec.Struct, frozen=True, array_like=True, tag="rewind"):
    """Hides the run's points of later steps than `step` that were logged before; the writer goes on from there.
    See `stores.amendments`."""

    run_id: str
    step: int
    rewound_ms: int
    who: str = ""


class PointsLogged(msgspec.Struct, frozen=True, array_like=True, tag="points"):
    """One call of log_metrics: values of keys at one step and time (ms)."""

    run_id: str
    keys: tuple[str, ...]
    values: tuple[float, ...]
    step: int
    timestamp: int
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class ParamsLogged(msgspec.Struct, frozen=True, array_like=True, tag="params"):
    run_id: str
    params: dict[str, str]


class ParamCorrected(msgspec.Struct, frozen=True, array_like=True, tag="correct"):
    """Gives a param that is there another value; the store keeps the old one beside it."""

    run_id: str
    key: str
    value: str
    corrected_ms: int
    who: str = ""
    reason: str = ""


class TagsSet(msgspec.Struct, frozen=True, array_like=True, tag="tags"):
    run_id: str
    tags: dict[str, str]


class TagRemoved(msgspec.Struct, frozen=True, array_like=True, tag="untag"):
    run_id: str
    key: str


class InputsLogged(msgspec.Struct, frozen=True, array_like=True, tag="inputs"):
    run_id: str
    datasets: list[DatasetInput] = []
    models: list[LoggedModelInput] = []


class OutputsLogged(msgspec.Struct, frozen=True, array_like=True, tag="outputs"):
    run_id: str
    models: list[LoggedModelOutput]


JournalRecord = (
    RunStarted
    | RunUpdated
    | RunRewound
    | PointsLogged
    | ParamsLogged
    | ParamCorrected
    | TagsSet
    | TagRemoved
    | InputsLogged
    | OutputsLogged
)


class RecordRefused(msgspec.Struct, frozen=True):
    """A record that no repetition would make acceptable: it was left out, and the mark has passed it."""

    record_id: int
    run_id: str
    error_code: str
    message: str


class JournalMark(msgspec.Struct, frozen=True):
    """mark: the id of the last record of the writer that is in the store, 0 for a writer that it doesn't know.
    refused: those among the records of this request."""

    mark: int
    refused: list[RecordRefused] = []
