"""What chances cost: 200 goals in a fresh process, and each prediction of 10,000 goals.

Every goal has 104 weeks of an invented series with a yearly season; the last 13 are its window, which is
replayed from its start like a scorecard does: 13 predictions a goal.
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.table import Row
from benchmarks.timing import finished, median, seconds

WEEKS, WINDOW, SEASON = 104, 13, 52


def rows(goals: int = 10_000) -> list[Row]:
    fresh = median(lambda: finished([sys.executable, "-m", "benchmarks.chances", "200"]))
    many = seconds(lambda: judge(goals))
    return [
        Row("200 goals x 104 weeks, fresh process, imports included", fresh, "s", 3.0),
        Row(f"a prediction, of {goals:,} goals", many / (goals * WINDOW) * 1000, "ms", 2.0),
    ]


def judge(goals: int) -> None:
    from pipeline.goals.forecast.outlook import Point, Question, outlooks

    generator, season = np.random.default_rng(7), np.sin(np.arange(WEEKS) * 2 * np.pi / SEASON)
    for goal in range(goals):
        values = np.exp(4 + 0.2 * season + generator.normal(0, 0.3, WEEKS))
        before = WEEKS - WINDOW
        points = [
            Point(goal * 100 + k, before + k, np.ones(WINDOW - k), float(values[before : before + k].sum()))
            for k in range(WINDOW)
        ]
        outlooks(Question(values, SEASON, float(values[before:].sum()), True), points)


if __name__ == "__main__":
    judge(int(sys.argv[1]))
