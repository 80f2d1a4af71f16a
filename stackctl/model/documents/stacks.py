"""The documents about stacks that are there: how they stand, and their history."""

from stackctl.model.documents.parts import (
    AGREED,
    CLUSTER,
    DRIFT,
    HELD,
    HINT,
    MESSAGE,
    OBJECT,
    RELEASE,
    SOURCES,
    STACK,
    STATUS,
    TARGET,
    UNSEEN,
    VERSION_CHANGES,
    Bodies,
)
from stackctl.model.readiness.policies import PolicyMode
from stackctl.model.shapes.json_schema import REF, by_name, count, fields, flag, items, text, word

STACKS: Bodies = {
    "StackStatus": (
        "How a stack stands",
        {
            "stack": STACK,
            "current": flag("Whether all is well"),
            "target": TARGET,
            "release": fields(
                "The newest revision",
                {"stack": STACK, **RELEASE, "clusterUID": CLUSTER},
            ),
            "lockedBy?": text("Who holds the lock, while a run is on"),
            "madeElsewhere": items(
                "Catalogues that the newest revision was made of and that are not here",
                SOURCES["items"],
            ),
            "components": items(
                "Components",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "version": text("Version"),
                        "namespace": text("Namespace"),
                        "status": STATUS,
                        "ready": count("How many objects are ready"),
                        "total": count("How many objects it has"),
                        "message?": MESSAGE,
                        "hint?": HINT,
                        "objects": items(
                            "Objects",
                            fields(
                                "An object",
                                {
                                    **REF,
                                    "status": STATUS,
                                    "message?": MESSAGE,
                                    "hint?": HINT,
                                    "drift": items("What others have set", DRIFT),
                                    "held?": items("What others keep", HELD),
                                },
                            ),
                        ),
                    },
                ),
            ),
            "gpus": items(
                "GPUs",
                fields(
                    "A resource",
                    {
                        "resource": text("Name, such as nvidia.com/gpu"),
                        "allocatable": count("How many the nodes that take Pods offer"),
                        "expected": count("How many there should be"),
                        "inUse?": count("How many Pods ask for; missing where that is not seen"),
                        "nodes": items(
                            "Nodes",
                            fields(
                                "A node",
                                {
                                    "name": text("Name"),
                                    "allocatable": count("How many it offers"),
                                    "closed?": text("Why it takes no Pods"),
                                },
                            ),
                        ),
                        "hints": items("What to do", HINT),
                        "missing?": count("How many nodes there should be beside these"),
                        "parts?": by_name(
                            "What is offered, by name; missing where there is one name",
                            count("How many"),
                        ),
                    },
                ),
            ),
            "findings": items(
                "What is wrong beside objects and GPUs, a run that did not end well first",
                fields(
                    "A finding",
                    {"subject": text("Of what"), "message": MESSAGE, "hint?": HINT},
                ),
            ),
            "remedy": text("Command that puts back what has drifted; may be empty"),
            "unseen": UNSEEN,
        },
    ),
    "StackList": (
        "The stacks on a cluster",
        {
            "target": TARGET,
            "items": items(
                "Stacks",
                fields(
                    "A stack",
                    {
                        "stack": STACK,
                        "recordNamespace": text("Namespace of its record"),
                        "revision": count("The newest revision"),
                        "release?": fields(
                            "The newest revision; missing where it cannot be read",
                            {"stack": STACK, **RELEASE, "clusterUID": CLUSTER},
                        ),
                        "running": flag("Whether a run is on"),
                        "well": flag("Whether its last run ended well, and none is on"),
                        "message?": MESSAGE,
                    },
                ),
            ),
        },
    ),
    "History": (
        "The revisions of a stack, oldest first",
        {
            "stack": STACK,
            "items": items(
                "Revisions",
                fields(
                    "A revision",
                    {
                        **RELEASE,
                        "user": text("Who"),
                        "host": text("From which machine"),
                        "command": text("What was run"),
                        "restorable": flag("Whether it can be rolled back to"),
                        "summary": text("What changed, in a line"),
                        "changes?": fields(
                            "What changed; missing where the revision before is not kept",
                            {
                                "components": VERSION_CHANGES,
                                "added": count("Objects that are new"),
                                "changed": count("Objects that changed"),
                                "removed": count("Objects that left"),
                                "setBack": count("Objects that were set back to what they were"),
                                "perhaps": count("Objects that may have changed beside these"),
                            },
                        ),
                    },
                ),
            ),
        },
    ),
    "CredentialList": (
        "What is generated for a stack; with the values only where a component is named",
        {
            "stack": STACK,
            "items": items(
                "Values",
                fields(
                    "A value",
                    {
                        "name": text("Name: component.parameter"),
                        "secret": OBJECT,
                        "key": text("Key of the Secret"),
                        "generate?": text("What is generated; missing where somebody sets it"),
                        "value?": text("The value, or that there is one"),
                    },
                ),
            ),
        },
    ),
    "CredentialRotation": (
        "A value that was made anew",
        {
            "stack": STACK,
            "name": text("Name: component.parameter"),
            "agreed": AGREED,
            "written": items("Secrets that were written", OBJECT),
            "readers": items("What reads it when it starts", OBJECT),
        },
    ),
    "PolicyReport": (
        "What admission policies have against what is on the cluster already",
        {
            "target": TARGET,
            "items": items(
                "Policies",
                fields(
                    "A policy",
                    {
                        "name": text("Name"),
                        "mode": word("What it does", [each.value for each in PolicyMode]),
                        "objects": items(
                            "Objects that it would refuse, or does",
                            fields("An object", {**REF, "message": MESSAGE}),
                        ),
                    },
                ),
            ),
            "unseen": UNSEEN,
        },
    ),
}
