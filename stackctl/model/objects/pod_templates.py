"""Where built-in kinds describe the Pods that they make.

Where their containers are, and what imitates them, is known to `pod_specs`.
"""

from stackctl.model.objects import paths
from stackctl.model.objects.kinds import GroupKind, kind_of
from stackctl.model.objects.refs import Manifest

_TEMPLATES: dict[GroupKind, paths.Path] = {
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("apps", "DaemonSet"): ("spec", "template"),
    ("apps", "ReplicaSet"): ("spec", "template"),
    ("", "ReplicationController"): ("spec", "template"),
    ("batch", "Job"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("", "Pod"): (),
    ("", "PodTemplate"): ("template",),
}


def template_path(manifest: Manifest) -> paths.Path | None:
    """Return where the Pod template of a workload lies; None for other objects."""
    return _TEMPLATES.get(kind_of(manifest))
