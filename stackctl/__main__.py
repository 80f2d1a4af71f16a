"""Where the program starts: the shortest way to the command line."""

import os
import sys

# Objects before the collector looks for cycles. What is read is kept to the end, so it finds
# none, and looking takes a tenth of a run.
YOUNG = (100_000, 20, 100)


def main() -> None:
    """Run the command line and end with its exit code."""
    _open_what_is_closed()
    if sys.argv[1:] == ["--version"]:  # answered before anything slow is loaded
        from stackctl import __version__

        sys.stdout.write(f"stackctl {__version__}\n")
        sys.exit(0)
    import gc

    gc.set_threshold(*YOUNG)
    from stackctl.cli import run

    sys.exit(run(sys.argv[1:]))


def _open_what_is_closed() -> None:
    """Let what goes to a stream that was closed before the start go nowhere.

    Python has None for such a stream; and a file that is opened later would take its number.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


if __name__ == "__main__":
    main()
