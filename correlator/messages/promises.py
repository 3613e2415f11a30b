"""Words that promise, and words that blame, in plain English sentences.

A message says what was seen and when the next message follows; when something is over, and that it does not happen
again, nobody can know beforehand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

_OVER: Final = (
    r"(?:fixed|resolved|repaired|restored|corrected|solved|sorted|remedied|mended|recovered|rectified|addressed|over|"
    r"back|normal|working|complete|completed|available|delivered|done|finished|up|running|stable)"
)
_MEND: Final = (
    r"(?:fix|resolve|repair|restore|correct|solve|sort|remedy|mend|recover|rectify|finish|complete|deliver|prevent|"
    r"ensure|stabili[sz]e|redeliver|make sure|make good)"
)
_WORDS: Final = r"(?:\s+(?!(?:when|once|if|whether|until|unless|as)\b)[\w'-]+){0,4}?\s+"
"""A few words between, none of which makes a condition of what follows."""
_MENDED: Final = r"(?:fixed|resolved|repaired|restored|corrected|solved|remedied|rectified|back to normal)"
_UNTIL: Final = (
    r"(?:by|before|within|until|no later than|at the latest|in the next|tomorrow|tonight|today|shortly|soon|"
    r"(?:this|next) (?:hour|week|month|morning|afternoon|evening))"
)
_AHEAD: Final = r"(?:\b(?:will|won't|shall|should|going to|expect(?:s|ed|ing)?|plan(?:s|ned|ning)?|aim(?:s|ing)?)|'ll)"
PROMISES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_AHEAD}{_WORDS}{_OVER}\b",
        rf"{_AHEAD}{_WORDS}{_MEND}\b",
        rf"(?<!was )(?<!were )(?<!been )(?<!had )\b{_MENDED}\s+{_UNTIL}\b",
        r"\b(?:guarantee|promis|warrant|assur)(?:e|es|ed|ing|y|ies|ance|ances|s)?\b",
        r"\b(?:will|shall|can|does|do|won't|cannot|can't)\b[^.!?]{0,40}\b(?:happen|occur|recur|come back|repeat)\b",
        r"\b(?:never|not|n't)\b[^.!?]{0,30}\b(?:happen|occur|recur)\b[^.!?]{0,20}\bagain\b",
        r"\bno (?:further|more|other) (?:failure|problem|delay|issue|error|impact|interruption)s?\b",
        r"\b(?:eta|estimated time|committed? to|commitment|without fail|rest assured|count on (?:us|it)|for sure)\b",
        r"\b(?:100 ?%|zero[ -]risk|risk[ -]free)",
    )
)
_DAYS: Final = "monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|tonight|noon|midnight|eod|cob"
DEADLINE: Final = re.compile(
    r"\b(?:by|before|within|no later than|in the next)\s+(?:the\s+)?"
    rf"(?:end of (?:the )?(?:day|week|month|business)|{_DAYS}|\d)"
)
_OF_MESSAGES: Final = re.compile(r"\b(?:write|update|message|contact|in touch|let you know|inform)\b")
_OF_THE_PAST: Final = re.compile(r"\b(?:was|were|had|been|failed|finished|passed|ran|began|started|did|between)\b")
_BLAMED: Final = r"(?:partner|vendor|provider|supplier|third[ -]party|contractor|carrier|reseller|platform provider)s?"
_BLAME: Final = (
    r"(?:fault|blame|mistake|error|negligen\w*|failure|failed|fail|broke|broken|caused?|responsible|outage|down|"
    r"unreliable|because of|due to|let (?:us|you) down|incompeten\w*)"
)
BLAMES: Final = (
    re.compile(r"\b(?:blame[ds]?|(?:your|their|his|her) (?:own )?(?:fault|mistake|error|negligence)|negligen\w*)\b"),
    re.compile(rf"\b{_BLAMED}\b[^.!?]{{0,80}}\b{_BLAME}\b"),
    re.compile(rf"\b{_BLAME}\b[^.!?]{{0,80}}\b{_BLAMED}\b"),
)


def promises_in(sentence: str) -> Iterator[str]:
    """The words of a sentence, in small letters, that promise something."""
    for pattern in PROMISES:
        yield from (found.group().strip() for found in pattern.finditer(sentence))
    if not _OF_MESSAGES.search(sentence) and not _OF_THE_PAST.search(sentence):
        yield from (found.group().strip() for found in DEADLINE.finditer(sentence))


def blames_in(sentence: str, partners: Sequence[str]) -> Iterator[str]:
    """The words of a sentence, in small letters, that lay it to somebody outside; partners' names at all."""
    for pattern in BLAMES:
        yield from (found.group().strip() for found in pattern.finditer(sentence))
    for name in partners:
        if re.search(rf"(?<!\w){re.escape(name.lower())}(?!\w)", sentence):
            yield name
