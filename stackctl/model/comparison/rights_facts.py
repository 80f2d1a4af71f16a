"""Who may do what: the rules of roles put together for each subject that is bound to them.

How an author spreads rights over roles means nothing; what a ServiceAccount may do in the end does.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from stackctl.model.comparison.facts import Aspect, Fact, Facts
from stackctl.model.objects.refs import Manifest
from stackctl.model.privileges.rights import maps, part, texts

_RBAC = "rbac.authorization.k8s.io"
_BINDINGS = frozenset({"RoleBinding", "ClusterRoleBinding"})
_ROLES = frozenset({"Role", "ClusterRole"})

Subject = tuple[str, str, str]  # kind, namespace, name
Rights = dict[str, set[str]]  # on what, where → verbs


def is_rbac(manifest: Manifest) -> bool:
    """Tell roles and bindings."""
    ours = str(manifest.get("apiVersion")).partition("/")[0] == _RBAC
    return ours and manifest["kind"] in _BINDINGS | _ROLES


def rights_by_subject(manifests: Iterable[Manifest]) -> dict[Subject, Facts]:
    """Return what each subject may do by the bindings among objects."""
    given = [each for each in manifests if is_rbac(each)]
    roles = {_role(each): each for each in given if each["kind"] in _ROLES}
    found: dict[Subject, Rights] = {}
    for binding in given:
        if binding["kind"] not in _BINDINGS:
            continue
        space = str(binding["metadata"].get("namespace") or "")
        role = roles.get(_referred(binding, space))
        for subject in maps(binding.get("subjects")):
            kept = found.setdefault(_subject(subject, space), {})
            if role is None:
                kept.setdefault(f"the role {part(binding, 'roleRef').get('name')}", set())
            for what, verbs in _rules(role or {}, space):
                kept.setdefault(what, set()).update(verbs)
    return {subject: as_facts(rights) for subject, rights in found.items()}


def unbound_roles(manifests: Iterable[Manifest]) -> Iterator[tuple[Manifest, Facts]]:
    """Yield the roles that nothing among the objects binds, with what they allow."""
    given = [each for each in manifests if is_rbac(each)]
    bound = {
        _referred(each, str(each["metadata"].get("namespace") or ""))
        for each in given
        if each["kind"] in _BINDINGS
    }
    for role in given:
        if role["kind"] in _ROLES and _role(role) not in bound:
            rights: Rights = {}
            for what, verbs in _rules(role, ""):
                rights.setdefault(what, set()).update(verbs)
            yield role, as_facts(rights)


def as_facts(rights: Mapping[str, set[str]]) -> Facts:
    """Return rights as facts."""
    return {
        Fact(Aspect.RIGHT, what): ", ".join(sorted(verbs)) or "bound"
        for what, verbs in rights.items()
    }


def _role(role: Manifest) -> tuple[str, str, str]:
    metadata = role["metadata"]
    space = str(metadata.get("namespace") or "") if role["kind"] == "Role" else ""
    return role["kind"], space, str(metadata["name"])


def _referred(binding: Manifest, space: str) -> tuple[str, str, str]:
    named = part(binding, "roleRef")
    kind = str(named.get("kind"))
    return kind, space if kind == "Role" else "", str(named.get("name"))


def _subject(subject: Mapping[str, Any], space: str) -> Subject:
    kind = str(subject.get("kind"))
    home = str(subject.get("namespace") or space) if kind == "ServiceAccount" else ""
    return kind, home, str(subject.get("name"))


def _rules(role: Mapping[str, Any], space: str) -> Iterator[tuple[str, list[str]]]:
    where = f" in {space}" if space else ""
    for rule in maps(role.get("rules")):
        verbs = texts(rule.get("verbs"))
        names = texts(rule.get("resourceNames")) or [""]
        for group, resource, name in product(
            texts(rule.get("apiGroups")), texts(rule.get("resources")), names
        ):
            of = f".{group}" if group else ""
            called = f" called {name}" if name else ""
            yield f"{resource}{of}{called}{where}", verbs
        for url in texts(rule.get("nonResourceURLs")):
            yield f"the path {url}", verbs
