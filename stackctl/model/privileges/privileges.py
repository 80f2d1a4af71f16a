"""What objects ask for beyond their own affairs: rights, the nodes they run on, others' objects.

Read from manifests alone. What is told is what somebody who answers for a cluster would want to
know before saying yes; an operator's rights over its own kinds are not among it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackctl.model.catalogue.component import Component, Manifests, standing
from stackctl.model.compose.layers import built, spelled
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import NAMESPACE, Scopes, kind_of
from stackctl.model.objects.normalise import flatten, normalised
from stackctl.model.objects.refs import (
    RECORD_NAMESPACE,
    Manifest,
    Ref,
    annotations_of,
    is_protected,
    labels_of,
    ref_of,
)
from stackctl.model.ownership.ownership import written_by
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.privileges.kind_privileges import KINDS, Sort
from stackctl.model.privileges.pod_privileges import of_pods
from stackctl.model.privileges.rights import maps, of_everybody, part, rights, rights_of_role
from stackctl.model.shapes.pod_specs import pod_specs

_OF_ACCOUNT = "kubernetes.io/service-account-token"  # a type of Secrets
_ACCOUNT = "kubernetes.io/service-account.name"


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

    What is unchanged is as it was; what is there is compared with what it becomes, and what was
    deleted since it was applied with what that was.
    """
    own = _own(plan)
    taken = {change.ref for change in plan.changes if change.action is Action.ADOPT}
    # That an object is in a place of others is nothing new, that we would write to it is.
    before = {
        _gist(each)
        for each in privileges(_before(plan), own)
        if each.sort is not Sort.CLUSTER or each.object not in taken
    }
    return tuple(
        each for each in privileges(_after(plan.changes), own) if _gist(each) not in before
    )


def own_accounts(plan: Plan) -> frozenset[Ref]:
    """Choose the ServiceAccounts that have no rights but those that the stack gives.

    One that was there before has what it was given by others. That is so of a tenant's too, but
    who may write the tenant's accounts may run Pods as any of them.
    """
    return frozenset(
        change.ref
        for change in plan.changes
        if change.ref.kind == "ServiceAccount" and _made(change, plan.stack)
    )


def _made(change: Change, stack: StackId) -> bool:
    """Tell what the stack makes or has made; a tenant writes the tenant's record."""
    if change.action is Action.CREATE:
        return True
    if stack.administrators:
        return change.created
    return change.live is not None and written_by(change.live, stack)


def _own(plan: Plan) -> frozenset[Ref]:
    """Choose the namespaces and accounts that are there for the stack alone.

    What was there before may have others' objects in it, and a tenant's namespace is the tenant's.
    """
    spaces = (
        change.ref
        for change in plan.changes
        if (change.ref.group, change.ref.kind) == NAMESPACE
        and plan.stack.administrators
        and _made(change, plan.stack)
    )
    return own_accounts(plan).union(spaces)


def _gist(each: Privilege) -> tuple[Ref, str, str]:
    return each.object, each.what, each.whom


def _after(changes: Iterable[Change]) -> Iterator[tuple[str, Manifest]]:
    for change in changes:
        if change.desired is not None:
            yield change.component, change.desired


def _before(plan: Plan) -> Iterator[tuple[str, Manifest]]:
    for change in plan.changes:
        if change.action is Action.UNCHANGED and change.desired is not None:
            yield change.component, change.desired
        elif change.action is not Action.CREATE and change.live is not None:
            yield change.component, change.live
        # A tenant writes the tenant's record, and what it says of the past proves nothing.
        elif change.former is not None and plan.stack.administrators:
            yield change.component, change.former


def asked_by_features(
    component: Component, manifests: Manifests, scopes: Scopes
) -> dict[str, tuple[Privilege, ...]]:
    """Name what a component asks for as it comes, under no name, and what more each feature does.

    Raises:
        NotFound, OverlayError: a feature does not fit.
    """
    known = component.spec.features
    usual = standing(known, {name for name, feature in known.items() if feature.default})
    repeated = [
        normalised(each, component.spec.namespace, scopes)
        for layer in manifests.each.values()
        for each in flatten(layer)
    ]

    layers = spelled(component, manifests, scopes)

    def asked(features: Collection[str]) -> tuple[Privilege, ...]:
        objects = [*built(component, layers, features, scopes), *repeated]
        return privileges((component.name, each) for each in objects)

    found = {"": asked(usual)}
    given = set(map(_gist, found[""]))
    for name, feature in known.items():
        others = {each for each in usual if name in known[each].conflicts} | {*feature.conflicts}
        more = asked((usual - others) | {name, *feature.requires}) if name not in usual else ()
        if extra := tuple(each for each in more if _gist(each) not in given):
            found[name] = extra
    return found


def privileges(
    objects: Iterable[tuple[str, Manifest]], own: Collection[Ref] | None = None
) -> tuple[Privilege, ...]:
    """Name everything that objects ask for, each with its component; the gravest first.

    `own` are the namespaces and accounts in which nobody else has a part: those among the objects,
    where no plan tells.
    """
    given = list(objects)
    own = frozenset(_brought(given) if own is None else own)
    found = [
        *_rights(given, {ref.name for ref in own if (ref.group, ref.kind) == NAMESPACE}),
        *(each for pair in given for each in _acting(*pair, own)),
        *(each for pair in given for each in _others(*pair)),
    ]
    ranks = list(Sort)
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda each: ranks.index(each.sort)))


def _brought(given: Iterable[tuple[str, Manifest]]) -> Iterator[Ref]:
    for _, manifest in given:
        if kind_of(manifest) in (NAMESPACE, ("", "ServiceAccount")):
            yield ref_of(manifest)


# rights


def _rights(given: Sequence[tuple[str, Manifest]], own: Collection[str]) -> Iterator[Privilege]:
    """Yield what subjects may do in the whole cluster, or in namespaces of others."""
    roles = {ref_of(manifest): manifest for _, manifest in given if _is_role(manifest)}
    bound: set[Ref] = set()
    for component, manifest in given:
        if manifest["kind"] not in ("ClusterRoleBinding", "RoleBinding"):
            continue
        ref, space = ref_of(manifest), manifest["metadata"].get("namespace", "")
        role = _role_named(manifest, space)
        bound.add(role)
        if space in own:
            continue
        phrases = rights(roles[role]) if role in roles else rights_of_role(role.name)
        subjects = maps(manifest.get("subjects"))
        for phrase in phrases:
            for whom in (_subject(each, space) for each in subjects):
                yield Privilege(component, Sort.RIGHTS, ref, phrase + _where(space), whom)
        # What is not worth telling of a program is, of everybody.
        for each in filter(of_everybody, () if phrases else subjects):
            what = f"what the role {role.name} allows"
            yield Privilege(
                component, Sort.RIGHTS, ref, what + _where(space), _subject(each, space)
            )
    for component, manifest in given:
        ref = ref_of(manifest)
        if ref in roles and ref.namespace not in own and (whom := _unbound(manifest, ref in bound)):
            for phrase in rights(manifest):
                yield Privilege(component, Sort.RIGHTS, ref, phrase + _where(ref.namespace), whom)


def _where(space: str) -> str:
    return f" in namespace {space}" if space else ""


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


def _unbound(role: Manifest, bound: bool) -> str:
    """Return who gets the rights of a role that the stack does not bind; empty for nobody."""
    start = "rbac.authorization.k8s.io/aggregate-to-"
    names = [key.removeprefix(start) for key in labels_of(role) if key.startswith(start)]
    if names:
        return f"everybody with the cluster's role {names[0]}"
    return "" if bound else "whoever it is bound to"


def _acting(component: str, manifest: Manifest, own: Collection[Ref]) -> Iterator[Privilege]:
    """Yield what acts as somebody whose rights are not the stack's to give."""
    ref = ref_of(manifest)
    for verb, name in (*_runs(manifest), *_holds(manifest)):
        account = Ref("", "ServiceAccount", ref.namespace, name)
        if account not in own:
            yield Privilege(component, Sort.RIGHTS, ref, f"{verb} {account}")


def _runs(manifest: Manifest) -> Iterator[tuple[str, str]]:
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, None)
        if isinstance(spec, dict):
            # An older name of the field still counts where there is no other.
            name = spec.get("serviceAccountName") or spec.get("serviceAccount") or _EVERYBODY
            if name != _EVERYBODY:
                yield "run Pods as", str(name)


_EVERYBODY = "default"  # every namespace has this account, and nobody asks for it


def _holds(manifest: Manifest) -> Iterator[tuple[str, str]]:
    if manifest["kind"] == "Secret" and manifest.get("type") == _OF_ACCOUNT:
        yield "hold a token of", str(annotations_of(manifest).get(_ACCOUNT, ""))


# other objects


def _others(component: str, manifest: Manifest) -> Iterator[Privilege]:
    ref = ref_of(manifest)
    for path in pod_specs(manifest):
        spec = paths.get(manifest, path, None)
        if isinstance(spec, dict):
            notes = paths.get(manifest, (*path[:-1], "metadata", "annotations"), None)
            for what in of_pods(spec, notes):
                yield Privilege(component, Sort.NODE, ref, what)
    if _everybodys(ref.namespace) and ref.kind not in _GIVING:
        yield Privilege(component, Sort.CLUSTER, ref, f"in namespace {ref.namespace}")
    look = KINDS.get(ref.kind)
    if look is not None:
        for sort, what in look(manifest):
            yield Privilege(component, sort, ref, what)


# What these give is told of the rights; by itself, an account may do nothing.
_GIVING = frozenset({"Role", "RoleBinding", "ServiceAccount"})


def _everybodys(namespace: str) -> bool:
    return is_protected(namespace) or namespace == RECORD_NAMESPACE
