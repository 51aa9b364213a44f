"""The console script `scorecards`: which commands there are, what they take, which exit code they end with.

Here: parsing, language, exit codes, and calling the function that does the work. Not here: the work
(commands.py, pipeline) or what is printed (screens.py). Only typer is imported at the top, so that --help
and check start fast.

Exit codes: 0 done; 1 unexpected failure; 2 wrong usage or workspace; 3 finished, with problems.
"""

from __future__ import annotations

import contextlib
import gettext
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

from pipeline.errors import Problem, ScorecardError, UsageError, nearest
from pipeline.language import Speech, speech, user_language

if TYPE_CHECKING:
    from assets.terminal import Terminal
    from pipeline.delivery.outbox import Outbox
    from pipeline.periods import Week
    from pipeline.store.store import Store
    from pipeline.workspace.model import Source, Workspace

STARTER = {
    "scorecards.yaml": "company, time zone, currency, mail, schedule: change this first",
    "goals/first-goal.yaml": "an example goal",
    "sources/orders.yaml": "how its export is read",
    "exports/orders/orders.csv": "example orders; drop your own here",
    "people.yaml": "who owns goals",
    "audiences.yaml": "who gets which scorecard",
    "strategy.yaml": "the written part of the strategic plan",
}
"""What a person looks at in a new workspace, in that order."""
DONE, FAILED, WRONG, WITH_PROBLEMS = 0, 1, 2, 3


class _Command(TyperCommand):
    """A command whose usage line and complaints are in the user's language."""

    allow_extra_args = True
    """So that extra arguments reach parse_args below, which refuses them in the user's language."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _knowing_the_command(ctx):
            extra = super().parse_args(ctx, args)
        if extra:
            from assets.usage import extra_text

            text = extra_text(extra, any(one.metavar == "SENTENCE" for one in self.params), _say())
            raise UsageError(_refused(text, ctx.command_path))
        return extra

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        _write_usage(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        return _said_help(super().get_help_option(ctx))


class _Group(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _knowing_the_command(ctx):
            return super().parse_args(ctx, args)

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        _write_usage(self, ctx, formatter)

    def get_help_option(self, ctx: Any) -> Any:
        return _said_help(super().get_help_option(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order they are declared: the order of the work, not of the alphabet."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands:
            raise _no_command(args[0], self.list_commands(ctx), ctx.command_path)
        return super().resolve_command(ctx, args)


@contextlib.contextmanager
def _knowing_the_command(ctx: Any) -> Iterator[None]:
    """Some complaints of the parser do not say whose options they are about."""
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message") and getattr(error, "ctx", None) is None:
            error.ctx = ctx  # type: ignore[attr-defined]
        raise


def _refused(text: str, path: str) -> Problem:
    """A usage error whose sentence is finished, with where to look."""
    ask = "`{command} --help` lists what there is."
    return Problem("E-USAGE", "{text}", ask, params={"text": text, "command": path})


def _no_command(name: str, names: list[str], path: str) -> UsageError:
    near = nearest(name, names)
    ask = "`{command} --help` lists what there is."
    remedy = f"{_say()('Did you mean {near}?', near=near)} {_say()(ask)}" if near else ask
    problem = Problem(
        "E-USAGE", "There is no command {name}.", remedy, params={"name": name, "command": path}
    )
    return UsageError(problem)


def _write_usage(command: Any, ctx: Any, formatter: Any) -> None:
    formatter.write_usage(
        ctx.command_path, " ".join(command.collect_usage_pieces(ctx)), prefix=_say()("Usage: ")
    )


def _said_help(option: Any) -> Any:
    if option is not None:
        option.help = _say()("Show this message and exit.")
    return option


_APP = {"no_args_is_help": True, "rich_markup_mode": None, "add_completion": False, "cls": _Group}
app = typer.Typer(help="Goal scorecards and the strategic plan from the exports you already have.", **_APP)  # type: ignore[arg-type]
outbox_app = typer.Typer(
    help="Look at queued mail, hold or resend it.",
    **{**_APP, "no_args_is_help": False},  # type: ignore[arg-type]
)
app.add_typer(outbox_app, name="outbox", invoke_without_command=True)
sources_app = typer.Typer(
    help="What is connected, how fresh it is, and what a new file could be.",
    **{**_APP, "no_args_is_help": False},  # type: ignore[arg-type]
)
app.add_typer(sources_app, name="sources", invoke_without_command=True)

templates_app = typer.Typer(
    help="Pages and style sheets, and which of them this workspace replaces.",
    **{**_APP, "no_args_is_help": False},  # type: ignore[arg-type]
)
app.add_typer(templates_app, name="templates", invoke_without_command=True)

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace", "-w", metavar="DIR", help="The workspace's folder. [default: current folder]"
    ),
]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show the traceback when something fails.")]
WeekOption = Annotated[
    str | None, typer.Option("--week", metavar="WEEK", help="An ISO week such as 2026-W47.")
]
KnownOption = Annotated[
    Literal["then", "now"],
    typer.Option("--known", help="then: what had been received by the cut-off; now: everything."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ReasonOption = Annotated[
    str, typer.Option("--reason", metavar="TEXT", help="Why; kept in the outbox's journal.")
]
NoDocumentsOption = Annotated[
    bool, typer.Option("--no-documents", help="Compute only; make no document and no mail.")
]
KeysArgument = Annotated[
    list[str], typer.Argument(metavar="MESSAGE...", help="As `scorecards outbox list` names it.")
]

_settings: dict[str, Any] = {"workspace": None, "debug": False, "say": None}


# --- commands --------------------------------------------------------------------------------------------


@app.callback()
def _everywhere(
    workspace: WorkspaceOption = None,
    debug: DebugOption = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    _remember(workspace, debug)
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("goal-scorecards"))
        raise typer.Exit(DONE)


@app.command(cls=_Command)
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new workspace's folder.")],
    sample: Annotated[
        bool, typer.Option("--sample", help="Copy the sample company instead of the starter.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Make a new workspace."""
    _remember(None, debug)
    from pipeline.workspace.scaffold import create_workspace

    terminal = _terminal()
    made = create_workspace(folder, sample, terminal.lang)
    terminal.line(
        terminal.say.count("{n} file in {folder}.", "{n} files in {folder}.", len(made), folder=str(folder))
    )
    if not sample:
        terminal.table([[name, terminal.say(what)] for name, what in STARTER.items()], indent=2)
    terminal.said("Next: scorecards --workspace {folder} check", folder=folder)


@app.command("goals-template", cls=_Command)
def goals_template(
    workspace: WorkspaceOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The new file. [default: goals/goals.xlsx]")
    ] = None,
    debug: DebugOption = False,
) -> None:
    """Write an empty goal workbook.

    For goals kept in a spreadsheet; owners, KPIs and objectives of the workspace can be chosen in it.
    """
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    from pipeline.kpis.catalogue import CATALOGUE
    from pipeline.workspace.goalbook import FILE, write_goal_workbook

    kpis = [kpi.id for kpi in CATALOGUE]
    made = write_goal_workbook(out or opened.root / FILE, opened, kpis, terminal.lang)
    terminal.said("{file} is ready: one row is one goal. Next: fill it in, then scorecards check", file=made)


@app.command(cls=_Command)
def check(workspace: WorkspaceOption = None, json: JsonOption = False, debug: DebugOption = False) -> None:
    """Validate goals, sources, freshness.

    Problems with file and line, SMART verdicts with their evidence, and how fresh each source is.
    """
    _remember(workspace, debug)
    from assets import screens

    terminal = _terminal()
    try:
        opened = _open()
    except ScorecardError as error:
        if json:
            records = [screens.problem_record(problem, terminal.say) for problem in error.problems]
            terminal.line(screens.as_json({"ok": False, "problems": records, "goals": [], "sources": []}))
            raise typer.Exit(WRONG) from None
        raise
    found = screens.checked(opened, datetime.now(UTC))
    if json:
        terminal.line(screens.as_json(screens.checked_record(opened, found, terminal)))
    else:
        screens.show_checked(terminal, opened, found)
    raise typer.Exit(found.exit_code)


@app.command(cls=_Command)
def draft(
    sentence: Annotated[
        str, typer.Argument(metavar="SENTENCE", help="A goal in English or Russian, in quotation marks.")
    ],
    workspace: WorkspaceOption = None,
    write: Annotated[
        bool, typer.Option("--write", help="Write it into goals/ instead of printing it; never overwrites.")
    ] = False,
    today: Annotated[
        str | None, typer.Option("--today", metavar="DAY", help="Another day than today, such as 2026-11-25.")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Turn a sentence into a goal file.

    What the sentence does not say is marked in the file; a vague goal is refused with what to add.
    """
    _remember(workspace, debug)
    from assets import draft_screen

    terminal = _terminal()
    root = (_settings["workspace"] or Path()).resolve()
    day = _day(today) if today else None
    try:
        draft_screen.draft(
            terminal, sentence, root, _settings["workspace"] is not None or write, day, write, json
        )
    except ScorecardError as error:
        if json:
            terminal.line(draft_screen.refusal_json(error, terminal))
            raise typer.Exit(error.exit_code) from None
        raise


@app.command(cls=_Command)
def run(
    workspace: WorkspaceOption = None,
    week: WeekOption = None,
    missing: Annotated[
        bool, typer.Option("--missing", help="Every due week since the newest edition.")
    ] = False,
    known: KnownOption = "then",
    no_documents: NoDocumentsOption = False,
    no_pull: Annotated[
        bool, typer.Option("--no-pull", help="Fetch nothing; use what has been received.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Run the week.

    Fetches and reads exports, computes the goals, writes the documents and queues the mail.
    """
    _remember(workspace, debug)
    if week and missing:
        raise _wrong("--week and --missing exclude each other.", "Give one of them.")
    opened, terminal = _open(), _terminal()
    weeks = [_week(week)] if week else _due_weeks(opened, missing)
    if not weeks:
        terminal.said("Nothing is missing: the newest due week has its edition.")
        return
    from assets import commands, run_screen

    worst = DONE
    for number, one in enumerate(weeks):
        before, pull = _manifest(opened, one), not no_pull and number == 0
        with terminal.progress() as progress:
            report = commands.run_week(opened, one, known, not no_documents, progress, pull=pull)
        _show_traceback(report.failure)
        unchanged = bool(report.documents) and before is not None and before == _manifest(opened, one)
        run_screen.show_run(terminal, opened, report, unchanged)
        worst = _worse(worst, report.exit_code)
    raise typer.Exit(worst)


@app.command(cls=_Command)
def pull(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...", help="Ids of sources; every source with `pull` or `sql` when left out."
        ),
    ] = None,
    workspace: WorkspaceOption = None,
    debug: DebugOption = False,
) -> None:
    """Fetch exports from their systems and databases.

    Lands what comes; the next run reads it. Meant for shortly before the cut-off.
    """
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    wanted = _pulled_sources(opened, sources or [])
    from assets.run_screen import show_pulled
    from pipeline.sources.pull import fetch_source
    from pipeline.store.store import Store

    store = Store(opened.state_dir)
    reports = {source.id: fetch_source(opened, source, store) for source in wanted}
    show_pulled(terminal, opened, reports)
    raise typer.Exit(WITH_PROBLEMS if any(one.problem for one in reports.values()) else DONE)


@app.command(cls=_Command)
def backfill(
    first: Annotated[str, typer.Option("--from", metavar="WEEK", help="First week, such as 2026-W30.")],
    last: Annotated[str, typer.Option("--to", metavar="WEEK", help="Last week, included.")],
    workspace: WorkspaceOption = None,
    no_documents: NoDocumentsOption = False,
    debug: DebugOption = False,
) -> None:
    """Run past weeks again; never mails.

    Each week is reported as known then.
    """
    _remember(workspace, debug)
    from pipeline.periods import week_range

    weeks = week_range(_week(first), _week(last))
    if not weeks:
        raise _wrong(
            "The last week {last} is before the first, {first}.", "Exchange them.", first=first, last=last
        )
    opened, terminal = _open(), _terminal()
    from assets import commands, run_screen

    with terminal.progress() as progress:
        report = commands.run_backfill(opened, weeks, not no_documents, progress)
    for failure in report.failures.values():
        _show_traceback(failure)
    run_screen.show_backfill(terminal, opened, report)
    raise typer.Exit(report.exit_code)


@app.command(cls=_Command)
def status(
    workspace: WorkspaceOption = None,
    week: WeekOption = None,
    known: KnownOption = "then",
    json: JsonOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of text.")] = False,
    debug: DebugOption = False,
) -> None:
    """Show the goals of a week.

    Status, chance and reason of each goal; the newest week when none is named.
    """
    _remember(workspace, debug)
    if json and csv:
        raise _wrong("--json and --csv exclude each other.", "Give one of them.")
    opened, terminal = _open(), _terminal()
    from assets import screens
    from pipeline.goals.edition import build_edition

    store, shown = _store_with_data(opened), _shown_week(opened, week)
    edition = build_edition(opened, store, shown, known, with_smart=False)
    if json:
        record = {"week": str(shown), "as_of": edition.as_of.isoformat(), "known": edition.known}
        goals = screens.status_records(opened, edition, terminal)
        terminal.line(screens.as_json({**record, "goals": goals}))
    elif csv:
        sys.stdout.write(screens.as_csv(screens.status_records(opened, edition, terminal)))
    else:
        screens.show_status(terminal, opened, edition)


@app.command(cls=_Command)
def explain(
    goal: Annotated[str, typer.Argument(metavar="GOAL", help="The goal's id, as scorecards check lists it.")],
    workspace: WorkspaceOption = None,
    week: WeekOption = None,
    known: KnownOption = "then",
    number: Annotated[
        str | None,
        typer.Option(
            "--number", metavar="NAME", help="Only what leads to this number, such as actual or chance."
        ),
    ] = None,
    rows: Annotated[int, typer.Option("--rows", min=0, metavar="N", help="Rows shown of each sum.")] = 5,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write every row that counts to a file.")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show how a goal's numbers came about.

    From the rows of the exports to each printed number of a week; the newest week when none is named.
    """
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    from assets import explain_record, explain_screen
    from pipeline.goals.explain import explain as explained
    from pipeline.report.twin import dumps

    _check_target(csv)
    wanted = explain_screen.wanted_goal(opened, goal)
    if number is not None and number not in explain_screen.NAMES:
        raise _no_name(
            "There is no number {name}.", "Numbers there are: {choices}.", number, explain_screen.NAMES
        )
    store, shown = _store_with_data(opened), _shown_week(opened, week)
    found = explained(opened, store, wanted, shown, known)
    if csv is not None:
        csv.write_bytes(explain_record.rows_csv(found))
        terminal.error(terminal.say("Written: {file}", file=csv))
    if json:
        record = explain_record.explanation_record(opened, found, rows, number)
        terminal.line(dumps(record, 2).decode().rstrip())
    else:
        explain_screen.show_explanation(terminal, opened, found, rows, number)
    raise typer.Exit(DONE if found.agrees else WITH_PROBLEMS)


@app.command(cls=_Command)
def backtest(
    workspace: WorkspaceOption = None,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="WEEK", help="First week; the first with an export when left out."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="WEEK", help="Last week; the newest when left out.")
    ] = None,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal/--no-rehearsal", help="Judge made-up goals of past quarters too.")
    ] = True,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw the calibration to a file.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write every judged forecast to a file.")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Show how past chances turned out.

    Replays the past weeks as they were known then, and judges the chances of goals that are decided by now.
    """
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    from assets import backtest_screen
    from pipeline.goals.backtest import backtest as replay
    from pipeline.goals.backtest import first_week
    from pipeline.report.twin import dumps

    _check_target(plot, csv)
    if plot is not None:
        backtest_screen.check_plot(plot)
    store, newest = _store_with_data(opened), _shown_week(opened, last)
    oldest = _week(first) if first else min(first_week(opened, store) or newest, newest)
    if newest < oldest:
        raise _wrong(
            "The last week {last} is before the first, {first}.", "Exchange them.", first=oldest, last=newest
        )
    with terminal.progress() as progress:
        found = replay(opened, store, oldest, newest, rehearse=rehearsal, progress=progress)
    if plot is not None:
        drawn = backtest_screen.write_plot(opened, found, plot, terminal.lang)
        message = "Written: {file}" if drawn else "Too few decided goals to draw {file}."
        terminal.error(terminal.say(message, file=plot))
    if csv is not None:
        csv.write_bytes(backtest_screen.predictions_csv(found))
        terminal.error(terminal.say("Written: {file}", file=csv))
    if json:
        terminal.line(dumps(backtest_screen.backtest_record(found), 2).decode().rstrip())
    else:
        backtest_screen.show_backtest(terminal, opened, found)


@app.command(cls=_Command)
def plan(workspace: WorkspaceOption = None, week: WeekOption = None, debug: DebugOption = False) -> None:
    """Write the strategic plan.

    As of a week; the newest week when none is named.
    """
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    from pipeline.goals.edition import build_edition
    from pipeline.plan import build_plan
    from pipeline.report.manifest import note_plan
    from pipeline.report.plan_build import render_plans
    from pipeline.store.store import Store

    shown = _shown_week(opened, week)
    store = Store(opened.state_dir)
    edition = build_edition(opened, store, shown)
    knowledge = store.knowledge([source.id for source in opened.sources], edition.as_of)
    made = build_plan(opened, edition, lambda fact: store.fact(fact, knowledge))
    folder = opened.output_dir / str(shown)
    paths = render_plans(opened, edition, made, folder, opened.company.languages)
    note_plan(folder, edition, paths)
    for path in paths:
        terminal.line(f"  {path}")


@app.command(cls=_Command)
def deliver(
    workspace: WorkspaceOption = None,
    approve: Annotated[
        bool, typer.Option("--approve", help="Release what waits for approval, then send.")
    ] = False,
    week: WeekOption = None,
    debug: DebugOption = False,
) -> None:
    """Send what is queued and due."""
    _remember(workspace, debug)
    chosen = _week(week) if week else None
    opened, terminal, outbox = _with_outbox()
    from assets.screens import held_next
    from pipeline.delivery.send import deliver as send

    if approve:
        released = outbox.approve(datetime.now(UTC), week=chosen)
        terminal.line(terminal.say.count("{n} message released.", "{n} messages released.", len(released)))
    report = send(outbox, opened, lambda: datetime.now(UTC))
    for row in report.sent:
        terminal.said("Sent: {subject} to {recipient}", subject=row.subject, recipient=row.recipient)
    for row in report.deferred:
        terminal.said("To be tried again: {recipient} ({reply})", recipient=row.recipient, reply=row.reply)
    for problem in report.problems:
        terminal.error(problem.full(terminal.say))
    if report.held:
        terminal.line(terminal.say.count("{n} message is held.", "{n} messages are held.", len(report.held)))
        terminal.line(held_next(terminal.say, report.held))
    elif not report.sent and not report.problems and not report.deferred:
        terminal.said("Nothing is waiting to be sent.")
    raise typer.Exit(report.exit_code)


@outbox_app.callback()
def outbox(context: typer.Context, workspace: WorkspaceOption = None, debug: DebugOption = False) -> None:
    """Look at queued mail, hold or resend it."""
    _remember(workspace, debug)
    if context.invoked_subcommand is None:
        outbox_list()


@outbox_app.command("list", cls=_Command)
def outbox_list(
    workspace: WorkspaceOption = None, week: WeekOption = None, debug: DebugOption = False
) -> None:
    """Every message with its state."""
    _remember(workspace, debug)
    chosen = _week(week) if week else None
    _, terminal, outbox = _with_outbox()
    from assets.screens import show_outbox

    show_outbox(terminal, outbox.rows(week=chosen))


@outbox_app.command("hold", cls=_Command)
def outbox_hold(
    messages: KeysArgument,
    workspace: WorkspaceOption = None,
    reason: ReasonOption = "",
    debug: DebugOption = False,
) -> None:
    """Keep messages from leaving."""
    _remember(workspace, debug)
    _, terminal, outbox = _with_outbox()
    rows = outbox.hold(messages, datetime.now(UTC), reason)
    _tell(terminal, rows)


@outbox_app.command("release", cls=_Command)
def outbox_release(
    messages: KeysArgument,
    workspace: WorkspaceOption = None,
    reason: ReasonOption = "",
    debug: DebugOption = False,
) -> None:
    """Let held messages go.

    They leave with the next deliver; a correction wants a reason.
    """
    _remember(workspace, debug)
    _, terminal, outbox = _with_outbox()
    rows = outbox.approve(datetime.now(UTC), keys=messages, reason=reason)
    _tell(terminal, rows)
    terminal.said("Next: scorecards deliver")


@outbox_app.command("resend", cls=_Command)
def outbox_resend(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As `scorecards outbox list` names it.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is sent again.")],
    workspace: WorkspaceOption = None,
    debug: DebugOption = False,
) -> None:
    """Send a message again, unchanged.

    It leaves with the next deliver.
    """
    _remember(workspace, debug)
    _, terminal, outbox = _with_outbox()
    _tell(terminal, [outbox.resend(message, datetime.now(UTC), reason)])
    terminal.said("Next: scorecards deliver")


@sources_app.callback()
def sources(
    context: typer.Context,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """What is connected, how fresh it is, and what a new file could be."""
    _remember(workspace, debug)
    if context.invoked_subcommand is not None:
        return
    from assets import sources_screen
    from assets.screens import as_json

    opened, terminal = _open_if_any(), _terminal()
    found = sources_screen.connected(opened, datetime.now(UTC))
    if json:
        terminal.line(as_json(sources_screen.sources_record(found, terminal)))
    else:
        sources_screen.show_sources(terminal, opened, found)


@sources_app.command("try", cls=_Command)
def sources_try(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, XLSX, JSON or Parquet file.")],
    workspace: WorkspaceOption = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the proposed source into the workspace; overwrites nothing.")
    ] = False,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Say what a file is taken for.

    Shows how it reads and which KPIs it could feed, and proposes a source for it.
    """
    _remember(workspace, debug)
    if file.is_dir():
        raise _wrong("{file} is a folder.", "Name one file in it.", file=file)
    if not file.is_file():
        raise _wrong("There is no file {file}.", "Correct its name.", file=file)
    from assets import sources_screen
    from assets.screens import as_json
    from pipeline.kpis.catalogue import CATALOGUE
    from pipeline.sources.tryout import try_file

    opened, terminal = (_open() if write else _open_if_any()), _terminal()
    tried = try_file(file.resolve(), opened.company if opened else None)
    kpis = [*CATALOGUE, *(opened.kpis if opened else ())]
    target = f"sources/{tried.made.id}.yaml"
    if json:
        terminal.line(as_json(sources_screen.tryout_record(terminal, tried, kpis, target)))
    else:
        sources_screen.show_tryout(terminal, tried, kpis, target)
    if write and opened is not None:
        made = sources_screen.write_proposal(opened, tried, sources_screen.text_of(terminal, tried))
        _open()  # what was written is read once as the next command will read it
        for path in made:
            terminal.error(terminal.say("Written: {file}", file=path.relative_to(opened.root)))
        folder = f"exports/{tried.made.id}/"
        terminal.error(
            terminal.say("Next: drop the export into {folder}, then scorecards check", folder=folder)
        )
    raise typer.Exit(WITH_PROBLEMS if tried.problems else DONE)


TemplateArgument = Annotated[str, typer.Argument(metavar="NAME", help="As `scorecards templates` names it.")]


@templates_app.callback()
def templates(context: typer.Context, workspace: WorkspaceOption = None, debug: DebugOption = False) -> None:
    """List templates, and which of them this workspace replaces."""
    _remember(workspace, debug)
    if context.invoked_subcommand is not None:
        return
    from assets.templates_screen import show_templates

    show_templates(_terminal(), _open())


@templates_app.command("copy", cls=_Command)
def templates_copy(
    name: TemplateArgument, workspace: WorkspaceOption = None, debug: DebugOption = False
) -> None:
    """Copy a built-in template out to change it; overwrites nothing."""
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    from assets.templates_screen import copy_template

    made = copy_template(opened, name)
    terminal.said("{file} is yours to change. Next: scorecards check, then scorecards run", file=made)


@templates_app.command("diff", cls=_Command)
def templates_diff(
    name: TemplateArgument, workspace: WorkspaceOption = None, debug: DebugOption = False
) -> None:
    """Show what differs from the built-in template."""
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    from assets.templates_screen import show_difference

    show_difference(terminal, opened, name)


@app.command(cls=_Command)
def serve(
    workspace: WorkspaceOption = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port on this machine.")] = 3000,
    debug: DebugOption = False,
) -> None:
    """Start the UI and the scheduler.

    Dagster for this workspace, reachable from this machine only.
    """
    _remember(workspace, debug)
    opened, terminal = _open(), _terminal()
    terminal.said("http://127.0.0.1:{port} - end with Ctrl+C", port=port)
    from assets.commands import serve as start

    raise typer.Exit(DONE if start(opened, port) == 0 else FAILED)


@app.command(cls=_Command)
def doctor(workspace: WorkspaceOption = None, debug: DebugOption = False) -> None:
    """Say what this machine lacks."""
    _remember(workspace, debug)
    from assets.doctor import examine

    terminal = _terminal()
    try:
        opened = _open()
    except ScorecardError as error:
        opened = None
        terminal.error(error.text(terminal.say))
    findings = examine(opened)
    marks = {"ok": "✓", "warn": "!", "fail": "✗"}
    for one in findings:
        terminal.line(f"{marks[one.grade]} {terminal.say(one.message).format(**one.params)}")
        if one.remedy:
            terminal.line(f"    {terminal.say(one.remedy).format(**one.params)}")
    bad = sum(one.grade == "fail" for one in findings)
    terminal.line()
    terminal.line(
        terminal.say.count("{n} thing must be put right.", "{n} things must be put right.", bad)
        if bad
        else terminal.say("This machine is ready.")
    )
    raise typer.Exit(WRONG if opened is None and _settings["workspace"] else WITH_PROBLEMS if bad else DONE)


# --- helpers ---------------------------------------------------------------------------------------------


def _remember(workspace: Path | None, debug: bool) -> None:
    """Options may stand before or after the command; the one after it wins."""
    if workspace is not None:
        _settings["workspace"] = workspace
    _settings["debug"] = _settings["debug"] or debug


def _say() -> Speech:
    if _settings["say"] is None:
        _settings["say"] = speech(user_language())
    found: Speech = _settings["say"]
    return found


def _terminal() -> Terminal:
    from assets.terminal import Terminal

    return Terminal(_say())


def _open() -> Workspace:
    from assets.workspaces import open_workspace

    return open_workspace((_settings["workspace"] or Path()).resolve())


def _open_if_any() -> Workspace | None:
    """The workspace, or None where none was named and the current folder is none."""
    from pipeline.workspace.loader import COMPANY_FILE

    if _settings["workspace"] is None and not (Path() / COMPANY_FILE).is_file():
        return None
    return _open()


def _store_with_data(opened: Workspace) -> Store:
    """The store of a workspace that was run before. UsageError while there is no goal to show, and before
    anything was received."""
    from pipeline.store.store import Store

    if not opened.goals:
        raise _wrong(
            "This workspace has no goal yet.",
            'Write goals/first-goal.yaml, or: scorecards draft "SENTENCE" --write',
        )
    store = Store(opened.state_dir) if opened.state_dir.is_dir() else None
    if store is None or not any(store.landings(source.id) for source in opened.sources):
        raise _wrong("No week of this workspace has been run yet.", "Run one first: scorecards run")
    return store


def _shown_week(opened: Workspace, week: str | None) -> Week:
    """The week a screen or the plan is about: the one named, else the newest. UsageError for one that cannot
    be run and was not: half of its exports would pass for all of them, or none for something."""
    from assets.screens import newest_week

    if not week:
        return newest_week(opened)
    named = _week(week)
    if not (opened.output_dir / str(named) / "manifest.json").is_file():
        _check_week(opened, named)
    return named


def _check_week(opened: Workspace, week: Week) -> None:
    from assets.reach import check_week

    check_week(opened, week, datetime.now(UTC))


def _no_name(message: str, otherwise: str, name: str, choices: Iterable[str]) -> UsageError:
    """A name that is none, with the nearest one there is."""
    near = nearest(name, [*choices])
    remedy = "Did you mean {near}?" if near else otherwise
    return _wrong(message, remedy, name=name, near=near, choices=", ".join(choices))


def _with_outbox() -> tuple[Workspace, Terminal, Outbox]:
    from pipeline.delivery.outbox import Outbox

    opened = _open()
    return opened, _terminal(), Outbox.of(opened)


def _tell(terminal: Terminal, rows: list[Any]) -> None:
    from assets.screens import show_outbox

    show_outbox(terminal, rows)


def _week(text: str) -> Week:
    from pipeline.periods import Week

    try:
        return Week.parse(text)
    except ValueError:
        raise _wrong(
            "{text} is not a week.", "Write an ISO week such as 2026-W47.", text=f"“{text}”"
        ) from None


def _pulled_sources(workspace: Workspace, wanted: list[str]) -> list[Source]:
    """The sources to fetch. UsageError for a name that is none, or when nothing can be fetched."""
    pulled = {source.id: source for source in workspace.sources if source.is_asked}
    for name in wanted:
        if name not in pulled:
            near = nearest(name, pulled)
            raise _wrong(
                "{name} is not a source with `pull` or `sql`.",
                "Did you mean {near}?" if near else "Sources with `pull` or `sql`: {choices}.",
                name=name,
                near=near,
                choices=", ".join(pulled) or "-",
            )
    if not pulled:
        raise _wrong(
            "No source of this workspace has `pull` or `sql`.", "docs/pulls.md says how to fetch one."
        )
    return [pulled[name] for name in dict.fromkeys(wanted)] if wanted else [*pulled.values()]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong("{text} is not a day.", "Write a day such as 2026-11-25.", text=f"“{text}”") from None


def _check_target(*files: Path | None) -> None:
    """UsageError for a file that cannot be written where it is named, before anything is computed for it."""
    for file in files:
        if file is not None and file.is_dir():
            raise _wrong("{file} is a folder.", "Name a file in it.", file=file)
        if file is not None and not file.parent.is_dir():
            raise _wrong("There is no folder {folder}.", "Make it, or name another file.", folder=file.parent)


def _manifest(workspace: Workspace, week: Week) -> bytes | None:
    """What the last run of a week recorded: inputs and documents with their hashes, no time of day."""
    path = workspace.output_dir / str(week) / "manifest.json"
    return path.read_bytes() if path.is_file() else None


def _due_weeks(workspace: Workspace, missing: bool) -> list[Week]:
    if missing:
        from assets.commands import missing_weeks

        return missing_weeks(workspace)
    from pipeline.periods import latest_due_week

    return [latest_due_week(datetime.now(UTC), workspace.company.zone, workspace.company.cutoff)]


def _wrong(message: str, remedy: str, **params: object) -> UsageError:
    return UsageError(Problem("E-USAGE", message, remedy, params=params))


def _worse(one: int, other: int) -> int:
    """The exit code that matters more: a failure before wrong usage before problems before done."""
    order = (FAILED, WRONG, WITH_PROBLEMS, DONE)
    return min(one, other, key=order.index)


def _show_traceback(failure: BaseException | None) -> None:
    if failure is not None and _settings["debug"]:
        import traceback

        traceback.print_exception(failure, file=sys.stderr)


# --- language and start ----------------------------------------------------------------------------------


def translated(command: Any, say: Callable[[str], str]) -> Any:
    """The command tree with every help text in the user's language."""
    command.help = say(command.help) if command.help else command.help
    command.options_metavar = say(command.options_metavar)
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = say(command.subcommand_metavar)
    for param in command.params:
        if getattr(param, "help", None):
            param.help = say(param.help)
    for sub in getattr(command, "commands", {}).values():
        translated(sub, say)
    return command


def _translate_parser() -> None:
    """The parser's own words ("Options", "required") are looked up in our catalogue instead of gettext's."""
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("typer", "click") and getattr(module, "_", None) is gettext.gettext:
            module._ = _parser_word  # type: ignore[attr-defined]


def _parser_word(text: str) -> str:
    return _say()(text)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of `scorecards`."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(call(sys.argv[1:] if arguments is None else arguments))


def call(arguments: list[str]) -> int:
    """Run one command line and return its exit code; what a person must know is on stderr."""
    _settings.update(workspace=None, debug="--debug" in arguments, say=speech(user_language()))
    say = _say()
    command = translated(typer.main.get_command(app), say)
    _translate_parser()
    try:
        code = command.main(args=arguments, prog_name="scorecards", standalone_mode=False)
    except ScorecardError as error:
        plain = [one.text(say) if one.code == "E-USAGE" else one.full(say) for one in error.problems]
        return _report("\n".join(plain), error, error.exit_code)
    except KeyboardInterrupt:
        return _report(say("Stopped."), None, FAILED)
    except BrokenPipeError:
        sys.stderr.close()
        return DONE
    except Exception as error:
        return _other_failure(error, say)
    return code if isinstance(code, int) else DONE


def _other_failure(error: Exception, say: Speech) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message())  # type: ignore[attr-defined]
        return WRONG
    if hasattr(error, "format_message"):
        path = getattr(getattr(error, "ctx", None), "command_path", None) or "scorecards"
        hint = say("`{command} --help` lists what there is.", command=path)
        from assets.usage import usage_text

        return _report(f"{usage_text(error, say)} {hint}", None, WRONG)
    if type(error).__name__ == "Abort":
        return _report(say("Stopped."), None, FAILED)
    from assets.trouble import machine_trouble

    if trouble := machine_trouble(error, say):
        return _report(trouble, error, FAILED)
    text = say("Something failed unexpectedly: {what}.", what=f"{type(error).__name__}: {error}")
    return _report(f"{text} {say('Run the command again with --debug to see where.')}", error, FAILED)


def _report(text: str, error: BaseException | None, code: int) -> int:
    _show_traceback(error)
    typer.echo(text, err=True)
    return code


if __name__ == "__main__":
    main()
