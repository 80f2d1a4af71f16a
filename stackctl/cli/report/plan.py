"""How a plan looks: a line for each component, and each change that deserves its own.

Field differences as text are in `diff`.
"""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stackctl.cli.report.privileges import new_privilege_lines, privilege_document
from stackctl.cli.report.rendering import Document, Page, known, ref_document
from stackctl.cli.terminal.field_changes import brief, field_lines, setting_line
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.terminal import Paint, flow, plain, section, visible, wrap
from stackctl.model.compose.diff import MISSING, Difference
from stackctl.model.objects.refs import Ref
from stackctl.model.objects.wording import counted
from stackctl.model.ownership.controllers import titled
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.plan.plan import Action, Change, Drift, HeldValue, Plan, SettingChange
from stackctl.model.plan.removal import DATA
from stackctl.model.privileges.privileges import newly_asked
from stackctl.model.run.outcome import TargetInfo

# In the order in which actions are told.
STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.RECREATE: "red",
    Action.ADOPT: "magenta",
    Action.RELEASE: "magenta",
    Action.PRUNE: "red",
    Action.UNCHANGED: "dim",
}
ORDER = tuple(STYLES)
# Changes that take something away or over are always listed one by one.
_ONE_BY_ONE = frozenset({Action.UPDATE, Action.RECREATE, Action.ADOPT})
_FEW = 3
_UNSEEN = "not looked at:"
_LEFT = "Left as others want it"
_LONGEST_VALUE = 40  # characters of a value that is told beside others
_SIGNATURES = ("metadata.labels", "metadata.annotations")
# What a reader counts as one thing.
_CLASSES = {
    "CustomResourceDefinition": "CRD",
    "MutatingWebhookConfiguration": "webhook configuration",
    "ValidatingWebhookConfiguration": "webhook configuration",
    "ClusterRole": "RBAC",
    "ClusterRoleBinding": "RBAC",
    "Role": "RBAC",
    "RoleBinding": "RBAC",
    "ServiceAccount": "RBAC",
}
_RANKS = {
    kind: rank
    for rank, kind in enumerate(
        ("CRD", "Deployment", "StatefulSet", "DaemonSet", "Job", "Service", "webhook configuration")
    )
}


def target_lines(target: TargetInfo, paint: Paint, width: int | None = None) -> list[str]:
    """Name the cluster that is about to be touched."""
    context = f"context {paint(plain(target.context), 'bold')}"
    if target.simulated:
        context += paint(" (simulated)", "cyan")
    return flow([context, f"Kubernetes {plain(target.version)}", plain(target.server)], width)


def unseen_lines(unseen: Iterable[str], paint: Paint, width: int | None = None) -> list[str]:
    """Say what could not be looked at, so that nobody takes it for absent."""
    lines = []
    for each in unseen:
        first, *more = wrap(plain(each), width and width - len(_UNSEEN) - 1)
        lines += [f"{paint(_UNSEEN, 'yellow')} {first}", *(f"  {line}" for line in more)]
    return lines


def plan_lines(plan: Plan, page: Page) -> list[str]:
    """Write a plan: its changes, what they newly ask for, and how many there are of each kind."""
    left = left_lines(plan, page.paint, page.width)
    if plan.empty and not page.verbose:
        head = section(profile_lines(plan, page.paint))
        return [*head, *section(left), summary(plan, page.paint)]
    lines = [*section(profile_lines(plan, page.paint)), *change_lines(plan, page)]
    asked = new_privilege_lines(plan, page.paint, page.width)
    lost = loss_lines(plan, page.paint, page.width)
    parts = (lines, generated_lines(plan, page), left, asked, lost)
    return [*(line for part in parts for line in section(part)), summary(plan, page.paint)]


def generated_lines(plan: Plan, page: Page) -> list[str]:
    """Name the secrets that are to be written, and which values: none of them is shown."""
    lines = []
    for ref, names in plan.generated.items():
        text = plain(f"{ref}: {', '.join(names)}")
        lines += [f"  {line}" for line in wrap(text, page.width and page.width - 2, "  ")]
    title = TYPED.addressed("Secrets that are written, and not shown: stackctl credentials")
    return [page.paint(title, "bold"), *lines] if lines else []


def profile_lines(plan: Plan, paint: Paint) -> list[str]:
    """Say that a stack gets another profile, with all that this brings along."""
    if plan.before in ("", plan.profile):
        return []
    return [f"profile {paint(plain(plan.before), 'red')} → {paint(plain(plan.profile), 'green')}"]


def unprefaced(plan: Plan) -> Plan:
    """Leave out what the review of an upgrade has said already."""
    return replace(plan, before="")


def loss_lines(plan: Plan, paint: Paint, width: int | None = None) -> list[str]:
    """Name all data of users that goes; nothing of it is left out, however much it is."""
    if not plan.losses:
        return []
    lines = [paint("Data that goes, and does not come back:", "red", "bold")]
    for each in plan.losses:
        first, *more = wrap(plain(f"{each.ref}  {each.what}"), width and width - 4, "  ")
        lines += [f"  {paint('-', 'red')} {first}", *(f"    {line}" for line in more)]
    return lines


def change_lines(plan: Plan, page: Page) -> list[str]:
    """Write a line for each component, and one for what deserves a line of its own."""
    paint, grouped = page.paint, by_component(plan.changes)
    names = max(map(len, grouped), default=0)
    signs = max((visible(_signs(changes, paint)) for changes in grouped.values()), default=0)
    lines = []
    for name, changes in grouped.items():
        head = f"{paint(name.ljust(names), 'bold')}  {_signs(changes, paint)}"
        settings = [each for each in plan.settings if each.component == name]
        lines += _component(head, names + signs + 4, changes, settings, page)
    return lines


def setting_lines(settings: Iterable[SettingChange], page: Page) -> list[str]:
    """Name the settings that are behind changes."""
    return [line for each in settings for line in setting_line(each, 2, page.paint, page.width)]


def by_component(changes: Iterable[Change]) -> dict[str, list[Change]]:
    """Group changes by component, in plan order."""
    grouped: dict[str, list[Change]] = {}
    for change in changes:
        grouped.setdefault(change.component, []).append(change)
    return grouped


def summary(plan: Plan, paint: Paint) -> str:
    """Count the changes of a plan."""
    if plan.empty:
        return f"Nothing would change: {objects(len(plan.changes))} as planned."
    parts = [
        paint(f"{action.sign}{count} {action}", STYLES[action])
        for action in ORDER
        if (count := plan.counts[action])
    ]
    made = len(plan.generated)
    parts += [f"{made} secret{'' if made == 1 else 's'} to write"] if made else []
    return f"Plan: {'  '.join(parts)}"


def objects(count: int) -> str:
    """Count objects in words."""
    return counted(count, "object")


def kinds(refs: Iterable[Ref]) -> list[str]:
    """Count objects by kind, in the words of people: 6 CRDs, 3 Deployments, 30 RBAC."""
    counted = Counter(_CLASSES.get(ref.kind, ref.kind) for ref in refs)
    ranked = sorted(counted.items(), key=lambda item: (_RANKS.get(item[0], len(_RANKS)), item[0]))
    return [f"{count} {_plural(kind, count)}" for kind, count in ranked]


def _plural(kind: str, count: int) -> str:
    if count == 1 or kind == "RBAC":
        return kind
    if kind.endswith("y"):
        return f"{kind[:-1]}ies"
    return f"{kind}es" if kind.endswith("s") else f"{kind}s"


def _signs(changes: Iterable[Change], paint: Paint) -> str:
    counts = Counter(change.action for change in changes)
    return "  ".join(
        paint(f"{action.sign}{counts[action]}", STYLES[action])
        for action in ORDER
        if counts[action]
    )


def _component(
    head: str,
    indent: int,
    changes: Sequence[Change],
    settings: Sequence[SettingChange],
    page: Page,
) -> list[str]:
    counts = Counter(change.action for change in changes)
    listed, counted = [], []
    for change in changes:
        if page.verbose or _deserves_a_line(change, counts):
            listed.append(change)
        elif _changes(change):
            counted.append(change)
    if not listed and counted:
        text = ", ".join(_unbroken(kinds(change.ref for change in counted)))
        room = None if page.width is None else max(page.width - indent, 24)
        first, *more = wrap(text, room)
        gap = " " * (indent - visible(head))
        return _spaced([f"{head}{gap}{first}", *(f"{' ' * indent}{line}" for line in more)])
    lines = setting_lines(settings, page)
    lines += [line for change in sorted(listed, key=_order) for line in _change(change, page)]
    for action in ORDER:
        chosen = [change.ref for change in counted if change.action is action]
        lines += _kinds(action, chosen, page) if chosen else []
    return [head, *lines]


def _changes(change: Change) -> bool:
    return change.action is not Action.UNCHANGED


def _deserves_a_line(change: Change, counts: Mapping[Action, int]) -> bool:
    # What takes something away or over always does; a few creations among them do as well.
    if change.reason == DATA:  # has a section of its own
        return False
    if change.action in _ONE_BY_ONE or (change.action is Action.PRUNE and change.reason):
        return True
    return _changes(change) and counts[change.action] <= _FEW


def _order(change: Change) -> int:
    return ORDER.index(change.action)


def _kinds(action: Action, refs: Sequence[Ref], page: Page) -> list[str]:
    text = ", ".join(_unbroken(kinds(refs)))
    first, *more = wrap(text, page.width and page.width - 4)
    sign = page.paint(action.sign, STYLES[action])
    return _spaced([f"  {sign} {first}", *(f"    {line}" for line in more)])


def _unbroken(items: Iterable[str]) -> list[str]:
    return [item.replace(" ", "\u00a0") for item in items]


def _spaced(lines: Iterable[str]) -> list[str]:
    return [line.replace("\u00a0", " ") for line in lines]


def _change(change: Change, page: Page) -> list[str]:
    ref, why = plain(str(change.ref)), plain(change.reason)
    head = f"  {page.paint(change.action.sign, STYLES[change.action])} {ref}"
    found = _fields(change)
    fields = field_lines(found, 6, page.paint, page.width, every=page.verbose)
    if not why:
        return [head, *fields]
    if page.width is None or len(ref) + len(why) + 6 <= page.width:
        return [f"{head}  {page.paint(why, 'dim')}", *fields]
    told = wrap(why, page.width - 6)
    return [head, *(f"      {page.paint(line, 'dim')}" for line in told), *fields]


def _fields(change: Change) -> list[Difference]:
    """Choose the fields that are worth naming."""
    if change.action is Action.UNCHANGED:
        return []
    if change.action is Action.ADOPT:  # every installer signs what it installs
        return [each for each in change.differences if not each.path.startswith(_SIGNATURES)]
    return list(change.differences)


def left_lines(plan: Plan, paint: Paint, width: int | None = None) -> list[str]:
    """Write every field that a plan leaves to somebody else, wherever it stands."""
    found = [(change.ref, each) for change in plan.changes for each in change.held]
    lines = held_lines((each for each in found if each[1].verdict is Verdict.YIELD), width)
    return [paint(_LEFT, "magenta", "bold"), *lines] if lines else []


def held_lines(found: Iterable[tuple[Ref, HeldValue]], width: int | None = None) -> list[str]:
    """Write fields that others keep under the objects they are in."""
    lines: list[str] = []
    last: Ref | None = None
    for ref, each in found:
        if ref != last:
            lines.append(f"  {plain(str(ref))}")
            last = ref
        lines += wrap(f"    {plain(left_text(each))}", width, " " * 6)
    return lines


def left_text(each: HeldValue) -> str:
    """Say what a field that is left has, whose it is, and what it was to be."""
    live, wanted = (brief(value, _LONGEST_VALUE) for value in (each.live, each.wanted))
    return f"{each.field}: {live} by {titled(each.manager)}, wanted {wanted}"


def refusal_text(change: Change) -> list[str]:
    """Say who stands in the way of a change, and which option takes the fields from them."""
    held = [each for each in change.held if each.verdict is Verdict.REFUSE]
    # What differs is told beside this: fields are named where it is not about all of that.
    all_of_it = len(held) == len(change.differences)
    found: dict[str, list[str]] = {}
    for each in held:
        found.setdefault(each.manager, []).append(each.field)
    return [
        f"{'' if all_of_it and len(found) == 1 else ', '.join(fields) + ': '}"
        f"held by {titled(manager)}, and refused; "
        f"--take-over {shlex.quote(manager)} takes {'it' if len(fields) == 1 else 'them'}"
        for manager, fields in found.items()
    ]


def held_document(each: HeldValue) -> Document:
    """Describe a field that stays as somebody else wants it."""
    return known(
        manager=each.manager,
        field=each.field,
        verdict=each.verdict.value,
        wanted=each.wanted,
        live=each.live,
    )


def plan_document(plan: Plan) -> Document:
    """Describe what would happen."""
    return known(
        stack=str(plan.stack),
        profile=plan.profile,
        previousProfile=plan.before or None,
        empty=plan.empty,
        counts={action.value: count for action, count in plan.counts.items()},
        privileges=[privilege_document(each) for each in newly_asked(plan)],
        changes=[_change_document(change) for change in plan.changes],
        settings=[_setting_document(each) for each in plan.settings],
        data=[{**ref_document(each.ref), "what": each.what} for each in plan.losses],
        generated=[
            {**ref_document(ref), "names": list(names)} for ref, names in plan.generated.items()
        ],
    )


def _change_document(change: Change) -> Document:
    found: Document = {
        **ref_document(change.ref),
        "component": change.component,
        "action": change.action.value,
    }
    if change.reason:
        found["reason"] = change.reason
    if change.differences:
        found["differences"] = [_difference_document(each) for each in change.differences]
    if change.drift:
        found["drift"] = [drift_document(each) for each in change.drift]
    if change.held:
        found["held"] = [held_document(each) for each in change.held]
    return found


def _setting_document(each: SettingChange) -> Document:
    name = f"{each.component}.{each.parameter}"
    return known(name=name, old=each.old or None, new=each.new or None, wire=each.wire or None)


def _difference_document(each: Difference) -> Document:
    sides = {"old": each.old, "new": each.new}
    return {"path": each.path} | {k: v for k, v in sides.items() if v is not MISSING}


def drift_document(each: Drift) -> Document:
    """Describe who changed an object, and what of it."""
    found: Document = {"manager": each.manager, "time": each.time, "fields": list(each.fields)}
    if each.differences:
        found["differences"] = [_difference_document(one) for one in each.differences]
    return found


def target_document(target: TargetInfo) -> Document:
    """Describe a cluster."""
    return {
        "context": target.context,
        "server": target.server,
        "clusterUID": target.cluster_uid,
        "kubernetes": target.version,
        "simulated": target.simulated,
    }
