"""How a sandbox looks: what was started, what runs, what it logged."""

from collections.abc import Iterable, Sequence

from stackctl.cli.report.documents import Document, document
from stackctl.cli.report.report import Report
from stackctl.cli.terminal.progress_board import elapsed
from stackctl.cli.terminal.terminal import Cell, Paint, columns, plain, table
from stackctl.sandbox.inspection import LogLine, PartStatus, SandboxStatus, State
from stackctl.sandbox.lifecycle import DownResult, UpResult
from stackctl.sandbox.plane.readiness import NodeStatus

_STYLES = {
    State.RUNNING: "green",
    State.DEGRADED: "yellow",
    State.CRASHED: "red",
    State.STOPPED: "dim",
    State.ABSENT: "dim",
}
_PARTS = ("PART", "STATE", "PID", "LOG")
_PART_COLOURS = ("cyan", "green", "yellow", "blue", "magenta")


def report_up(report: Report, result: UpResult) -> None:
    """Tell what came of starting a sandbox."""
    if report.structured:
        report.document(_up_document(result))
        return
    done = f"up in {elapsed(result.seconds)}" if result.changed else "running already"
    head = f"{report.paint('simulated:', 'cyan', 'bold')} sandbox {result.name} {done}"
    also = f" (also in {result.merged_into})" if result.merged_into else ""
    report.lines(
        [
            f"{head}: Kubernetes v{result.kubernetes.removeprefix('v')}, nodes {result.nodes}",
            f"  server   {result.server}",
            f"  context  {result.context}{also}",
        ]
    )
    if not result.merged_into and not report.shown.quiet:
        name = "" if result.name == "default" else f" --name {result.name}"
        report.say([f"use it: export KUBECONFIG=$(stackctl sandbox kubeconfig{name})"])


def _up_document(result: UpResult) -> Document:
    return document(
        "Sandbox",
        name=result.name,
        state=State.RUNNING.value,
        simulated=True,
        changed=result.changed,
        started=list(result.started),
        kubernetes=result.kubernetes,
        server=result.server,
        context=result.context,
        kubeconfig=str(result.kubeconfig),
        nodes=result.nodes,
        source=result.source,
        seconds=round(result.seconds, 1),
    )


def report_down(report: Report, result: DownResult) -> None:
    """Tell what came of stopping a sandbox."""
    if report.structured:
        report.document(
            document(
                "Sandbox",
                name=result.name,
                state=(State.STOPPED if result.kept else State.ABSENT).value,
                existed=result.existed,
                stopped=result.stopped,
                kept=result.kept,
            )
        )
    elif not result.existed and not result.stopped:
        report.lines([f"there is no sandbox {result.name}; nothing to do"])
    else:
        end = "stopped, its data kept" if result.kept else "down, nothing left"
        report.lines([f"sandbox {result.name} {end} ({result.stopped} processes)"])


def report_status(report: Report, found: SandboxStatus, others: Sequence[str]) -> None:
    """Show how a sandbox is."""
    if report.structured:
        report.document(_status_document(found))
    elif report.format == "name":
        report.lines(() if found.state is State.ABSENT else [found.name])
    else:
        wide = report.shown.verbose or report.format == "wide"
        report.lines(status_lines(found, report.paint, wide=wide))
    if others and not report.structured:
        report.note(f"there are other sandboxes: {', '.join(others)} (--name chooses one)")


def status_lines(found: SandboxStatus, paint: Paint, *, wide: bool = False) -> list[str]:
    """Write how a sandbox is."""
    state = paint(found.state, _STYLES[found.state], "bold")
    if found.state is State.ABSENT:
        return [f"sandbox {found.name}: {state}"]
    lines = [
        f"sandbox {paint(found.name, 'bold')}: {state}, {paint('simulated', 'cyan')}",
        *([paint(plain(found.problem), "yellow")] if found.problem else []),
        "",
        *columns(
            [
                ("kubernetes", f"v{found.kubernetes.removeprefix('v')}"),
                ("server", found.server),
                ("context", found.context),
                ("kubeconfig", str(found.kubeconfig or "")),
            ],
            paint,
        ),
        "",
        *table(_PARTS[: 4 if wide else 3], [_part(part, wide) for part in found.parts], paint),
    ]
    nodes = table(("NODE", "READY", "GPUS"), [_node(node) for node in found.nodes], paint)
    return [*lines, *([""] if nodes else []), *nodes]


def _part(part: PartStatus, wide: bool) -> tuple[Cell | str, ...]:
    state = Cell(part.state, (_STYLES[part.state],))
    cells = (part.name, state, str(part.pid or "-"))
    return (*cells, str(part.log)) if wide else cells


def _node(node: NodeStatus) -> tuple[Cell | str, ...]:
    ready = Cell("yes", ("green",)) if node.ready else Cell("no", ("red",))
    return (node.name, ready, f"{node.allocatable}/{node.gpus}" if node.gpus else "-")


def _status_document(found: SandboxStatus) -> Document:
    return document(
        "Sandbox",
        name=found.name,
        state=found.state.value,
        simulated=True,
        problem=found.problem or None,
        kubernetes=found.kubernetes or None,
        server=found.server or None,
        context=found.context or None,
        kubeconfig=str(found.kubeconfig) if found.kubeconfig else None,
        parts=[
            {"name": part.name, "state": part.state.value, "pid": part.pid, "log": str(part.log)}
            for part in found.parts
        ],
        nodes=[
            {
                "name": node.name,
                "ready": node.ready,
                "gpus": node.gpus,
                "allocatable": node.allocatable,
            }
            for node in found.nodes
        ],
    )


def report_logs(report: Report, found: Iterable[LogLine], *, named: bool) -> None:
    """Print log lines, each with its part where there are several."""
    shades: dict[str, str] = {}
    for line in found:
        shade = shades.setdefault(line.part, _PART_COLOURS[len(shades) % len(_PART_COLOURS)])
        part = f"{report.paint(line.part, shade)}  " if named else ""
        report.lines([f"{part}{plain(line.text)}"])
