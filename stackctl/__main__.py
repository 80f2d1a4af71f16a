"""Where the program starts: the shortest way to the command line."""

import sys


def main() -> None:
    """Run the command line and end with its exit code."""
    if sys.argv[1:] == ["--version"]:  # answered before anything slow is loaded
        from stackctl import __version__

        sys.stdout.write(f"stackctl {__version__}\n")
        sys.exit(0)
    from stackctl.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
