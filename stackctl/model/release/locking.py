"""What a bundle comes to, so that it can be told from any other; and what differs from that.

Secret values do not count: they are no version of anything, and who can read a lock could guess
them by their digest. Nor does what a chart makes up anew at each rendering.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from stackctl.model.catalogue.envelope import API_VERSION, Metadata
from stackctl.model.catalogue.lock_file import LockDocument, LockedComponent, LockSpec
from stackctl.model.charts.rendered import Fields
from stackctl.model.compose.bundle import Bundle, BundleComponent, to_plain
from stackctl.model.compose.secret_places import hidden
from stackctl.model.objects import paths
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


@dataclass(frozen=True, slots=True)
class FromCharts:
    """What has to be known of components that come from charts, by their names."""

    digests: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[str, Fields] = field(default_factory=dict)  # made up anew at each rendering


def lock_of(
    bundle: Bundle, stack: StackId, tool: str, charts: FromCharts = FromCharts()
) -> LockDocument:
    """Say what a stack comes to."""
    parts = {part.name: _locked(bundle, part, charts) for part in bundle.components}
    every = [
        [name, part.version, part.digest, *filter(None, [part.chart])]
        for name, part in sorted(parts.items())
    ]
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
        yield LockDifference(f"{name} chart", was.chart, is_now.chart)
        images = sorted({*was.images} ^ {*is_now.images})
        for image in images:
            yield LockDifference(
                f"{name} image",
                image if image in was.images else "",
                image if image in is_now.images else "",
            )
        if not images and was.chart == is_now.chart:
            yield LockDifference(f"{name} objects", was.digest, is_now.digest)


def _locked(bundle: Bundle, part: BundleComponent, charts: FromCharts) -> LockedComponent:
    images = {
        str(container["image"])
        for manifest in part.objects
        for _, container in containers(manifest)
        if container.get("image")
    }
    drawn = charts.drawn.get(part.name, {})
    kept = (_undrawn(each, drawn) for each in part.objects)
    open_ = replace(part, objects=tuple(_masked(bundle, each) for each in kept))
    return LockedComponent(
        part.version,
        digest(to_plain(open_)),
        tuple(sorted(images)),
        charts.digests.get(part.name, ""),
    )


def _undrawn(manifest: Manifest, drawn: Fields) -> Manifest:
    for at in drawn.get(ref_of(manifest), ()):
        if paths.exists(manifest, at):
            manifest = paths.put(manifest, at, "")
    return manifest


def _masked(bundle: Bundle, manifest: Manifest) -> Manifest:
    places = bundle.secret_places.get(ref_of(manifest), ())
    return hidden(mask(manifest), mask(manifest), places)[0]
