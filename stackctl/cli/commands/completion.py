"""The command `completion`: teach a shell to complete command lines."""

import os
import sys
from enum import StrEnum
from typing import Annotated

import typer

from stackctl.cli.options.shells import SCRIPTS
from stackctl.cli.terminal.streams import write_result
from stackctl.errors import UsageError


class Shell(StrEnum):
    """Shells whose completion is known."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    *,
    shell: Annotated[
        Shell | None, typer.Argument(help="bash, zsh or fish; default: your login shell")
    ] = None,
) -> int:
    """Print the script that teaches a shell to complete stackctl.

    Examples:
        source <(stackctl completion bash)
        stackctl completion zsh > ~/.zfunc/_stackctl
        stackctl completion fish > ~/.config/fish/completions/stackctl.fish
    """
    write_result(sys.stdout, SCRIPTS[shell or _login_shell()])
    return 0


def _login_shell() -> str:
    name = os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119 - a name, not a file
    if name not in list(Shell):
        raise UsageError(
            f"no completion for the shell {name or 'of this session'!r}",
            hint="stackctl completion bash",
        )
    return name
