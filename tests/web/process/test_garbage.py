"""The pages' process does not walk through its own program again and again."""

from __future__ import annotations

import gc

from web.process.garbage import spare_what_stays


def test_what_exists_at_the_start_is_not_looked_through_again() -> None:
    stays = [{"made": "at the start"}]
    spare_what_stays()
    try:
        assert gc.get_freeze_count() > 0
        assert not any(one is stays for one in gc.get_objects())
        later = [{"made": "later"}]
        assert any(one is later for one in gc.get_objects())
    finally:
        gc.unfreeze()
