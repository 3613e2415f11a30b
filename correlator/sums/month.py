"""The row of a month: its days as they were, with those counted anew in their places, and what is attributed to
causes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Final

from correlator.store.findings import finding_id
from correlator.store.kinds import Row
from correlator.store.sums import KEY, Key
from correlator.sums.attributed import Said
from correlator.sums.counting import Days
from correlator.sums.touched import DAY
from correlator.text.months import bounds

_ALL_DAYS: Final = range(1, 32)
_NAMES: Final = ("rule_id", "team", "root_job")
_SUMS: Final = ("runs", "failed_first", "laid", "needed_retry", "extra_attempts", "burnt_us")
"""The numbers of a day, in their order."""


class Month:
    """One month of one job, as it is stored or empty, to be brought up to date."""

    def __init__(self, key: Key, before: Row | None) -> None:
        self._key, self.before = key, before
        stored = json.loads(before["days"]) if before else {}
        self._days: dict[int, list[int]] = {int(day): numbers for day, numbers in stored.items()}
        self._names = {name: before[name] for name in _NAMES} if before else dict.fromkeys(_NAMES, "")

    def count(self, fresh: Days, days: Collection[int] = _ALL_DAYS) -> None:
        """Put what was counted on these days in the place of what stood there."""
        for day in days:
            runs, failed, *others = fresh.get(day, (0,) * 5)
            self._set(day, [runs, failed, self._laid(day), *others])

    def judge(self, said: Said, judged_from: int) -> None:
        """Put what is said now on the days from `judged_from` (µs) on. Days before are in no look's window any more:
        what was last said about them stays."""
        begin, end = bounds(self._key[0])
        first = _ALL_DAYS.stop if judged_from >= end else max(judged_from - begin, 0) // DAY + 1
        for day in range(first, _ALL_DAYS.stop):
            if begin + (day - 1) * DAY < end:
                runs, failed, _, *others = self._days.get(day, [0] * len(_SUMS))
                self._set(day, [runs, failed, said.on(begin, day), *others])
        self._name(said, any(self._laid(day) for day in range(first, _ALL_DAYS.stop)))

    def _name(self, said: Said, now: bool) -> None:
        """Rule, team and root as they are said now, where the window shows failures attributed to them; else as they
        were."""
        if now:
            self._names = {name: getattr(said, name) for name in _NAMES}
        elif not any(self._laid(day) for day in self._days):
            self._names = dict.fromkeys(_NAMES, "")

    def _laid(self, day: int) -> int:
        return self._days[day][2] if day in self._days else 0

    def _set(self, day: int, numbers: list[int]) -> None:
        if any(numbers):
            self._days[day] = numbers
        else:
            self._days.pop(day, None)

    def row(self) -> Row | None:
        """As it is to be stored; None where there is nothing to store."""
        if not self._days:
            return None
        totals = (sum(column) for column in zip(*self._days.values(), strict=True))
        days: Mapping[int, list[int]] = dict(sorted(self._days.items()))
        return {
            **dict(zip(KEY, self._key, strict=True)),
            "finding_id": finding_id(self._key[1], self._key[2]),
            **self._names,
            **dict(zip(_SUMS, totals, strict=True)),
            "days": json.dumps(days, separators=(",", ":")),
        }
