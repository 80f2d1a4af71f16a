"""One thing that was found in a component, and which of them somebody has a reason for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from stackctl.model.catalogue.lint_rules import LintException, LintRule
from stackctl.model.objects import paths
from stackctl.model.objects.paths import Match, Path, Step
from stackctl.model.objects.refs import Manifest, Ref

Fault = tuple[LintRule, Path, str]  # of an object that is known where it is told of


@dataclass(frozen=True, slots=True)
class LintFinding:
    """What is to be said about a place in an object, or in component.yaml."""

    rule: LintRule
    path: Path
    what: str
    object: Ref | None = None  # None: component.yaml
    layer: str = ""  # where the object comes to be so: a feature, or a file beside the layers

    @property
    def where(self) -> str:
        """The path as text; empty for all of it."""
        return paths.show(self.path)


def by_name(manifest: Manifest, path: Path) -> Path:
    """Say which element of a list is meant by its name, where all of them have one.

    So it is found again in a patch, and in another list of the same containers.
    """
    steps: list[Step] = []
    value: Any = manifest
    for step in path:
        found = paths.get(value, (step,), None)
        named = isinstance(value, list) and all(_name(each) for each in value)
        steps.append(Match("name", _name(found)) if named and isinstance(step, int) else step)
        value = found
    return tuple(steps)


def _name(item: Any) -> str:
    name = item.get("name") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def excuse(finding: LintFinding, exceptions: Iterable[LintException]) -> LintException | None:
    """Return the first exception that a finding falls under."""
    return next((each for each in exceptions if _covers(each, finding)), None)


def _covers(exception: LintException, finding: LintFinding) -> bool:
    return (
        exception.rule is finding.rule
        and _names(exception.object, finding.object)
        and _within(exception.path, finding.where)
    )


def _names(wanted: str, ref: Ref | None) -> bool:
    if not wanted:
        return True
    if ref is None:
        return False
    return any(fnmatchcase(name, wanted) for name in _names_of(ref))


def _names_of(ref: Ref) -> Iterator[str]:
    """Yield what component.yaml may call an object."""
    for kind in (ref.kind, f"{ref.kind}.{ref.group}"):
        yield f"{kind}/{ref.name}"
        yield f"{kind}/{ref.namespace}/{ref.name}"


def _within(wanted: str, path: str) -> bool:
    # A [ is a step of a path here, not a set of letters.
    pattern = wanted.replace("[", "[[]")
    return not wanted or any(fnmatchcase(path, f"{pattern}{rest}") for rest in ("", ".*", "[[]*"))
