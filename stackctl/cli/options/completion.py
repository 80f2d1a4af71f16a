"""What a shell offers while a command line is typed: profiles, components, parameters.

Whatever goes wrong here, the shell is told nothing: nobody wants an error in the middle of a word.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import typer

from stackctl.errors import StackError


def complete_profile(incomplete: str) -> list[tuple[str, str]]:
    """Offer profiles."""
    with suppress(StackError, OSError):
        return [item for item in _profiles() if item[0].startswith(incomplete)]
    return []


def complete_component(incomplete: str) -> list[tuple[str, str]]:
    """Offer components."""
    with suppress(StackError, OSError):
        return [item for item in _components() if item[0].startswith(incomplete)]
    return []


def complete_setting(incomplete: str) -> list[tuple[str, str]]:
    """Offer `component.parameter=`."""
    with suppress(StackError, OSError):
        return [item for item in _settings() if item[0].startswith(incomplete)]
    return []


def _profiles() -> Iterator[tuple[str, str]]:
    from stackctl.sources.files import read_catalogue

    for profile in read_catalogue().profiles.values():
        yield profile.name, profile.description


def _components() -> Iterator[tuple[str, str]]:
    from stackctl.sources.files import read_catalogue

    for component in read_catalogue().components.values():
        yield component.name, component.description


def _settings() -> Iterator[tuple[str, str]]:
    from stackctl.sources.files import read_catalogue

    for component in read_catalogue().components.values():
        for name, parameter in component.spec.parameters.items():
            yield f"{component.name}.{name}=", parameter.description


def complete_command(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer commands, for their help."""
    here: Any = ctx.find_root().command
    for word in ctx.params.get("command") or ():
        here = getattr(here, "commands", {}).get(word)
    commands = getattr(here, "commands", {})
    return [
        (name, command.get_short_help_str())
        for name, command in commands.items()
        if name.startswith(incomplete)
    ]
