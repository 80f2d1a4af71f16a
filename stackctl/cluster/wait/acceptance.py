"""Whether the API server, and every webhook that it asks, would take an object: a dry run.

What follows from a refusal is for those who ask.
"""

from contextlib import suppress

from stackctl.api.client import Client, encode
from stackctl.api.discovery import Discovery
from stackctl.api.http.messages import Request
from stackctl.errors import AlreadyExists, ClusterError, NotServed
from stackctl.model.objects.refs import FIELD_MANAGER, Manifest, labelled, ref_of, version_of
from stackctl.model.readiness.children import as_a_pod

TRIAL = "stackctl.dev/trial"  # asks admission policies for no opinion: nothing is stored


def try_creation(client: Client, discovery: Discovery, manifest: Manifest, what: str = "") -> None:
    """Send an object that is not stored, once; `what` names it where it is refused.

    Raises:
        NotServed: its kind is not served.
        ClusterError: it is refused, or could not be sent.
    """
    _try(client, discovery, labelled(manifest, {TRIAL: "true"}), what)


def takes_pods(client: Client, discovery: Discovery, workload: Manifest) -> bool:
    """Tell whether the API server would take a Pod of a workload, as it is now.

    Its controller tries again ever more rarely: what it was told may be over for minutes.
    """
    try:
        _try(client, discovery, as_a_pod(workload))
    except ClusterError:
        return False
    return True


def _try(client: Client, discovery: Discovery, manifest: Manifest, what: str = "") -> None:
    ref = ref_of(manifest)
    resource = discovery.find(ref.group, ref.kind, version_of(manifest))
    if resource is None:
        discovery.refresh()
        raise NotServed(f"{what or ref}: {manifest['apiVersion']} is not served", status=404)
    query = {"dryRun": "All", "fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
    with suppress(AlreadyExists):  # which is said only after everybody has agreed
        client.send(
            Request(
                method="POST",
                path=resource.path(ref.namespace),
                query=query,
                body=encode(manifest),
                verb="create",
                what=what or str(ref),
                retry_until=client.now(),  # repeated by those who wait, and sooner
            )
        )
