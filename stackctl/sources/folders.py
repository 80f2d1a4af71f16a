"""Where catalogues lie on this machine: the shipped one, and those of the user.

What is in them is `files`' part.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import stackctl
from stackctl.errors import ConfigError
from stackctl.files import is_file, is_folder, is_link

if TYPE_CHECKING:  # completion does without
    from stackctl.model.catalogue.source import Source

SHIPPED = "STACKCTL_SHIPPED_CATALOG"  # stands in for what came with the package
PROFILES = "profiles"
MANIFESTS = "manifests"
_SUFFIXES = (".yaml", ".yml")
_DOCUMENTATION = (".md", ".txt", ".rst", "")


def catalogues(extra: Sequence[Path], env: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the folders that hold profiles/ and manifests/, the shipped one first.

    Raises:
        ConfigError: a folder that was named is none of these.
    """
    given = [Path(env[SHIPPED])] if env.get(SHIPPED) else []
    for folder in (*given, *extra):
        if not is_catalogue(folder):
            raise ConfigError(
                f"{folder}: no catalogue: it has neither {PROFILES}/ nor {MANIFESTS}/"
            )
    found: dict[Path, Path] = {}
    for folder in (*(given or [_shipped()]), *extra):
        found.setdefault(folder.resolve(), folder)
    return tuple(found.values())


def _shipped() -> Path:
    """Find what came with the package: next to it in a checkout, inside it when installed."""
    package = Path(stackctl.__file__).resolve().parent
    checkout = package.parent if is_file(package.parent / "pyproject.toml") else package
    for folder in (checkout, package / "_bundled"):
        if is_folder(folder / PROFILES) and is_folder(folder / MANIFESTS):
            return folder
    raise ConfigError(f"no profiles and manifests beside {package}", hint="install stackctl again")


def is_catalogue(folder: Path) -> bool:
    """Tell a folder that holds profiles/ or manifests/."""
    return is_folder(folder / PROFILES) or is_folder(folder / MANIFESTS)


def profile_files(root: Path) -> Iterator[Path]:
    """Yield the profiles of a catalogue by name."""
    yield from (path for path, _ in _entries(root / PROFILES, root) if is_yaml(path))


def component_files(root: Path) -> Iterator[Path]:
    """Yield the component.yaml of each component of a catalogue by name."""
    for path, holds in _entries(root / MANIFESTS, root):
        if holds and not path.name.startswith("."):
            file = path / "component.yaml"
            _require_inside(file, root)
            yield file


def layer_files(component: Path, source: "Source | None" = None) -> Iterator[Path]:
    """Yield every YAML or JSON file of a component, component.yaml left out, in a fixed order.

    What belongs to the source of its objects, where it names one, is no layer.
    """
    elsewhere = [component / each for each in (source.paths if source else ())]
    for path in _files(component, _root_of(component)):
        if _is_manifest(path) and not any(map(path.is_relative_to, elsewhere)):
            yield path


def other_files(component: Path) -> Iterator[Path]:
    """Yield what lies among manifests and is neither one nor meant for people alone."""
    for path in _files(component, _root_of(component)):
        beside = path.parent == component or path.suffix in _DOCUMENTATION
        if not (beside or _is_manifest(path) or path.name.startswith(".")):
            yield path


def _files(folder: Path, root: Path) -> Iterator[Path]:
    for path, holds in _entries(folder, root):
        if holds:
            yield from _files(path, root)
        elif path.name != "component.yaml":
            yield path


def _is_manifest(path: Path) -> bool:
    return is_yaml(path) or (path.suffix == ".json" and not path.name.startswith("."))


def is_yaml(path: Path) -> bool:
    """Tell YAML files by their suffix; hidden ones are none."""
    return path.suffix in _SUFFIXES and not path.name.startswith(".")


def shown(path: Path) -> str:
    """Write a path as people would type it from here."""
    try:
        text = str(path.relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):
        text = str(path)
    return os.fsencode(text).decode(errors="backslashreplace")  # names need not be UTF-8


def _entries(folder: Path, root: Path) -> list[tuple[Path, bool]]:
    """List a folder by name, with what holds other files by itself.

    Links in it stay inside the catalogue and lead to no circle.
    """
    try:
        with os.scandir(folder) as found:
            # Asked of what was read with the names: there are hundreds of files.
            entries = sorted((each.name, each.is_symlink(), _holds(each)) for each in found)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{shown(folder)}: cannot be read: {error.strerror}") from error
    for name, link, _ in entries:
        path = folder / name
        if link:
            _require_inside(path, root)
        if link and _contains(path, folder):
            raise ConfigError(f"{shown(path)}: leads back to a folder that it is in")
    return [(folder / name, holds) for name, _, holds in entries]


def _holds(entry: "os.DirEntry[str]") -> bool:
    return (
        is_folder(Path(entry.path)) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)
    )


def _root_of(component: Path) -> Path:
    """Return the catalogue that a component's folder is in."""
    return component.parent.parent if component.parent.name == MANIFESTS else component


def _require_inside(path: Path, root: Path) -> None:
    """Refuse a link that leads out of a catalogue: whoever gave us that meant what is in it.

    Raises:
        ConfigError: it is one.
    """
    if is_link(path) and not _contains(root, path):
        raise ConfigError(
            f"{shown(path)}: leads out of the catalogue {shown(root)}",
            hint="put a copy there, or add the other catalogue with --catalog",
        )


def _contains(folder: Path, path: Path) -> bool:
    """Tell whether a path, links followed, lies in a folder; what leads in circles lies nowhere."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # older Pythons say RuntimeError of a circle
        return False
