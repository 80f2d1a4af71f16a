"""How a sandbox looks: what was started, what runs, what it logged."""

from collections.abc import Iterable, Iterator
from typing import Any

from stackctl.cli.report.rendering import Document, Rendering, document, known
from stackctl.cli.terminal.terminal import Cell, Paint, columns, plain, table
from stackctl.model.objects.wording import span
from stackctl.model.readiness.accelerators import NVIDIA
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


def up_result(result: UpResult, found: SandboxStatus) -> Rendering:
    """Tell what came of starting a sandbox."""
    return Rendering(
        document=lambda: _sandbox_document(
            found,
            changed=result.changed,
            started=list(result.started),
            stopped=0,
            seconds=round(result.seconds, 1),
        ),
        lines=lambda page: _up_lines(result, page.paint),
    )


def _up_lines(result: UpResult, paint: Paint) -> list[str]:
    done = f"up in {span(result.seconds)}" if result.changed else "running already"
    head = f"{paint('simulated:', 'cyan', 'bold')} sandbox {result.name} {done}"
    also = f" (also in {result.merged_into})" if result.merged_into else ""
    return [
        f"{head}: Kubernetes {result.kubernetes}, nodes {result.nodes}",
        f"  server   {result.server}",
        f"  context  {result.context}{also}",
    ]


def down_result(result: DownResult, found: SandboxStatus) -> Rendering:
    """Tell what came of stopping a sandbox."""
    return Rendering(
        document=lambda: _sandbox_document(
            found,
            changed=bool(result.existed or result.stopped),
            started=[],
            stopped=result.stopped,
            seconds=round(result.seconds, 1),
        ),
        lines=lambda _: [_down_line(result)],
    )


def _down_line(result: DownResult) -> str:
    if not result.existed and not result.stopped:
        return f"there is no sandbox {result.name}; nothing to do"
    end = "stopped, its data kept" if result.kept else "down, nothing left"
    return f"sandbox {result.name} {end} ({result.stopped} processes)"


def status_result(found: SandboxStatus) -> Rendering:
    """Show how a sandbox is."""
    return Rendering(
        document=lambda: _sandbox_document(found),
        lines=lambda page: status_lines(found, page.paint, wide=page.verbose or page.wide),
        names=lambda: () if found.state is State.ABSENT else [found.name],
    )


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
                ("kubernetes", found.kubernetes or "not known yet"),
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
    return (node.name, ready, _gpus(node))


def _gpus(node: NodeStatus) -> str:
    """Say how many of a node's accelerators are offered, and what they are if not NVIDIA's."""
    if not node.gpus:
        return "-"
    count = f"{node.allocatable}/{node.gpus}"
    return count if node.resource == NVIDIA else f"{count} {node.resource}"


def _sandbox_document(found: SandboxStatus, **change: Any) -> Document:
    """Describe a sandbox as it is, and what the command did to it."""
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
        programs=_programs(found),
        parts=[_part_document(part) for part in found.parts],
        nodes=[
            {
                "name": node.name,
                "ready": node.ready,
                "gpus": node.gpus,
                "allocatable": node.allocatable,
                **({"resource": node.resource} if node.gpus else {}),
            }
            for node in found.nodes
        ],
        change=change or None,
    )


def _programs(found: SandboxStatus) -> Document | None:
    return {"folder": str(found.programs), "source": found.source} if found.programs else None


def _part_document(part: PartStatus) -> Document:
    return known(name=part.name, state=part.state.value, pid=part.pid, log=str(part.log))


def log_lines(found: Iterable[LogLine], paint: Paint, *, named: bool) -> Iterator[str]:
    """Write log lines, each with its part where there are several."""
    shades: dict[str, str] = {}
    for line in found:
        shade = shades.setdefault(line.part, _PART_COLOURS[len(shades) % len(_PART_COLOURS)])
        part = f"{paint(line.part, shade)}  " if named else ""
        yield f"{part}{plain(line.text)}"
