"""How groups of options are declared, and how a command takes a group in one parameter.

Which options there are is not said here.
"""

import inspect
from collections.abc import Callable
from copy import copy
from typing import Any

import typer
from typer.core import TyperOption


def option(*names: str, help: str, panel: str = "", **more: Any) -> Any:
    """Declare an option that can also be given as STACKCTL_<NAME> in the environment."""
    long = next(name for name in names if name.startswith("--"))
    variable = "STACKCTL_" + long.split("/")[0].strip("-").replace("-", "_").upper()
    more = dict[str, Any](envvar=variable, show_envvar=False, show_default=False) | more
    return typer.Option(*names, help=help, rich_help_panel=panel or None, **more)


def one_a_line() -> Any:
    """Return the type of texts that may have blanks in them, for options that may repeat.

    The environment, which can give an option only once, has one of them on each line.
    """
    kind = copy(TyperOption(param_decls=["--text"]).type)
    kind.envvar_list_splitter = "\n"  # type: ignore[misc]
    return kind


class Options:
    """A group of options: each annotated name of the class is one, its value the default.

    Not a dataclass, for a dozen of those would take a tenth of the time of `stackctl profiles`.
    """

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    @classmethod
    def declared(cls) -> dict[str, Any]:
        """Return every option by name, those of the base classes first."""
        found: dict[str, Any] = {}
        for each in reversed(cls.__mro__):
            found |= vars(each).get("__annotations__", {})
        return found

    def values(self) -> dict[str, Any]:
        """Return what was chosen, by the names of the options."""
        return {name: getattr(self, name) for name in self.declared()}


def spread(command: Callable[..., int]) -> Callable[..., int]:
    """Let each parameter that is a group stand for the options of the group."""
    declared = command.__annotations__
    defaults = command.__kwdefaults__ or {}
    groups = {
        name: kind
        for name, kind in declared.items()
        if isinstance(kind, type) and issubclass(kind, Options)
    }

    def call(**values: Any) -> int:
        grouped = {
            name: kind(**{option: values.pop(option) for option in kind.declared()})
            for name, kind in groups.items()
        }
        return command(**grouped, **values)

    parameters: list[inspect.Parameter] = []
    for name, kind in declared.items():
        if name in groups:
            parameters += [
                _parameter(option, declaration, getattr(kind, option))
                for option, declaration in kind.declared().items()
            ]
        elif name != "return":
            parameters.append(_parameter(name, kind, defaults.get(name, inspect.Parameter.empty)))
    vars(call)["__signature__"] = inspect.Signature(parameters)
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    return call


def _parameter(name: str, declaration: Any, default: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=declaration)
