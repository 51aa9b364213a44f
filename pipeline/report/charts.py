"""Geometry of the charts: where each mark stands, in points of the page.

Here: scales, ticks, label spacing, and one frozen record per chart kind, ready to be drawn by an SVG macro
without arithmetic. Not here: wording and number formats (labels arrive finished), colours (macros).

Coordinates are rounded to a hundredth of a point, so that equal numbers give equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from pipeline.report.fit import width as text_width

Number = Decimal | float | int
Label = Callable[[float], str]
LABEL = 7.0
"""Size of the labels in a chart, in points."""
Shade = Literal["s1", "s2", "s3", "s4"]


@dataclass(frozen=True)
class Scale:
    """A linear map from values to coordinates; a domain of no width maps to the middle."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: Number) -> float:
        if self.high == self.low:
            return round((self.start + self.end) / 2, 2)
        share = (float(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)

    def clamped(self, value: Number) -> float:
        """Like `at`, but a value outside the domain is drawn at its edge."""
        return self.at(min(max(float(value), self.low), self.high))


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values (1, 2, 2.5, 5 times a power of ten) within low..high, at most `most` of them."""
    if high <= low:
        return [low]
    raw = (high - low) / max(most - 1, 1)
    power = 10 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 2.5, 5, 10, 20) if _count(low, high, f * power) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 10) for index in range(first, first + _count(low, high, step))]


def _count(low: float, high: float, step: float) -> int:
    return math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9) + 1


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, in the same order, at least `gap` apart and within low..high."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = [0.0] * len(wanted)
    floor = low
    for index in order:
        placed[index] = max(wanted[index], floor)
        floor = placed[index] + gap
    ceiling = high
    for index in reversed(order):
        placed[index] = round(min(placed[index], ceiling), 2)
        ceiling = placed[index] - gap
    return placed


def domain(values: Sequence[Number | None], pad: float = 0.06, zero: bool = False) -> tuple[float, float]:
    """Lowest and highest of the known values with some air; from 0 when `zero` and nothing is negative."""
    known = [float(value) for value in values if value is not None]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = (high - low) or abs(high) or 1.0
    return (low if zero and low == 0 else low - room * pad), (
        high if zero and high == 0 else high + room * pad
    )


@dataclass(frozen=True)
class Rect:
    x: float
    y: float
    width: float
    height: float
    css: str = ""


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    css: str = ""


@dataclass(frozen=True)
class Mark:
    """A text at a place; `anchor` is SVG's text-anchor."""

    x: float
    y: float
    text: str
    css: str = ""
    anchor: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True)
class Rule:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    css: str = ""


@dataclass(frozen=True)
class Trail:
    """A line through points, as SVG's `points`; a missing value breaks a series into several trails."""

    points: str
    css: str = ""


@dataclass(frozen=True)
class Picture:
    """Anything drawn: marks in drawing order and the sentence read aloud instead of the picture."""

    width: float
    height: float
    alt: str
    areas: tuple[Rect, ...] = ()
    fans: tuple[Trail, ...] = ()
    rules: tuple[Rule, ...] = ()
    trails: tuple[Trail, ...] = ()
    dots: tuple[Dot, ...] = ()
    rings: tuple[Dot, ...] = ()
    squares: tuple[Rect, ...] = ()
    wedges: tuple[Trail, ...] = ()
    marks: tuple[Mark, ...] = ()


def trails(xs: Sequence[float], ys: Sequence[float | None], css: str) -> tuple[Trail, ...]:
    """A series as unbroken pieces; a single point between gaps becomes a very short piece."""
    pieces: list[list[str]] = [[]]
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{x:g},{y:g}")
    return tuple(Trail(" ".join(piece), css) for piece in pieces if len(piece) > 1)


# --- bullet ------------------------------------------------------------------------------------------


def bullet(
    *,
    actual: Number | None,
    target: Number | None,
    plan: Number | None,
    edges: Sequence[Number],
    higher_is_better: bool,
    alt: str,
    reach: tuple[Number, Number] | None = None,
    origin: Number | None = None,
    width: float = 100,
    height: float = 19,
) -> Picture:
    """Stephen Few's bullet graph. `edges` are the values between shades, from worst to best; for
    lower-is-better they fall, which mirrors the shades. The scale holds 0, so the bar begins there;
    `reach` is the range of the forecast, drawn as a thin bracket under the bar."""
    low, high = domain([actual, target, plan, origin, *(reach or ())], pad=0.07, zero=True)
    scale = Scale(low, high, 0, width)
    track = (2.0, 11.0)
    areas = list(_bands(scale, edges, higher_is_better, track))
    dots: tuple[Dot, ...] = ()
    if actual is not None:
        zero, end = scale.clamped(0), scale.clamped(actual)
        if zero == end:
            dots = (Dot(end, track[0] + track[1] / 2, "now"),)
        else:
            areas.append(Rect(min(zero, end), 5.0, round(abs(end - zero), 2), 5.0, "bar"))
    rules = [] if target is None else [Rule(scale.at(target), 0.5, scale.at(target), 14.5, "target")]
    if reach:
        x1, x2 = scale.at(reach[0]), scale.at(reach[1])
        rules.append(Rule(x1, 14.8, x2, 14.8, "reach"))
    wedges: tuple[Trail, ...] = ()
    if plan is not None:
        x = scale.at(plan)
        wedges = (Trail(f"{x:g},13.6 {x - 2.7:g},18.4 {x + 2.7:g},18.4", "plan"),)
    return Picture(width, height, alt, areas=tuple(areas), rules=tuple(rules), dots=dots, wedges=wedges)


def _bands(
    scale: Scale, edges: Sequence[Number], higher: bool, track: tuple[float, float]
) -> tuple[Rect, ...]:
    shades = {0: ("s4",), 1: ("s1", "s3"), 2: ("s1", "s2", "s4"), 3: ("s1", "s2", "s3", "s4")}[len(edges)]
    stops = [scale.low, *(min(max(float(e), scale.low), scale.high) for e in edges), scale.high]
    if not higher:
        stops[0], stops[-1] = scale.high, scale.low
    bands = []
    for first, last, shade in zip(stops, stops[1:], shades, strict=False):
        x1, x2 = sorted((scale.at(first), scale.at(last)))
        if x2 > x1:
            bands.append(Rect(x1, track[0], round(x2 - x1, 2), track[1], shade))
    return tuple(bands)


# --- sparkline ---------------------------------------------------------------------------------------


def sparkline(
    values: Sequence[Number | None],
    *,
    alt: str,
    line: Number | None = None,
    normal: tuple[Number, Number] | None = None,
    width: float = 86,
    height: float = 20,
) -> Picture:
    """The last periods with the normal range as a band and the target or required rate as a dashed line."""
    low, high = domain([*values, line, *(normal or ())], pad=0.08)
    xs = Scale(0, max(len(values) - 1, 1), 2, width - 4)
    ys = Scale(low, high, height - 1.5, 1.5)
    heights = [None if value is None else ys.at(value) for value in values]
    areas: tuple[Rect, ...] = ()
    if normal:
        top, bottom = ys.at(normal[1]), ys.at(normal[0])
        areas = (Rect(0, top, width - 2, round(bottom - top, 2), "normal"),)
    rules = () if line is None else (Rule(0, ys.at(line), width - 2, ys.at(line), "wanted"),)
    points = [xs.at(index) for index in range(len(values))]
    known = [index for index, y in enumerate(heights) if y is not None]
    dots: tuple[Dot, ...] = ()
    if known:
        last = known[-1]
        dots = (Dot(points[last], heights[last] or 0.0, "last"),)
    return Picture(
        width, height, alt, areas=areas, rules=rules, trails=trails(points, heights, "line"), dots=dots
    )


def _margin(texts: Sequence[str]) -> float:
    """Room that labels beside a chart need, so that none is cut; the charts of a page keep to one width
    while their labels are of common length."""
    return round(max(66.0, *(text_width(text, LABEL, 600) + 8 for text in texts)), 2)


def _axis_margin(texts: Sequence[str]) -> float:
    """Room that the labels of the axis need to the left of a chart; common ones share one width."""
    return round(max(30.0, *(text_width(text, LABEL) + 6 for text in texts)), 2)


# --- burn-up -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Forecast:
    """The forecast at the due date with its 80 % range, and on the way there."""

    middle: Number
    low: Number
    high: Number
    label: str
    fan: Sequence[tuple[date, Number, Number, Number, Number, Number]] = ()
    """(day, 10, 25, 50, 75, 90 %) at the end of each coming period."""


@dataclass(frozen=True)
class BurnUpWords:
    """Finished labels of a burn-up."""

    alt: str
    actual: str
    plan: str
    target: str
    today: str
    month: Callable[[date], str]
    axis: Callable[[Sequence[float]], Sequence[str]]


def burn_up(
    points: Sequence[tuple[date, Number | None, Number | None]],
    *,
    start: date,
    due: date,
    target: Number,
    today: date,
    words: BurnUpWords,
    zero: bool,
    forecast: Forecast | None = None,
    width: float = 318,
    height: float = 136,
) -> Picture:
    """What was reached against the plan from start to due. `points` are (day, actual, plan) at the end of
    each day; labels stand at the right of their lines, moved apart when they would touch."""
    texts = (words.target, words.actual, words.plan, forecast.label if forecast else "")
    fan_values = [forecast.low, forecast.high] if forecast else []
    low, high = domain([*(p[1] for p in points), *(p[2] for p in points), target, *fan_values], 0.05, zero)
    marks_at = ticks(low, high, 5)
    labels = words.axis(marks_at)
    left, right, top, bottom = _axis_margin(labels), width - _margin(texts), 12.0, height - 14.0
    xs = Scale(start.toordinal() - 1, max(due.toordinal(), start.toordinal()), left, right)
    ys = Scale(low, high, bottom, top)
    rules = [Rule(left, ys.at(v), right, ys.at(v), "grid") for v in marks_at]
    marks = [
        Mark(left - 4, round(ys.at(v) + 2.2, 2), text, "axis", "end")
        for v, text in zip(marks_at, labels, strict=True)
    ]
    marks += _month_marks(xs, start, due, bottom + 10, words.month)
    days = [xs.at(p[0].toordinal()) for p in points]
    actual = [None if p[1] is None else ys.at(p[1]) for p in points]
    plan = [None if p[2] is None else ys.at(p[2]) for p in points]
    lines = [*trails(days, plan, "plan"), *trails(days, actual, "actual")]
    rules.append(Rule(left, ys.at(target), right, ys.at(target), "goal"))
    now = xs.clamped(today.toordinal())
    rules.append(Rule(now, top - 3, now, bottom, "today"))
    marks.append(Mark(now, top - 5, words.today, "axis", "middle"))
    last = max((i for i, y in enumerate(actual) if y is not None), default=None)
    dots: tuple[Dot, ...] = ()
    fans: tuple[Trail, ...] = ()
    wanted = [(ys.at(target), words.target, "strong")]
    if last is not None:
        y = actual[last] or 0.0
        dots = (Dot(days[last], y, "now"),)
        wanted.append((y, words.actual, "ink"))
        if forecast:
            fans, middle = _fan(forecast, days[last], y, right, xs, ys)
            lines.append(middle)
    if forecast:
        wanted.append((ys.at(forecast.middle), forecast.label, "blue"))
    planned = [y for y in plan if y is not None]
    if planned and words.plan:
        wanted.append((planned[-1], words.plan, "axis"))
    places = spread([w[0] for w in wanted], 9.0, top, bottom - 2)
    marks += [
        Mark(right + 5, round(y + 2.4, 2), text, css)
        for y, (_, text, css) in zip(places, wanted, strict=True)
    ]
    return Picture(
        width,
        height,
        words.alt,
        fans=fans,
        rules=tuple(rules),
        trails=tuple(lines),
        dots=dots,
        marks=tuple(marks),
    )


def _fan(
    forecast: Forecast, x: float, y: float, right: float, xs: Scale, ys: Scale
) -> tuple[tuple[Trail, ...], Trail]:
    """The areas that hold 80 and 50 % of the futures, and the line in their middle, from the last figure on.
    Without periods on the way, a wedge to the due date."""
    ends = [(xs.clamped(day.toordinal()), *map(ys.clamped, values)) for day, *values in forecast.fan]
    if not ends:
        low, middle, high = (ys.at(value) for value in (forecast.low, forecast.middle, forecast.high))
        wedge = Trail(f"{x:g},{y:g} {right:g},{low:g} {right:g},{high:g}")
        return (wedge,), Trail(f"{x:g},{y:g} {right:g},{middle:g}", "forecast")

    def area(under: int, over: int, css: str) -> Trail:
        edge = [(end[0], end[under]) for end in ends] + [(end[0], end[over]) for end in reversed(ends)]
        return Trail(" ".join(f"{a:g},{b:g}" for a, b in [(x, y), *edge]), css)

    line = " ".join(f"{a:g},{b:g}" for a, b in [(x, y), *((end[0], end[3]) for end in ends)])
    return (area(1, 5, ""), area(2, 4, "half")), Trail(line, "forecast")


def _month_marks(xs: Scale, start: date, due: date, y: float, name: Callable[[date], str]) -> list[Mark]:
    """Month names under the axis, each at its month's first day within the window; at most seven or so."""
    firsts, day = [start], date(start.year + start.month // 12, start.month % 12 + 1, 1)
    while day <= due:
        firsts.append(day)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    if len(firsts) > 1 and xs.at(firsts[1].toordinal()) - xs.at(firsts[0].toordinal()) < 22:
        firsts = firsts[1:]
    step = max(1, math.ceil(len(firsts) / 12))
    return [Mark(xs.at(first.toordinal()), y, name(first), "axis") for first in firsts[::step]]


# --- XmR ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ControlWords:
    alt: str
    upper: str
    """What stands beside the line of the limit; "" where the band has no limit on this side and no line."""
    mean: str
    lower: str
    """As `upper`."""
    target: str
    axis: Callable[[Sequence[float]], Sequence[str]]


def control_chart(
    periods: Sequence[tuple[date, Number | None]],
    *,
    limits: tuple[Number, Number, Number] | None,
    target: Number | None,
    outside: Callable[[Number], bool],
    words: ControlWords,
    month: Callable[[date], str],
    width: float = 318,
    height: float = 98,
) -> Picture:
    """Individual values with the mean and the band between the natural limits, `limits` being (low, mean,
    high): an end of the band is a limit where `words` has a text for it. A value outside is a ring, so that
    it is seen without colour."""
    texts = [words.upper, words.mean, words.lower, *([words.target] if target is not None else [])]
    values = [value for _, value in periods]
    low, high = domain([*values, target, *(limits or ())], 0.06)
    marks_at = ticks(low, high, 4)
    labels = words.axis(marks_at)
    left, right, top, bottom = _axis_margin(labels), width - _margin(texts), 6.0, height - 14.0
    xs = Scale(0, max(len(periods) - 1, 1), left + 4, right - 4)
    ys = Scale(low, high, bottom, top)
    marks = [
        Mark(left - 4, round(ys.at(v) + 2.2, 2), text, "axis", "end")
        for v, text in zip(marks_at, labels, strict=True)
    ]
    xp = [xs.at(index) for index in range(len(periods))]
    yp = [None if value is None else ys.at(value) for value in values]
    marks += _period_marks([day for day, _ in periods], xp, bottom + 10, month)
    areas, rules, wanted = _limits(limits, ys, left, right, words)
    if target is not None:
        rules.append(Rule(left, ys.at(target), right, ys.at(target), "wanted"))
        wanted.append((ys.at(target), words.target, "red"))
    places = spread([w[0] for w in wanted], 8.5, top, bottom)
    marks += [
        Mark(right + 5, round(y + 2.4, 2), text, css)
        for y, (_, text, css) in zip(places, wanted, strict=True)
    ]
    dots = tuple(Dot(x, y, "point") for x, y in zip(xp, yp, strict=True) if y is not None)
    rings = tuple(
        Dot(x, y, "out")
        for x, y, value in zip(xp, yp, values, strict=True)
        if y is not None and value is not None and outside(value)
    )
    return Picture(
        width,
        height,
        words.alt,
        areas=areas,
        rules=tuple(rules),
        trails=trails(xp, yp, "line"),
        dots=dots,
        rings=rings,
        marks=tuple(marks),
    )


def _limits(
    limits: tuple[Number, Number, Number] | None, ys: Scale, left: float, right: float, words: ControlWords
) -> tuple[tuple[Rect, ...], list[Rule], list[tuple[float, str, str]]]:
    if limits is None:
        return (), [], []
    low, mean, high = (ys.at(value) for value in limits)
    area = Rect(left, high, round(right - left, 2), round(low - high, 2), "normal")
    lines = [
        (y, text, css, rule)
        for y, text, css, rule in (
            (high, words.upper, "axis", "limit"),
            (mean, words.mean, "strong", "mean"),
            (low, words.lower, "axis", "limit"),
        )
        if text
    ]
    rules = [Rule(left, y, right, y, rule) for y, _, _, rule in lines]
    return (area,), rules, [(y, text, css) for y, text, css, _ in lines]


def _period_marks(
    days: Sequence[date], xs: Sequence[float], y: float, month: Callable[[date], str]
) -> list[Mark]:
    """The month's name under the first period of each month, where there is room for it."""
    marks: list[Mark] = []
    seen: tuple[int, int] | None = None
    for day, x in zip(days, xs, strict=True):
        key = (day.year, day.month)
        if key != seen and (not marks or x - marks[-1].x >= 20):
            marks.append(Mark(x, y, month(day), "axis", "middle"))
        seen = key
    return marks
