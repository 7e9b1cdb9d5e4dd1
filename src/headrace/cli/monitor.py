"""`headrace monitor`: whether what a served model is asked still looks like what it was trained on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headrace import clock, settings
from headrace.cli.group import Command
from headrace.cli.moments import moment_ms, span_s
from headrace.cli.output import say, show
from headrace.errors import HeadraceError, InvalidValue

if TYPE_CHECKING:
    from headrace.cli.monitor_alarm import Alarm
    from headrace.entities import Run
    from headrace.monitoring.report import Limits, Report
    from headrace.monitoring.watch import Look, Reference, Watched

DRIFT_STATUS = 3


@dataclass(frozen=True, kw_only=True)
class _Task:
    model: str
    samples: Path
    since: str | None
    until: str | None
    reference: str | None
    reference_until: str | None
    any_revision: bool
    limits: Limits


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    experiment: str | None
    recorded: bool
    picture: Path | None


@click.command(
    "monitor",
    cls=Command,
    examples=[
        "headrace monitor models:/wine@champion --samples ./samples --since 24h",
        "headrace monitor models:/wine/3 --samples ./samples --reference training.parquet --limit alcohol=0.1",
        "headrace monitor models:/phi3@champion --samples ./samples --reference-until yesterday",
        "headrace monitor models:/wine@champion --samples ./samples --since 1h --every 10m --webhook https://…",
    ],
)
@click.argument("model", metavar="[NAME=]URI")
@click.option(
    "--samples",
    metavar="DIR",
    envvar=settings.SAMPLES_DIR.names[0],
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where `models serve --samples` keeps requests; also HEADRACE_SAMPLES.",
)
@click.option("--since", metavar="TIME", help="Requests from then on: 90m, 24h, 7d ago, or a date. [default: all]")
@click.option("--until", metavar="TIME", help="Requests before then.")
@click.option(
    "--reference",
    metavar="FILE",
    type=click.Path(exists=True),
    help="Compare with this data (CSV, Parquet, JSON) or profile, not with the profile in the model.",
)
@click.option("--reference-until", metavar="TIME", help="Compare with requests before then; they aren't looked at.")
@click.option("--any-revision", is_flag=True, help="Requests to all versions of the name, not only to this one.")
@click.option("--psi", type=click.FloatRange(0), default=0.2, show_default=True, help="Limit of a column's PSI.")
@click.option("--limit", "columns", metavar="COLUMN=PSI", multiple=True, help="Limit of one column; may be repeated.")
@click.option("--ignore", "ignored", metavar="COLUMN", multiple=True, help="Leave a column out; may be repeated.")
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.01,
    show_default=True,
    help="Limit of p-values, which are adjusted for their number.",
)
@click.option(
    "--missing",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Limit of the difference between shares of missing values.",
)
@click.option(
    "--refused",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help="Limit of the share of requests that the model refused.",
)
@click.option(
    "--least-rows",
    type=click.IntRange(2),
    default=100,
    show_default=True,
    help="Fewer rows than these are not judged.",
)
@click.option(
    "--experiment", metavar="NAME", help="Where the run of what was found is kept. [default: monitoring/NAME]"
)
@click.option("--no-record", is_flag=True, help="Keep no run.")
@click.option(
    "--picture", metavar="FILE.png", type=click.Path(dir_okay=False, path_type=Path), help="Draw it there too."
)
@click.option("--webhook", metavar="URL", help="Address that is told of drift, by a signed POST.")
@click.option("--every", metavar="SPAN", callback=span_s, help="Look again and again, until Ctrl-C.")
@click.pass_context
def monitor(
    context: click.Context,
    model: str,
    samples: Path,
    since: str | None,
    until: str | None,
    reference: str | None,
    reference_until: str | None,
    any_revision: bool,
    psi: float,
    columns: tuple[str, ...],
    ignored: tuple[str, ...],
    alpha: float,
    missing: float,
    refused: float,
    least_rows: int,
    experiment: str | None,
    no_record: bool,
    picture: Path | None,
    webhook: str | None,
    every: float | None,
) -> None:
    """Compare what a served model was asked with its training data, column by column.

    A column has drifted where a test says that the difference is no accident and PSI says that it matters. Exit status
    3 if something has drifted.
    """
    from headrace.cli.monitor_alarm import Alarm, check
    from headrace.monitoring.report import Limits

    limits = Limits(
        psi=psi,
        alpha=alpha,
        missing=missing,
        refused=refused,
        least_rows=least_rows,
        columns=_limits(columns),
        ignored=ignored,
    )
    task = _Task(
        model=model,
        samples=samples,
        since=since,
        until=until,
        reference=reference,
        reference_until=reference_until,
        any_revision=any_revision,
        limits=limits,
    )
    for option, text in (("--since", since), ("--until", until), ("--reference-until", reference_until)):
        moment_ms(option, text)
    if reference and reference_until:
        raise InvalidValue("--reference-until", reference_until, "give --reference or --reference-until, not both.")
    if webhook is not None:
        check(webhook)
    alarm = None if webhook is None else Alarm(webhook)
    outcome = _Outcome(experiment=experiment, recorded=not no_record, picture=picture)
    while True:
        alarms = _one(task, alarm, outcome, goes_on=every is not None)
        if every is None:
            break
        clock.sleep_s(every)
    context.exit(DRIFT_STATUS if alarms else 0)


def _one(task: _Task, alarm: Alarm | None, outcome: _Outcome, *, goes_on: bool) -> bool:
    """One look, told everywhere; whether there is an alarm. goes_on: an error is told, and the next look may do."""
    from headrace.cli.monitor_shown import shown

    try:
        with _watched(task) as watched:
            found = _look(task, watched)
            run = _kept(watched, found, outcome)
        show(_as_record(found.report, run), lambda: shown(found.report, run))
        if alarm is not None:
            alarm.tell(found.report, run)
    except HeadraceError as error:
        if not goes_on:
            raise
        say(error.message)
        return False
    return bool(found.report.alarms)


def _kept(watched: Watched, found: Look, outcome: _Outcome) -> Run | None:
    """The picture and the run, where they are wanted."""
    from headrace.monitoring.picture import draw
    from headrace.monitoring.record import record

    if outcome.picture is None and not outcome.recorded:
        return None
    image = draw(found.report, found.reference.profile, found.gathered.profile, found.gathered.windows)
    if outcome.picture is not None:
        _written(outcome.picture, image)
    if not outcome.recorded:
        return None
    model_id = watched.model.model_id
    return record(found.report, image, name=watched.name, experiment=outcome.experiment, model_id=model_id)


def _look(task: _Task, watched: Watched) -> Look:
    from headrace.monitoring.watch import earlier_reference, look

    since_ms, until_ms = moment_ms("--since", task.since), moment_ms("--until", task.until)
    reference = None
    if task.reference is not None:
        reference = _file_reference(task.reference, watched)
    elif task.reference_until is not None:
        split_ms = moment_ms("--reference-until", task.reference_until)
        assert split_ms is not None
        reference = earlier_reference(watched, task.samples, None, split_ms)
        since_ms = max(split_ms, since_ms or 0)
    return look(watched, task.samples, task.limits, since_ms=since_ms, until_ms=until_ms, reference=reference)


@contextmanager
def _watched(task: _Task) -> Iterator[Watched]:
    """An alias may have moved since the last look. What was downloaded goes afterwards: there may be many looks."""
    from headrace.cli.served_models import source_of
    from headrace.cli.serving import name_and_uri
    from headrace.client import temporary
    from headrace.monitoring.watch import Watched

    name, uri = name_and_uri(task.model)
    now = source_of(uri, follow=False).now()
    try:
        yield Watched(uri=uri, name=name, label=now.label, folder=now.path, any_revision=task.any_revision)
    finally:
        temporary.remove_around(now.path)


def _file_reference(path: str, watched: Watched) -> Reference:
    """A profile's JSON as it is; data as the model's signature reads them."""
    import msgspec

    from headrace.monitoring.watch import Reference
    from headrace.packaging.payload.request import CONTENT_TYPES, decode
    from headrace.packaging.profile import Profile, profile_by

    content = Path(path).read_bytes()
    ending = Path(path).suffix.lower().lstrip(".")
    if ending == "json":
        try:
            return Reference(name=path, profile=msgspec.json.decode(content, type=Profile))
        except msgspec.MsgspecError:
            pass  # then it is data
    if ending not in CONTENT_TYPES:
        raise InvalidValue("--reference", path, f"its name must end in one of {', '.join(CONTENT_TYPES)}.")
    model = watched.model
    data = decode(ending, content, model).data
    return Reference(name=path, profile=profile_by(model.signature.inputs if model.signature else None, data))


def _as_record(report: Report, run: Run | None) -> dict[str, object]:
    import msgspec

    return {**msgspec.to_builtins(report), "run_id": run.info.run_id if run else None}


def _written(place: Path, image: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(image)
    except OSError as error:
        raise InvalidValue("--picture", str(place), f"it can't be written: {error.strerror}.") from error


def _limits(given: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in given:
        column, _, limit = text.rpartition("=")
        try:
            found[column] = float(limit)
        except ValueError:
            found[column] = math.nan
        if not column or not found[column] >= 0:  # NaN isn't, either
            raise InvalidValue("--limit", text, "write COLUMN=PSI, as alcohol=0.1.")
    return found
