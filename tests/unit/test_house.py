"""The law of the house, read from the syntax tree: who may import whom, and who may speak."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "stackctl").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT / "stackctl")) for path in MODULES]

RANKS = {
    "": 0,  # the package itself: its version
    "errors": 0,
    "model": 1,
    "api": 2,
    "sources": 3,
    "cluster": 3,
    "sandbox": 3,
    "actions": 4,
    "cli": 5,
    "__main__": 6,
}
# Where each library may be imported: packages, or single modules.
DOORS = {
    "typer": ("cli",),
    "rich": ("cli",),
    "yaml": (
        "sources/yaml.py",
        "api/kubeconfig.py",
        "sandbox/merging.py",
        "sandbox/agent/kubelets.py",
    ),
    "urllib3": ("api", "sandbox"),
    "cryptography": ("sandbox",),
}
# What a module of pure functions over values has no use for.
IMPURE = {
    "logging",
    "os",
    "pathlib",
    "random",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
}


@cache
def tree(path: Path) -> ast.Module:
    """Parse a module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names a module imports, wherever in it."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "stackctl":
            yield from (f"stackctl.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(path: Path) -> str:
    """Name the package or the single module below `stackctl` that a file belongs to."""
    first, *rest = path.relative_to(ROOT / "stackctl").parts
    name = first if rest else first.removesuffix(".py")
    return "" if name == "__init__" else name


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms a module imports from."""
    names = (name.split(".") for name in imports(path))
    found = {parts[1] for parts in names if parts[0] == "stackctl" and len(parts) > 1}
    return {name if name in RANKS else "" for name in found}


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_imports_point_down(path):
    """A room imports only rooms below it: cli → actions → sources, cluster, sandbox → api → model."""
    here = room(path)
    assert [name for name in imported_rooms(path) - {here} if RANKS[name] >= RANKS[here]] == []


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_libraries_come_in_by_their_own_door(path):
    """A library is known where it is needed and nowhere else; others are not known at all."""
    name = str(path.relative_to(ROOT / "stackctl"))
    foreign = {each.partition(".")[0] for each in imports(path)} - {"stackctl"}
    foreign -= sys.stdlib_module_names
    strangers = [
        each for each in foreign if name not in DOORS.get(each, ()) and room(path) not in DOORS.get(each, ())
    ]
    assert strangers == []


@pytest.mark.parametrize("path", [each for each in MODULES if room(each) == "model"], ids=str)
def test_the_model_is_pure(path):
    """No I/O, clock, environment or logging: values go in, values come out."""
    assert {name.partition(".")[0] for name in imports(path)} & IMPURE == set()


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_nobody_prints_or_exits(path):
    """Libraries raise; the command line speaks."""
    called = {
        node.func.id
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    exits = {
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "sys"
    }
    assert called & {"print", "exit", "quit", "input"} == set()
    assert room(path) in ("cli", "__main__") or "exit" not in exits


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_says_what_it_answers(path):
    """The first line of a module is its answer."""
    text = ast.get_docstring(tree(path))
    assert text
    assert len(text.partition("\n")[0]) <= 97


def test_the_law_would_notice():
    """An upward import, a library by the wrong door and an impure model are seen."""
    node = ast.parse("def f():\n    from stackctl.cli import app\n    import rich.console, os\n")
    names = [
        each
        for part in ast.walk(node)
        for each in (
            [alias.name for alias in part.names]
            if isinstance(part, ast.Import)
            else [part.module]
            if isinstance(part, ast.ImportFrom)
            else []
        )
    ]
    assert sorted(filter(None, names)) == ["os", "rich.console", "stackctl.cli"]
    assert RANKS["cli"] > RANKS["model"]
