"""What a finding was suspected of, in the few words by which two findings can be told to be alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from correlator.model import Finding

_MOST: Final = 5


@dataclass(frozen=True, slots=True)
class Opinion:
    """Cause, root, and the error signatures of the failures attributed to it: the job's and the root's, the commonest
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
    own = [(one.signature, one.laid_to_cause) for one in finding.signatures]
    return _opinion(finding.cause.value, finding.root_job, own, [one.signature for one in finding.root_signatures])


def opinion_of_document(document: Mapping[str, Any]) -> Opinion:
    """The same of a finding as it is stored: a store's first look has thousands of them."""
    own = [(one["signature"], one["laid_to_cause"]) for one in document.get("signatures", ())]
    root = [one["signature"] for one in document.get("root_signatures", ())]
    return _opinion(document["cause"], document["root_job"], own, root)


def _opinion(cause: str, root_job: str | None, own: Sequence[tuple[str, int]], root: Sequence[str]) -> Opinion:
    laid = sorted((one for one in own if one[1]), key=lambda one: -one[1])
    return Opinion(cause, root_job, tuple(text for text, _ in laid[:_MOST]), tuple(root[:_MOST]))
