"""The words somebody reads who may see some tenants alone."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.evidence.redaction.patterns import joined, small
from web.access.finding_redaction import seen_document
from web.access.restricted_stores import MASK, TenantSight

NAMES = st.text(
    st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc", "Zs"], exclude_characters="|"),
    min_size=1,
    max_size=12,
)


def sight(own: set[str], others: set[str]) -> TenantSight:
    made = TenantSight(frozenset(own))
    made.learn(frozenset(own | others))
    return made


def test_names_of_others_are_told_as_another_tenant() -> None:
    mine = sight({"tenant-07"}, {"tenant-1", "tenant-07-test", "acme", "Überland", 'a"b', "tenant-12"})
    told = {
        "tenant-1 failed": f"{MASK} failed",
        "tenant-12 and tenant-1": f"{MASK} and {MASK}",
        "tenant-07 failed": "tenant-07 failed",
        "tenant-07-test failed": f"{MASK} failed",
        "tenant-123 is nobody": "tenant-123 is nobody",
        "ACME_export": f"{MASK}_export",
        "Überland": MASK,
        'say a"b': f"say {MASK}",
    }
    assert {text: mine.text(text) for text in told} == told


def test_a_name_is_known_however_its_parts_are_joined() -> None:
    mine = sight({"north-sea", "up_town"}, {"acme-corp", "Blue Sky", "up-town", "front.end"})
    told = {
        "segments.acme_corp is empty, see acme.corp.example.com": f"segments.{MASK} is empty, see {MASK}.example.com",
        "export_blue_sky and BLUE-SKY of Blue Sky": f"export_{MASK} and {MASK} of {MASK}",
        "north_sea, North-Sea and north.sea": "north_sea, North-Sea and north.sea",
        "up_town, up.town and not up-town": f"up_town, up.town and not {MASK}",
        "the front end of acme corp": "the front end of acme corp",
        "frontend": "frontend",
    }
    assert {text: mine.text(text) for text in told} == told


def test_a_longer_name_of_ones_own_is_not_cut_by_a_shorter_one() -> None:
    mine = sight({"tenant-1-north"}, {"tenant-1"})
    assert mine.text("tenant-1-north and tenant-1") == f"tenant-1-north and {MASK}"


def test_numbers_stay_numbers() -> None:
    mine = sight({"7"}, {"42", "4711", "2026", "0400"})
    for text in (
        '{"runs":42,"told":"42 runs","tenants":42,"rows":"4711","at":"2026-03-04T04:00:00Z"}',
        "4711",
        "run-4711",
        "https://example.com/runs/4711",
        "4711 rows in 4711 ms, 4711% of 4711.5, 1,4711 and $4711",
        "from 2026-03-04 to 04.03.2026 at 12:0400",
        "#4711 about worker4711 and 47110",
        "for tenant 7, attempt 42 of 42",
    ):
        assert mine.text(text) == text


def test_a_number_that_names_a_tenant_is_masked() -> None:
    mine = sight({"7"}, {"42", "4711"})
    told = {
        "no export for 4711: it timed out": f"no export for {MASK}: it timed out",
        "4711 is late.": f"{MASK} is late.",
        "worker (4711) and 7": f"worker ({MASK}) and 7",
        "tenant-42": f"tenant-{MASK}",
        "customer_id=42&tenant=7": f"customer_id={MASK}&tenant=7",
        "Customers 42 and 4711": f"Customers {MASK} and {MASK}",
        '{"tenant": 42, "tenants": ["4711", "7"]}': f'{{"tenant":"{MASK}","tenants":["{MASK}","7"]}}',
    }
    assert {text: mine.text(text) for text in told} == told
    assert mine.names_others("tenant 42")
    assert not mine.names_others("4711 of tenant 7")


def test_a_json_text_stays_one() -> None:
    mine = sight({"own"}, {'a"b', "Überland"})
    text = json.dumps({"Überland": ['of a"b', 3, None, True], "own": "own"})
    assert json.loads(mine.text(text)) == {MASK: [f"of {MASK}", 3, None, True], "own": "own"}


@settings(deadline=None, max_examples=60)
@given(st.sets(NAMES, min_size=1, max_size=3), st.sets(NAMES, min_size=1, max_size=4), st.data())
def test_no_name_of_another_stands_alone_in_what_is_read(own: set[str], others: set[str], data: Any) -> None:
    known = {small(name) for name in own}
    others = {name for name in others if small(name) not in known and not name.isdecimal()}
    mine = sight(own, others)
    words = data.draw(st.lists(st.sampled_from(sorted(own | others)), max_size=6))
    told = mine.text(" | ".join(words)).split(" | ") if words else []
    assert not [word for word in told if word in others and word not in MASK]
    mixed = {name for name in own if any(joined(other) in joined(name) for other in others)}
    assert [word for word, given in zip(told, words, strict=True) if given in own - mixed and word != given] == []


def test_of_an_outage_of_the_platform_ones_own_part_is_told() -> None:
    episode = {
        "scope": "platform",
        "start": "2026-03-04T04:00:00Z",
        "end": "2026-03-04T05:00:00Z",
        "failures": 41,
        "jobs": ["export_ads", "settle_books"],
        "expected_failures": 3.5,
        "p_value": 1e-9,
    }
    own_outage = {**episode, "scope": "tenant"}
    document = {
        "tenant": "own",
        "job": "export_ads",
        "path": ["ingest", "export_ads"],
        "episodes": [episode, own_outage],
        "scope": [{"kind": "tenant", "name": name} for name in ("own", "vault", "")] + [{"kind": "host", "name": "h"}],
        "pairs": [{"failed_at": "2026-03-04T04:30:00Z"}, {"failed_at": "2026-03-05T04:30:00Z"}, {"failed_at": None}],
    }
    told = seen_document(sight({"own"}, {"vault"}), document)
    assert [row["name"] for row in told["scope"]] == ["own", "", "h"]
    seen = {"jobs": ["export_ads"], "failures": 1, "expected_failures": None, "p_value": None}
    assert told["episodes"] == [{**episode, **seen}, own_outage]
