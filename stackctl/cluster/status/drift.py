"""What of a stack's objects has been changed since they were applied, field by field.

Most objects are known to be as they were from metadata alone; only the others are read, with what
the record says was applied to them. How they are compared is `model.plan.drift`'s.
"""

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field

from stackctl.cluster.connection import Connection
from stackctl.cluster.record import shards
from stackctl.errors import AccessDenied, NotServed, ReleaseError
from stackctl.model.compose.bundle import Bundle, secrets_in
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.drift import drift_of
from stackctl.model.plan.plan import Drift, drifted
from stackctl.model.release.release import Entry, Release
from stackctl.secrets import SECRETS

UNCOMPARED = "fields are not compared with what was applied"


@dataclass(frozen=True, slots=True)
class Drifts:
    """What has drifted, and what of it could not be looked at."""

    of: Mapping[Ref, tuple[Drift, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


def read_drift(
    connection: Connection, release: Release, found: Mapping[Ref, Manifest], pool: Executor
) -> Drifts:
    """Tell from the metadata that was found which objects have drifted, and read those."""
    entries = {entry.ref: entry for entry in release.inventory if entry.ref in found}
    coarse = {
        ref: drift
        for ref, entry in entries.items()
        if (drift := drifted(found[ref], entry, release.stack))
    }
    if not coarse:
        return Drifts()
    try:
        bundle = applied(connection, release, {entries[ref].component for ref in coarse})
    except (AccessDenied, ReleaseError) as error:
        return Drifts(coarse, (f"{UNCOMPARED}: {error}",))
    stack = release.stack
    reading = pool.map(lambda ref: _compare(connection, bundle, entries[ref], stack), coarse)
    fine = dict(zip(coarse, reading, strict=True))
    chosen = {ref: found if found is not None else coarse[ref] for ref, found in fine.items()}
    return Drifts(chosen)


def applied(connection: Connection, release: Release, components: set[str]) -> Bundle:
    """Read what was applied of some components.

    Raises:
        ReleaseError: it is lost.
        AccessDenied: it may not be read.
    """
    names = [name for name in release.shards if name in components]
    stored = shards.stored(connection.client, release, [release.shards[name] for name in names])
    parts = [shards.joined(release, name, stored.get(release.shards[name], ())) for name in names]
    bundle = Bundle(release.profile, tuple(parts), release.requires)
    SECRETS.learn(secrets_in(bundle))
    return bundle


def _compare(
    connection: Connection, bundle: Bundle, entry: Entry, stack: StackId
) -> tuple[Drift, ...] | None:
    """Compare an object with what was applied; None where that tells nothing more."""
    ref, discovery = entry.ref, connection.discovery
    resource = discovery.find(ref.group, ref.kind, entry.version) or discovery.find(
        ref.group, ref.kind
    )
    applied = bundle.objects.get(ref)
    if resource is None or applied is None:
        return None
    try:
        live = connection.client.get(resource.path(ref.namespace, ref.name))
    except (AccessDenied, NotServed):
        return None
    if live is None:
        return None
    live = live | {"apiVersion": resource.api_version, "kind": resource.kind}
    SECRETS.learn(secrets_in(bundle, {ref: live}))
    return drift_of(live, applied[1], stack, bundle.secret_places.get(ref, ()))
