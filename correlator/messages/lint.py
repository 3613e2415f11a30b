"""What must not stand in a message to a customer. Every refusal says the line, the words and why; secrets are not
repeated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from correlator.errors import UsageError
from correlator.evidence.redaction.patterns import expression, is_sixth, names_alone
from correlator.messages.promises import blames_in, promises_in
from correlator.text.quantities import one_line, plural

LONGEST: Final = 10_000
_SHOWN: Final = 60
_SENTENCE: Final = re.compile(r"(?<=[.!?;])\s+|\n(?=\s*(?:[-*•]\s|\n))")
"""A sentence may run over lines; one ends before a bullet, and before an empty line."""
_UNSEEN: Final = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00-\x08\x0b-\x1f\x7f-\x9f]")
_APOSTROPHES: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})


class Kind(StrEnum):
    PROMISE = "promise"
    BLAME = "blame"
    TENANT = "tenant"
    HOST = "host"
    ADDRESS = "address"
    LINK = "link"
    PERSON = "e-mail address"
    SECRET = "secret"  # noqa: S105 the word alone
    INTERNAL = "internal name"
    GAP = "gap"
    LENGTH = "length"


WHY: Final = {
    Kind.PROMISE: "it promises what nobody can know yet; say what was seen, and when you write again",
    Kind.BLAME: "it lays it to somebody outside; say what was seen",
    Kind.TENANT: "it names another tenant",
    Kind.HOST: "it names a host",
    Kind.ADDRESS: "it gives an address of a machine",
    Kind.LINK: "it gives a link that `messages.allow` does not list",
    Kind.PERSON: "it gives an e-mail address that `messages.allow` does not list",
    Kind.SECRET: "it holds what looks like a token or a password",
    Kind.INTERNAL: "it uses a name of ours that customers do not know; `messages.names` says how they know it",
    Kind.GAP: "a placeholder is left in it",
    Kind.LENGTH: f"a message has some words, and at most {LONGEST:,} characters",
}
_LOOKS: Final = {
    "url": Kind.LINK,
    "email": Kind.PERSON,
    "token": Kind.SECRET,
    "address": Kind.ADDRESS,
    "sixth": Kind.ADDRESS,
    "host": Kind.HOST,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`said`: the words, "" where they must not be repeated."""

    kind: Kind
    line: int
    said: str

    @property
    def why(self) -> str:
        return WHY[self.kind]

    @property
    def sentence(self) -> str:
        quoted = f" “{self.said}”" if self.said else ""
        return f"line {self.line}:{quoted} {self.why}"

    def to_dict(self) -> dict[str, object]:
        return {"kind": self.kind.value, "line": self.line, "said": self.said, "why": self.why}


class LintError(UsageError):
    """A message that must not go out as it is, and every reason."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        hint = "; ".join(problem.sentence for problem in problems[:5])
        super().__init__(f"the message must not go out: {plural(len(problems), 'problem')}", hint=hint)
        self.problems = problems


@dataclass(frozen=True)
class Guard:
    """The names that must not appear, and the texts that may whatever they look like. `internal`: jobs and ids."""

    tenants: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    internal: frozenset[str] = frozenset()
    partners: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @cached_property
    def _looks(self) -> re.Pattern[str]:
        return expression(())

    def problems(self, text: str) -> tuple[Problem, ...]:
        """Everything that is wrong with a text, by line."""
        if not text.strip() or len(text) > LONGEST:
            return (Problem(Kind.LENGTH, 1, ""),)
        plain = _comparable(text)
        found = {*self._of_lines(self._without_allowed(plain)), *_longest(self._of_sentences(plain))}
        return tuple(sorted(found, key=lambda one: (one.line, one.kind, one.said)))

    def refuse(self, text: str) -> None:
        """Raise LintError where anything is wrong."""
        if found := self.problems(text):
            raise LintError(found)

    def _without_allowed(self, text: str) -> str:
        for allowed in sorted(filter(str.strip, self.allowed), key=len, reverse=True):
            whole = rf"(?<!\w){re.escape(_comparable(allowed.strip()))}(?!\w)"
            text = re.sub(whole, " ", text, flags=re.IGNORECASE)
        return text

    def _of_lines(self, text: str) -> Iterator[Problem]:
        named = ((Kind.TENANT, self.tenants), (Kind.HOST, self.hosts), (Kind.INTERNAL, self.internal))
        there = [(kind, pattern) for kind, names in named if (pattern := _pattern(names, text))]
        for number, line in enumerate(text.split("\n"), 1):
            yield from (Problem(kind, number, _quoted(kind, said)) for kind, said in self._in_line(line, there))

    def _in_line(self, line: str, named: Sequence[tuple[Kind, re.Pattern[str]]]) -> Iterator[tuple[Kind, str]]:
        for found in self._looks.finditer(line):
            look = (found.lastgroup or "").rstrip("0123456789")
            if look in _LOOKS and (look != "sixth" or is_sixth(found.group())):
                yield _LOOKS[look], found.group()
        for kind, pattern in named:
            yield from ((kind, found.group()) for found in pattern.finditer(line))
        yield from ((Kind.GAP, found) for found in re.findall(r"\{\w+\}|\[to complete[^\]]*\]|\bTODO\b|\bXXX\b", line))

    def _of_sentences(self, text: str) -> Iterator[Problem]:
        """What is said in one sentence, which may run over several lines."""
        partners, place = [_comparable(name) for name in self.partners], 0
        for sentence in _SENTENCE.split(text):
            place = text.index(sentence, place)
            plain = " ".join(sentence.lower().split())
            said = [(Kind.PROMISE, words) for words in promises_in(plain)]
            said += [(Kind.BLAME, words) for words in blames_in(plain, partners)]
            for kind, words in said:
                line = text.count("\n", 0, place + _where(words, sentence)) + 1
                yield Problem(kind, line, _quoted(kind, words))
            place += len(sentence)

    def but_for(self, own_words: str) -> Guard:
        """Without the names that stand in the program's own words: a tenant called by an ordinary word cannot be told
        from that word."""
        text = _comparable(own_words)
        return Guard(
            _not_in(text, self.tenants),
            _not_in(text, self.hosts),
            _not_in(text, self.internal),
            self.partners,
            self.allowed,
        )


def _longest(problems: Iterable[Problem]) -> Iterable[Problem]:
    """Of what is said of one sentence in several ways the longest."""
    kept: dict[tuple[Kind, int], Problem] = {}
    for problem in problems:
        place = (problem.kind, problem.line)
        kept[place] = max(kept.get(place, problem), problem, key=lambda one: len(one.said))
    return kept.values()


def _where(words: str, sentence: str) -> int:
    """Where these words begin in a sentence that has other spaces between them."""
    found = re.search(r"\s+".join(map(re.escape, words.split())), sentence, re.IGNORECASE)
    return found.start() if found else 0


def _pattern(names: Iterable[str], text: str) -> re.Pattern[str] | None:
    """One expression for those of the names that occur in the text: there may be thousands of names."""
    return names_alone(_comparable(name) for name in _occurring(names, text))


def _occurring(names: Iterable[str], text: str) -> Iterator[str]:
    """Those of the names whose letters stand in the text, be it as a part of a word."""
    small = text.lower()
    return (name for name in names if _is_name(form := _comparable(name)) and form.lower() in small)


def _not_in(text: str, names: Iterable[str]) -> frozenset[str]:
    patterns = {name: names_alone((_comparable(name),)) for name in _occurring(names, text)}
    return frozenset(names) - {name for name, pattern in patterns.items() if pattern and pattern.search(text)}


def _comparable(text: str) -> str:
    """The text as it is read: one form for each letter, nothing that is not seen."""
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text.replace("\r\n", "\n"))).translate(_APOSTROPHES)


def _is_name(name: str) -> bool:
    """A number that stands alone says nothing."""
    return bool(name.strip()) and not name.isdigit()


def _quoted(kind: Kind, said: str) -> str:
    return "" if kind is Kind.SECRET else one_line(said, _SHOWN)
