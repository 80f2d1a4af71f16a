"""What `--set` said of secrets, kept in a Secret beside a revision's index.

Whoever reads the index sees that they are set. Which settings are secret is decided by
`model.confidential`.
"""

import base64
import zlib
from collections.abc import Collection, Mapping

from stackctl.api.client import Client
from stackctl.cluster.record import record_store as store
from stackctl.errors import ReleaseError
from stackctl.model.objects.refs import Ref, labels_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.release.release import Release, pack, unpack
from stackctl.model.shapes.shapes import TEXT_MAP, misshapen
from stackctl.secrets import HIDDEN, SECRETS

LABEL = "stackctl.dev/sets"  # the revision whose secret settings are kept there


def keep(client: Client, release: Release, secrets: Mapping[str, str]) -> None:
    """Store what is not in the index; nothing where nothing is secret."""
    if not secrets:
        return
    content = {"sets": base64.b64encode(pack(dict(secrets))).decode()}
    secret = store.secret(release.stack, _name(release), content)
    secret["metadata"]["labels"][LABEL] = str(release.revision)
    # A run that was killed before its index was written may have left one.
    store.write(client, f"{store.secrets_of(release.stack)}/{_name(release)}", secret)


def read(client: Client, release: Release) -> dict[str, str]:
    """Read what `--set` said of secrets for a revision.

    Raises:
        ReleaseError: it is gone, or damaged.
    """
    hidden = [key for key, value in release.sets.items() if value == HIDDEN]
    if not hidden:
        return {}
    found = client.get(f"{store.secrets_of(release.stack)}/{_name(release)}")
    try:
        known: dict[str, str] = unpack(base64.b64decode((found or {})["data"]["sets"]))
        kept = {key: known[key] for key in hidden}
        if misshapen(kept, TEXT_MAP):
            raise ValueError("not texts")  # noqa: TRY301 - as every other damage
    except (KeyError, TypeError, ValueError, OSError, EOFError, zlib.error) as error:
        where = Ref("", "Secret", release.stack.namespace, _name(release))
        what = "is gone" if found is None else "cannot be read"
        upgrade = f"stackctl upgrade --stack {release.stack}"
        raise ReleaseError(
            f"{where} {what}: it held what --set said of {', '.join(hidden)}",
            hint=f"say it anew: {upgrade} --set {hidden[0]}=…, or leave it out: {upgrade} --reset",
        ) from error
    SECRETS.learn(kept.values())
    return kept


def tidy(client: Client, stack: StackId, kept: Collection[int]) -> None:
    """Remove the settings of revisions that are not kept."""
    path, labels = store.secrets_of(stack), store.mine(stack, LABEL)
    revisions = {str(revision) for revision in kept}
    names = (
        item["metadata"]["name"]
        for item in client.list(path, labels=labels, metadata_only=True).items
        if labels_of(item)[LABEL] not in revisions
    )
    store.delete_all(client, path, names)


def _name(release: Release) -> str:
    return f"{store.name_of(release.stack, release.revision)}.sets"
