"""The vendors' own answers behind quoted facts: `sources/SOURCE/ID.json`, each with request, time and hash."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from correlator.errors import BundleError
from correlator.evidence.manifest import read_json, sha256, to_json
from correlator.model import iso

_VARIES: Final = re.compile(r"[0-9a-f]{8,}|\d+|(?<=[/:\"])[A-Z0-9]{6,}|(?<=\"id\": \")[^\"]+")
_FORMS: Final = 12


@dataclass(frozen=True, slots=True)
class Quote:
    """One item of a vendor's answer, as it came; `known_at` is when it was stored."""

    source: str
    fact_id: str
    request: str
    known_at: datetime | None
    body: Any


def quote_files(quotes: Iterable[Quote]) -> dict[str, bytes]:
    """Files by name; the name is made of hashes, so no vendor's id can become a path."""
    return {_name(quote): to_json(_document(quote)) for quote in quotes}


def examples(quotes: Iterable[Quote]) -> tuple[str, ...]:
    """What was asked, an example of each form: what differs from item to item is masked to tell the forms apart."""
    forms: dict[str, list[str]] = {}
    for quote in quotes:
        form = f"{quote.source}: {_VARIES.sub('…', quote.request.replace(quote.fact_id or '…', '…'))}"
        forms.setdefault(form, []).append(quote.request)
    return tuple(_example(form, forms[form]) for form in sorted(forms))[:_FORMS]


def _example(form: str, requests: list[str]) -> str:
    more = f" and {len(requests) - 1:,} like it" if len(requests) > 1 else ""
    return f"{form.partition(':')[0]}: {min(requests)}{more}"


def _name(quote: Quote) -> str:
    folder = re.sub(r"[^a-z0-9_-]+", "-", quote.source.lower())[:40].strip("-") or "source"
    key = "\0".join((quote.source, quote.fact_id, quote.request))
    return f"sources/{folder}/{sha256(key.encode())[:24]}.json"


def _document(quote: Quote) -> dict[str, Any]:
    return {
        "source": quote.source,
        "fact_id": quote.fact_id,
        "request": quote.request,
        "known_at": iso(quote.known_at) if quote.known_at else None,
        "sha256": canonical_sha256(quote.body),
        "body": quote.body,
    }


def canonical_sha256(body: Any) -> str:
    """The hash of an answer however its keys stand."""
    return sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())


def read_quotes(files: Mapping[str, bytes]) -> tuple[Quote, ...]:
    """The quoted answers, by file name. Raises BundleError when one is not what its own hash says."""
    return tuple(_quote(files[name], name) for name in sorted(files) if name.startswith("sources/"))


def _quote(content: bytes, name: str) -> Quote:
    document = read_json(content, name)
    try:
        right = document["sha256"] == canonical_sha256(document["body"])
        known_at = datetime.fromisoformat(document["known_at"]) if document["known_at"] else None
        texts = {key: str(document[key]) for key in ("source", "fact_id", "request")}
        quote = Quote(**texts, known_at=known_at, body=document["body"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not a quoted answer: {error}") from error
    if not right:
        raise BundleError(f"{name}: the answer is not the one its sha256 was made of")
    return quote
