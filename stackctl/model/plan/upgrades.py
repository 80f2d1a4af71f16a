"""What a change of versions takes: the way each component goes, and by which of its rules.

A component's rules are in its component.yaml; what else deserves attention is for `warnings`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stackctl.errors import ConflictError
from stackctl.model.catalogue.component import UpgradeRule
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.versions import satisfies
from stackctl.model.plan.warnings import Attention
from stackctl.model.release.history import VersionChange


class UpgradeVerdict(StrEnum):
    """Whether a component can be brought from one version to another."""

    ALLOWED = "allowed"
    MANUAL = "manual"  # somebody has to do something by hand
    FORBIDDEN = "forbidden"


_SEVERITY = tuple(UpgradeVerdict)


@dataclass(frozen=True, slots=True)
class UpgradeStep:
    """One component's way from a version to another, with every rule that applies to it."""

    change: VersionChange
    rules: tuple[UpgradeRule, ...]

    @property
    def verdict(self) -> UpgradeVerdict:
        """The gravest of the rules decides."""
        return max((UpgradeVerdict(rule.verdict) for rule in self.rules), key=_SEVERITY.index)


@dataclass(frozen=True, slots=True)
class Review:
    """What to know about an upgrade before its plan."""

    revision: int  # the upgrade starts from
    profiles: tuple[str, str]  # before and after
    versions: tuple[VersionChange, ...]  # of every component
    passages: tuple[UpgradeStep, ...] = ()
    attention: tuple[Attention, ...] = ()


def passages(
    changes: Iterable[VersionChange], rules: Mapping[str, Sequence[UpgradeRule]]
) -> tuple[UpgradeStep, ...]:
    """Find the rules that apply to components whose version changes."""
    found = (UpgradeStep(each, _applying(each, rules.get(each.component, ()))) for each in changes)
    return tuple(each for each in found if each.rules)


def require_allowed(found: Iterable[UpgradeStep]) -> None:
    """Refuse a way that a component forbids.

    Raises:
        ConflictError: each forbidden way with its reason and what to do instead.
    """
    lines = []
    for passage in found:
        for rule in passage.rules:
            if rule.verdict == UpgradeVerdict.FORBIDDEN:
                lines.append(f"  {passage.change}: {rule.reason or 'forbidden'}")
                lines += [f"    {step}" for step in rule.steps]
    if lines:
        raise ConflictError(
            "\n".join(["this upgrade is not possible:", *lines]),
            hint="go by a version in between, or keep the component's version",
        )


def require_way_back(changes: Iterable[VersionChange], bundle: Bundle) -> None:
    """Refuse to go back to before data was migrated; `bundle` is what is there.

    Raises:
        ConflictError: each component with what its version has done to its data.
    """
    migrated = {part.name: part.migrates for part in bundle.components}
    lines = [
        f"  {change}: {how or 'its data was migrated'}"
        for change in changes
        if change.changed and change.before and change.after
        for versions, how in migrated.get(change.component, ())
        if satisfies(change.after, versions)
    ]
    if lines:
        raise ConflictError(
            "\n".join(["there is no way back to before data was migrated:", *lines]),
            hint="bring the data back from a copy, then deploy the catalogue of that time",
        )


def _applying(change: VersionChange, rules: Sequence[UpgradeRule]) -> tuple[UpgradeRule, ...]:
    if not (change.changed and change.before and change.after):
        return ()
    return tuple(rule for rule in rules if satisfies(change.before, rule.from_))
