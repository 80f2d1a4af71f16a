"""What single objects ask for, kind by kind, that is not about rights or Pods."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from stackctl.model.objects.kinds import BUILTIN
from stackctl.model.objects.refs import Manifest, annotations_of, labels_of
from stackctl.model.privileges.pod_privileges import HOST_PATH
from stackctl.model.privileges.rights import maps, part, texts


class Sort(StrEnum):
    """What kind of privilege it is, the gravest first."""

    RIGHTS = "rights"
    NODE = "node"
    CLUSTER = "cluster"
    ADMISSION = "admission"
    NETWORK = "network"


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
    if labels_of(manifest).get("resource.kubernetes.io/admin-access") == "true":
        yield Sort.NODE, "lets claims on devices in use in"


def _of_volume(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    """Yield what of a node's files is lent; how a claim mounts it is not for the volume to say."""
    for kind in ("hostPath", "local"):
        if path := part(part(manifest, "spec"), kind).get("path"):
            yield Sort.NODE, f"{HOST_PATH}{path} (writable)"


def _of_claim(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    spec = part(manifest, "spec")
    for devices in (part(spec, "devices"), part(part(spec, "spec"), "devices")):
        for request in maps(devices.get("requests")):
            if request.get("adminAccess") or part(request, "exactly").get("adminAccess"):
                yield Sort.NODE, "devices that others use (adminAccess)"


def _of_signing(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    yield Sort.RIGHTS, f"ask for a certificate of {part(manifest, 'spec').get('signerName')}"


def _of_priority(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    if manifest.get("globalDefault"):
        yield Sort.CLUSTER, "the priority of all Pods that name none"


def _of_default(manifest: Manifest) -> Iterator[tuple[Sort, str]]:
    notes = annotations_of(manifest)
    if any(notes[key] == "true" for key in notes if key.endswith("/is-default-class")):
        yield Sort.CLUSTER, f"the {manifest['kind']} of all that name none"


KINDS: Mapping[str, Callable[[Manifest], Iterator[tuple[Sort, str]]]] = {
    "MutatingWebhookConfiguration": _of_webhooks,
    "ValidatingWebhookConfiguration": _of_webhooks,
    "MutatingAdmissionPolicy": _of_policy,
    "ValidatingAdmissionPolicy": _of_policy,
    "CustomResourceDefinition": _of_definition,
    "Service": _of_service,
    "Ingress": _of_ingress,
    "APIService": _of_api_service,
    "Namespace": _of_namespace,
    "PersistentVolume": _of_volume,
    "ResourceClaim": _of_claim,
    "ResourceClaimTemplate": _of_claim,
    "CertificateSigningRequest": _of_signing,
    "PriorityClass": _of_priority,
    "StorageClass": _of_default,
    "IngressClass": _of_default,
}
