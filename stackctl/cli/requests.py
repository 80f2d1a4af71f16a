"""Turns options into what the actions ask for."""

import getpass
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from stackctl.cli.options import Agreement, Catalogs, Source, StackName
from stackctl.errors import ApplyError

if TYPE_CHECKING:
    from stackctl.actions import DeployOptions, Request, TeardownOptions

STACK_FILE = Path("stack.yaml")
RESIDUE = ApplyError.exit_code


def request_of(source: Source, which: StackName, catalogs: Catalogs) -> "Request":
    """Say what is to be composed."""
    from stackctl.actions import Request

    return Request(
        profile=source.profile,
        stack_file=stack_file_of(which),
        stack=which.stack,
        sets=tuple(source.sets or ()),
        catalogs=catalogs.folders,
    )


def stack_file_of(which: StackName) -> Path | None:
    """Choose the stack file: the one that is named, or the one that lies here."""
    if which.file is not None:
        return which.file
    return STACK_FILE if STACK_FILE.is_file() else None


def deploy_options(agreement: Agreement, *, wait: bool) -> "DeployOptions":
    """Say how a deploy goes about it."""
    from stackctl.actions import DeployOptions

    return DeployOptions(
        timeout=agreement.timeout, wait=wait, dry_run=agreement.dry_run, holder=holder()
    )


def teardown_options(
    agreement: Agreement, *, keep_crds: bool, delete_data: bool
) -> "TeardownOptions":
    """Say how a teardown goes about it."""
    from stackctl.actions import TeardownOptions

    return TeardownOptions(
        timeout=agreement.timeout,
        dry_run=agreement.dry_run,
        keep_crds=keep_crds,
        delete_data=delete_data,
        holder=holder(),
    )


def holder() -> str:
    """Name who runs this: user@host."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name, as in many containers
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
