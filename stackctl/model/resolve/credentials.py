"""Which credentials a component has: those that are made for it, and those somebody has given.

The Secrets that they stand in are found by `compose`; values are made by
`cluster.change.credentials`.
"""

from stackctl.model.catalogue.component import ParameterType
from stackctl.model.catalogue.generated import Generated
from stackctl.model.resolve.selection import Chosen


def generated_for(chosen: Chosen) -> dict[str, str]:
    """Say what is generated, by component.parameter."""
    return {
        f"{chosen.component.name}.{key}": parameter.generate.value
        for key, parameter in chosen.component.spec.parameters.items()
        if parameter.generate and isinstance(chosen.parameters[key].value, Generated)
    }


def given_to(chosen: Chosen) -> dict[str, str]:
    """Return the secrets that somebody has set, by component.parameter."""
    return {
        f"{chosen.component.name}.{key}": str(value)
        for key, parameter in chosen.component.spec.parameters.items()
        if parameter.type is ParameterType.SECRET
        and (value := chosen.parameters[key].value) is not None
        and not isinstance(value, Generated)
    }
