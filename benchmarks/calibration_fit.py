"""The fit itself: a monotone logistic model for each kind of verdict, and how well it tells on platforms left out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from correlator.engine.confidence import KINDS, LEAST, SURE_ENOUGH
from correlator.engine.traits import MONOTONE

EDGES: Final = (0.0, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
FOLDS: Final = 5
RIDGE: Final = 0.5
"""Pulls weights towards zero, so that a trait seldom seen to matter does not."""
AT_THE_END: Final = 3.0
"""Whole histories count this many times as much as one of the early looks."""

Array = NDArray[np.float64]
Samples = Sequence[dict[str, Any]]


def calibrate(samples: Samples) -> dict[str, Any]:
    """The document that `correlator.engine.confidence` reads. Reliability is that of the folds left out."""
    right = np.array([sample["right"] for sample in samples], float)
    told = np.zeros(len(samples))
    fold = np.array([sample["seed"] % FOLDS for sample in samples])
    for left_out in range(FOLDS):
        models = fit_all([s for s, f in zip(samples, fold, strict=True) if f != left_out])
        for index in np.flatnonzero(fold == left_out).tolist():
            told[index] = probability(models[samples[index]["kind"]], samples[index]["traits"])
    kinds = np.array([sample["kind"] for sample in samples])
    models = fit_all(samples)
    document: dict[str, Any] = {
        "name": "",
        "histories": len({sample["seed"] for sample in samples}),
        "verdicts": len(samples),
        "share_right": round(float(right.mean()), 4),
        "brier": round(float(np.mean((told - right) ** 2)), 5),
        "brier_of_average": round(float(right.mean() * (1 - right.mean())), 5),
        "given": given(told, right),
        "by_fraction": by_fraction(samples, told, right),
        "reliability": reliability(told, right),
        "kinds": {kind: reliability(told[kinds == kind], right[kinds == kind]) for kind in KINDS},
        "models": models,
    }
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
    document["name"] = f"calibration-{digest[:8]}"
    return document


def given(told: Array, right: Array) -> dict[str, float]:
    """Only the verdicts that are sure enough to be given."""
    r, t = right[told >= SURE_ENOUGH], told[told >= SURE_ENOUGH]
    share, brier = float(r.mean()), float(np.mean((t - r) ** 2))
    return {"verdicts": len(r), "share_right": round(share, 4), "brier": round(brier, 5)}


def fit_all(samples: Samples) -> dict[str, dict[str, Any]]:
    return {kind: fit([sample for sample in samples if sample["kind"] == kind], MONOTONE[kind]) for kind in KINDS}


def fit(samples: Samples, signs: dict[str, int]) -> dict[str, Any]:
    """Penalised maximum likelihood with the sign of each weight given; traits are scaled to the same spread first."""
    names = list(signs)
    x = np.array([[sample["traits"][name] for name in names] for sample in samples])
    y = np.array([sample["right"] for sample in samples], float)
    weight = np.array([AT_THE_END if sample["fraction"] == 1.0 else 1.0 for sample in samples])
    middle, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-6)
    z = (x - middle) / spread

    def loss(parameters: Array) -> tuple[float, Array]:
        odds = parameters[0] + z @ parameters[1:]
        gap = weight * (expit(odds) - y)
        value = float(np.sum(weight * (np.logaddexp(0, odds) - y * odds)) + RIDGE * np.sum(parameters[1:] ** 2))
        return value, np.concatenate(([gap.sum()], gap @ z + 2 * RIDGE * parameters[1:]))

    bounds = [(None, None), *((0, None) if sign > 0 else (None, 0) for sign in signs.values())]
    start = np.concatenate(([2.0], np.zeros(len(names))))
    best = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = best[1:] / spread
    return {
        "intercept": round(float(best[0] - weights @ middle), 4),
        "weights": {name: round(float(value), 4) for name, value in zip(names, weights, strict=True)},
        "most": most(expit(best[0] + z @ best[1:]), y),
    }


def most(told: Array, right: Array) -> float:
    """The share right among the surest fifth, by the rule of succession: more cannot be promised."""
    surest = right[told >= np.quantile(told, 0.8)]
    return round(float((surest.sum() + 1) / (len(surest) + 2)), 4)


def probability(model: dict[str, Any], traits: dict[str, float]) -> float:
    odds = model["intercept"] + sum(weight * traits[name] for name, weight in model["weights"].items())
    return float(np.clip(expit(odds), LEAST, model["most"]))


def reliability(told: Array, right: Array) -> list[dict[str, float]]:
    """Verdicts in bins of what was told; the last bin includes 1."""
    rows = []
    for low, high in pairwise(EDGES):
        inside = (told >= low) & ((told < high) | (high == 1.0))
        if inside.any():
            rows.append(
                {
                    "low": low,
                    "high": high,
                    "verdicts": int(inside.sum()),
                    "mean_confidence": round(float(told[inside].mean()), 4),
                    "share_right": round(float(right[inside].mean()), 4),
                }
            )
    return rows


def by_fraction(samples: Samples, told: Array, right: Array) -> list[dict[str, float]]:
    """How well early looks do: verdicts, share right, Brier score and that of the average, by fraction seen."""
    fraction = np.array([sample["fraction"] for sample in samples])
    rows = []
    for one in np.unique(fraction):
        r, t = right[fraction == one], told[fraction == one]
        rows.append(
            {
                "fraction": float(one),
                "verdicts": len(r),
                "share_right": round(float(r.mean()), 4),
                "brier": round(float(np.mean((t - r) ** 2)), 5),
                "brier_of_average": round(float(r.mean() * (1 - r.mean())), 5),
            }
        )
    return rows
