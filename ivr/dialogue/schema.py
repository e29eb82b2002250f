"""JSON Schema of the dialogue language, for editors' completion (pure)."""

from __future__ import annotations

from typing import Any

from ivr.dialogue.dialplan import VERBS, DefaultsFile, TreeFile
from ivr.dialogue.prompts import Words

KINDS = ("dialplan", "defaults", "prompts")


def schema(kind: str = "dialplan") -> dict[str, Any]:
    """The schema of a dialplan, a defaults file, or a prompts file (JSON Schema 2020-12)."""
    match kind:
        case "defaults":
            return _titled(DefaultsFile.model_json_schema(by_alias=True), "defaults.yaml")
        case "prompts":
            words = Words.model_json_schema(by_alias=True)
            each = {"anyOf": [{"type": "string"}, {key: words[key] for key in words if key != "$defs"}]}
            return _titled({"type": "object", "additionalProperties": each, "$defs": words.get("$defs", {})}, "prompts")
    tree = TreeFile.model_json_schema(by_alias=True)
    definitions = tree.setdefault("$defs", {})
    names = []
    for step in dict.fromkeys(VERBS.values()):
        one = step.model_json_schema(by_alias=True)
        definitions |= one.pop("$defs", {})
        definitions[step.__name__] = one
        names.append(step.__name__)
    steps = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in names]}
    tree["properties"]["steps"] |= {"additionalProperties": steps}
    return _titled(tree, "A dialplan")


def _titled(schema: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_as_written(schema), "title": title}


def _as_written(schema: Any) -> Any:
    """YAML written without quotes: an editor reads `3` as a number and `yes` as a word, so numbers and flags take both."""
    if isinstance(schema, list):
        return [_as_written(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    mapped = {key: _as_written(value) for key, value in schema.items()}
    if mapped.get("type") == "boolean":
        mapped["type"] = ["boolean", "string"]
    if mapped.get("type") == "string" and "enum" not in mapped and "const" not in mapped:
        mapped["type"] = ["string", "number", "boolean"]
    return mapped
