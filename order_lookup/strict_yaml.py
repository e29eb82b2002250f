"""YAML read strictly: every scalar stays a string, duplicate and unknown keys are refused with file and line.

Plain YAML turns 0123 into 83, 12:30 into 750 and `no` into False (YAML 1.1); policies are typed by their schema instead.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from order_lookup.errors import PolicyError
from order_lookup.slips import expected, slip

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]
FAST = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Strict(BaseModel):
    """A section of such a file: no unknown keys, and nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(slots=True)
class Document:
    """A YAML file as strings, lists and dicts, with the line of every key and item (counted from 1)."""

    file: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """The line of the nearest known part of a path."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read(path: Path) -> Document:
    """Read one YAML document; PolicyError when it is missing, broken, or has a key twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PolicyError(path, 1, f"can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PolicyError(path, 1, "isn't UTF-8 text: save it as UTF-8") from error
    return parse(text, str(path))


def parse(text: str, file: str = "<text>") -> Document:
    """Parse one YAML document from text."""
    try:
        node = _node(text)
    except yaml.MarkedYAMLError as error:
        line, fix = slip(text, error.problem_mark.line + 1 if error.problem_mark else 1, str(error.problem))
        raise PolicyError(file, line, f"not YAML: {error.problem}: {fix}") from error
    except yaml.YAMLError as error:
        raise PolicyError(file, 1, f"not YAML: {error}") from error
    document = Document(file, None)
    document.data = {} if node is None else _plain(node, (), document)
    return document


def _node(text: str) -> yaml.Node | None:
    """libyaml reads ten times as fast; what it refuses is read again by the one that knows better where the slip is."""
    try:
        return yaml.compose(text, Loader=FAST)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.BaseLoader)


def model(document: Document, schema: type[Model]) -> Model:
    """The document as a validated model; PolicyError names the line, the key and the nearest right one."""
    try:
        return schema.model_validate(document.data)
    except ValidationError as error:
        # A key spelt wrong is also a key that is missing: the spelling is what helps.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        where = tuple(p for p in first["loc"] if not (isinstance(p, str) and p.startswith("function-")))
        what = _explain(first, schema)
        raise PolicyError(document.file, document.line(where), f"{'.'.join(map(str, where))}: {what}") from error


def nearest(word: str, allowed: list[str]) -> str:
    """`did you mean …?` or the list of what is allowed."""
    close = difflib.get_close_matches(word, allowed, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else "allowed: " + ", ".join(sorted(allowed))


def _plain(node: yaml.Node, path: Path_, document: Document) -> Any:
    document.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), document) for i, item in enumerate(node.value)]
    return node.value


def _mapping(node: yaml.MappingNode, path: Path_, document: Document) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if key in result:
            raise PolicyError(document.file, line, f"the key {key!r} is there twice: keep one")
        result[key] = _plain(value_node, (*path, key), document)
        document.lines[(*path, key)] = line
    return result


def _explain(error: Any, schema: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        if gone := _moved(schema).get(".".join(map(str, error["loc"]))):
            return gone
        fields = _fields(schema, error["loc"][:-1])
        return f"unknown key; {nearest(str(error['loc'][-1]), fields)}"
    if error["type"] == "missing":
        return "is missing"
    value = error.get("input")
    shown = f" (it says {value!r})" if isinstance(value, str) else ""
    return expected(error, nearest) + shown


def _moved(schema: type[BaseModel]) -> dict[str, str]:
    """Keys of older versions, and where each has gone: a schema's own `MOVED`."""
    moved: dict[str, str] = getattr(schema, "MOVED", {})
    return moved


def _fields(schema: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """The keys allowed at a path of the schema, as far as it can be followed."""
    current: Any = schema
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel) and part in current.model_fields:
            current = current.model_fields[str(part)].annotation
        args = [a for a in getattr(current, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel)]
        current = args[0] if args else current
    if isinstance(current, type) and issubclass(current, BaseModel):
        return list(current.model_fields)
    return []
