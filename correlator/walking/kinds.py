"""What a metric is about, told from its name: who moves it, and which way is bad.

A busy CPU belongs to the service itself. Slow answers and errors are seen by everybody downstream as well. Traffic
comes from the callers, so it falls where the *callers* are in trouble. A name that says nothing is taken for any.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """`RESOURCE`: processor, memory, disk, threads; `SYMPTOM`: latency, errors, availability; `TRAFFIC`: requests
    and bytes; `OTHER`: the name does not tell."""

    RESOURCE = "resource"
    SYMPTOM = "symptom"
    TRAFFIC = "traffic"
    OTHER = "other"


_ERRORS: Final = (
    r"error|err|errs|errors|fail\w*|exceptions?|5xx|4xx|timeouts?|timed|retries|retry|dropped|drops|faults?"
)
_TIMES: Final = r"latenc\w*|duration\w*|delay|response|rt|elapsed|lag|wait\w*|seconds|p\d\d\d?|ttfb|age|queue\w*"
_GOOD: Final = r"availability|success\w*|uptime|up|healthy|hit|hits|ready"
_REQUESTS: Final = r"requests?|reqs?|workload|ops|rps|qps|tps|invocations?|calls?|throughput|orders|messages|count|hits"
_TRAFFIC: Final = _REQUESTS + r"|net|network|bytes|packets?|received?|rx|tx|transmit\w*|syscalls?|sent|in|out|traffic"
_RESOURCE: Final = (
    r"cpu|mem|memory|heap|rss|gc|disk\w*|io|iops|fs|filesystem|inodes?|swap|threads?|load\d*|goroutines|connections?"
    r"|sockets?|fds?|handles|pool|utili[sz]ation|throttl\w*|restarts?|evictions?"
)
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


def words_of(metric: str) -> tuple[str, ...]:
    """`PodServerLatencyP90(s)` is pod, server, latency, p90, s."""
    return tuple(word.lower() for word in _CAMEL.split(metric) if word)


def kind_of(metric: str) -> Kind:
    words = words_of(metric)
    if _any(_ERRORS, words) or _any(_GOOD, words):
        return Kind.SYMPTOM
    if _any(_RESOURCE, words):
        return Kind.RESOURCE
    if _any(_TIMES, words):
        return Kind.SYMPTOM
    return Kind.TRAFFIC if _any(_TRAFFIC, words) else Kind.OTHER


def bad_side(metric: str) -> int:
    """+1 where a rise is bad (latency, errors, resources in use), -1 where a fall is, 0 where either may be."""
    words = words_of(metric)
    if _any(_ERRORS, words):
        return 1
    if _any(_GOOD, words):
        return -1
    return 1 if kind_of(metric) is Kind.SYMPTOM else 0


def counts_requests(metric: str) -> bool:
    """Is it the traffic that a service is asked to handle, which its use of everything else follows?"""
    return kind_of(metric) is Kind.TRAFFIC and _any(_REQUESTS, words_of(metric))


def _any(pattern: str, words: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, word) for word in words)
