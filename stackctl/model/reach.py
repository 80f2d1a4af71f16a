"""What the record of a stack may name: a tenant's nothing but what is in its own namespaces.

Whoever can write a record decides what its next reader, an administrator perhaps, applies and
deletes. Which namespaces a tenant holds is asked of the cluster by `cluster.reach`.
"""

from collections.abc import Set as AbstractSet

from stackctl.model.bundle import Bundle


def namespaces_of(bundle: Bundle) -> AbstractSet[str] | None:
    """Name the namespaces that a bundle is in; None where it has objects of the whole cluster."""
    found = set()
    for ref in bundle.objects():
        if not ref.namespace and (ref.group, ref.kind) != ("", "Namespace"):
            return None
        found.add(ref.namespace or ref.name)
    return found
