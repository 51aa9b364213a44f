"""JSON Schemas of the workspace's files, for completion and checking in an editor; made from the models.

`python -m pipeline.workspace.schemas docs/schemas` writes them; a test holds the written ones against these.
Not here: the rules that need more than one key (rules.py).
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pipeline.workspace import model
from pipeline.workspace.model import Audiences, Company, Goal, Goals, Kpis, Notes, People, Source, Strategy

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas() -> dict[str, dict[str, Any]]:
    """File kind -> JSON Schema: scorecards, people, audiences, kpis, strategy, goal, source, notes."""
    whole: dict[str, type[BaseModel]] = {
        "scorecards": Company,
        "people": People,
        "audiences": Audiences,
        "kpis": Kpis,
        "strategy": Strategy,
        "notes": Notes,
    }
    schemas = {name: _schema(of) for name, of in whole.items()}
    schemas["goal"] = _one_or_list(_schema(Goals), "Goal", _schema(Goal))
    source = _schema(Source)
    schemas["source"] = _one_or_list(_listed(source, "sources", "Source"), "Source", source)
    return {
        name: {"$schema": _DIALECT, "title": f"{name}.yaml", **schema}
        for name, schema in sorted(schemas.items())
    }


def write_schemas(folder: Path) -> list[Path]:
    """Write each schema as <kind>.schema.json; the same models give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, schema in json_schemas().items():
        path = folder / f"{name}.schema.json"
        path.write_text(schema_text(schema), "utf-8")
        written.append(path)
    return written


def schema_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(of: type[BaseModel]) -> dict[str, Any]:
    schema = of.model_json_schema(by_alias=True, mode="validation")
    for definition in (schema, *schema.get("$defs", {}).values()):
        _describe(definition)
        _owner_by_for_each(definition)
    _short_columns(schema)
    schema.pop("title", None)
    return schema


def _describe(schema: dict[str, Any]) -> None:
    """Give each key the sentence that stands below it in model.py, and drop pydantic's generated titles."""
    texts = _descriptions().get(str(schema.pop("title", "")), {})
    for key, value in schema.get("properties", {}).items():
        value.pop("title", None)
        if key in texts:
            value["description"] = texts[key]


def _owner_by_for_each(schema: dict[str, Any]) -> None:
    """`for_each: owner` names the owner, so that key may be left out beside it."""
    if "for_each" in schema.get("properties", {}):
        schema["required"] = [key for key in schema["required"] if key != "owner"]
        schema["anyOf"] = [{"required": ["owner"]}, {"required": ["for_each"]}]


def _short_columns(schema: dict[str, Any]) -> None:
    """`columns` also takes the short form `amount: Deal value`."""
    for part in (schema, *schema.get("$defs", {}).values()):
        columns = part.get("properties", {}).get("columns", {})
        if isinstance(columns.get("additionalProperties"), dict):
            columns["additionalProperties"] = {"anyOf": [{"type": "string"}, columns["additionalProperties"]]}


def _one_or_list(listed: dict[str, Any], name: str, one: dict[str, Any]) -> dict[str, Any]:
    definitions = {**one.get("$defs", {}), **listed.get("$defs", {})}
    definitions.pop(name, None)
    whole = {key: value for key, value in one.items() if key != "$defs"}
    many = {key: value for key, value in listed.items() if key != "$defs"}
    return {"anyOf": [{"$ref": f"#/$defs/{name}"}, many], "$defs": {**definitions, name: whole}}


def _listed(one: dict[str, Any], key: str, name: str) -> dict[str, Any]:
    return {
        "$defs": one.get("$defs", {}),
        "type": "object",
        "additionalProperties": False,
        "required": [key],
        "properties": {key: {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}},
    }


@cache
def _descriptions() -> dict[str, dict[str, str]]:
    """Class -> key -> the string that follows the key in model.py."""
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(model)).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = _described(node.body)
    found.setdefault("MappedColumn", {})["from"] = found["MappedColumn"].pop("source", "")
    return found


def _described(body: list[ast.stmt]) -> dict[str, str]:
    texts = {}
    for field, text in pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            texts[field.target.id] = " ".join(str(text.value.value).split())
    return texts


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
