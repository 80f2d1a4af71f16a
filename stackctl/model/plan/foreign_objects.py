"""How it is said that objects of a bundle are somebody else's, and what can be done about it.

Whose an object is, is decided by `ownership`.
"""

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stackctl.errors import AnothersStack, ConflictError, NotAdopted
from stackctl.model.objects.refs import (
    FIELD_MANAGER,
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    Ref,
    labels_of,
)
from stackctl.model.objects.wording import counted, first_few
from stackctl.model.ownership.ownership import maker, owner
from stackctl.model.ownership.stack_id import StackId

_NAMED = 3


@dataclass(frozen=True, slots=True)
class ForeignObject:
    """An object of the bundle that is there and not ours."""

    ref: Ref
    component: str
    holder: str  # whose it is, in words
    stack: StackId | None = None  # where it is another stack's
    recorded: bool = False  # it was ours before


def foreign_object(
    ref: Ref, component: str, live: Manifest, stack: StackId, *, recorded: bool
) -> ForeignObject:
    """Say whose an object is."""
    other = another_stack(live, stack)
    return ForeignObject(ref, component, holder_of(live, stack), other, recorded)


def another_stack(live: Manifest, stack: StackId) -> StackId | None:
    """Tell which other stack an object belongs to, where it belongs to one."""
    labels = labels_of(live)
    label = labels.get(STACK_LABEL, "") if labels.get(MANAGED_BY) == FIELD_MANAGER else ""
    return StackId.labelled(label) if label and label != stack.label else None


def holder_of(live: Manifest, stack: StackId) -> str:
    """Say whose an object is, or at least who made it what it is."""
    if signed := owner(live, stack):
        return f"owned by {signed}"
    manager = maker(live, stack)
    return f"made by {manager}" if manager else "owned by nobody stackctl knows of"


def refusal(theirs: Sequence[ForeignObject], profile: str) -> ConflictError:
    """Say once for each owner what is theirs, and what to type."""
    stacks = {each.stack for each in theirs}
    if len(stacks) == 1 and (other := next(iter(stacks))) and not any(x.recorded for x in theirs):
        refs = [each.ref for each in theirs]
        return AnothersStack(
            f"stack {other} is on this cluster and has {counted(len(refs), 'object')} "
            f"of this profile's: {first_few(refs, _NAMED)}",
            stack=other.name,
            namespace="" if other.administrators else other.namespace,
            hint=f"to change that stack: {upgrade_command(other, ['--profile', profile])}",
        )
    lines = [
        *_group("objects of the bundle exist already and are not ours:", theirs, recorded=False),
        *_group("objects of the stack have since been taken over:", theirs, recorded=True),
    ]
    components = tuple(dict.fromkeys(each.component for each in theirs))
    hint = adoption(components, ["--profile", profile])
    return NotAdopted("\n".join(lines), components=components, hint=hint)


def upgrade_command(stack: StackId, words: Iterable[str]) -> str:
    """Write the command that changes another stack than the one that was named."""
    place = () if stack.administrators else ("--record-namespace", stack.namespace)
    return shlex.join(["stackctl", "upgrade", "--stack", stack.name, *place, *words])


def adoption(components: Sequence[str], words: Iterable[str]) -> str:
    """Write what takes components over, with the words that say of which stack."""
    first, *more = components
    command = shlex.join(["stackctl", "adopt", first, *words])
    others = f" ({', '.join(more)}: likewise)" if more else ""
    owner_word = "its owner" if not more else "their owners"
    return f"`{command}` makes it ours{others}, `mode: external` leaves it to {owner_word}"


def _group(title: str, theirs: Iterable[ForeignObject], *, recorded: bool) -> list[str]:
    groups: dict[str, list[ForeignObject]] = {}
    for each in theirs:
        if each.recorded is recorded:
            groups.setdefault(each.holder, []).append(each)
    lines = [_line(holder, found) for holder, found in groups.items()]
    return [title, *lines] if lines else []


def _line(holder: str, found: Sequence[ForeignObject]) -> str:
    of = ", ".join(dict.fromkeys(each.component for each in found))
    named = first_few([each.ref for each in found], _NAMED)
    if len(found) == 1:
        return f"  {named} ({of}): {holder}"
    return f"  {len(found)} of {of}, {holder}: {named}"
