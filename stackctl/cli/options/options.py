"""The options that commands share, in groups.

What an option does is the command's business; how a group becomes options is in `grouping`.
"""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.completion import (
    complete_component,
    complete_context,
    complete_profile,
    complete_sandbox,
    complete_setting,
    complete_source,
    complete_stack,
)
from stackctl.cli.options.grouping import Options, one_a_line, option
from stackctl.errors import UsageError
from stackctl.model.run.failure_policy import OnFailure

_CLUSTER = "Cluster options"
_OUTPUT = "Output options"


def seconds(text: str | float) -> float:
    """Read a Go duration such as 90s, 10m or 1h30m; seconds stay what they are."""
    if isinstance(text, float):
        return text
    from stackctl.model.objects.quantities import seconds as duration

    try:
        return duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a duration; write 90s, 10m or 1h30m") from error


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


class Cluster(Options):
    """Which cluster is meant: kubectl's rules."""

    kubeconfig: Annotated[
        str | None,
        option("--kubeconfig", metavar="FILE", help="Kubeconfig file to use", panel=_CLUSTER),
    ] = None
    contexts: Annotated[
        list[str] | None,
        option(
            "--context",
            metavar="NAME",
            help="Kubeconfig context to use; may repeat",
            panel=_CLUSTER,
            autocompletion=complete_context,
            click_type=one_a_line(),
        ),
    ] = None

    @property
    def each(self) -> tuple[str, ...]:
        """The contexts that are named, each of them once."""
        return tuple(dict.fromkeys(filter(None, self.contexts or ())))

    @property
    def context(self) -> str | None:
        """The one context that is named.

        Raises:
            UsageError: there are several, and this command is for one.
        """
        self.require_one("this command")
        return next(iter(self.each), None)

    def require_one(self, what: str) -> None:
        """Refuse several contexts.

        Raises:
            UsageError: there are several.
        """
        if len(self.each) > 1:
            raise UsageError(
                f"several contexts are named ({', '.join(self.each)}), "
                f"and {what} is for one of them"
            )


class Catalogs(Options):
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


class StackName(Options):
    """Which stack of a cluster is meant."""

    stack: Annotated[
        str | None,
        option(
            "--stack",
            metavar="NAME",
            help="Name of the stack; default: the profile's",
            autocompletion=complete_stack,
        ),
    ] = None
    file: Annotated[
        Path | None,
        option("--file", "-f", metavar="FILE", help="Stack file; default: stack.yaml if there"),
    ] = None

    record_namespace: Annotated[
        str | None,
        option(
            "--record-namespace",
            metavar="NAME",
            help="Namespace the stack's record is in; default: where it is found",
        ),
    ] = None

    @property
    def name(self) -> str | None:
        """The stack's name, of `NAMESPACE/NAME` as well."""
        return self.stack.rpartition("/")[2] if self.stack else None

    @property
    def place(self) -> str | None:
        """The namespace of the record, where it is named."""
        return self.record_namespace or (self.stack or "").rpartition("/")[0] or None


class StackOptions(Catalogs, StackName):
    """What a stack is made of."""

    profile_option: Annotated[
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
            help="Set a parameter of a component; lists are a,b or [a,b], maps k=v,k2=v2; a "
            "feature is COMPONENT.features.NAME=true; null unsets; may repeat",
            autocompletion=complete_setting,
        ),
    ] = None

    sources: Annotated[
        list[str] | None,
        option(
            "--source",
            metavar="COMPONENT=SOURCE",
            help="Make a component of the upstream chart that its manifests follow: chart, "
            "chart:VERSION; or of its manifests: manifests; the same as --set COMPONENT.source=…; "
            "may repeat",
            autocompletion=complete_source,
        ),
    ] = None

    @property
    def said(self) -> tuple[str, ...]:
        """What `--set` says, and `--source`, as `--set` says it.

        Raises:
            UsageError: no component, or no source, is named.
        """
        found = [*(self.sets or ())]
        for text in self.sources or ():
            component, equals, source = text.partition("=")
            if not (component and equals and source):
                raise UsageError(
                    f"--source {text}: expected COMPONENT=SOURCE",
                    hint=f"--source {component or 'COMPONENT'}=chart:VERSION, or =manifests",
                )
            found.append(f"{component}.source={source}")
        return tuple(found)

    @property
    def profile(self) -> str | None:
        """The profile that is named."""
        return self.profile_option


class ProfileStack(StackOptions):
    """What a stack is made of, its profile named without an option as well."""

    profile_argument: Annotated[
        str | None,
        typer.Argument(
            metavar="[PROFILE]",
            help="The same as --profile",
            autocompletion=complete_profile,
        ),
    ] = None

    @property
    def profile(self) -> str | None:
        """The profile that is named, in either way.

        Raises:
            UsageError: two are.
        """
        named, option = self.profile_argument, self.profile_option
        if named and option not in (None, named, os.environ.get("STACKCTL_PROFILE")):
            raise UsageError(f"two profiles are named: {named} and --profile {option}")
        return named or option


class TakeOver(Options):
    """Whose fields are taken in this run."""

    take_over: Annotated[
        list[str] | None,
        option(
            "--take-over",
            metavar="MANAGER",
            help="Take the fields that this field manager holds as well; may repeat",
        ),
    ] = None


class RevertedStack(TakeOver, StackName):
    """Which stack goes back, and whose fields it takes."""


class ComparedStack(TakeOver, StackOptions):
    """What a stack is made of, where it is compared with a cluster."""


class ComparedProfileStack(ProfileStack, ComparedStack):
    """What a stack is made of that is compared with a cluster, its profile named in either way."""


class SomeComponents(Options):
    """Which components of a stack are meant."""

    only: Annotated[
        list[str] | None,
        option(
            "--only",
            metavar="COMPONENT",
            help="This component alone, the others as they were recorded; may repeat",
            autocompletion=complete_component,
        ),
    ] = None

    @property
    def names(self) -> tuple[str, ...]:
        """The components, each of them once."""
        return tuple(dict.fromkeys(self.only or ()))

    def without_plan(self, plan: Path | None) -> tuple[str, ...]:
        """Return the components.

        Raises:
            UsageError: a plan file is for a whole stack.
        """
        if self.names and plan is not None:
            raise UsageError("--only and --plan do not go together: a plan is of a whole stack")
        return self.names


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


class Agreement(Options):
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


class LockWait(Options):
    """Whether to wait for a run of somebody else."""

    wait_lock: Annotated[
        float,
        option(
            "--wait-lock",
            metavar="DURATION",
            parser=seconds,
            help="How long to wait for another run on the stack to end; default: not at all",
        ),
    ] = 0.0


class TeardownOptions(LockWait, Agreement):
    """How a teardown goes about it, and what it takes along; each is a field of `RunOptions`."""

    keep_crds: Annotated[
        bool, option("--keep-crds", help="Leave CRDs and everything made with them")
    ] = False
    delete_data: Annotated[
        bool, option("--delete-data", help="Delete your own resources of its CRDs, and its volumes")
    ] = False


class ApplyOptions(LockWait, Agreement):
    """How a change that applies objects goes about it; each is a field of `RunOptions`."""

    wait: Annotated[
        bool, option("--wait/--no-wait", help="Wait until everything is ready (default) or not")
    ] = True
    plan: Annotated[
        Path | None,
        option(
            "--plan",
            metavar="FILE",
            help="With --dry-run write the plan to FILE; without, do exactly what FILE says",
        ),
    ] = None
    on_failure: Annotated[
        OnFailure,
        option(
            "--on-failure",
            metavar="POLICY",
            help="When a component fails: continue with what does not need it (default), stop, "
            "or rollback to what was there before",
        ),
    ] = OnFailure.CONTINUE
    allow_recreate: Annotated[
        bool,
        option("--allow-recreate", help="With --yes: delete and make anew what cannot be changed"),
    ] = False
    prune_unrecorded: Annotated[
        bool,
        option(
            "--prune-unrecorded",
            help="With --yes: delete what the stack has made and a lost record does not name",
        ),
    ] = False
