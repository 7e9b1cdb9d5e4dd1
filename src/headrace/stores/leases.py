"""What a store promises about runs whose process is gone.

A run is leased from its first heartbeat on; those of clients that send none stay as they are. Time is the store's own.
A run whose lease is over is FAILED (or KILLED, if its last heartbeat said so), with the reason in a tag; it ended at
its last heartbeat. If its owner comes back, it is RUNNING again. Whoever sets its status ends the lease, and takes the
tag away.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from headrace.errors import Conflict, InvalidValue

LOST_TAG = "headrace.lost"
MAX_LEASE_MS = 86_400_000  # a day: nobody waits longer to see that a run is dead
MAX_OWNER_CHARS = 500


class LeaseStore(ABC):
    @abstractmethod
    def heartbeat(self, run_id: str, owner: str, lease_ms: int, shared: bool = False, lost: str = "FAILED") -> str:
        """The run's status. A RUNNING run is the owner's for lease_ms (0: from now on it isn't). Conflict while it is
        another's; shared: no Conflict, and the lease is prolonged whoever has it. A run that has ended stays as it is,
        but one that `reap` ended is RUNNING again if it comes from its owner, or is shared. lost: FAILED or KILLED,
        what the run is if this was the last heartbeat."""


class ReapingStore(LeaseStore):
    @abstractmethod
    def reap(self, up_ms: int | None = None) -> list[str]:
        """Ends the runs whose lease is over, and names them. up_ms: for how long owners could have reached the store;
        a lease counts from then, if its last heartbeat was before. None: always."""


def check_heartbeat(owner: str, lease_ms: int, status: str) -> None:
    if not 0 < len(owner) <= MAX_OWNER_CHARS:
        raise InvalidValue("owner", owner, f"1 to {MAX_OWNER_CHARS} characters are needed.")
    if not 0 <= lease_ms <= MAX_LEASE_MS:
        raise InvalidValue("lease_ms", lease_ms, f"allowed are 0 to {MAX_LEASE_MS} milliseconds.")
    if status not in ("FAILED", "KILLED"):
        raise InvalidValue("lost", status, "allowed are FAILED and KILLED.")


def owned_by_another(run_id: str, owner: str, silent_ms: int) -> Conflict:
    return Conflict(
        f"Run {run_id!r} is being written by another process, {owner!r}, which was heard from {silent_ms / 1000:.0f} s "
        "ago. Processes that share a run on purpose say so: start_run(run_id=…, shared=True)."
    )


def lost(owner: str, silent_ms: int) -> str:
    """The value of LOST_TAG."""
    return f"Its process {owner} wasn't heard from for {silent_ms / 1000:.0f} s."
