"""Runs told by the retry pattern alone, where a source gives neither a logical id nor a scheduled time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from correlator.history.columns import SUCCESS, IntArray
from correlator.tables.frames import NO_TIME


def sessions(
    stream: IntArray, start: IntArray, end: IntArray, status: NDArray[np.int8], number: NDArray[np.int32]
) -> IntArray:
    """Attempts by the retry pattern: a retry follows a failure of the same stream, soon, with a higher number.

    Where attempts are numbered the numbers decide. Else a retry is an attempt that starts, after one that did not
    pass, within half of the stream's usual time between attempts that follow a success.
    """
    order = np.lexsort((number, start, stream))
    s, t, e, ok, n = stream[order], start[order], end[order], status[order] == SUCCESS, number[order]
    same = np.zeros(len(order), bool)
    same[1:] = s[1:] == s[:-1]
    gap = np.zeros(len(order), np.int64)
    gap[1:] = t[1:] - np.where(e[:-1] == NO_TIME, t[:-1], e[:-1])
    after_success = same.copy()
    after_success[1:] &= ok[:-1]
    period = np.diff(t, prepend=t[:1])
    usual = pd.Series(period[after_success]).groupby(s[after_success]).median()
    soon = gap <= pd.Series(s).map(usual).fillna(np.inf).to_numpy() / 2
    numbered = np.zeros(len(order), bool)
    numbered[1:] = (n[1:] > 0) & (n[:-1] > 0)
    higher = np.zeros(len(order), bool)
    higher[1:] = n[1:] > n[:-1]
    retry = same & ~after_success & np.where(numbered, higher, soon)
    session = np.empty(len(order), np.int64)
    session[order] = np.cumsum(~retry)
    return session
