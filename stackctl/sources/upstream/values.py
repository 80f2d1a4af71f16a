"""A file of values for a chart, read as Helm reads one."""

from pathlib import Path
from typing import Any

from stackctl.errors import ConfigError
from stackctl.files import Unreadable, read_file
from stackctl.sources import yaml
from stackctl.sources.folders import shown


def read_values(path: Path) -> dict[str, Any]:
    """Read values; an empty file has none.

    Raises:
        ConfigError: it cannot be read, or is no map.
    """
    try:
        documents = yaml.load_all(read_file(path), shown(path), lenient=True)
    except Unreadable as error:
        raise ConfigError(f"{shown(path)}: cannot be read: {error}") from error
    found = documents[0].value if documents else {}
    if not isinstance(found, dict):
        raise ConfigError(f"{shown(path)}: expected a map of values")
    return found
