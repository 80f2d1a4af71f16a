"""Generated values put into their Secrets: made once, and left alone ever after.

A Secret with them is created, not applied, by a field manager of its own: no later apply takes
them out of it.
"""

import secrets
import string
from collections.abc import Container

from stackctl.api.client import Client
from stackctl.cluster.look.credentials import of_stack, path_of
from stackctl.errors import ApplyError
from stackctl.model.catalogue.generated import Generate
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.objects.secret_data import texts_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.credentials import GeneratedSecrets, data_of
from stackctl.secrets import SECRETS

MANAGER = "stackctl-credentials"
_LENGTH = 24
_LETTERS = string.ascii_letters + string.digits


def generate(kind: str) -> str:
    """Make a value."""
    if kind == Generate.PASSWORD:
        return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return secrets.token_hex(32) if kind == Generate.KEY else secrets.token_urlsafe(32)


def ensure(
    client: Client,
    stack: StackId,
    known: GeneratedSecrets,
    component: str,
    rotating: Container[str] = (),
) -> list[Ref]:
    """Make the Secrets of a component what they are to be; return those that were written.

    Values that are there stay, but for those that are rotated.

    Raises:
        ConflictError: somebody else has made a Secret of that name.
        ApplyError: a value is in no Secret and is not generated.
    """
    return [
        ref
        for ref, manifest in known.of(component).items()
        if _written(client, stack, known, ref, manifest, rotating)
    ]


def _written(
    client: Client,
    stack: StackId,
    known: GeneratedSecrets,
    ref: Ref,
    manifest: Manifest,
    rotating: Container[str],
) -> bool:
    live = of_stack(client, stack, ref, known)
    fresh: dict[str, str] = {}

    def value(name: str) -> str:
        if name not in fresh:
            fresh[name] = _value(client, known, ref, live, name, rotating)
            SECRETS.learn([fresh[name]])
        return fresh[name]

    wanted = data_of(manifest, value)
    if live is None:
        whole = manifest | {"data": wanted}
        client.create(path_of(ref).rpartition("/")[0], whole, manager=MANAGER)
        return True
    there = live.get("data") or {}
    changed = {key: text for key, text in wanted.items() if there.get(key) != text}
    if not changed:
        return False
    version = {
        "uid": live["metadata"]["uid"],
        "resourceVersion": live["metadata"]["resourceVersion"],
    }
    client.patch(path_of(ref), {"metadata": version, "data": changed}, manager=MANAGER)
    return True


def _value(
    client: Client,
    known: GeneratedSecrets,
    ref: Ref,
    live: Manifest | None,
    name: str,
    rotating: Container[str],
) -> str:
    """Return what is set, else what is there, else something new."""
    if name in known.given:
        return known.given[name]
    home, key = known.homes.get(name, (ref, ""))
    there = live if home == ref else client.get(path_of(home))
    found = texts_of(there or {}).get(key, "")
    if found and not (name in rotating and home == ref):
        return found
    if name in known.kinds and home == ref:
        return generate(known.kinds[name])
    raise ApplyError(f"{ref}: there is no value for {name}", hint=f"set it: --set {name}=VALUE")
