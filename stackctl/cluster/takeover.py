"""Carries out on one object what `model.takeover` decides."""

from stackctl.api.client import Client
from stackctl.errors import ConflictError, Invalid, StaleWrite
from stackctl.model.objects import Manifest, ref_of
from stackctl.model.takeover import patch

ATTEMPTS = 5  # controllers write to objects all the time


def take_over(client: Client, path: str, live: Manifest, *, adopting: bool) -> None:
    """Make the claims of former installers ours, before we apply.

    Raises:
        ConflictError: somebody else keeps writing to the object.
    """
    found: Manifest | None = live
    for _ in range(ATTEMPTS):
        steps = patch(found, adopting=adopting) if found is not None else []
        if not steps:
            return
        try:
            client.patch(path, steps, kind="json")
        except (StaleWrite, Invalid):  # a test that fails is answered with 422
            found = client.get(path)
        else:
            return
    raise ConflictError(
        f"{ref_of(live)}: cannot be taken over, somebody writes to it all the time",
        hint=f"see who: kubectl get --show-managed-fields -o yaml {ref_of(live).kind} "
        f"{ref_of(live).name}",
    )
