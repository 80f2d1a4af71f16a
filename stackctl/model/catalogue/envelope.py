"""What every file and document of ours begins with: apiVersion, kind; files have a name too."""

from dataclasses import dataclass, field

API_VERSION = "stackctl.dev/v1alpha1"
DOCUMENTS_VERSION = "stackctl.dev/v1alpha2"  # of what commands print and --events writes
LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
LABEL_HELP = "a name of small letters, digits and dashes, 63 at most"
LICENCE = r"[A-Za-z0-9][A-Za-z0-9.+-]*(?: (?:AND|OR) [A-Za-z0-9][A-Za-z0-9.+-]*)*"
LICENCE_HELP = "an SPDX expression, such as Apache-2.0 or MIT OR GPL-2.0-only"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file is called, and what it is for in one line."""

    name: str = field(metadata={"pattern": LABEL, "help": LABEL_HELP})
    description: str = ""
