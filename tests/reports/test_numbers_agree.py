"""What stands in print is what stands in scorecard.json: PDF, web page and mail, in both languages.

The printed texts are read back as numbers by a reader of their own: a text agrees with a number when the
number lies within half of the last digit that the text shows, at its scale and in its unit. So a wrong scale,
sign, unit, row or language is found without repeating how texts are made.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import fixture_edition as fx
import pytest
from kinds import scorecard
from pypdf import PdfReader

from pipeline.delivery.message import html_text, plain_text
from pipeline.delivery.view import mail_view
from pipeline.goals.model import Chance, Edition, GoalResult
from pipeline.kpis.registry import kpi_registry
from pipeline.report.context import Context
from pipeline.report.html import web_page
from pipeline.report.twin import dumps, scorecard_json
from pipeline.units import Unit
from pipeline.workspace.model import Workspace
from tests.support import PROGRAM, copy_sample, with_fewer_documents

Goal = Mapping[str, Any]
D = Decimal

# --- a reader of printed numbers ------------------------------------------------------------------------

SCALES = {"k": 3, "M": 6, "тыс.": 3, "млн": 6}
UNITS = {"%": "share", "pp": "points", "п. п.": "points", "h": "hours", "ч": "hours"}
NUMBER = {
    "en": r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?",
    "ru": r"\d{1,3}(?: \d{3})+(?:,\d+)?|\d+(?:,\d+)?",
}


def plain(text: str) -> str:
    """A text in one line with ordinary spaces."""
    return " ".join(text.replace("\u00a0", " ").replace("\u2060", "").split())


@dataclass(frozen=True)
class Read:
    """A printed number: its value, half of its last digit, and the unit printed with it."""

    value: Decimal
    half: Decimal
    unit: str

    def agrees(self, number: Decimal | None) -> bool:
        return number is not None and abs(number - self.value) <= self.half


def read(text: str, lang: str) -> list[Read]:
    """The numbers of a text; both ends of a range take the scale and the unit printed once behind it."""
    pattern = re.compile(
        rf"(?P<low>[+\u2212]?€?(?:{NUMBER[lang]})(?:\u2013| … ))?(?P<high>[+\u2212]?€?(?:{NUMBER[lang]}))"
        r"(?: (?P<scale>k|M|тыс\.|млн)(?![\w]))?(?: ?(?P<unit>%|pp|п\. п\.|€|h\b|ч(?!\w)))?"
    )
    found = []
    for match in pattern.finditer(plain(text)):
        scale = D(10) ** SCALES.get(match["scale"] or "", 0)
        whole = match[0]
        unit = "money" if "€" in whole else UNITS.get(match["unit"] or "", "")
        scale /= 100 if unit in ("share", "points") else 1
        for end in filter(None, (match["low"], match["high"])):
            digits = end.strip("+\u2212€\u2013… ")
            exact = D(digits.replace(",", "") if lang == "en" else digits.replace(" ", "").replace(",", "."))
            sign = -1 if end.startswith("\u2212") else 1
            half = D(10) ** min(int(exact.as_tuple().exponent), 0) / 2
            found.append(Read(sign * exact * scale, half * scale, unit))
    return found


KIND = {"money": "money", "percent": "share", "hours": "hours", "count": "", "number": ""}


def disagreement(name: str, text: str, number: Decimal | None, unit: str, lang: str) -> str:
    """What is wrong with a text that should say `number` and nothing else; empty when nothing is."""
    if number is None:
        return "" if text in ("\u2014", "") else f"{name}: {text!r} instead of nothing"
    match read(text, lang):
        case [one] if one.agrees(number) and one.unit == unit:
            return ""
    return f"{name}: {text!r} is not {number} {unit}"


def test_the_reader_reads_what_the_documents_print() -> None:
    half = [(one.value, one.half, one.unit) for one in read("−€6.26\u00a0k, 27.1\u00a0%, 1,234 of 80", "en")]
    assert half == [
        (D("-6260"), D("5"), "money"),
        (D("0.271"), D("0.0005"), "share"),
        (D(1234), D("0.5"), ""),
        (D(80), D("0.5"), ""),
    ]
    assert [one.value for one in read("1,71–1,87\u00a0млн\u00a0€", "ru")] == [1710000, 1870000]
    assert [(one.value, one.unit) for one in read("−7\u00a0п.\u00a0п.", "ru")] == [(D("-0.07"), "points")]
    assert not read("27.1 %", "en")[0].agrees(D("0.272"))


# --- the documents --------------------------------------------------------------------------------------


@dataclass
class Node:
    """An element of a page."""

    tag: str
    marks: dict[str, str]
    inside: list[Node | str] = field(default_factory=list)

    def all(self, **wanted: str) -> Iterator[Node]:
        for one in self.inside:
            if isinstance(one, Node):
                if all(
                    value in one.marks.get(key, "").split() or one.tag == value
                    for key, value in wanted.items()
                ):
                    yield one
                yield from one.all(**wanted)

    def one(self, **wanted: str) -> Node:
        return next(self.all(**wanted))

    @property
    def text(self) -> str:
        return plain(" ".join(one if isinstance(one, str) else one.text for one in self.inside))


class Tree(HTMLParser):
    """A page as elements."""

    EMPTY = ("meta", "br", "col", "line", "rect", "circle", "polygon", "polyline", "path")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.root = Node("", {})
        self.open = [self.root]
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self.open[-1].inside.append(node)
        if tag not in self.EMPTY:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].inside.append(Node(tag, {key: value or "" for key, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


@dataclass(frozen=True)
class Week:
    """One week in one language: its numbers and what is printed of them."""

    lang: str
    goals: tuple[Goal, ...]
    web: str
    pages: tuple[str, ...]
    mail: str = ""
    mail_html: str = ""


def printed_disagrees(goal: Goal, lang: str) -> Iterator[str]:
    """The texts of the table against the numbers of the goal."""
    unit, said = KIND[goal["unit"]], {key: plain(text) for key, text in goal["printed"][lang].items()}
    yield disagreement("actual", said["actual"], goal["actual"], unit, lang)
    yield disagreement("gap", said["gap"], goal["gap_value"], "points" if unit == "share" else unit, lang)
    target = read(said["target"], lang)
    if not any(one.agrees(goal["target"]) and one.unit == unit for one in target):
        yield f"target: {said['target']!r} has no {goal['target']}"
    if said["gap_note"] and goal["kind"] != "maintain":
        yield disagreement("plan", said["gap_note"], goal["expected_value"], unit, lang)
    if goal["chance"] is not None:
        (chance,) = read(said["chance"], lang)
        if abs(chance.value - goal["chance"]) > D("0.0501") or chance.unit != "share":
            yield f"chance: {said['chance']!r} is not {goal['chance']}"
        low, high = read(said["range"], lang)
        if not (low.agrees(goal["range"][0]) and high.agrees(goal["range"][1]) and low.unit == unit):
            yield f"range: {said['range']!r} is not {goal['range']}"


def web_disagrees(goal: Goal, page: Node, lang: str) -> Iterator[str]:
    """The row and the goal page of the web page against the texts and the numbers."""
    said = {key: plain(text) for key, text in goal["printed"][lang].items()}
    key = f"#goal-{goal['id']}"
    for row in (
        one
        for one in page.one(tag="main").all(tag="tr")
        if any(a.marks["href"] == key for a in one.all(tag="a"))
    ):
        cells = row.text
        wanted = (
            ("actual", "actual_note", "gap", "gap_note", "chance", "range")
            if any(row.all(css="c4", **{"class": "c4"}))
            else ("actual", "gap")
        )
        at = 0
        for name in wanted:
            found = cells.find(said[name], at)
            if found < 0 and name != "gap":
                yield f"web {name}: {said[name]!r} is not in {cells!r}"
            at = max(found, at)
    article = page.one(id=f"goal-{goal['id']}")
    yield from figures_disagree(goal, article, lang)
    yield from table_disagrees(goal, article, lang)
    yield from drivers_disagree(goal, article, lang)
    yield from months_disagree(goal, article, lang)
    yield from labels_disagree(goal, article, lang)


def drivers_disagree(goal: Goal, article: Node, lang: str) -> Iterator[str]:
    """What drives it: value, share and change of each part, in the order of the parts."""
    table = article.one(**{"class": "drivers"})
    lines = [[one.text for one in [*row.all(tag="th"), *row.all(tag="td")]] for row in table.all(tag="tr")]
    if bool(goal["drivers"]) != bool(lines[1:]):
        yield f"drivers: {len(lines)} lines for {len(goal['drivers'])} parts"
    rows = lines[1:]
    head, parts = lines[0] if lines else [], goal["drivers"][: len(rows)]
    for (_, *cells), part in zip(rows, parts, strict=True):
        numbers = [part["actual"], *([part["share"]] if len(cells) > 2 else []), part["change"]]
        for cell, title, number in zip(cells, head[1:], numbers, strict=True):
            yield apart(f"driver {part['value']}", cell, title, number, lang)


def months_disagree(goal: Goal, article: Node, lang: str) -> Iterator[str]:
    """The last months and the same ones a year ago, newest last; changes follow from the two."""
    table = next(article.all(**{"class": "months"}), None)
    if table is None or not [*table.all(tag="tr")]:
        return
    _, values, ago = [[*row.all(tag="th"), *row.all(tag="td")] for row in table.all(tag="tr")][:3]
    months = goal["months"][len(goal["months"]) - len(values) + 1 :]
    for cells, name in ((values, "value"), (ago, "prior_year")):
        for cell, month in zip(cells[1:], months, strict=True):
            known = month[name] if cell.text != "\u2014" or name == "value" else None
            yield apart(f"{name} of {month['start']}", cell.text, values[0].text, known, lang)


def apart(name: str, cell: str, title: str, number: Decimal | None, lang: str) -> str:
    """What is wrong with a cell whose scale and unit stand in its title."""
    if cell == "\u2014":
        return "" if number is None else f"{name}: nothing instead of {number}"
    unit = title.rpartition(", ")[2] if ", " in title else ""
    text = unit + cell if unit == "€" else f"{cell} {unit.replace('€ ', '').replace(' €', '')}".strip()
    (value,) = read(text, lang)
    return "" if value.agrees(number) else f"{name}: {text!r} is not {number}"


LABELS = {
    "en": ("target", "now", "forecast", "upper", "mean", "lower"),
    "ru": ("цель", "факт", "прогноз", "верх", "среднее", "низ"),
}


def labels_disagree(goal: Goal, article: Node, lang: str) -> Iterator[str]:
    """What stands beside the lines of the charts. Now is where the line ends."""
    control, line = (
        goal["control"] or {},
        [one["actual"] for one in goal["burn_up"] if one["actual"] is not None],
    )
    known = {
        "target": [goal["target"], goal["required_rate"]],
        "now": [goal["actual"], *line[-1:]],
        "forecast": [goal["forecast"]],
        **{name: [control.get(name)] for name in ("upper", "mean", "lower")},
    }
    for text in (one.text for one in article.all(tag="text")):
        word = text.partition(" ")[0]
        if word in LABELS[lang] and (numbers := read(text, lang)):
            name = LABELS["en"][LABELS[lang].index(word)]
            if not any(numbers[0].agrees(one) for one in known[name]):
                yield f"label: {text!r} is none of {known[name]}"


def figures_disagree(goal: Goal, article: Node, lang: str) -> Iterator[str]:
    """Every number in the four figures is one of the goal's own."""
    shares = ("progress", "expected", "pace_index", "required_multiple", "chance", "completeness")
    names = (
        "actual",
        "target",
        "baseline",
        "forecast",
        "gap_value",
        "run_rate",
        "required_rate",
        "best_period",
    )
    known = [goal[name] for name in (*names, *shares, "numerator", "denominator", "expected_value")]
    known += [*(goal["range"] or ()), D(80) / 100]
    for figure in article.all(**{"class": "figure"}):
        text = figure.one(**{"class": "value"}).text
        for one in read(text, lang):
            if not any(one.agrees(number) for number in known):
                yield f"figure: {figure.text!r} says {one.value}, which the goal has not"


def table_disagrees(goal: Goal, article: Node, lang: str) -> Iterator[str]:
    """The last weeks: the values in their unit, in the order of the periods."""
    weeks = next(article.all(**{"class": "weeks"}), None)
    rows = (
        [] if weeks is None else [*weeks.one(tag="tbody").all(tag="tr")] if [*weeks.all(tag="tbody")] else []
    )
    heads = [] if not rows else [one.text for one in weeks.one(tag="thead").all(tag="th")]  # type: ignore[union-attr]
    closed = [one for one in goal["periods"] if one["closed"]]
    while rows and closed and closed[-1]["value"] is not None and rows[-1].one(tag="td").text == "\u2014":
        rows.pop()  # the page goes on to the week with a dash where the data ends before it
    periods = closed[len(closed) - len(rows) :]
    for row, period in zip(rows, periods, strict=True):
        cell = row.one(tag="td").text
        unit = heads[1].rpartition(", ")[2] if ", " in heads[1] else ""
        text = unit + cell if unit == "€" else f"{cell} {unit.replace('€ ', '').replace(' €', '')}".strip()
        number = period["value"]
        value = read(text, lang)
        if (number is None) != (cell == "\u2014") or (value and not value[0].agrees(number)):
            yield f"week {period['start']}: {text!r} is not {number}"


def segment(text: str, titles: list[str], number: int) -> str:
    """What stands on page 1 between a goal's title and the next one's."""
    begin = text.index(titles[number])
    rest = text[begin + len(titles[number]) :]
    return rest[: rest.index(titles[number + 1])] if number + 1 < len(titles) else rest


def whole(text: str) -> re.Pattern[str]:
    """A text that is no part of a longer number; two neighbours may touch in what is read from a PDF."""
    return re.compile(
        rf"(?<![\d.,\u2212+€]){re.escape(text)}" + (r"(?![\d.,]*\d)" if text[-1:].isdigit() else "")
    )


def pdf_disagrees(week: Week, shown: list[tuple[str, str]], head: str) -> Iterator[str]:
    """Rows of the PDF's table, which begins below `head`: each text of a goal in its order, between two
    titles."""
    table = week.pages[0].partition(head)[2]
    goals = {goal["id"]: goal for goal in week.goals}
    for number, (goal_id, _) in enumerate(shown):
        row = segment(table, [title for _, title in shown], number)
        said = {key: plain(text) for key, text in goals[goal_id]["printed"][week.lang].items()}
        at = 0
        for name in ("actual", "actual_note", "gap", "gap_note", "chance", "range"):
            match = whole(said[name]).search(row, at)
            if match is None:
                yield f"pdf {goal_id} {name}: {said[name]!r} is not in {row!r}"
            else:
                at = match.end() if said[name] else at


def pages_disagree(week: Week) -> Iterator[str]:
    """Every goal page of the PDF says the actual, the gap and the forecast of its goal."""
    for goal in week.goals:
        said = {key: plain(text) for key, text in goal["printed"][week.lang].items()}
        article = Tree(week.web).root.one(id=f"goal-{goal['id']}")
        title = article.one(**{"class": "title"}).text
        page = next((one for one in week.pages[1:] if title in one), None)
        if page is None:
            yield f"pdf: no page of {goal['id']}"
            continue
        figures = [
            [*(part.text for name in ("value", "note") for part in figure.all(**{"class": name}))]
            for figure in article.all(**{"class": "figure"})
        ]
        if {said["actual"], said["gap"]} - {value for value, _ in figures}:
            yield f"page of {goal['id']}: {said['actual']} or {said['gap']} is none of {figures}"
        for value, note in figures:
            if not re.search(rf"(?<![\d.,\u2212+€]){re.escape(value)} ?{re.escape(note[:4])}", page):
                yield f"pdf page of {goal['id']}: {value!r} is missing"


def mail_disagrees(week: Week) -> Iterator[str]:
    """Each goal of the mail's table: actual, target, gap and chance; and the same in its plain text."""
    goals = {plain(goal["title"][week.lang]): goal for goal in week.goals}
    rows = [*Tree(week.mail_html).root.all(tag="tr")][1:]
    for row in rows:
        title, *cells = [one.text for one in row.all(tag="td")]
        goal = next(goal for name, goal in goals.items() if title.startswith(name))
        unit = KIND[goal["unit"]]
        yield disagreement("mail actual", cells[0], goal["actual"], unit, week.lang)
        yield disagreement("mail target", cells[1], goal["target"], unit, week.lang)
        yield disagreement(
            "mail gap", cells[2], goal["gap_value"], "points" if unit == "share" else unit, week.lang
        )
        for text in cells[:3]:
            if text not in plain(week.mail):
                yield f"mail: {text!r} is not in the plain text"


def disagreements(week: Week) -> list[str]:
    page = Tree(week.web).root
    found = [text for goal in week.goals for text in printed_disagrees(goal, week.lang)]
    found += [text for goal in week.goals for text in web_disagrees(goal, page, week.lang)]
    board = page.one(**{"class": "board"})
    shown = [
        (row.one(tag="a").marks["href"].removeprefix("#goal-"), row.one(tag="a").text)
        for row in board.one(tag="tbody").all(tag="tr")
    ]
    head = [*board.all(tag="th")][7].text
    found += [*pdf_disagrees(week, shown, head), *pages_disagree(week)]
    if week.mail:
        found += mail_disagrees(week)
    return [one for one in found if one]


# --- awkward values -------------------------------------------------------------------------------------


def awkward() -> tuple[Workspace, Edition]:
    """Values that are easily printed wrong, one a goal; the goals keep their kinds and units."""
    values: dict[str, dict[str, Any]] = {
        "revenue-q4": {"actual": D("999500"), "gap_value": D("-9999.5"), "expected_value": D("1009499.5")},
        "churn-q4": {"actual": D("0"), "gap_value": D("-0.2001"), "expected_value": D("0.2001")},
        "retention-hold": {"actual": D("1.20449"), "gap_value": D("0.40449"), "expected_value": D("0.8")},
        "closing-q4": {"actual": D("0.2715"), "gap_value": D("-0.00004"), "expected_value": D("0.27154")},
        "admin-hours": {"actual": D("7.25"), "gap_value": D("0.5"), "expected_value": D("6.75")},
        "cac-2026": {"actual": D("0.05"), "gap_value": D("-409.95"), "expected_value": D("410")},
        "signups-q4": {"actual": D("0"), "gap_value": D("-2419.2"), "expected_value": D("2419.2")},
        "gross-2026": {"actual": D("2012400"), "gap_value": D("-6262"), "expected_value": D("2018662")},
        "net-2026": {"actual": D("-62620"), "gap_value": D("-422620"), "expected_value": D("360000")},
    }
    edition = fx.edition(12, chance=True)

    def changed(one: GoalResult) -> GoalResult:
        if one.goal_id not in values:
            return one
        new = values[one.goal_id]
        low, high = sorted((new["actual"] * D("0.9") - 1, new["actual"] * D("1.2") + 1))
        chance = Chance(0.27, low, high, new["actual"]) if one.unit is not Unit.PERCENT else one.chance
        return replace(one, **new, chance=chance)

    return fx.workspace(goals=12), replace(edition, results=tuple(changed(one) for one in edition.results))


def told(twin: Mapping[str, object]) -> tuple[Goal, ...]:
    goals: list[Goal] = json.loads(dumps(twin), parse_float=Decimal, parse_int=Decimal)["goals"]
    return tuple(goals)


def pdf_pages(content: bytes) -> tuple[str, ...]:
    return tuple(plain(page.extract_text()) for page in PdfReader(io.BytesIO(content)).pages)


@cache
def awkward_week(lang: str) -> Week:
    space, edition = awkward()
    kpis = kpi_registry(space)
    twin = scorecard_json({one: Context(space, edition, kpis, one) for one in ("en", "ru")})
    view, content = scorecard(space, edition, lang)
    reader = space.audiences[0].model_copy(update={"language": lang})
    mail = mail_view(edition, space, reader, fx.notes())
    return Week(
        lang,
        told(twin),
        web_page(view),
        pdf_pages(content),
        plain_text(mail, None, ()),
        html_text(mail, None, ()),
    )


@pytest.mark.parametrize("lang", [pytest.param("en", marks=pytest.mark.slow), "ru"])
def test_awkward_values_are_printed_alike_everywhere(lang: str) -> None:
    week = awkward_week(lang)
    assert len(week.goals) == 12 and len(week.pages) > 12 and week.mail_html.count("<tr") > 3
    assert disagreements(week) == []


def altered(goals: tuple[Goal, ...], part: str, name: str) -> tuple[Goal, ...]:
    """The goals with one number of a list, or of the control limits, one per cent higher."""

    def one_more(goal: Goal) -> Goal:
        held = goal[part]
        rows = held if isinstance(held, list) else [held or {}]
        new = [{**row, name: row[name] * D("1.01")} if row.get(name) else row for row in rows]
        return {**goal, part: new if isinstance(held, list) else new[0] or None}

    return tuple(one_more(goal) for goal in goals)


@pytest.mark.parametrize("where", ["numbers", "web", "pdf", "mail", "pages", "drivers", "months", "labels"])
def test_one_wrong_digit_is_found_wherever_it_stands(where: str) -> None:
    """The comparison itself: one figure of one goal altered in one place."""
    week = awkward_week("en")
    wrong = {
        "numbers": lambda: replace(
            week,
            goals=tuple({**one, "actual": one["actual"] and one["actual"] * D("1.01")} for one in week.goals),
        ),
        "web": lambda: replace(week, web=week.web.replace("€2.01\u00a0M", "€2.07\u00a0M")),
        "pdf": lambda: replace(week, pages=(week.pages[0].replace("€2.01 M", "€2.07 M"), *week.pages[1:])),
        "mail": lambda: replace(week, mail_html=week.mail_html.replace("€1.00&nbsp;M", "€1.01&nbsp;M")),
        "pages": lambda: replace(
            week, pages=(week.pages[0], *(one.replace("€2.01 M", "€2.07 M") for one in week.pages[1:]))
        ),
        "drivers": lambda: replace(week, goals=altered(week.goals, "drivers", "change")),
        "months": lambda: replace(week, goals=altered(week.goals, "months", "prior_year")),
        "labels": lambda: replace(week, goals=altered(week.goals, "control", "mean")),
    }[where]()
    assert wrong != week
    assert disagreements(wrong)


# --- the sample company ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_sample_week_is_printed_as_its_numbers_say(tmp_path: Path) -> None:
    company = with_fewer_documents(copy_sample(tmp_path / "company"))
    command = [str(PROGRAM), "--workspace", str(company), "run", "--week", "2026-W47"]
    subprocess.run(command, check=False, capture_output=True)
    folder = company / "out" / "2026-W47"
    goals = json.loads(
        (folder / "scorecard.json").read_text("utf-8"), parse_float=Decimal, parse_int=Decimal
    )["goals"]
    for name in ("scorecard-retention-en.en", "scorecard-sales-ru.ru"):
        web = (folder / f"{name}.html").read_text("utf-8")
        seen = tuple(goal for goal in goals if f'id="goal-{goal["id"]}"' in web)
        assert len(seen) >= 2
        pages = pdf_pages((folder / f"{name}.pdf").read_bytes())
        assert disagreements(Week(name[-2:], seen, web, pages)) == []
