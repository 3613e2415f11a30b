"""Drafts of handovers, what is shown beside them, and the way of one on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from correlator.handover.differing import beside, differences, seal
from correlator.handover.facts import Draft, Item, Part, Section, counted
from correlator.handover.text import draft_markdown, handover_plain
from correlator.handover.writing import Edit, acknowledge, begin, drafted, edit, news, wanted
from correlator.lifecycle.asking import Handover as Asked
from correlator.lifecycle.asking import escalate
from correlator.lifecycle.steps import Answer
from correlator.lifecycle.transitions import answer, confirm, enter_step
from correlator.messages import workflow
from correlator.messages.drafting import Manner
from correlator.model import Analysis
from correlator.settings import load_settings
from correlator.store.findings import StoredFinding, finding_id, get_finding, save_analysis
from correlator.store.handovers import list_handovers, versions_of
from tests.handover.shift import FINDING, MANY, NOW, at_once, fill
from tests.store.conftest import engine, store_url
from tests.web import cast
from tests.web.factory import Rule

__all__ = ["engine", "store_url"]
HOUR = timedelta(hours=1)


def stored(engine: Engine) -> StoredFinding:
    found = get_finding(engine, FINDING)
    assert found is not None
    return found


def items(draft: Draft, part: Part) -> dict[str, str]:
    return {item.key: item.text for item in draft.section(part).items}


def test_a_draft_tells_of_everything_that_is_open(told: Engine) -> None:
    draft = drafted(told, NOW)
    conditions = items(draft, Part.CONDITIONS)
    assert list(conditions) == ["incident:QOPEN", f"finding:{FINDING}"]
    assert f"explained by export_ads of tenant-07 ({FINDING}), as it names this job" in conditions["incident:QOPEN"]
    assert list(items(draft, Part.NEEDS)) == ["key:pagerduty", f"look:{FINDING}"]
    assert "not platform (many jobs at once: 14 days of runs)" in items(draft, Part.RULED_OUT)[f"layers:{FINDING}"]
    assert "401 Unauthorized" in items(draft, Part.UNSEEN)["source:pagerduty"]
    assert Draft.from_dict(draft.to_dict()) == draft
    assert draft.data_as_of is not None
    assert "F-MHG3XQOMW2" in draft_markdown(draft)


def test_an_ask_is_due_then_late_then_answered(told: Engine) -> None:
    settings = load_settings(None, {})
    enter_step(told, stored(told), confirm("on-call", "real", NOW))
    assert "it is confirmed" in items(drafted(told, NOW), Part.NEEDS)[f"ask:{FINDING}"]
    asked = Asked("data-platform", "raise the memory")
    enter_step(told, stored(told), escalate(stored(told), "on-call", asked, settings, NOW))
    soon, late = drafted(told, NOW + HOUR), drafted(told, NOW + 30 * HOUR)
    key, due = f"ask:{FINDING}", "2026-03-17 00:20 UTC"
    assert items(soon, Part.NEEDS)[key].startswith(f"From data-platform: raise the memory; an answer is due {due}")
    assert f"an answer was due {due}" in items(late, Part.NEEDS)[key]
    assert items(late, Part.NEXT)[f"due:{FINDING}"].startswith(f"{due} (past): remind data-platform")
    enter_step(told, stored(told), answer("on-call", Answer.SEND_MORE, "the heap dump", NOW + 2 * HOUR))
    assert "they want more: the heap dump" in items(drafted(told, NOW + 3 * HOUR), Part.NEEDS)[key]
    enter_step(told, stored(told), answer("on-call", Answer.ACCEPTED, "", NOW + 3 * HOUR))
    done = drafted(told, NOW + 4 * HOUR)
    assert key not in items(done, Part.NEEDS)
    assert [text.partition(": ")[2][:8] for text in items(done, Part.ACTIONS).values()] == [
        *("answer n", "answer n", "escalate", "confirme")
    ]


def test_customers_who_wait_are_told_of(told: Engine) -> None:
    number, _ = workflow.begin(told, FINDING, Manner(), "writer", NOW)
    assert "a second person to approve it" in items(drafted(told, NOW), Part.NEEDS)[f"draft:{number}"]
    workflow.approve(told, number, Manner(), "reader", workflow.sha256_of(workflow.wanted(told, number).text), 1, NOW)
    workflow.mark_sent(told, number, "writer", "e-mail", 2, NOW)
    draft = drafted(told, NOW + 5 * HOUR)
    assert "the next update was due 2026-03-16 02:30 UTC" in items(draft, Part.NEEDS)[f"update:{number}"]
    assert "by e-mail" in items(draft, Part.ACTIONS)[f"message:{number}"]


def test_the_next_one_is_compared_with_what_was_acknowledged(told: Engine) -> None:
    number, _ = begin(told, "first", None, NOW)
    acknowledge(told, number, "second", "", 1, NOW)
    save_analysis(told, Analysis(cast.END, (replace(cast.systemic(), tenant="tenant-03"),)), NOW + HOUR, Rule())
    changed = drafted(told, NOW + HOUR).section(Part.CHANGED).items
    assert sorted(item.key for item in changed) == [
        "changed:incident:QOPEN",
        f"new:finding:{finding_id('tenant-03', cast.EXPORT)}",
        f"over:finding:{FINDING}",
    ]


def test_counts_that_move_are_no_news_and_words_stay(told: Engine) -> None:
    number, _ = begin(told, "first", None, NOW)
    edit(told, number, "first", Edit({"conditions": "- my words"}, 1), NOW)
    more = replace(cast.systemic(), runs=90, failed_first=7, observed=7)
    save_analysis(told, Analysis(cast.END, (more, cast.transient())), NOW, Rule())
    found, sealed = news(told, wanted(told, number), NOW)
    assert found == ()
    enter_step(told, stored(told), confirm("on-call", "real", NOW))
    found, other = news(told, wanted(told, number), NOW)
    assert {one.part for one in found} == {Part.CONDITIONS, Part.ACTIONS, Part.NEEDS}
    assert other != sealed
    edit(told, number, "first", Edit({}, 2, sealed), NOW)
    assert news(told, wanted(told, number), NOW)[0] != (), "an old seal takes up nothing"
    edit(told, number, "first", Edit({}, 3, other), NOW)
    assert news(told, wanted(told, number), NOW)[0] == ()
    assert wanted(told, number).last.words["conditions"] == "- my words"


def test_of_many_who_act_at_once_one_does(engine: Engine) -> None:
    """On both databases."""
    fill(engine)
    made: list[tuple[int, bool]] = []
    assert at_once(lambda n: made.append(begin(engine, f"writer {n}", None, NOW))) == []
    assert sum(new for _, new in made) == 1
    [number] = {number for number, _ in made}
    refused = at_once(lambda n: edit(engine, number, f"editor {n}", Edit({"next": f"{n}"}, 1), NOW))
    refused += at_once(lambda n: acknowledge(engine, number, f"receiver {n}", "", 2, NOW))
    assert len(refused) == 2 * (MANY - 1)
    [one] = list_handovers(engine)
    assert one.acknowledged_by.startswith("receiver")
    assert [version.version for version in versions_of(engine, one.id)] == [1, 2]
    assert one.acknowledged_by in handover_plain(one)


# --- the laws of what stands beside ------------------------------------------------------------------------------

ITEMS = st.lists(
    st.builds(Item, st.sampled_from("abcdef"), st.text(max_size=3), st.sampled_from("xyz")),
    unique_by=lambda item: item.key,
).map(tuple)


@given(ITEMS, ITEMS)
def test_every_difference_is_told_once(before: tuple[Item, ...], after: tuple[Item, ...]) -> None:
    found = beside(Part.NEEDS, before, after)
    kept = {item.key for item in before} & {item.key for item in after}
    told = [*found.new, *(now for _, now in found.changed), *found.over]
    assert len({item.key for item in told}) == len(told)
    assert {item.key for item in found.new} | kept == {item.key for item in after}
    assert {item.key for item in found.over} | kept == {item.key for item in before}
    assert all(was.gist != now.gist for was, now in found.changed)


@given(ITEMS, ITEMS)
def test_the_seal_is_the_same_where_there_is_no_difference(before: tuple[Item, ...], after: tuple[Item, ...]) -> None:
    drafts = [Draft(NOW, None, NOW, None, (Section(Part.NEEDS, items_),)) for items_ in (before, after)]
    if [item.key for item in before] == [item.key for item in after]:
        assert (seal(drafts[0]) == seal(drafts[1])) == (differences(*drafts) == ())


def test_nothing_is_left_out_silently() -> None:
    many = [Item(f"k{number}", "", "") for number in range(30)]
    assert counted(many, 25, "findings", 7)[-1].text == "and 12 more findings"
    assert counted(many, 30, "findings") == tuple(many)
