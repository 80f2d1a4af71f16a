"""What the cluster holds of a bundle, asked with as few requests as will do.

One metadata-only LIST for each kind finds every object of the stack and proves most of them
unchanged; only the others are read and tried in a server-side dry run. What follows from it is
decided in `model.plan`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource
from stackctl.cluster.connection import Connection
from stackctl.cluster.look import scoped_list
from stackctl.cluster.look.unseen import definition_gone
from stackctl.cluster.sending import Sender
from stackctl.errors import (
    ConflictError,
    Forbidden,
    Invalid,
    NotFound,
    NotServed,
    Rejected,
)
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.crd_changes import lost
from stackctl.model.objects.immutable import fixed_fields, may_be_recreated
from stackctl.model.objects.kinds import DEFINITION, GroupKind, defined, kind_of
from stackctl.model.objects.merge import overlay
from stackctl.model.objects.refs import (
    STACK_LABEL,
    Manifest,
    Ref,
    group_of,
    labels_of,
    ref_of,
    version_of,
)
from stackctl.model.ownership.conflict_policy import ConflictPolicy
from stackctl.model.ownership.managed_fields import after_takeover
from stackctl.model.ownership.ownership import has_all_of, owner, recorded_as_ours, written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Snapshot, proven_unchanged
from stackctl.model.plan.removal import ordinary
from stackctl.model.release.release import Entry

# From this many absent objects of one kind in one namespace, a LIST is cheaper than the GETs.
LIST_FROM = 6


def take(
    connection: Connection,
    bundle: Bundle,
    stack: StackId,
    inventory: Sequence[Entry],
    pool: Executor,
) -> Snapshot:
    """Look at every object of the bundle and of the inventory.

    Raises:
        ConflictError: objects belong to others; each is named with its owner.
        ClusterError: something could not be read, so nothing can be said about it.
    """
    desired = bundle.objects()
    entries = {entry.ref: entry for entry in inventory}
    found = find(
        connection, stack, [*desired, *(ref for ref in entries if ref not in desired)], pool
    )
    stances = {part.name: bundle.conflict_policy(part) for part in bundle.components}
    adopted = frozenset(name for name, stance in stances.items() if stance.take)
    _refuse_foreign(found, desired, entries, stack, adopted)
    proven = frozenset(
        ref
        for ref, (_, manifest) in desired.items()
        if ref in found and proven_unchanged(manifest, found[ref], stack, entries.get(ref))
    )
    clear = proven | Snapshot(found, {}, proven).leaving
    asked = [ref for ref in desired if ref in found and ref not in clear]
    moving = _changing_kinds(desired[ref][1] for ref in asked)
    whole = _whole(connection, stack, [desired[ref][1] for ref in asked], pool)

    sender = Sender(connection.client, stack)

    def look(ref: Ref) -> Look:
        component, manifest = desired[ref]
        moves = (ref.group, ref.kind) in moving
        path, served = _path_now(connection, manifest, moves=moves)
        live = whole.get(ref) or connection.client.get(path)
        if live is None:
            raise NotFound(f"{path}: deleted while it was looked at", status=404)
        if not served:
            return Look(live, overlay(live, manifest))
        return look_at(sender, path, manifest, live, stances[component], moves=moves)

    answers = pool.map(look, asked)
    looks = dict(zip(asked, answers, strict=True))
    _refuse_losses(looks)
    fixed = {ref: look.fixed for ref, look in looks.items() if look.fixed}
    _refuse_impossible(fixed)
    return Snapshot(
        live=found | {ref: look.live for ref, look in looks.items()},
        predicted={ref: look.predicted for ref, look in looks.items()},
        proven=proven,
        fixed=fixed,
        left=frozenset(ref for ref, look in looks.items() if look.left),
    )


def labelled(
    connection: Connection, stack: StackId, refs: Iterable[Ref], pool: Executor
) -> dict[Ref, Manifest]:
    """Find the metadata of every object that carries the stack's label, of the kinds named.

    With few rights, it is that of the objects named.
    """
    kinds: dict[GroupKind, list[Ref]] = defaultdict(list)
    for ref in refs:
        kinds[ref.group, ref.kind].append(ref)
    served = [(found, kinds[kind]) for kind in kinds if (found := connection.discovery.find(*kind))]
    label = stack.selector
    listings = pool.map(lambda each: _list(connection.client, each[0], each[1], label), served)
    return {
        resource.ref(item): item
        for (resource, _), items in zip(served, listings, strict=True)
        for item in items
    }


def find(
    connection: Connection, stack: StackId, refs: Sequence[Ref], pool: Executor
) -> dict[Ref, Manifest]:
    """Find the metadata of objects that are there, labelled as ours or not."""
    found = labelled(connection, stack, refs, pool)
    absent = [ref for ref in refs if ref not in found]
    return found | _unlabelled(connection, absent, found, pool)


def read(connection: Connection, refs: Sequence[Ref], pool: Executor) -> dict[Ref, Manifest]:
    """Read the metadata of objects; those that are gone are left out."""
    return _unlabelled(connection, refs, {}, pool)


@dataclass(frozen=True, slots=True)
class Look:
    """One object, and what applying the manifest would make of it."""

    live: Manifest
    predicted: Manifest
    fixed: tuple[str, ...] = ()  # fields that would have to change and cannot
    lost: tuple[str, ...] = ()  # why objects of a definition would be lost
    left: bool = False  # may not be changed by us, and will do as it is


def _list(
    client: Client, resource: ApiResource, refs: Sequence[Ref], labels: str
) -> Sequence[Manifest]:
    try:
        return scoped_list.find(client, resource, refs, labels=labels).items
    except NotServed:
        if not definition_gone(client, resource):
            raise
        return ()  # the kind went away between discovery and now


def _unlabelled(
    connection: Connection, absent: Sequence[Ref], found: Mapping[Ref, Manifest], pool: Executor
) -> dict[Ref, Manifest]:
    """Find objects of the bundle that are there without our label."""
    groups: dict[tuple[ApiResource, str], list[Ref]] = defaultdict(list)
    for ref in absent:
        if resource := connection.discovery.find(ref.group, ref.kind):
            groups[resource, ref.namespace].append(ref)
    spaces = _namespaces(connection, {space for _, space in groups if space}, found, pool)
    asked = [key for key in groups if not key[1] or key[1] in spaces]
    answers = pool.map(lambda key: _find(connection.client, key[0], key[1], groups[key]), asked)
    return {ref: manifest for answer in answers for ref, manifest in answer.items()}


def _namespaces(
    connection: Connection, names: Iterable[str], found: Mapping[Ref, Manifest], pool: Executor
) -> set[str]:
    """Tell which namespaces may exist: nothing needs to be looked for in the others."""
    client = connection.client
    known = {ref.name for ref in found if ref.kind == "Namespace"}
    unknown = [name for name in names if name not in known]
    if len(unknown) >= LIST_FROM:
        with suppress(Forbidden):
            listing = client.list("/api/v1/namespaces", metadata_only=True)
            return {item["metadata"]["name"] for item in listing.items}
    answers = pool.map(lambda name: scoped_list.may_exist(client, name), unknown)
    return known | {name for name, there in zip(unknown, answers, strict=True) if there}


def _find(
    client: Client, resource: ApiResource, namespace: str, refs: Sequence[Ref]
) -> dict[Ref, Manifest]:
    try:
        if len(refs) >= LIST_FROM:
            with suppress(Forbidden):
                wanted = set(refs)
                items = client.list(resource.path(namespace), metadata_only=True).items
                return {ref: item for item in items if (ref := resource.ref(item)) in wanted}
        answers = {
            ref: client.get(resource.path(namespace, ref.name), metadata_only=True) for ref in refs
        }
    except NotServed:
        if not definition_gone(client, resource):
            raise
        return {}  # the kind went away between discovery and now
    return {ref: manifest for ref, manifest in answers.items() if manifest is not None}


def _refuse_foreign(
    found: Mapping[Ref, Manifest],
    desired: Mapping[Ref, tuple[str, Manifest]],
    entries: Mapping[Ref, Entry],
    stack: StackId,
    adopted: frozenset[str],
) -> None:
    foreign: list[str] = []
    taken: list[str] = []
    theirs = set()
    for ref, (component, _) in desired.items():
        live = found.get(ref)
        # Namespaces are shared, and some objects are in each of them by themselves.
        if live is None or ref.kind == "Namespace" or ordinary(ref) or component in adopted:
            continue
        known = entries.get(ref)
        same = known is not None and known.uid == live["metadata"]["uid"]
        if written_by(live, stack) or (known and recorded_as_ours(live, stack, known.uid)):
            continue
        holder = owner(live, stack) or "nobody stackctl knows of"
        (taken if same else foreign).append(f"  {ref} ({component}): owned by {holder}")
        theirs.add(component)
    if theirs:
        exist = ["objects of the bundle exist already and are not ours:", *foreign]
        changed = ["objects of the stack have since been taken over:", *taken]
        only = min(theirs) if len(theirs) == 1 else "COMPONENT"
        raise ConflictError(
            "\n".join([*(exist if foreign else ()), *(changed if taken else ())]),
            hint=f"`stackctl adopt {only}` or `mode: adopted` makes them ours, "
            "`mode: external` leaves the component to its owner",
        )


def _changing_kinds(asked: Iterable[Manifest]) -> frozenset[GroupKind]:
    """Name the kinds whose definitions may be about to change."""
    return frozenset(defined([each for each in asked if kind_of(each) == DEFINITION]))


def _whole(
    connection: Connection, stack: StackId, manifests: Iterable[Manifest], pool: Executor
) -> dict[Ref, Manifest]:
    """Read all objects of kinds of which many have to be looked at, those labelled as ours."""
    kinds: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
    for each in manifests:
        kinds[group_of(each), each["kind"], version_of(each)].append(ref_of(each))
    many = [kind for kind, refs in kinds.items() if len(refs) >= LIST_FROM]
    served = [(found, kinds[kind]) for kind in many if (found := connection.discovery.find(*kind))]
    client, labels = connection.client, stack.selector
    answers = pool.map(
        lambda each: scoped_list.find(client, *each, labels=labels, metadata_only=False), served
    )
    return {ref_of(item): item for answer in answers for item in answer.items}


def look_at(
    sender: Sender,
    path: str,
    manifest: Manifest,
    live: Manifest,
    stance: ConflictPolicy,
    *,
    moves: bool = False,
) -> Look:
    """Find out what applying an object would make of the one that is there.

    What moves on with its definition may not fit the one that is still there.
    """
    if _anothers(live, sender.stack) and has_all_of(live, manifest):
        return Look(live, live, left=True)
    try:
        predicted = sender.predict(path, manifest, stance)
    except Forbidden:
        if not has_all_of(live, manifest):
            raise
        return Look(live, live, left=True)
    except Rejected as refusal:
        fixed = fixed_fields(refusal.causes) if isinstance(refusal, Invalid) else ()
        gone = () if fixed else _losses(live, manifest)
        if fixed or gone:
            return Look(live, manifest, fixed, gone)
        if not moves:
            raise
        return Look(live, overlay(live, manifest))
    return Look(live, after_takeover(live, predicted, sender.stack, adopting=stance.take))


def _anothers(live: Manifest, stack: StackId) -> bool:
    """Tell whether an object is signed by another stack: namespaces are shared."""
    label = labels_of(live).get(STACK_LABEL, stack.label)
    return label != stack.label


def _path_now(connection: Connection, manifest: Manifest, *, moves: bool) -> tuple[str, bool]:
    """Find where an object is, and whether in the version that it is to be applied in."""
    try:
        return connection.discovery.path_of(manifest), True
    except NotServed:
        ref = ref_of(manifest)
        resource = connection.discovery.find(ref.group, ref.kind)
        if resource is None or not moves:
            raise
        return resource.path(ref.namespace, ref.name), False


def _losses(live: Manifest, manifest: Manifest) -> tuple[str, ...]:
    """Say what of a definition's objects could not be read any more; nothing of other kinds."""
    return tuple(lost(live, manifest)) if kind_of(manifest) == DEFINITION else ()


def _refuse_losses(looks: Mapping[Ref, Look]) -> None:
    """Refuse definitions that would make stored objects unreadable."""
    lines = [f"  {ref}: {reason}" for ref, look in looks.items() for reason in look.lost]
    if lines:
        raise ConflictError("\n".join(["stored objects would be lost:", *lines]))


def _refuse_impossible(fixed: Mapping[Ref, tuple[str, ...]]) -> None:
    """Refuse changes that only deleting what holds others' data would bring about."""
    lines = [
        f"  {ref}: {'; '.join(fields)}"
        for ref, fields in fixed.items()
        if not may_be_recreated(ref)
    ]
    if lines:
        raise ConflictError(
            "\n".join(["these cannot be changed, and are never deleted to be made again:", *lines]),
            hint="leave the field as it is, or choose another name for the object",
        )
