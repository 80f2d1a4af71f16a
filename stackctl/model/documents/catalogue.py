"""The documents about what there is to install."""

from stackctl.model.catalogue.component import Maturity, ParameterType
from stackctl.model.catalogue.mode import Mode
from stackctl.model.documents.parts import KINDS, PRIVILEGE, Bodies
from stackctl.model.shapes.json_schema import (
    Schema,
    anything,
    by_name,
    count,
    fields,
    flag,
    items,
    text,
    word,
)

_COMPONENT: dict[str, Schema] = {
    "name": text("Name"),
    "description": text("What it is for"),
    "version": text("Version"),
    "namespace": text("Namespace"),
    "project?": text("Address of the project"),
    "supplier?": text("Who answers for the program"),
    "licence?": text("Licence of the program, as SPDX writes it"),
    "maturity?": word("How far the project says that it is", [each.value for each in Maturity]),
    "requires": items("What it needs", text("A capability")),
    "after": items("What it waits for if it is there", text("A capability")),
    "provides": items("What it provides", text("A capability")),
    "conflicts": items("What it cannot be with", text("A capability")),
    "attributes": items(
        "What its capabilities carry for others",
        fields(
            "An attribute",
            {
                "name": text("Name: capability.name"),
                "value": text("What it is made of; {parameter} is a value"),
                "feature?": text("The feature with which it is that"),
            },
        ),
    ),
    "parameters": items(
        "What can be set",
        fields(
            "A parameter",
            {
                "name": text("Name"),
                "type": word("Type", [each.value for each in ParameterType]),
                "default?": anything("Default; missing where it is unset"),
                "from?": text("Attribute it comes from where nobody sets it"),
                "secret": flag("Whether its values are hidden"),
                "description": text("What it does"),
                "minimum?": {
                    "type": "number",
                    "description": "The least value, or number of items",
                },
                "maximum?": {
                    "type": "number",
                    "description": "The greatest value, or number of items",
                },
                "atMost?": text("Parameter whose value it may not exceed"),
                "enum?": items("The only values", anything("A value")),
                "pattern?": text("What a text must look like"),
            },
        ),
    ),
    "features": items(
        "What can be switched on",
        fields(
            "A feature",
            {
                "name": text("Name"),
                "default": flag("Whether it is on by default"),
                "description": text("What it does"),
                "requires": items("Features it needs", text("Name")),
                "conflicts": items("Features it excludes", text("Name")),
                "needs": items("What it needs", text("A capability")),
                "provides": items("What it provides", text("A capability")),
            },
        ),
    ),
    "images": items("Images", text("Reference of an image")),
    "folder": text("Folder it is in"),
    "objects?": fields(
        "How many objects it has; where one component is described",
        {
            "always": KINDS,
            "features": by_name("More with a feature, by its name", KINDS),
            "each": by_name("More for each item of a list parameter", KINDS),
        },
    ),
    "hidden?": text("Why what it installs is not known, where it cannot be rendered"),
    "privileges?": items(
        "What it asks for; where one component is described",
        fields(
            "A privilege",
            {**PRIVILEGE, "feature?": text("The feature that asks for it")},
        ),
    ),
}
_SETTING = fields(
    "A setting",
    {
        "name": text("Name: component.parameter, component.features.feature"),
        "value?": anything("Its value; missing where it is unset"),
        "origin": text("Who says so: file and line, default, --set or a wire"),
    },
)
CATALOGUE: Bodies = {
    "ProfileList": (
        "Profiles",
        {
            "items": items(
                "Profiles",
                fields(
                    "A profile",
                    {
                        "name": text("Name"),
                        "description": text("What it is for"),
                        "extends?": text("The profile it extends"),
                        "mixins": items("Profiles that are mixed in", text("Name")),
                        "components": items(
                            "Components it names itself",
                            fields("A component", {"name": text("Name")}),
                        ),
                        "path": text("File it is in"),
                    },
                ),
            )
        },
    ),
    "ProfileDescription": (
        "A profile, and what it comes to",
        {
            "name": text("Name"),
            "description": text("What it is for"),
            "path": text("File it is in"),
            "chain": items("Profiles it is made of, the first one first", text("Name")),
            "requires": fields(
                "What the cluster must have",
                {
                    "kubernetes?": text("Version of Kubernetes"),
                    "gpu?": fields(
                        "GPU nodes",
                        {
                            "nodes": count("How many"),
                            "perNode": count("GPUs on each"),
                            "resource": text("By which name they are asked for"),
                        },
                    ),
                    "storageClass": flag("Whether there must be a default storage class"),
                },
            ),
            "components": items(
                "Components",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "version": text("Version"),
                        "mode": word("How the stack relates to it", [each.value for each in Mode]),
                        "namespace": text("Namespace"),
                        "features": items(
                            "Features that are on", fields("A feature", {"name": text("Name")})
                        ),
                        "objects": KINDS,
                        "hidden?": text("Why what it installs is not known"),
                    },
                ),
            ),
            "settings": items(
                "Every parameter and feature",
                _SETTING,
            ),
            "privileges": items("What it asks for", fields("A privilege", PRIVILEGE)),
        },
    ),
    "ComponentList": (
        "Components",
        {
            "items": items(
                "Components",
                fields(
                    "A component",
                    _COMPONENT,
                ),
            )
        },
    ),
    "ComponentExplanation": (
        "A component as a stack has it",
        {
            **_COMPONENT,
            "profile?": text("Profile of the stack; missing where it is told as it comes"),
            "mode?": word("How the stack relates to it", [each.value for each in Mode]),
            "waitsFor?": items(
                "Components that come before it",
                fields(
                    "A component",
                    {"name": text("Name"), "capability": text("What for: capability or attribute")},
                ),
            ),
            "settings?": items("Every parameter and feature", _SETTING),
        },
    ),
    "ValueExplanation": (
        "A value, and why it is that",
        {
            "name": text("Name: component.parameter, component.features.feature, hdfs.url"),
            "value?": anything("What it is; missing where it is unset"),
            "description": text("What it is for"),
            "type?": word("Type of a parameter", [each.value for each in ParameterType]),
            "secret": flag("Whether it is hidden"),
            "said": items(
                "Who says what, the last word first",
                fields(
                    "A layer",
                    {
                        "value?": anything("What it says; missing where that is nothing"),
                        "origin": text("File and line, --set or a wire"),
                        "default": flag("Whether it is what the component comes with"),
                    },
                ),
            ),
            "wires": items(
                "Where it comes from",
                fields(
                    "A wire",
                    {
                        "attribute": text("The attribute: capability.name"),
                        "provider": text("The component that provides it"),
                        "value?": anything("What it is"),
                        "madeOf?": text("What it is made of; {parameter} is a value"),
                        "origin": text("Where that is written"),
                    },
                ),
            ),
            "places": items(
                "Where it is written to",
                fields(
                    "A place",
                    {
                        "place": text("Object, and what in it"),
                        "active": flag("Whether it is there: the feature it is of is on"),
                        "feature?": text("The feature with which it is there"),
                        "each?": text("The list for each item of which it is there"),
                    },
                ),
            ),
            "feeds": items("Attributes or parameters that come from it", text("Name")),
        },
    ),
}
