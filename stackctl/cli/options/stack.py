"""Which stack is meant, and what it is made of.

What an option does is the command's business; how a group becomes options is in `grouping`.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from stackctl.cli.options.completion import (
    complete_component,
    complete_profile,
    complete_setting,
    complete_source,
    complete_stack,
)
from stackctl.cli.options.grouping import Options, option
from stackctl.errors import UsageError


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
