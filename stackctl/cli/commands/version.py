"""The command `version`: what runs here."""

import platform
import sys

from stackctl import __version__
from stackctl.cli.options.output import Output, OutputOptions
from stackctl.cli.terminal.streams import write_result


def version(*, output: Output, shown: OutputOptions) -> int:
    """Show the version of stackctl, and of what it runs on.

    Examples:
        stackctl version
        stackctl version -o json
    """
    from stackctl.cli.report.rendering import Rendering, document
    from stackctl.cli.report.report import Report
    from stackctl.cli.terminal.terminal import columns

    found = {
        "stackctl": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system().lower()}-{platform.machine()}",
    }
    result = Rendering(
        document=lambda: document("Version", **found),
        lines=lambda page: columns(list(found.items()), page.paint),
    )
    Report(shown, output.format).show(result)
    return 0


def print_version() -> None:
    """Write the version as `stackctl --version` does."""
    write_result(sys.stdout, f"stackctl {__version__}\n")
