"""The settings of a component with who says so, as profiles and explanations show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackctl.model.catalogue.parameters import parameters_of
from stackctl.model.objects import paths
from stackctl.model.resolve.bound_values import VALUES, said_of_value, value_keys
from stackctl.model.resolve.confidential import confidential
from stackctl.secrets import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stackctl.model.catalogue.profile import Origin
    from stackctl.model.resolve.selection import Chosen


def settings_of(chosen: Chosen) -> Iterator[tuple[str, Any, Origin]]:
    """Yield every setting with who says so; of what is secret, only that it is set."""
    name, declared = chosen.component.name, parameters_of(chosen.component)
    for key, setting in chosen.parameters.items():
        secret = setting.value is not None and confidential(key, declared[key])
        yield f"{name}.{key}", HIDDEN if secret else setting.value, setting.origin
    for key, said in chosen.feature_settings.items():
        yield f"{name}.features.{key}", said.value, said.origin
    for place in value_keys(chosen):
        given = said_of_value(chosen, place)[0]
        yield f"{name}.{paths.show((VALUES, *place))}", given.value, given.origin
