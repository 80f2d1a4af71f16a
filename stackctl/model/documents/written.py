"""The documents about files that are written of a stack: exports and locks."""

from stackctl.model.documents.parts import FROM_TO, OBJECT, PROFILE, STACK, Bodies
from stackctl.model.export.formats import ExportFormat
from stackctl.model.shapes.json_schema import count, fields, flag, items, text, word

WRITTEN: Bodies = {
    "Export": (
        "What was written for somebody else to apply",
        {
            "stack": STACK,
            "profile": PROFILE,
            "format": word("Who is to apply it", [each.value for each in ExportFormat]),
            "folder": text("Folder it was written to"),
            "written": items("Files that are new or other than before", text("Path in the folder")),
            "unchanged": items("Files that were so already", text("Path in the folder")),
            "removed": items("Files of the last export that went", text("Path in the folder")),
            "withheld": items("Secrets that have to be made by other means", OBJECT),
        },
    ),
    "LockOutcome": (
        "What was written down of a stack",
        {
            "stack": STACK,
            "profile": PROFILE,
            "path": text("The lock file"),
            "bundle": text("Digest of everything that is applied, secret values left out"),
            "components": items(
                "Components",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "version": text("Version"),
                        "digest": text("Digest of its objects, secret values left out"),
                        "images": items("Images of its Pods", text("Reference of an image")),
                        "chart?": text("Digest of the chart that it comes from, if it does"),
                    },
                ),
            ),
            "changes": items(
                "What the lock said before and says now",
                fields("A difference", {"what": text("Of what"), **FROM_TO}),
            ),
        },
    ),
    "Outdated": (
        "A stack beside its lock and the catalogue",
        {
            "stack": STACK,
            "profile": PROFILE,
            "lock?": text("The lock file; missing where there is none"),
            "revision?": count("Number of the revision; missing where none was looked at"),
            "components": items(
                "Components",
                fields(
                    "A component; missing is where it is not",
                    {
                        "name": text("Name"),
                        "locked?": text("Version in the lock"),
                        "deployed?": text("Version in the last revision"),
                        "catalogue?": text("Version in the catalogue"),
                        "outdated": flag("Whether the catalogue has something else"),
                    },
                ),
            ),
        },
    ),
}
