"""Tells a server that says nothing from objects that do not come to what is waited for."""

from stackctl.api.client import Client
from stackctl.errors import ClusterError, Unreachable

SIGN_SECONDS = 3.0


def silence(client: Client) -> Unreachable | None:
    """Ask the server for a sign of life: it is not the objects' fault if there is none."""
    try:
        client.request("GET", "/version", timeout=SIGN_SECONDS, retry_until=client.now())
    except Unreachable as error:
        return error
    except ClusterError:
        return None
    return None
