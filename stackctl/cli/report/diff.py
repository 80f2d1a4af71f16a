"""How a comparison looks: field differences, object by object.

Which fields differ is decided by the plan; secrets arrive masked.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from stackctl.cli.terminal.field_changes import broken
from stackctl.cli.terminal.terminal import (
    Paint,
    cut,
    cut_apart,
    plain,
    section,
    visible,
    wrap,
)
from stackctl.model.compose.diff import MISSING, Difference
from stackctl.model.compose.secret_places import hidden
from stackctl.model.objects.masking import mask
from stackctl.model.objects.wording import first_few
from stackctl.model.plan.plan import Action, Change, Drift, Plan
from stackctl.model.run.outcome import TargetInfo
from stackctl.secrets import SECRETS

_WIDEST = 120  # columns a field may take where there is no terminal to say
_INDENT = 6  # of values below the name of their field
_BRIEF = 40  # letters of a value in a line
_MOST_FIELDS = 4
_REPLICAS = "spec.replicas"
_FORGOTTEN = ": Kubernetes forgets who scales to 0"
_QUIET = frozenset({Action.CREATE, Action.PRUNE, Action.UNCHANGED})


@dataclass(frozen=True, slots=True)
class _Sheet:
    """How wide lines are, and whether values are cut to that."""

    width: int
    cuts: bool

    def fitted(self, line: str) -> str:
        """Cut the middle out of what is too long."""
        return cut(line, self._room) if self.cuts else line

    def apart(self, old: str, new: str) -> tuple[str, str]:
        """Cut two lines so that it is seen how they differ."""
        if not self.cuts:
            return old, new
        was, now = cut_apart(old[1:], new[1:], (self._room - 1, self._room - 1))
        return old[0] + was, new[0] + now

    @property
    def _room(self) -> int:
        return self.width - _INDENT


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
    lines = _objects(detailed, page)
    behind = setting_lines(plan.settings, page)
    lines = [*profile_lines(plan, paint), *section(behind), *lines]
    rest = [change for change in plan.changes if change not in detailed]
    counted = Plan(plan.stack, plan.profile, tuple(rest))
    if not counted.empty:
        lines += [*change_lines(counted, replace(page, verbose=False)), ""]
    asked = new_privilege_lines(plan, paint, page.width)
    made = generated_lines(plan, page)
    return [*lines, *section(made), *section(left), *section(asked), summary(plan, paint)]


def _objects(changes: Iterable[Change], page: Page) -> list[str]:
    """Write objects with their fields; on a terminal values are cut, unless all is asked for."""
    sheet = _Sheet(page.width or _WIDEST, cuts=page.width is not None and not page.verbose)
    whole = replace(sheet, cuts=False)

    def written(on: _Sheet) -> list[str]:
        return [
            line
            for component, found in by_component(changes).items()
            for change in found
            if change.action is not Action.UNCHANGED
            for line in _object(component, change, page.paint, on)
        ]

    lines = written(sheet)
    if sheet.cuts and lines != written(whole):
        lines += [page.paint("What is too long is cut where there is a …; -v shows it.", "dim"), ""]
    return lines


def _object(component: str, change: Change, paint: Paint, sheet: _Sheet) -> Iterable[str]:
    width = sheet.width
    head = f"{change.action.sign} {plain(str(change.ref))}"
    gap = "  " if len(head) + len(component) + 2 <= width else "\n    "
    told = f"{paint(head, STYLES[change.action], 'bold')}{gap}{paint(component, 'dim')}"
    yield from told.splitlines()
    if change.reason:
        why = wrap(f"    {plain(change.reason)}", width, " " * 6)
        yield from (paint(line, "dim") for line in why)
    for text in refusal_text(change):
        yield from (paint(line, "red") for line in wrap(f"    {plain(text)}", width, " " * 6))
    holders = {each.manager for each in change.held}
    for drift in change.drift:
        if drift.manager not in holders:  # that is said already
            told = drift_text(drift, fieldless=_all_of_it(drift, change))
            yield from (paint(line, "magenta") for line in wrap(f"    {told}", width, " " * 6))
    for difference in change.differences:
        yield from _field(difference, paint, sheet)
    if change.action is Action.CREATE and change.desired is not None:
        shown, _ = hidden(mask(change.desired), {}, change.secrets)
        yield from _signed([f"+ {line}" for line in _text(shown).splitlines()], paint, sheet)
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


def _field(difference: Difference, paint: Paint, sheet: _Sheet) -> Iterable[str]:
    old, new = difference.old, difference.new
    path = plain(difference.path)
    both = MISSING not in (old, new)
    if both and _scalar(old) and _scalar(new):
        was, now = paint(plain(_text(old)), "red"), paint(plain(_text(new)), "green")
        line = f"    {path}: {was} → {now}"
        if visible(line) <= sheet.width:
            yield line
            return
    yield from broken(f"    {path}:", 4, sheet.width)
    if both and _lines(old) and _lines(new):
        yield from _document(_text(old), _text(new), paint, sheet)
        return
    lines = [f"- {line}" for line in _text(old).splitlines()] if old != MISSING else []
    lines += [f"+ {line}" for line in _text(new).splitlines()] if new != MISSING else []
    yield from _signed(lines, paint, sheet)


def _document(old: str, new: str, paint: Paint, sheet: _Sheet) -> Iterable[str]:
    compared = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    yield from _signed(list(compared)[2:], paint, sheet)


def _signed(lines: Iterable[str], paint: Paint, sheet: _Sheet) -> Iterable[str]:
    """Write lines that begin with what became of them; cut, those that became others stay apart."""
    gone: list[str] = []
    come: list[str] = []
    for line in (*map(plain, lines), ""):
        sign = line[:1]
        if gone and (sign not in ("-", "+") or (sign == "-" and come)):
            yield from _changed(gone, come, paint, sheet)
            gone, come = [], []
        if sign == "-":
            gone.append(line)
        elif sign == "+" and gone:
            come.append(line)
        elif line:
            style = {"+": "green", "@": "cyan"}.get(sign)
            yield "      " + paint(sheet.fitted(line), *([style] if style else []))


def _changed(
    gone: Sequence[str], come: Sequence[str], paint: Paint, sheet: _Sheet
) -> Iterable[str]:
    pairs = [sheet.apart(*pair) for pair in zip(gone, come, strict=False)]
    was, now = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    was += map(sheet.fitted, gone[len(pairs) :])
    now += map(sheet.fitted, come[len(pairs) :])
    yield from (f"      {paint(line, 'red')}" for line in was)
    yield from (f"      {paint(line, 'green')}" for line in now)


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
