"""What the sources of programs have in common: how one says that it cannot serve."""

from stackctl.errors import SandboxError


class SourceUnavailable(SandboxError):
    """This source cannot serve here; the next one may. The message is the reason."""
