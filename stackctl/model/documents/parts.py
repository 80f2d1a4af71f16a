"""What documents of several kinds have in common: references, changes, releases, times."""

from stackctl.model.ownership.ownership import Verdict
from stackctl.model.plan.plan import Action
from stackctl.model.plan.upgrades import UpgradeVerdict
from stackctl.model.plan.warnings import WarningTopic
from stackctl.model.privileges.kind_privileges import Sort
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.shapes.json_schema import (
    REF,
    Schema,
    anything,
    by_name,
    count,
    fields,
    flag,
    items,
    seconds,
    text,
    word,
)

OBJECT = fields("Which object it is", REF)
REASON = text("Why, for people")
MESSAGE = text("What there is to say, for people")
HINT = text("What to do: one command or edit")
CLUSTER = text("UID of the cluster")
STACK = text("Name of the stack; in the record of a tenant NAMESPACE/NAME")
REVISION = count("Number of the revision")
PROFILE = text("Profile")
AGREED = flag("Whether somebody, or --yes, has said yes")
DRY_RUN = flag("Whether nothing was to be changed")
SECONDS = seconds("How long it took, in seconds")
UNSEEN = items("What could not be looked at, and what that would take", text("One of them"))
FROM_TO = {"old?": text("Before; missing where it is new"), "new?": text("After")}
COMPONENT = text("Component; empty for what belongs to none")
VERSIONED = fields("A component", {"name": text("Name"), "version": text("Version")})
VERSION_CHANGES = items(
    "Versions beside each other", fields("A component", {"name": text("Name"), **FROM_TO})
)
SETS = by_name("What --set says, by parameter; secrets are masked", text("The value"))
TARGET = fields(
    "The cluster",
    {
        "context": text("Context of the kubeconfig"),
        "server": text("Address of the API server"),
        "clusterUID": text("UID of the namespace kube-system; empty where it may not be read"),
        "kubernetes": text("Version of Kubernetes, such as v1.36.3"),
        "simulated": flag("Whether it is a sandbox"),
    },
)
DIFFERENCES = items(
    "Fields that differ; secrets are masked",
    fields(
        "A field",
        {
            "path": text("Path of the field"),
            "old?": anything("Its value before; missing where it had none"),
            "new?": anything("Its value after; missing where it has none"),
        },
    ),
)
DRIFT = fields(
    "Fields that somebody else has set",
    {
        "manager": text("Who: the field manager; empty where that is not recorded"),
        "time": text("When, RFC 3339; empty where that is not known"),
        "fields": items("Which", text("Path of a field")),
        "differences?": DIFFERENCES,
    },
)
PRIVILEGE = {
    "component": COMPONENT,
    "sort": word("What kind of privilege", [each.value for each in Sort]),
    "object": OBJECT,
    "what": text("What may be done or seen"),
    "whom?": text("Who gets it"),
}
HELD = fields(
    "A field that stays as somebody else wants it; secrets are masked",
    {
        "manager": text("Who: the field manager"),
        "field": text("Path of the field"),
        "verdict": word(
            "yield: it is left; refuse: nothing is deployed as long as it is so",
            [each.value for each in Verdict],
        ),
        "wanted?": anything("What it was to be; missing where it was to have no value"),
        "live?": anything("What it is; missing where it has no value"),
    },
)
CHANGE = fields(
    "What would happen to an object",
    {
        **REF,
        "component": COMPONENT,
        "action": word("What would happen", [each.value for each in Action]),
        "reason?": REASON,
        "differences?": DIFFERENCES,
        "drift?": items("What others have set", DRIFT),
        "held?": items("What others keep", HELD),
    },
)
SOURCES = items(
    "Catalogues that it was made of",
    fields("A catalogue", {"folder": text("Its folder"), "digest": text("Digest of its files")}),
)
PLAN = {
    "stack": STACK,
    "profile": PROFILE,
    "previousProfile?": text("Profile of the last revision; missing where there is none"),
    "empty": flag("Whether nothing would change"),
    "counts": by_name("How many objects, by action", count("Objects")),
    "privileges": items("What is newly asked for", fields("A privilege", PRIVILEGE)),
    "changes": items("Every object, in the order of the bundle", CHANGE),
    "settings": items(
        "Parameters behind the changes",
        fields(
            "A parameter",
            {
                "name": text("Name: component.parameter"),
                **FROM_TO,
                "wire?": text("The attribute that it comes from, and of which component"),
            },
        ),
    ),
    "generated": items(
        "Secrets that are no part of the bundle and lack values, which are never shown",
        fields("A Secret", {**REF, "names": items("The values", text("component.parameter"))}),
    ),
    "data": items(
        "Users' data that would go", fields("An object", {**REF, "what": text("What it is")})
    ),
}
RELEASE = {
    "revision": REVISION,
    "status": word("How it stands", [each.value for each in ReleaseStatus]),
    "profile": PROFILE,
    "components": items("Components", VERSIONED),
    "sets": SETS,
    "bundle": text("Digest of every object"),
    "by": text("Who: user@host"),
    "tool": text("Version of stackctl"),
    "sources": SOURCES,
    "begun": text("When it began, RFC 3339"),
    "finished?": text("When it ended, RFC 3339; missing while it goes on"),
    "message?": MESSAGE,
    "objects": count("How many objects it owns"),
}
REVIEW = fields(
    "What to know before an upgrade",
    {
        "revision": count("The revision it starts from"),
        "profile": fields("The profile", FROM_TO),
        "components": VERSION_CHANGES,
        "upgrades": items(
            "What upstream says about the way from one version to the other",
            fields(
                "A component",
                {
                    "component": COMPONENT,
                    "verdict": word("Whether it can be done", list(UpgradeVerdict)),
                    "rules": items(
                        "Why",
                        fields(
                            "A rule",
                            {
                                "verdict": word("Its verdict", list(UpgradeVerdict)),
                                "reason": REASON,
                                "steps": items("What is to be done by hand", text("A step")),
                            },
                        ),
                    ),
                },
            ),
        ),
        "attention": items(
            "What deserves attention",
            fields(
                "One thing",
                {
                    "topic": word("What kind of thing", [each.value for each in WarningTopic]),
                    "subject": text("Of what"),
                    "message": MESSAGE,
                },
            ),
        ),
    },
)
STATUS = word("How it stands", [each.value for each in Status])
LEFT = fields("An object", {**REF, "reason": REASON})
KINDS = by_name("How many objects, by kind", count("Objects"))
FAULT = fields("A fault", {"message": MESSAGE, "hint?": HINT})
# By kind: what it is, and its fields.
Bodies = dict[str, tuple[str, dict[str, Schema]]]
