"""How a comparison looks: field differences, object by object.

Which fields differ is decided by the plan; secrets arrive masked.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from stackctl.cli.report.plan import (
    STYLES,
    by_component,
    change_lines,
    generated_lines,
    left_lines,
    plan_document,
    profile_lines,
    refusal_text,
    setting_lines,
    summary,
    target_document,
)
from stackctl.cli.report.privileges import new_privilege_lines
from stackctl.cli.report.rendering import Document, Page, Rendering, document
from stackctl.cli.terminal.terminal import Paint, plain, section, visible, wrap
from stackctl.model.compose.diff import MISSING, Difference
from stackctl.model.compose.secret_places import hidden
from stackctl.model.objects.masking import mask
from stackctl.model.objects.wording import first_few
from stackctl.model.plan.plan import Action, Change, Drift, Plan
from stackctl.model.run.outcome import TargetInfo
from stackctl.secrets import SECRETS

_WIDEST = 120  # columns a field may take where there is no terminal to say
_BRIEF = 40  # letters of a value in a line
_MOST_FIELDS = 4
_REPLICAS = "spec.replicas"
_FORGOTTEN = ": Kubernetes forgets who scales to 0"
_QUIET = frozenset({Action.CREATE, Action.PRUNE, Action.UNCHANGED})


def diff_result(plan: Plan, target: TargetInfo) -> Rendering:
    """Show what differs, object by object."""
    return Rendering(
        document=lambda: diff_document(plan, target), lines=lambda page: diff_lines(plan, page)
    )


def diff_document(plan: Plan, target: TargetInfo) -> Document:
    """Describe what would happen."""
    return document("Plan", target=target_document(target), **plan_document(plan))


def diff_lines(plan: Plan, page: Page) -> list[str]:
    """Write every changed object with its fields; created and pruned ones are counted."""
    paint = page.paint
    left = left_lines(plan, paint, page.width)
    if plan.empty:
        return [*profile_lines(plan, paint), *section(left), summary(plan, paint)]
    detailed = [change for change in plan.changes if page.verbose or change.action not in _QUIET]
    lines = [
        line
        for component, changes in by_component(detailed).items()
        for change in changes
        if change.action is not Action.UNCHANGED
        for line in _object(component, change, paint, page.width or _WIDEST)
    ]
    behind = setting_lines(plan.settings, page)
    lines = [*profile_lines(plan, paint), *section(behind), *lines]
    rest = [change for change in plan.changes if change not in detailed]
    counted = Plan(plan.stack, plan.profile, tuple(rest))
    if not counted.empty:
        lines += [*change_lines(counted, replace(page, verbose=False)), ""]
    asked = new_privilege_lines(plan, paint, page.width)
    made = generated_lines(plan, page)
    return [*lines, *section(made), *section(left), *section(asked), summary(plan, paint)]


def _object(component: str, change: Change, paint: Paint, width: int) -> Iterable[str]:
    style = STYLES[change.action]
    yield (
        f"{paint(f'{change.action.sign} {plain(str(change.ref))}', style, 'bold')}  "
        f"{paint(component, 'dim')}"
    )
    if change.reason:
        yield f"    {paint(plain(change.reason), 'dim')}"
    for text in refusal_text(change):
        yield from (paint(line, "red") for line in wrap(f"    {plain(text)}", width, " " * 6))
    holders = {each.manager for each in change.held}
    for drift in change.drift:
        if drift.manager not in holders:  # that is said already
            told = drift_text(drift, fieldless=_all_of_it(drift, change))
            yield from (paint(line, "magenta") for line in wrap(f"    {told}", width, " " * 6))
    for difference in change.differences:
        yield from _field(difference, paint, width)
    if change.action is Action.CREATE and change.desired is not None:
        shown, _ = hidden(mask(change.desired), {}, change.secrets)
        yield from _block(_text(shown).splitlines(), "+", "green", paint)
    yield ""


def _all_of_it(drift: Drift, change: Change) -> bool:
    """Tell whether a drift is about every field that differs: these are named below it."""
    return {*drift.fields} >= {each.path for each in change.differences}


def drift_text(drift: Drift, when: str = "", *, fieldless: bool = False) -> str:
    """Say who changed an object behind our back, and when."""
    changed = [f"{each.path} {_brief(each.old)} → {_brief(each.new)}" for each in drift.differences]
    fields = "" if fieldless else first_few(changed or drift.fields, _MOST_FIELDS)
    if not drift.manager:
        why = _FORGOTTEN if _REPLICAS in drift.fields else ""
        return plain(f"{fields or 'changed'}, by whom is not recorded{why}")
    what = f"{fields}{',' if changed else ' set'} by" if fields else "changed by"
    when = (when or f"at {drift.time}") if drift.time else ""
    return plain(f"{what} {drift.manager} {when}".rstrip())


def _brief(value: Any) -> str:
    """Write a value in a few letters, cut in the middle: both of its ends may tell."""
    if value == MISSING:
        return "gone"
    text = " ".join(_text(value).split()) or '""'
    half = _BRIEF // 2
    return text if len(text) <= _BRIEF else f"{text[: half - 1]}…{text[-half:]}"


def _field(difference: Difference, paint: Paint, width: int) -> Iterable[str]:
    old, new = difference.old, difference.new
    path = plain(difference.path)
    both = MISSING not in (old, new)
    if both and _scalar(old) and _scalar(new):
        was, now = paint(plain(_text(old)), "red"), paint(plain(_text(new)), "green")
        line = f"    {path}: {was} → {now}"
        if visible(line) <= width:
            yield line
            return
    yield f"    {path}:"
    if both and _lines(old) and _lines(new):
        yield from _document(_text(old), _text(new), paint)
        return
    if old != MISSING:
        yield from _block(_text(old).splitlines(), "-", "red", paint)
    if new != MISSING:
        yield from _block(_text(new).splitlines(), "+", "green", paint)


def _document(old: str, new: str, paint: Paint) -> Iterable[str]:
    compared = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    for line in list(compared)[2:]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        yield "      " + paint(plain(line), *([style] if style else []))


def _block(lines: Sequence[str], sign: str, style: str, paint: Paint) -> Iterable[str]:
    for line in lines:
        yield "      " + paint(f"{sign} {plain(line)}", style)


def _scalar(value: Any) -> bool:
    return not isinstance(value, dict | list) and not _lines(value)


def _lines(value: Any) -> bool:
    return isinstance(value, str) and "\n" in value


def _text(value: Any) -> str:
    value = SECRETS.masked(value)  # as long as it is in one piece
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        from stackctl.sources import yaml

        return yaml.dump(value).rstrip()
    return json.dumps(value)
