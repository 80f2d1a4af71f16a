"""What the record of a stack may name: a tenant's nothing but what is in namespaces of its own.

Whoever can write a record decides what its next reader, an administrator perhaps, applies and
deletes. Which namespaces a tenant holds is asked of the cluster by `cluster.reach`.
"""

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.kinds import NAMESPACE
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.ownership.ownership import has_all_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release

# On a Namespace: records in the namespace that it names may name objects in this one.
HELD_BY = "stackctl.dev/record-namespace"
# What a component's operator makes by itself goes without proof that it is ours; whoever can
# write a record can delete these kinds beside it anyway.
_LOOSE = frozenset({"ConfigMap", "Secret", "Lease"})


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a record names; `never` says why no tenant's may."""

    ref: Ref
    manifest: Manifest | None = None
    never: str = ""

    @property
    def space(self) -> str:
        """The namespace that it is in, or is."""
        return self.ref.name if self.is_namespace else self.ref.namespace

    @property
    def is_namespace(self) -> bool:
        """It is a namespace itself."""
        return (self.ref.group, self.ref.kind) == NAMESPACE


def namespaces_of(bundle: Bundle) -> AbstractSet[str] | None:
    """Name the namespaces that a bundle is in; None where it has objects of the whole cluster."""
    found = {Named(ref).space for ref in bundle.objects}
    found |= {ref_of(each).namespace for part in bundle.components for each in part.credentials}
    return None if "" in found else found


def may_be_in(ref: Ref, stack: StackId) -> bool:
    """Tell whether a stack's record may name an object, as far as that needs no cluster."""
    return stack.administrators or (bool(ref.namespace) and ref.namespace == stack.namespace)


def named_by_release(release: Release) -> Iterator[Named]:
    """Go through everything that a revision owns."""
    for entry in release.inventory:
        each = Named(entry.ref)
        made = each.is_namespace and entry.created
        yield Named(entry.ref, never="is said to be made by the stack" if made else "")
    for samples in release.samples.values():
        yield from (Named(ref_of(sample)) for sample in samples)


def named_by_bundle(bundle: Bundle) -> Iterator[Named]:
    """Go through everything that applying and removing a bundle may touch."""
    for part in bundle.components:
        yield from (Named(ref_of(manifest), manifest) for manifest in part.objects)
        yield from (Named(ref_of(manifest), manifest) for manifest in part.credentials)
        yield from (Named(ref_of(sample)) for sample in part.samples.values())
        yield from _by_the_way(part)


def _by_the_way(part: BundleComponent) -> Iterator[Named]:
    for ref in part.leftovers:
        loose = ref.kind in _LOOSE or "*" in (ref.name, ref.namespace)
        yield Named(ref, never="" if loose else "is deleted without proof that it is ours")
    if part.node_managers:
        node = Ref("", "Node", "", "*")
        yield Named(node, never=f"loses what {', '.join(part.node_managers)} wrote")


def beyond(
    names: Collection[Named], held: AbstractSet[str], lives: Mapping[str, Manifest]
) -> Iterator[str]:
    """Yield what of it is not for a tenant's record that holds these namespaces, and why."""
    for each in names:
        if why := each.never or _why(each, held, lives):
            yield f"{each.ref}: {why}"


def _why(each: Named, held: AbstractSet[str], lives: Mapping[str, Manifest]) -> str:
    if not each.space:
        return "is in no namespace"
    if each.is_namespace and each.ref.namespace:
        return "is in no namespace"
    if each.space not in held:
        return "is another namespace" if each.is_namespace else "is in another namespace"
    if each.is_namespace and each.manifest is not None:
        live = lives.get(each.space)
        if live is None or not has_all_of(live, each.manifest):
            return "does not have all that would be written on it"
    return ""
