"""Where the work on tenants is done: here, or in several processes. The answer is the same, byte for byte.

Work is cut into numbered parts that do not need one another. An executor gets a function from a part's number to its
results and gives the results of all parts in their order. Another engine (many machines, say) is another executor.
"""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from correlator.errors import CorrelatorError

Result = TypeVar("Result")
Work = Callable[[int], Result]

LARGE: Final = 2_000_000
"""Attempts from which on several processes are worth their start."""


class Executor(Protocol):
    """Does `work(0)`, ..., `work(parts - 1)` and gives the results in that order."""

    def run(self, work: Work[Result], parts: int) -> Iterator[Result]: ...


@dataclass(frozen=True)
class Serial:
    """One part after the other, in this process."""

    def run(self, work: Work[Result], parts: int) -> Iterator[Result]:
        return map(work, range(parts))


@dataclass(frozen=True)
class Processes:
    """Several processes of this machine.

    With `fork` they share this process's columns without a copy; with `spawn` each gets the work pickled, which costs
    memory for every one of them. Raises CorrelatorError when a process dies.
    """

    count: int
    method: str = "fork"

    def run(self, work: Work[Result], parts: int) -> Iterator[Result]:
        context: Any = multiprocessing.get_context(self.method)
        with warnings.catch_warnings():
            # the children compute on arrays and write nothing, so threads of the parent cannot get in their way
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            with ProcessPoolExecutor(self.count, context, _take_work, (work,)) as pool:
                try:
                    return iter(list(pool.map(_do, range(parts))))
                except BrokenProcessPool as error:
                    raise CorrelatorError(
                        "a process that judged tenants ended early", hint="is there memory enough? try one process"
                    ) from error


def choose_executor(attempts: int) -> Executor:
    """Processes where the history is large, there are processors for them and they can share memory; else none."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    if attempts < LARGE or count < 2 or "fork" not in multiprocessing.get_all_start_methods():
        return Serial()
    return Processes(count)


_work: list[Work[Any]] = []
"""In a child: the work it was started for."""


def _take_work(work: Work[Any]) -> None:
    _work[:] = [work]


def _do(part: int) -> Any:
    return _work[0](part)
