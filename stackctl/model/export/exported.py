"""What an export consists of: files with their text, and what was left out of them.

What is in the files is for the modules named as the formats.
"""

import re
from dataclasses import dataclass

from stackctl.errors import UsageError
from stackctl.model.export.formats import ExportFormat
from stackctl.model.objects.refs import Ref

# user@host:path, as Git takes it beside addresses.
_SHORT = re.compile(r"(?P<login>[\w.-]+@[\w.-]+):(?P<path>(?!/)[^\s]+)")
_ADDRESS = re.compile(r"(?:https?|ssh)://[^\s]+")
_PASSWORD = re.compile(r"(?:https?://[^/@]*@|ssh://[^/@]*:[^/@]*@)")
_FOLDER = re.compile(r"[\w.-]+(?:/[\w.-]+)*")


@dataclass(frozen=True, slots=True)
class Repository:
    """Where an export is committed: the repository, its branch, the folder in it."""

    url: str
    branch: str = "main"
    folder: str = "."

    def __post_init__(self) -> None:
        """Refuse what no controller could read.

        Raises:
            UsageError: an address that is none or has a password, or a folder outside.
        """
        if _PASSWORD.match(self.url):
            raise UsageError(
                "the address of the repository has a login in it, which would be committed",
                hint="leave it out; the controller gets its login from a Secret of its own",
            )
        if not _SHORT.fullmatch(self.url) and not _ADDRESS.fullmatch(self.url):
            raise UsageError(
                f"{self.url} is no address of a repository: expected https://, ssh:// or git@",
                hint="--repository https://git.example.com/team/repository",
            )
        if not _FOLDER.fullmatch(self.folder) or ".." in self.folder.split("/"):
            raise UsageError(f"{self.folder} is no folder of a repository: expected a/b")

    @property
    def address(self) -> str:
        """The address with its scheme."""
        short = _SHORT.fullmatch(self.url)
        return f"ssh://{short['login']}/{short['path']}" if short else self.url

    def path(self, *below: str) -> str:
        """Name a folder of the export from the top of the repository."""
        return "/".join(part for part in (self.folder, *below) if part != ".") or "."


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file, its path counted from the folder of the export."""

    path: str
    text: str
    private: bool = False  # it holds what is secret: only its owner may read it


@dataclass(frozen=True, slots=True)
class Export:
    """What is to lie in the folder."""

    stack: str
    profile: str
    format: ExportFormat
    files: tuple[ExportFile, ...]
    withheld: tuple[Ref, ...] = ()  # Secrets that have to be made by other means
