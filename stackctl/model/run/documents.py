"""The documents that commands print with `-o json` and `-o yaml`, as JSON Schemas.

One for each kind. What they say is filled in by `cli.report`; a field without a value is left out,
and fields are added, never renamed.
"""

from typing import Any

from stackctl.model.catalogue.component import ParameterType
from stackctl.model.catalogue.envelope import DOCUMENTS_VERSION
from stackctl.model.catalogue.mode import Mode
from stackctl.model.ownership.ownership import Verdict
from stackctl.model.plan.plan import Action
from stackctl.model.plan.upgrades import UpgradeVerdict
from stackctl.model.plan.warnings import WarningTopic
from stackctl.model.privileges.kind_privileges import Sort
from stackctl.model.readiness.status import Status
from stackctl.model.release.release import ReleaseStatus
from stackctl.model.run.events import ComponentState
from stackctl.model.shapes.json_schema import (
    DIALECT,
    Schema,
    always,
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

TIME = text("A moment, RFC 3339", format="date-time")
REF = {
    "group": text("API group; empty for the core"),
    "kind": text("Kind"),
    "namespace": text("Namespace; empty for what is in none"),
    "name": text("Name"),
}
OBJECT = fields("Which object it is", REF)
_REASON = text("Why, for people")
_MESSAGE = text("What there is to say, for people")
_HINT = text("What to do: one command or edit; may be empty")
_CLUSTER = text("UID of the cluster")
_STACK = text("Name of the stack; in the record of a tenant NAMESPACE/NAME")
_REVISION = count("Number of the revision")
_PROFILE = text("Profile")
_AGREED = flag("Whether somebody, or --yes, has said yes")
_DRY_RUN = flag("Whether nothing was to be changed")
_SECONDS = seconds("How long it took, in seconds")
_UNSEEN = items("What could not be looked at, and what that would take", text("One of them"))
_FROM_TO = {"old?": text("Before; missing where it is new"), "new?": text("After")}
_COMPONENT = text("Component; empty for what belongs to none")
_VERSIONED = fields("A component", {"name": text("Name"), "version": text("Version")})
_VERSION_CHANGES = items(
    "Versions beside each other", fields("A component", {"name": text("Name"), **_FROM_TO})
)
_SETS = by_name("What --set says, by parameter; secrets are masked", text("The value"))
_TARGET = fields(
    "The cluster",
    {
        "context": text("Context of the kubeconfig"),
        "server": text("Address of the API server"),
        "clusterUID": text("UID of the namespace kube-system; empty where it may not be read"),
        "kubernetes": text("Version of Kubernetes, such as v1.36.3"),
        "simulated": flag("Whether it is a sandbox"),
    },
)
_DIFFERENCES = items(
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
_DRIFT = fields(
    "Fields that somebody else has set",
    {
        "manager": text("Who: the field manager; empty where that is not recorded"),
        "time": text("When, RFC 3339; empty where that is not known"),
        "fields": items("Which", text("Path of a field")),
        "differences?": _DIFFERENCES,
    },
)
_PRIVILEGE = {
    "component": _COMPONENT,
    "sort": word("What kind of privilege", [each.value for each in Sort]),
    "object": OBJECT,
    "what": text("What may be done or seen"),
    "whom?": text("Who gets it"),
}
_HELD = fields(
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
_CHANGE = fields(
    "What would happen to an object",
    {
        **REF,
        "component": _COMPONENT,
        "action": word("What would happen", [each.value for each in Action]),
        "reason?": _REASON,
        "differences?": _DIFFERENCES,
        "drift?": items("What others have set", _DRIFT),
        "held?": items("What others keep", _HELD),
    },
)
_SOURCES = items(
    "Catalogues that it was made of",
    fields("A catalogue", {"folder": text("Its folder"), "digest": text("Digest of its files")}),
)
_PLAN = {
    "stack": _STACK,
    "profile": _PROFILE,
    "previousProfile?": text("Profile of the last revision; missing where there is none"),
    "empty": flag("Whether nothing would change"),
    "counts": by_name("How many objects, by action", count("Objects")),
    "privileges": items("What is newly asked for", fields("A privilege", _PRIVILEGE)),
    "changes": items("Every object, in the order of the bundle", _CHANGE),
    "settings": items(
        "Parameters behind the changes",
        fields("A parameter", {"name": text("Name: component.parameter"), **_FROM_TO}),
    ),
    "data": items(
        "Users' data that would go", fields("An object", {**REF, "what": text("What it is")})
    ),
}
_RELEASE = {
    "revision": _REVISION,
    "status": word("How it stands", [each.value for each in ReleaseStatus]),
    "profile": _PROFILE,
    "components": items("Components", _VERSIONED),
    "sets": _SETS,
    "bundle": text("Digest of every object"),
    "by": text("Who: user@host"),
    "tool": text("Version of stackctl"),
    "sources": _SOURCES,
    "begun": text("When it began, RFC 3339"),
    "finished": text("When it ended, RFC 3339; empty while it goes on"),
    "message": _MESSAGE,
    "objects": count("How many objects it owns"),
}
_REVIEW = fields(
    "What to know before an upgrade",
    {
        "revision": count("The revision it starts from"),
        "profile": fields("The profile", _FROM_TO),
        "components": _VERSION_CHANGES,
        "upgrades": items(
            "What upstream says about the way from one version to the other",
            fields(
                "A component",
                {
                    "component": _COMPONENT,
                    "verdict": word("Whether it can be done", list(UpgradeVerdict)),
                    "rules": items(
                        "Why",
                        fields(
                            "A rule",
                            {
                                "verdict": word("Its verdict", list(UpgradeVerdict)),
                                "reason": _REASON,
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
                    "message": _MESSAGE,
                },
            ),
        ),
    },
)
_STATUS = word("How it stands", [each.value for each in Status])
_LEFT = fields("An object", {**REF, "reason": _REASON})
_KINDS = by_name("How many objects, by kind", count("Objects"))
_FAULT = fields("A fault", {"message": _MESSAGE, "hint": _HINT})

_BODIES: dict[str, tuple[str, dict[str, Schema]]] = {
    "Plan": ("What would happen", {"target": _TARGET, **_PLAN}),
    "DeployOutcome": (
        "What a change of a stack came to",
        {
            "target": _TARGET,
            "dryRun": _DRY_RUN,
            "agreed": _AGREED,
            "seconds": _SECONDS,
            "review?": _REVIEW,
            "plan": fields("What was to happen", _PLAN),
            "release?": fields(
                "What is recorded; missing where nothing was",
                {"stack": _STACK, **_RELEASE, "clusterUID": _CLUSTER},
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
    "TeardownOutcome": (
        "What a teardown came to",
        {
            "target": _TARGET,
            "dryRun": _DRY_RUN,
            "agreed": _AGREED,
            "seconds": _SECONDS,
            "plan": fields("What was to happen", _PLAN),
            "residue": items("What is left and should not be", _LEFT),
            "kept": items("What is left on purpose", _LEFT),
            "unseen": _UNSEEN,
        },
    ),
    "StackStatus": (
        "How a stack stands",
        {
            "stack": _STACK,
            "current": flag("Whether all is well"),
            "target": _TARGET,
            "release": fields(
                "The newest revision",
                {"stack": _STACK, **_RELEASE, "clusterUID": _CLUSTER},
            ),
            "lockedBy?": text("Who holds the lock, while a run is on"),
            "madeElsewhere": items(
                "Catalogues that the newest revision was made of and that are not here",
                _SOURCES["items"],
            ),
            "components": items(
                "Components",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "version": text("Version"),
                        "namespace": text("Namespace"),
                        "status": _STATUS,
                        "ready": count("How many objects are ready"),
                        "total": count("How many objects it has"),
                        "message": _MESSAGE,
                        "hint": _HINT,
                        "objects": items(
                            "Objects",
                            fields(
                                "An object",
                                {
                                    **REF,
                                    "status": _STATUS,
                                    "message": _MESSAGE,
                                    "hint": _HINT,
                                    "drift": items("What others have set", _DRIFT),
                                    "held?": items("What others keep", _HELD),
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
                        "hints": items("What to do", _HINT),
                    },
                ),
            ),
            "findings": items(
                "What is wrong beside objects and GPUs, a run that did not end well first",
                fields(
                    "A finding",
                    {"subject": text("Of what"), "message": _MESSAGE, "hint": _HINT},
                ),
            ),
            "remedy": text("Command that puts back what has drifted; may be empty"),
            "unseen": _UNSEEN,
        },
    ),
    "StackList": (
        "The stacks on a cluster",
        {
            "target": _TARGET,
            "items": items(
                "Stacks",
                fields(
                    "A stack",
                    {
                        "stack": _STACK,
                        "recordNamespace": text("Namespace of its record"),
                        "revision": count("The newest revision"),
                        "release?": fields(
                            "The newest revision; missing where it cannot be read",
                            {"stack": _STACK, **_RELEASE, "clusterUID": _CLUSTER},
                        ),
                        "running": flag("Whether a run is on"),
                        "well": flag("Whether its last run ended well, and none is on"),
                        "message": _MESSAGE,
                    },
                ),
            ),
        },
    ),
    "History": (
        "The revisions of a stack, oldest first",
        {
            "stack": _STACK,
            "items": items(
                "Revisions",
                fields(
                    "A revision",
                    {
                        **_RELEASE,
                        "user": text("Who"),
                        "host": text("From which machine"),
                        "command": text("What was run"),
                        "restorable": flag("Whether it can be rolled back to"),
                        "summary": text("What changed, in a line"),
                        "changes?": fields(
                            "What changed; missing where the revision before is not kept",
                            {
                                "components": _VERSION_CHANGES,
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
                        {"nodes": count("How many"), "perNode": count("GPUs on each")},
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
                        "objects": _KINDS,
                    },
                ),
            ),
            "settings": items(
                "Every parameter and feature",
                fields(
                    "A setting",
                    {
                        "name": text("Name: component.parameter, component.features.feature"),
                        "value?": anything("Its value; missing where it is unset"),
                        "origin": text("Who says so: file and line, or default"),
                    },
                ),
            ),
            "privileges": items("What it asks for", fields("A privilege", _PRIVILEGE)),
        },
    ),
    "ComponentList": (
        "Components",
        {
            "items": items(
                "Components",
                fields(
                    "A component",
                    {
                        "name": text("Name"),
                        "description": text("What it is for"),
                        "version": text("Version"),
                        "namespace": text("Namespace"),
                        "project?": text("Address of the project"),
                        "requires": items("What it needs", text("A capability")),
                        "after": items("What it waits for if it is there", text("A capability")),
                        "provides": items("What it provides", text("A capability")),
                        "conflicts": items("What it cannot be with", text("A capability")),
                        "parameters": items(
                            "What can be set",
                            fields(
                                "A parameter",
                                {
                                    "name": text("Name"),
                                    "type": word("Type", [each.value for each in ParameterType]),
                                    "default?": anything("Default; missing where it is unset"),
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
                                "always": _KINDS,
                                "features": by_name("More with a feature, by its name", _KINDS),
                                "each": by_name("More for each item of a list parameter", _KINDS),
                            },
                        ),
                        "privileges?": items(
                            "What it asks for; where one component is described",
                            fields(
                                "A privilege",
                                {**_PRIVILEGE, "feature?": text("The feature that asks for it")},
                            ),
                        ),
                    },
                ),
            )
        },
    ),
    "Unlocked": (
        "What became of a lock",
        {
            "stack": _STACK,
            "agreed": _AGREED,
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
            "stack": _STACK,
            "namespace": text("Namespace of the record"),
            "agreed": _AGREED,
            "faults": items("What is wrong", _FAULT),
            "done": items("What was done", text("A step")),
            "left": items("What is wrong afterwards", _FAULT),
        },
    ),
    "Sandbox": (
        "How a sandbox is",
        {
            "name": text("Name"),
            "state": word("How it is", ("running", "degraded", "stopped", "absent")),
            "simulated": {"const": True, "description": "Nodes and containers are simulated"},
            "problem?": text("Why it is degraded"),
            "kubernetes?": text("Version of Kubernetes, such as v1.36.3"),
            "server?": text("Address of the API server"),
            "context?": text("Context of its kubeconfig"),
            "kubeconfig?": text("Path of its kubeconfig"),
            "programs?": fields(
                "Programs it is made of",
                {
                    "folder": text("Where they are"),
                    "source": word("Where they came from", ("assets", "cache", "release", "build")),
                },
            ),
            "parts": items(
                "Programs that run",
                fields(
                    "A part",
                    {
                        "name": text("Name"),
                        "state": word("How it is", ("running", "crashed", "stopped")),
                        "pid?": count("Number of its process"),
                        "log": text("Path of its log"),
                    },
                ),
            ),
            "nodes": items(
                "Nodes",
                fields(
                    "A node",
                    {
                        "name": text("Name"),
                        "ready": flag("Whether it is ready"),
                        "gpus": count("How many GPUs it has"),
                        "allocatable": count("How many of them its device plugin offers"),
                    },
                ),
            ),
            "change?": fields(
                "What the command did; missing where it only looked",
                {
                    "changed": flag("Whether anything was done"),
                    "started": items("Parts that were started", text("Name")),
                    "stopped": count("Processes that were stopped"),
                    "seconds": _SECONDS,
                },
            ),
        },
    ),
    "Version": (
        "What runs here",
        {
            "stackctl": text("Version of stackctl"),
            "python": text("Version of Python"),
            "platform": text("Operating system and processor"),
        },
    ),
    "SchemaList": (
        "What there are schemas of",
        {
            "items": items(
                "Schemas",
                fields(
                    "A schema",
                    {
                        "name": text("What `stackctl schema` is given"),
                        "description": text("What it is of"),
                    },
                ),
            )
        },
    ),
    "Error": (
        "Why a command failed",
        {
            "reason": text("What kind of failure, in a word"),
            "exitCode": count("The exit code"),
            "message": _MESSAGE,
            "hint": _HINT,
            "problems?": items("Everything that is wrong, where it is several things", _MESSAGE),
            "server?": fields(
                "What the API server said",
                {
                    "status": count("The status of its answer"),
                    "reason": text("Its reason, in a word"),
                    "causes": items("Its causes", anything("A cause")),
                },
            ),
        },
    ),
}
RESULT_LIST = "ResultList"
KINDS = {kind: what for kind, (what, _) in _BODIES.items()} | {
    RESULT_LIST: "Results of one command on several clusters"
}


def document_schema(kind: str) -> dict[str, Any]:
    """Describe the documents of a kind as a JSON Schema (2020-12)."""
    described = _results() if kind == RESULT_LIST else _described(kind)
    return {"$schema": DIALECT, "title": kind, **described}


def _described(kind: str) -> Schema:
    what, body = _BODIES[kind]
    return fields(what, _head(kind) | body)


def _head(kind: str) -> dict[str, Schema]:
    return {
        "apiVersion": always(DOCUMENTS_VERSION),
        "kind": always(kind),
        "context?": text("In a ResultList: the context that it is about"),
    }


def _results() -> Schema:
    results: Schema = {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in _BODIES]}
    body = {"items": items("A result for each context", results)}
    return {
        **fields(KINDS[RESULT_LIST], _head(RESULT_LIST) | body),
        "$defs": {kind: _described(kind) for kind in _BODIES},
    }
