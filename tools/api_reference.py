"""Write the reference of the control API from its OpenAPI document: docs/api-reference.md.

usage: python tools/api_reference.py [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from outpace.api.app import encoded_document

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api-reference.md"
_REF = "#/components/schemas/"
_HEAD = """\
# Control API: reference

Written by `tools/api_reference.py` from the OpenAPI document, which a node serves at `/openapi.json`. How to begin, and
what holds for all operations, is in [api.md](api.md).
"""


def kind(schema: dict[str, Any]) -> str:
    """A type in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        return f"[{name}](#{name.lower()})"
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(kind(one) for one in schema[word])
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(one)}`" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}" if schema.get("items") else "list"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {kind(schema['additionalProperties'])}"
    bounds = [f"{sign} {schema[key]}" for key, sign in _BOUNDS.items() if key in schema]
    return " ".join([schema.get("format") or schema.get("type") or "any", *bounds])


_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def cell(text: str) -> str:
    """Text that stands in a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def operation(method: str, path: str, told: dict[str, Any]) -> list[str]:
    """One operation."""
    lines = [f"### {method.upper()} {path}", "", f"{told['summary']}. {told['description']}".replace("\n\n", " "), ""]
    parameters = [one for one in told.get("parameters", []) if one["name"] != "Idempotency-Key"]
    if parameters:
        lines += ["| parameter | in | type | default | |", "| --- | --- | --- | --- | --- |"]
        for one in parameters:
            default = "*required*" if one["required"] else f"`{json.dumps(one['schema'].get('default'))}`"
            schema = {key: value for key, value in one["schema"].items() if key != "default"}
            row = (f"`{one['name']}`", one["in"], kind(schema), default, one.get("description", ""))
            lines.append(f"| {' | '.join(map(cell, row))} |")
        lines.append("")
    if "requestBody" in told:
        media, content = next(iter(told["requestBody"]["content"].items()))
        shown = kind(content["schema"]) if media.endswith("json") else f"`{media}`"
        lines += [f"Body: {shown}.", "", *example(content.get("example"))]
    for status, answer in told["responses"].items():
        if int(status) < 300:
            lines += [answered(status, answer), ""]
    problems = [status for status in told["responses"] if int(status) >= 400]
    return [*lines, f"Problems: {', '.join(problems)}.", ""]


def answered(status: str, answer: dict[str, Any]) -> str:
    """What an operation answers."""
    headers = " and ".join(f"`{name}`" for name in answer.get("headers", {}))
    kinds = [
        kind(content["schema"]) if media == "application/json" else f"`{media}`"
        for media, content in answer.get("content", {}).items()
    ]
    shown = " or ".join(kinds) or "nothing"
    return f"Answers {status}: {shown}{f', with the header {headers}' if headers else ''}."


def example(value: Any) -> list[str]:
    """An example as a block."""
    if value is None:
        return []
    text = value if isinstance(value, str) else json.dumps(value, indent=2)
    return [f"```{'csv' if isinstance(value, str) else 'json'}", text.rstrip("\n"), "```", ""]


def component(name: str, schema: dict[str, Any]) -> list[str]:
    """One type."""
    lines = [f"### {name}", ""]
    if schema.get("description"):
        lines += [" ".join(schema["description"].split()), ""]
    if "enum" in schema:
        return [*lines, ", ".join(f"`{one}`" for one in schema["enum"]), ""]
    lines += ["| field | type | |", "| --- | --- | --- |"]
    required = schema.get("required", [])
    for field, inner in schema["properties"].items():
        note = "" if field in required else "may be left out"
        if "default" in inner and inner["default"] is not None:
            note = f"default `{json.dumps(inner['default'])}`"
        lines.append(f"| `{field}` | {cell(kind(inner))} | {cell(note)} |")
    return [*lines, ""]


def page() -> str:
    """The reference as Markdown."""
    document = json.loads(encoded_document())
    lines = [_HEAD]
    for tag in document["tags"]:
        lines += [f"## {tag['name']}", "", tag["description"], ""]
        for path, methods in document["paths"].items():
            for method, told in methods.items():
                if told["tags"] == [tag["name"]]:
                    lines += operation(method, path, told)
    lines += ["## Types", ""]
    for name, schema in document["components"]["schemas"].items():
        lines += component(name, schema)
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    (Path(sys.argv[1]) if len(sys.argv) > 1 else PAGE).write_text(page(), encoding="utf-8")
