"""Every kind of document made of the fixture edition: what checkers of finished files are shown.

Here: how each kind is made. Not here: what must be true of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import fixture_edition as fx
import pyarrow as pa

from pipeline.facts import FACTS
from pipeline.goals.model import Edition
from pipeline.kpis.registry import kpi_registry
from pipeline.plan import build_plan
from pipeline.report.context import Context
from pipeline.report.engine import scorecard_html
from pipeline.report.pdf import print_pdf
from pipeline.report.plan_build import plan_html, plan_view
from pipeline.report.printed import Embedded, Printed
from pipeline.report.scorecard import scorecard_view
from pipeline.report.settle import Memory, settled
from pipeline.report.view import ScorecardView
from pipeline.workspace.model import Workspace


def no_facts(name: str) -> pa.Table:
    return FACTS[name].arrow_schema().empty_table()


def print_view(view: ScorecardView) -> Printed:
    files = (Embedded("scorecard.json", "The numbers of this document", b"{}"),)
    return print_pdf(scorecard_html(view), identifier=b"test", created=fx.AS_OF, files=files)


def scorecard(
    space: Workspace, edition: Edition, lang: str, audience: int = 0, only: str | None = None
) -> tuple[ScorecardView, bytes]:
    """A document as the week's run makes it: every part on its own page."""
    reader = space.audiences[audience].model_copy(update={"language": lang})
    context = Context(space, edition, kpi_registry(space), lang, reader, fx.notes())
    view, printed = settled(partial(scorecard_view, context, only), print_view, Memory())
    return view, printed.content


def plan(space: Workspace, edition: Edition, lang: str) -> bytes:
    html = plan_html(plan_view(space, edition, build_plan(space, edition, no_facts), lang))
    return print_pdf(html, identifier=b"test", created=fx.AS_OF).content


def leadership(lang: str) -> bytes:
    return scorecard(fx.workspace(goals=12), fx.edition(12, chance=True), lang)[1]


def team(lang: str) -> bytes:
    return scorecard(fx.workspace(goals=12), fx.edition(12), lang, audience=2)[1]


def goal_page(lang: str) -> bytes:
    return scorecard(fx.workspace(goals=12), fx.edition(12, chance=True), lang, only="churn-q4")[1]


def whole_plan(lang: str) -> bytes:
    return plan(fx.workspace(goals=12), fx.edition(12, chance=True), lang)


def correction(lang: str) -> bytes:
    """A week made again with what is known now, from an export that came late."""
    edition = replace(fx.edition(4, reconstructed=True), known="now")
    return scorecard(fx.workspace(goals=4), edition, lang)[1]


def without_data(lang: str) -> bytes:
    return scorecard(fx.workspace(goals=2), fx.edition(2, empty=True), lang)[1]


def longest(lang: str) -> bytes:
    return scorecard(fx.workspace(goals=3, long=True), fx.edition(3, chance=True), lang)[1]


def longest_plan(lang: str) -> bytes:
    return plan(fx.workspace(goals=12, long=True), fx.edition(12), lang)


KINDS: tuple[Callable[[str], bytes], ...] = (
    leadership,
    team,
    goal_page,
    whole_plan,
    correction,
    without_data,
    longest,
    longest_plan,
)
