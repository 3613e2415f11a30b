"""What must not stand in a message: promises, blame, names, addresses, secrets; and what may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.messages.lint import LONGEST, Guard, Kind, LintError

GUARD = Guard(
    tenants=frozenset({"tenant-02", "acme", "7"}),
    hosts=frozenset({"worker-3"}),
    internal=frozenset({"export_ads", "F-ABCDEFGHIJ"}),
    partners=("Example Ads",),
    allowed=("https://status.example.com", "the export_ads feed"),
)
PROMISES = (
    "It will be fixed by Monday.",
    "This will be resolved.",
    "We'll have it back shortly.",
    "We\u2019ll fix this today.",
    "We are going to restore the data.",
    "The data should be complete soon.",
    "We expect the runs to recover within two hours.",
    "Everything is expected to be\nback to normal.",
    "Fixed by tomorrow, we think.",
    "We plan to deliver it on Friday.",
    "We guarantee that.",
    "We gu\u00adaran\u200btee that.",
    "\uff37e promise.",
    "Rest assured.",
    "It won't happen again.",
    "This can not happen again.",
    "There will be no further failures.",
    "ETA: 14:00.",
    "By the end of the day.",
    "A 100 % solution.",
)
NO_PROMISES = (
    "We write again by 2026-03-15 14:00 UTC, even if there is nothing new.",
    "We will update you when it is resolved.",
    "We will let you know by noon.",
    "All runs had finished by 05:00 UTC.",
    "It was fixed within two hours.",
    "A change was made, in effect since 2026-03-15 14:00 UTC. We are watching whether it holds.",
    "After a change it happened again.",
    "We do not know how long it lasts.",
    "The runs between 04:00 and 06:00 UTC failed.",
)
BLAME = (
    "Your partner caused this.",
    "It was due to an outage of a vendor.",
    "It is their own fault.",
    "We saw it at Example Ads too.",
)
NAMED = {
    "tenant-02 was hit as well": Kind.TENANT,
    "as it was for ACME": Kind.TENANT,
    "it ran on worker-3": Kind.HOST,
    "db1.prod.internal was slow": Kind.HOST,
    "ask at 10.1.2.3": Kind.ADDRESS,
    "ask at 2001:db8::1": Kind.ADDRESS,
    "see https://console.example.com/x": Kind.LINK,
    "write to ops@example.com": Kind.PERSON,
    "password=hunter2": Kind.SECRET,
    "Authorization: Bearer abcdefgh12345678": Kind.SECRET,
    "export_ads failed": Kind.INTERNAL,
    "see f-abcdefghij": Kind.INTERNAL,
    "we know {known}": Kind.GAP,
}
FINE = (
    "6 of 84 runs failed at 04:10:22 UTC.",
    "See https://status.example.com for more.",
    "The export_ads feed is what you call it.",
    "We run 7 of them.",
    "tenant-021 is somebody else's name, and not one of ours.",
)


def kinds(text: str) -> set[Kind]:
    return {problem.kind for problem in GUARD.problems(text)}


def test_promises_are_refused() -> None:
    assert {text: kinds(text) for text in PROMISES} == {text: {Kind.PROMISE} for text in PROMISES}


def test_what_was_seen_may_be_said() -> None:
    assert {text: GUARD.problems(text) for text in (*NO_PROMISES, *FINE)} == dict.fromkeys((*NO_PROMISES, *FINE), ())


def test_nobody_is_blamed() -> None:
    assert {text: kinds(text) for text in BLAME} == {text: {Kind.BLAME} for text in BLAME}


def test_names_and_addresses_are_refused() -> None:
    assert {text: kinds(text) for text in NAMED} == {text: {kind} for text, kind in NAMED.items()}


def test_each_problem_names_its_line_and_secrets_are_not_repeated() -> None:
    with pytest.raises(LintError) as caught:
        GUARD.refuse("Hello,\n\nit ran on worker-3.\npassword=hunter2\nIt will be fixed.")
    assert [(one.line, one.kind, one.said) for one in caught.value.problems] == [
        (3, Kind.HOST, "worker-3"),
        (4, Kind.SECRET, ""),
        (5, Kind.PROMISE, "will be fixed"),
    ]
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_a_message_has_words_and_an_end() -> None:
    assert kinds(" \n ") == {Kind.LENGTH}
    assert kinds("a " * LONGEST) == {Kind.LENGTH}


def test_a_name_that_is_an_ordinary_word_is_not_looked_for() -> None:
    guard = Guard(tenants=frozenset({"runs", "tenant-02"})).but_for("Some runs failed.")
    assert [one.said for one in guard.problems("More runs of tenant-02 failed.")] == ["tenant-02"]


@given(st.text(max_size=300), st.sampled_from([*PROMISES, *BLAME, *NAMED]))
def test_no_text_around_it_hides_a_line(before: str, line: str) -> None:
    """Whatever stands on the lines before, what is refused alone is refused."""
    assert kinds(line) <= kinds(f"{before.replace(chr(13), ' ')}\n\n{line}")
