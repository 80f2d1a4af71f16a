"""Return the manifests a deploy would apply; no cluster is asked."""

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.model.compose.bundle import Bundle


def render(request: StackRequest) -> Bundle:
    """Return the bundle a deploy would apply.

    Raises:
        StackError: as of `compose_stack`.
    """
    return compose_stack(request).bundle
