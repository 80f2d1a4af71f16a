"""What a bundle comes to, so that it can be told from any other; and what differs from that.

Secret values do not count: they are no version of anything, and who can read a lock could guess
them by their digest.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stackctl.model.catalogue.envelope import API_VERSION, Metadata
from stackctl.model.catalogue.lock_file import LockDocument, LockedComponent, LockSpec
from stackctl.model.compose.bundle import Bundle, BundleComponent, to_plain
from stackctl.model.compose.secret_places import hidden
from stackctl.model.objects.masking import mask
from stackctl.model.objects.refs import Manifest, digest, ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.shapes.pod_specs import containers


@dataclass(frozen=True, slots=True)
class LockDifference:
    """One thing that is not as it is locked; empty where there is none."""

    what: str
    locked: str
    now: str

    def __str__(self) -> str:
        return f"{self.what}: locked {self.locked or 'without it'}, now {self.now or 'not there'}"


def lock_of(bundle: Bundle, stack: StackId, tool: str) -> LockDocument:
    """Say what a stack comes to."""
    parts = {part.name: _locked(bundle, part) for part in bundle.components}
    every = [[name, part.version, part.digest] for name, part in sorted(parts.items())]
    spec = LockSpec(bundle.profile, tool, digest(every), dict(sorted(parts.items())))
    return LockDocument(API_VERSION, "Lock", Metadata(stack.name), spec)


def lock_differences(locked: LockDocument, now: LockDocument) -> tuple[LockDifference, ...]:
    """Say what differs, the small before the large; nothing where all is the same."""
    return tuple(each for each in _compared(locked, now) if each.locked != each.now)


def _compared(locked: LockDocument, now: LockDocument) -> Iterator[LockDifference]:
    yield LockDifference("stack", locked.metadata.name, now.metadata.name)
    yield LockDifference("profile", locked.spec.profile, now.spec.profile)
    yield LockDifference("stackctl", locked.spec.tool, now.spec.tool)
    before, after = locked.spec.components, now.spec.components
    for name in sorted({*before, *after}):
        was, is_now = before.get(name), after.get(name)
        if was is None or is_now is None or was.version != is_now.version:
            yield LockDifference(name, was.version if was else "", is_now.version if is_now else "")
            continue
        images = sorted({*was.images} ^ {*is_now.images})
        for image in images:
            yield LockDifference(
                f"{name} image",
                image if image in was.images else "",
                image if image in is_now.images else "",
            )
        if not images:
            yield LockDifference(f"{name} objects", was.digest, is_now.digest)


def _locked(bundle: Bundle, part: BundleComponent) -> LockedComponent:
    images = {
        str(container["image"])
        for manifest in part.objects
        for _, container in containers(manifest)
        if container.get("image")
    }
    open_ = replace(part, objects=tuple(_masked(bundle, each) for each in part.objects))
    return LockedComponent(part.version, digest(to_plain(open_)), tuple(sorted(images)))


def _masked(bundle: Bundle, manifest: Manifest) -> Manifest:
    places = bundle.secret_places.get(ref_of(manifest), ())
    return hidden(mask(manifest), mask(manifest), places)[0]
