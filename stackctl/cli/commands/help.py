"""The command `help`: what a command does, and how it is typed."""

import sys
from typing import Annotated

import typer

from stackctl.cli.options.completion import complete_command
from stackctl.cli.terminal.streams import write_result


def help(
    *,
    context: typer.Context,
    command: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND]...",
            help="The command, and which one of it; default: all of them",
            autocompletion=complete_command,
        ),
    ] = None,
) -> int:
    """Show the help of a command, as its --help does.

    Examples:
        stackctl help
        stackctl help deploy
        stackctl help sandbox up
    """
    here = context.find_root()
    for word in command or ():
        group = here.command
        if not isinstance(group, typer.core.TyperGroup):
            break  # what follows a command's name is no command
        _, found, _ = group.resolve_command(here, [word])
        if found is not None:  # or it was refused by now
            here = typer.Context(found, info_name=word, parent=here)
    write_result(sys.stdout, here.get_help() + "\n")
    return 0
