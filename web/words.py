"""Values as people read them on a page: times that know their local name, verdicts with a mark, confidence.

Markup is made here only from our own words and from escaped values: names, ids and errors from sources stay plain
strings, which the templates escape.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from flask import Flask
from markupsafe import Markup, escape

from correlator.evidence.words import confidence_words, headline, rests_on
from correlator.text.quantities import duration, expected, number, one_line, tenant_name
from web.http.arguments import stamp

MARKS: Final = {"systemic": "■", "inconclusive": "◆", "transient": "○", "healthy": "✓", "unknown": "?"}
VERDICTS: Final = {
    "systemic": "Systemic",
    "inconclusive": "Inconclusive",
    "transient": "Transient",
    "healthy": "No failures",
    "unknown": "Not known",
}
STATES: Final = {"success": "ok", "failed": "bad", "timed_out": "bad", "running": "busy"}
_MOMENT: Final = re.compile(r"\b(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)(Z| UTC)?(?![\d.])")


def register(app: Flask) -> None:
    """Make the functions of this module filters of the templates."""
    for function in (utc, utc_seconds, clock, stamp, lasting, number, expected, probability, verdict_mark, share):
        app.jinja_env.filters[function.__name__] = function
    for worded in (tenant_name, timed, one_line):
        app.jinja_env.filters[worded.__name__] = worded
    for sentence in (headline, confidence_words, rests_on):
        app.jinja_env.filters[sentence.__name__] = sentence
    app.jinja_env.filters["mark"] = lambda verdict: MARKS.get(str(verdict), "?")
    app.jinja_env.filters["state_class"] = lambda status: STATES.get(str(status), "off")
    app.jinja_env.filters["spoken"] = lambda text: str(text).replace("_", " ")


def in_utc(value: datetime | str | None) -> datetime | None:
    """A time in UTC from a datetime or from the ISO text of a document."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return None if value is None else value.astimezone(UTC)


def utc(value: datetime | str | None, missing: str = "never") -> Markup | str:
    """`<time>` with minutes and the letters UTC; the script adds the viewer's local time as its title."""
    at = in_utc(value)
    return missing if at is None else _time(at, f"{at:%Y-%m-%d %H:%M} UTC")


def utc_seconds(value: datetime) -> Markup:
    """The same to the second."""
    at = value.astimezone(UTC)
    return _time(at, f"{at:%Y-%m-%d %H:%M:%S} UTC")


def clock(value: datetime | str | None, missing: str = "–") -> Markup | str:
    """`<time>` with seconds, for table cells whose heading says UTC."""
    at = in_utc(value)
    return missing if at is None else _time(at, f"{at:%Y-%m-%d %H:%M:%S}")


def _time(at: datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(f"{at:%Y-%m-%dT%H:%M:%SZ}", text)


def timed(text: str) -> Markup:
    """A plain text, escaped, with the UTC times in it as `<time>`.

    >>> str(timed("<b> 2026-03-12 04:10 UTC"))
    '&lt;b&gt; <time datetime="2026-03-12T04:10Z">2026-03-12 04:10 UTC</time>'
    """
    return Markup(_MOMENT.sub(r'<time datetime="\1T\2Z">\g<0></time>', str(escape(text))))  # noqa: S704 escaped above


def lasting(seconds: float | None, missing: str = "–") -> str:
    """A duration, or a dash."""
    return missing if seconds is None else duration(seconds)


def probability(value: float | None, missing: str = "–") -> str:
    """A confidence as a percentage that never claims certainty.

    >>> probability(0.97), probability(0.9996), probability(0.004), probability(None)
    ('97 %', '> 99 %', '< 1 %', '–')
    """
    if value is None:
        return missing
    if value > 0.99:
        return "> 99 %"
    return "< 1 %" if value < 0.01 else f"{value * 100:.0f} %"


def share(part: float, whole: float) -> str:
    """`43 %`, or a dash where there is nothing to share. Only all is 100 %, and only none is 0 %.

    >>> share(43, 100), share(671, 672), share(1, 672), share(672, 672), share(0, 0)
    ('43 %', '99.9 %', '0.1 %', '100 %', '–')
    """
    if not whole:
        return "–"
    percent = 100 * part / whole
    if part in (0, whole) or 1 <= percent <= 99:
        return f"{percent:.0f} %"
    return f"{min(max(percent, 0.1), 99.9):.1f} %"


def verdict_mark(verdict: Any) -> Markup:
    """The verdict as a mark and a word: never colour alone."""
    key = str(verdict)
    return Markup('<span class="verdict {0}"><span class="mark" aria-hidden="true">{1}</span>{2}</span>').format(
        key, MARKS.get(key, "?"), VERDICTS.get(key, key)
    )
