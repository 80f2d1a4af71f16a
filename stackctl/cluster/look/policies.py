"""What the admission policies of a cluster have against what is there already.

The API server itself is asked: each object is given a label in a dry run, which has the policies
judge it as it is, and warn, whatever else they do. Nothing is changed by that. How the answers
are read is `model.readiness.policies`' part.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from stackctl.api.client import PATCHES, encode
from stackctl.api.discovery import ApiResource
from stackctl.api.http.messages import Request
from stackctl.cluster.connection import Connection
from stackctl.errors import AccessDenied, ClusterError, Forbidden, NotFound, headline
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.readiness.policies import (
    REPORT,
    PolicyMode,
    denying,
    governed,
    modes,
    warning_in,
)

_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_LABELLED = encode({"metadata": {"labels": {REPORT: "policies"}}})
# Pods that have ended are nobody's concern any more.
_SELECTED = {("", "pods"): "status.phase!=Succeeded,status.phase!=Failed"}


@dataclass(frozen=True, slots=True)
class Objection:
    """What a policy has against an object."""

    policy: str
    ref: Ref
    message: str


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """What each policy does, and what it has against what is there."""

    modes: Mapping[str, PolicyMode]
    objections: tuple[Objection, ...] = ()
    unseen: tuple[str, ...] = ()  # what was not asked about, and why

    def of(self, policy: str) -> tuple[Objection, ...]:
        """Return what one policy has objections to."""
        return tuple(each for each in self.objections if each.policy == policy)


def policy_report(connection: Connection, pool: Executor) -> PolicyReport:
    """Ask about every object that a policy looks at, of the policies that report.

    Raises:
        ClusterError: the policies cannot be read.
    """
    client = connection.client
    found = modes(client.list(f"{_ADMISSION}/validatingadmissionpolicybindings").items)
    if not found:
        return PolicyReport({})
    policies = client.list(f"{_ADMISSION}/validatingadmissionpolicies").items
    wanted = {
        kind
        for policy in policies
        if policy["metadata"]["name"] in found
        for kind in governed(policy)
    }
    unseen: list[str] = []
    asked = [
        (resource, item)
        for resource in _served(connection, wanted)
        for item in _there(connection, resource, unseen)
    ]
    answers = pool.map(lambda each: _ask(connection, *each), asked)
    objections: list[Objection] = []
    for answer in answers:
        if isinstance(answer, str):
            unseen.append(answer)
        else:
            objections += answer
    objections.sort(key=lambda each: (each.policy, str(each.ref)))
    return PolicyReport(found, tuple(objections), tuple(dict.fromkeys(unseen)))


def _served(connection: Connection, wanted: Iterable[tuple[str, str]]) -> Iterator[ApiResource]:
    """Yield the kinds that there are, each in its preferred version."""
    left = set(wanted)
    for resource in connection.discovery.all():
        if (kind := (resource.group, resource.plural)) in left:
            left.remove(kind)
            yield resource


def _there(connection: Connection, resource: ApiResource, unseen: list[str]) -> Iterator[Manifest]:
    """Yield the objects of a kind that are to stay; of Pods that one thing makes, the first."""
    fields = _SELECTED.get((resource.group, resource.plural), "")
    try:
        listed = connection.client.list(resource.path(), fields=fields, metadata_only=True).items
    except AccessDenied as error:
        unseen.append(str(error))
        return
    makers = set()
    for item in listed:
        maker = _maker(item) if resource.kind == "Pod" else ""
        if "deletionTimestamp" not in item["metadata"] and (not maker or maker not in makers):
            makers.add(maker)
            yield item


def _maker(item: Manifest) -> str:
    owners = item["metadata"].get("ownerReferences") or ()
    return next((each["uid"] for each in owners if each.get("controller")), "")


def _ask(
    connection: Connection, resource: ApiResource, item: Manifest
) -> tuple[Objection, ...] | str:
    """Return what policies have against an object, or why that cannot be known."""
    ref, heard = resource.ref(item), list[str]()
    try:
        connection.client.send(
            Request(
                method="PATCH",
                path=resource.path(ref.namespace, ref.name),
                query={"dryRun": "All"},
                body=_LABELLED,
                content_type=PATCHES["merge"],
                verb="try to label",
                what=str(ref),
                hear=heard.append,
            )
        )
    except NotFound:
        return ()
    except Forbidden as error:
        return f"{ref.kind}: {error}"
    except ClusterError as error:
        if not denying(str(error)):
            return headline(error)
    said = (warning_in(text) for text in heard)
    found = {Objection(each.policy, ref, each.message) for each in said if each is not None}
    return tuple(sorted(found, key=lambda each: (each.policy, each.message)))
