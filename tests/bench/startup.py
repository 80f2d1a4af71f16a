"""How long stackctl takes to start, as ratios to what any such program would take.

Run with `python -m tests.bench.startup`.
"""

import sys
from pathlib import Path

from tests.bench.pairs import alternate

ROUNDS = 21
PYTHON = sys.executable
STACKCTL = str(Path(PYTHON).with_name("stackctl"))

COMMANDS = {
    "empty python": [PYTHON, "-c", "pass"],
    "typer and rich": [PYTHON, "-c", "import typer, rich.console"],
    "stackctl --version": [STACKCTL, "--version"],
    "stackctl --help": [STACKCTL, "--help"],
    "stackctl profiles": [STACKCTL, "profiles"],
}
RATIOS = (
    ("stackctl --version", "empty python", 2.5),
    ("stackctl --help", "typer and rich", 2.0),
    ("stackctl profiles", "typer and rich", 1.5),
)


def main() -> None:
    """Print the figures as a table."""
    figures = alternate(COMMANDS, ROUNDS)
    lines = [f"{'command':<22}{'least':>9}{'median':>9}"]
    lines += [
        f"{name:<22}{figure.least * 1000:>6.0f} ms{figure.median * 1000:>6.0f} ms"
        for name, figure in figures.items()
    ]
    lines.append("")
    lines += [
        f"{name} / {base}: {figures[name].least / figures[base].least:.2f} "
        f"(median {figures[name].median / figures[base].median:.2f}; should be at most {most})"
        for name, base, most in RATIOS
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
