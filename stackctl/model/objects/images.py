"""Which container images objects name, in Pod templates and in what imitates them.

Whether component.yaml lists them is `check`'s part, where they come from `settings`'.
"""

from collections.abc import Iterable, Iterator

from stackctl.model.objects.pod_templates import containers
from stackctl.model.objects.refs import Manifest, Ref, ref_of


def images_in(objects: Iterable[Manifest]) -> Iterator[tuple[Ref, str]]:
    """Yield every image with the object that names it."""
    for manifest in objects:
        for _, container in containers(manifest):
            if image := container.get("image"):
                yield ref_of(manifest), image
