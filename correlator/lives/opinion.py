"""What a finding was suspected of, in the few words by which two findings can be told to be alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from correlator.model import Finding

_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Opinion:
    """Cause, root, and the error signatures of the failures laid to it: the job's and the root's, the commonest
    first."""

    cause: str
    root_job: str | None
    signatures: tuple[str, ...] = ()
    root_signatures: tuple[str, ...] = ()

    def same_cause(self, other: Opinion) -> bool:
        """Whether both lay the failures to the same."""
        return (self.cause, self.root_job) == (other.cause, other.root_job)

    def to_dict(self) -> dict[str, Any]:
        lists = {"signatures": list(self.signatures), "root_signatures": list(self.root_signatures)}
        return asdict(self) | lists

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Opinion:
        """The inverse of `to_dict`; other keys are left aside."""
        texts = (tuple(document.get(name, ())) for name in ("signatures", "root_signatures"))
        return cls(document["cause"], document["root_job"], *texts)


def opinion_of(finding: Finding) -> Opinion:
    """What this finding says."""
    laid = sorted((one for one in finding.signatures if one.laid_to_cause), key=lambda one: -one.laid_to_cause)
    return Opinion(
        finding.cause.value,
        finding.root_job,
        tuple(one.signature for one in laid[:_MOST]),
        tuple(one.signature for one in finding.root_signatures[:_MOST]),
    )
