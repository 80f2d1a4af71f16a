"""What can stand where a command line is being typed: names of the catalogue, of the cluster.

Whatever goes wrong here, the shell is told nothing: nobody wants an error in the middle of a word.
How a shell asks, and how it is answered, is in `shells`.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from stackctl.errors import StackError

if TYPE_CHECKING:
    from stackctl.cluster.connection import Connection
    from stackctl.sources.outline import Outline

Offer = tuple[str, str]  # what can stand there, and what it is
CLUSTER_SECONDS = 2.0  # for a cluster that is asked while somebody waits with a finger on a key
_TRUTHS = ("true", "false")


def _completer(
    find: Callable[[typer.Context, str], Iterable[Offer]],
) -> Callable[[typer.Context, str], list[Offer]]:
    """Make a completion of what finds all that could be meant."""

    def complete(ctx: typer.Context, incomplete: str) -> list[Offer]:
        with suppress(StackError, OSError):
            return [offer for offer in find(ctx, incomplete) if offer[0].startswith(incomplete)]
        return []

    return complete


@_completer
def complete_profile(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer profiles; behind a plus those that can be mixed in, for they build on no other."""
    from stackctl.sources.outline import profiles

    chosen, plus, _ = incomplete.rpartition("+")
    taken = chosen.split("+")
    for each in profiles(_catalogs(ctx)):
        alone = not (each.spec.get("extends") or each.spec.get("mixins"))
        if not plus or (alone and each.name not in taken):
            yield f"{chosen}{plus}{each.name}", each.description


@_completer
def complete_component(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer components."""
    from stackctl.sources.outline import described

    return described(_catalogs(ctx))


@_completer
def complete_setting(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer `component.`, then what can be set of it, then its values where they can be listed."""
    from stackctl.sources.outline import components, names

    name, dot, rest = incomplete.partition(".")
    if not dot:
        yield from ((f"{each}.", "") for each in names(_catalogs(ctx)))
        return
    for component in components(_catalogs(ctx), name):
        offers = _values(component, rest) if "=" in rest else _keys(component)
        yield from ((f"{name}.{key}", text) for key, text in offers)


@_completer
def complete_source(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer for each component that follows a chart the chart, and its own manifests."""
    from stackctl.sources.outline import components

    for each in components(_catalogs(ctx)):
        if each.spec.get("upstream", {}).get("chart") and "source" not in each.spec:
            yield f"{each.name}=chart", each.description
            yield f"{each.name}=manifests", each.description


@_completer
def complete_subject(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Offer components, then what can be set of the one that is typed."""
    from stackctl.sources.outline import components, described

    name, dot, _ = incomplete.partition(".")
    if not dot:
        yield from described(_catalogs(ctx))
        return
    for component in components(_catalogs(ctx), name):
        yield from ((f"{name}.{key.rstrip('=')}", text) for key, text in _keys(component))


@_completer
def complete_generated(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer the parameters that a value is made for."""
    from stackctl.sources.outline import components

    for component in components(_catalogs(ctx)):
        for key, parameter in component.described("parameters"):
            if parameter.get("generate"):
                yield f"{component.name}.{key}", str(parameter.get("description", ""))


def _keys(component: "Outline") -> Iterator[Offer]:
    for key, parameter in component.described("parameters"):
        yield f"{key}=", str(parameter.get("description", ""))
    yield "namespace=", "Namespace the component is installed in"
    for key, feature in component.described("features"):
        yield f"features.{key}=", str(feature.get("description", ""))


def _values(component: "Outline", typed: str) -> Iterator[Offer]:
    key, _, value = typed.partition("=")
    if key.startswith("features."):
        yield from ((f"{key}={truth}", "") for truth in _TRUTHS)
    parameter = dict(component.described("parameters")).get(key, {})
    values = parameter.get("enum") or (_TRUTHS if parameter.get("type") == "boolean" else ())
    # Of a list, the item that is being typed.
    before = value[: value.rfind(",") + 1] if parameter.get("type") == "list" else ""
    yield from ((f"{key}={before}{each}", "") for each in values)


def complete_schema(incomplete: str) -> list[Offer]:
    """Offer what there are schemas of, in small letters too."""
    from stackctl.model.documents.schemas import SCHEMAS

    wanted = incomplete.lower()
    return [offer for offer in SCHEMAS.items() if offer[0].lower().startswith(wanted)]


@_completer
def complete_context(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer contexts of the kubeconfig, each with its cluster."""
    from stackctl.api.access.kubeconfig import kubeconfig_files, merge, read_kubeconfig
    from stackctl.files import exists

    files = kubeconfig_files(ctx.params.get("kubeconfig"), os.environ)
    contexts = merge(read_kubeconfig(path) for path in files if exists(path)).contexts
    return ((name, fields.text("cluster")) for name, fields in contexts.items())


@_completer
def complete_stack(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer the stacks that are recorded on the cluster."""
    return ((str(stack), f"revision {max(found)}") for stack, found in _recorded(ctx) if found)


@_completer
def complete_revision(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer the revisions of the stack that is meant, the newest first."""
    wanted = ctx.params.get("stack")
    known = [(stack, found) for stack, found in _recorded(ctx) if wanted in (None, str(stack))]
    if len(known) == 1:
        yield from ((str(revision), "") for revision in sorted(known[0][1], reverse=True))


@_completer
def complete_sandbox(_ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer the sandboxes there are."""
    from stackctl.sandbox.machine.places import Places

    return ((name, "") for name in Places.of(os.environ).names())


@_completer
def complete_part(_ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer the parts of a sandbox."""
    from stackctl.sandbox.plane.parts import PARTS

    return ((part, "") for part in PARTS)


@_completer
def complete_command(ctx: typer.Context, _: str) -> Iterator[Offer]:
    """Offer commands, for their help."""
    here: Any = ctx.find_root().command
    for word in ctx.params.get("command") or ():
        here = getattr(here, "commands", {}).get(word)
    for name, command in getattr(here, "commands", {}).items():
        yield name, command.get_short_help_str()


def _catalogs(ctx: typer.Context) -> tuple[Path, ...]:
    return tuple(Path(each) for each in ctx.params.get("catalogs") or ())


def _recorded(ctx: typer.Context) -> Iterator[tuple[Any, Sequence[int]]]:
    """Ask the cluster that is meant which stacks it has, for a moment."""
    from stackctl.actions.stacks import recorded

    connection = _connected(ctx)
    try:
        yield from recorded(connection, namespace=ctx.params.get("record_namespace")).items()
    finally:
        connection.client.close()


def _connected(ctx: typer.Context) -> "Connection":
    import threading

    from stackctl.actions.connect import TargetRequest, connect
    from stackctl.api.http.limits import Allowance

    context = next(iter(ctx.params.get("contexts") or ()), None)
    wish = TargetRequest(kubeconfig=ctx.params.get("kubeconfig"), context=context)
    allowance = Allowance(CLUSTER_SECONDS, remedy="")
    return connect(wish, os.environ, lambda _: None, threading.Event(), allowance)
