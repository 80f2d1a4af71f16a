"""How much is said, how a result is printed, and who else is told.

What an option does is the command's business; how a group becomes options is in `grouping`.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from stackctl.cli.options.grouping import Options, option

_OUTPUT = "Output options"


class Colour(StrEnum):
    """When to use colour."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class ResultFormat(StrEnum):
    """How one result is printed."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


class ListFormat(StrEnum):
    """How a list is printed."""

    TABLE = "table"
    WIDE = "wide"
    NAME = "name"
    JSON = "json"
    YAML = "yaml"


class ManifestFormat(StrEnum):
    """How manifests are printed."""

    YAML = "yaml"
    JSON = "json"
    NAME = "name"


class OutputOptions(Options):
    """How much is said, and how."""

    verbose: Annotated[bool, option("--verbose", "-v", help="Say more", panel=_OUTPUT)] = False
    quiet: Annotated[
        bool, option("--quiet", "-q", help="Only the result and errors", panel=_OUTPUT)
    ] = False
    debug: Annotated[bool, option("--debug", help="Show tracebacks of errors", panel=_OUTPUT)] = (
        False
    )
    color: Annotated[
        Colour,
        option("--color", metavar="WHEN", help="Colour: auto, always or never", panel=_OUTPUT),
    ] = Colour.AUTO


class Output(Options):
    """How the result is printed."""

    format: Annotated[
        ResultFormat,
        option("--output", "-o", metavar="FORMAT", help="table, json or yaml", panel=_OUTPUT),
    ] = ResultFormat.TABLE


class ListOutput(Options):
    """How a list is printed."""

    format: Annotated[
        ListFormat,
        option(
            "--output",
            "-o",
            metavar="FORMAT",
            help="table, wide, name, json or yaml",
            panel=_OUTPUT,
        ),
    ] = ListFormat.TABLE


class EventOptions(Options):
    """Who else is told what happens."""

    events: Annotated[
        Path | None,
        option(
            "--events",
            metavar="FILE",
            help="Add every event to FILE, one JSON document a line",
            panel=_OUTPUT,
        ),
    ] = None
