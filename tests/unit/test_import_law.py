"""The law of the house: imports point down, and each foreign library has its room."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "stackctl"
MODULES = sorted(PACKAGE.rglob("*.py"))
MODEL = sorted((PACKAGE / "model").rglob("*.py"))

# A room may import rooms of a lower rank; sources, cluster and sandbox do not know each other.
RANK = {
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
ROOMS_OF = {
    "typer": {"cli"},
    "rich": {"cli"},
    "yaml": {"sources", "api", "sandbox"},  # the latter two for kubeconfig files, others' YAML
    "urllib3": {"api", "sandbox"},
    "cryptography": {"sandbox"},
}
IMPURE = {
    "asyncio",
    "logging",
    "os",
    "pathlib",
    "random",
    "shutil",
    "socket",
    "subprocess",
    "sys",
    "tempfile",
    "threading",
    "time",
    "urllib",
}


def imported(path: Path) -> Iterator[str]:
    """List what a module imports, wherever in the module it does so, by its full name."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(name: str) -> str:
    """Return the room a module of ours is in; the package itself belongs to all."""
    parts = name.split(".")
    return parts[1] if parts[0] == "stackctl" and len(parts) > 1 and parts[1] in RANK else ""


def room_at(path: Path) -> str:
    """Return the room a file is in."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    """Name a module as it is imported."""
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    """A room imports itself and rooms below it."""
    here = room_at(path)
    if here == "__init__":
        assert [name for name in imported(path) if name.startswith("stackctl")] == []
        return
    rooms = {room_of(name) for name in imported(path)} - {"", here}
    assert {room for room in rooms if RANK[room] >= RANK[here]} == set()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_foreign_libraries_stay_in_their_rooms(path):
    """Typer and rich are the command line's, YAML is read in one place, and so on."""
    foreign = {name.partition(".")[0] for name in imported(path)}
    here = room_at(path)
    assert {name for name in foreign & ROOMS_OF.keys() if here not in ROOMS_OF[name]} == set()


@pytest.mark.parametrize("path", MODEL, ids=name_of)
def test_the_model_is_pure(path):
    """Values and functions over them: no files, no clock, no environment, no processes."""
    assert {name.partition(".")[0] for name in imported(path)} & IMPURE == set()
