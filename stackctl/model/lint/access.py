"""Rights that are given with a wildcard: nobody knows what they come to tomorrow."""

from collections.abc import Iterator

from stackctl.model.catalogue.lint_rules import LintRule
from stackctl.model.lint.finding import Fault
from stackctl.model.objects.refs import Manifest
from stackctl.model.privileges.rights import maps, part, texts

_WILD = {
    "verbs": "every verb",
    "resources": "every resource",
    "apiGroups": "every API group",
    "nonResourceURLs": "every path of the API server",
}


def access_faults(manifest: Manifest) -> Iterator[Fault]:
    """Yield the rules of a role, and the bindings to one, that give more than they name."""
    if manifest["kind"] in ("Role", "ClusterRole"):
        for index, rule in enumerate(maps(manifest.get("rules"))):
            wild = [key for key in _WILD if "*" in texts(rule.get(key))]
            if wild:
                what = f"gives {', '.join(_WILD[key] for key in wild)}"
                yield LintRule.WILDCARD_RBAC, ("rules", index, wild[0]), what
    if manifest["kind"] in ("RoleBinding", "ClusterRoleBinding"):
        role = part(manifest, "roleRef")
        if role.get("name") == "cluster-admin" and role.get("kind") == "ClusterRole":
            yield LintRule.WILDCARD_RBAC, ("roleRef",), "gives everything, as cluster-admin"
