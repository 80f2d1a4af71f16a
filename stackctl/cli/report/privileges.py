"""How privileges look: what a plan newly asks for, and what a component asks for at all.

What counts as one is decided in `model.privileges`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stackctl.cli.report.rendering import Document, ref_document
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.terminal import Paint, plain, wrap
from stackctl.model.objects.refs import Ref
from stackctl.model.objects.wording import first_few
from stackctl.model.plan.plan import Plan
from stackctl.model.privileges.kind_privileges import Sort
from stackctl.model.privileges.pod_privileges import HOST_PATH
from stackctl.model.privileges.privileges import Privilege, newly_asked, own_accounts
from stackctl.model.privileges.rights import EVERYTHING

_FEW = 3  # host paths of one object; what is listed first is what reaches farthest
_SEVERAL = 6  # objects of one component


def new_privilege_lines(plan: Plan, paint: Paint, width: int | None = None) -> list[str]:
    """Write what a plan newly asks for, component by component; nothing where it is nothing."""
    asked = newly_asked(plan)
    if not asked:
        return []
    own = {"", *map(str, own_accounts(plan))}
    full = TYPED.addressed("in full: stackctl components NAME")
    lines = [f"{paint('New privileges', 'yellow', 'bold')}, {full}"]
    for component in _in_order(plan, {each.component for each in asked}):
        lines.append(f"  {paint(plain(component), 'bold')}")
        lines += _lines([each for each in asked if each.component == component], own, paint, width)
    return lines


def _in_order(plan: Plan, names: set[str]) -> list[str]:
    return [name for name in dict.fromkeys(c.component for c in plan.changes) if name in names]


def listed(asked: Mapping[str, Sequence[Privilege]]) -> Iterator[tuple[str, str]]:
    """List all that a component asks for, object by object; `asked` is by feature."""
    for feature, found in asked.items():
        by = f", with the feature {feature}" if feature else ""
        for sort, ref, whom in dict.fromkeys((e.sort, e.object, e.whom) for e in found):
            same = [e.what for e in found if (e.sort, e.object, e.whom) == (sort, ref, whom)]
            to = f" for {whom}" if whom else ""
            yield f"{ref}{by}", f"{sort}{to}: {', '.join(same)}"


def _lines(
    asked: Sequence[Privilege], own: Iterable[str], paint: Paint, width: int | None
) -> Iterator[str]:
    for sort in Sort:
        found = [each for each in asked if each.sort is sort]
        items = list(_rights(found, set(own)) if sort is Sort.RIGHTS else _objects(found))
        if items:
            # Names and paths are a stranger's: no line of theirs looks like one of ours.
            text = " ".join(plain(f"{sort}: {'; '.join(items)}").split())
            first, *more = wrap(text, width and width - 6)
            style = ("red", "bold") if _grave(found) else ("yellow",)
            yield f"    {paint(f'{sort}:', *style)}{first.removeprefix(f'{sort}:')}"
            yield from (f"      {line}" for line in more)


def _grave(found: Iterable[Privilege]) -> bool:
    return any(
        each.what.startswith(EVERYTHING) or each.what in (f"{HOST_PATH}/ (writable)",)
        for each in found
    )


def _rights(found: Iterable[Privilege], own: set[str]) -> Iterator[str]:
    """Name rights once, and who gets them where it is nobody of the stack's own."""
    whom = {each: "" if each.whom in own else f" for {each.whom}" for each in found}
    for name in dict.fromkeys(whom.values()):
        yield ", ".join(dict.fromkeys(e.what for e in found if whom[e] == name)) + name


def _objects(found: Sequence[Privilege]) -> Iterator[str]:
    refs = list(dict.fromkeys(each.object for each in found))
    for ref in refs[:_SEVERAL]:
        yield f"{_named(ref)} {', '.join(_asked([e.what for e in found if e.object == ref]))}"
    if len(refs) > _SEVERAL:
        yield f"and {len(refs) - _SEVERAL} more objects"


def _asked(whats: Sequence[str]) -> Iterator[str]:
    """Put the host paths of one object together, those that are written to first."""
    paths = sorted(
        (what.removeprefix(HOST_PATH) for what in whats if what.startswith(HOST_PATH)),
        key=lambda path: ("(writable)" not in path, path.count("/"), len(path)),
    )
    yield from (what for what in whats if not what.startswith(HOST_PATH))
    if paths:
        yield f"{HOST_PATH.strip()}{'s' if paths[1:] else ''} {first_few(paths, _FEW)}"


def _named(ref: Ref) -> str:
    return f"{ref.kind}/{ref.name}"


def privilege_document(each: Privilege) -> Document:
    """Describe a privilege."""
    found: Document = {
        "component": each.component,
        "sort": each.sort.value,
        "object": ref_document(each.object),
        "what": each.what,
    }
    return found | ({"whom": each.whom} if each.whom else {})
