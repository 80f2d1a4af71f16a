"""The documents about components of one's own."""

from stackctl.model.catalogue.lint_rules import LintRule, Severity
from stackctl.model.comparison.facts import Aspect
from stackctl.model.documents.parts import COMPONENT, MESSAGE, OBJECT, Bodies
from stackctl.model.shapes.json_schema import count, fields, flag, items, text, word

_BOTH = {"ours": text("Kind/namespace/name of ours"), "chart": text("That of the chart's")}
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
    "ChartComparison": (
        "A component's manifests beside the chart that they follow",
        {
            "component": text("Name of the component"),
            "version": text("Its version"),
            "chart": text("The chart, and where it is"),
            "chartVersion": text("Version of the chart, as it says itself"),
            "appVersion": text("Version of what the chart installs; empty where it says none"),
            "same": flag("Whether nothing differs"),
            "matched": items(
                "What was taken for the same thing",
                fields("Two things", {**_BOTH, "by": text("By what it was found, for people")}),
            ),
            "differences": items(
                "What is said otherwise; secrets are masked",
                fields(
                    "One thing that is said",
                    {
                        "in": fields("Of what", _BOTH),
                        "aspect": word("What it is about", [each.value for each in Aspect]),
                        "what": text("What is said"),
                        "ours?": text("What ours says; missing where it says nothing"),
                        "chart?": text("What the chart says; missing where it says nothing"),
                    },
                ),
            ),
            "onlyOurs": items("What only ours has", text("Kind/namespace/name")),
            "onlyChart": items("What only the chart has", text("Kind/namespace/name")),
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
