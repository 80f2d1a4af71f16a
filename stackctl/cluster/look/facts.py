"""What a cluster is and has, as far as a profile can ask for it.

Whether that is enough is decided in `model.preflight`.
"""

from collections.abc import Container, Iterable, Sequence
from concurrent.futures import Executor

from stackctl.api.discovery import Discovery
from stackctl.cluster.connection import Connection
from stackctl.cluster.look import scoped_list
from stackctl.errors import Forbidden
from stackctl.model.objects.conditions import condition
from stackctl.model.objects.kinds import GroupKind
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of
from stackctl.model.plan.preflight import Facts, Node, ServedKinds, Topic
from stackctl.model.readiness import kept

DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
PATHS = {
    Topic.NODES: "/api/v1/nodes",
    Topic.CLASSES: "/apis/storage.k8s.io/v1/storageclasses",
    Topic.NAMESPACES: "/api/v1/namespaces",
}


def read(
    connection: Connection,
    pool: Executor,
    topics: Container[Topic],
    namespaces: Iterable[str] = (),
    kinds: Iterable[GroupKind] = (),
) -> Facts:
    """Look at what is asked for of a server's nodes, storage classes and namespaces.

    Who may not list namespaces is told of those named; what else may not be listed is hidden.
    """
    client, hidden = connection.client, {}

    def look(topic: Topic) -> Sequence[Manifest]:
        if topic not in topics:
            return ()
        try:
            # Of a node its capacity counts, of the others that they are there.
            if topic is Topic.NODES:
                return client.list(PATHS[topic], keep=kept.node).items
            return client.list(PATHS[topic], metadata_only=True).items
        except Forbidden as refusal:
            hidden[topic] = str(refusal)
            return ()

    nodes, classes, spaces = pool.map(look, (Topic.NODES, Topic.CLASSES, Topic.NAMESPACES))
    names = {item["metadata"]["name"] for item in spaces}
    if Topic.NAMESPACES in hidden:
        names = {name for name in namespaces if scoped_list.may_exist(client, name)}
    return Facts(
        version=connection.info.version,
        nodes=tuple(map(_node, nodes)),
        storage_classes=tuple(item["metadata"]["name"] for item in classes),
        default_storage=any(annotations_of(item).get(DEFAULT_CLASS) == "true" for item in classes),
        namespaces=frozenset(names),
        hidden=hidden,
        served=_served(connection.discovery, kinds),
    )


def _served(discovery: Discovery, kinds: Iterable[GroupKind]) -> ServedKinds:
    """Return in which versions kinds are served."""
    return ServedKinds(
        {kind: tuple(each.api_version for each in discovery.versions(*kind)) for kind in kinds},
        discovery.silent,
    )


def _node(live: Manifest) -> Node:
    spec = live.get("spec") or {}
    return Node(
        name=live["metadata"]["name"],
        allocatable=dict((live.get("status") or {}).get("allocatable") or {}),
        labels=labels_of(live),
        cordoned=bool(spec.get("unschedulable")),
        ready=condition(live, "Ready").get("status", "True") == "True",
        taints=tuple(spec.get("taints") or ()),
    )
