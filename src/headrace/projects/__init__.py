"""Projects: a folder, repository or archive of code with an MLproject file, run as a tracked run, here or elsewhere.

`run` makes one call of it: fetch the source (`source`), read the MLproject (`mlproject`), check and quote parameters
(`parameters`, `commands`), make the run with its tags (`tags`), and hand a `Launch` to a backend (`backends`). What
comes back is a `SubmittedRun`; the run has its true status when it is over, whoever waits for it.

`sweep` and `resume` (`sweeps`) run a project many times, `replay` (`replays`) an earlier run once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace import lazy

__all__ = ["RunFailed", "SubmittedRun", "replay", "resume", "run", "sweep"]

if TYPE_CHECKING:
    from headrace.projects.replays import replay
    from headrace.projects.runner import run
    from headrace.projects.submitted import RunFailed, SubmittedRun
    from headrace.projects.sweeps.start import resume, sweep
else:
    __getattr__, __dir__ = lazy.door(
        __name__,
        {
            "ExecutionException": "headrace.errors:UserCodeError",
            "RunFailed": "headrace.projects.submitted:RunFailed",
            "SubmittedRun": "headrace.projects.submitted:SubmittedRun",
            "replay": "headrace.projects.replays:replay",
            "resume": "headrace.projects.sweeps.start:resume",
            "run": "headrace.projects.runner:run",
            "sweep": "headrace.projects.sweeps.start:sweep",
        },
    )
