"""The status of the objects of a stack at this moment: one LIST for each kind, nothing watched.

Waiting for them is done in `wait`; what status follows from what is decided in `model.readiness`.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource, Discovery
from stackctl.api.store import ObjectStore
from stackctl.cluster.look import lookup, scoped_list
from stackctl.cluster.look.unseen import learn, unseen
from stackctl.cluster.wait.acceptance import takes_pods
from stackctl.cluster.wait.readiness_context import ReadinessContext
from stackctl.cluster.wait.target_status import Assessor, TargetStatus, asks_for_nodes
from stackctl.cluster.wait.targets import Target
from stackctl.errors import AccessDenied, Forbidden, NotServed
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.readiness import kept
from stackctl.model.readiness.children import WORKLOADS, is_settled, short_of_pods
from stackctl.model.readiness.kubectl import may_get
from stackctl.model.readiness.pod_faults import REFUSALS, Patience
from stackctl.model.readiness.readiness import settles
from stackctl.model.readiness.status import Assessment, Status
from stackctl.model.shapes.json_text import Keep
from stackctl.model.shapes.ready_rules import NO_RULES, ReadyRules

WORKERS = 8
SERVED = "kubectl get apiservices"  # tells which of them do not answer
NODES = "/api/v1/nodes"
EVENTS = "/api/v1/namespaces/{}/events"
Found = dict[Ref, Assessment]
NOTHING: Mapping[Ref, Manifest] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Statuses:
    """How objects stand, and those that were read for it: of some kinds their metadata only."""

    of: Mapping[Ref, Assessment]
    live: Mapping[Ref, Manifest] = field(default_factory=dict)


def read_statuses(
    client: Client,
    discovery: Discovery,
    refs: Iterable[Ref],
    *,
    stack: StackId,
    may_match_no_node: Container[Ref] = (),
    rules: ReadyRules = NO_RULES,
    seen: Mapping[Ref, Manifest] = NOTHING,
) -> Statuses:
    """Return the status of each object; what cannot be read is unknown, never missing.

    What is `seen` already is not read again, as far as it was.
    """
    kinds: dict[tuple[str, str], list[Ref]] = defaultdict(list)
    wanted = tuple(refs)
    for ref in wanted:
        kinds[ref.group, ref.kind].append(ref)
    learn(client, discovery, wanted)
    survey = _Survey(client, discovery, stack.selector, rules, seen)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = _merged(pool.map(survey.read_kind, kinds, kinds.values()))
        targets = [
            survey.target(ref, may_match_no_node=ref in may_match_no_node)
            for ref in wanted
            if ref not in found
        ]
        statuses = survey.statuses(targets, pool)
    found |= {
        each.target.ref: Assessment(each.status, each.message, each.hint) for each in statuses
    }
    live = {each.target.ref: each.live for each in statuses if each.live is not None}
    return Statuses({ref: found[ref] for ref in wanted}, live)


class _Survey:
    """One look; what is to be assessed is put into the store."""

    def __init__(
        self,
        client: Client,
        discovery: Discovery,
        labels: str,
        rules: ReadyRules,
        seen: Mapping[Ref, Manifest],
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._labels = labels
        self._seen = seen
        self._store = ObjectStore(settled=is_settled)
        context = ReadinessContext(client, discovery, rules)
        self._assessor = Assessor(self._store, context, Patience(), client.now)

    def read_kind(self, kind: tuple[str, str], refs: Sequence[Ref]) -> Found:
        """Put the objects of a kind into the store, or say why there is nothing to assess."""
        resource = self._discovery.find(*kind)
        if resource is None:
            return self._unserved(refs)
        objects = self._list(resource, refs)
        found = {}
        for ref in refs:
            # What may have lost its label, or may not be listed, is read by name.
            seen = objects.get(ref) or self._read(resource, ref)
            if isinstance(seen, Assessment):
                found[ref] = seen
            else:
                self._store.put(seen)
        return found

    def target(self, ref: Ref, *, may_match_no_node: bool) -> Target:
        """Name an object in whatever state it is."""
        resource = self._discovery.find(ref.group, ref.kind)
        version = resource.version if resource else ""
        return Target(ref, version, may_match_no_node=may_match_no_node)

    def statuses(self, targets: Sequence[Target], pool: Executor) -> list[TargetStatus]:
        """Assess what is in the store; workloads that are not ready with their Pods."""
        statuses = list(pool.map(self._assessor.assess, targets))
        unready = [
            each.target.ref
            for each in statuses
            if each.status is not Status.CURRENT
            and (each.target.ref.group, each.target.ref.kind) in WORKLOADS
        ]
        if not unready:
            return statuses
        resources = [self._discovery.find("", "Pod"), self._discovery.find("apps", "ReplicaSet")]
        paths = {
            found.path(ref.namespace) for found in resources if found is not None for ref in unready
        }
        live = [each.live for each in statuses if each.live is not None]
        if any(map(asks_for_nodes, live)):
            paths.add(NODES)
        paths |= {EVENTS.format(ref_of(each).namespace) for each in live if short_of_pods(each)}
        list(pool.map(self._read_children, paths))
        statuses = list(pool.map(self._assessor.assess, targets))
        return list(pool.map(self._again, statuses))

    def _again(self, found: TargetStatus) -> TargetStatus:
        """See whether it is still true that Pods of a workload are refused."""
        fault, live = found.fault, found.live
        if fault is None or live is None or not fault.refused:
            return found
        if not takes_pods(self._client, self._discovery, live):
            return found
        self._assessor.forgive(fault)
        return self._assessor.assess(found.target)

    def _unserved(self, refs: Sequence[Ref]) -> Found:
        doubts = unseen(self._client, self._discovery, refs)
        gone = Assessment(Status.NOT_FOUND, "its kind is gone")
        return {
            ref: Assessment(Status.UNKNOWN, f"not looked at: {doubts[ref]}", SERVED)
            if ref in doubts
            else gone
            for ref in refs
        }

    def _list(self, resource: ApiResource, refs: Sequence[Ref]) -> dict[Ref, Manifest]:
        brief = not settles(resource.group, resource.kind)
        if all(self._is_seen(ref, brief=brief) for ref in refs):
            return _by_ref(resource, (self._seen[ref] for ref in refs))
        spaces = {ref.namespace for ref in refs}
        list_all = partial(scoped_list.everywhere, labels=self._labels, metadata_only=brief)
        try:
            return _by_ref(resource, list_all(self._client, resource, spaces).items)
        except NotServed:
            return {}

    def _is_seen(self, ref: Ref, *, brief: bool) -> bool:
        """Tell whether as much of an object was read as its status follows from."""
        seen = self._seen.get(ref)
        return seen is not None and (brief or lookup.is_whole(seen, ref.kind))

    def _read(self, resource: ApiResource, ref: Ref) -> Manifest | Assessment:
        """Read one object by its name, or say why it is not seen."""
        path = resource.path(ref.namespace, ref.name)
        brief = not settles(resource.group, resource.kind)
        try:
            live = self._client.get(path, metadata_only=brief)
        except Forbidden as refusal:
            way_out = refusal.hint or may_get(resource.plural, resource.group, ref)
            return Assessment(Status.UNKNOWN, str(refusal), way_out)
        if live is None:
            return Assessment(Status.NOT_FOUND, "does not exist")
        return live | {"apiVersion": resource.api_version, "kind": resource.kind}

    def _read_children(self, path: str) -> None:
        try:
            fields = REFUSALS if path.endswith("/events") else ""
            items = self._client.list(path, fields=fields, keep=self._keep(path)).items
        except AccessDenied:
            return  # then nobody can say why
        for item in items:
            self._store.put(item)

    @staticmethod
    def _keep(path: str) -> Keep:
        kinds = {"pods": "Pod", "nodes": "Node"}
        return kept.of_kind("", kinds.get(path.rpartition("/")[2], ""))


def _by_ref(resource: ApiResource, items: Iterable[Manifest]) -> dict[Ref, Manifest]:
    names = {"apiVersion": resource.api_version, "kind": resource.kind}
    objects = [{**item, **names} for item in items]
    return {resource.ref(item): item for item in objects}


def _merged(parts: Iterable[Mapping[Ref, Assessment]]) -> Found:
    return {ref: assessment for part in parts for ref, assessment in part.items()}
