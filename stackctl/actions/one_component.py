"""One component of a stack, or some, changed alone: the others stay as they were recorded.

The bundle of such a run is that of the last revision with other versions of these components in
it, so that the record says what the cluster has. Adopting one is `adopt`'s.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stackctl.actions.compose import Composed, StackRequest
from stackctl.actions.execute_plan import Agree, execute_plan
from stackctl.actions.planning import look
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.look.sparing import STAYS
from stackctl.cluster.record import releases
from stackctl.cluster.record.lock import await_free
from stackctl.cluster.record.missing_record import absent
from stackctl.cluster.record.releases import Recorded
from stackctl.errors import ConfigError, ConflictError, UsageError
from stackctl.model.catalogue.catalogue import SHIPPED
from stackctl.model.catalogue.component import Component
from stackctl.model.compose.bundle import Bundle, BundleComponent, needs_first
from stackctl.model.objects.kinds import NAMESPACE, defined, kind_of
from stackctl.model.objects.refs import (
    COMPONENT_LABEL,
    Manifest,
    Ref,
    labelled,
    namespace_ref,
    ref_of,
)
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.release.release import Release, ReleaseStatus
from stackctl.model.resolve import graph
from stackctl.model.resolve.overrides import component_of, merge
from stackctl.model.run.events import Notify, Subject
from stackctl.model.run.outcome import DeployOutcome
from stackctl.sources.files import is_here, read_catalogue


def beside_the_others(
    request: StackRequest, composed: Composed, connection: Connection
) -> Composed:
    """Put components into what was last applied, or into nothing; without names, all of them.

    Raises:
        UsageError: the profile has no such component.
        ConflictError: they cannot be changed without others; which ones is said.
    """
    only = request.only
    if not only:
        return composed
    _require_known(only, {part.name for part in composed.bundle.components}, composed.bundle)
    _require_about(only, request.sets)
    recorded = releases.current(connection.client, composed.stack)
    _require_settled(recorded)
    before = releases.bundle_of(connection.client, recorded.release) if recorded else None
    if before is not None and before.profile != composed.bundle.profile:
        raise ConflictError(
            f"stack {composed.stack} has the profile {before.profile}, not "
            f"{composed.bundle.profile}: another profile is for the whole stack",
            hint=f"leave out --only, or say --profile {before.profile}",
        )
    bundle = _merged(only, composed, before)
    sets, secret = composed.sets, composed.secret_sets
    if recorded is not None:
        then = releases.secret_sets(connection.client, recorded.release)
        sets = _of_each(only, sets, recorded.release.sets)
        secret = _of_each(only, secret, then)
    chosen = tuple(each for each in composed.selection.components if each.component.name in only)
    selection = replace(composed.selection, components=chosen)
    return replace(composed, bundle=bundle, selection=selection, sets=sets, secret_sets=secret)


def teardown_only(
    stack: StackId,
    only: Sequence[str],
    connection: Connection,
    *,
    agree: Agree,
    notify: Notify,
    options: RunOptions,
) -> DeployOutcome:
    """Show, ask, and take components out of a stack; the others and the record stay.

    Raises:
        ReleaseError: there is no such stack here.
        ConflictError: others need them, or users' objects would be lost; nothing was touched.
    """
    with running(connection, notify) as run:
        notify(Subject(str(stack)))
        await_free(run.client, stack, options.wait_lock, run.stop, notify)
        recorded = releases.current(run.client, stack)
        if recorded is None:
            raise absent(run.connection, stack)
        _require_settled(recorded)
        before = releases.bundle_of(run.client, recorded.release)
        _require_known(only, {part.name for part in before.components}, before)
        _require_unneeded(only, before, _known(recorded.release))
        intent = look(run, stack, _without(only, before), only=frozenset(only))
        if not options.keep_crds:
            _require_unused(intent.plan)
        sets = _of_each(only, {}, recorded.release.sets)
        secret = _of_each(only, {}, releases.secret_sets(run.client, recorded.release))
        intent = replace(
            intent,
            command=" ".join(["teardown", *(f"--only {name}" for name in only)]),
            sets=sets,
            secret_sets=secret,
            sources=recorded.release.sources,
        )
        return execute_plan(run, intent, agree, options)


def _require_known(only: Collection[str], there: Collection[str], bundle: Bundle) -> None:
    if unknown := sorted({*only} - {*there}):
        raise UsageError(
            f"{', '.join(unknown)}: not part of profile {bundle.profile} "
            f"(there: {', '.join(sorted(there))})"
        )


def _require_about(only: Collection[str], sets: Sequence[str]) -> None:
    """Refuse settings that would do nothing."""
    others = sorted({key for key in merge(sets) if component_of(key) not in only})
    if others:
        raise UsageError(
            f"--set {', '.join(others)}: of a component that stays as it is",
            hint=f"name it as well: --only {component_of(others[0])}",
        )


def _require_settled(recorded: Recorded | None) -> None:
    """Refuse to build on a revision of which it is not known how much of it is there."""
    if recorded is not None and recorded.release.status is not ReleaseStatus.DEPLOYED:
        raise ConflictError(
            f"revision {recorded.release.revision} of {recorded.release.stack} is "
            f"{recorded.release.status}: one component alone is changed from a revision that is "
            "deployed",
            hint="the same command without --only brings the whole stack to one",
        )


def _merged(only: Collection[str], composed: Composed, before: Bundle | None) -> Bundle:
    """Put the named components into the bundle of the last revision.

    Raises:
        ConflictError: a component that is not there is needed, or an object is another's.
    """
    others = {
        part.name: part
        for part in (before.components if before is not None else ())
        if part.name not in only
    }
    there = {*others, *only}
    _require_needs(only, composed, there)
    held = {ref_of(each): part.name for part in others.values() for each in part.objects}
    spaces = {ref: each for ref, (_, each) in composed.bundle.objects.items() if _is_namespace(ref)}
    parts = dict(others)
    for part in composed.bundle.components:
        if part.name in only:
            found = _settled_in(part, held, spaces)
            held |= {ref_of(each): part.name for each in found.objects}
            parts[part.name] = replace(found, needs=found.needs & there)
    return replace(
        composed.bundle,
        components=needs_first(parts.values()),
        requires=before.requires if before is not None else composed.bundle.requires,
    )


def _require_needs(only: Collection[str], composed: Composed, there: Collection[str]) -> None:
    selection = composed.selection.components
    edges = graph.edges(selection)
    missing = {
        (each.component.name, provider)
        for each in selection
        if each.component.name in only
        for provider, capability in edges[each.component.name].items()
        if capability in graph.required(each) and provider not in there
    }
    if missing:
        lines = [f"  {name} needs {provider}" for name, provider in sorted(missing)]
        names = sorted({*only} | {provider for _, provider in missing})
        raise ConflictError(
            "\n".join(["what these components need is not there:", *lines]),
            hint=f"name them as well: {' '.join(f'--only {name}' for name in names)}",
        )


def _settled_in(
    part: BundleComponent, held: Mapping[Ref, str], spaces: Mapping[Ref, Manifest]
) -> BundleComponent:
    """Leave namespaces to who has them already, and take those along that nobody has."""
    taken = [ref for each in part.objects if (ref := ref_of(each)) in held]
    if clash := [ref for ref in taken if not _is_namespace(ref)]:
        names = sorted({held[ref] for ref in clash})
        raise ConflictError(
            f"{clash[0]}: is an object of {', '.join(names)} so far, and would be one of "
            f"{part.name}",
            hint="name both: " + " ".join(f"--only {name}" for name in sorted({part.name, *names})),
        )
    objects = [each for each in part.objects if ref_of(each) not in held]
    own = {ref_of(each) for each in objects}
    wanted = dict.fromkeys(namespace_ref(ref.namespace) for ref in own if ref.namespace)
    more = [
        labelled(spaces[ref], {COMPONENT_LABEL: part.name})
        for ref in sorted(wanted)
        if ref in spaces and ref not in held and ref not in own
    ]
    needs = {held[ref] for ref in taken if held[ref] != part.name}
    return replace(part, objects=(*more, *objects), needs=part.needs | needs)


def _without(only: Collection[str], before: Bundle) -> Bundle:
    """Take components out; a namespace in which others have something is theirs from now on."""
    leaving = [part for part in before.components if part.name in only]
    staying = {part.name: part for part in before.components if part.name not in only}
    for manifest in (each for part in leaving for each in part.objects):
        if _is_namespace(ref_of(manifest)):
            name = manifest["metadata"]["name"]
            heirs = [part for part in staying.values() if _lives_in(part, name)]
            for heir in heirs[:1]:
                moved = labelled(manifest, {COMPONENT_LABEL: heir.name})
                staying[heir.name] = replace(heir, objects=(moved, *heir.objects))
    parts = (replace(part, needs=part.needs & staying.keys()) for part in staying.values())
    return replace(before, components=needs_first(parts))


def _lives_in(part: BundleComponent, namespace: str) -> bool:
    return any(ref_of(each).namespace == namespace for each in part.objects)


def _is_namespace(ref: Ref) -> bool:
    return (ref.group, ref.kind) == NAMESPACE


@dataclass(frozen=True, slots=True)
class _Known:
    """The components that a revision was made of, as far as their catalogues are here."""

    components: Mapping[str, Component]
    all: bool  # of them: any other is one that a profile or a stack file alone has made

    def needs(self, part: BundleComponent, other: BundleComponent) -> bool:
        """Tell whether a component cannot do without another one that it is applied after.

        It may only share a namespace with it, or wait for it where it is there. What is not known
        is taken for a need; what no folder has needs nobody but who defines its kinds.
        """
        if part.name in self.components and other.name in self.components:
            return _calls_for(self.components[part.name], self.components[other.name])
        kinds = defined(other.objects)
        return not self.all or any(kind_of(each) in kinds for each in part.objects)


def _known(release: Release) -> _Known:
    here = [each for each in release.sources if is_here(each)]
    folders = [Path(each.folder) for each in here if each.folder != SHIPPED]
    try:
        return _Known(read_catalogue(folders).components, len(here) == len(release.sources) > 0)
    except ConfigError:
        return _Known({}, all=False)


def _require_unneeded(only: Collection[str], before: Bundle, known: _Known) -> None:
    """Refuse to take away what others need, and to take everything away bit by bit."""
    staying = [part for part in before.components if part.name not in only]
    if not staying:
        raise UsageError("these are all components of the stack", hint="stackctl teardown")
    parts = {part.name: part for part in before.components}
    needs = {
        name: {other for other in part.needs if known.needs(part, parts[other])}
        for name, part in parts.items()
    }
    needing = {part.name: sorted(needs[part.name] & {*only}) for part in staying}
    lines = [f"  {name} needs {', '.join(found)}" for name, found in needing.items() if found]
    if not lines:
        return
    names = graph.reached(
        only, lambda name: (other for other, found in needs.items() if name in found)
    )
    whole = len(names) == len(before.components)
    words = [] if whole else [f"--only {name}" for name in sorted(names)]
    raise ConflictError(
        "\n".join(["others need what would be taken out:", *lines]),
        hint=" ".join(["stackctl", "teardown", *words]),
    )


def _calls_for(component: Component, other: Component) -> bool:
    wanted = {*component.spec.requires}
    wanted = wanted.union(*(each.needs for each in component.spec.features.values()))
    given = {*other.spec.provides}
    given = given.union(*(each.provides for each in other.spec.features.values()))
    return not wanted.isdisjoint(given)


def _require_unused(plan: Plan) -> None:
    """Refuse to leave definitions behind because of what users made with them, unsaid."""
    lines = list(_staying(plan))
    if lines:
        raise ConflictError(
            "\n".join(["not everything can go:", *lines]),
            hint="--keep-crds leaves that, still recorded; or delete what users made, and again",
        )


def _staying(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.action is Action.UNCHANGED and change.reason.startswith(STAYS):
            yield f"  {change.ref} {change.reason}"


def _of_each(
    only: Collection[str], now: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, str]:
    """Say what `--set` says of these components now, and of the others before."""
    kept = {key: value for key, value in before.items() if component_of(key) not in only}
    return kept | {key: value for key, value in now.items() if component_of(key) in only}
