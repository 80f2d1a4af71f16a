"""Where the program starts: the shortest way to the command line."""

import sys

# Objects before the collector looks for cycles. What is read is kept to the end, so it finds
# none, and looking takes a tenth of a run.
YOUNG = (100_000, 20, 100)


def main() -> None:
    """Run the command line and end with its exit code."""
    if sys.argv[1:] == ["--version"]:  # answered before anything slow is loaded
        from stackctl import __version__

        sys.stdout.write(f"stackctl {__version__}\n")
        sys.exit(0)
    import gc

    gc.set_threshold(*YOUNG)
    from stackctl.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
