from __future__ import annotations

import time

from correlator.errors import StoreError
from correlator.scheduling.leadership import Leadership


class Lease:
    """A lease whose answer the test sets; None stands for a database that cannot be reached."""

    def __init__(self, answer: bool | None) -> None:
        self.answer = answer

    def __call__(self) -> bool:
        if self.answer is None:
            raise StoreError("the database does not answer")
        return self.answer


def test_without_a_claim_it_does_not_lead() -> None:
    assert not Leadership(Lease(True)).held()


def test_it_leads_while_the_claim_is_granted() -> None:
    lease, losses = Lease(True), list[str]()
    leadership = Leadership(lease, lost=lambda: losses.append("lost"))
    leadership.renew()
    assert leadership.held()
    lease.answer = False
    leadership.renew()
    leadership.renew()
    assert not leadership.held()
    assert losses == ["lost"]


def test_a_database_out_of_reach_costs_the_lease_only_when_it_runs_out() -> None:
    lease, losses = Lease(True), list[str]()
    leadership = Leadership(lease, lost=lambda: losses.append("lost"), seconds=0.3)
    leadership.renew()
    lease.answer = None
    leadership.renew()
    assert leadership.held()
    time.sleep(0.35)
    leadership.renew()
    assert not leadership.held()
    assert losses == ["lost"]


def test_a_claim_counts_from_when_it_was_asked_for() -> None:
    """The database may have granted it long before its answer came."""

    def slow() -> bool:
        time.sleep(0.2)
        return True

    leadership = Leadership(slow, seconds=0.1)
    leadership.renew()
    assert not leadership.held()


def test_one_that_stood_by_takes_over() -> None:
    lease = Lease(False)
    leadership = Leadership(lease)
    leadership.renew()
    assert not leadership.held()
    lease.answer = True
    leadership.renew()
    assert leadership.held()
