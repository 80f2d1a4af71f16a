"""The documents about what is to be changed, and what came of it."""

from stackctl.model.documents.parts import (
    AGREED,
    CLUSTER,
    COMPONENT,
    DRY_RUN,
    FAULT,
    HINT,
    LEFT,
    MESSAGE,
    OBJECT,
    PLAN,
    RELEASE,
    REVIEW,
    SECONDS,
    STACK,
    TARGET,
    UNSEEN,
    Bodies,
)
from stackctl.model.run.events import ComponentState
from stackctl.model.shapes.json_schema import fields, flag, items, text, word

CHANGES: Bodies = {
    "Plan": ("What would happen", {"target": TARGET, **PLAN}),
    "DeployOutcome": (
        "What a change of a stack came to",
        {
            "target": TARGET,
            "dryRun": DRY_RUN,
            "agreed": AGREED,
            "seconds": SECONDS,
            "review?": REVIEW,
            "plan": fields("What was to happen", PLAN),
            "release?": fields(
                "What is recorded; missing where nothing was",
                {"stack": STACK, **RELEASE, "clusterUID": CLUSTER},
            ),
            "components": items(
                "How the components ended",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "state": word("State", [each.value for each in ComponentState]),
                    },
                ),
            ),
        },
    ),
    "SmokeOutcome": (
        "What smoke tests came to",
        {
            "target": TARGET,
            "stack": STACK,
            "dryRun": DRY_RUN,
            "agreed": AGREED,
            "seconds": SECONDS,
            "tests": items(
                "The tests, in the order they were run",
                fields(
                    "A smoke test",
                    {
                        "component": COMPONENT,
                        "stack": text("The stack that its objects are of while they are there"),
                        "objects": items("What it makes", OBJECT),
                        "passed?": flag("Whether it came to a good end; missing of a dry run"),
                        "seconds?": SECONDS,
                        "message?": MESSAGE,
                        "hint?": HINT,
                    },
                ),
            ),
            "without": items("Components without a smoke test", text("Name")),
        },
    ),
    "TeardownOutcome": (
        "What a teardown came to",
        {
            "target": TARGET,
            "dryRun": DRY_RUN,
            "agreed": AGREED,
            "seconds": SECONDS,
            "plan": fields("What was to happen", PLAN),
            "residue": items("What is left and should not be", LEFT),
            "kept": items("What is left on purpose", LEFT),
            "unseen": UNSEEN,
        },
    ),
    "Unlocked": (
        "What became of a lock",
        {
            "stack": STACK,
            "agreed": AGREED,
            "lock?": fields(
                "The lock; missing where nobody held it",
                {
                    "holder": text("Who: user@host"),
                    "since": text("Since when, RFC 3339"),
                    "renewed": text("The last sign of life, RFC 3339"),
                    "expired": flag("Whether that was too long ago"),
                },
            ),
        },
    ),
    "RecordCheck": (
        "What is wrong with a record, and what was done about it",
        {
            "stack": STACK,
            "namespace": text("Namespace of the record"),
            "agreed": AGREED,
            "faults": items("What is wrong", FAULT),
            "done": items("What was done", text("A step")),
            "left": items("What is wrong afterwards", FAULT),
        },
    ),
}
