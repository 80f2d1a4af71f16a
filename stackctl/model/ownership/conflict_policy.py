"""Who keeps a field that another manager holds as well: what users say, then what is usual.

What the usual verdict on a manager is belongs to `ownership`.
"""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from stackctl.errors import ConflictError, Holder
from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.controllers import deployer, titled
from stackctl.model.ownership.field_sets import without
from stackctl.model.ownership.ownership import HeldField, Verdict, verdict

_NAMED = 3  # fields of each holder; the others are counted


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

    def judge(self, ref: Ref, holders: Iterable[Holder]) -> tuple[HeldField, ...]:
        """Judge the fields that an apply met in other hands; of several, the strictest counts."""
        found: dict[str, HeldField] = {}
        for each in holders:
            held = self._held(ref, each)
            known = found.get(each.field)
            if known is None or _STRICT.index(held.verdict) > _STRICT.index(known.verdict):
                found[each.field] = held
        return tuple(found.values())

    def _held(self, ref: Ref, holder: Holder) -> HeldField:
        field, manager = holder.field, holder.manager
        for rule in self.rules:
            if rule.fits(ref, field, manager):
                return HeldField(manager, field, rule.verdict)
        usual = verdict(ref.kind, field, manager, holder.subresource)
        if self.take and usual is Verdict.REFUSE:
            usual = Verdict.OVERRIDE
        return HeldField(manager, field, usual, known=usual is Verdict.YIELD)


AS_USUAL = ConflictPolicy()
_STRICT = (Verdict.OVERRIDE, Verdict.YIELD, Verdict.REFUSE)


def without_held(manifest: Manifest, held: Iterable[HeldField]) -> Manifest:
    """Leave out of a manifest what stays with whoever holds it."""
    for each in held:
        if each.verdict is Verdict.YIELD:
            manifest = without(manifest, each.field)
    return manifest


def refused(held: Mapping[Ref, Iterable[HeldField]]) -> ConflictError | None:
    """Name the fields that stand in the way, by who holds them, and how to get past them."""
    found: dict[str, list[str]] = defaultdict(list)
    for ref, fields in held.items():
        for each in fields:
            if each.verdict is Verdict.REFUSE:
                found[each.manager].append(f"{ref}: {each.field}: held by {titled(each.manager)}")
    if not found:
        return None
    lines = [f"  {line}" for manager in found for line in _few(found[manager], titled(manager))]
    options = " ".join(f"--take-over {shlex.quote(manager)}" for manager in sorted(found))
    for_good = "`contested` in the stack file decides for good"
    back = any(map(deployer, found)) and "; what deploys them would set its values again"
    return ConflictError(
        "\n".join(["fields are held by others:", *lines]),
        hint=f"{options} takes them now; {for_good}{back or ''}",
    )


def _few(lines: Sequence[str], holder: str) -> list[str]:
    more = len(lines) - _NAMED
    rest = [f"and {more} more field{'s' if more > 1 else ''} held by {holder}"] if more > 0 else []
    return [*lines[:_NAMED], *rest]


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
