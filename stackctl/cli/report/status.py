"""How the state of a stack looks, and the list of several.

What the state is comes as a value; the clock comes as an argument.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, repeat

from stackctl.cli.report.diff import drift_text
from stackctl.cli.report.history import ago, release_document, release_text, status_cell
from stackctl.cli.report.plan import (
    drift_document,
    held_document,
    held_lines,
    target_document,
    target_lines,
    unseen_lines,
)
from stackctl.cli.report.rendering import Document, Page, Rendering, document, known, ref_document
from stackctl.cli.terminal.next_commands import TYPED, laid_out
from stackctl.cli.terminal.terminal import (
    Cell,
    Paint,
    Row,
    columns,
    flow,
    measure,
    plain,
    table,
    visible,
    wrap,
)
from stackctl.model.objects.wording import first_few
from stackctl.model.plan.preflight import Finding
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.resolve.overrides import spoken
from stackctl.model.run.outcome import (
    HALF_SEEN,
    ComponentStatus,
    Gpus,
    ObjectStatus,
    StackStatus,
    StackSummary,
    TargetInfo,
)

STYLES = {
    Status.CURRENT: "green",
    Status.IN_PROGRESS: "yellow",
    Status.FAILED: "red",
    Status.TERMINATING: "magenta",
    Status.NOT_FOUND: "red",
    Status.UNKNOWN: "yellow",
}
_RUNS = {
    ReleaseStatus.PENDING_INSTALL: "Installing",
    ReleaseStatus.PENDING_UPGRADE: "Upgrading",
    ReleaseStatus.PENDING_ROLLBACK: "Rolling back",
}
_HEADER = ("COMPONENT", "VERSION", "NAMESPACE", "READY", "STATUS")
_STACKS = ("STACK", "PROFILE", "REVISION", "STATUS", "AGE")
_GAP = 2
_ROOM_FOR_MESSAGE = 30  # columns below which messages go under the table's lines
_PIPED = 80  # columns where there is no terminal; `-o wide` keeps to none
_MOST_OBJECTS = 5
_MOST_NODES = 8


def status_result(status: StackStatus, now: datetime) -> Rendering:
    """Show how a stack stands."""
    return Rendering(
        document=lambda: status_document(status),
        lines=lambda page: status_lines(status, now, page),
        names=lambda: [part.name for part in status.components],
    )


def status_lines(status: StackStatus, now: datetime, page: Page) -> list[str]:
    """Write the state of a stack: header, a line for each component, GPUs, drift."""
    paint, verbose = page.paint, page.verbose or page.wide
    width = page.width or (None if page.wide else _PIPED)
    return [
        *_header(status, now, paint, width),
        "",
        *_components(status.components, paint, width, _going_on(status)),
        *_section(_objects(status, paint, width, verbose=verbose)),
        *_section([line for each in status.findings for line in _finding(each, paint, width)]),
        *_section([*gpu_lines(status.gpus, paint, width)]),
        *_section(_drift(status, now, paint, width)),
        *_section(_left(status, paint, width)),
        *_section(unseen_lines(status.unseen, paint, width)),
    ]


def ailments(status: StackStatus, now: datetime, page: Page) -> list[list[str]]:
    """Write each thing that is wrong by itself: what, why, and the next commands at its end."""
    paint, width = page.paint, page.width
    ailing = [part for part in status.components if part.status is not Status.CURRENT]
    run = [status.run] if status.run else []
    found = [
        *([*_finding(each, paint, width)] for each in run),
        *(_ailing(part, paint, width, _going_on(status)) for part in ailing),
        *([*_finding(each, paint, width)] for each in status.findings),
        *(gpu_lines([each], paint, width) for each in status.gpus if not each.complete),
        _drift(status, now, paint, width),
        _left(status, paint, width),
        unseen_lines(status.unseen, paint, width),
    ]
    return [lines for lines in found if lines]


def _ailing(part: ComponentStatus, paint: Paint, width: int | None, going_on: str) -> list[str]:
    name, _, _, ready, word = _row(part, going_on)
    (head,) = columns([(Cell(str(name), ("bold",)), ready, word)], paint)
    message = wrap(plain(part.message), width and width - 4) if part.message else []
    return [head, *(f"    {line}" for line in message), *way_out(part.hint, paint, 4, width)]


def headline(status: StackStatus, now: datetime, page: Page) -> str:
    """Write which stack it is, and what was done to it last."""
    return _header(status, now, page.paint, page.width)[0]


def _section(lines: Sequence[str]) -> list[str]:
    return ["", *lines] if lines else []


def _header(status: StackStatus, now: datetime, paint: Paint, width: int | None) -> list[str]:
    release = status.release
    head = (
        f"stack {paint(str(release.stack), 'bold')}",
        f"profile {paint(plain(release.profile), 'bold')}",
        release_text(release, now, paint),
    )
    lines = [*flow(head, width), *target_lines(status.target, paint, width)]
    if release.sets:
        lines += [
            paint(line, "dim") for line in wrap(f"--set {plain(spoken(release.sets))}", width)
        ]
    if status.made_elsewhere:
        lines += [paint(line, "dim") for line in wrap(plain(_elsewhere(status)), width)]
    return [*lines, *(_finding(status.run, paint, width) if status.run else ())]


def _going_on(status: StackStatus) -> str:
    """Say in a word what a run is doing to the stack; empty while none is on."""
    return _RUNS.get(status.release.status, "") if status.locked_by else ""


def _elsewhere(status: StackStatus) -> str:
    """Say that it is the record which the cluster is compared with, and what that was made of."""
    made = ", ".join(map(str, status.made_elsewhere))
    return (
        f"made with stackctl {status.release.tool} from {made}, which is not here, or not as it "
        f"was: compared with what revision {status.release.revision} applied"
    )


def _finding(found: Finding, paint: Paint, width: int | None) -> Iterable[str]:
    text = wrap(TYPED.addressed(plain(f"{found.subject}: {found.message}")), width)
    yield from (paint(line, "yellow") for line in text)
    yield from way_out(found.hint, paint, 4, width)


def way_out(hint: str, paint: Paint, indent: int, width: int | None = None) -> list[str]:
    """Write what to do next; a command stays on a line of its own: it is to be copied."""
    if not hint:
        return []
    text = TYPED.addressed(plain(hint))
    lines = laid_out(text, width and width - indent - 2)
    return [
        f"{' ' * indent}{mark} {paint(line, 'cyan')}"
        for mark, line in zip(chain("→", repeat(" ")), lines, strict=False)
    ]


def _components(
    components: Sequence[ComponentStatus], paint: Paint, width: int | None, going_on: str
) -> list[str]:
    rows = [_row(part, going_on) for part in components]
    used = sum(measure([_HEADER, *rows])) + len(_HEADER) * _GAP
    if not any(part.message for part in components):
        return table(_HEADER, rows, paint)
    if width is None or width - used >= _room(components):
        header, *lines = table((*_HEADER, "MESSAGE"), [[*row, ""] for row in rows], paint)
        indent = used
    else:
        header, *lines = table(_HEADER, rows, paint)
        indent = 0
    return [header, *_with_messages(lines, components, indent, paint, width)]


def _room(components: Iterable[ComponentStatus]) -> int:
    """Say how wide a column of messages is at least, in which no word and no command is broken."""
    unbroken = [_ROOM_FOR_MESSAGE]
    for part in components:
        unbroken += map(len, plain(part.message).split())
        unbroken += map(len, way_out(part.hint, Paint(on=False), 0, _ROOM_FOR_MESSAGE))
    return max(unbroken)


def _with_messages(
    lines: Sequence[str],
    components: Sequence[ComponentStatus],
    indent: int,
    paint: Paint,
    width: int | None,
) -> Iterable[str]:
    """Put each message beside its line where there is room for a column, else below it."""
    for line, part in zip(lines, components, strict=True):
        if not part.message:
            yield line
            continue
        below = indent or 4
        first, *more = wrap(plain(part.message), width and width - below)
        out = way_out(part.hint, paint, below, width)
        if indent:
            yield f"{line}{' ' * (indent - visible(line))}{first}"
        else:
            yield line
            more = [first, *more]
        yield from (f"{' ' * below}{each}" for each in more)
        yield from out


def _row(part: ComponentStatus, going_on: str) -> Row:
    # What a run has not come to yet is not missing.
    awaited = part.status in (Status.NOT_FOUND, Status.IN_PROGRESS)
    word, style = (going_on, "cyan") if going_on and awaited else (part.status, STYLES[part.status])
    return (
        part.name,
        part.version,
        part.namespace,
        f"{part.ready}/{part.total}",
        Cell(word, (style,)),
    )


def _objects(status: StackStatus, paint: Paint, width: int | None, *, verbose: bool) -> list[str]:
    lines = []
    for part in status.components:
        untold = [item for item in part.objects if verbose or _untold(item, part)]
        # Where a component is not there, a list of all it lacks tells nothing more.
        shown = [item for item in untold if verbose or item.status is not Status.NOT_FOUND]
        shown = shown if verbose else shown[:_MOST_OBJECTS]
        lines += [line for item in shown for line in _object(item, paint, width)]
        if len(untold) > len(shown):
            lines.append(f"  {part.name}: {len(untold) - len(shown)} more (-v lists them)")
    return lines


def _untold(item: ObjectStatus, part: ComponentStatus) -> bool:
    return item.status is not Status.CURRENT and str(item.ref) not in part.message


def _object(item: ObjectStatus, paint: Paint, width: int | None) -> list[str]:
    text = f"{item.ref}: {item.message}" if item.message else str(item.ref)
    status = item.status.ljust(len(Status.IN_PROGRESS))
    first, *more = wrap(plain(text), width and width - len(status) - 4)
    indent = " " * (len(status) + 4)
    head = f"  {paint(status, STYLES[item.status])}  {first}"
    return [
        head,
        *(f"{indent}{line}" for line in more),
        *way_out(item.hint, paint, len(indent), width),
    ]


def gpu_lines(gpus: Sequence[Gpus], paint: Paint, width: int | None = None) -> list[str]:
    """Say how many GPUs the nodes offer, how many they should, and what keeps Pods from them."""
    return [line for each in gpus for line in _gpus(each, paint, width)]


def _gpus(gpus: Gpus, paint: Paint, width: int | None) -> Iterable[str]:
    having = [count for count in gpus.nodes.values() if count]
    count = f"{gpus.allocatable}/{gpus.expected}"
    meant = len(gpus.nodes) + gpus.missing
    of = f" of {meant}" if len(having) < meant else ""
    nodes = f"{len(having)}{of} node{'' if not of and len(having) == 1 else 's'}"
    used = "" if gpus.in_use is None else f", {gpus.in_use} in use"
    names = first_few([f"{each} {plain(name)}" for name, each in gpus.parts.items()], _MOST_NODES)
    parts = f" ({names})" if names else ""
    text = f"GPUs  {count} {plain(gpus.resource)} on {nodes}{used}{_spread(gpus)}{parts}"
    first, *more = wrap(text, width, " " * 6)
    style = "green" if gpus.complete else "yellow"
    yield first.replace(count, paint(count, style, "bold"), 1)
    yield from more
    for hint in gpus.hints[:_MOST_NODES]:
        yield from way_out(hint, paint, 6, width)


def _spread(gpus: Gpus) -> str:
    """Say what each node has; where they differ, which ones have less than the best, and why."""
    most = max(gpus.nodes.values(), default=0)
    less = [
        f"{plain(name)} {plain(gpus.closed[name])}"
        if name in gpus.closed
        else f"{plain(name)} has {count}"
        for name, count in gpus.nodes.items()
        if count < most or name in gpus.closed
    ]
    if gpus.missing:
        less.append(f"{gpus.missing} node{' is' if gpus.missing == 1 else 's are'} missing")
    if not less:
        return f", {most} each" if len(gpus.nodes) > 1 and most else ""
    return f"; {first_few(less, _MOST_NODES)}"


def _drift(status: StackStatus, now: datetime, paint: Paint, width: int | None) -> list[str]:
    lines = []
    for item in (item for part in status.components for item in part.objects):
        for drift in item.drift:
            text = f"{item.ref}: {drift_text(drift, ago(drift.time, now) if drift.time else '')}"
            first, *more = wrap(plain(text), width and width - 7)
            lines += [f"{paint('drift', 'magenta')}  {first}", *(f"       {line}" for line in more)]
    return [*lines, *(way_out(status.remedy, paint, 7) if lines else ())]


def _left(status: StackStatus, paint: Paint, width: int | None) -> list[str]:
    """Write the fields that the last run left to others, where they still differ."""
    items = (item for part in status.components for item in part.objects)
    lines = held_lines(((item.ref, each) for item in items for each in item.left), width)
    return [paint("left as others want it", "magenta"), *lines] if lines else []


def status_document(status: StackStatus) -> Document:
    """Describe how a stack stands."""
    return document(
        "StackStatus",
        stack=str(status.release.stack),
        current=status.current,
        target=target_document(status.target),
        release=release_document(status.release),
        lockedBy=status.locked_by or None,
        components=[_component_status(part) for part in status.components],
        gpus=[_gpus_document(each) for each in status.gpus],
        findings=[
            known(
                subject=each.subject,
                message=TYPED.addressed(each.message),
                hint=each.hint or None,
            )
            for each in (*([status.run] if status.run else ()), *status.findings)
        ],
        unseen=list(status.unseen),
        madeElsewhere=[
            {"folder": each.folder, "digest": each.digest} for each in status.made_elsewhere
        ],
        remedy=status.remedy,
    )


def _gpus_document(each: Gpus) -> Document:
    return known(
        resource=each.resource,
        allocatable=each.allocatable,
        expected=each.expected,
        inUse=each.in_use,
        nodes=[
            known(name=name, allocatable=each.nodes.get(name, 0), closed=each.closed.get(name))
            for name in {**each.nodes, **each.closed}
        ],
        hints=list(each.hints),
        parts=dict(each.parts) or None,
        missing=each.missing or None,
    )


def _component_status(part: ComponentStatus) -> Document:
    return known(
        name=part.name,
        version=part.version,
        namespace=part.namespace,
        status=part.status.value,
        ready=part.ready,
        total=part.total,
        message=part.message or None,
        hint=part.hint or None,
        objects=[_object_status(item) for item in part.objects],
    )


def _object_status(item: ObjectStatus) -> Document:
    return known(
        **ref_document(item.ref),
        status=item.status.value,
        message=item.message or None,
        hint=item.hint or None,
        drift=[drift_document(each) for each in item.drift],
        held=[held_document(each) for each in item.left] or None,
    )


def stacks_result(found: Sequence[StackSummary], target: TargetInfo, now: datetime) -> Rendering:
    """List the stacks on a cluster."""
    return Rendering(
        document=lambda: document(
            "StackList",
            target=target_document(target),
            items=[_summary_document(each) for each in found],
        ),
        lines=lambda page: stacks_lines(found, now, page),
        names=lambda: [str(each.stack) for each in found],
    )


def stacks_lines(found: Sequence[StackSummary], now: datetime, page: Page) -> list[str]:
    """Write a line for each stack, and below it what is wrong with it."""
    header, *rows = table(_STACKS, [_stack_row(each, now) for each in found], page.paint) or [""]
    lines = [header] if header else []
    for line, each in zip(rows, found, strict=True):
        lines.append(line)
        if each.message:
            lines += [
                f"    {part}" for part in wrap(plain(each.message), page.width and page.width - 4)
            ]
        if not each.well:
            lines += way_out(f"stackctl status --stack {each.stack}", page.paint, 4)
    return lines


def _stack_row(each: StackSummary, now: datetime) -> Row:
    release = each.release
    if release is None:
        return (str(each.stack), "-", str(each.revision or "-"), Cell("unreadable", ("red",)), "-")
    status = Cell("a run is on", ("yellow",)) if each.running else status_cell(release)
    if each.message and release.status is ReleaseStatus.DEPLOYED and not each.running:
        how = "not all seen" if each.message == HALF_SEEN else "not well"
        status = Cell(f"{release.word}, {how}", ("yellow",))
    when = ago(release.finished or release.begun, now).removesuffix(" ago")
    return (str(each.stack), release.profile, str(each.revision), status, when)


def _summary_document(each: StackSummary) -> Document:
    return known(
        stack=str(each.stack),
        recordNamespace=each.stack.namespace,
        revision=each.revision,
        release=release_document(each.release) if each.release else None,
        running=each.running,
        well=each.well,
        message=each.message or None,
    )
