"""A mapping for a file nobody has described, as a person would write it, with questions where it is unsure.

Here: from what a file looks like to a source's settings and the notes beside them. Not here: the evidence
(look.py, roles.py, beside.py), the text (proposal.py), trying it out (tryout.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.facts import Fact
from pipeline.sources import cells, guess
from pipeline.sources.beside import Beside, second_files
from pipeline.sources.headers import fold
from pipeline.sources.look import ColumnLook, FileLook, known_exports
from pipeline.sources.recognise import Recognised
from pipeline.sources.roles import Resemblance, resembled
from pipeline.sources.validation import CLASSES, EVENTS
from pipeline.sources.vendor import EXCEL, ExportSpec, Vendor
from pipeline.workspace.each import slug
from pipeline.workspace.model import FileFormat

Key = tuple[str, ...]
WON = ("won", "closed won", "win", "paid", "completed", "success", "выигран", "успешн", "оплачен", "заключен")
LOST = (
    *("lost", "closed lost", "cancelled", "canceled", "rejected"),
    *("проигран", "потерян", "отказ", "отменен", "не реализован"),
)
CLASS_WORDS = {
    "revenue": ("revenue", "income", "sales", "доход", "выручк"),
    "cogs": ("cost of", "cogs", "goods", "себестоимост"),
    "sales_marketing": ("market", "advert", "commission", "реклам", "маркетинг"),
}
CLASS_DIGITS = {"4": "revenue", "5": "cogs", "6": "opex", "7": "opex"}
MOST_STAGES = 40
_CODE = re.compile(r"\d{3,}\b")
"""An account's number in front of its name."""
NUMBERS = ("money", "decimal", "integer")
_LIMITS = (("hours", 24), ("minutes", 24 * 60))


@dataclass(frozen=True)
class Note:
    """A comment above a line. A question must be answered by a person; `text` is an English template."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)
    is_question: bool = False


@dataclass
class Proposal:
    """What a file is taken for and how it would be described."""

    id: str
    settings: dict[str, Any] = field(default_factory=dict)
    """Of sources/<id>.yaml, in its order; empty for a list that holds no facts."""
    notes: dict[Key, list[Note]] = field(default_factory=dict)
    known: Recognised | None = None
    resemblance: Resemblance | None = None
    beside: tuple[Beside, ...] = ()
    """Second files that the mapping looks things up in."""

    @property
    def questions(self) -> list[Note]:
        return [note for notes in self.notes.values() for note in notes if note.is_question]

    def ask(self, key: Key, text: str, **params: object) -> None:
        self.notes.setdefault(key, []).append(Note(text, params, is_question=True))

    def tell(self, key: Key, text: str, **params: object) -> None:
        self.notes.setdefault(key, []).append(Note(text, params))


def propose(look: FileLook, path: Path) -> Proposal:
    """The description of a file: of a known export in three lines and what differs, of any other column by
    column, with lookups into second files of its folder."""
    made = _proposed(look, path)
    if look.others and made.settings:
        made.ask(
            ("format", "records"),
            "other lists of the file: {lists}; each that you need is a source of its own",
            lists=", ".join(look.others),
        )
    return made


def promise(look: FileLook) -> tuple[bool, bool, float, int]:
    """How likely a list of a file is the one that is meant, as something to sort by: a list with rows, whose
    rows are facts, by how many columns say so, then by its length."""
    found, alike = known_exports(look.header), resembled(look)
    score = float(found[0].claimed * 3) if found else alike.score if alike is not None else 0.0
    return look.table.rows > 0, bool(found or alike), score, look.table.rows


def _proposed(look: FileLook, path: Path) -> Proposal:
    made = Proposal(source_id(path))
    found = known_exports(look.header)
    if found:
        _known(made, look, found[0])
        _ask_which(made, found)
        return made
    made.resemblance = resembled(look)
    if made.resemblance is not None:
        _Mapping(made, look, made.resemblance, path).write()
    return made


def propose_report(look: FileLook, path: Path, vendor: Vendor, spec: ExportSpec) -> Proposal:
    """The description of a system's report, whose columns are no columns of records."""
    made = Proposal(source_id(path), known=Recognised(vendor, spec, 0, 0))
    made.settings = {"id": made.id, "system": vendor.system, "export": spec.name}
    format = {key: value for key, value in _layout(look, spec.format).items() if key != "skip_rows"}
    format |= _marks(made, [one for one in look.columns if one.kind == "number"], spec.format)
    if format:
        made.settings["format"] = format
    if any(one.name == "account_class" and one.needed for one in spec.fields):
        made.settings["columns"] = {"account_class": _class_map(made, "Account code", _codes(look))}
    return made


def _codes(look: FileLook) -> list[str]:
    """Account numbers at the beginning of a report's cells; one of each usual class where there are none."""
    columns = [*look.table.columns, pa.array(look.table.header)]
    texts = (str(text or "").strip() for column in columns for text in column.to_pylist())
    return [match[0] for text in texts if (match := _CODE.match(text))] or list(CLASS_DIGITS)


def source_id(path: Path) -> str:
    """An id from the file's name; from its folder when that is a source's own under exports."""
    name = path.parent.name if path.parent.parent.name == "exports" else path.stem
    words = [word for word in slug(name).replace("-", "_").split("_") if word and not word.isdigit()]
    text = "_".join(words) or "table"
    return text if text[0].isalpha() else f"x{text}"


# --- a known export ----------------------------------------------------------------------------------


def _known(made: Proposal, look: FileLook, known: Recognised) -> None:
    made.known = known
    export = known.spec
    made.settings = {"id": made.id, "system": known.vendor.system, "export": export.name}
    format = _layout(look, export.format)
    if export.comment or export.title_lines:
        format.pop("skip_rows", None)  # its own lines above the header are known
    numbers = [c for one in export.fields if one.kind in NUMBERS for c in _of(look, one.headers)]
    format |= _marks(made, numbers, export.format)
    unread = [
        column
        for one in export.fields
        if one.kind == "date"
        for column in _of(look, one.headers)
        if not _reads(column, one.dates or (export.format.date, export.format.datetime))
    ]
    format |= _date(made, _written_out(unread), export.format, look)
    serials = {
        one.name: column
        for one in export.fields
        if one.kind == "date"
        for column in _of(look, one.headers)[:1]
        if column.dates == (EXCEL,)
    }
    if format:
        made.settings["format"] = format
    needed = [one for one in export.fields if one.needed and not _of(look, one.headers)]
    code = next(
        (c for one in export.fields if one.name == "account_code" for c in _of(look, one.headers)), None
    )
    if serials:
        made.settings["columns"] = {
            name: {"from": column.name, "date": EXCEL} for name, column in serials.items()
        }
        for name, column in serials.items():
            _ask_serials(made, name, column, look)
    if code is not None and any(one.name == "account_class" for one in needed):
        made.settings.setdefault("columns", {})["account_class"] = _classes_of(made, code, is_class=False)
    _end(made, look)


def _ask_which(made: Proposal, found: Sequence[Recognised]) -> None:
    """Which of the exports it is that its columns fit equally well."""
    if found[0].is_like(found[1:]):
        others = [one for one in found[1:] if found[0].is_like((one,))]
        made.ask(
            ("system",),
            "the columns fit as well: {others}; write the one that the file comes from",
            others=", ".join(f"{one.vendor.system} {one.spec.name}" for one in others),
        )


def _reads(column: ColumnLook, formats: Sequence[str]) -> bool:
    return any(guess.dates_read(column.typical, one) == len(column.typical) for one in formats)


def _classes_of(made: Proposal, column: ColumnLook, is_class: bool) -> dict[str, Any]:
    """The class of every account, as a map that a person has to correct."""
    if is_class:
        classes = {value: _class_of(value) for value in column.values}
    else:
        return _class_map(made, column.name, column.values)
    made.ask(("columns", "account_class"), "which accounts are {classes}", classes=", ".join(CLASSES))
    return {"from": column.name, "map": classes}


def _class_map(made: Proposal, name: str, codes: Iterable[str]) -> dict[str, Any]:
    """The class of every account by the first digit of its number."""
    starts = sorted({code[:1] for code in codes})
    made.ask(("columns", "account_class"), "which accounts are {classes}", classes=", ".join(CLASSES))
    return {"from": name, "map": {f"{start}*": CLASS_DIGITS.get(start, "other") for start in starts}}


def _of(look: FileLook, headers: Sequence[str]) -> list[ColumnLook]:
    folded = {fold(header) for header in headers}
    return [column for column in look.columns if fold(column.name) in folded and column.values]


# --- any other file ----------------------------------------------------------------------------------


class _Mapping:
    """Writes the mapping of one file; holds what several of the steps need."""

    def __init__(self, made: Proposal, look: FileLook, resemblance: Resemblance, path: Path) -> None:
        self.made = made
        self.look = look
        self.fact: Fact = resemblance.fact
        self.roles = dict(resemblance.columns)
        self.path = path
        self.columns: dict[str, Any] = dict(self.roles)

    def write(self) -> None:
        made, declared = self.made, FileFormat()
        format = _layout(self.look, declared)
        format |= _marks(made, self._used(*NUMBERS), declared)
        format |= _date(made, _written_out(self._used("date")), declared, self.look)
        self._column_dates(format.get("date"))
        self._complete()
        self._currency()
        made.beside = tuple(second_files(self.look, self.path, self.fact, self.roles))
        dimensions = self._lookups()
        made.settings = {"id": made.id, "system": made.id, "fact": self.fact.name}
        made.tell(("system",), "any name; the system that the file comes from")
        if format:
            made.settings["format"] = format
        made.settings["delivers"] = "full"
        made.ask(
            ("delivers",),
            "full when every file holds everything there is, changes when it holds only what is new",
        )
        made.settings["columns"] = {
            column.name: self.columns[column.name]
            for column in self.fact.columns
            if column.name in self.columns
        }
        if dimensions:
            made.settings["dimensions"] = dimensions
        if made.beside:
            made.settings["lookup"] = [one.settings() for one in made.beside]
        _end(made, self.look)

    def _look(self, name: str) -> ColumnLook | None:
        return self.look.column(self.roles.get(name, ""))

    def _used(self, *kinds: str) -> list[ColumnLook]:
        names = [column.name for column in self.fact.columns if column.type in kinds]
        found = [self._look(name) for name in names]
        return [one for one in found if one is not None and one.values and one.kind in ("date", "number")]

    def _column_dates(self, common: str | None) -> None:
        """A format of its own for each date column that is written in another than the file's."""
        for column in self.fact.columns:
            found = self._look(column.name)
            dates = found.dates if column.type == "date" and found is not None else ()
            if dates and (common or cells.ISO) not in dates and dates[0] != cells.ISO:
                self.columns[column.name] = {"from": self.roles[column.name], "date": dates[0]}
                if found is not None:
                    _ask_serials(self.made, column.name, found, self.look)

    def _complete(self) -> None:
        """What the fact needs and no column gives by itself."""
        special = {
            "deals": self._outcome,
            "ledger_lines": self._account_class,
            "outreach_events": self._events,
            "time_entries": self._hours,
            "subscriptions": self._new_customer,
        }.get(self.fact.name)
        if special is not None:
            special()
        key = self._look(self.fact.key[0])
        if key is not None and not key.is_unique:
            self.made.ask(
                ("columns", self.fact.key[0]),
                "{header} is not different in every row; rows that share it count only when they are equal",
                header=key.name,
            )

    def _currency(self) -> None:
        """Amounts that no column gives a currency are taken to be in the company's own, and it is said."""
        money = [c.name for c in self.fact.columns if c.type == "money" and c.name in self.columns]
        if money and "currency" not in self.columns:
            self.made.tell(
                ("columns", money[0]),
                "no column names a currency, so amounts are in the company's; if not, write currency: CODE",
            )

    # --- facts with something of their own ---

    def _outcome(self) -> None:
        """Won and closed by the values of the stage."""
        stage = self._look("stage")
        values = list(stage.values) if stage is not None and len(stage.values) <= MOST_STAGES else []
        won = [value for value in values if _says(value, WON) and not _says(value, LOST)]
        lost = [value for value in values if _says(value, LOST)]
        if stage is None or not won:
            self.columns |= {"is_won": {"value": "true"}, "is_closed": {"value": "true"}}
            self.made.ask(
                ("columns", "is_won"),
                "every row counts as won and closed; if a column tells, write {example}",
                example="is_won: {from: COLUMN, equals: [VALUE]}",
            )
            return
        others = sorted(set(values) - {*won, *lost})
        self.columns["is_won"] = {"from": stage.name, "equals": won}
        self.columns["is_closed"] = {"from": stage.name, "equals": [*won, *lost]}
        if others:
            self.columns["is_closed"]["false"] = others
        if not lost and others:
            self.made.ask(
                ("columns", "is_closed"),
                "no value says lost; move the values that end a deal from false to equals",
            )

    def _account_class(self) -> None:
        column = self._look("account_class")
        if column is not None and set(column.values) <= set(CLASSES):
            return
        source = column or self._look("account_code")
        if source is not None:
            self.columns["account_class"] = _classes_of(self.made, source, is_class=column is not None)

    def _events(self) -> None:
        column = self._look("event")
        if column is None or set(column.values) <= set(EVENTS):
            return
        named = {
            value: next((one for one in EVENTS if one in value.casefold()), "sent") for value in column.values
        }
        self.columns["event"] = {"from": column.name, "map": named}
        self.made.ask(("columns", "event"), "what each value means: {events}", events=", ".join(EVENTS))

    def _hours(self) -> None:
        column = self._look("hours")
        if column is None:
            return
        if column.kind != "number":
            self.columns["hours"] = {"from": column.name, "unit": "hours"}
            return
        marks = column.numbers[0]
        typed = cells.decimals(pa.array(list(column.typical)), marks.format).values.to_pylist()
        largest = max((value for value in typed if value is not None), default=Decimal(0))
        unit = next((name for name, limit in _LIMITS if largest <= limit), "seconds")
        if unit != "hours":
            self.columns["hours"] = {"from": column.name, "unit": unit}
            self.made.ask(("columns", "hours"), "the largest value is {largest}: is it in {unit}?",
                          largest=f"{largest:f}", unit=unit)  # fmt: skip

    def _new_customer(self) -> None:
        if "is_new_customer" not in self.roles:
            self.columns["is_new_customer"] = {"value": "true"}
            self.made.ask(
                ("columns", "is_new_customer"), "every subscription counts as a new customer's first one"
            )

    # --- second files ---

    def _lookups(self) -> dict[str, str]:
        """Columns and dimensions that second files give; their questions."""
        dimensions: dict[str, str] = {}
        for one in self.made.beside:
            for name in one.take:
                role = one.roles.get(name)
                if role is not None and role not in self.columns:
                    self.columns[role] = name
                elif role is None:
                    dimensions[name] = name
            if one.replace:
                for role in [role for role, header in self.roles.items() if header == one.on]:
                    self.columns[role] = {"from": one.on, "replace": one.replace}
                pairs = ", ".join(f"{old} → {new}" for old, new in one.replace.items())
                self.made.ask(("lookup",), "taken for the same: {pairs}", pairs=pairs)
            if one.unmatched:
                self.made.tell(
                    ("lookup",),
                    "not found in {file}: {values}",
                    file=one.look.name,
                    values=", ".join(one.unmatched[:5]) + (", …" if len(one.unmatched) > 5 else ""),
                )
        return dimensions


def _says(value: str, words: Sequence[str]) -> bool:
    folded = " ".join(value.casefold().replace("ё", "е").split())
    return any(re.search(rf"(^|[^a-zа-я]){re.escape(word)}", folded) for word in words)


def _class_of(value: str) -> str:
    found = (name for name, words in CLASS_WORDS.items() if any(word in value.casefold() for word in words))
    return next(found, "opex")


# --- format ------------------------------------------------------------------------------------------


def _layout(look: FileLook, declared: FileFormat) -> dict[str, Any]:
    """Kind, encoding, delimiter, sheet and lines above the header, where they differ."""
    of_kind = {"csv": ("encoding", "delimiter"), "json": ("encoding", "records"), "ndjson": ("encoding",)}
    names = ("kind", *of_kind.get(look.format.kind, ()), "sheet", "skip_rows")
    return {
        name: getattr(look.format, name)
        for name in names
        if getattr(look.format, name) != getattr(declared, name)
    }


def _end(made: Proposal, look: FileLook) -> None:
    if look.is_open_ended:
        made.settings.setdefault("format", {})["final_newline"] = False
        made.ask(
            ("format", "final_newline"),
            "the file does not end with a line end: is it always so, or is it cut?",
        )
    order = ("id", "system", "export", "fact", "format")
    made.settings = {
        **{key: made.settings[key] for key in order if key in made.settings},
        **{key: value for key, value in made.settings.items() if key not in order},
    }


def _marks(made: Proposal, columns: Sequence[ColumnLook], declared: FileFormat) -> dict[str, Any]:
    """Decimal and thousands marks by which all number columns are numbers."""
    common = [
        one
        for one in guess.MARKS
        if all(guess.numbers_read(c.typical, one) == len(c.typical) for c in columns)
    ]
    if not columns or not common:
        return {}
    own = guess.Marks(declared.decimal, declared.thousands)
    best = own if own in common else common[0]
    for column in columns:
        readings = [one for one in column.numbers if one in common or one == best]
        others = [one for one in readings if _number(column, one) != _number(column, best)]
        if others:
            example = column.typical[0]
            made.ask(
                ("format", "decimal"),
                "{example} in {header} is {first} with decimal “{decimal}” (written here), and {second} with "
                "decimal “{other}” and thousands “{thousands}”",
                example=example,
                header=column.name,
                first=_number(column, best),
                decimal=best.decimal,
                second=_number(column, others[0]),
                other=others[0].decimal,
                thousands=others[0].thousands,
            )
            return {"decimal": best.decimal, "thousands": best.thousands}
    changes = {"decimal": best.decimal, "thousands": best.thousands}
    return {name: value for name, value in changes.items() if value != getattr(declared, name)}


def _number(column: ColumnLook, marks: guess.Marks) -> str:
    typed = cells.decimals(pa.array(guess.bare(column.typical[:1])), marks.format, parentheses=True)
    (value,) = typed.values.to_pylist()
    return "–" if value is None else f"{value.normalize():f}"


def _date(
    made: Proposal, columns: Sequence[ColumnLook], declared: FileFormat, look: FileLook
) -> dict[str, Any]:
    """The date format of the file: found in every row of every date column. What one column cannot tell (no
    day after the 12th) another one may."""
    if look.table.iso_dates or not columns:
        return {}
    certain = Counter(column.dates[0] for column in columns if len(column.dates) == 1)
    if certain:
        best = certain.most_common(1)[0][0]
        unsure: list[ColumnLook] = [c for c in columns if len(c.dates) > 1 and best not in c.dates]
    else:
        best = next((column.dates[0] for column in columns if column.dates), cells.ISO)
        unsure = [column for column in columns if len(column.dates) > 1]
    for column in unsure[:1]:
        made.ask(("format", "date"), "{readings}", readings=_readings(column))
    plain = best == cells.ISO and all(len(value) <= 10 for c in columns for value in c.typical[:200])
    fits_declared = best == cells.ISO and declared.date in (cells.ISO, "%Y-%m-%d")
    if fits_declared and (plain or declared.date == cells.ISO) and not unsure:
        return {}
    return {"date": best}


def _written_out(columns: Sequence[ColumnLook]) -> list[ColumnLook]:
    """Columns whose dates are not the numbers that a spreadsheet keeps for them."""
    return [column for column in columns if column.dates != (EXCEL,)]


def _ask_serials(made: Proposal, name: str, column: ColumnLook, look: FileLook) -> None:
    """Whether numbers are the days they seem to be, with one of them as the day it would be."""
    number = next((value for value in column.values if guess.may_be_serials([value])), "")
    if column.dates != (EXCEL,):
        return
    (day,) = guess.read_dates([number], cells.serial_format(EXCEL, look.table.is_1904))
    made.ask(
        ("columns", name),
        "{header} has numbers where dates are meant: is {number} the day {day}?",
        header=column.name,
        number=number,
        day=day,
    )


def _readings(column: ColumnLook) -> str:
    """`03/04/2026: %d/%m/%Y → 2026-04-03; %m/%d/%Y → 2026-03-04`, by a value that tells them apart."""
    formats = column.dates[:3]
    days = {value: [guess.read_dates([value], one)[0] for one in formats] for value in column.typical[:200]}
    value = next((value for value, read in days.items() if len(set(read)) == len(read)), column.typical[0])
    return f"{value}: " + "; ".join(f"{one} → {day}" for one, day in zip(formats, days[value], strict=True))
