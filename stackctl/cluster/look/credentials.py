"""Which Secrets with generated values are there, and what of them is wanting.

What is wanting is made by `change.credentials`.
"""

from stackctl.api.client import Client
from stackctl.errors import ConflictError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.credentials import GeneratedSecrets, credentials_of, held_by, lacking


def wanting(client: Client, stack: StackId, bundle: Bundle) -> dict[Ref, tuple[str, ...]]:
    """Name the Secrets that lack something, each with the values that it is for.

    Raises:
        ConflictError: there is a Secret of that name that somebody else has made.
    """
    known = credentials_of(bundle)
    found = {}
    for ref, (_, manifest) in known.secrets.items():
        if lacking(manifest, of_stack(client, stack, ref, known), known.given):
            found[ref] = tuple(known.names_in(ref))
    return found


def of_stack(client: Client, stack: StackId, ref: Ref, known: GeneratedSecrets) -> Manifest | None:
    """Read a Secret with generated values.

    Raises:
        ConflictError: somebody else has made it.
    """
    live = client.get(path_of(ref))
    if live is None or held_by(live, stack):
        return live
    names = " and ".join(known.names_in(ref))
    raise ConflictError(
        f"{ref}: exists already and was not made for {names} of stack {stack}",
        hint=f"delete it if nobody needs it: kubectl delete secret -n {ref.namespace} {ref.name}",
    )


def path_of(ref: Ref) -> str:
    """Return the address of a Secret."""
    return f"/api/v1/namespaces/{ref.namespace}/secrets/{ref.name}"
