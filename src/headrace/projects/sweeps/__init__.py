"""Sweeps: many runs of one project, below one parent run, that differ in their parameters.

What is varied (`space`) and how (`plan`) is checked and kept in the parent's tags; a proposer (`proposals`) says which
parameters come next; the `conductor` runs them, some at a time; the parent gets a `summary`. All that a sweep knows
stands in its runs: it can be stopped at any time, also by a power cut, and go on from any machine that has the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["SweepResult", "Trial", "resume", "sweep"]

if TYPE_CHECKING:
    from headrace.projects.sweeps.outcome import SweepResult
    from headrace.projects.sweeps.start import resume, sweep
    from headrace.projects.sweeps.trial import Trial
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "SweepResult": "headrace.projects.sweeps.outcome:SweepResult",
            "Trial": "headrace.projects.sweeps.trial:Trial",
            "resume": "headrace.projects.sweeps.start:resume",
            "sweep": "headrace.projects.sweeps.start:sweep",
        },
    )
