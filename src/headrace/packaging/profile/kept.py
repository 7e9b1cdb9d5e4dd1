"""The profile that a model is saved with: of its training input, and of what the model predicts on some of it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from headrace import clock
from headrace.errors import HeadraceError
from headrace.packaging.profile.by_signature import fits, profile_by, wanted, with_outputs
from headrace.packaging.profile.profile import Profile, write
from headrace.packaging.signature import ModelSignature

PREDICTED_ROWS = 2_000  # of the training data, evenly spread: what the profile of the outputs is made from
GROWTH = 16  # from one try to the next
LOGGED_ROWS = 1_000_000  # of data that nobody asked to profile, evenly spread: a second's work
BUDGET_S = 5.0  # for predictions; a slow model is asked fewer rows

Predict = Callable[[Any], Any]


class NoProfile(UserWarning):
    """The model is saved, without all or a part of its profile."""


@dataclass(frozen=True)
class Logged:
    """Data that the run logged as its training input, without saying that this model was fitted on them: they count
    only where they have the columns that the model needs, and the model isn't asked."""

    data: Any


def keep(training_data: Any, signature: ModelSignature | None, folder: Path, predict: Predict | None) -> None:
    """training_data: a Profile, a Logged, or what `profile_by` takes. predict: the model; None profiles no outputs.

    A model that is trained isn't lost for its profile: data that can't be profiled are told by NoProfile.
    """
    schema = signature.inputs if signature else None
    if isinstance(training_data, Profile):
        write(training_data, folder)
        return
    try:
        if isinstance(training_data, Logged):
            if schema is not None and fits(schema, training_data.data):
                write(profile_by(schema, _some(training_data.data, LOGGED_ROWS)), folder)
            return
        made = profile_by(schema, training_data)
    except Exception as error:  # noqa: BLE001 — data of any library, and hours of training may be in the model
        reason = error.message if isinstance(error, HeadraceError) else f"{type(error).__name__}: {error}"
        warnings.warn(f"The model is saved without a profile of its training data: {reason}", NoProfile, stacklevel=2)
        return
    if predict is not None:
        made = _with_outputs(made, predict, wanted(schema, training_data))
    write(made, folder)


def _with_outputs(made: Profile, predict: Predict, data: Any) -> Profile:
    """Ever more rows while there is time, from one on: a language model may take a minute for a few."""
    started, rows = clock.monotonic_s(), 1
    try:
        while True:
            began = clock.monotonic_s()
            answer = predict(_some(data, rows))
            now = clock.monotonic_s()
            affordable = rows * (BUDGET_S - (now - started)) / max(now - began, 1e-6)
            more = int(min(rows * GROWTH, affordable, PREDICTED_ROWS, made.rows))
            if more <= rows:
                break
            rows = more
    except Exception as error:  # noqa: BLE001 — the user's code
        warnings.warn(
            f"The profile has no outputs, since the model fails on its training data: {type(error).__name__}: {error}",
            NoProfile,
            stacklevel=2,
        )
        return made
    return with_outputs(made, answer)


def _some(data: Any, most: int) -> Any:
    """Up to `most` rows of it, evenly spread."""
    if isinstance(data, Mapping):
        return {name: _some(values, most) for name, values in data.items()}
    rows = data.shape[0] if hasattr(data, "shape") and data.shape else len(data)
    if rows <= most:
        return data
    places = np.linspace(0, rows - 1, most).astype(np.int64)
    if hasattr(data, "iloc"):
        return data.iloc[places]
    if isinstance(data, (list, tuple)):
        return [data[place] for place in places.tolist()]
    return data[places]
