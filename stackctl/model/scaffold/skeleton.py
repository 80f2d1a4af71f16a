"""The files of a new component, as texts with comments for whoever goes on from there."""

from collections.abc import Callable, Mapping, Sequence
from textwrap import indent
from typing import Any

from stackctl.model.catalogue.component import Image, Parameter
from stackctl.model.catalogue.envelope import API_VERSION
from stackctl.model.compose.object_set import Objects
from stackctl.model.objects import paths
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.privileges.rights import maps, part
from stackctl.model.scaffold.proposals import (
    fitting,
    proposed_images,
    proposed_parameters,
    version_of,
)
from stackctl.model.shapes.decode import encoded

Dump = Callable[[Any], str]

_HEAD = """\
# What {name} is, and what can be set of it. Yours to edit; base/ has the objects, as kubectl apply
# would take them.
#   stackctl component lint {name}   what is wrong with it, or will be regretted
#   stackctl schema component{pad}   everything that can be said here, for editors
apiVersion: {version}
kind: Component
metadata:
  name: {text}
  description: What it is for, in one line
spec:
"""
_VERSION = "# Of the program: a release records it, and an upgrade tells when it changes.\n"
_ORDER = """\
# What has to be there before it (stackctl components -o wide lists what others provide), and what
# others may count on.
# requires: [cert-issuer]
# provides: [{text}]
"""
_PARAMETERS = """\
# What can be set: a parameter's value is written to its places, and its default is what the
# manifests say. These are proposals, found in the manifests: rename them, and take out what nobody
# should change. A place is a field (path), a flag (arg) or an environment variable (env) of a
# container, or a place inside a document in a ConfigMap (key, then path).
"""
_NO_PARAMETERS = """\
# What can be set: a parameter's value is written to its places, and its default is what the
# manifests say.
# parameters:
#   logLevel:
#     type: string
#     default: info
#     enum: [debug, info, error]
#     description: What is logged
#     places:
#     - {{object: Deployment/{name}, container: {text}, env: LOG_LEVEL}}
"""
_FEATURES = """\
# Layers that can be switched on: features/NAME/ has objects that one adds, features/NAME/patches/
# partial objects that it changes.
# features:
#   metrics: {description: A ServiceMonitor for the metrics of the program}
"""
_IMAGES = "# Every image that the manifests name; a digest pins what a tag may move to.\n"
_RESTARTS = """\
# Pods that are replaced when a ConfigMap changes, where the program reads it only when it starts.
# restartOn:
"""
_LINT = """\
# What `stackctl component lint` finds and is as it should be.
# lint:
# - {rule: no-liveness-probe, object: Deployment/NAME, reason: It ends when something fails}
"""
_EXAMPLE = """\
# An example that works: put your own objects in its place.
apiVersion: v1
kind: Service
metadata:
  name: {text}
  labels: {{app.kubernetes.io/name: {text}}}
spec:
  selector: {{app.kubernetes.io/name: {text}}}
  ports:
  - {{name: http, port: 80, targetPort: http}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {text}
  labels: {{app.kubernetes.io/name: {text}}}
spec:
  replicas: 1
  selector:
    matchLabels: {{app.kubernetes.io/name: {text}}}
  template:
    metadata:
      labels: {{app.kubernetes.io/name: {text}}}
    spec:
      automountServiceAccountToken: false
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: {text}
        image: docker.io/nginxinc/nginx-unprivileged:1.29.4-alpine
        ports:
        - {{name: http, containerPort: 8080}}
        readinessProbe: {{httpGet: {{path: /, port: http}}}}
        livenessProbe: {{httpGet: {{path: /, port: http}}}}
        resources:
          requests: {{cpu: 10m, memory: 32Mi}}
          limits: {{memory: 64Mi}}
        securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
"""
_NAMESPACE = """\
# What is not in base/ is neither made nor removed; so the namespace is.
apiVersion: v1
kind: Namespace
metadata:
  name: {text}
"""
_PROFILE = """\
# A stack of {name} alone, to try it with; other profiles name it under components as well.
apiVersion: {version}
kind: Profile
metadata:
  name: {text}
  description: {description}
spec:
  components:
    {text}: {{}}
"""


def example(name: str, dump: Dump) -> str:
    """Return manifests to begin with, where there are none yet."""
    return _EXAMPLE.format(text=_text(name, dump))


def namespace_text(name: str, dump: Dump) -> str:
    """Return the manifest of a namespace."""
    return _NAMESPACE.format(text=_text(name, dump))


def profile_text(name: str, dump: Dump) -> str:
    """Return a profile of one component."""
    text = _text(name, dump)
    return _PROFILE.format(name=name, text=text, version=API_VERSION, description=f"{name} alone")


def _text(name: str, dump: Dump) -> str:
    """Write a name so that YAML reads a text: 123, true and null are names too."""
    return dump([name]).removeprefix("- ").rstrip("\n")


def component_text(name: str, objects: Objects, *, version: str, dump: Dump) -> str:
    """Write a component.yaml with what objects suggest, and with what else could be said.

    Without a version it is the one that the objects tell.
    """
    images = proposed_images(objects)
    parameters = fitting(proposed_parameters(objects))
    head = _HEAD.format(
        name=name,
        text=_text(name, dump),
        version=API_VERSION,
        pad=" " * (len(name) - 1),
    )
    parts = [
        _VERSION + dump({"version": version or version_of(objects, images)}),
        dump({"namespace": objects.namespace}),
        _ORDER.format(text=_text(name, dump)),
        _parameters(name, parameters, dump),
        _FEATURES,
        _images(images, dump),
        _restarts(objects),
        _LINT,
    ]
    return head + indent("".join(parts), "  ")


def _parameters(name: str, parameters: Mapping[str, Parameter], dump: Dump) -> str:
    if not parameters:
        return _NO_PARAMETERS.format(name=name, text=_text(name, dump))
    lines = [_PARAMETERS, "parameters:\n"]
    for key, parameter in parameters.items():
        lines.append(indent(dump({key: encoded(parameter)}), "  "))
    return "".join(lines)


def _images(images: Sequence[Image], dump: Dump) -> str:
    if not images:
        return ""
    return _IMAGES + dump({"images": encoded(images)})


def _restarts(objects: Objects) -> str:
    """Suggest what is replaced with a ConfigMap: what mounts one of the component's own."""
    own = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    found = {
        f"{ref_of(each).kind}/{ref_of(each).name}": sorted(own & set(_mounted(each)))
        for each in objects
        if each["kind"] in ("Deployment", "StatefulSet", "DaemonSet")
    }
    lines = [
        f"#   {name}: [{', '.join(f'ConfigMap/{each}' for each in names)}]\n"
        for name, names in found.items()
        if names
    ]
    return _RESTARTS + "".join(lines) if lines else ""


def _mounted(manifest: Manifest) -> list[str]:
    spec = paths.get(manifest, (*(template_path(manifest) or ()), "spec"), {})
    return [str(part(each, "configMap").get("name")) for each in maps(spec.get("volumes"))]
