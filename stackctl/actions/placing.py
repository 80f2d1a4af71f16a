"""Where the record of a stack is, or is to be: decided before anything of it is looked at."""

from dataclasses import replace

from stackctl.actions.compose import Composed, StackRequest, compose_stack
from stackctl.actions.from_sources import capabilities_of, keep_generated
from stackctl.actions.stacks import only, recorded
from stackctl.cluster.connection import Connection
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.reach import namespaces_of


def compose_placed(request: StackRequest, connection: Connection) -> Composed:
    """Compose what is asked for, for the namespace that the stack's record is in.

    What is named holds. A stack with objects of the whole cluster is the administrators'. Of the
    others, one that is recorded stays where it is; a new one is recorded in the context's
    namespace if all its objects are there.

    Raises:
        UsageError: two stacks of the name are recorded, and it is not said which is meant.
    """
    composed = compose_for(request, connection)
    if composed.named or namespaces_of(composed.bundle) is None:
        return composed
    known = recorded(connection, composed.stack.name)
    stack = only(known, connection) if known else _new(composed, connection)
    if stack != composed.stack:
        composed = compose_for(replace(request, record=stack.namespace), connection)
    return replace(composed, known=tuple(known.get(stack, ())))


def compose_for(request: StackRequest, connection: Connection) -> Composed:
    """Compose what is asked for as the cluster is: charts for it, and with what it has of them."""
    composed = compose_stack(request, lambda: capabilities_of(connection))
    bundle = keep_generated(composed.bundle, composed.generated, connection)
    return replace(composed, bundle=bundle)


def _new(composed: Composed, connection: Connection) -> StackId:
    home = connection.client.access.namespace
    return StackId(
        composed.stack.name, home if _all_in(composed.bundle, home) else RECORD_NAMESPACE
    )


def _all_in(bundle: Bundle, namespace: str) -> bool:
    return namespaces_of(bundle) == {namespace}
