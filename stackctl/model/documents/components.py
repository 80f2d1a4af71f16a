"""The documents about components of one's own."""

from stackctl.model.catalogue.lint_rules import LintRule, Severity
from stackctl.model.documents.parts import COMPONENT, MESSAGE, OBJECT, Bodies
from stackctl.model.shapes.json_schema import count, fields, items, text, word

COMPONENTS: Bodies = {
    "LintReport": (
        "What there is to say about components",
        {
            "components": items("What was looked at", text("Name of a component")),
            "kubernetes": items(
                "Versions whose schemas objects were checked against; empty where none were",
                text("A version, such as 1.36"),
            ),
            "partly": items(
                "Components with a source, of which only their own folder was looked at",
                text("Name of a component"),
            ),
            "findings": items(
                "What was found",
                fields(
                    "A finding",
                    {
                        "component": COMPONENT,
                        "rule": word("What was looked for", [each.value for each in LintRule]),
                        "severity": word("How grave it is", [each.value for each in Severity]),
                        "file": text("File that it is in"),
                        "line": count("Line of the file"),
                        "object?": OBJECT,
                        "path?": text("Path in the object, or in component.yaml"),
                        "layer?": text("The feature, repeated layer or file that makes it so"),
                        "message": MESSAGE,
                        "reason?": text("Why component.yaml says that it is as it should be"),
                    },
                ),
            ),
        },
    ),
    "NewComponent": (
        "A component that was begun",
        {
            "name": text("Name"),
            "version": text("Version that was found, or 0.1.0"),
            "namespace": text("Namespace"),
            "folder": text("Folder it is in"),
            "files": items("Files that were written", text("Path of a file")),
            "parameters": items("Parameters that are proposed", text("Name")),
            "images": items("Images that were found", text("Reference of an image")),
        },
    ),
    "ImportedProfile": (
        "A profile that was made of a recipe",
        {
            "name": text("Name of the profile"),
            "layers": items(
                "Layers the recipe was made of; empty where it came as one", text("Name")
            ),
            "files": items("Files that were written", text("Path of a file")),
            "components": items(
                "Components of the profile",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "version": text("Version; empty where none is said"),
                        "source": word(
                            "Where its objects come from", ["catalogue", "chart", "manifests"]
                        ),
                        "recipe": fields(
                            "What it is in the recipe",
                            {"name": text("Name"), "version?": text("Version")},
                        ),
                        "chart?": text("The chart, and its version"),
                    },
                ),
            ),
            "leftOut": items(
                "What the recipe says and the profile does not",
                fields(
                    "Something that is left out",
                    {
                        "component?": text("What it is of in the recipe; missing: of the whole"),
                        "what": text("What it is"),
                        "reason": text("Why"),
                    },
                ),
            ),
        },
    ),
}
