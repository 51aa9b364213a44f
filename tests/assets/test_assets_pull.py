"""Runs of a company whose deals are fetched: what a failed pull does to its week and to other goals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from assets import cli
from assets.commands import run_backfill, run_week
from assets.definitions import build_defs
from assets.doctor import pulls
from assets.resources import WorkRoom
from assets.schedules import pull_cron
from assets.workspaces import open_workspace
from pipeline.errors import WorkspaceError
from pipeline.goals.model import Edition, GoalResult
from pipeline.goals.reasons import NOT_FETCHED
from pipeline.periods import Week, week_range
from pipeline.store.store import Store
from pipeline.workspace.model import Workspace
from tests.faults.fake_hubspot import Deal, HubSpot
from tests.faults.vendor_server import CANARY, Asked, Reply, System, serving

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)  # Monday 06:00 in Berlin, an hour before the cut-off
AFTER = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
W47 = Week.parse("2026-W47")

FILES = {
    "scorecards.yaml": "company: X\ntimezone: Europe/Berlin\ncurrency: EUR\n",
    "people.yaml": "people:\n  - {id: irina, name: Irina Sokolova}\n",
    "goals/sales.yaml": (
        "goals:\n"
        "  - {id: sales, title: Sales, owner: irina, kpi: sales_revenue, kind: cumulative, target: 100000,"
        " start: 2026-10-01, due: 2026-12-31}\n"
        "  - {id: signups, title: Sign-ups, owner: irina, kpi: signups, kind: cumulative, target: 1000,"
        " start: 2026-10-01, due: 2026-12-31}\n"
    ),
    "sources/deals.yaml": (
        "id: hubspot_deals\nsystem: hubspot\nexport: deals\n"
        "pull: {token_env: HUBSPOT_KEY, base_url: '{url}'}\n"
    ),
    "sources/signups.yaml": "id: ga4_signups\nsystem: ga4\nexport: signups\n",
    "exports/ga4_signups/a.csv": "Date,Event name,Event count\n20261118,sign_up,41\n",
    "exports/received.csv": "file,received_at\nexports/ga4_signups/a.csv,2026-11-23T05:00:00+01:00\n",
}


@pytest.fixture
def hub() -> HubSpot:
    # 12 deals of 1.10 to 12.10, closed on Wednesday of week 47
    closed = {"closedate": "2026-11-18T10:00:00Z", "hs_v2_date_entered_closedwon": "2026-11-18T10:00:00Z"}
    return HubSpot(*(Deal(number, properties=dict(closed)) for number in range(1, 13)))


@pytest.fixture
def system(hub: HubSpot) -> Iterator[System]:
    with serving(hub) as one:
        yield one


@pytest.fixture
def company(tmp_path: Path, system: System, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HUBSPOT_KEY", CANARY)
    monkeypatch.setenv("SCORECARDS_LANG", "en")
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{url}", system.url), "utf-8")
    return tmp_path


def opened(company: Path) -> Workspace:
    return open_workspace(company)


def result(edition: Edition | None, goal: str) -> GoalResult:
    assert edition is not None
    return next(one for one in edition.results if one.goal_id == goal)


@pytest.mark.slow
def test_a_pull_before_the_cut_off_is_in_the_edition_with_every_cent(company: Path, system: System) -> None:
    workspace = opened(company)
    before = run_week(workspace, W47.plus(-1), documents=False, now=NOW)
    assert before.pulled["hubspot_deals"].problem is None
    report = run_week(workspace, W47, documents=False, now=AFTER, pull=False)
    assert report.pulled == {}
    sales = result(report.edition, "sales")
    assert sales.actual == Decimal("79.2")  # 1.10 + ... + 12.10 = 78 + 1.2
    assert report.exit_code == 0


@pytest.mark.slow
def test_a_failed_pull_harms_its_own_goal_and_no_other(company: Path, system: System) -> None:
    workspace = opened(company)
    run_week(workspace, W47.plus(-2), documents=False, now=NOW - timedelta(days=7))
    system.answer = lambda asked: Reply({"message": f"The key {CANARY} has expired"}, 401)
    run_week(workspace, W47.plus(-1), documents=False, now=NOW)
    report = run_week(workspace, W47, documents=False, now=AFTER, pull=False)
    assert report.exit_code == 3 and report.edition is not None
    sales, signups = result(report.edition, "sales"), result(report.edition, "signups")
    assert sales.status == "no_verdict" and sales.problems == ("hubspot_deals",)
    assert signups.problems == ()
    assert signups.actual == 41
    assert sales.reason.template == NOT_FETCHED and "expired" in sales.reason.params["why"][1]["ru"]
    state = report.edition.sources["hubspot_deals"]
    assert state.freshness == "stale" and state.problem is not None and state.problem.code == "E-PULL-ACCOUNT"


@pytest.mark.slow
def test_the_exit_code_and_the_screen_tell_of_a_failed_pull(
    company: Path, system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    system.answer = lambda asked: Reply({"message": f"no {CANARY}"}, 403)
    for lang, words in (
        ("en", "could not be fetched: hubspot_deals"),
        ("ru", "Не удалось забрать 1 источник"),
    ):
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("SCORECARDS_LANG", lang)
            code = cli.call(["--workspace", str(company), "run", "--week", "2026-W46", "--no-documents"])
        told = "".join(capsys.readouterr())
        assert code == 3 and words in told and "E-PULL-ACCOUNT" in told and CANARY not in told


@pytest.mark.slow
def test_no_pull_asks_nobody(company: Path, system: System) -> None:
    command = ["--workspace", str(company), "run", "--week", "2026-W46", "--no-documents", "--no-pull"]
    cli.call(command)
    assert system.asked == []


@pytest.mark.slow
def test_a_backfill_never_asks_anybody(company: Path, system: System) -> None:
    workspace = opened(company)
    run_week(workspace, W47.plus(-1), documents=False, now=NOW)
    asked = len(system.asked)
    report = run_backfill(workspace, week_range(W47.plus(-3), W47), documents=False, now=AFTER)
    assert report.failures == {} and len(system.asked) == asked


@pytest.mark.slow
def test_the_command_pull_fetches_and_the_next_run_reads(
    company: Path, system: System, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.call(["--workspace", str(company), "pull"]) == 0
    assert "6 answers" in capsys.readouterr().out  # pipelines, owners twice, archived, deals, companies
    assert cli.call(["--workspace", str(company), "pull", "hubspot_deal"]) == 2
    assert "Did you mean hubspot_deals?" in capsys.readouterr().err
    assert cli.call(["--workspace", str(company), "pull", "ga4_signups"]) == 2
    landed = Store(opened(company).state_dir).landings("hubspot_deals")
    assert [one.origin.split("/")[0] for one in landed] == ["pull"]
    report = run_week(opened(company), W47.plus(-1), documents=False, now=AFTER, pull=False)
    assert report.ingest["hubspot_deals"].counts.accepted == 12


@pytest.mark.slow
def test_no_key_in_dagsters_home_or_any_other_file(company: Path, system: System) -> None:
    def answer(asked: Asked) -> Reply:
        return Reply({"message": f"bad {CANARY}", "errors": [{"message": CANARY}]}, 403)

    system.answer = answer
    run_week(opened(company), W47.plus(-1), documents=False, now=NOW)
    files = [path for path in company.rglob("*") if path.is_file()]
    assert any("dagster" in str(path) for path in files)
    assert [str(path) for path in files if CANARY.encode() in path.read_bytes()] == []


def test_sources_that_are_fetched_get_a_schedule_before_the_cut_off(company: Path) -> None:
    definitions = build_defs(opened(company))
    schedules = {one.name: one for one in definitions.get_repository_def().schedule_defs}
    assert schedules["pull_before_cutoff"].cron_schedule == "30 6 * * 1"
    assert schedules["pull_before_cutoff"].execution_timezone == "Europe/Berlin"
    assert definitions.resolve_job_def("pull") is not None
    # half an hour before quarter past midnight on Monday is late on Sunday
    assert (pull_cron(time(7)), pull_cron(time(0, 15))) == ("30 6 * * 1", "45 23 * * 0")


def test_doctor_names_a_key_that_is_not_there(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (found,) = pulls(opened(company))
    assert found.grade == "ok"
    monkeypatch.delenv("HUBSPOT_KEY")
    (found,) = pulls(opened(company))
    assert found.grade == "fail" and found.params["name"] == "HUBSPOT_KEY"


@pytest.mark.parametrize(
    ("pull", "code", "words"),
    [
        ("{}", "E-SECRET", "token_env"),
        ("{token_env: A, keyring: a/b}", "E-SECRET", "only in one of them"),
        ("{token_env: pat-na1-CANARY}", "E-SECRET", "not shown"),
        ("{token_env: A, sinse: 2026-01-01}", "E-KEY", "since"),
        ("{token_env: A, since: yesterday}", "E-VALUE", "since"),
        ("{token_env: A, units_per_hour: 5}", "E-PULL", "units_per_hour"),
        ("{token_env: A, base_url: 'http://api.hubapi.com'}", "E-PULL", "base_url"),
        ("{token_env: A, base_url: 'https://user:word@api.hubapi.com'}", "E-PULL", "base_url"),
        ("{token_env: A, base_url: 'http://[oops'}", "E-PULL", "base_url"),
    ],
)
def test_a_pull_that_is_written_wrongly_is_said_with_its_line(
    company: Path, pull: str, code: str, words: str
) -> None:
    (company / "sources/deals.yaml").write_text(
        f"id: hubspot_deals\nsystem: hubspot\nexport: deals\npull: {pull}\n", "utf-8"
    )
    with pytest.raises(WorkspaceError) as error:
        opened(company)
    problems = error.value.problems
    assert code in {one.code for one in problems} and words in error.value.text()
    assert all(one.file == "sources/deals.yaml" and one.line for one in problems)
    assert "CANARY" not in error.value.text() and "word@" not in error.value.text()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("id: a\nsystem: ga4\nexport: signups\npull: {token_env: A}\n", "comes as files only"),
        ("id: a\nsystem: timecamp\nexport: entries\npull: {token_env: A}\n", "pull: since is missing"),
        (
            "id: a\nsystem: hubspot\nexport: deals\ndelivers: full\n"
            "pull: {token_env: A, since: 2026-01-01}\n",
            "what did not change is not gone",
        ),
        (
            "id: a\nsystem: ortto\nexport: campaigns\ndelivers: full\npull: {token_env: A}\n",
            "fetches changes",
        ),
        ("id: a\nsystem: upwork\nexport: hours\npull: {token_env: A, since: 2026-01-01}\n", "client_id_env"),
    ],
)
def test_a_pull_that_lacks_what_its_system_wants_is_said(company: Path, source: str, words: str) -> None:
    (company / "sources/deals.yaml").write_text(source, "utf-8")
    with pytest.raises(WorkspaceError) as error:
        opened(company)
    assert words in error.value.text()


def test_a_system_that_is_only_fetched_needs_no_columns(company: Path) -> None:
    (company / "sources/deals.yaml").write_text(
        "id: journeys\nsystem: ortto\nexport: campaigns\npull: {token_env: A}\n", "utf-8"
    )
    from assets.screens import mapping_problems

    assert mapping_problems(opened(company)) == []


@pytest.mark.slow
def test_a_backfill_of_the_ui_asks_nobody_and_a_single_run_does(company: Path, system: System) -> None:
    from assets.instance import open_instance

    workspace = opened(company)
    room = WorkRoom(workspace, now=lambda: NOW)
    job = build_defs(workspace, room=room, end_offset=1).resolve_job_def("pull")
    with open_instance(workspace) as instance:
        for tags, asks in (({"dagster/backfill": "abc"}, False), ({}, True)):
            result = job.execute_in_process(instance=instance, partition_key="2026-11-16", tags=tags)
            assert result.success and bool(system.asked) is asks
