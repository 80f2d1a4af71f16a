"""Where catalogues lie on this machine: the shipped one, and those of the user.

What is in them is `files`' part.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import stackctl
from stackctl.errors import ConfigError

SHIPPED = "STACKCTL_SHIPPED_CATALOG"  # stands in for what came with the package
PROFILES = "profiles"
MANIFESTS = "manifests"
_SUFFIXES = (".yaml", ".yml")


def catalogues(extra: Sequence[Path], env: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Return the folders that hold profiles/ and manifests/, the shipped one first.

    Raises:
        ConfigError: a folder that was named is none of these.
    """
    given = [Path(env[SHIPPED])] if env.get(SHIPPED) else []
    for folder in (*given, *extra):
        if not _is_catalogue(folder):
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
    checkout = package.parent if (package.parent / "pyproject.toml").is_file() else package
    for folder in (checkout, package / "_bundled"):
        if (folder / PROFILES).is_dir() and (folder / MANIFESTS).is_dir():
            return folder
    raise ConfigError(f"no profiles and manifests beside {package}", hint="install stackctl again")


def _is_catalogue(folder: Path) -> bool:
    return (folder / PROFILES).is_dir() or (folder / MANIFESTS).is_dir()


def profile_files(folder: Path) -> Iterator[Path]:
    """Yield the profiles of a catalogue by name."""
    yield from _sorted(path for path in _entries(folder / PROFILES) if is_yaml(path))


def component_files(folder: Path) -> Iterator[Path]:
    """Yield the component.yaml of each component of a catalogue by name."""
    for path in _sorted(_entries(folder / MANIFESTS)):
        file = path / "component.yaml"
        if path.is_dir() and not path.name.startswith("."):
            yield file


def layer_files(folder: Path) -> Iterator[Path]:
    """Yield every YAML file of a component, component.yaml left out, in a fixed order."""
    for path in _sorted(_entries(folder)):
        if path.is_dir():
            yield from layer_files(path)
        elif is_yaml(path) and path.name != "component.yaml":
            yield path


def is_yaml(path: Path) -> bool:
    """Tell YAML files by their suffix; hidden ones are none."""
    return path.suffix in _SUFFIXES and not path.name.startswith(".")


def shown(path: Path) -> str:
    """Write a path as people would type it from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, FileNotFoundError):
        return str(path)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError(f"{shown(folder)}: cannot be read: {error.strerror}") from error


def _sorted(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: path.name)
