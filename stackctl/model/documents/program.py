"""The documents about stackctl itself: sandboxes, versions, schemas, failures."""

from stackctl.model.documents.parts import HINT, MESSAGE, SECONDS, Bodies
from stackctl.model.shapes.json_schema import anything, count, fields, flag, items, text, word

PROGRAM: Bodies = {
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
                        "resource?": text("By which name they are asked for"),
                    },
                ),
            ),
            "change?": fields(
                "What the command did; missing where it only looked",
                {
                    "changed": flag("Whether anything was done"),
                    "started": items("Parts that were started", text("Name")),
                    "stopped": count("Processes that were stopped"),
                    "seconds": SECONDS,
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
            "message": MESSAGE,
            "hint?": HINT,
            "problems?": items("Everything that is wrong, where that is in files", MESSAGE),
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
