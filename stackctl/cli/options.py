"""The options that commands share, as dataclasses, and how these become a command's options.

What an option does is the command's business.
"""

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from stackctl.cli.complete import complete_profile, complete_setting

_CLUSTER = "Cluster options"
_OUTPUT = "Output options"
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")


def option(*names: str, help: str, panel: str = "", **more: Any) -> Any:
    """Declare an option that can also be given as STACKCTL_<NAME> in the environment."""
    long = next(name for name in names if name.startswith("--"))
    variable = "STACKCTL_" + long.split("/")[0].strip("-").replace("-", "_").upper()
    more = dict[str, Any](envvar=variable, show_envvar=False, show_default=False) | more
    return typer.Option(*names, help=help, rich_help_panel=panel or None, **more)


def seconds(text: str) -> float:
    """Read a Go duration such as 90s, 10m or 1h30m."""
    if text == "0":
        return 0.0
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90s, 10m or 1h30m")
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


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


@dataclass(frozen=True, slots=True)
class Shown:
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


@dataclass(frozen=True, slots=True)
class Output:
    """How the result is printed."""

    format: Annotated[
        ResultFormat,
        option("--output", "-o", metavar="FORMAT", help="table, json or yaml", panel=_OUTPUT),
    ] = ResultFormat.TABLE


@dataclass(frozen=True, slots=True)
class ListOutput:
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


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster is meant: kubectl's rules."""

    kubeconfig: Annotated[
        str | None,
        option("--kubeconfig", metavar="FILE", help="Kubeconfig file to use", panel=_CLUSTER),
    ] = None
    context: Annotated[
        str | None,
        option("--context", metavar="NAME", help="Kubeconfig context to use", panel=_CLUSTER),
    ] = None


@dataclass(frozen=True)
class Catalogs:
    """Where components and profiles come from."""

    catalogs: Annotated[
        list[Path] | None,
        option(
            "--catalog",
            metavar="DIR",
            help="Folder with profiles/ and manifests/ to add to the shipped ones; may repeat",
        ),
    ] = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders as a value that can be passed on."""
        return tuple(self.catalogs or ())


@dataclass(frozen=True)
class StackName:
    """Which stack of a cluster is meant."""

    stack: Annotated[
        str | None,
        option("--stack", metavar="NAME", help="Name of the stack; default: the profile's"),
    ] = None
    file: Annotated[
        Path | None,
        option("--file", "-f", metavar="FILE", help="Stack file; default: stack.yaml if there"),
    ] = None


@dataclass(frozen=True)
class Recipe(Catalogs, StackName):
    """What a stack is made of."""

    profile: Annotated[
        str | None,
        option(
            "--profile",
            "-p",
            metavar="NAME",
            help="Profile to deploy; `stackctl profiles` lists them",
            autocompletion=complete_profile,
        ),
    ] = None
    sets: Annotated[
        list[str] | None,
        option(
            "--set",
            metavar="COMPONENT.PARAMETER=VALUE",
            help="Set a parameter of a component; may repeat",
            autocompletion=complete_setting,
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class SandboxName:
    """Which sandbox is meant."""

    name: Annotated[
        str,
        option(
            "--name",
            metavar="NAME",
            help="Name of the sandbox; default: default",
            envvar=["STACKCTL_NAME", "STACKCTL_SANDBOX"],
        ),
    ] = "default"


@dataclass(frozen=True, slots=True)
class Loss:
    """What a teardown takes along."""

    keep_crds: Annotated[
        bool, option("--keep-crds", help="Leave CRDs and everything made with them")
    ] = False
    delete_data: Annotated[
        bool, option("--delete-data", help="Delete your own resources of its CRDs, and its volumes")
    ] = False


@dataclass(frozen=True, slots=True)
class Nodes:
    """Which nodes a sandbox simulates."""

    nodes: Annotated[
        str | None,
        option("--nodes", metavar="GROUPS", help="Nodes, as NAME=COUNT[xGPUS]: gpu=2x8,cpu=1"),
    ] = None


@dataclass(frozen=True, slots=True)
class Programs(Nodes):
    """How a sandbox gets its programs and where it listens."""

    port: Annotated[
        int | None, option("--port", metavar="PORT", help="Port of the API server; default: free")
    ] = None
    assets: Annotated[
        Path | None,
        option("--assets", metavar="DIR", help="Folder with the control plane's programs"),
    ] = None
    install_go: Annotated[
        bool, option("--install-go", help="Get the Go toolchain if the programs must be built")
    ] = False


@dataclass(frozen=True, slots=True)
class Agreement:
    """Whether and how far a change goes."""

    yes: Annotated[bool, option("--yes", "-y", help="Do not ask before changing anything")] = False
    dry_run: Annotated[
        bool, option("--dry-run", help="Show what would change and change nothing")
    ] = False
    timeout: Annotated[
        float,
        option(
            "--timeout",
            metavar="DURATION",
            parser=seconds,
            help="How long to wait for everything: 90s, 10m (default), 1h30m",
        ),
    ] = 600.0


def spread(command: Callable[..., int]) -> Callable[..., int]:
    """Let parameters that are dataclasses stand for one option for each of their fields."""
    signature = inspect.signature(command)
    groups: dict[str, Any] = {
        name: part.annotation
        for name, part in signature.parameters.items()
        if is_dataclass(part.annotation)
    }

    def call(**values: Any) -> int:
        grouped = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        return command(**grouped, **values)

    parameters = [
        each for part in signature.parameters.values() for each in _parameters(part, groups)
    ]
    vars(call)["__signature__"] = inspect.Signature(parameters)
    call.__annotations__ = {each.name: each.annotation for each in parameters}
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    return call


def _parameters(part: inspect.Parameter, groups: dict[str, Any]) -> list[inspect.Parameter]:
    if part.name not in groups:
        return [part.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
    group = groups[part.name]
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
