"""One landed file from bytes to accepted facts and quarantined rows.

Here: the order of the steps and the record handed on. Not here: any step itself (reading.py, headers.py,
cells.py, validation.py), what a vendor's columns mean (vendors/), storing anything (ingest.py).
A file is refused whole or read whole; a row is accepted whole or not at all; a row that fails is kept with
every reason. Rows in = accepted + quarantined + excluded, and money likewise, or InvariantBroken is raised.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import FileRefused, Problem
from pipeline.facts import ARROW_TYPES, FACTS, Fact
from pipeline.periods import company_date
from pipeline.sources import cells, reasons, validation
from pipeline.sources.exports import export_of
from pipeline.sources.headers import Found, find_columns, fold, respelled, unused_warning
from pipeline.sources.hints import column_hint, resplit_header
from pipeline.sources.jsonfile import read_json
from pipeline.sources.mapped import adapted
from pipeline.sources.parquet import read_parquet
from pipeline.sources.privacy import digest, hash_key, masked
from pipeline.sources.pulled import pull_of, pulled_export, pulled_table
from pipeline.sources.pulls.bundle import is_bundle, read_bundle
from pipeline.sources.reading import (
    JSON_KINDS,
    PLAIN,
    BrokenRow,
    Layout,
    RawTable,
    looks_like_json,
    read_csv,
    refused,
)
from pipeline.sources.reasons import Rejections
from pipeline.sources.recognise import belonging_elsewhere
from pipeline.sources.state import Counts, ParsedExport
from pipeline.sources.vendor import Context, ExportSpec, Field
from pipeline.sources.xlsx import read_xlsx
from pipeline.workspace.model import FileFormat, Lookup, Source, Workspace

QUARANTINE_COLUMNS = ("file", "line", "reason_code", "reason", "column", "value", "remedy", "row")
_TOTALS = (
    "grand total|totals?|sub-?total|итого|итог|всего|общий итог|gesamtsumme|gesamt|total général|suma total|"
    "total general|totale|total geral"
)
TOTAL = rf"(?i)^({_TOTALS})[\s:.]*$"
TOTAL_OF = rf"(?i)^({_TOTALS})([^\pL\pN]|$)"
"""`\\b` knows no letters but ASCII ones there; without it a Russian total would count as a row."""


def parse_export(
    workspace: Workspace, source: Source, data: bytes, name: str, *, received_at: datetime | None = None
) -> ParsedExport:
    """Reads `data` (the file called `name`) as the source declares it; `received_at` dates counters that
    carry no day of their own. Raises FileRefused with every problem that makes the whole file unusable,
    InvariantBroken when rows or money do not add up."""
    bundle = read_bundle(data, name) if is_bundle(data) else None
    try:
        pull = None if bundle is None else pull_of(source, bundle)
        spec = export_of(source) if pull is None else pulled_export(source, pull)
    except FileRefused as refusal:  # a mistake of the source's own file, not of the export
        place = workspace.location(f"source:{source.id}") or {"file": name}
        raise FileRefused(
            *(replace(one, **{**place, "column": one.column}) for one in refusal.problems)
        ) from None
    if bundle is None or pull is None:
        if spec.as_json is not None and looks_like_json(data):
            spec = adapted(spec.as_json, source)
        context = _context(workspace, source, spec, name)
    else:
        context = _context(workspace, source.model_copy(update={"format": None}), spec, name)
    if received_at is not None:
        context = replace(context, received_on=company_date(received_at, workspace.company.zone))
    if bundle is None or pull is None:
        raw = _shaped_table(data, source, spec, context, name)
    else:
        raw = pulled_table(bundle, pull)
    rejections = Rejections()
    raw, taken = _with_lookups(workspace, source, raw, context, rejections)
    try:
        spec, found = _columns(spec, source, raw, name, taken)
    except FileRefused as refusal:
        _refuse_delimiter(spec, source, raw, context.format, name)
        raise refusal
    if not raw.rows and not raw.broken and not source.allow_empty:
        _refuse_empty(raw, name, pull is not None, context.is_full)
    parsed = _Parsing(source, spec, context, raw, found, rejections).result()
    return parsed if pull is None else replace(parsed, header=())


def _shaped_table(data: bytes, source: Source, spec: ExportSpec, context: Context, name: str) -> RawTable:
    """The file as one table, in the shape that its export's fields describe."""
    raw = read_table(data, context.format, name, Layout(spec.comment, spec.title_lines, spec.ragged))
    raw = _respelled(
        raw, [*(name for group in spec.title_lines for name in group), *_wanted(spec, source)], name
    )
    if spec.reshape is not None:
        raw = spec.reshape(raw, context)
    if context.format.kind in JSON_KINDS and not raw.header:
        raw = _without_records(raw, spec)
    return _merged(raw, spec, source)


def _wanted(spec: ExportSpec, source: Source) -> list[str]:
    """Every header that the export or the source's own declaration asks for, aliases first."""
    names = [*source.aliases.values(), *(field.headers for field in spec.fields), *spec.title_lines]
    return [*(header for group in names for header in group), *_also_used(source)]


def _also_used(source: Source) -> list[str]:
    """Headers that dimensions, exclusions and lookups of the source ask for."""
    excluded = [rule.column for rule in source.exclude]
    return [*source.dimensions.values(), *excluded, *(lookup.on for lookup in source.lookup)]


def _respelled(raw: RawTable, wanted: Sequence[str], name: str) -> RawTable:
    """The table with headers that only look like wanted ones under those, and what is said of them."""
    header, warnings = respelled(raw.header, wanted, name, raw.header_line)
    return replace(raw, header=header, warnings=(*raw.warnings, *warnings)) if warnings else raw


def _refuse_empty(raw: RawTable, name: str, is_pulled: bool, is_full: bool) -> None:
    """A file without rows is a mistake; an interface without changes is not, one without anything is."""
    if is_pulled and is_full:
        raise refused(
            "E-NOROWS",
            "The system answered without a single record.",
            "Check the rights of the key; if there may be none, set allow_empty: true for the source.",
            name,
        )
    if not is_pulled:
        raise refused(
            "E-NOROWS",
            "The file has a header and no rows.",
            "Export it again; if it may be empty, set allow_empty: true for the source.",
            name,
            line=raw.header_line,
        )


def side_files(workspace: Workspace, source: Source) -> list[Path]:
    """Further files a parse depends on (lookups): when one changes, the source must be read again."""
    return [workspace.root / lookup.file for lookup in source.lookup]


def read_table(data: bytes, format: FileFormat, name: str, layout: Layout = PLAIN) -> RawTable:
    """Text cells of a file of any kind."""
    if format.kind == "xlsx":
        return read_xlsx(data, format, name, layout)
    if format.kind == "parquet":
        return read_parquet(data, format, name)
    if format.kind in JSON_KINDS:
        return read_json(data, format, name)
    return read_csv(data, format, name, layout)


# --- what is declared --------------------------------------------------------------------------------


def _context(workspace: Workspace, source: Source, spec: ExportSpec, name: str) -> Context:
    own = source.format
    changes = {key: getattr(own, key) for key in own.model_fields_set} if own else {}
    if source.sql is not None:
        changes["kind"] = "parquet"  # what answers are landed as
    format = spec.format.model_copy(update=changes)
    zone = _zone(source, workspace, name)
    currency = source.currency or workspace.company.currency
    delivers = source.delivers or spec.delivers
    return Context(
        source.id,
        name,
        format,
        zone,
        workspace.company.zone,
        currency,
        hash_key(workspace),
        delivers == "full",
    )


def _zone(source: Source, workspace: Workspace, name: str) -> ZoneInfo:
    try:
        return ZoneInfo(source.timezone) if source.timezone else workspace.company.zone
    except (KeyError, ValueError, OSError):
        raise refused(
            "E-SOURCE",
            'Source "{source}": "{zone}" is not a time zone such as Europe/Berlin.',
            "Correct timezone.",
            name,
            source=source.id,
            zone=source.timezone,
        ) from None


def _without_records(raw: RawTable, spec: ExportSpec) -> RawTable:
    """JSON names its columns in its records only; without one there is nothing to look for."""
    headers = tuple(dict.fromkeys(field.headers[0] for field in spec.fields if field.headers))
    return replace(raw, header=headers, columns=tuple(pa.array([], pa.string()) for _ in headers))


def _merged(raw: RawTable, spec: ExportSpec, source: Source) -> RawTable:
    """The table with columns of one header joined, for fields that take them together. Their cells stand in
    the first of them; the others lose their header."""
    names, columns = list(raw.header), list(raw.columns)
    for field in spec.fields:
        wanted = [fold(header) for header in (*source.aliases.get(field.name, ()), *field.headers)]
        places = next((at for one in wanted if (at := _places(names, one))), [])
        if field.many and len(places) > 1:
            parts = (cells.trimmed(columns[place]).to_pylist() for place in places)
            joined = [";".join(filter(None, row)) for row in zip(*parts, strict=True)]
            columns[places[0]] = pa.array(joined, pa.string())
            for place in places[1:]:
                names[place] = ""
    return replace(raw, header=tuple(names), columns=tuple(columns))


def _places(header: Sequence[str], folded: str) -> list[int]:
    return [place for place, name in enumerate(header) if fold(name) == folded]


def _columns(
    spec: ExportSpec, source: Source, raw: RawTable, name: str, taken: Sequence[str]
) -> tuple[ExportSpec, Found]:
    """Fields with their positions; the export's repeated columns become fields of their own."""
    wanted = _also_used(source)
    place = {"file": name, "line": raw.header_line}
    if spec.repeated:
        claimed = {
            fold(h) for field in spec.fields for h in (*field.headers, *source.aliases.get(field.name, ()))
        }
        more = [field for h in raw.header if fold(h) not in claimed and (field := spec.repeated(h))]
        spec = replace(spec, fields=(*spec.fields, *more))
    try:
        found = find_columns(
            raw.header,
            spec.fields,
            source.aliases,
            also_used=wanted,
            mapped=source.columns,
            **place,  # type: ignore[arg-type]
        )
    except FileRefused as refusal:
        elsewhere = belonging_elsewhere(raw.header, source, name, raw.header_line)
        raise FileRefused(*elsewhere, *refusal.problems) from None
    if spec.repeats_headers:
        found = replace(found, warnings=())
    used = {fold(raw.header[index]) for index in found.at.values()} | {
        fold(text) for text in (*wanted, *taken)
    }
    used |= {fold(header) for field in spec.fields for header in field.headers}
    return spec, replace(
        found, warnings=found.warnings + unused_warning(raw.header, used, name, raw.header_line)
    )


def _refuse_delimiter(spec: ExportSpec, source: Source, raw: RawTable, format: FileFormat, name: str) -> None:
    """Refuses (E-DELIMITER) a text file whose header has every needed column when cut by another mark."""
    if format.kind != "csv":
        return
    for mark, header in resplit_header(raw.header, format.delimiter):
        folded = {fold(cell) for cell in header}
        needed = [
            {fold(h) for h in (*source.aliases.get(field.name, ()), *field.headers)}
            for field in spec.fields
            if field.needed
        ]
        if needed and all(names & folded for names in needed):
            raise refused(
                "E-DELIMITER",
                'The cells are separated by "{likely}", not by the declared "{declared}".',
                'Declare format: {{delimiter: "{likely}"}} for the source.',
                name,
                line=raw.header_line,
                likely=mark.replace("\t", "\\t"),
                declared=format.delimiter.replace("\t", "\\t"),
            )


# --- lookups -----------------------------------------------------------------------------------------


def _with_lookups(
    workspace: Workspace, source: Source, raw: RawTable, context: Context, rejections: Rejections
) -> tuple[RawTable, list[str]]:
    """The table with the columns taken from second files, and the names of those columns."""
    taken: list[str] = []
    for lookup in source.lookup:
        positions = [i for i, header in enumerate(raw.header) if fold(header) == fold(lookup.on)]
        if not positions:  # said first: columns that it would have brought are missing only for that
            find_columns(raw.header, (), {}, file=context.file, line=raw.header_line, also_used=(lookup.on,))
        second = _second_file(workspace, source, lookup, context)
        on = cells.trimmed(raw.columns[positions[0]])
        on = cells.replaced(on, lookup.replace) if lookup.replace else on
        at = pc.index_in(on, value_set=cells.trimmed(second[fold(lookup.key or lookup.on)]), skip_nulls=True)
        if lookup.missing == "quarantine":
            lost = np.flatnonzero(pc.is_null(at).to_numpy(zero_copy_only=False))
            rejections.add(lost, reasons.LOOKUP, raw.header[positions[0]], raw.columns[positions[0]])
        columns = [pc.fill_null(second[fold(header)].take(at), "") for header in lookup.take.values()]
        raw = replace(raw, header=(*raw.header, *lookup.take), columns=(*raw.columns, *columns))
        taken += lookup.take
    return raw, taken


def _second_file(
    workspace: Workspace, source: Source, lookup: Lookup, context: Context
) -> dict[str, pa.Array]:
    path = workspace.root / lookup.file
    if not path.is_file():
        raise refused(
            "E-LOOKUP",
            'The second file "{path}" of source "{source}" is not there.',
            "Put it there, or correct lookup: file.",
            context.file,
            path=lookup.file,
            source=source.id,
        )
    format = lookup.format or FileFormat(kind=_kind_of(path))  # type: ignore[arg-type]
    raw = read_table(path.read_bytes(), format, lookup.file)
    key = lookup.key or lookup.on
    names = tuple(dict.fromkeys((key, *lookup.take.values())))
    raw = _respelled(raw, names, lookup.file)
    fields = [Field(name, (name,)) for name in names]
    at = find_columns(raw.header, fields, {}, file=lookup.file, line=raw.header_line, also_used=names).at
    _refuse_doubled_keys(cells.trimmed(raw.columns[at[key]]), raw, lookup)
    return {fold(name): raw.columns[index] for name, index in at.items()}


def _kind_of(path: Path) -> str:
    kinds = {".xlsx": "xlsx", ".xlsm": "xlsx", ".parquet": "parquet", ".json": "json", ".ndjson": "ndjson"}
    return kinds.get(path.suffix.lower(), "csv")


def _refuse_doubled_keys(keys: pa.Array, raw: RawTable, lookup: Lookup) -> None:
    first: dict[str, int] = {}
    for row, key in enumerate(keys.to_pylist()):
        if key is not None and first.setdefault(key, row) != row:
            raise refused(
                "E-LOOKUP",
                'The key "{key}" stands in lines {first} and {second} of the second file.',
                "Keep one row a key.",
                lookup.file,
                line=int(raw.lines[row]),
                value=key,
                key=key,
                first=int(raw.lines[first[key]]),
                second=int(raw.lines[row]),
            )


# --- one file ----------------------------------------------------------------------------------------


class _Parsing:
    """The steps after the columns have been found; holds what several of them need."""

    def __init__(
        self,
        source: Source,
        spec: ExportSpec,
        context: Context,
        raw: RawTable,
        found: Found,
        rejections: Rejections,
    ) -> None:
        self.source = source
        self.spec = spec
        self.context = context
        self.raw = raw
        self.found = found
        self.rejections = rejections
        self.fact: Fact = FACTS[spec.fact]
        self.fields: dict[str, Field] = {field.name: field for field in spec.fields}
        self.hints: list[Problem] = []

    def result(self) -> ParsedExport:
        excluded, warnings = self._excluded()
        self._reject_flagged()
        typed = {field.name: self._typed(field) for field in self.spec.fields if self._is_given(field)}
        rows = self._rows(typed)
        excluded, notes = self._left_out_by_rule(rows, excluded)
        warnings += notes
        counted = np.flatnonzero(~excluded)
        self._validate(rows, counted)
        rejected = np.array(sorted(set(self.rejections.by_row) & set(counted.tolist())), dtype=np.int64)
        accepted = np.setdiff1d(counted, rejected)
        counts = self._counts(rows, accepted, rejected, np.flatnonzero(excluded))
        kept = rows.iloc[accepted]
        return ParsedExport(
            self._facts(kept, rows.iloc[list(self.raw.removed)]),
            self._quarantine(rejected),
            counts,
            (
                *self.raw.warnings,
                *self.found.warnings,
                *self.hints,
                *warnings,
                *self.spec.warn(kept, self.context),
            ),
            self.raw.header[: len(self.raw.header) - self._looked_up()],
        )

    # --- exclusion ---

    def _excluded(self) -> tuple[np.ndarray, list[Problem]]:
        """Which rows are left out on purpose, and what is said about them."""
        mask = np.zeros(self.raw.rows, dtype=bool)
        notes = self._note("Rows of another table below the first one, left out: {count}.", self.raw.skipped)
        for rule in self.source.exclude:
            cell = pc.fill_null(cells.trimmed(self._column(rule.column)), "")
            hit = _mask(pc.is_in(cell, value_set=pa.array(list(rule.equals), pa.string())))
            for start in rule.starts_with:
                hit |= _mask(pc.starts_with(pc.utf8_lower(cell), pattern=start.lower()))
            because = rule.because or f"{rule.column}: {', '.join(rule.equals + rule.starts_with)}"
            count = int((hit & ~mask).sum())
            notes += self._note("Rows left out on purpose ({because}): {count}.", count, because)
            mask |= hit
        mask, told = self._left_out(mask)
        notes += told
        totals = self._totals() & ~mask
        notes += self._note("Total rows, left out: {count}.", int(totals.sum()))
        mask |= totals
        for name in self.spec.left_out_without:
            if name in self.found.at:
                blank = _mask(pc.is_null(cells.trimmed(self.raw.columns[self.found.at[name]]))) & ~mask
                message = 'Rows without "{because}", left out: {count}.'
                notes += self._note(message, int(blank.sum()), self._header(name))
                mask |= blank
        return mask, notes

    def _left_out_by_rule(self, rows: pd.DataFrame, excluded: np.ndarray) -> tuple[np.ndarray, list[Problem]]:
        """The excluded rows with those of the export that are no records of the fact, and what is said."""
        notes: list[Problem] = []
        for rule in self.spec.left_out:
            hit = rule.which(rows).fillna(False).to_numpy(dtype=bool) & ~excluded
            notes += self._note(rule.note, int(hit.sum()))
            excluded = excluded | hit
        return excluded, notes

    def _left_out(self, mask: np.ndarray) -> tuple[np.ndarray, list[Problem]]:
        """`mask` with the records that an interface names as deleted or as no rows of the export."""
        mask, notes = mask.copy(), []
        removed = _flags(self.raw.rows, self.raw.removed) & ~mask
        notes += self._note("Records deleted or archived in the system: {count}.", int(removed.sum()))
        mask |= removed
        for because in dict.fromkeys(why for _, why in self.raw.left_out):
            hit = _flags(self.raw.rows, [row for row, why in self.raw.left_out if why == because]) & ~mask
            notes += self._note("Rows left out on purpose ({because}): {count}.", int(hit.sum()), because)
            mask |= hit
        return mask, notes

    def _totals(self) -> np.ndarray:
        """Rows whose first cell says Total and that are no record: a needed cell is blank, or most are. A
        customer called Total, with everything a customer's row has, is one."""
        if not self.raw.rows:
            return np.zeros(0, dtype=bool)
        first = pc.fill_null(cells.trimmed(self.raw.columns[0]), "")
        named = _mask(pc.match_substring_regex(first, TOTAL))
        begun = _mask(pc.match_substring_regex(first, TOTAL_OF)) if self.spec.excludes_totals else named
        at = np.flatnonzero(begun)
        if not len(at):
            return begun
        needed = {
            self.found.at[field.name] for field in self.spec.fields if field.filled and self._is_read(field)
        }
        filled = {
            column: _mask(pc.is_valid(cells.trimmed(self.raw.columns[column].take(pa.array(at)))))
            for column in range(len(self.raw.columns))
        }
        incomplete = np.zeros(len(at), bool)
        for column in needed:
            incomplete |= ~filled[column]
        sparse = np.sum([*filled.values()], axis=0) * 2 <= len(filled)
        begun[at] = incomplete | (named[at] & sparse)
        return begun

    def _is_read(self, field: Field) -> bool:
        return field.name in self.found.at

    def _note(self, message: str, count: int, because: str = "") -> list[Problem]:
        params = {"count": count, "because": because}
        note = Problem("N-EXCLUDED", message, file=self.context.file, severity="note", params=params)
        return [note] if count else []

    # --- typing ---

    def _is_given(self, field: Field) -> bool:
        return field.name in self.found.at or field.constant is not None

    def _column(self, header: str) -> pa.Array:
        return self.raw.columns[[fold(h) for h in self.raw.header].index(fold(header))]

    def _cells(self, field: Field) -> pa.Array:
        if field.name in self.found.at:
            return self.raw.columns[self.found.at[field.name]]
        return pa.array([field.constant] * self.raw.rows, pa.string())

    def _typed(self, field: Field) -> pa.Array:
        text = self._cells(field)
        if field.name == "currency":
            text = self._with_currency(text)
        typed = self._parsed(field, text)
        header = self._header(field.name)
        self.rejections.add(np.flatnonzero(typed.bad), typed.reason, header, text)
        if typed.bad.any() and field.map is None:
            dates, format = self._date_formats(field), self.context.format
            hint = column_hint(field.kind, header, text, typed.bad, format, dates, self.context.file)
            self.hints += [hint] if hint else []
        if field.filled and field.name in self.found.at and self.fact.column(field.name) is None:
            blank = np.flatnonzero(_mask(pc.is_null(cells.trimmed(text))))
            self.rejections.add(blank, reasons.REQUIRED, header, text)
        return typed.values

    def _parsed(self, field: Field, text: pa.Array) -> cells.Typed:
        if field.map is not None:
            mapped = cells.listed(text, field.map)
            if mapped.bad.any() or field.kind == "text":
                return (
                    mapped
                    if field.kind == "text"
                    else replace(self._by_kind(field, mapped.values), bad=mapped.bad, reason=mapped.reason)
                )
            text = mapped.values
        elif field.replace is not None:
            text = cells.replaced(text, field.replace)
        return self._by_kind(field, pc.fill_null(text, ""))

    def _by_kind(self, field: Field, text: pa.Array) -> cells.Typed:
        text, format, kind = pc.fill_null(text, ""), self.context.format, field.kind
        if kind == "money":
            typed = cells.money(text, format, self.context.currency, field.parentheses, field.scale)
            return self._in_currency(field, typed)
        if kind == "decimal":
            return cells.decimals(text, format, field.parentheses, field.scale)
        if kind == "integer":
            return cells.integers(text, format)
        if kind == "bool":
            return cells.booleans(text, field.true, field.false)
        if kind == "duration":
            return cells.durations(text, field.unit)
        if kind == "date":
            zone = self.context.company_zone if field.day else self.context.zone
            return cells.dates(text, self._date_formats(field), zone, self.context.company_zone)
        plain = cells.trimmed(text)
        if kind == "address":
            plain = cells.by_unique(plain, self._digest, pa.string())
        return cells.Typed(plain, np.zeros(len(plain), bool), reasons.VALUE)

    def _in_currency(self, field: Field, typed: cells.Typed) -> cells.Typed:
        """Amounts without those that a workbook shows in another currency than they would be counted in,
        unless a column says which it is."""
        if not self.raw.symbols or "currency" in self.found.at or field.name not in self.found.at:
            return typed
        at = self.found.at[field.name]
        rows = [
            row
            for (column, symbol), shown_in in self.raw.symbols.items()
            if column == at and cells.is_foreign(symbol, self.context.currency)
            for row in shown_in
        ]
        foreign = _flags(self.raw.rows, rows)
        if not foreign.any():
            return typed
        blank = pa.scalar(None, typed.values.type)
        values = pc.if_else(pa.array(foreign), blank, typed.values)
        return cells.Typed(values, typed.bad | foreign, reasons.CURRENCY)

    def _digest(self, cell: str | None) -> str | None:
        return digest(self.context.hash_key, cell) if cell else None

    def _date_formats(self, field: Field) -> Sequence[str]:
        written = field.dates or (self.context.format.date, self.context.format.datetime)
        declared = [cells.serial_format(one, self.raw.is_1904) for one in written]
        return (*declared, cells.ISO) if self.raw.iso_dates else declared

    def _with_currency(self, text: pa.Array) -> pa.Array:
        plain = pc.utf8_upper(cells.trimmed(text))
        return pc.fill_null(plain, self.context.currency)

    def _reject_flagged(self) -> None:
        """Cells the file itself marks, and the last row of a file that may be cut; both only where they
        are used."""
        used = set(self.found.at.values())
        for row, column, reason in self.raw.flagged:
            if column in used:
                self.rejections.add([row], reason, self.raw.header[column], self.raw.columns[column])
        last = len(self.raw.columns) - 1 - self._looked_up()
        if self.raw.cut_row is not None and last in used:
            self.rejections.add(
                [self.raw.cut_row], reasons.TRUNCATED, self.raw.header[last], self.raw.columns[last]
            )

    def _looked_up(self) -> int:
        """Number of columns that second files added behind the file's own."""
        return sum(len(lookup.take) for lookup in self.source.lookup)

    # --- rows ---

    def _rows(self, typed: Mapping[str, pa.Array]) -> pd.DataFrame:
        """Typed rows with every column of the fact; the index is the row number."""
        arrays = dict(typed)
        if self.fact.column("currency") and "currency" not in arrays:
            arrays["currency"] = pa.array([self.context.currency] * self.raw.rows, pa.string())
        rows = frame_of(arrays, self.raw.rows)
        rows = self.spec.derive(rows, self.context)
        for column in self.fact.columns:
            kind = ARROW_TYPES[column.type]
            if column.name not in rows:
                rows[column.name] = pd.Series(pd.NA, index=rows.index, dtype=pd.ArrowDtype(kind))
            elif rows[column.name].dtype != pd.ArrowDtype(kind):  # sums of decimals widen their type
                rows[column.name] = pd.Series(
                    pd.arrays.ArrowExtensionArray(arrow_of(rows[column.name], kind))
                )
        if self.fact.name == "deals":
            is_closed = rows["is_closed"].fillna(False)
            rows["expected_on"] = rows["expected_on"].fillna(rows["closed_on"]).mask(is_closed)
            rows["closed_on"] = rows["closed_on"].where(is_closed)
        return self._with_key(rows)

    def _with_key(self, rows: pd.DataFrame) -> pd.DataFrame:
        if self.spec.row_key is None and not self._is_given(self.fields.get(self.fact.key[0], Field("-"))):
            key = self.fact.key[0]
            made = _day_event(rows) if key == "day_event" else self._content_keys()
            rows[key] = pd.Series(made, index=rows.index, dtype=pd.ArrowDtype(pa.string()))
        return rows

    def _used_cells(self) -> list[pa.Array]:
        """Raw cells of every column read, in the order of the declaration, so that a reordered export is
        equal."""
        extra = [self._column(header) for header in self.source.dimensions.values()]
        return [self._cells(field) for field in self.spec.fields if field.name in self.found.at] + extra

    def _content_keys(self) -> list[str]:
        """An identifier from the row's content; equal rows are told apart by their number of occurrence."""
        seen: dict[str, int] = {}
        keys = []
        for row in zip(*(cells.trimmed(column).to_pylist() for column in self._used_cells()), strict=True):
            mark = blake2b("\x1f".join(cell or "" for cell in row).encode(), digest_size=12).hexdigest()
            seen[mark] = seen.get(mark, 0) + 1
            keys.append(f"{mark}-{seen[mark]}")
        return keys

    def _validate(self, rows: pd.DataFrame, counted: np.ndarray) -> None:
        content = _hashes(pd.Series(column.to_pandas()) for column in self._used_cells())[counted]
        rules = (*validation.FACT_RULES.get(self.fact.name, ()), *self.spec.rules)
        key = self._key_hashes(rows, counted)
        validation.validate_rows(
            rows.iloc[counted], self.fact, rules, content, key, self.rejections, self._shown
        )

    def _key_hashes(self, rows: pd.DataFrame, counted: np.ndarray) -> np.ndarray | None:
        given = all(self._is_given(self.fields.get(name, Field("-"))) for name in self.fact.key)
        columns = self.spec.row_key or (self.fact.key if given or self.fact.name == "signups" else None)
        if not columns:
            return None
        text = [rows[name].iloc[counted].astype("string[python]").fillna("") for name in columns]
        hashes = _hashes(text)
        blank = np.logical_and.reduce([(part == "").to_numpy(dtype=bool) for part in text])
        hashes[blank] = np.arange(int(blank.sum()), dtype=np.uint64)  # rows without key repeat nothing
        return hashes

    def _header(self, name: str) -> str:
        at = self.found.at.get(name)
        return name if at is None else self.raw.header[at]

    def _shown(self, name: str) -> tuple[str, Sequence[object] | None]:
        at = self.found.at.get(name)
        return self._header(name), None if at is None else self.raw.columns[at]

    # --- results ---

    def _counts(
        self, rows: pd.DataFrame, accepted: np.ndarray, rejected: np.ndarray, excluded: np.ndarray
    ) -> Counts:
        column = validation.money_column(self.fact)
        amounts = arrow_of(rows[column], ARROW_TYPES["money"]) if column else None

        def part(indexes: np.ndarray) -> pa.Array | None:
            return None if amounts is None else amounts.take(pa.array(indexes))

        counts = Counts(
            rows_in=self.raw.rows + len(self.raw.broken) + self.raw.skipped,
            accepted=len(accepted),
            quarantined=len(rejected) + len(self.raw.broken),
            excluded=len(excluded) + self.raw.skipped,
            money_in=validation.total(amounts),
            money_accepted=validation.total(part(accepted)),
            money_quarantined=validation.total(part(rejected)),
            money_excluded=validation.total(part(excluded)),
        )
        return validation.reconciled(counts, self.context.file)

    def _facts(self, rows: pd.DataFrame, removed: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Rows of each fact, and the keys that count no longer as rows marked so."""
        frames, dims = self._emitted(rows), self._dims()
        facts = {name: self._stamped(FACTS[name], frames[name], dims) for name in self.spec.facts}
        if len(removed):
            gone = self._emitted(removed)
            for name in self.spec.facts:
                keyed = gone[name].dropna(subset=list(FACTS[name].key))
                facts[name] = pd.concat(
                    [facts[name], self._stamped(FACTS[name], keyed, dims, removed=True)], ignore_index=True
                )
        return facts

    def _emitted(self, rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
        return self.spec.emit(rows, self.context) if self.spec.emit else {self.fact.name: rows}

    def _dims(self) -> pa.Array:
        """JSON of the declared dimensions of each row, keys sorted; blank cells are left out."""
        names = sorted(self.source.dimensions)
        if not names:
            return pa.array(["{}"] * self.raw.rows, pa.string())
        columns = [cells.trimmed(self._column(self.source.dimensions[name])).to_pylist() for name in names]
        known: dict[tuple, str] = {}
        texts = []
        for row in zip(*columns, strict=True):
            if row not in known:
                values = {name: cell for name, cell in zip(names, row, strict=True) if cell is not None}
                known[row] = json.dumps(values, ensure_ascii=False, sort_keys=True)
            texts.append(known[row])
        return pa.array(texts, pa.string())

    def _stamped(
        self, fact: Fact, frame: pd.DataFrame, dims: pa.Array, removed: bool = False
    ) -> pd.DataFrame:
        """Columns of the fact's schema in its order; what only landing knows is left empty."""
        index = pa.array(frame.index.to_numpy(dtype=np.int64))
        lines = pa.array(self.raw.lines, pa.int64()).take(index)
        schema = fact.arrow_schema()
        own = {
            "dims": dims.take(index),
            "source": pa.array([self.source.id] * len(frame), pa.string()),
            "source_line": lines,
            "removed": pa.array([removed] * len(frame), pa.bool_()),
        }
        arrays = []
        for field in schema:
            if field.name in own:
                arrays.append(own[field.name])
            elif field.name in frame:
                arrays.append(arrow_of(frame[field.name], field.type))
            else:
                arrays.append(pa.nulls(len(frame), field.type))
        return pa.Table.from_arrays(arrays, schema=schema).to_pandas(types_mapper=pd.ArrowDtype)

    def _quarantine(self, rejected: np.ndarray) -> pd.DataFrame:
        """One record a rejected row, by line, with its cells as they were read."""
        if not len(rejected) and not self.raw.broken:
            return _quarantine_frame([])
        index = pa.array(rejected)
        names = [header or f"column {number}" for number, header in enumerate(self.raw.header, start=1)]
        safe = [self._guard(header) for header in self.raw.header]
        columns = [column.take(index).to_pylist() for column in self.raw.columns]
        records = []
        for position, row in enumerate(rejected.tolist()):
            texts = {
                name: guard(column[position] or "")
                for name, guard, column in zip(names, safe, columns, strict=True)
            }
            records.append(self._record(row, texts))
        records += [self._broken_record(broken, names) for broken in self.raw.broken]
        records.sort(key=lambda record: record[1])
        return _quarantine_frame(records)

    def _record(self, row: int, texts: Mapping[str, str]) -> tuple:
        found = self.rejections.by_row[row]
        reason = found[0][0]
        names = "; ".join(dict.fromkeys(column for _, column, _ in found if column))
        values = "; ".join(self._guard(column)(value) for _, column, value in found)
        cells_text = json.dumps(texts, ensure_ascii=False)
        line = int(self.raw.lines[row])
        return (self.context.file, line, reason.code, reason.text, names, values, reason.remedy, cells_text)

    def _broken_record(self, broken: BrokenRow, names: Sequence[str]) -> tuple:
        texts = [masked(self.context.hash_key, text) for text in broken.cells]
        if broken.whole:
            row, value = {"line": "".join(texts)}, ""
        else:
            beyond = [f"column {number}" for number in range(len(names) + 1, len(texts) + 1)]
            row, value = dict(zip([*names, *beyond], texts, strict=False)), f"{len(texts)} / {len(names)}"
        cells_text, reason = json.dumps(row, ensure_ascii=False), broken.reason
        return (
            self.context.file,
            broken.line,
            reason.code,
            reason.text,
            "",
            value,
            reason.remedy,
            cells_text,
        )

    def _guard(self, header: str) -> Callable[[str], str]:
        """How quarantine may keep a cell of this column: addresses of outsiders only as digests, those of our
        own people as they are."""
        key = self.context.hash_key
        names = [name for name, at in self.found.at.items() if self.raw.header[at] == header]
        if any(self.fields[name].kind == "address" for name in names):
            return lambda text: "address:" + digest(key, text)[:12] if text else ""
        if any(name in ("owner", "person", "assignee") for name in names):
            return lambda text: text
        return lambda text: masked(key, text)


# --- helpers -----------------------------------------------------------------------------------------


def frame_of(arrays: Mapping[str, pa.Array], size: int) -> pd.DataFrame:
    """Arrow-backed pandas frame with the index 0..size-1."""
    if not arrays:
        return pd.DataFrame(index=pd.RangeIndex(size))
    frame = pa.table(dict(arrays)).to_pandas(types_mapper=pd.ArrowDtype)
    frame.index = pd.RangeIndex(size)
    return frame


def arrow_of(series: pd.Series, kind: pa.DataType) -> pa.Array:
    """One Arrow array of a pandas column, without going through float."""
    made = pa.array(series, from_pandas=True)
    if isinstance(made, pa.ChunkedArray):
        made = made.combine_chunks()
    return made.cast(kind)


def _quarantine_frame(records: Sequence[tuple]) -> pd.DataFrame:
    kinds = [pa.int64() if name == "line" else pa.string() for name in QUARANTINE_COLUMNS]
    columns = zip(*records, strict=True) if records else [()] * len(kinds)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(dict(zip(QUARANTINE_COLUMNS, arrays, strict=True))).to_pandas(types_mapper=pd.ArrowDtype)


def _mask(found: pa.Array) -> np.ndarray:
    return pc.fill_null(found, False).to_numpy(zero_copy_only=False).astype(bool)


def _flags(size: int, rows: Iterable[int]) -> np.ndarray:
    """True at these rows."""
    flags = np.zeros(size, dtype=bool)
    flags[list(rows)] = True
    return flags


def _hashes(columns: Iterable[pd.Series]) -> np.ndarray:
    """One 64-bit hash per row over all columns."""
    total: np.ndarray | None = None
    for column in columns:
        part = pd.util.hash_array(column.to_numpy(dtype=object, na_value=""), categorize=False)
        total = part if total is None else total * np.uint64(1_000_003) ^ part
    return np.zeros(0, np.uint64) if total is None else total


def _day_event(rows: pd.DataFrame) -> list[str | None]:
    """day|event|channel, the key of web-analytics counts; none for a row without day or event."""
    parts = [rows[name].astype("string[python]").fillna("") for name in ("signed_on", "event", "channel")]
    return [
        f"{day}|{event}|{channel}" if day and event else None
        for day, event, channel in zip(*parts, strict=True)
    ]
