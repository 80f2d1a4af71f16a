"""Which cluster is meant.

What an option does is the command's business; how a group becomes options is in `grouping`.
"""

from typing import Annotated

from stackctl.cli.options.completion import (
    complete_context,
)
from stackctl.cli.options.grouping import Options, one_a_line, option
from stackctl.errors import UsageError

_CLUSTER = "Cluster options"


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
