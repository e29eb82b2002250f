"""Read YAML strictly: every scalar is a string, every fault has a line.

Plain YAML reads `0123` as 83, `12:30` as 750 and `no` as False; here a scalar stays the string that was written, and the
pydantic model types it. Unknown keys are refused with the nearest right key; a model's `MOVED` says of keys of older versions
where each has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from strict_yaml.places import Place
from strict_yaml.slips import expected, slip
from strict_yaml.spelling import nearest

Model = TypeVar("Model", bound=BaseModel)
# Makes the error to raise of what is wrong, how to mend it, and where it is.
Fault = Callable[[str, str, Place], Exception]
# libyaml reads several times as fast.
FAST = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
Marks = dict[tuple[str | int, ...], tuple[int, int]]


class Document:
    """A YAML file as plain strings, lists and dicts, with the place of every key and value."""

    def __init__(self, file: Path, error: Fault, text: str | None = None) -> None:
        self.file, self.error = file, error
        self._marks: Marks = {}
        try:
            self.data: Any = self._plain(self._node(text), ())
        except RecursionError:
            fix = "an alias (`*name`) can't stand inside what it names"
            raise self.error("nested too deep", fix, Place(self.file)) from None

    def _node(self, text: str | None) -> yaml.Node | None:
        source = self._read() if text is None else text
        try:
            return _composed(source)
        except yaml.MarkedYAMLError as fault:
            mark, problem = fault.problem_mark, str(fault.problem)
            line, fix = slip(source, mark.line + 1 if mark else 1, problem)
            column = mark.column + 1 if mark and mark.line + 1 == line else 1
            raise self.error(f"not YAML: {problem}", fix, Place(self.file, line, column)) from None
        except yaml.YAMLError as fault:
            what = str(fault).splitlines()[0]
            raise self.error(f"not YAML: {what}", "save the file as plain UTF-8 text", Place(self.file)) from None

    def _read(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8")
        except OSError as fault:
            missing = isinstance(fault, FileNotFoundError)
            fix = "check that the file exists" if missing else "it must be a file that this user may read"
            raise self.error(f"can't be read: {fault.strerror}", fix, Place(self.file)) from None
        except UnicodeDecodeError:
            raise self.error("can't be read: not UTF-8 text", "save the file as UTF-8", Place(self.file)) from None

    def _plain(self, node: yaml.Node | None, path: tuple[str | int, ...]) -> Any:
        if node is None:
            return None
        self._marks.setdefault(path, (node.start_mark.line + 1, node.start_mark.column + 1))
        if isinstance(node, yaml.ScalarNode):
            plain = not node.style  # None, or an empty text from libyaml
            return None if plain and node.value in ("", "~", "null") else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(item, (*path, index)) for index, item in enumerate(node.value)]
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node, path)

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in result:
                raise self.error(f"key `{key}` is written twice", "keep one of them", Place(self.file, *place))
            self._marks[(*path, key)] = place
            result[key] = self._plain(value_node, (*path, key))
        return result

    def place(self, *path: str | int) -> Place:
        """Where a key or item is written; the nearest enclosing one where it is not; union tags are stepped over."""
        keys: tuple[str | int, ...] = ()
        for part in path:
            keys = (*keys, part) if (*keys, part) in self._marks else keys
        return Place(self.file, *self._marks.get(keys, (1, 1)))

    def typed(self, model: type[Model], *at: str | int) -> Model:
        """The document, or the part of it at a path, as a validated model; raises the first fault in the order of lines."""
        data = self.data
        for part in at:
            data = data[part]
        try:
            return model.model_validate(data if data is not None else {})
        except ValidationError as fault:
            # A misspelt key is also a missing one: tell of the spelling.
            items = [item for item in fault.errors() if item["type"] != "missing"] or fault.errors()
            first = min(items, key=lambda item: self._order(*at, *item["loc"]))
            raise self._fault(model, dict(first), at) from None

    def _order(self, *path: str | int) -> tuple[int, int]:
        place = self.place(*path)
        return place.line, place.column

    def _fault(self, model: type[BaseModel], item: dict[str, Any], at: tuple[str | int, ...] = ()) -> Exception:
        # pydantic counts a validator that is a function as a step of the way.
        loc = tuple(part for part in item["loc"] if not str(part).startswith("function-"))
        place, name = self.place(*at, *loc), ".".join(str(part) for part in (*at, *loc))
        if item["type"] == "extra_forbidden":
            if moved := getattr(model, "MOVED", {}).get(name):
                return self.error(f"`{name}` is no key of this file any more", moved, place)
            allowed = _allowed(model, item["loc"][:-1])
            return self.error(f"unknown key `{item['loc'][-1]}`", nearest(str(item["loc"][-1]), allowed), place)
        if item["type"] == "missing":
            return self.error(f"`{name}` is missing", "add it", place)
        # A whole section may hold passwords: only a single value is repeated.
        now = item["input"]
        fix = f"it is now `{now}`" if isinstance(now, str | int | float) else "see the lines from there on"
        if now is None:
            fix = "nothing is written after the colon"
        return self.error((f"`{name}`: " if name else "") + expected(item, nearest), fix, place)


def _composed(source: str) -> yaml.Node | None:
    """What libyaml refuses is read again by the reader that knows better where the slip is."""
    try:
        return yaml.compose(source, Loader=FAST)
    except yaml.YAMLError:
        return yaml.compose(source, Loader=yaml.BaseLoader)


def _allowed(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys allowed at a path of nested models; union tags and list indices are stepped over."""
    here: list[type[BaseModel]] = [model]
    for part in path:
        below = [found for each in here if (found := _below(each, part))]
        here = [each for group in below for each in group] or here
    return sorted({field.alias or name for each in here for name, field in each.model_fields.items()})


def _below(model: type[BaseModel], part: str | int) -> list[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if part in (name, field.alias):
            return _models_in(field.annotation)
    return []


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in _models_in(argument)]
