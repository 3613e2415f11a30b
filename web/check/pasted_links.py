"""A link that somebody pasted, as the ids and names in it. The host decides whose link it is; nothing is asked there.

Datadog documents no grammar for its pages' addresses: ids are taken from the path and from parameters, and terms such
as `job:` and `@run_id:` from any search in it. What names nothing we could know gives nothing, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Wanted:
    """One thing to look for. `names`: the forms under which it may be stored; `tenant` narrows a job to one tenant;
    `near`: about when it was, for ids that are found by time alone."""

    said: str
    names: tuple[str, ...]
    tenant: str | None = None
    near: datetime | None = None


_DATADOG: Final = re.compile(r"(?:^|\.)(?:datadoghq\.(?:com|eu)|ddog-gov\.com)$")
_PAGERDUTY: Final = re.compile(r"(?:^|\.)pagerduty\.com$")
_FINDING: Final = re.compile(r"/findings/(F-[A-Z2-7]{10})(?:/|$)")
_INCIDENT: Final = re.compile(r"/incidents/([\w.-]+)")
_TRACE: Final = re.compile(r"/trace/([0-9a-fA-F]+)")
_CI: Final = re.compile(r"/ci/redirect/\w+/([\w.-]+)")
_TERM: Final = re.compile(r'(?P<not>[-!]?)@?(?P<key>[\w.-]+):(?P<value>"(?:[^"\\]|\\.)*"|\([^()]*\)|[^\s()"]+)')
_RUN_KEYS: Final = frozenset({"run_id", "logical_run_id", "ci.job.id", "ci.pipeline.id"})
_ID_PARAMETERS: Final = frozenset({"spanid", "span_id", "traceid", "trace_id", "trace", "span"})
_NAME_PARAMETERS: Final = frozenset({"uid", "event", "event_id", "id", "run_id", "logical_run_id"})
_TIMES: Final = ("timehint", "timestamp", "time", "start", "from_ts", "end", "to_ts")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_SAID: Final = 80


def in_link(link: str, tags: Mapping[str, str]) -> tuple[Wanted, ...]:
    """What the link names, or nothing. `tags`: the setting `datadog.tags`, under which names jobs and runs are told."""
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return ()
    if own := _in_own(parts):
        return own
    if _PAGERDUTY.search(host):
        return _in_path(parts, _INCIDENT)
    return tuple(_in_datadog(parts, tags)) if _DATADOG.search(host) else _in_other(parts)


def _in_own(parts: SplitResult) -> tuple[Wanted, ...]:
    """Links to these pages, under whatever name they are served."""
    if found := _FINDING.search(parts.path):
        return (Wanted(found[1], (found[1],)),)
    query = dict(parse_qsl(parts.query))
    if parts.path.endswith(("/job", "/check")) and query.get("job"):
        return (Wanted(query["job"], (query["job"],), query.get("tenant")),)
    return ()


def _in_path(parts: SplitResult, pattern: re.Pattern[str]) -> tuple[Wanted, ...]:
    found = pattern.search(unquote(parts.path))
    return (Wanted(found[1], (found[1],)),) if found else ()


def _in_other(parts: SplitResult) -> tuple[Wanted, ...]:
    """Of a link of somebody else's: what it says of runs, else an incident's id, else its last part."""
    named = tuple(_plain(value) for key, value in parse_qsl(parts.query) if key.lower() in _RUN_KEYS)
    last = unquote(parts.path).rstrip("/").rsplit("/", 1)[-1]
    return named or _in_path(parts, _INCIDENT) or ((_plain(last),) if last else ())


def _plain(name: str) -> Wanted:
    return Wanted(name[:_LONGEST_SAID], (name,))


def _in_datadog(parts: SplitResult, tags: Mapping[str, str]) -> Iterator[Wanted]:
    """Runs where it names any; else its jobs, each in the tenants it names."""
    query = parse_qsl(parts.query)
    terms = list(_terms(query, tags))
    runs = [_plain(value) for kind, value in terms if kind == "run"] + list(_ids(parts, query))
    if runs:
        yield from dict.fromkeys(runs)
        return
    tenants: list[str | None] = [value for kind, value in terms if kind == "tenant"]
    jobs = dict.fromkeys(value for kind, value in terms if kind == "job")
    yield from (Wanted(job, (job,), tenant) for job in jobs for tenant in tenants or [None])


def _ids(parts: SplitResult, query: Iterable[tuple[str, str]]) -> Iterator[Wanted]:
    pairs, near = list(query), _moment(dict(query))
    traces = [found[1] for found in [_TRACE.search(parts.path)] if found]
    spans = [value for key, value in pairs if key.lower() in _ID_PARAMETERS and _is_id(value)]
    if ids := [*spans, *traces]:
        yield Wanted(ids[0], tuple(dict.fromkeys(form for one in ids for form in _forms(one))), near=near)
    yield from _in_path(parts, _CI)
    yield from (_plain(value) for key, value in pairs if key.lower() in _NAME_PARAMETERS and value)


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{6,32}", text) is not None


def _forms(digits: str) -> Iterator[str]:
    """An id of a trace or span as it may be stored: as given, in hex, in decimal; of 128 bits also the lower 64.

    >>> list(_forms("255000000000000000"))
    ['255000000000000000', '0389f12621b98000']
    >>> list(_forms("00000000000000000389f12621b98000"))[1:]
    ['0389f12621b98000', '255000000000000000']
    """
    yield digits
    if digits.isdecimal() and len(digits) <= 20:
        yield f"{int(digits):016x}"
    elif len(digits) in (16, 32):
        yield from (digits[-16:].lower(), str(int(digits[-16:], 16)))


def _terms(query: Iterable[tuple[str, str]], tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What the searches in the link ask for, as (`run`, `job` or `tenant`, value); what is excluded is left out."""
    for key, value in query:
        if key.startswith("tpl_var_"):
            yield from _kinds(key.removeprefix("tpl_var_").partition("[")[0], value, tags)
        else:
            for term in _TERM.finditer(value):
                if not term["not"]:
                    yield from _kinds(term["key"], term["value"], tags)


def _kinds(key: str, value: str, tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    kind = _kind(key, tags)
    values = re.split(r"\s+OR\s+", value[1:-1].strip()) if value.startswith("(") else [value]
    for one in values:
        name = re.sub(r"\\(.)", r"\1", one.strip().strip('"'))
        if kind and name and "*" not in name:
            yield kind, name


def _kind(key: str, tags: Mapping[str, str]) -> str:
    own = {tags.get("run_id"): "run", tags.get("logical_run_id"): "run", tags.get("job"): "job"}
    own[tags.get("tenant")] = "tenant"
    last = key.rpartition(".")[2]
    if key in _RUN_KEYS or last in ("run_id", "logical_run_id"):
        return "run"
    return own.get(key) or own.get(last) or ("job" if last == "job" else "")


def _moment(query: Mapping[str, str]) -> datetime | None:
    """About when it was, of the times in a link: in milliseconds since 1970, or in seconds."""
    lower = {key.lower(): value for key, value in query.items()}
    text = next((lower[name] for name in _TIMES if lower.get(name, "").isdecimal()), "")
    if not 9 <= len(text) <= 13:
        return None
    return _EPOCH + (timedelta(milliseconds=int(text)) if len(text) > 11 else timedelta(seconds=int(text)))
