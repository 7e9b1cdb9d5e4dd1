"""One look at what a model was asked: samples in, report out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from headrace import clock
from headrace.errors import InvalidState, NotFound
from headrace.monitoring.compare import compare
from headrace.monitoring.gather import Gathered, Read, gather
from headrace.monitoring.report import Limits, Report
from headrace.packaging.mlmodel import Model
from headrace.packaging.profile import Profile
from headrace.packaging.profile import read as read_profile
from headrace.serving.samples import Sample
from headrace.serving.samples import read as read_samples


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A served version. uri: its address; name: of its deployment; label: of the revision; folder: of the model on this
    machine. any_revision: looks at requests to all versions of the name."""

    uri: str
    name: str
    label: str
    folder: Path
    any_revision: bool = False

    @property
    def model(self) -> Model:
        return Model.load(self.folder)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What is compared with. name: for people."""

    name: str
    profile: Profile


@dataclass(frozen=True, kw_only=True)
class Look:
    report: Report
    reference: Reference
    gathered: Gathered


def look(
    watched: Watched,
    samples: Path,
    limits: Limits,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
    reference: Reference | None = None,
) -> Look:
    """reference: the profile that the model was saved with, if None. NotFound where no request in that time was kept;
    InvalidState where there is nothing to compare with."""
    known = reference or kept_reference(watched)
    gathered = gather(_of(watched, samples, since_ms, until_ms), watched.model, limits.least_rows)
    if not gathered.traffic.requests:
        raise _nothing(watched, samples, since_ms, until_ms)
    findings = compare(known.profile, gathered.profile, limits)
    report = Report(
        model=watched.uri,
        revision=watched.label,
        at_ms=clock.now_ms(),
        reference=known.name,
        limits=limits,
        traffic=gathered.traffic,
        findings=findings,
        alarms=[],
    )
    return Look(report=with_alarms(report), reference=known, gathered=gathered)


def kept_reference(watched: Watched) -> Reference:
    found = read_profile(watched.folder)
    if found is None:
        raise InvalidState(
            message=f"{watched.uri} was saved without a profile of its training data, so there is nothing to compare "
            "with. Save it with training_data=…, or give --reference FILE, or --reference-until TIME to compare with "
            "earlier requests."
        )
    return Reference(name="its training data", profile=found)


def earlier_reference(watched: Watched, samples: Path, since_ms: int | None, until_ms: int) -> Reference:
    """Requests that came before: for models without a profile, for answers, and for tokens."""
    gathered = gather(_of(watched, samples, since_ms, until_ms), watched.model, Limits().least_rows)
    if not gathered.traffic.requests:
        raise _nothing(watched, samples, since_ms, until_ms)
    return Reference(name=f"{gathered.traffic.requests:,} earlier requests", profile=gathered.profile)


def with_alarms(report: Report) -> Report:
    alarms = [f"{finding.side} {finding.column}: {finding.why}" for finding in report.drifted]
    traffic, limits = report.traffic, report.limits
    if traffic.requests >= limits.least_rows and traffic.refused_share >= limits.refused:
        fields = ", ".join(traffic.refused_fields)
        named = f" (fields {fields})" if fields else ""
        alarms.append(f"requests: {traffic.refused_share:.1%} were refused{named}, limit {limits.refused:.1%}")
    return msgspec.structs.replace(report, alarms=alarms)


def _of(watched: Watched, samples: Path, since_ms: int | None, until_ms: int | None) -> Read:
    def read() -> Iterator[Sample]:
        for sample in read_samples(samples, since_ms, until_ms):
            if sample.deployment == watched.name and (watched.any_revision or sample.revision == watched.label):
                yield sample

    return read


def _nothing(watched: Watched, samples: Path, since_ms: int | None, until_ms: int | None) -> NotFound:
    there = Counter(
        f"{sample.deployment} (revision {sample.revision})"
        for sample in read_samples(samples, since_ms, until_ms)
        if sample.deployment
    )
    known = ", ".join(f"{name}: {count:,}" for name, count in there.most_common(5))
    hint = f"There are those of {known}." if known else "There are none at all of that time."
    return NotFound("sample of a request", f"{watched.name} (revision {watched.label})", by="model", hint=hint)
