"""The search syntax, term by term, and laws of how terms combine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.standin.query import QueryError, parse_query

ITEM = {"service": ["export-ads"], "tenant": ["tenant-03"], "@status": ["timed_out"], "": ["export_ads"]}


def holds(query: str) -> bool:
    return parse_query(query)(lambda key: ITEM.get(key, []))


@pytest.mark.parametrize(
    "query",
    [
        *("", "*", "service:export-ads", "service:export-*", "@status:timed_out", "ads", 'tenant:"tenant-03"'),
        *("service:export-ads AND tenant:tenant-03", "service:export-ads tenant:tenant-03", "service:x OR export"),
        *("-service:x", "NOT service:x", "NOT (service:x OR tenant:y)", "(ads) (service:x OR tenant:tenant-0?)"),
    ],
)
def test_what_fits(query: str) -> None:
    assert holds(query)


@pytest.mark.parametrize(
    "query", ["service:export", "@status:success", "-ads", "service:export-ads AND tenant:x", "nothing:here", "q OR z"]
)
def test_what_does_not_fit(query: str) -> None:
    assert not holds(query)


@pytest.mark.parametrize("query", ["(ads", "ads)", "ads AND", "NOT", "@http.status_code:[200 TO 299]", "@n:>5", "a OR"])
def test_what_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        parse_query(query)


TERMS = st.sampled_from(["ads", "service:x", "tenant:tenant-03", "-ads", "@status:timed_out", "(q OR ads)"])


@given(left=TERMS, right=TERMS)
def test_and_or_and_not_are_what_they_say(left: str, right: str) -> None:
    assert holds(f"{left} AND {right}") == (holds(left) and holds(right)) == holds(f"{left} {right}")
    assert holds(f"{left} OR {right}") == (holds(left) or holds(right))
    assert holds(f"NOT ({left} OR {right})") == (not holds(left) and not holds(right))
