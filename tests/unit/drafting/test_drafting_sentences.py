"""Sentences to fields: what a wrong reading would have made a goal measure or promise."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline.bundled import samples_dir
from pipeline.drafting.clauses import words_of
from pipeline.drafting.draft import REFUSALS, draft_sentence
from pipeline.drafting.lexicon import LEXICONS, lexicon_of
from pipeline.drafting.model import DraftGoal
from pipeline.drafting.tokens import same_word
from pipeline.errors import UsageError
from pipeline.kpis.catalogue import CATALOGUE
from pipeline.kpis.registry import kpi_registry
from pipeline.workspace.loader import load_workspace
from pipeline.workspace.model import Workspace
from tests.unit.drafting.draft_cases import ENGLISH, REFUSED, RUSSIAN, TODAY, Case

KPIS = {kpi.id: kpi for kpi in CATALOGUE}


@pytest.fixture(scope="module")
def sample() -> Workspace:
    return load_workspace(samples_dir(), CATALOGUE)


def only(sentence: str, workspace: Workspace | None = None, today: date = TODAY) -> DraftGoal:
    kpis = kpi_registry(workspace) if workspace else KPIS
    (goal,) = draft_sentence(sentence, kpis, today, workspace).goals
    return goal


def marks(goal: DraftGoal) -> dict[str, str]:
    return {line.key: line.mark for line in goal.marked}


@pytest.mark.parametrize("case", [*ENGLISH, *RUSSIAN], ids=lambda case: case.sentence[:60])
def test_a_sentence_becomes_the_fields_a_person_would_write(case: Case) -> None:
    goal = only(case.sentence)
    found = {
        key: goal.value(key)
        for key in ("kpi", "kind", "target", "start", "due", "baseline", "relative_to", "period", "measured")
    }
    assert found == {
        "kpi": case.kpi,
        "kind": case.kind,
        "target": case.target,
        "start": case.start,
        "due": case.due,
        "baseline": case.baseline,
        "relative_to": case.base,
        "period": case.period,
        "measured": case.measured,
    }
    assert marks(goal) == {"owner": "missing", **case.marks}
    assert tuple(item.title for item in goal.how) == case.how
    assert goal.unread == case.unread


def test_the_table_is_as_long_as_it_must_be_and_half_russian() -> None:
    assert len(ENGLISH) + len(RUSSIAN) >= 60
    assert len(RUSSIAN) >= 30
    assert len(REFUSED) >= 15


@pytest.mark.parametrize(("sentence", "letters"), REFUSED)
def test_a_vague_goal_is_refused_with_the_letters_it_lacks(sentence: str, letters: str) -> None:
    with pytest.raises(UsageError) as refused:
        draft_sentence(sentence, KPIS, TODAY)
    (problem,) = refused.value.problems
    assert (problem.code, refused.value.exit_code) == ("E-VAGUE", 2)
    assert (problem.message, problem.remedy) == REFUSALS[letters]


@pytest.mark.parametrize("sentence", ["", "  ", "25 %", "?" * 5, "raise sales 25 % " * 100])
def test_what_is_no_sentence_is_refused(sentence: str) -> None:
    with pytest.raises(UsageError, match="E-VAGUE"):
        draft_sentence(sentence, KPIS, TODAY)


@pytest.mark.parametrize("case", [*ENGLISH, *RUSSIAN], ids=lambda case: case.sentence[:60])
def test_every_word_is_in_the_title_or_the_means(case: Case) -> None:
    """Only the words that join the parts may be in neither."""
    goal = only(case.sentence)
    lexicon = lexicon_of(case.sentence)
    kept = words_of(goal.title) + [word for item in goal.how for word in words_of(item.title)]
    joining = [
        word
        for phrase in (*lexicon.means, *lexicon.means_before_ending, *lexicon.joins)
        for word in phrase.split()
    ]
    lost = [
        word
        for word in words_of(case.sentence)
        if word not in kept
        and not any(same_word(one, word.casefold().replace("ё", "е"), lexicon) for one in joining)
    ]
    assert lost == []


@pytest.mark.parametrize(
    ("sentence", "due", "period"),
    [
        ("Reduce churn from 45 % to 20 % in a quarter", "2027-02-25", None),
        ("Снизить отток с 45 % до 20 % за квартал", "2027-02-25", None),
        ("Raise sales by 5 % within a month", "2026-12-25", None),
        ("Win 10 new clients a month", None, "month"),
        ("Keep churn below 3 % a month", None, "month"),
    ],
)
def test_in_a_quarter_is_a_time_and_a_month_is_a_rate(
    sentence: str, due: str | None, period: str | None
) -> None:
    """A quarter from 25 November is 25 February; "a month" alone says how often, not until when."""
    goal = only(sentence)
    assert (goal.value("due") or None, goal.value("period") or None) == (due, period)


def test_two_goals_in_a_sentence_are_both_drafted_and_share_the_time() -> None:
    drafted = draft_sentence("Win 40 new customers in 2027 at a CAC below €215", KPIS, TODAY)
    assert [(one.value("kpi"), one.value("kind"), one.value("target")) for one in drafted.goals] == [
        ("new_customers", "cumulative", "40"),
        ("cac", "maintain", "215"),
    ]
    assert {(one.value("start"), one.value("due")) for one in drafted.goals} == {("2027-01-01", "2027-12-31")}


def test_each_of_two_goals_keeps_its_own_time() -> None:
    drafted = draft_sentence(
        "Поднять долю выигранных сделок до 30 % к 30 июня и снизить отток до 5 % к 30 сентября", KPIS, TODAY
    )
    assert [(one.value("kpi"), one.value("target"), one.value("due")) for one in drafted.goals] == [
        ("closing_rate", "30 %", "2027-06-30"),
        ("churn_rate", "5 %", "2027-09-30"),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "Raise sales and net profit by 10 % over last year in 2027",
        "Увеличить продажи и чистую прибыль на 10 % к прошлому году в 2027 году",
    ],
)
def test_two_figures_with_one_number_share_it(sentence: str) -> None:
    goals = draft_sentence(sentence, KPIS, TODAY).goals
    assert [one.value("kpi") for one in goals] == ["sales_revenue", "net_profit"]
    for goal in goals:
        assert (goal.value("target"), goal.value("relative_to")) == ("+10 %", "prior_year")
        assert (goal.value("start"), goal.value("due")) == ("2027-01-01", "2027-12-31")


# --- with a workspace ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "person"),
    [
        ("by Sofia Marin", "sofia-marin"),
        (", owner: irina-sokolova", "irina-sokolova"),
        (", led by the Head of Retention", "clara-neumann"),
        (", owner: Head of Retention", "clara-neumann"),
        (", ответственная — Ирина Соколова", "irina-sokolova"),
        (", под руководством Ирины Соколовой", "irina-sokolova"),
        (", ответственный: Соколова Ирина", "irina-sokolova"),
        (", отвечает Тимур", "timur-akhmetov"),
    ],
)
def test_an_owner_is_matched_in_any_case_ending(sample: Workspace, words: str, person: str) -> None:
    sentence = (
        "Привлечь 40 новых клиентов в 2027 году"
        if any(ch in words for ch in "аеио")
        else "Win 40 new customers in 2027"
    )
    goal = only(f"{sentence}{'' if words[0] == ',' else ' '}{words}", sample)
    assert goal.value("owner") == person
    assert (goal.value("target"), goal.value("due")) == ("40", "2027-12-31")


def test_a_name_nobody_has_is_kept_and_marked(sample: Workspace) -> None:
    line = only("Win 40 new customers in 2027 by Walter Nobody", sample).line("owner")
    assert line is not None and line.mark == "missing" and line.said is not None
    assert line.said.params == {"name": "Walter Nobody"}


def test_nobody_is_chosen_for_being_the_only_one(sample: Workspace) -> None:
    alone = sample.model_copy(
        update={"people": sample.people.model_copy(update={"people": sample.people.people[:1]})}
    )
    assert marks(only("Win 40 new customers in 2027", alone)) == {"owner": "missing"}


def test_the_companys_own_kpi_comes_before_a_shorter_built_in_name(sample: Workspace) -> None:
    for sentence in (
        "Raise partner revenue 30 % over last year in Q1",
        "Поднять выручку от партнёров на 30 % к прошлому году в первом квартале",
    ):
        goal = only(sentence, sample)
        assert (goal.value("kpi"), goal.value("target")) == ("partner_revenue", "+30 %")


def test_money_in_another_currency_than_the_companys_is_not_taken_over(sample: Workspace) -> None:
    goal = only("Achieve $90k in sales in Q1 2027", sample)
    assert marks(goal) == {"owner": "missing", "target": "decide"}
    assert only("Achieve €90k in sales in Q1 2027", sample).value("target") == "90 000"


def test_a_team_is_matched_beside_the_word_team(sample: Workspace) -> None:
    assert only("The sales team wins 40 new customers in 2027", sample).value("team") == "sales"
    assert only("Отделу продаж привлечь 40 новых клиентов в 2027 году", sample).value("team") == "sales"
    assert only("Win 40 new customers in 2027", sample).value("team") == ""


# --- financial years -------------------------------------------------------------------------------------


def fiscal(sample: Workspace, month: int) -> Workspace:
    return sample.model_copy(
        update={"company": sample.company.model_copy(update={"fiscal_year_start": month})}
    )


@pytest.mark.parametrize(
    ("words", "start", "due"),
    [
        ("this quarter", "2026-10-01", "2026-12-31"),  # Q3 of a year from April
        ("next quarter", "2027-01-01", "2027-03-31"),
        ("by the end of Q2", "2026-11-25", "2027-09-30"),  # Q2 is July to September; this year's is over
        ("in Q4", "2027-01-01", "2027-03-31"),
        ("by the end of the year", "2026-11-25", "2027-03-31"),
        ("in the second half", "2026-10-01", "2027-03-31"),
        ("in 2027", "2027-01-01", "2027-12-31"),  # a bare number is the calendar's year
    ],
)
def test_quarters_and_years_are_the_companys_financial_ones(
    sample: Workspace, words: str, start: str, due: str
) -> None:
    goal = only(f"Win 40 new customers {words}", fiscal(sample, 4))
    assert (goal.value("start"), goal.value("due")) == (start, due)


def test_a_numbered_financial_year_that_could_be_two_is_not_chosen(sample: Workspace) -> None:
    goal = only("Win 40 new customers in Q2 2027", fiscal(sample, 4))
    assert marks(goal) == {"owner": "missing", "start": "decide", "due": "decide"}
    line = goal.line("due")
    assert line is not None and line.said is not None
    assert line.said.params == {"day": "2027-09-30", "other": "2026-09-30"}


# --- clocks and edges ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "words", "due"),
    [
        (date(2026, 12, 31), "by 31 December", "2026-12-31"),
        (date(2027, 1, 1), "by 31 December", "2027-12-31"),
        (date(2027, 3, 31), "by the end of March", "2027-03-31"),
        (date(2027, 4, 1), "by the end of March", "2028-03-31"),
        (date(2026, 11, 25), "by 29 February", "2028-02-29"),
        (date(2027, 8, 31), "in six months", "2028-02-29"),
        (date(2026, 11, 25), "this month", "2026-11-30"),
        (date(2026, 11, 25), "next week", "2026-12-06"),
        (date(2026, 11, 25), "by 03/04/2027", ""),  # 3 April or 4 March
        (date(2026, 11, 25), "by 31/03/2027", "2027-03-31"),
        (date(2026, 11, 25), "by 31 March 2025", ""),  # past
    ],
)
def test_a_time_without_a_year_is_the_next_one(today: date, words: str, due: str) -> None:
    assert only(f"Get 3300 sign-ups {words}", today=today).value("due") == due


@pytest.mark.parametrize(
    ("sentence", "target"),
    [
        ("Raise the closing rate from 25 % to 20 % by June", ""),
        ("Raise churn to 20 % by June", ""),
        ("Send at most 90 messages a week until June", ""),
        ("Closing rate to 30 by June", ""),  # 30 of what: a percentage wants its mark
        ("Raise revenue to 25 % in 2027", ""),
        ("Keep CAC above 215 until June", ""),
        ("Raise revenue from 100 to 120 by 50 % in 2027", ""),
        ("Raise revenue from 100 to 120 by 20 % in 2027", "120"),
        ("Improve churn from 45 % to 20 % by June", "20 %"),
        ("Win 40 sales by June", ""),  # forty deals, not forty euros
        ("Achieve 40k sales by June", "40 000"),
        ("Получить 40 продаж к июню", ""),
        ("Deliver an increase of 25 % in sales by June", "+25 %"),
        ("Deliver a reduction of 5 % in churn by June", ""),  # of the rate, or in points
        ("Make 1000 sales calls by 1 June", "1 000"),
    ],
)
def test_what_contradicts_itself_or_the_kpi_is_left_open(sentence: str, target: str) -> None:
    assert only(sentence).value("target") == target


def test_sales_calls_are_not_money() -> None:
    assert only("Make 1000 sales calls by 1 June").value("kpi") == "calls_made"
    assert marks(only("Hold 20 sales training by 1 June"))["kpi"] == "missing"


def test_a_lexicon_has_the_same_groups_as_every_other() -> None:
    first, *others = LEXICONS.values()
    for other in others:
        for name in (
            "verbs",
            "units",
            "roles",
            "per",
            "time_roles",
            "time_units",
            "relative",
            "more",
            "after",
        ):
            assert set(getattr(first, name)) == set(getattr(other, name)), name
        assert set(first.kpis) == set(other.kpis) == set(KPIS)
        assert len(other.months) == 12


def test_no_phrase_of_a_lexicon_names_a_kpi_that_is_not_there() -> None:
    for lexicon in LEXICONS.values():
        named = {kpi for ids in lexicon.shared_names.values() for kpi in ids} | set(lexicon.counted)
        assert named <= set(KPIS)
