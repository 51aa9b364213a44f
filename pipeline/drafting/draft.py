"""The way in: a sentence to its drafted goals, or the refusal of a vague one; and writing them to goals/.

Here: what is too vague to be drafted, and where files go. Not here: reading (reading.py) and composing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

from pipeline.drafting.compose import composed
from pipeline.drafting.lexicon import lexicon_of
from pipeline.drafting.model import Drafted, DraftGoal
from pipeline.drafting.reading import SentenceReader
from pipeline.drafting.yamltext import goal_file
from pipeline.errors import Problem, UsageError, shown
from pipeline.workspace.model import Kpi, Workspace

LENGTH_LIMIT = 1000
"""Characters of a sentence; a goal needs a tenth of that."""
GOALS_FOLDER = "goals"


def draft_sentence(
    sentence: str,
    kpis: Mapping[str, Kpi],
    today: date,
    workspace: Workspace | None = None,
    taken: Collection[str] = (),
) -> Drafted:
    """The goals that a sentence in English or Russian names.

    `kpis`: by id, built in and own. `today`: the company date. `taken`: further ids in use, beside those of
    the workspace's goals. Raises UsageError (E-VAGUE) with the letters a sentence lacks when it names no
    number, or neither a KPI nor a time.
    """
    text = " ".join(sentence.split())
    if not any(ch.isalpha() for ch in text):
        raise UsageError(_unusable("The sentence is empty.", sentence))
    if len(text) > LENGTH_LIMIT:
        raise UsageError(_unusable("The sentence is longer than a goal can be.", sentence))
    lexicon = lexicon_of(text)
    used = {*taken, *(_goal_ids(workspace) if workspace else ())}
    goals: list[DraftGoal] = []
    for facts in SentenceReader(lexicon, kpis, workspace, today).read(text):
        made = composed(facts, kpis, workspace, today, used)
        used.add(made.id)
        goals.append(made)
    if all(_is_vague(goal) for goal in goals):
        raise UsageError(_vague(text, goals[0]))
    return Drafted(text, lexicon.code, tuple(goals))


def _goal_ids(workspace: Workspace) -> set[str]:
    """Ids as written in goals/, of goals with mistakes too."""
    return {key.partition("/")[0][5:] for key in workspace.locations if key.startswith("goal:")}


def _is_vague(goal: DraftGoal) -> bool:
    """No number to reach; or a number without a figure it could be of and without a time."""
    marked = {line.key: line.mark for line in goal.marked}
    return marked.get("target") == "missing" or (
        marked.get("kpi") == "missing" and marked.get("due") == "missing"
    )


def _unusable(message: str, sentence: str) -> Problem:
    return Problem(
        "E-VAGUE",
        message,
        "Write one goal in a sentence, such as: raise sales 25 % over last year by the end of Q2.",
        value=shown(sentence),
    )


def _vague(sentence: str, goal: DraftGoal) -> Problem:
    """E-VAGUE. The letters are those whose missing part the sentence itself should have said; the owner can
    be added to the file and does not make a sentence vague."""
    absent = {line.key for line in goal.marked if line.mark == "missing"}
    letters = [letter for letter, key in (("S", "kpi"), ("M", "target"), ("T", "due")) if key in absent]
    message, remedy = REFUSALS["".join(letters)]
    return Problem("E-VAGUE", message, remedy, value=shown(sentence), params={"sentence": shown(sentence)})


_EXAMPLE = "For example: raise sales 25 % over last year by the end of Q2."
REFUSALS: dict[str, tuple[str, str]] = {
    "M": (
        "“{sentence}” is not a SMART goal: it lacks M (measurable: which number tells that it is reached).",
        f"Say how much. {_EXAMPLE}",
    ),
    "MT": (
        "“{sentence}” is not a SMART goal: it lacks M (measurable: which number tells that it is reached) "
        "and T (time-bound: by when).",
        f"Say how much and by when. {_EXAMPLE}",
    ),
    "SM": (
        "“{sentence}” is not a SMART goal: it lacks S (specific: which figure) and M (measurable: which "
        "number tells that it is reached).",
        f"Name the figure and say how much. {_EXAMPLE}",
    ),
    "ST": (
        "“{sentence}” is not a SMART goal: it lacks S (specific: which figure) and T (time-bound: by when).",
        f"Name the figure and say by when. {_EXAMPLE}",
    ),
    "SMT": (
        "“{sentence}” is not a SMART goal: it lacks S (specific: which figure), M (measurable: which number "
        "tells that it is reached) and T (time-bound: by when).",
        f"Name the figure, say how much and by when. {_EXAMPLE}",
    ),
}
"""By the letters that are lacking. Whole sentences, so that every language can say them its own way."""


# --- files -----------------------------------------------------------------------------------------------


def write_goals(drafted: Drafted, root: Path) -> list[Path]:
    """Each goal into goals/<id>.yaml of a workspace. An existing file is never overwritten: UsageError."""
    folder = root / GOALS_FOLDER
    paths = [folder / f"{goal.id}.yaml" for goal in drafted.goals]
    _refuse_existing(paths)
    folder.mkdir(exist_ok=True)
    for path, goal in zip(paths, drafted.goals, strict=True):
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(goal_file([goal], drafted.lang))
    return paths


def names_in_use(root: Path) -> set[str]:
    """Names of the files in goals/, so that a new id is also a new file."""
    return {path.stem for path in (root / GOALS_FOLDER).glob("*") if path.suffix in (".yaml", ".yml")}


def _refuse_existing(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            raise UsageError(
                Problem(
                    "E-EXISTS",
                    "{file} is already there.",
                    "Rename it, or draft without --write.",
                    file=path.name,
                    params={"file": path.name},
                )
            )
