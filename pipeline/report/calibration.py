"""The calibration plot: how often forecasts of each band came true, against what they said.

Here: its geometry and the SVG file. Not here: the scores (goals/judged.py), other charts (charts.py).
"""

from __future__ import annotations

from decimal import Decimal

from pipeline.goals.judged import Band, Scores
from pipeline.report.charts import Dot, Mark, Picture, Rule, Scale, trails
from pipeline.report.engine import environment
from pipeline.report.i18n import Formats

SIZE, LEFT, TOP, BOTTOM = 300.0, 40.0, 26.0, 40.0
"""Points of the square that is plotted in, and the room around it."""
STEPS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_DRAW = '{% from "macros/chart.svg.j2" import picture %}{{ picture(p) }}'


def calibration_svg(scores: Scores, title: str, f: Formats) -> str:
    """A stand-alone SVG; the same scores give the same bytes."""
    return environment().from_string(_DRAW).render(p=calibration(scores, title, f)) + "\n"


def calibration(scores: Scores, title: str, f: Formats) -> Picture:
    """A dot a band at (mean chance, share that came true) with its counts; the dashed line is perfection."""
    x, y = Scale(0, 1, LEFT, LEFT + SIZE), Scale(0, 1, TOP + SIZE, TOP)
    grid = [Rule(x.at(one), y.at(0), x.at(one), y.at(1), "grid") for one in STEPS]
    grid += [Rule(x.at(0), y.at(one), x.at(1), y.at(one), "grid") for one in STEPS]
    marks = [Mark(x.at(one), y.at(0) + 10, _percent(one, f), "axis", "middle") for one in STEPS]
    marks += [Mark(LEFT - 4, y.at(one) + 2.5, _percent(one, f), "axis", "end") for one in STEPS]
    marks += [
        Mark(LEFT, 12, title, "ink"),
        Mark(LEFT, TOP - 5, f.say("came true"), "axis"),
        Mark(LEFT + SIZE, y.at(0) + 22, f.say("chance that was given"), "axis", "end"),
    ]
    marks += [_count(band, x, y, f) for band in scores.bands]
    line = [(x.at(band.mean), y.at(band.share)) for band in scores.bands]
    return Picture(
        LEFT + SIZE + 16,
        TOP + SIZE + BOTTOM,
        f"{title}. " + "; ".join(_said(band, f) for band in scores.bands),
        rules=(*grid, Rule(x.at(0), y.at(0), x.at(1), y.at(1), "limit")),
        trails=trails([one for one, _ in line], [one for _, one in line], "forecast"),
        dots=tuple(Dot(across, up, "now") for across, up in line),
        marks=tuple(marks),
    )


def _percent(share: float, f: Formats) -> str:
    return f.percent(Decimal(str(share)), 0)


def _count(band: Band, x: Scale, y: Scale, f: Formats) -> Mark:
    """Below the dot: the line comes from the left and goes up."""
    text = f.say("{happened} of {n}", happened=f.number(band.happened), n=f.number(band.count))
    anchor = "middle" if band.mean > 0.85 or band.share < 0.05 else "start"
    up = y.at(band.share) + (11 if band.share >= 0.05 else -6)
    return Mark(x.at(band.mean) + (6 if anchor == "start" else 0), up, text, "blue", anchor)  # type: ignore[arg-type]


def _said(band: Band, f: Formats) -> str:
    return f"{_percent(band.mean, f)}: " + f.say(
        "{happened} of {n}", happened=f.number(band.happened), n=f.number(band.count)
    )
