"""What tables are called.

Here: the one rule for table names. An asset has the name of its table: `{raw|core|out}_{source}__{thing}`.
"""

from __future__ import annotations

from pipeline.workspace.model import Source

INGEST_LOG = "core_ingest__log"
QUARANTINE = "core_quarantine__rows"


def table_name(source: Source, fact: str, facts: tuple[str, ...]) -> str:
    """The table of one fact of one source.

    `facts` are all facts the source feeds; the first has the plain name. A source called after its system
    and export (`hubspot_deals`) gives `raw_hubspot__deals` and `raw_hubspot__deals__deal_stages`; any other
    (`deals_emea`) gives `raw_deals_emea` and `raw_deals_emea__fact__deal_stages`. As neither ids, systems
    nor facts contain a double underscore, and the two forms differ in their number of parts or say `fact`,
    two sources never share a table.
    """
    named_after_export = bool(source.export) and source.id == f"{source.system}_{source.export}"
    plain = f"raw_{source.system}__{source.export}" if named_after_export else f"raw_{source.id}"
    if fact == facts[0]:
        return plain
    return f"{plain}__{fact}" if named_after_export else f"{plain}__fact__{fact}"


def table_names(source: Source, facts: tuple[str, ...]) -> dict[str, str]:
    """Fact -> table, in the order of `facts`."""
    return {fact: table_name(source, fact, facts) for fact in facts}
