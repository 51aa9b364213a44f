"""The method page: definitions, every threshold, glossary.

Here: the text of the page, with the thresholds taken from where the rules use them. Not here: the rules.
"""

from __future__ import annotations

from decimal import Decimal

from pipeline.goals.control import LIMIT_FACTOR, SCREEN_FACTOR
from pipeline.goals.judged import FEWEST_GOALS, FEWEST_PREDICTIONS
from pipeline.goals.progress import RECENT
from pipeline.goals.rollup import roll_ups
from pipeline.goals.status import (
    FEWEST_OBSERVATIONS,
    FLAG_CLEAR_ONCE,
    FLAG_CLEAR_TWICE,
    FLAG_ENTER_ONCE,
    FLAG_ENTER_TWICE,
    OFF_TRACK_BELOW,
    PACE_AT_RISK,
    PACE_ON_TRACK,
    PACE_WATCH,
)
from pipeline.report.context import RULES_VERSION, Context
from pipeline.report.fit import fitted, pick
from pipeline.report.i18n import Formats
from pipeline.report.view import Line, Section
from pipeline.report.words import SHAPES, counted, decapitalised

KPIS, SOURCES, ROLL_UPS = (18, 12, 8, 4), (14, 10, 6, 3), (10, 8, 6, 4)
"""KPIs, sources and roll-ups listed, from the roomiest page to the closest."""
METHOD_STEPS = len(KPIS)


def method_sections(context: Context, step: int = 0) -> tuple[Section, ...]:
    """The page's sections; `step` chooses how many KPIs and sources it lists."""
    f, step = context.formats, min(step, METHOD_STEPS - 1)
    return (
        _statuses(f),
        _measures(f),
        _chance(context),
        _variation(f),
        _time(context),
        *_roll_ups(context, ROLL_UPS[step]),
        _kpis(context, KPIS[step]),
        _traces(context, SOURCES[step]),
    )


def _statuses(f: Formats) -> Section:
    def points(edge: Decimal) -> str:
        return f.points(edge)

    texts = {
        "achieved": f.say("The target is reached, or the window has closed with it reached."),
        "on_track": f.say("The gap to plan is no worse than {edge}.", edge=points(PACE_ON_TRACK)),
        "watch": f.say(
            "Worse than {worse}, no worse than {edge}.", worse=points(PACE_ON_TRACK), edge=points(PACE_WATCH)
        ),
        "at_risk": f.say(
            "Worse than {worse}, no worse than {edge}.", worse=points(PACE_WATCH), edge=points(PACE_AT_RISK)
        ),
        "off_track": f.say("Worse than {edge}.", edge=points(PACE_AT_RISK)),
        "missed": f.say("The window has closed without the target, or it can no longer be reached."),
        "no_verdict": f.say(
            "Too little history, no data, or a source that is stale or refused; the reason is always given."
        ),
        "not_started": f.say("The goal's window has not begun."),
    }
    lines = tuple(Line(f"{SHAPES[name][0]} {f.say(SHAPES[name][1])}", text) for name, text in texts.items())
    return Section(f.say("Status, judged by pace"), lines)


def _measures(f: Formats) -> Section:
    return Section(
        f.say("What is measured"),
        (
            Line(
                f.say("Progress"),
                f.say(
                    "Sum to date over the target; for a level, the way covered from the baseline to "
                    "the target. Lower is better works the same way."
                ),
            ),
            Line(
                f.say("Plan for today"),
                f.say(
                    "A straight line by days, the shape of earlier years, or dated milestones; the "
                    "goal's page says which."
                ),
            ),
            Line(
                f.say("Gap to plan"),
                f.say("Progress minus plan, in points (pp) of the way from start to target."),
            ),
            Line(
                f.say("Pace index"),
                f.say("Progress over plan, printed once the plan asks for a tenth of the way."),
            ),
            Line(
                f.say("Needed rate"),
                f.say(
                    "What is left to the target over what is left of the window, beside the mean of "
                    "the last {n} closed periods.",
                    n=RECENT,
                ),
            ),
            Line(
                f.say("Rates"),
                f.say(
                    "Sum over sum of the whole span, never a mean of rates; nothing over nothing has "
                    "no value. n is printed beside them."
                ),
            ),
            Line(
                f.say("Fewest figures"),
                f.say("Fewer than {n} closed periods on record give no verdict.", n=FEWEST_OBSERVATIONS),
            ),
        ),
    )


def _chance(context: Context) -> Section:
    f = context.formats
    if not any(result.chance for result in context.results):
        text = f.say(
            "No goal of this edition has one: a chance needs {n} closed periods on record. Until then the "
            "status is by pace, and the column says so.",
            n=FEWEST_OBSERVATIONS,
        )
        return Section(f.say("Chance"), (Line(f.say("Chance of attainment"), text),))
    share = f.say(
        "Share of simulated futures that reach the target if things go on as now, rounded to 5 %. Four out "
        "of five futures end within the 80 % range."
    )

    def percent(value: float) -> str:
        return f.percent(Decimal(str(value)), 0)

    rule = f.say(
        "At risk once the chance is below {low} in two closed periods running, or below {lowest} once, until "
        "it is above {high} twice or above {highest} once; off track while it is also below {off}. Otherwise "
        "on track from {high}, and watch below.",
        low=percent(FLAG_ENTER_TWICE), lowest=percent(FLAG_ENTER_ONCE), high=percent(FLAG_CLEAR_TWICE),
        highest=percent(FLAG_CLEAR_ONCE), off=percent(OFF_TRACK_BELOW),
    )  # fmt: skip
    lines = (Line(f.say("Chance of attainment"), share), Line(f.say("Status by chance"), rule))
    return Section(f.say("Chance"), (*lines, Line(f.say("Past chances"), _record(context))))


def _record(context: Context) -> str:
    f, record = context.formats, context.record
    if record is None:
        return f.say(
            "Not judged yet: fewer than {goals} closed goals or {n} forecasts of them.",
            goals=FEWEST_GOALS, n=FEWEST_PREDICTIONS,
        )  # fmt: skip
    return f.say(
        "{n} forecasts of {goals} closed goals, recomputed from the figures of this edition, each from those "
        "up to its day: Brier score {brier} (0 is perfect, always 50 % gives 0.25); {inside} of {ranged} "
        "ends within the 80 % range.",
        n=f.number(record.predictions), goals=f.number(record.goals),
        brier=f.number(Decimal(str(record.brier)), 3), inside=f.number(record.in_range),
        ranged=f.number(record.ranged),
    )  # fmt: skip


def _variation(f: Formats) -> Section:
    return Section(
        f.say("Usual variation"),
        (
            Line(
                f.say("Natural limits"),
                f.say(
                    "Mean ± {factor} × the mean difference between neighbouring periods (XmR chart); "
                    "differences above {screen} × their mean are left out once. Where no value can be (below "
                    "0, or above 100 % for a part of a whole) there is no limit.",
                    factor=f.number(LIMIT_FACTOR, 2),
                    screen=f.number(SCREEN_FACTOR, 3),
                ),
            ),
            Line(
                f.say("Signals"),
                f.say(
                    "A period outside the limits, seven in a row on one side of the mean, seven "
                    "rising or falling in a row, two of three in the outer third."
                ),
            ),
            Line(
                f.say("Shades of the bar"),
                f.say(
                    "Where the value would stand today for each status by pace: darkest is off track, "
                    "lightest is on track."
                ),
            ),
        ),
    )


def _time(context: Context) -> Section:
    f, company = context.formats, context.workspace.company
    return Section(
        f.say("Time"),
        (
            Line(
                f.say("Weeks and days"),
                f.say(
                    "Weeks run from Monday to Sunday in {zone}. A week is reported as known at {time} "
                    "on the Monday after it.",
                    zone=company.timezone,
                    time=f"{company.cutoff:%H:%M}",
                ),
            ),
            Line(
                f.say("Restated"),
                f.say(
                    "A number of an earlier edition that changed since is listed on page 1 with its cause."
                ),
            ),
        ),
    )


def _roll_ups(context: Context, most: int) -> tuple[Section, ...]:
    """Objectives and teams by their worst goal and the counts; nothing for goals that belong to none."""
    f = context.formats
    found = [one for one in roll_ups(context.workspace, context.results) if one.of != "goal"]
    lines = tuple(
        Line(
            fitted(f"{SHAPES[one.worst][0]} {pick(one.title, context.lang)}", 104, 7.2, 2, 600),
            f.say(
                "Worst: {status}; {tally}",
                status=decapitalised(f.say(SHAPES[one.worst][1])),
                tally=", ".join(counted(name, n, f) for name, n in one.tally.items()),
            ),
        )
        for one in found[:most]
    )
    return (Section(f.say("Objectives and teams"), lines),) if lines else ()


def _kpis(context: Context, most: int) -> Section:
    f = context.formats
    used = dict.fromkeys(result.kpi_id for result in context.results)
    lines = tuple(
        Line(
            fitted(context.kpi_name(key), 104, 7.2, 2, 600),
            fitted(pick(context.kpis[key].formula, context.lang), 400, 7.4, 2),
        )
        for key in used
        if key in context.kpis
    )
    return Section(f.say("KPIs of these goals"), lines[:most])


def _traces(context: Context, most: int) -> Section:
    f, inputs = context.formats, context.edition.inputs
    lines = tuple(
        Line(
            fitted(context.source_title(key), 110, 7.4, 3, 500),
            f.say.count(
                "{n} export, newest {sha}",
                "{n} exports, newest {sha}",
                len(inputs[key]),
                sha=inputs[key][-1][:12],
            ),
        )
        for key in context.source_ids
        if inputs.get(key)
    )
    run = Line(
        f.say("Run"),
        f.say(
            "{run}: fingerprint of inputs, workspace, program version and week; rules {version}.",
            run=context.edition.run_id,
            version=RULES_VERSION,
        ),
    )
    return Section(f.say("Where the numbers come from"), (run, *lines[:most]))
