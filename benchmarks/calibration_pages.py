"""The reliability table of docs/calibration.md, and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import vl_convert
from scipy.stats import beta

from correlator.evidence.rendering import VEGA_LITE

BEGIN: Final = "<!-- written by benchmarks/calibrate.py -->"
END: Final = "<!-- end -->"
NAMES: Final = {"upstream": "upstream", "shared": "shared", "self": "own trouble", "transient": "transient"}


def write_pages(document: dict[str, Any], docs: Path) -> None:
    """Replace what stands between the marks in docs/calibration.md, and draw docs/images/calibration.svg."""
    page = docs / "calibration.md"
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{tables(document)}\n{END}{after}", encoding="utf-8")
    drawn = vl_convert.vegalite_to_svg(picture(document), vl_version=VEGA_LITE, allowed_base_urls=[])
    (docs / "images" / "calibration.svg").write_text(drawn, encoding="utf-8")


def tables(document: dict[str, Any]) -> str:
    head = (
        f"Table `{document['name']}`: {document['verdicts']:,} verdicts on {document['histories']} simulated "
        f"platforms, {document['share_right']:.1%} of them right. Of the {document['given']['verdicts']:,} that are "
        f"sure enough to be given {document['given']['share_right']:.1%} are right, with a Brier score of "
        f"{document['given']['brier']:.4f}.\n"
    )
    rows = ["| confidence | verdicts | mean confidence | share right |", "| --- | ---: | ---: | ---: |"]
    rows += [
        f"| {row['low']:.2f} – {row['high']:.2f} | {row['verdicts']} | {row['mean_confidence']:.3f} | "
        f"{row['share_right']:.3f} |"
        for row in document["reliability"]
    ]
    early = ["| share of the history seen | verdicts | share right | Brier score | always the average |"]
    early += ["| ---: | ---: | ---: | ---: | ---: |"]
    early += [
        f"| {row['fraction']:.2f} | {row['verdicts']} | {row['share_right']:.3f} | {row['brier']:.4f} | "
        f"{row['brier_of_average']:.4f} |"
        for row in document["by_fraction"]
    ]
    return "\n".join([head, *rows, "", *early])


def picture(document: dict[str, Any]) -> dict[str, Any]:
    """A point for each kind and bin, with the interval that holds the true share nine times out of ten."""
    values = [_point(kind, row) for kind, rows in document["kinds"].items() for row in rows if row["verdicts"] >= 5]
    low = 0.5
    x = {"field": "told", "type": "quantitative", "title": "confidence told", "scale": {"domain": [low, 1]}}
    y = {"field": "right", "type": "quantitative", "title": "share that was right", "scale": {"domain": [0.3, 1]}}
    color = {"field": "kind", "type": "nominal", "title": "verdict", "sort": list(NAMES.values())}
    diagonal = [{"told": low, "right": low}, {"told": 1, "right": 1}]
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": "Share of verdicts that were right against the confidence told, by kind of verdict.",
        "width": 420,
        "height": 320,
        "layer": [
            {
                "data": {"values": diagonal},
                "mark": {"type": "line", "strokeDash": [4, 4], "color": "#888"},
                "encoding": {"x": x, "y": y},
            },
            {
                "data": {"values": values},
                "mark": {"type": "rule", "opacity": 0.6, "clip": True},
                "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color},
            },
            {
                "data": {"values": values},
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "clip": True},
                "encoding": {"x": x, "y": y, "color": color, "shape": color},
            },
        ],
    }


def _point(kind: str, row: dict[str, float]) -> dict[str, Any]:
    n, k = row["verdicts"], round(row["share_right"] * row["verdicts"])
    return {
        "kind": NAMES[kind],
        "told": row["mean_confidence"],
        "right": row["share_right"],
        "low": round(float(beta.ppf(0.05, k + 0.5, n - k + 0.5)), 4),
        "high": round(float(beta.ppf(0.95, k + 0.5, n - k + 0.5)), 4),
    }
