"""What the cluster holds of a bundle, asked with as few requests as will do.

One metadata-only LIST for each kind finds every object of the stack and proves most of them
unchanged; only the others are read and tried in a server-side dry run. What follows from it is
decided in `model.plan`.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from stackctl.cluster.connection import Connection
from stackctl.cluster.look import lookup, scoped_list
from stackctl.cluster.look.prediction import Prediction, predict
from stackctl.cluster.look.trial import NotThereYet, Trials, is_refusal, judged_later, try_new
from stackctl.cluster.sending import Sender
from stackctl.errors import ConflictError, NotFound, NotServed, PreflightError, Rejected
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.immutable import may_be_recreated
from stackctl.model.objects.kinds import DEFINITION, GroupKind, defined, kind_of
from stackctl.model.objects.merge import expected
from stackctl.model.objects.refs import Manifest, Ref, group_of, ref_of, version_of
from stackctl.model.ownership.conflict_policy import ConflictPolicy
from stackctl.model.ownership.ownership import recorded_as_ours, written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.foreign_objects import foreign_object, refusal
from stackctl.model.plan.plan import Snapshot, proven_unchanged
from stackctl.model.plan.removal import ordinary
from stackctl.model.readiness.policies import denying, unsettled
from stackctl.model.readiness.readiness import settles
from stackctl.model.release.release import Entry

MEND = "mend the manifest, the setting or the patch behind it; nothing was touched"


def take(
    connection: Connection,
    bundle: Bundle,
    stack: StackId,
    inventory: Sequence[Entry],
    pool: Executor,
    *,
    trying: bool = False,
) -> Snapshot:
    """Look at every object of the bundle and of the inventory; `trying` tries new ones as well.

    Raises:
        ConflictError: objects belong to others; each is named with its owner.
        PreflightError: the server refuses objects; each is named with its component.
        ClusterError: something could not be read, so nothing can be said about it.
    """
    desired = bundle.objects
    entries = {entry.ref: entry for entry in inventory}
    refs = [*desired, *(ref for ref in entries if ref not in desired)]
    found = lookup.find(connection, stack, refs, pool, whole=_is_read)
    stances = {part.name: bundle.conflict_policy(part) for part in bundle.components}
    existing = [
        _Existing(ref, component, manifest, found[ref], entries.get(ref), stances[component])
        for ref, (component, manifest) in desired.items()
        if ref in found
    ]
    _refuse_foreign(existing, stack, bundle.profile)
    proven = frozenset(each.ref for each in existing if each.proven(stack))
    clear = proven | Snapshot(found, {}, proven).leaving
    asked = [each for each in existing if each.ref not in clear]
    new = {ref: each for ref, (_, each) in desired.items() if ref not in found}
    trials = _trials(connection, stack, bundle, new, proven, pool) if trying else Trials({}, {})
    policies = unsettled([each.objects for each in bundle.components], proven)
    answers = dict(_predictions(connection, stack, asked, policies, pool))
    predictions = {ref: each for ref, each in answers.items() if isinstance(each, Prediction)}
    refused = {ref: each for ref, each in answers.items() if isinstance(each, Rejected)}
    _refuse_refused({**refused, **trials.refused}, bundle)
    _refuse_losses(predictions)
    fixed = {ref: each.fixed for ref, each in predictions.items() if each.fixed}
    _refuse_impossible(fixed)
    return Snapshot(
        live=found | {ref: each.live for ref, each in predictions.items()},
        predicted={ref: each.result for ref, each in predictions.items()},
        proven=proven,
        absent=frozenset(ref for ref in desired if ref not in found),
        fixed=fixed,
        left=frozenset(ref for ref, each in predictions.items() if each.left),
        held={ref: each.held for ref, each in predictions.items() if each.held},
        untried={
            **{ref: each.untried for ref, each in predictions.items() if each.untried},
            **(trials.untried if trying else dict.fromkeys(new, "")),
        },
    )


def _is_read(kind: GroupKind) -> bool:
    """Tell the kinds of which more is asked than who wrote what: whether they are ready.

    Definitions are large, and nearly always as they were.
    """
    return settles(*kind) and kind != DEFINITION


@dataclass(frozen=True, slots=True)
class _Existing:
    """One object of the bundle that is there, and what is known of it without reading it."""

    ref: Ref
    component: str
    manifest: Manifest
    metadata: Manifest  # of the live object
    entry: Entry | None  # in the record
    stance: ConflictPolicy

    def proven(self, stack: StackId) -> bool:
        """Tell whether applying it again would change nothing."""
        return proven_unchanged(self.manifest, self.metadata, stack, self.entry)

    @property
    def recorded(self) -> bool:
        """It is the very object that the record names."""
        return self.entry is not None and self.entry.uid == self.metadata["metadata"]["uid"]

    @property
    def live(self) -> Manifest | None:
        """The live object, where it was read in the version of the manifest."""
        version, kind = self.manifest["apiVersion"], self.manifest["kind"]
        same = self.metadata.get("apiVersion") == version
        return self.metadata if same and lookup.is_whole(self.metadata, kind) else None

    def foreign(self, stack: StackId) -> bool:
        """Tell whether it is somebody else's, and not for us to take."""
        # Namespaces are shared, and some objects are in each of them by themselves.
        if self.stance.take or self.ref.kind == "Namespace" or ordinary(self.ref):
            return False
        known = self.entry and recorded_as_ours(self.metadata, stack, self.entry.uid)
        return not (written_by(self.metadata, stack) or known)


def _predictions(
    connection: Connection,
    stack: StackId,
    asked: Sequence[_Existing],
    policies: Container[str],
    pool: Executor,
) -> Iterable[tuple[Ref, Prediction | Rejected]]:
    """Try each object in a dry run, in the version that will be served by then."""
    # Kinds whose definitions may be about to change.
    moving = frozenset(defined([x.manifest for x in asked if kind_of(x.manifest) == DEFINITION]))
    unread = [each.manifest for each in asked if each.live is None]
    whole = _whole(connection, stack, unread, pool)
    sender = Sender(connection.client, stack)

    def look(each: _Existing) -> tuple[Ref, Prediction | Rejected]:
        moves = kind_of(each.manifest) in moving
        path, served = _path_now(connection, each.manifest, moves=moves)
        live = each.live or whole.get(each.ref) or connection.client.get(path)
        if live is None:
            raise NotFound(f"{path}: deleted while it was looked at", status=404)
        if not served:
            return each.ref, Prediction(live, expected(live, each.manifest))
        try:
            return each.ref, predict(sender, path, each.manifest, live, each.stance, moves=moves)
        except Rejected as error:
            if not is_refusal(error):
                raise
            if (policy := denying(str(error))) in policies:
                result = expected(live, each.manifest)
                return each.ref, Prediction(live, result, untried=judged_later(policy))
            return each.ref, error

    return pool.map(look, asked)


def _trials(
    connection: Connection,
    stack: StackId,
    bundle: Bundle,
    new: Mapping[Ref, Manifest],
    proven: Container[Ref],
    pool: Executor,
) -> Trials:
    """Try what is to be made, as far as what it needs is there and stays as it is."""
    changing = [each for each in bundle.manifests if ref_of(each) not in proven]
    around = NotThereYet(
        namespaces={ref.name for ref in new if ref.kind == "Namespace"},
        kinds=defined([each for each in changing if kind_of(each) == DEFINITION]).keys(),
        guards=any(kind_of(each)[1].endswith("WebhookConfiguration") for each in changing),
        policies=unsettled([each.objects for each in bundle.components], proven),
    )
    sender = Sender(connection.client, stack)
    return try_new(sender, connection.discovery, new, around, pool)


def _whole(
    connection: Connection, stack: StackId, manifests: Iterable[Manifest], pool: Executor
) -> dict[Ref, Manifest]:
    """Read all objects of kinds of which many have to be looked at, those labelled as ours."""
    kinds: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
    for each in manifests:
        kinds[group_of(each), each["kind"], version_of(each)].append(ref_of(each))
    many = [kind for kind, refs in kinds.items() if len(refs) >= lookup.LIST_FROM]
    served = [(found, kinds[kind]) for kind in many if (found := connection.discovery.find(*kind))]
    client, labels = connection.client, stack.selector
    answers = pool.map(
        lambda each: scoped_list.find(client, *each, labels=labels, metadata_only=False), served
    )
    return {ref_of(item): item for answer in answers for item in answer.items}


def _path_now(connection: Connection, manifest: Manifest, *, moves: bool) -> tuple[str, bool]:
    """Return where an object is, and whether in the version that it is to be applied in."""
    try:
        return connection.discovery.path_of(manifest), True
    except NotServed:
        ref = ref_of(manifest)
        resource = connection.discovery.find(ref.group, ref.kind)
        if resource is None or not moves:
            raise
        return resource.path(ref.namespace, ref.name), False


def _refuse_foreign(existing: Iterable[_Existing], stack: StackId, profile: str) -> None:
    """Refuse objects that belong to others, or have been taken over since they were ours."""
    theirs = [
        foreign_object(each.ref, each.component, each.metadata, stack, recorded=each.recorded)
        for each in existing
        if each.foreign(stack)
    ]
    if theirs:
        raise refusal(theirs, profile)


def _refuse_refused(refused: Mapping[Ref, Rejected], bundle: Bundle) -> None:
    """Refuse what the server would: every object with its component, and the server's words."""
    owners = {ref: component for ref, (component, _) in bundle.objects.items()}
    lines = [f"  {owners[ref]}: {error}" for ref, error in refused.items()]
    if lines:
        raise PreflightError(
            "\n".join(["the server refuses what would be applied:", *lines]),
            hint=next((error.hint for error in refused.values() if error.hint), MEND),
        )


def _refuse_losses(predictions: Mapping[Ref, Prediction]) -> None:
    """Refuse definitions that would make stored objects unreadable."""
    lines = [f"  {ref}: {reason}" for ref, each in predictions.items() for reason in each.lost]
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
