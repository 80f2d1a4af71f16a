"""Which settings of a stack cannot be applied, and why."""

import re
from collections.abc import Iterator

from stackctl.model.catalogue.profile import Settings
from stackctl.model.objects.refs import COMPONENT_LABEL, MANAGED_BY, STACK_LABEL

_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?)?", re.ASCII)


_LABEL_KEY = re.compile(
    rf"(?:[a-z0-9][-a-z0-9.]{{0,252}}/)?(?!/|$){_LABEL_VALUE.pattern}", re.ASCII
)


_OURS = (MANAGED_BY, STACK_LABEL, COMPONENT_LABEL)


def problems(settings: Settings) -> Iterator[str]:
    """Yield which settings cannot be applied."""
    for key, value in settings.labels.items():
        if key in _OURS:
            yield f"settings.labels: {key} is set by stackctl itself"
        if not _LABEL_KEY.fullmatch(key):
            yield f'settings.labels: "{key}" is no label'
        if not _LABEL_VALUE.fullmatch(value):
            yield f'settings.labels.{key}: "{value}" is no label value'
    if "://" in settings.imageRegistry or settings.imageRegistry.endswith("/"):
        yield (
            "settings.imageRegistry: expected a host and perhaps a path such as "
            f"registry.example.com/mirror, found {settings.imageRegistry}"
        )
