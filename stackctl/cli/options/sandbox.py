"""Which sandbox is meant, and what it consists of.

What an option does is the command's business; how a group becomes options is in `grouping`.
"""

from pathlib import Path
from typing import Annotated

from stackctl.cli.options.completion import (
    complete_sandbox,
)
from stackctl.cli.options.grouping import Options, option


class SandboxName(Options):
    """Which sandbox is meant."""

    name: Annotated[
        str,
        option(
            "--name",
            metavar="NAME",
            help="Name of the sandbox; default: default",
            envvar=["STACKCTL_NAME", "STACKCTL_SANDBOX"],
            autocompletion=complete_sandbox,
        ),
    ] = "default"


class Nodes(Options):
    """Which nodes a sandbox simulates."""

    nodes: Annotated[
        str | None,
        option(
            "--nodes", metavar="GROUPS", help="Nodes, as NAME=COUNT[xGPUS]: gpu=2x8,tpu=2x4,cpu=1"
        ),
    ] = None


class Programs(Nodes):
    """How a sandbox gets its programs and where it listens."""

    port: Annotated[
        int | None,
        option(
            "--port",
            metavar="PORT",
            help="Port of the API server; default: free",
            min=1,
            max=65535,
        ),
    ] = None
    assets: Annotated[
        Path | None,
        option("--assets", metavar="DIR", help="Folder with the control plane's programs"),
    ] = None
    install_go: Annotated[
        bool, option("--install-go", help="Get the Go toolchain if the programs must be built")
    ] = False
