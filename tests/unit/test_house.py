"""The law of the house, read from the syntax tree: who may import whom, and who may speak."""

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "stackctl"
MODULES = sorted(PACKAGE.rglob("*.py"))

RANKS = {
    "": 0,  # the package itself: its version
    "errors": 0,
    "secrets": 0,
    "files": 0,
    "signals": 0,
    "model": 1,
    "api": 2,
    "sources": 3,
    "cluster": 3,
    "sandbox": 3,
    "actions": 4,
    "cli": 5,
    "__main__": 6,
}
# The floors of each house within the house, bottom up; those on one floor do not know each other.
FLOORS = {
    "model": (
        ("objects",),
        ("shapes", "ownership"),
        ("catalogue", "readiness"),
        ("resolve",),
        ("compose",),
        ("charts",),
        ("release", "export"),
        ("plan",),
        ("privileges",),
        ("lint", "scaffold", "recipes", "comparison"),
        ("run",),
        ("documents", ""),
    ),
    "api": (("wire",), ("access",), ("http",), ("",)),
    "sources": (("",), ("upstream",)),
    "cluster": (("",), ("look",), ("record", "wait"), ("status", "change"), ("teardown",)),
    "sandbox": (
        ("machine", "agent", "agent.lifecycles"),
        ("programs", "agent.webhooks"),
        ("plane",),
        ("agent.simulation", ""),
        ("agent.__main__",),
    ),
    "actions": (("",),),
    "cli": (
        ("terminal",),
        ("options",),
        ("report",),
        ("report.catalogue",),
        ("running",),
        ("commands",),
        ("",),
    ),
}
ROOMY = 15  # modules in a folder before it wants rooms
# One file for each verb: as many as there are.
ONE_FOR_EACH = {"actions", "cli.commands"}
# Where each library may be imported: packages, or single modules.
DOORS = {
    "typer": ("cli",),
    "rich": ("cli",),
    "yaml": (
        "sources/yaml.py",
        "api/access/loose_yaml.py",
        "api/access/kubeconfig_file.py",
        "sandbox/machine/user_kubeconfig.py",
        "sandbox/agent/simulation/kubelets.py",
    ),
    "urllib3": ("api", "sandbox", "sources/upstream/manifests.py"),
    "pyhelm3": ("sources/upstream/helm.py",),
    "jsonschema": ("sources/kubernetes_schemas.py",),
    "referencing": ("sources/kubernetes_schemas.py",),
    "kubernetes_validate": ("sources/kubernetes_schemas.py",),
    "cryptography": ("sandbox", "cluster/status/certificates.py"),
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


@dataclass(frozen=True)
class Module:
    """What the laws need to know of a module."""

    docstring: str
    classes: tuple[str, ...]  # on its first level
    modules: tuple[str, ...]  # imported as such, wherever in it
    names: tuple[tuple[str, str], ...]  # imported from modules: these and the names
    calls: frozenset[str]


@cache
def read(path: Path) -> Module:
    """Parse a module once; its tree is not kept."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    modules, names, calls = [], [], set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            calls.add(ast.unparse(node.func))
    classes = tuple(node.name for node in tree.body if isinstance(node, ast.ClassDef))
    docstring = ast.get_docstring(tree) or ""
    return Module(docstring, classes, tuple(modules), tuple(names), frozenset(calls))


def imports(path: Path) -> set[str]:
    """Return the dotted names a module imports, wherever in it."""
    within = {f"stackctl.{name}" for module, name in read(path).names if module == "stackctl"}
    whole = {module for module, _ in read(path).names} - {"stackctl", ""}
    return {*read(path).modules, *within, *whole}


def room(path: Path) -> str:
    """Name the package or the single module below `stackctl` that a file belongs to."""
    first, *rest = path.relative_to(PACKAGE).parts
    name = first if rest else first.removesuffix(".py")
    return "" if name == "__init__" else name


def imported_rooms(path: Path) -> set[str]:
    """Return the rooms a module imports from."""
    names = (name.split(".") for name in imports(path))
    found = {parts[1] for parts in names if parts[0] == "stackctl" and len(parts) > 1}
    return {name if name in RANKS else "" for name in found}


def broken(law: Callable[[Path], object], modules: Iterable[Path] = MODULES) -> dict[str, object]:
    """Apply a law that returns what breaks it, and collect the modules where something does."""
    return {str(path.relative_to(ROOT)): found for path in modules if (found := law(path))}


def test_imports_point_down():
    """Down is: cli → actions → sources, cluster, sandbox → api → model → errors."""

    def upward(path: Path) -> set[str]:
        here = room(path)
        return {name for name in imported_rooms(path) - {here} if RANKS[name] >= RANKS[here]}

    assert broken(upward) == {}


def address(path: Path) -> str:
    """Return the dotted name of a module below `stackctl`; a package's is that of its face."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


ADDRESSES = {address(path): path for path in MODULES}


def neighbours(path: Path) -> set[str]:
    """Return the addresses of the modules that a module imports, those for types included."""
    found = set()
    for module, name in read(path).names:
        if module.startswith("stackctl"):
            package = module.removeprefix("stackctl").removeprefix(".")
            inner = f"{package}.{name}".removeprefix(".")
            found.add(inner if inner in ADDRESSES else package)
    return found


def floor_of(name: str) -> tuple[str, str, int]:
    """Return the house a module belongs to, its room, and the floor of that."""
    house, _, inner = name.partition(".")
    if house not in FLOORS:
        return house, "", 0
    is_package = ADDRESSES[name].name == "__init__.py"
    place = inner if is_package or name.endswith("__main__") else inner.rpartition(".")[0]
    for number, floor in enumerate(FLOORS[house]):
        if place in floor:
            return house, place, number
    raise AssertionError(f"{name} is in no room that FLOORS knows: {house}, {place!r}")


def test_rooms_stand_on_each_other():
    """Within a house as between them: what is imported is on a floor below, or in the same room."""

    def upward(path: Path) -> set[str]:
        house, place, number = floor_of(address(path))
        return {
            name
            for name in neighbours(path)
            for other, there, below in (floor_of(name),)
            if other == house and there != place and below >= number
        }

    assert broken(upward) == {}


def test_no_modules_import_each_other_in_a_circle():
    """Imports for types count as well."""
    graph = {name: neighbours(path) - {name} for name, path in ADDRESSES.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_room_is_crowded():
    """A folder with more files than can be taken in at a glance wants rooms."""
    crowd = Counter(
        address(path.parent / "__init__.py") for path in MODULES if path.name != "__init__.py"
    )
    full = {name: count for name, count in crowd.items() if count > ROOMY}
    assert set(full) <= ONE_FOR_EACH, full


def test_a_class_has_a_name_of_its_own():
    """One name, one meaning, in the whole package; private ones are their module's affair."""
    public = (name for path in MODULES for name in read(path).classes if name[0] != "_")
    names = Counter(public)
    assert [name for name, count in names.items() if count > 1] == []


def test_libraries_come_in_by_their_own_door():
    """A library is known where it is needed and nowhere else; others are not known at all."""

    def strangers(path: Path) -> set[str]:
        doors = (room(path), str(path.relative_to(PACKAGE)))
        foreign = {each.partition(".")[0] for each in imports(path)} - {"stackctl"}
        return {
            each
            for each in foreign - sys.stdlib_module_names
            if not set(DOORS.get(each, ())).intersection(doors)
        }

    assert broken(strangers) == {}


def test_the_model_is_pure():
    """No I/O, clock, environment or logging: values go in, values come out."""

    def impure(path: Path) -> set[str]:
        return {name.partition(".")[0] for name in imports(path)} & IMPURE

    assert broken(impure, [path for path in MODULES if room(path) == "model"]) == {}


def test_nobody_prints_or_exits():
    """Libraries raise; the command line speaks, and programs exit."""

    def speaks(path: Path) -> set[str]:
        program = room(path) == "cli" or path.name == "__main__.py"
        forbidden = {"print", "input", "exit", "quit", *(() if program else ("sys.exit",))}
        return set(read(path).calls & forbidden)

    assert broken(speaks) == {}


def test_what_is_there_is_asked_in_one_place():
    """A path's own methods fail on names that no file can have, and where we may not look."""
    asking = {"exists", "is_file", "is_dir", "is_symlink"}
    ours = {
        "paths.exists",
        "entry.is_symlink",
        "each.is_symlink",
        "entry.is_dir",
    }  # what a folder was said to hold

    def asks(path: Path) -> set[str]:
        calls = read(path).calls - ours
        return {call for call in calls if "." in call and call.rpartition(".")[2] in asking}

    assert broken(asks) == {}


def test_every_module_says_what_it_answers():
    """The first line of a module is its answer, and it is one line."""

    def silent(path: Path) -> bool:
        first, _, _ = read(path).docstring.partition("\n")
        return not first.endswith((".", ":", "?"))

    assert broken(silent) == {}


def test_the_law_would_notice(tmp_path):
    """Imports inside functions, under conditions and by alias are seen as well."""
    path = tmp_path / "planted.py"
    path.write_text(
        "def f():\n    from stackctl.cli import app\n    import rich.console as c, os\n"
        "if True:\n    from stackctl import actions\n",
        encoding="utf-8",
    )
    assert sorted(imports(path)) == ["os", "rich.console", "stackctl.actions", "stackctl.cli"]
    assert imported_rooms(path) == {"actions", "cli"}
