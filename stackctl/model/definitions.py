"""Whether a definition of custom resources may take the place of another without losing objects."""

from collections.abc import Iterator

from stackctl.model.objects import Manifest


def lost(live: Manifest, wanted: Manifest) -> Iterator[str]:
    """Say what applying `wanted` over `live` would lose; nothing when it is safe."""
    was, now = live["spec"], wanted["spec"]
    if was.get("scope") != now.get("scope"):
        yield f"scope changes from {was.get('scope')} to {now.get('scope')}"
    served = {version["name"] for version in now.get("versions") or ()}
    for version in live.get("status", {}).get("storedVersions") or ():
        if version not in served:
            yield f"objects are stored as {version}, which it no longer has"
