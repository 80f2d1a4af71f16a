"""Show the generated values of a stack, and make one anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from stackctl.cluster.change.credentials import ensure
from stackctl.cluster.change.options import RunOptions
from stackctl.cluster.change.session import hold_stack
from stackctl.cluster.connection import Connection
from stackctl.cluster.context import running
from stackctl.cluster.look.credentials import of_stack
from stackctl.cluster.record import releases
from stackctl.cluster.record.missing_record import absent
from stackctl.errors import ConfigError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.objects.refs import Ref, ref_of
from stackctl.model.objects.secret_data import texts_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.credentials import GeneratedSecrets, credentials_of
from stackctl.model.resolve.overrides import component_of
from stackctl.model.run.events import Notify
from stackctl.model.shapes.suggest import did_you_mean

_REFERENCES = ("secretKeyRef", "secretRef", "secretName", "secret")


@dataclass(frozen=True, slots=True)
class GeneratedValue:
    """A value that is kept in a Secret and nowhere else."""

    name: str  # component.parameter
    secret: Ref
    key: str
    kind: str  # what is generated; empty where somebody sets it
    value: str = ""  # empty where it is not there


@dataclass(frozen=True, slots=True)
class Rotation:
    """What was made anew, where it was written, and who reads it when it starts."""

    name: str
    written: tuple[Ref, ...]
    readers: tuple[Ref, ...]
    agreed: bool = True


def credentials(
    stack: StackId, connection: Connection, component: str | None = None
) -> tuple[GeneratedValue, ...]:
    """Read the values of a stack, or of one component of it.

    Raises:
        ReleaseError: there is no such stack.
        ConfigError: it has no such component.
    """
    bundle = _bundle(stack, connection)
    parts = [part.name for part in bundle.components]
    if component is not None and component not in parts:
        known = did_you_mean(component, parts)
        raise ConfigError(f"stack {stack} has no component {component}{known}")
    known_here = credentials_of(bundle)
    return tuple(
        _read(stack, connection, known_here, name)
        for name in known_here.homes
        if component in (None, component_of(name))
    )


def rotate(
    stack: StackId,
    connection: Connection,
    name: str,
    *,
    agree: Callable[[Rotation], bool],
    notify: Notify,
    options: RunOptions,
) -> Rotation:
    """Make a value anew, and write it wherever the stack has it.

    Raises:
        ConfigError: nothing of that name is generated.
    """
    bundle = _bundle(stack, connection)
    known = credentials_of(bundle)
    if name not in known.kinds or name not in known.homes:
        what = did_you_mean(name, known.kinds)
        raise ConfigError(f"stack {stack} generates no {name}{what}")
    holders = [ref for ref in known.secrets if name in known.names_in(ref)]
    readers = tuple(dict.fromkeys(each for ref in holders for each in readers_of(bundle, ref)))
    meant = Rotation(name, tuple(holders), readers)
    with running(connection, notify) as run:
        with run.client.pausing():
            agreed = agree(meant)
        if not agreed:
            return Rotation(name, (), readers, agreed=False)
        left = run.client.end_look(options.timeout)
        with (
            run.client.within(run.now() + left),
            hold_stack(run, stack, "Credentials", options.claim) as (session, _, _),
        ):
            client, home = session.connection.client, known.homes[name][0]
            session.begin(home)
            written = ensure(client, stack, known, known.secrets[home][0], {name})
            for part in bundle.components:
                written += ensure(client, stack, known, part.name)
    return Rotation(name, tuple(dict.fromkeys(written)), readers)


def _bundle(stack: StackId, connection: Connection) -> Bundle:
    recorded = releases.current(connection.client, stack)
    if recorded is None:
        raise absent(connection, stack)
    return releases.bundle_of(connection.client, recorded.release)


def _read(
    stack: StackId, connection: Connection, known: GeneratedSecrets, name: str
) -> GeneratedValue:
    ref, key = known.homes[name]
    live = of_stack(connection.client, stack, ref, known)
    return GeneratedValue(
        name, ref, key, known.kinds.get(name, ""), texts_of(live or {}).get(key, "")
    )


def readers_of(bundle: Bundle, secret: Ref) -> Iterator[Ref]:
    """Yield the objects whose Pods are given a Secret."""
    for manifest in bundle.manifests:
        ref = ref_of(manifest)
        if ref.namespace == secret.namespace and _refers(manifest, secret.name):
            yield ref


def _refers(value: Any, name: str) -> bool:
    if isinstance(value, list):
        return any(_refers(each, name) for each in value)
    if not isinstance(value, dict):
        return False
    for key in _REFERENCES:
        found = value.get(key)
        if name in (found, found.get("name") if isinstance(found, dict) else None):
            return True
    return any(_refers(each, name) for each in value.values())
