"""Who keeps a field that another manager holds as well: what users say, then what is usual.

What the usual verdict on a manager is belongs to `ownership`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stackctl.model.objects import paths
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.ownership import HeldField, Verdict, verdict


@dataclass(frozen=True, slots=True)
class Contest:
    """A rule for contested fields; what it leaves empty fits everything."""

    verdict: Verdict
    manager: str = "*"  # with wildcards: argocd-*
    ref: Ref | None = None
    path: str = ""  # this field and all within it

    def fits(self, ref: Ref, field: str, manager: str) -> bool:
        """Tell whether the rule is about this field; `field` is as the API server names it."""
        return (
            fnmatchcase(manager, self.manager)
            and self.ref in (None, ref)
            and (not self.path or _within(field, spelled(self.path)))
        )


@dataclass(frozen=True, slots=True)
class ConflictPolicy:
    """How the contested fields of a component are judged: by the first rule that fits."""

    rules: tuple[Contest, ...] = ()
    take: bool = False  # what is refused otherwise is taken: the component is being adopted

    def judge(self, ref: Ref, owners: Mapping[str, str]) -> tuple[HeldField, ...]:
        """Judge the fields (field → manager) that an apply met in other hands."""
        return tuple(
            HeldField(manager, field, self._verdict(ref, field, manager))
            for field, manager in owners.items()
        )

    def _verdict(self, ref: Ref, field: str, manager: str) -> Verdict:
        for rule in self.rules:
            if rule.fits(ref, field, manager):
                return rule.verdict
        usual = verdict(manager)
        return Verdict.OVERRIDE if self.take and usual is Verdict.REFUSE else usual


AS_USUAL = ConflictPolicy()


def spelled(path: str) -> str:
    """Write a path as API servers name fields: `.spec.containers[name="x"].image`."""
    steps = []
    for step in paths.parse(path):
        match step:
            case paths.Match(key, value):
                steps.append(f'[{key}="{value}"]')
            case int():
                steps.append(f"[{step}]")
            case _:
                steps.append(f".{step}")
    return "".join(steps)


def _within(field: str, place: str) -> bool:
    return field == place or field.startswith((f"{place}.", f"{place}["))
