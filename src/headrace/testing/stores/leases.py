from __future__ import annotations

import threading

import pytest

from headrace.errors import Conflict, InvalidValue, NotFound
from headrace.stores.base import TrackingStore
from headrace.stores.leases import LOST_TAG, MAX_LEASE_MS, LeaseStore, ReapingStore
from headrace.testing.stores.making import unique

LONG_MS = 3_600_000


class LeasedStore(TrackingStore, LeaseStore):
    """What the suite's fixture gives."""


class ReapedStore(TrackingStore, ReapingStore):
    """What the fixture of `ReapingStoreSuite` gives."""


def run_of(store: TrackingStore) -> str:
    return store.create_run("0").info.run_id


class LeaseStoreSuite:
    """The promises of `stores.leases.LeaseStore`. Fixture: `leased`."""

    def test_heartbeat_answers_the_status(self, leased: LeasedStore) -> None:
        run_id, owner = run_of(leased), unique()
        assert leased.heartbeat(run_id, owner, LONG_MS) == "RUNNING"
        assert leased.heartbeat(run_id, owner, LONG_MS) == "RUNNING"
        leased.update_run(run_id, "FINISHED", 9)
        assert leased.heartbeat(run_id, owner, LONG_MS) == "FINISHED"
        assert leased.get_run(run_id).info.end_time == 9

    def test_second_owner_is_told_who_has_the_run(self, leased: LeasedStore) -> None:
        run_id, owner = run_of(leased), unique()
        leased.heartbeat(run_id, owner, LONG_MS)
        with pytest.raises(Conflict, match=owner):
            leased.heartbeat(run_id, unique(), LONG_MS)
        assert leased.heartbeat(run_id, owner, LONG_MS) == "RUNNING"

    def test_owners_that_share_a_run_prolong_one_lease(self, leased: LeasedStore) -> None:
        run_id, owner = run_of(leased), unique()
        leased.heartbeat(run_id, owner, LONG_MS)
        assert leased.heartbeat(run_id, unique(), LONG_MS, shared=True) == "RUNNING"
        with pytest.raises(Conflict, match=owner):
            leased.heartbeat(run_id, unique(), LONG_MS)

    def test_run_whose_lease_is_over_is_whoevers_comes(self, leased: LeasedStore) -> None:
        run_id, first, second = run_of(leased), unique(), unique()
        leased.heartbeat(run_id, first, 0)
        assert leased.heartbeat(run_id, second, LONG_MS) == "RUNNING"
        with pytest.raises(Conflict, match=second):
            leased.heartbeat(run_id, first, LONG_MS)

    @pytest.mark.parametrize("status", ["FINISHED", "FAILED", "KILLED"])
    def test_end_of_the_run_ends_the_lease(self, leased: LeasedStore, status: str) -> None:
        run_id = run_of(leased)
        leased.heartbeat(run_id, unique(), LONG_MS)
        leased.update_run(run_id, status, 9)
        assert leased.heartbeat(run_id, unique(), LONG_MS) == status
        leased.update_run(run_id, "RUNNING")
        assert leased.heartbeat(run_id, unique(), LONG_MS) == "RUNNING"

    def test_one_of_two_that_claim_at_once_is_told(self, leased: LeasedStore) -> None:
        run_id = run_of(leased)
        answers: list[str] = []

        def claim() -> None:
            try:
                answers.append(leased.heartbeat(run_id, unique(), LONG_MS))
            except Conflict:
                answers.append("told")

        threads = [threading.Thread(target=claim) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == ["RUNNING", "told", "told", "told"]

    def test_what_cant_be_leased_is_refused(self, leased: LeasedStore) -> None:
        run_id = run_of(leased)
        with pytest.raises(NotFound):
            leased.heartbeat(unique(), "me", LONG_MS)
        for owner, lease_ms in (("", 1), ("x" * 501, 1), ("me", -1), ("me", MAX_LEASE_MS + 1)):
            with pytest.raises(InvalidValue):
                leased.heartbeat(run_id, owner, lease_ms)
        with pytest.raises(InvalidValue, match="KILLED"):
            leased.heartbeat(run_id, "me", LONG_MS, lost="FINISHED")
        leased.delete_run(run_id)
        with pytest.raises(InvalidValue, match="deleted"):
            leased.heartbeat(run_id, "me", LONG_MS)


class ReapingStoreSuite:
    """The promises of `stores.leases.ReapingStore`. Fixture: `reaped`."""

    def test_run_whose_lease_is_over_is_failed_with_the_reason(self, reaped: ReapedStore) -> None:
        run_id, owner = run_of(reaped), unique()
        reaped.heartbeat(run_id, owner, 0)
        assert run_id in reaped.reap()
        run = reaped.get_run(run_id)
        assert run.info.status == "FAILED"
        assert run.info.end_time is not None
        assert run.info.end_time >= run.info.start_time
        assert owner in run.data.tags[LOST_TAG]
        assert run_id not in reaped.reap()

    def test_last_heartbeat_says_what_a_lost_run_is(self, reaped: ReapedStore) -> None:
        run_id, owner = run_of(reaped), unique()
        reaped.heartbeat(run_id, owner, LONG_MS)
        reaped.heartbeat(run_id, owner, 0, lost="KILLED")
        reaped.reap()
        assert reaped.get_run(run_id).info.status == "KILLED"
        assert reaped.heartbeat(run_id, owner, 0) == "RUNNING"
        reaped.reap()
        assert reaped.get_run(run_id).info.status == "FAILED"

    def test_only_leased_runs_that_run_are_ended(self, reaped: ReapedStore) -> None:
        never, alive, ended, deleted = (run_of(reaped) for _ in range(4))
        reaped.heartbeat(alive, unique(), LONG_MS)
        for run_id in (ended, deleted):
            reaped.heartbeat(run_id, unique(), 0)
        reaped.update_run(ended, "FINISHED", 9)
        reaped.delete_run(deleted)
        assert not {never, alive, ended, deleted} & set(reaped.reap())
        assert [reaped.get_run(each).info.status for each in (never, alive, ended)] == [
            "RUNNING",
            "RUNNING",
            "FINISHED",
        ]

    def test_lease_counts_from_when_the_store_could_be_reached(self, reaped: ReapedStore) -> None:
        run_id = run_of(reaped)
        reaped.heartbeat(run_id, unique(), 1)
        while True:
            assert run_id not in reaped.reap(up_ms=0)
            if run_id in reaped.reap(up_ms=1):
                break

    def test_run_whose_owner_comes_back_goes_on(self, reaped: ReapedStore) -> None:
        run_id, owner = run_of(reaped), unique()
        reaped.heartbeat(run_id, owner, 0)
        reaped.reap()
        assert reaped.heartbeat(run_id, unique(), LONG_MS) == "FAILED"
        assert reaped.heartbeat(run_id, owner, LONG_MS) == "RUNNING"
        run = reaped.get_run(run_id)
        assert (run.info.status, run.info.end_time) == ("RUNNING", None)
        assert LOST_TAG not in run.data.tags
        assert run_id not in reaped.reap()

    def test_shared_run_goes_on_with_any_who_shares_it(self, reaped: ReapedStore) -> None:
        run_id = run_of(reaped)
        reaped.heartbeat(run_id, unique(), 0)
        reaped.reap()
        assert reaped.heartbeat(run_id, unique(), LONG_MS, shared=True) == "RUNNING"

    def test_owner_doesnt_bring_back_what_somebody_else_ended(self, reaped: ReapedStore) -> None:
        run_id, owner = run_of(reaped), unique()
        reaped.heartbeat(run_id, owner, 0)
        reaped.reap()
        reaped.update_run(run_id, "KILLED", 9)
        assert LOST_TAG not in reaped.get_run(run_id).data.tags
        assert reaped.heartbeat(run_id, owner, LONG_MS) == "KILLED"

    def test_run_that_is_resumed_belongs_to_who_resumes_it(self, reaped: ReapedStore) -> None:
        run_id, first, second = run_of(reaped), unique(), unique()
        reaped.heartbeat(run_id, first, 0)
        reaped.reap()
        reaped.update_run(run_id, "RUNNING")
        assert reaped.heartbeat(run_id, second, LONG_MS) == "RUNNING"
        with pytest.raises(Conflict, match=second):
            reaped.heartbeat(run_id, first, LONG_MS)

    def test_run_is_ended_once_however_many_reap(self, reaped: ReapedStore) -> None:
        runs = {run_of(reaped) for _ in range(20)}
        for run_id in runs:
            reaped.heartbeat(run_id, unique(), 0)
        ended: list[str] = []
        threads = [threading.Thread(target=lambda: ended.extend(reaped.reap())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(set(ended) & runs) == sorted(runs)
        assert len(ended) == len(set(ended))

    def test_end_is_among_the_changes(self, reaped: ReapedStore) -> None:
        run_id = run_of(reaped)
        reaped.heartbeat(run_id, unique(), 0)
        cursor = reaped.changes().cursor
        reaped.reap()
        assert run_id in [each.run_id for each in reaped.changes(cursor).runs]
