"""Files that hold a plan: written for their owner alone, read back as they were written."""

import json
import os
import tempfile
from pathlib import Path

from stackctl.errors import ConfigError
from stackctl.files import Unreadable, read_file
from stackctl.model.plan.plan_file import SavedPlan, from_plain, to_plain
from stackctl.model.shapes import json_text


def write_plan(path: Path, plan: SavedPlan) -> None:
    """Write a plan, whole or not at all.

    Raises:
        ConfigError: the file cannot be written.
    """
    text = json.dumps(to_plain(plan), indent=1, ensure_ascii=False) + "\n"
    try:
        # mkstemp gives nobody else the right to read it.
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error


def read_plan(path: Path) -> SavedPlan:
    """Read a plan.

    Raises:
        ConfigError: the file cannot be read, or is no plan.
    """
    try:
        return from_plain(json_text.read(read_file(path)))
    except Unreadable as error:
        raise ConfigError(
            f"{path}: {error}", hint=f"write one: stackctl deploy --dry-run --plan {path}"
        ) from error
    except ValueError as error:
        raise ConfigError(f"{path}: not a plan that stackctl wrote: {error}") from error
