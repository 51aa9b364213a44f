"""A small right workspace, broken one rule at a time; each test states which message must come and where."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from textwrap import dedent

import pytest

from pipeline.errors import Problem, UsageError, WorkspaceError
from pipeline.goals.measure import effective_kind
from pipeline.periods import Week
from pipeline.workspace.loader import check_notes, load_notes, load_workspace
from pipeline.workspace.model import Kpi, Workspace

CHURN = Kpi.model_validate(
    {
        "id": "churn_rate",
        "name": "Churn",
        "unit": "percent",
        "direction": "down",
        "kind": "ratio",
        "numerator": {"fact": "subscriptions", "date": "ended_on"},
        "denominator": {"fact": "subscriptions", "date": "started_on", "taken": "opening"},
        "dimensions": ("plan", "region"),
        "formula": "lost over opening",
    }
)
REVENUE = Kpi.model_validate(
    {
        "id": "sales_revenue",
        "name": "Revenue",
        "unit": "money",
        "direction": "up",
        "kind": "simple",
        "numerator": {"fact": "deals", "date": "closed_on", "aggregate": "sum", "column": "amount"},
        "formula": "sum",
    }
)
PROFIT = Kpi.model_validate(
    {
        "id": "net_profit",
        "name": "Profit",
        "unit": "money",
        "direction": "up",
        "kind": "simple",
        "grain": "month",
        "numerator": {"fact": "ledger_lines", "date": "posted_on"},
        "formula": "sum",
    }
)
KPIS = (CHURN, REVENUE, PROFIT)
SYSTEMS = {"hubspot": frozenset({"deals", "contacts"}), "subscriptions": frozenset({"subscriptions"})}

FILES = {
    "scorecards.yaml": """
        company: Company X
        timezone: Europe/Moscow
        currency: EUR
        languages: [en, ru]
        delivery:
          allowed_domains: [example.com]
        """,
    "people.yaml": """
        teams:
          - {id: retention, name: Retention, lead: ann}
        people:
          - {id: ann, name: Ann, teams: [{team: retention}], aliases: [ann@example.com]}
          - {id: bob, name: Bob, aliases: ["Bob B."]}
        """,
    "audiences.yaml": """
        audiences:
          - id: leaders
            title: Leaders
            language: en
            recipients:
              - address: vp@example.com
        """,
    "strategy.yaml": """
        objectives:
          - {id: loyal, title: Loyal customers}
        """,
    "sources/deals.yaml": """
        id: hubspot_deals
        system: hubspot
        export: deals
        """,
    "goals/churn.yaml": """
        id: churn-q4
        title: {en: Reduce churn, ru: Снизить отток}
        owner: ann
        team: retention
        kpi: churn_rate
        kind: level
        baseline: 45 %
        target: 20 %
        start: 2026-10-01
        due: 2026-12-31
        supports: loyal
        how:
          - {id: trials, title: Extended trials, owner: bob}
          - {id: staff, title: Support staff, depends_on: [trials]}
        """,
}


def put(root: Path) -> Path:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip(), "utf-8")
    return root


def load(root: Path) -> Workspace:
    return load_workspace(root, KPIS, SYSTEMS)


def problems_of(root: Path) -> list[Problem]:
    with pytest.raises(WorkspaceError) as caught:
        load(root)
    return list(caught.value.problems)


def goal(*changes: tuple[str, str], kpi: str = "churn_rate") -> str:
    """The churn goal with lines replaced (or added when the key is not there)."""
    text = dedent(FILES["goals/churn.yaml"]).lstrip().replace("kpi: churn_rate", f"kpi: {kpi}")
    lines = text.split("\n")
    for key, value in changes:
        at = next((i for i, line in enumerate(lines) if line.startswith(f"{key}:")), None)
        if at is None:
            lines.insert(0, f"{key}: {value}")
        else:
            lines[at] = f"{key}: {value}"
    return "\n".join(lines)


def test_a_right_workspace_loads_with_places_and_no_warning(tmp_path: Path) -> None:
    workspace = load(put(tmp_path))
    assert workspace.goals[0].target.amount == Decimal("0.2")
    assert workspace.locations["goal:churn-q4/due"] == ("goals/churn.yaml", 10, 6)
    assert workspace.locations["source:hubspot_deals"][0] == "sources/deals.yaml"
    assert workspace.location("goal:churn-q4/how/1/depends_on/0")["line"] == 14
    assert workspace.warnings == ()


@pytest.mark.parametrize(
    ("text", "code", "line", "says"),
    [
        (goal(("due", "2026-09-30")), "E-WINDOW", 10, "before its start"),
        (goal(("every", "month"), ("start", "2026-10-05")), "E-WINDOW", 10, "start: 2026-10-01"),
        (goal(("every", "month"), ("due", "2026-12-15")), "E-WINDOW", 11, "due: 2026-12-31"),
        (goal(("every", "week"), ("start", "2026-09-28")), "E-WINDOW", 11, "due: 2027-01-03"),
        (goal(("every", "quarter"), ("due", "2027-01-31")), "E-WINDOW", 11, "due: 2027-03-31"),
        (goal(("every", "year")), "E-VALUE", 1, "week, month, quarter"),
        (goal(("every", "month"), ("kind", "maintain")), "E-KIND", 1, "period by period already"),
        (
            goal(("every", "month"), ("milestones", "[{date: 2026-11-05, value: 30 %}]")),
            "E-KIND",
            1,
            "Milestones lie in one period",
        ),
        (
            goal(("every", "month"), ("target", "-10 %"), ("relative_to", "baseline")),
            "E-MISSING",
            2,
            "compounding: actual",
        ),
        (goal(("compounding", "actual")), "E-KIND", 1, "recurring changes"),
        (goal(("relative_to", "prior_period"), ("target", "+5 %")), "E-TARGET", 9, "asks for more"),
        (
            goal(("override", "{status: watch, by: ann, reason: x, until: 2027-06-30}")),
            "E-WINDOW",
            1,
            "up to 2027-04-02",
        ),
        (
            goal(("override", "{status: watch, by: ann, reason: x, on: 2026-11-20, until: 2026-11-19}")),
            "E-WINDOW",
            1,
            "before it begins on 2026-11-20",
        ),
        (goal(("override", "{status: watch, by: ann, reason: x}")), "E-MISSING", 1, "until"),
        (goal(("target", "50 %")), "E-TARGET", 8, "above the baseline"),
        (goal(("target", "20")), "E-UNIT", 8, "such as 45 %"),
        (goal(("baseline", "45 pp")), "E-UNIT", 7, "percent mark"),
        (goal(("target", "-25 %")), "E-TARGET", 8, "relative_to"),
        (
            goal(
                ("relative_to", "baseline"),
            ),
            "E-TARGET",
            9,
            "has no sign",
        ),
        (goal(("relative_to", "baseline"), ("target", "+5 pp")), "E-TARGET", 9, "above the baseline"),
        (goal(("relative_to", "prior_year"), ("target", "+5 %")), "E-TARGET", 9, "asks for more"),
        (goal(("kpi", "churn_rat")), "E-REFERENCE", 5, "Did you mean churn_rate?"),
        (goal(("owner", "anne")), "E-REFERENCE", 3, "Did you mean ann?"),
        (goal(("team", "retension")), "E-REFERENCE", 4, "Did you mean retention?"),
        (goal(("supports", "loyl")), "E-REFERENCE", 11, "Did you mean loyal?"),
        (goal(("parent", "churn-q3")), "E-REFERENCE", 1, "Did you mean churn-q4?"),
        (goal(("parent", "churn-q4")), "E-CYCLE", 1, "churn-q4 → churn-q4"),
        (goal(("kind", "cumulative")), "E-KIND", 6, "cannot be added up"),
        (goal(("inside", "{at_least: 5, of: 4}"), ("kind", "maintain")), "E-VALUE", 1, "4 at most"),
        (goal(("segment", "{planet: Mars}")), "E-REFERENCE", 1, "Did you mean plan?"),
        (goal(("milestones", "[{date: 2027-01-05, value: 30 %}]")), "E-WINDOW", 1, "outside the goal's time"),
        (goal(("plan", "milestones")), "E-MISSING", 1, "milestones"),
        (
            goal(("period", "week"), ("baseline", "1"), ("target", "2"), kpi="net_profit"),
            "E-PERIOD",
            1,
            "by month only",
        ),
        (goal(("baseline", "1"), ("target", "20 %"), kpi="sales_revenue"), "E-UNIT", 8, "not a percentage"),
        (goal(("id", "../../etc/passwd")), "E-VALUE", 1, "lower-case"),
        (goal(("id", "con")), "E-ID", 1, "another id"),
        (goal(("id", "x" * 500)), "E-VALUE", 1, "at most 64"),
        (goal(("start", "20261001")), "E-VALUE", 9, "2026-10-01"),
        (goal(("target", "1,250")), "E-VALUE", 8, "two ways"),
        (goal(("titel", "x")), "E-KEY", 1, "Did you mean title?"),
        (goal(("title", "{en: x, de: y}")), "E-VALUE", 2, "en and ru"),
    ],
)
def test_goal_rules_one_by_one(tmp_path: Path, text: str, code: str, line: int, says: str) -> None:
    put(tmp_path)
    (tmp_path / "goals/churn.yaml").write_text(text, "utf-8")
    problems = problems_of(tmp_path)
    assert [(p.code, p.file, p.line) for p in problems] == [(code, "goals/churn.yaml", line)], problems
    assert says in problems[0].text()


def test_a_target_at_the_baseline_is_a_goal_to_keep_and_check_says_so(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "goals/churn.yaml").write_text(goal(("target", "45 %")), "utf-8")
    workspace = load(tmp_path)
    assert effective_kind(workspace.goals[0]) == "maintain"
    assert [(one.code, one.severity, one.line) for one in workspace.warnings] == [("E-TARGET", "warning", 8)]
    assert "kind: maintain" in workspace.warnings[0].text()


def test_all_problems_of_all_files_come_in_one_pass(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "goals/churn.yaml").write_text(
        goal(
            ("due", "2026-09-30"), ("target", "45 %"), ("kpi", "chrn"), ("ownr", "x"), ("team", "nobody")
        ).replace("title: Extended trials", "title: Extended trials, depends_on: [staff], cost: much"),
        "utf-8",
    )
    (tmp_path / "sources/deals.yaml").write_text(
        "id: hubspot_deals\nsystem: hubspt\nexport: deals\n", "utf-8"
    )
    (tmp_path / "audiences.yaml").write_text("audiences:\n  - {id: a, title: A, language: de}\n", "utf-8")
    (tmp_path / "strategy.yaml").write_text("objectives: [{id: loyal, title: L}\n", "utf-8")
    found = {(p.code, p.file) for p in problems_of(tmp_path)}
    assert {
        ("E-WINDOW", "goals/churn.yaml"),
        ("E-TARGET", "goals/churn.yaml"),
        ("E-KEY", "goals/churn.yaml"),
        ("E-VALUE", "goals/churn.yaml"),
        ("E-REFERENCE", "goals/churn.yaml"),
        ("E-CYCLE", "goals/churn.yaml"),
        ("E-REFERENCE", "sources/deals.yaml"),
        ("E-VALUE", "audiences.yaml"),
        ("E-YAML", "strategy.yaml"),
    } <= found


def test_a_broken_goal_does_not_make_names_of_it_unknown(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "goals/child.yaml").write_text(goal(("id", "child"), ("parent", "churn-q4")), "utf-8")
    (tmp_path / "goals/churn.yaml").write_text(goal(("due", "soon")), "utf-8")
    assert [(p.code, p.file) for p in problems_of(tmp_path)] == [("E-VALUE", "goals/churn.yaml")]


def test_dependency_ring_over_three_initiatives_is_told_once(tmp_path: Path) -> None:
    put(tmp_path)
    ring = {"a": "b", "b": "c", "c": "a"}
    how = (
        "["
        + ", ".join(f"{{id: {one}, title: X, depends_on: [{before}]}}" for one, before in ring.items())
        + "]"
    )
    text = goal().partition("how:")[0] + f"how: {how}\n"
    (tmp_path / "goals/churn.yaml").write_text(text, "utf-8")
    problems = problems_of(tmp_path)
    assert [p.code for p in problems] == ["E-CYCLE"]
    assert "a → b → c → a" in problems[0].text()


def test_two_goals_with_one_id_name_both_places(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "goals/copy.yaml").write_text(goal(), "utf-8")
    problems = problems_of(tmp_path)
    assert [(p.code, p.file) for p in problems] == [("E-DUPLICATE", "goals/copy.yaml")]
    assert "goals/churn.yaml, line 1" in problems[0].text()


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ('"a@example.com, b@example.com"', "E-RECIPIENT"),
        ('"a@example.com; b@example.com"', "E-RECIPIENT"),
        ("Ann <a@example.com>", "E-RECIPIENT"),
        ("vp@evil.org", "E-RECIPIENT"),
        ("nobody", "E-RECIPIENT"),
        ('"a@example.com\\r\\nBcc: e@evil.org"', "E-RECIPIENT"),
        ("vp@sub.example.com", "E-RECIPIENT"),
    ],
)
def test_a_recipient_is_exactly_one_allowed_address(tmp_path: Path, address: str, code: str) -> None:
    put(tmp_path)
    text = dedent(FILES["audiences.yaml"]).lstrip().replace("vp@example.com", address)
    (tmp_path / "audiences.yaml").write_text(text, "utf-8")
    problems = problems_of(tmp_path)
    assert code in {p.code for p in problems}
    assert {p.line for p in problems} == {6}


def test_recipient_twice_in_another_case_gets_one_message_and_a_warning(tmp_path: Path) -> None:
    put(tmp_path)
    path = tmp_path / "audiences.yaml"
    path.write_text(path.read_text("utf-8") + "      - address: VP@Example.com\n", "utf-8")
    workspace = load(tmp_path)
    assert [r.address for r in workspace.audiences[0].recipients] == ["vp@example.com"]
    assert [(w.code, w.line, w.severity) for w in workspace.warnings] == [("E-RECIPIENT", 7, "warning")]


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("currency: EUR", "currency: RUR", "E-CURRENCY", "Did you mean RUB?"),
        ("currency: EUR", "currency: euro", "E-VALUE", "three capital letters"),
        ("Europe/Moscow", "Europe/Moskow", "E-VALUE", "Europe/Moscow"),
        ("company: Company X", "company: X\ncutoff: 7", "E-VALUE", "08:30"),
        ("company: Company X", "company: X\noutput: ../out", "E-PATH", "out of the workspace"),
        ("company: Company X", 'company: "X\\r\\nBcc: e@evil.org"', "E-MAILHEADER", "header"),
        ("company: Company X", 'company: "' + "X" * 5000 + '"', "E-MAILHEADER", "200"),
        ("delivery:", "delivery:\n  sender: a@example.com, b@example.com", "E-RECIPIENT", "not one address"),
    ],
)
def test_company_rules(tmp_path: Path, old: str, new: str, code: str, says: str) -> None:
    put(tmp_path)
    path = tmp_path / "scorecards.yaml"
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    problems = problems_of(tmp_path)
    assert [p.code for p in problems] == [code], problems
    assert says in problems[0].text()


@pytest.mark.parametrize("name", ["../secret.csv", "/etc/passwd", "C:\\data\\x.csv", "exports/../../x.csv"])
def test_no_source_reads_outside_the_workspace(tmp_path: Path, name: str) -> None:
    put(tmp_path)
    path = tmp_path / "sources/deals.yaml"
    path.write_text(path.read_text("utf-8") + f"files: '{name}'\n", "utf-8")
    assert [p.code for p in problems_of(tmp_path)] == ["E-PATH"]


def test_output_folder_that_is_a_link_elsewhere_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "w")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "w/out").symlink_to(tmp_path / "elsewhere")
    assert [p.code for p in problems_of(tmp_path / "w")] == ["E-PATH"]


def test_alias_of_two_people_is_refused(tmp_path: Path) -> None:
    put(tmp_path)
    path = tmp_path / "people.yaml"
    path.write_text(path.read_text("utf-8").replace('"Bob B."', "ANN@example.com"), "utf-8")
    problems = problems_of(tmp_path)
    assert [p.code for p in problems] == ["E-DUPLICATE"]
    assert "already stands for ann" in problems[0].text()


def test_own_kpi_in_place_of_a_built_in_one_is_said(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "kpis.yaml").write_text(
        "kpis:\n  - {id: sales_revenue, name: X, unit: count, direction: up, kind: simple, "
        "numerator: {fact: deals, date: closed_on}, formula: count}\n",
        "utf-8",
    )
    assert [(p.code, p.severity) for p in load(tmp_path).warnings] == [("E-DUPLICATE", "warning")]


def test_fingerprint_follows_goals_but_neither_notes_nor_arrival_times(tmp_path: Path) -> None:
    before = load(put(tmp_path)).fingerprint
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/2026-W47.md").write_text("Fine.\n", "utf-8")
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/received.csv").write_text(
        "file,received_at\nexports/a.csv,2026-11-16T06:10\n", "utf-8"
    )
    assert load(tmp_path).fingerprint == before
    (tmp_path / "goals/churn.yaml").write_text(goal(("target", "21 %")), "utf-8")
    assert load(tmp_path).fingerprint != before


def test_received_times_without_offset_are_company_time(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/received.csv").write_text(
        "file,received_at\nexports/a.csv,2026-11-16T06:10\nexports/b.csv,2026-11-16T06:10:00+00:00\n", "utf-8"
    )
    assert load(tmp_path).received == {
        "exports/a.csv": "2026-11-16T03:10:00+00:00",
        "exports/b.csv": "2026-11-16T06:10:00+00:00",
    }
    (tmp_path / "exports/received.csv").write_text(
        "file,received_at\na,2026-11-16\na,soon\nb,2026-11-16T06:10,x\n", "utf-8"
    )
    assert [(p.code, p.line) for p in problems_of(tmp_path)] == [
        ("E-VALUE", 2),
        ("E-VALUE", 3),
        ("E-FIELDS", 4),
    ]


def test_notes_by_language_with_decisions(tmp_path: Path) -> None:
    workspace = load(put(tmp_path))
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "2026-W47.md").write_text(
        "---\ndecisions:\n  - {text: Hire, owner: ann, due: 2026-12-01}\n"
        "actions:\n  - {text: Call, done: true}\n---\n"
        "Both.\n\n## en\nGood week.\n\n## ru\nХорошая неделя.\n",
        "utf-8",
    )
    notes = load_notes(workspace, Week(2026, 47))
    assert notes.comment == {"en": "Both.\n\nGood week.", "ru": "Both.\n\nХорошая неделя."}
    assert notes.decisions[0].owner == "ann"
    assert notes.actions[0].done is True
    assert load_notes(workspace, Week(2026, 46)).comment == {}


def test_notes_with_a_wrong_name_point_at_the_line_of_the_file(tmp_path: Path) -> None:
    workspace = load(put(tmp_path))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/2026-W47.md").write_text(
        "---\ndecisions:\n  - text: Hire\n    owner: anne\n---\nx\n", "utf-8"
    )
    (tmp_path / "notes/last-week.md").write_text("x\n", "utf-8")
    with pytest.raises(WorkspaceError) as caught:
        load_notes(workspace, Week(2026, 47))
    assert [(p.code, p.line, p.column) for p in caught.value.problems] == [("E-REFERENCE", 4, 12)]
    assert {p.code for p in check_notes(workspace)} == {"E-REFERENCE", "E-NOTES"}


def test_a_folder_without_workspace_points_to_the_one_below(tmp_path: Path) -> None:
    put(tmp_path / "demo")
    with pytest.raises(UsageError) as caught:
        load_workspace(tmp_path)
    assert str(tmp_path / "demo") in caught.value.text()


def test_code_in_a_kpi_is_text_and_never_run(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "kpis.yaml").write_text(
        "kpis:\n  - {id: evil, name: X, unit: count, direction: up, kind: simple, formula: x, "
        "numerator: \"__import__('os')\"}\n",
        "utf-8",
    )
    assert [(p.code, p.line) for p in problems_of(tmp_path)] == [("E-VALUE", 2)]


def test_a_wrong_zone_does_not_hide_the_other_mistakes_of_its_file(tmp_path: Path) -> None:
    put(tmp_path)
    (tmp_path / "scorecards.yaml").write_text("company: X\ntimezone: Moscow\ncurrency: EU\n", "utf-8")
    assert [(one.line, one.code) for one in problems_of(tmp_path)] == [(2, "E-VALUE"), (3, "E-VALUE")]


def test_a_misspelled_key_of_a_mapped_column_names_the_right_one(tmp_path: Path) -> None:
    put(tmp_path)
    source = "id: crm\nsystem: own\nfact: deals\ncolumns:\n  amount: {from: Value, optinal: true}\n"
    (tmp_path / "sources/crm.yaml").write_text(source, "utf-8")
    assert problems_of(tmp_path)[0].text() == "The key optinal is not known here. Did you mean optional?"


def test_a_second_address_in_one_recipient_is_not_lost_silently(tmp_path: Path) -> None:
    """In braces the comma makes the second address a key without a value."""
    put(tmp_path)
    recipients = "[{address: a@example.com, b@example.com}]"
    text = f"audiences:\n  - {{id: a, title: A, language: en, recipients: {recipients}}}\n"
    (tmp_path / "audiences.yaml").write_text(text, "utf-8")
    found = problems_of(tmp_path)[0]
    assert (found.code, found.line) == ("E-KEY", 2)
    assert found.text() == "The key b@example.com is not known here. Known keys: address, name."
