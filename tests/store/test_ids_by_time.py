"""What is named by when it was begun: no id tells how many others there are."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from correlator.store.handovers import Version, begin_handover, get_handover, last_acknowledged, list_handovers
from correlator.text.times import micros, moment

AT = datetime(2026, 3, 15, 4, 0, tzinfo=UTC)


def begun(engine: Engine, tenants: set[str] | None, at: datetime = AT) -> tuple[int, bool]:
    return begin_handover(engine, tenants, "on call", Version(1, at, "on call", {}, {}, None))


def test_an_id_is_the_moment_and_the_next_where_somebody_has_it(engine: Engine) -> None:
    first, second = begun(engine, {"tenant-07"}), begun(engine, {"tenant-08"})
    assert (first, second) == ((micros(AT), True), (micros(AT) + 1, True))
    for number, _ in (first, second):
        stored = get_handover(engine, number)
        assert stored is not None
        assert stored.begun_at == moment(number), "nothing beside it tells that another was quicker"


def test_one_that_is_open_is_given_again_and_later_ones_are_greater(engine: Engine) -> None:
    first = begun(engine, None)
    assert begun(engine, None, AT.replace(hour=5)) == (first[0], False)
    later = begun(engine, {"tenant-07"}, AT.replace(hour=5))
    assert [one.id for one in list_handovers(engine)] == [later[0], first[0]]
    assert last_acknowledged(engine, None) is None
