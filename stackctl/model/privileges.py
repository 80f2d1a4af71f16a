"""What objects ask for beyond their own affairs: rights, the nodes they run on, others' objects.

Read from manifests alone. What is told is what somebody who answers for a cluster would want to
know before saying yes; an operator's rights over its own kinds are not among it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stackctl.model import paths
from stackctl.model.component import Component, Manifests
from stackctl.model.kinds import BUILTIN, Scopes
from stackctl.model.layers import built
from stackctl.model.normalise import flatten, normalised
from stackctl.model.objects import Manifest, Ref, labels_of, ref_of
from stackctl.model.plan import Action, Change, Plan
from stackctl.model.podspec import pod_specs
from stackctl.model.rights import maps, part, rights, rights_of_role, texts

HOST_PATH = "host path "


class Sort(StrEnum):
    """What kind of privilege it is, the gravest first."""

    RIGHTS = "rights"
    NODE = "node"
    ADMISSION = "admission"
    NETWORK = "network"


@dataclass(frozen=True, slots=True)
class Privilege:
    """One thing that a component asks for."""

    component: str
    sort: Sort
    object: Ref  # where it is asked for
    what: str
    whom: str = ""  # who gets the rights: ServiceAccount/ns/name


def newly_asked(plan: Plan) -> tuple[Privilege, ...]:
    """Name what a plan gives that is not given already.

    What is unchanged is as it was; what is there is compared with what it becomes.
    """
    before = set(map(_gist, privileges(_before(plan.changes))))
    return tuple(each for each in privileges(_after(plan.changes)) if _gist(each) not in before)


def _gist(each: Privilege) -> tuple[Ref, str, str]:
    return each.object, each.what, each.whom


def _after(changes: Iterable[Change]) -> Iterator[tuple[str, Manifest]]:
    for change in changes:
        if change.desired is not None:
            yield change.component, change.desired


def _before(changes: Iterable[Change]) -> Iterator[tuple[str, Manifest]]:
    for change in changes:
        if change.action is Action.UNCHANGED and change.desired is not None:
            yield change.component, change.desired
        elif change.action is not Action.CREATE and change.live is not None:
            yield change.component, change.live


def asked_by_features(
    component: Component, manifests: Manifests, scopes: Scopes
) -> dict[str, tuple[Privilege, ...]]:
    """Name what a component asks for as it comes, under no name, and what more each feature does.

    Raises:
        NotFound, OverlayError: a feature does not fit.
    """
    known = component.spec.features
    usual = {name for name, feature in known.items() if feature.default}
    repeated = [
        normalised(each, component.spec.namespace, scopes)
        for layer in manifests.each.values()
        for each in flatten(layer)
    ]

    def asked(features: Collection[str]) -> tuple[Privilege, ...]:
        objects = [*built(component, manifests, features, scopes), *repeated]
        return privileges((component.name, each) for each in objects)

    found = {"": asked(usual)}
    given = set(map(_gist, found[""]))
    for name, feature in known.items():
        others = {each for each in usual if name in known[each].conflicts} | {*feature.conflicts}
        more = asked((usual - others) | {name, *feature.requires}) if name not in usual else ()
        if extra := tuple(each for each in more if _gist(each) not in given):
            found[name] = extra
    return found


def privileges(objects: Iterable[tuple[str, Manifest]]) -> tuple[Privilege, ...]:
    """Name everything that objects ask for, each with its component; the gravest first."""
    given = list(objects)
    found = [*_rights(given), *(each for pair in given for each in _others(*pair))]
    ranks = list(Sort)
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda each: ranks.index(each.sort)))


# rights


def _rights(given: Sequence[tuple[str, Manifest]]) -> Iterator[Privilege]:
    """Yield what subjects may do in the whole cluster, or in namespaces of others."""
    roles = {ref_of(manifest): manifest for _, manifest in given if _is_role(manifest)}
    own = {m["metadata"]["name"] for _, m in given if m["kind"] == "Namespace"}
    bound: set[Ref] = set()
    for component, manifest in given:
        if manifest["kind"] not in ("ClusterRoleBinding", "RoleBinding"):
            continue
        ref, space = ref_of(manifest), manifest["metadata"].get("namespace", "")
        role = _role_named(manifest, space)
        bound.add(role)
        if space in own:
            continue
        where = f" in namespace {space}" if space else ""
        phrases = rights(roles[role]) if role in roles else rights_of_role(role.name)
        for phrase in phrases:
            for whom in (_subject(each, space) for each in maps(manifest.get("subjects"))):
                yield Privilege(component, Sort.RIGHTS, ref, phrase + where, whom)
    for component, manifest in given:
        ref = ref_of(manifest)
        if ref in roles and ref not in bound and not ref.namespace:
            for phrase in rights(manifest):
                yield Privilege(component, Sort.RIGHTS, ref, phrase, _unbound(manifest))


def _is_role(manifest: Manifest) -> bool:
    return manifest["kind"] in ("ClusterRole", "Role")


def _role_named(binding: Manifest, space: str) -> Ref:
    named = part(binding, "roleRef")
    kind = named.get("kind", "")
    place = space if kind == "Role" else ""
    return Ref("rbac.authorization.k8s.io", kind, place, str(named.get("name", "")))


def _subject(subject: Mapping[str, Any], space: str) -> str:
    kind, name = subject.get("kind", ""), subject.get("name", "")
    if kind != "ServiceAccount":
        return f"{kind}/{name}"
    return f"{kind}/{subject.get('namespace') or space}/{name}"


def _unbound(role: Manifest) -> str:
    """Say who gets the rights of a role that the stack does not bind."""
    start = "rbac.authorization.k8s.io/aggregate-to-"
    names = [key.removeprefix(start) for key in labels_of(role) if key.startswith(start)]
    return f"everybody with the cluster's role {names[0]}" if names else "whoever it is bound to"


# other objects


def _others(component: str, manifest: Manifest) -> Iterator[Privilege]:
    ref = ref_of(manifest)
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, None)
        if isinstance(spec, dict):
            for what in _of_pods(spec):
                yield Privilege(component, Sort.NODE, ref, what)
    look = _KINDS.get(ref.kind)
    if look is not None:
        for sort, what in look(manifest):
            yield Privilege(component, sort, ref, what)


def _of_pods(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield what Pods ask of their nodes."""
    containers = [*maps(spec.get("initContainers")), *maps(spec.get("containers"))]
    contexts = [part(each, "securityContext") for each in containers]
    if any(each.get("privileged") for each in contexts):
        yield "privileged"
    for key, what in (("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "memory")):
        if spec.get(key):
            yield f"the host's {what}"
    for volume in maps(spec.get("volumes")):
        if path := part(volume, "hostPath").get("path"):
            writable = _written(volume.get("name"), containers)
            yield f"{HOST_PATH}{path}{' (writable)' if writable else ''}"
    for context in contexts:
        for name in texts(part(context, "capabilities").get("add")):
            if name not in _ORDINARY:
                yield f"capability {name}"
    if any(each.get("runAsUser") == 0 for each in (part(spec, "securityContext"), *contexts)):
        yield "as root"


_ORDINARY = frozenset({"NET_BIND_SERVICE"})


def _written(volume: Any, containers: Iterable[Mapping[str, Any]]) -> bool:
    return any(
        mount.get("name") == volume and not mount.get("readOnly")
        for container in containers
        for mount in maps(container.get("volumeMounts"))
    )


def _of_webhooks(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    """Yield what webhooks see that is not the stack's own kind of thing, and who is told of it."""
    verb = "changes" if manifest["kind"].startswith("Mutating") else "checks"
    for webhook in maps(manifest.get("webhooks")):
        seen = sorted({each for rule in maps(webhook.get("rules")) for each in _seen(rule)})
        outside = part(webhook, "clientConfig").get("url")
        if outside:
            what = ", ".join(seen) or "what it sees"
            yield Sort.ADMISSION, f"sends {what} to {outside}"
        elif seen:
            selected = webhook.get("namespaceSelector") or webhook.get("objectSelector")
            some = "some of all " if selected else "all "
            stops = webhook.get("failurePolicy", "Fail") == "Fail"
            yield (
                Sort.ADMISSION,
                f"{verb} {some}{', '.join(seen)}{_STOPS if stops and not selected else ''}",
            )


_STOPS = ", and none gets in without it"
_GROUPS = frozenset(group for group, _ in BUILTIN)


def _seen(rule: Mapping[str, Any]) -> Iterator[str]:
    """Yield the resources of Kubernetes itself that a rule takes in."""
    for group in texts(rule.get("apiGroups")):
        for resource in texts(rule.get("resources")):
            if group == "*" or group in _GROUPS:
                yield "objects of every kind" if resource.startswith("*") else resource


def _of_policy(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    rules = maps(part(part(manifest, "spec"), "matchConstraints").get("resourceRules"))
    seen = sorted({each for rule in rules for each in _seen(rule)})
    verb = "changes" if manifest["kind"].startswith("Mutating") else "checks"
    if seen:
        yield Sort.ADMISSION, f"{verb} {', '.join(seen)}"


def _of_definition(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    webhook = part(part(part(manifest, "spec"), "conversion"), "webhook")
    url = part(webhook, "clientConfig").get("url")
    if url:
        yield Sort.ADMISSION, f"sends its objects to {url}"


def _of_service(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    spec = part(manifest, "spec")
    if spec.get("type") in ("LoadBalancer", "NodePort"):
        yield Sort.NETWORK, f"reachable from outside ({spec['type']})"
    if spec.get("type") == "ExternalName":
        yield Sort.NETWORK, f"leads to {spec.get('externalName')}"
    if spec.get("externalIPs"):
        yield Sort.NETWORK, f"takes the addresses {', '.join(texts(spec['externalIPs']))}"


def _of_ingress(_: Manifest) -> Iterator[tuple[Sort, str]]:
    yield Sort.NETWORK, "reachable from outside (Ingress)"


def _of_api_service(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    if part(part(manifest, "spec"), "service"):
        yield Sort.ADMISSION, f"answers for the API {manifest['metadata']['name']}"


def _of_namespace(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    if labels_of(manifest).get("pod-security.kubernetes.io/enforce") == "privileged":
        yield Sort.NODE, "lets privileged Pods in"


_KINDS: Mapping[str, Callable[[Manifest], Iterator[tuple[Sort, str]]]] = {
    "MutatingWebhookConfiguration": _of_webhooks,
    "ValidatingWebhookConfiguration": _of_webhooks,
    "MutatingAdmissionPolicy": _of_policy,
    "ValidatingAdmissionPolicy": _of_policy,
    "CustomResourceDefinition": _of_definition,
    "Service": _of_service,
    "Ingress": _of_ingress,
    "APIService": _of_api_service,
    "Namespace": _of_namespace,
}
