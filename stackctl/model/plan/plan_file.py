"""A plan to be agreed to now and carried out later: what it says, and whether it still holds.

Of objects it has digests, never values; of what it was made of, everything but secrets. Files are
read and written by `sources.planfile`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from stackctl.model.objects.refs import Manifest, Ref, digest
from stackctl.model.ownership.ownership import owned_digest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.shapes.decode import encoded
from stackctl.model.shapes.shapes import (
    NAME,
    REFERENCE,
    TEXT,
    TEXT_MAP,
    WHOLE,
    Leaf,
    Shape,
    matching,
    misshapen,
    one_of,
)
from stackctl.secrets import HIDDEN

API_VERSION = "stackctl.dev/v1alpha1"
KIND = "SavedPlan"


@dataclass(frozen=True, slots=True)
class Planned:
    """One change as it was planned."""

    component: str
    action: Action
    desired: str = ""  # digest of the manifest; empty for what leaves
    uid: str = ""  # of the live object; empty for what does not exist
    live: str = ""  # what of the live object the decision hangs on
    differences: str = ""  # digest of the fields that would change


@dataclass(frozen=True, slots=True)
class Base:
    """Where a plan starts from."""

    cluster: str  # uid of kube-system
    stack: StackId
    revision: int  # 0: the stack is not there
    bundle: str  # digest of what is to be brought about


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a plan was made of, as it was typed, so that nobody has to type it again."""

    stack_file: str = ""  # a whole path, like those of the catalogues
    stack: str = ""
    record: str = ""
    catalogs: tuple[str, ...] = ()
    sets: Mapping[str, str] = field(default_factory=dict)  # of a secret only that it is set
    take_over: tuple[str, ...] = ()

    def missing(self, sets: Mapping[str, str]) -> tuple[str, ...]:
        """Name the secrets that have to be said again, and are not."""
        return tuple(k for k, value in self.sets.items() if value == HIDDEN and k not in sets)

    def with_sets(self, sets: Mapping[str, str]) -> tuple[str, ...]:
        """Write everything that is set, in its order; secrets as they are said now."""
        return tuple(f"{k}={sets.get(k, value)}" for k, value in self.sets.items())


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan with everything its decisions hang on."""

    base: Base
    profile: str
    context: str
    command: str  # what it was made with
    tool: str
    changes: Mapping[Ref, Planned]
    recipe: Recipe = Recipe()

    @property
    def keeps(self) -> bool:
        """What `--set` said in earlier runs is part of it, as in every upgrade but a reset."""
        verb, *words = self.command.split() or [""]
        return verb == "upgrade" and "--reset" not in words


def saved(plan: Plan, base: Base, *, context: str, command: str, tool: str) -> SavedPlan:
    """Take down a plan; what it was made of is added by who knows."""
    return SavedPlan(
        base=base,
        profile=plan.profile,
        context=context,
        command=command,
        tool=tool,
        changes={change.ref: _planned(change, plan.stack) for change in plan.changes},
    )


def divergences(then: SavedPlan, now: SavedPlan) -> Iterator[str]:
    """Yield what is different now from what was planned; nothing when the plan still holds."""
    was, is_ = then.base, now.base
    if was.cluster != is_.cluster:
        yield f"it was made for the cluster {was.cluster} ({then.context}), this is {is_.cluster}"
        return
    if was.stack != is_.stack:
        yield f"it is for stack {was.stack}, not {is_.stack}"
        return
    if then.profile != now.profile:
        yield f"it is for profile {then.profile}, not {now.profile}"
    if was.revision != is_.revision:
        yield f"it starts from revision {was.revision}, the newest is {is_.revision}"
    lines = list(_of_changes(then.changes, now.changes))
    yield from lines
    if was.bundle != is_.bundle and not lines:
        yield "what components need, or how they become ready, has changed"


def to_plain(plan: SavedPlan) -> dict[str, Any]:
    """Turn a saved plan into JSON values."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "cluster": {"uid": plan.base.cluster, "context": plan.context},
        "stack": str(plan.base.stack),
        "profile": plan.profile,
        "revision": plan.base.revision,
        "bundle": plan.base.bundle,
        "command": plan.command,
        "tool": plan.tool,
        "recipe": _plain(plan.recipe),
        "changes": [{"object": ref.key} | encoded(each) for ref, each in plan.changes.items()],
    }


_PLANNED: Shape = {
    "object!": REFERENCE,
    "component!": TEXT,
    "action!": one_of(Action),
    "desired": TEXT,
    "uid": TEXT,
    "live": TEXT,
    "differences": TEXT,
}
_SHAPE: Shape = {
    "apiVersion!": TEXT,
    "kind!": TEXT,
    "cluster!": {"uid!": TEXT, "context!": TEXT},
    "stack!": Leaf("a stack as NAME or NAMESPACE/NAME", matching(r"([-a-z0-9]+/)?[-a-z0-9]+")),
    "profile!": NAME,
    "revision!": WHOLE,
    "bundle!": TEXT,
    "command!": TEXT,
    "tool!": TEXT,
    "recipe!": {
        "stackFile": TEXT,
        "stack": TEXT,
        "recordNamespace": TEXT,
        "catalogs": [TEXT],
        "sets": TEXT_MAP,
        "takeOver": [TEXT],
    },
    "changes!": [_PLANNED],
}


def from_plain(plain: Any) -> SavedPlan:
    """Read what `to_plain` wrote.

    Raises:
        ValueError: it did not, with the first thing that is wrong.
    """
    for problem in misshapen(plain, _SHAPE):
        raise ValueError(str(problem))
    if (plain["apiVersion"], plain["kind"]) != (API_VERSION, KIND):
        raise ValueError(f"expected apiVersion {API_VERSION} and kind {KIND}")
    return SavedPlan(
        base=Base(
            cluster=plain["cluster"]["uid"],
            stack=StackId.parse(plain["stack"]),
            revision=plain["revision"],
            bundle=plain["bundle"],
        ),
        profile=plain["profile"],
        context=plain["cluster"]["context"],
        command=plain["command"],
        tool=plain["tool"],
        changes=dict(map(_read, plain["changes"])),
        recipe=_recipe(plain["recipe"]),
    )


def contradictions(
    plan: SavedPlan,
    *,
    profile: str | None,
    stack: str | None,
    record: str | None,
    sets: Mapping[str, str],
    take_over: Sequence[str],
    reset: bool,
) -> Iterator[str]:
    """Name what is said beside a plan and is not what it was made with."""
    if profile not in (None, plan.profile):
        yield f"--profile {profile}: it is for profile {plan.profile}"
    if stack not in (None, plan.base.stack.name):
        yield f"--stack {stack}: it is for stack {plan.base.stack.name}"
    if record not in (None, plan.base.stack.namespace):
        yield f"--record-namespace {record}: its record is in {plan.base.stack.namespace}"
    for key, value in sets.items():
        planned = plan.recipe.sets.get(key)
        if planned is None:
            yield f"--set {key}=…: it was made without that"
        elif planned not in (HIDDEN, value):
            yield f"--set {key}=…: it was made with {key}={planned}"
    for manager in take_over:
        if manager not in plan.recipe.take_over:
            yield f"--take-over {manager}: it was made without that"
    if reset and plan.keeps:
        yield "--reset: it was made without that"


def _plain(recipe: Recipe) -> dict[str, Any]:
    values = {
        "stackFile": recipe.stack_file,
        "stack": recipe.stack,
        "recordNamespace": recipe.record,
        "catalogs": list(recipe.catalogs),
        "sets": dict(recipe.sets),
        "takeOver": list(recipe.take_over),
    }
    return {key: value for key, value in values.items() if value}


def _recipe(plain: Mapping[str, Any]) -> Recipe:
    return Recipe(
        stack_file=plain.get("stackFile", ""),
        stack=plain.get("stack", ""),
        record=plain.get("recordNamespace", ""),
        catalogs=tuple(plain.get("catalogs", ())),
        sets=dict(plain.get("sets", {})),
        take_over=tuple(plain.get("takeOver", ())),
    )


def _planned(change: Change, stack: StackId) -> Planned:
    live = change.live
    differing = [[each.path, each.old, each.new] for each in change.differences]
    return Planned(
        component=change.component,
        action=change.action,
        desired=digest(change.desired) if change.desired is not None else "",
        uid=live["metadata"].get("uid", "") if live is not None else "",
        live=_mark(change, live, stack) if live is not None else "",
        differences=digest(differing) if differing else "",
    )


def _mark(change: Change, live: Manifest, stack: StackId) -> str:
    """Name what of a live object the decision hangs on.

    The server takes a field from our entry in managedFields when others write to it, so the
    entry tells of every change to what is ours, and nothing of what others do with theirs.
    Objects that are not ours yet have none. Differences of what is secret are masked, so that a
    second change by others would not show.
    """
    owned = owned_digest(live, stack)
    changes = change.action is not Action.UNCHANGED
    if not owned or ((change.ref.kind == "Secret" or change.secrets) and changes):
        return f"version {live['metadata'].get('resourceVersion', '')}"
    return f"fields {owned}"


def _of_changes(then: Mapping[Ref, Planned], now: Mapping[Ref, Planned]) -> Iterator[str]:
    for ref, planned in then.items():
        if ref not in now:
            yield f"{ref}: {planned.action} was planned, now it is not part of the plan"
        elif now[ref] != planned:
            yield f"{ref}: {_difference(planned, now[ref])}"
    for ref, found in now.items():
        if ref not in then:
            yield f"{ref}: {found.action}, which was not planned"


def _difference(then: Planned, now: Planned) -> str:
    if then.action is not now.action:
        return f"{then.action} was planned, now it is {now.action}"
    if then.desired != now.desired:
        return f"{now.action} as planned, but to another content"
    if then.uid != now.uid:
        return f"{now.action} as planned, but it was deleted and made again since"
    if then.live != now.live or then.differences != now.differences:
        return f"{now.action} as planned, but it was changed on the cluster since"
    return f"is part of {now.component} now, not of {then.component}"


def _read(plain: Mapping[str, Any]) -> tuple[Ref, Planned]:
    known = {each.name: plain[each.name] for each in fields(Planned) if each.name in plain}
    return Ref.parse(plain["object"]), Planned(**known | {"action": Action(plain["action"])})
