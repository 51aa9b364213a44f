"""Goals kept in a spreadsheet: a workbook to the same data that YAML gives, each value with its cell.

Here: which column is which key (English or Russian), what a cell means, which sheets hold a goal's lists. Not
here: what is allowed in a goal (model.py, shape.py, rules.py), the file format (workbooks.py), the workbook a
person begins with (goalbook.py).

One row is one goal. A key inside a key is written with a point: `title.ru`, `measured.over`. Milestones,
initiatives, commitments and changes of the target stand on sheets of their own, each row naming its goal.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from xml.etree.ElementTree import ParseError

from pydantic import BaseModel

from pipeline.errors import Problem, nearest, shown
from pipeline.workbooks import CellMark, cell_marks, sheet_names, sheet_part
from pipeline.workspace.model import Commitment, Goal, Initiative, Milestone, TargetChange
from pipeline.workspace.yamlnodes import Document, Path

SIZE_LIMIT = 5_000_000
UNPACKED_LIMIT = 50_000_000
GOALS = "goals"
SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "₽": "RUB"}

RUSSIAN: dict[str, tuple[str, ...]] = {
    "id": ("код", "ид"),
    "title": ("название", "цель"),
    "owner": ("владелец", "ответственный"),
    "team": ("команда", "отдел"),
    "kpi": ("показатель",),
    "segment": ("срез", "сегмент"),
    "kind": ("вид",),
    "measured": ("измерение",),
    "over": ("за что",),
    "periods": ("периодов",),
    "period": ("период",),
    "baseline": ("база", "исходное значение"),
    "target": ("целевое значение", "план значение"),
    "relative_to": ("относительно",),
    "every": ("повторяется", "каждый"),
    "compounding": ("наращивание",),
    "start": ("начало",),
    "due": ("срок", "окончание"),
    "ambition": ("амбиция",),
    "plan": ("ход", "план"),
    "inside": ("внутри",),
    "at_least": ("не менее",),
    "of": ("из",),
    "supports": ("поддерживает",),
    "parent": ("родительская цель",),
    "note": ("примечание",),
    "for_each": ("для каждого",),
    "data_quality": ("качество данных",),
    "verification": ("проверка",),
    "source": ("источник",),
    "accuracy": ("точность",),
    "limitations": ("ограничения",),
    "compensation": ("возмещение",),
    "goal": ("код цели",),
    "date": ("дата",),
    "value": ("значение",),
    "label": ("подпись",),
    "cost": ("стоимость",),
    "hours": ("часы",),
    "expected_lift": ("ожидаемый эффект",),
    "depends_on": ("зависит от",),
    "done": ("выполнено",),
    "blocked_by": ("мешает",),
    "by": ("кто",),
    "estimate": ("оценка",),
    "on": ("когда",),
    "reason": ("причина",),
    "previous": ("прежнее значение",),
    "previous_due": ("прежний срок",),
    "override": ("решение",),
    "status": ("статус",),
    "until": ("до",),
}
"""Key -> the Russian names a header may have; the first is the one the template uses."""

SHEETS: dict[str, tuple[tuple[str, ...], type[BaseModel]]] = {
    "milestones": (("milestones", "вехи"), Milestone),
    "how": (("initiatives", "инициативы"), Initiative),
    "commitments": (("commitments", "обязательства"), Commitment),
    "target_changes": (("target changes", "изменения цели"), TargetChange),
}
"""List of a goal -> the names its sheet may have, and what its rows are."""
GOAL_SHEETS = ("goals", "цели")
LANGUAGES = ("en", "ru")
_LISTS = ("depends_on",)
_MONEY = ("target", "baseline", "value", "estimate", "previous", "cost")
_IN_BRACKETS = re.compile(r"\s*\(([^()]*)\)\s*$")
_WITH_SYMBOL = re.compile(r"^([$€£₽])\s*(.*)$|^(.*?)\s*([$€£₽])$")


@dataclass
class SheetDocument(Document):
    """A workbook's data; positions are rows and columns, and every path knows its sheet."""

    sheets: dict[Path, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    """Required keys that no column of the goals' sheet has; said once instead of for every row."""

    fill_remedy: ClassVar[str] = "Fill the cell."
    add_remedy: ClassVar[str] = "Add a column with the header {key}."

    def place(self, path: Path, of: str = "value") -> dict[str, Any]:
        return {**super().place(path, of), "sheet": self.sheet_of(path)}

    def sheet_of(self, path: Path) -> str:
        while path not in self.sheets and path:
            path = path[:-1]
        return self.sheets.get(path, "")

    def file_of(self, path: Path) -> str:
        return f"{self.file}#{self.sheet_of(path)}"


def read_goal_workbook(
    data: bytes, file: str, currency: str | None
) -> tuple[SheetDocument | None, list[Problem]]:
    """The goals of a workbook as a document {goals: [...]}, or None with what keeps it from being read.

    `currency` is the company's, which amounts with a currency sign must be in. Problems: E-LIMIT, E-XLSX,
    E-KEY, E-DUPLICATE, E-MISSING, E-REFERENCE, E-CURRENCY, E-FORMULA.
    """
    if len(data) > SIZE_LIMIT:
        return None, [_too_big(file)]
    try:
        return _Book(data, file, currency).read()
    except (zipfile.BadZipFile, zlib.error, ParseError, OSError, ValueError, LookupError) as error:
        return None, [_unreadable(file, error)]
    except BaseException as error:
        if type(error).__name__ not in ("CalamineError", "PanicException", "XlsxError", "ZipError"):
            raise
        return None, [_unreadable(file, error)]


def _too_big(file: str) -> Problem:
    return Problem(
        "E-LIMIT",
        "The workbook is larger than {limit} MB.",
        "Keep goals only in it; exports belong in the folder exports.",
        file=file,
        params={"limit": SIZE_LIMIT // 1_000_000},
    )


def _unreadable(file: str, error: BaseException) -> Problem:
    return Problem(
        "E-XLSX",
        "The workbook cannot be read: {cause}",
        "Open it in Excel or LibreOffice and save it as .xlsx without a password.",
        file=file,
        params={"cause": shown(error, 200)},
    )


def folded(header: str) -> str:
    """A header as it is compared: inner blanks collapsed, case folded, `title (ru)` as `title.ru`."""
    text = " ".join(header.replace("\u00a0", " ").split()).casefold()
    return _IN_BRACKETS.sub(lambda match: f".{match[1].strip()}", text).replace("ё", "е")


_KEYS = {folded(name): key for key, names in RUSSIAN.items() for name in (key, key.replace("_", " "), *names)}


def key_path(header: str, fields: Sequence[str]) -> tuple[str, ...] | None:
    """The keys a header stands for: ("title", "ru") for `title.ru`, `title (ru)` and `название (ru)`."""
    first, *rest = folded(header).split(".")
    key = _KEYS.get(first, first)
    if key not in fields or len(rest) > 2:
        return None
    if key == "segment" and rest:
        return (key, ".".join(rest))  # a dimension is named as its owner named it
    return (key, *(_KEYS.get(part, part) for part in rest))


@dataclass
class _Table:
    """One sheet: its cells and marks by (row, column) from 1, and which column is which key."""

    name: str
    rows: list[list[Any]]
    marks: dict[tuple[int, int], CellMark]
    keys: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def header(self) -> list[str]:
        return [str(cell).strip() for cell in self.rows[0]] if self.rows else []

    def filled(self) -> Iterator[tuple[int, list[Any]]]:
        """(row number, cells) of every row below the header that has any content."""
        for number, row in enumerate(self.rows[1:], 2):
            if any(cell not in ("", None) for cell in row) or self._is_marked(number):
                yield number, row

    def _is_marked(self, row: int) -> bool:
        return any(
            mark.is_failed or mark.is_unfinished for (line, _), mark in self.marks.items() if line == row
        )


class _Book:
    """Reads one workbook; holds what several of the steps need."""

    def __init__(self, data: bytes, file: str, currency: str | None) -> None:
        from python_calamine import CalamineWorkbook  # only where a workbook is kept

        self.file = file
        self.currency = currency
        self.archive = zipfile.ZipFile(io.BytesIO(data))
        if sum(info.file_size for info in self.archive.infolist()) > UNPACKED_LIMIT:
            raise ValueError("it would unpack to more than any list of goals needs")
        self.book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        self.document = SheetDocument(file)
        self.problems: list[Problem] = []

    def read(self) -> tuple[SheetDocument, list[Problem]]:
        visible = [name for name, shown_to_all in sheet_names(self.archive) if shown_to_all]
        main = next((name for name in visible if folded(name) in GOAL_SHEETS), visible[0])
        table = self._table(main)
        self.document.sheets[()] = main
        goals = self._goals(table)
        self.document.data = {GOALS: goals}
        self.document.keys[(GOALS,)] = self.document.values[(GOALS,)] = (1, 1)
        for name in visible:
            if name != main:
                self._list_sheet(name, goals)
        return self.document, self.problems

    def _table(self, name: str) -> _Table:
        part = sheet_part(self.archive, name)
        rows = self.book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        return _Table(name, rows, cell_marks(self.archive, part) if part else {})

    # --- goals ---

    def _goals(self, table: _Table) -> list[dict[str, Any]]:
        fields = [name for name in Goal.model_fields if name not in SHEETS]
        self._find_keys(table, fields)
        self._require(table, Goal)
        goals: list[dict[str, Any]] = []
        for number, row in table.filled():
            path = (GOALS, len(goals))
            goals.append(self._record(table, number, row, path))
        return goals

    def _require(self, table: _Table, model: type[BaseModel]) -> None:
        """One problem for each needed column that the header has not."""
        has = {keys[0] for keys in table.keys.values()}
        needed = {key for key, about in model.model_fields.items() if about.is_required()}
        if "for_each" in has:
            needed -= {"owner"}
        self.document.absent = frozenset(needed - has) if table.keys else frozenset()
        for key in sorted(self.document.absent) if any(True for _ in table.filled()) else ():
            self.problems.append(
                Problem(
                    "E-MISSING",
                    "The sheet has no column {key}.",
                    "Add a column with the header {key}.",
                    params={"key": key},
                    **self._place(table, 1, 1),
                )
            )

    def _find_keys(self, table: _Table, fields: Sequence[str]) -> None:
        for column, header in enumerate(table.header(), 1):
            if not header or header.startswith("#"):
                continue
            keys = key_path(header, fields)
            if keys is None:
                self._unknown_header(table, column, header, fields)
            elif keys in table.keys.values():
                self.problems.append(
                    Problem(
                        "E-DUPLICATE",
                        "The column {key} stands twice on the sheet.",
                        "Keep one of the two.",
                        params={"key": ".".join(keys)},
                        **self._place(table, 1, column),
                    )
                )
            else:
                table.keys[column] = keys

    def _unknown_header(self, table: _Table, column: int, header: str, fields: Sequence[str]) -> None:
        first = folded(header).split(".")[0]
        near = nearest(first, [name for key in fields for name in (key, *RUSSIAN.get(key, ()))])
        self.problems.append(
            Problem(
                "E-KEY",
                "The key {key} is not known here.",
                "Did you mean {near}?"
                if near
                else "Known keys: {choices}. A header that begins with # is left alone.",
                params={"key": shown(header), "near": near or "", "choices": ", ".join(fields)},
                **self._place(table, 1, column),
            )
        )

    def _record(self, table: _Table, number: int, row: Sequence[Any], path: Path) -> dict[str, Any]:
        self.document.values[path] = (number, 1)
        self.document.sheets[path] = table.name
        record: dict[str, Any] = {}
        signed = any(
            keys == ("relative_to",) and row[column - 1] not in ("", None)
            for column, keys in table.keys.items()
            if column <= len(row)
        )
        for column, keys in table.keys.items():
            place = (*path, *keys)
            self.document.keys[place] = self.document.values[place] = (number, column)
            self.document.sheets[place] = table.name
            cell = row[column - 1] if column <= len(row) else ""
            value = self._value(table, number, column, cell, keys[0])
            if value is not None:
                _put(record, keys, _with_sign(value) if signed and keys == ("target",) else value)
        return record

    # --- lists of a goal ---

    def _list_sheet(self, name: str, goals: list[dict[str, Any]]) -> None:
        known = {title: key for key, (titles, _) in SHEETS.items() for title in titles}
        key = known.get(folded(name))
        if key is None:
            self._unknown_sheet(name, known)
            return
        table = self._table(name)
        self._find_keys(table, ["goal", *SHEETS[key][1].model_fields])
        ids = {str(goal.get("id")): index for index, goal in enumerate(goals)}
        for number, row in table.filled():
            index = self._goal_of(table, number, row, ids)
            if index is not None:
                items = goals[index].setdefault(key, [])
                path = (GOALS, index, key, len(items))
                self.document.values.setdefault(path[:-1], (number, 1))
                self.document.sheets.setdefault(path[:-1], name)
                record = self._record(table, number, row, path)
                record.pop("goal", None)
                items.append(record)

    def _goal_of(self, table: _Table, number: int, row: Sequence[Any], ids: Mapping[str, int]) -> int | None:
        column = next((column for column, keys in table.keys.items() if keys == ("goal",)), None)
        name = str(row[column - 1]).strip() if column is not None else ""
        if name in ids:
            return ids[name]
        near = nearest(name, ids)
        self.problems.append(
            Problem(
                "E-REFERENCE",
                "There is no goal {name}.",
                "Did you mean {near}?" if near else "Name in the column goal the goal's id.",
                value=shown(name),
                params={"name": f"“{shown(name)}”", "near": near or ""},
                **self._place(table, number, column or 1),
            )
        )
        return None

    def _unknown_sheet(self, name: str, known: Mapping[str, str]) -> None:
        near = nearest(folded(name), known)
        if near is not None:
            self.problems.append(
                Problem(
                    "E-KEY",
                    "The sheet {key} is not read.",
                    "Did you mean {near}?",
                    severity="warning",
                    file=self.file,
                    params={"key": shown(name), "near": near},
                )
            )

    # --- cells ---

    def _value(self, table: _Table, row: int, column: int, cell: Any, key: str) -> Any:
        """A cell as the YAML reader would have given it; None for a blank or faulty one."""
        mark = table.marks.get((row, column), CellMark())
        if mark.is_failed or mark.is_unfinished:
            self._bad_formula(table, row, column, mark)
            return None
        if isinstance(cell, str):
            return self._text_value(table, row, column, cell.strip(), key)
        if isinstance(cell, bool) or cell is None:
            return cell
        if isinstance(cell, (int, float)):
            if mark.currency and key in _MONEY:
                self._check_currency(table, row, column, mark.currency)
            return _number(cell, mark.is_percent)
        if isinstance(cell, datetime):
            return cell.date().isoformat()
        return cell.isoformat() if isinstance(cell, date) else str(cell)

    def _text_value(self, table: _Table, row: int, column: int, text: str, key: str) -> Any:
        if not text:
            return None
        if key in _LISTS:
            return [part for part in re.split(r"\s*[;,\n]\s*", text) if part]
        if key == "segment" and ":" in text:
            pairs = (part.partition(":") for part in re.split(r"\s*[;\n]\s*", text) if part)
            return {name.strip(): value.strip() for name, _, value in pairs}
        if key == "for_each":
            return _for_each(text)
        symbol = _WITH_SYMBOL.match(text) if key in _MONEY else None
        if symbol:
            self._check_currency(table, row, column, symbol[1] or symbol[4])
            return (symbol[2] if symbol[1] else symbol[3]).strip()
        return text

    def _check_currency(self, table: _Table, row: int, column: int, mark: str) -> None:
        code = SYMBOLS.get(mark, mark.upper())
        dollars = mark == "$" and str(self.currency).endswith("D")  # Canadian, Australian and others
        if self.currency and code != self.currency and not dollars and len(code) == 3:
            self.problems.append(
                Problem(
                    "E-CURRENCY",
                    "The amount is in {found}, but the company reports in {currency}.",
                    "Write it in {currency}, or correct the cell's format.",
                    value=mark,
                    params={"found": code, "currency": self.currency},
                    **self._place(table, row, column),
                )
            )

    def _bad_formula(self, table: _Table, row: int, column: int, mark: CellMark) -> None:
        message = (
            "The cell holds a formula that ended in an error."
            if mark.is_failed
            else "The cell holds a formula without a stored result."
        )
        self.problems.append(
            Problem(
                "E-FORMULA",
                message,
                "Correct it in the workbook, let it calculate and save it.",
                **self._place(table, row, column),
            )
        )

    def _place(self, table: _Table, row: int, column: int) -> dict[str, Any]:
        return {"file": self.file, "line": row, "column": column, "sheet": table.name}


def _put(record: dict[str, Any], keys: tuple[str, ...], value: Any) -> None:
    """Write a value under keys inside keys; a plain text beside `title.ru` is the text of every language."""
    for key in keys[:-1]:
        inner = record.setdefault(key, {})
        if not isinstance(inner, dict):
            inner = record[key] = {"": inner}
        record = inner
    there = record.get(keys[-1])
    if isinstance(there, dict) and not isinstance(value, dict):
        there[""] = value
    elif isinstance(there, dict):
        there.update(value)
    else:
        record[keys[-1]] = value


def _number(cell: float, is_percent: bool) -> Any:
    """Fifteen digits are what a spreadsheet keeps; more are noise of its arithmetic."""
    exact = Decimal(format(cell, ".15g"))
    if is_percent:
        share = (exact * 100).normalize()
        return f"{share:f} %"
    return int(exact) if exact == exact.to_integral_value() else exact.normalize()


def _with_sign(value: Any) -> Any:
    """A change against something: a spreadsheet drops the plus of +25 %."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text if text[:1] in "+-−" else f"+{text}"


def _for_each(text: str) -> Any:
    """`owner`, `region: North; South` or `owner: ann = 120000; bob = 90000`."""
    dimension, colon, listed = text.partition(":")
    dimension = _KEYS.get(folded(dimension), dimension.strip())
    if not colon:
        return dimension
    values: dict[str, Any] = {}
    for part in re.split(r"\s*[;\n]\s*", listed.strip()):
        name, mark, target = part.partition("=")
        if name.strip():
            values[name.strip()] = target.strip() if mark else None
    return {dimension: values}
