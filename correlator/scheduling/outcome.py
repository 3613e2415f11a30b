"""How a job ended: what the child says on its last line of standard output, and what the parent makes of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    DONE = "done"
    FAILED = "failed"
    CUT = "cut"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` is one sentence for people; `changed` says whether followers have anything to do, also after a failure;
    `permanent` that trying again is pointless until somebody does something."""

    state: State
    detail: str
    hint: str = ""
    changed: bool = False
    permanent: bool = False

    def to_line(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=True)


def read_outcome(output: str, status: int | None) -> Outcome:
    """The outcome a child printed. A child that says nothing has failed, whatever its status."""
    lines = output.strip().splitlines()
    try:
        said = json.loads(lines[-1]) if lines else {}
        return Outcome(State(said["state"]), said["detail"], said["hint"], said["changed"], said["permanent"])
    except (ValueError, KeyError, TypeError):
        return Outcome(State.FAILED, f"the job's process ended with {_words(status)} before it was done")


def _words(status: int | None) -> str:
    """An exit status as people say it; -9 from outside is nearly always the machine running out of memory."""
    if status is not None and status < 0:
        return f"signal {-status}" + (" (out of memory?)" if status == -9 else "")
    return f"status {status}"
