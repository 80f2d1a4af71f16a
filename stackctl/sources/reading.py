"""A file of one of our kinds, decoded, with the line of everything in it.

Every fault is reported at once as `file:line: path: what was expected`. Which files there are,
and what becomes of them, is said by `files` and `components`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from stackctl.errors import ConfigError
from stackctl.files import Unreadable, read_file
from stackctl.model.catalogue.profile import Lines, origin_of
from stackctl.model.objects.merge import overlay
from stackctl.model.shapes.decode import At, Problem, Undecodable, as_map, decode
from stackctl.model.shapes.kind_shapes import object_problems
from stackctl.model.shapes.pod_shapes import TOLERATION
from stackctl.model.shapes.shapes import Shape, misshapen
from stackctl.sources import folders, yaml

T = TypeVar("T")
_TOLERATIONS: Shape = [TOLERATION]
MOST_BYTES = 4 << 20  # a thousand objects and more; etcd takes none of half that size


Named = TypeVar("Named", bound=Any)  # has a name


def read_all(paths: Iterable[Path], read: Callable[[Path], Named]) -> dict[str, Named]:
    """Read files that each define one name.

    Raises:
        ConfigError: with what is wrong with any of them.
    """
    found: dict[str, tuple[Named, Path]] = {}
    problems: list[str] = []
    for path in paths:
        try:
            value = read(path)
        except ConfigError as error:
            problems += error.problems or [str(error)]
            continue
        if value.name in found:
            other = folders.shown(found[value.name][1])
            problems.append(f"{folders.shown(path)}: {value.name} is defined in {other} as well")
        found.setdefault(value.name, (value, path))
    if problems:
        raise ConfigError.listing("the catalogue is not right:", problems)
    return {name: value for name, (value, _) in found.items()}


def require_name(path: Path, name: str, expected: str) -> None:
    """Refuse a file that defines another name than it has.

    Raises:
        ConfigError: it does.
    """
    if name != expected:
        raise ConfigError(
            f"{folders.shown(path)}: metadata.name: expected {expected}, as the file is called, "
            f"found {name}"
        )


Names = Callable[[Any], Iterable[Problem]]


def _any_names(_: Any) -> Iterable[Problem]:
    return ()


def decoded(path: Path, kind: type[T], names: Names = _any_names) -> tuple[T, Any, Lines]:
    """Read a file of one of our kinds; also return its plain value and the line of each path.

    Where it is not right, what is wrong with the names in it is told as well.

    Raises:
        ConfigError: with everything that is wrong with it.
    """
    name = folders.shown(path)
    documents = yaml.load_all(bytes_of(path), name, positions=True)
    if len(documents) != 1:
        raise ConfigError(f"{name}: expected one document, found {len(documents)}")
    raw, lines = documents[0].value, documents[0].lines
    file, found = _tried(kind, raw)
    whole = [*dict.fromkeys([*found, *_inner_problems(raw)])]
    problems = _kind_first(whole)
    if file is None or problems:
        if len(problems) == len(whole):  # what is of another kind has no names of ours
            said = {each.at for each in whole}
            problems = [*problems, *(each for each in names(raw) if each.at not in said)]
        raise ConfigError.listing(f"{name} is not right:", located(path, lines, problems))
    return file, raw, lines


def _tried(kind: type[T], raw: Any) -> tuple[T | None, Sequence[Problem]]:
    try:
        return decode(kind, _without_nulls(raw)), ()
    except Undecodable as error:
        return None, error.problems


def _without_nulls(raw: Any) -> Any:
    """Drop nulls where they unset what a file before this one set: in parts that merge."""
    spec = raw.get("spec") if isinstance(raw, dict) else None
    if not isinstance(spec, dict):
        return raw
    cleaned = {
        key: overlay({}, spec[key])
        for key in ("settings", "requires", "accepts")
        if isinstance(spec.get(key), dict)
    }
    return raw | {"spec": spec | cleaned}


def _kind_first(problems: Sequence[Problem]) -> Sequence[Problem]:
    """Of a file of another kind, say only that."""
    return [each for each in problems if each.at in (("kind",), ("apiVersion",))] or problems


def _inner_problems(raw: Any) -> Iterator[Problem]:
    """Check the parts of objects that a profile or a stack file holds: patches, tolerations."""
    spec = as_map(raw).get("spec")
    for part in ("components", "adjust"):
        for name, choice in as_map(as_map(spec).get(part)).items():
            patches = as_map(choice).get("patches")
            for index, patch in enumerate(patches if isinstance(patches, list) else ()):
                yield from within(
                    ("spec", part, name, "patches", index), object_problems(patch, patch=True)
                )
    tolerations = as_map(as_map(as_map(spec).get("settings")).get("tolerations"))
    for pods, items in tolerations.items():
        yield from misshapen(items or [], _TOLERATIONS, ("spec", "settings", "tolerations", pods))


def within(at: At, problems: Iterable[Problem]) -> Iterator[Problem]:
    """Say where the value lies in which there are problems."""
    return (Problem((*at, *problem.at), problem.what) for problem in problems)


def located(path: Path, lines: Lines, problems: Iterable[Problem]) -> list[str]:
    """Write problems with the file and the lines they are in."""
    name = folders.shown(path)
    return [f"{origin_of(name, lines, problem.at)}: {problem}" for problem in problems]


def bytes_of(path: Path) -> bytes:
    """Read a file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return read_file(path, MOST_BYTES)
    except Unreadable as error:
        why = "there is no such file" if error.absent else f"cannot be read: {error}"
        raise ConfigError(f"{folders.shown(path)}: {why}") from error
