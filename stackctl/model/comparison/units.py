"""What of a set of objects is compared as one: objects, webhooks one by one, subjects."""

from collections.abc import Iterator, Sequence
from typing import Any

from stackctl.model.comparison.facts import Aspect, ComparedUnit, Fact, Facts, fields, leaves, notes
from stackctl.model.comparison.pod_facts import pod_facts
from stackctl.model.comparison.rights_facts import is_rbac, rights_by_subject, unbound_roles
from stackctl.model.comparison.schema_facts import schema_facts
from stackctl.model.objects.kinds import DEFINITION, NAMESPACE, kind_of
from stackctl.model.objects.refs import Manifest, ref_of

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})
_WEBHOOKS = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
_HEAD = frozenset({"apiVersion", "kind", "metadata", "status"})
_ADMISSION_DEFAULTS = {
    "timeoutSeconds": "10",
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "reinvocationPolicy": "Never",
    "clientConfig.service.port": "443",
}


def units(manifests: Sequence[Manifest]) -> list[ComparedUnit]:
    """Return what is compared, of all objects of one side."""
    return list(_units(manifests))


def _units(manifests: Sequence[Manifest]) -> Iterator[ComparedUnit]:
    rights = rights_by_subject(manifests)
    for manifest in manifests:
        if kind_of(manifest) == NAMESPACE or is_rbac(manifest):
            continue
        if manifest["kind"] in _WEBHOOKS:
            yield from _webhooks(manifest)
            continue
        ref = ref_of(manifest)
        account = (ref.kind, ref.namespace, ref.name)
        facts = _facts(manifest) | rights.pop(account, {})
        yield _unit(manifest, facts)
    for (kind, space, name), facts in rights.items():
        title = "/".join(filter(None, (kind, space, name)))
        yield ComparedUnit(kind, title, name, facts, space=space)
    for role, facts in unbound_roles(manifests):
        yield _unit(role, facts)


def _unit(manifest: Manifest, facts: Facts) -> ComparedUnit:
    ref = ref_of(manifest)
    workload = ref.group == "apps" and ref.kind in _WORKLOADS
    sort = "workload" if workload else f"{ref.kind}.{ref.group}"
    if workload and ref.kind != "Deployment":  # which most are
        facts = facts | {Fact(Aspect.FIELD, "kind"): ref.kind}
    secret = ref.kind == "Secret"
    return ComparedUnit(sort, str(ref), ref.name, facts, secret, ref.namespace)


def _facts(manifest: Manifest) -> Facts:
    kind = kind_of(manifest)
    if kind == DEFINITION:
        return schema_facts(manifest) | notes(manifest)
    if kind in (("", "ConfigMap"), ("", "Secret")):
        return dict(_contents(manifest))
    found = pod_facts(manifest) | notes(manifest)
    body: dict[str, Any] = {key: each for key, each in manifest.items() if key not in _HEAD}
    if kind == ("", "Service"):
        found |= dict(_service_ports(body.get("spec") or {}))
        body = {"spec": {k: v for k, v in (body.get("spec") or {}).items() if k != "ports"}}
    elif "spec" in body and isinstance(body["spec"], dict):
        apart = {"template", "jobTemplate"} if found else set()
        body |= {"spec": {k: v for k, v in body["spec"].items() if k not in apart}}
    return found | fields(body, "")


def _contents(manifest: Manifest) -> Iterator[tuple[Fact, str]]:
    for place in ("data", "binaryData", "stringData"):
        for key, text in (manifest.get(place) or {}).items():
            yield Fact(Aspect.CONTENT, str(key)), str(text)


def _service_ports(spec: Any) -> Iterator[tuple[Fact, str]]:
    for each in spec.get("ports") or ():
        number = f"{each.get('port')}/{each.get('protocol') or 'TCP'}"
        to = each.get("targetPort") or each.get("port")
        on_node = f", on nodes {each['nodePort']}" if each.get("nodePort") else ""
        name = each.get("name") or "nothing"
        yield Fact(Aspect.PORT, number), f"to {to}, called {name}{on_node}"


def _webhooks(manifest: Manifest) -> Iterator[ComparedUnit]:
    """Yield the webhooks of a configuration: how an author bundles them means nothing."""
    kind = manifest["kind"].removesuffix("Configuration")
    for each in manifest.get("webhooks") or ():
        apart = {"name", "clientConfig", "admissionReviewVersions", "rules"}
        body = {key: value for key, value in each.items() if key not in apart}
        service = (each.get("clientConfig") or {}).get("service") or {}
        found = {
            **dict(_selectors(body)),
            **dict(leaves({"clientConfig": {"service": service}}, "")),
            "rules": "; ".join(sorted(map(_rule, each.get("rules") or ()))),
        }
        facts = {
            Fact(Aspect.WEBHOOK, what): text
            for what, text in found.items()
            if _ADMISSION_DEFAULTS.get(what) != text
        }
        name = str(each.get("name"))
        title = f"{kind}/{manifest['metadata']['name']}/{name}"
        yield ComparedUnit(kind, title, name, facts | notes(manifest))


def _selectors(body: Any) -> Iterator[tuple[str, str]]:
    """Yield all of a webhook, its selectors as a whole: they say whom it is about."""
    for key, value in body.items():
        if key.endswith("Selector"):
            if value:
                yield key, str(value)
        else:
            yield from leaves(value, key)


def _rule(rule: Any) -> str:
    def listed(key: str) -> str:
        return ",".join(sorted(map(str, rule.get(key) or ())))

    what = f"{listed('operations')} of {listed('resources')} in {listed('apiGroups')}"
    return f"{what}/{listed('apiVersions')}, {rule.get('scope') or '*'}"
