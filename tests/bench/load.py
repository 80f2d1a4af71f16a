"""The thousand objects that the benchmark installs, in the form that each contender wants.

Twenty namespaces of fifty: ten Deployments of no Pods, ten Services, ten ConfigMaps, five
ServiceAccounts, Roles and RoleBindings each, four Secrets, and the namespace itself.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stackctl.model.objects.refs import Manifest
from stackctl.sources.yaml import dump

NAME = "thousand"
NAMESPACES = tuple(f"team-{number:02d}" for number in range(20))
EDITION = "bench.example.com/edition"
RBAC = "rbac.authorization.k8s.io"
LINES = 8  # of the file in a ConfigMap


@dataclass(frozen=True, slots=True)
class Load:
    """What is installed: every object carries its edition, so the next changes them all."""

    edition: int = 1
    times: int = 1  # as many of everything but the namespaces
    odd: bool = False  # one ConfigMap differs

    def objects(self) -> list[Manifest]:
        """List everything, namespaces first."""
        every = [each for space in NAMESPACES for each in self.within(space)]
        return sorted(every, key=lambda each: each["kind"] != "Namespace")

    def within(self, namespace: str) -> Iterator[Manifest]:
        """Yield one namespace and what is in it, in an order that can be applied."""
        yield self._object("v1", "Namespace", "", namespace)
        for number in range(5 * self.times):
            worker = f"worker-{number}"
            yield self._object("v1", "ServiceAccount", namespace, worker)
            yield self._role(namespace, worker)
            yield self._binding(namespace, worker)
        for number in range(10 * self.times):
            yield self._config(namespace, f"app-{number}")
        for number in range(4 * self.times):
            yield self._secret(namespace, f"login-{number}")
        for number in range(10 * self.times):
            yield self._service(namespace, f"app-{number}")
            yield self._deployment(namespace, f"app-{number}", f"worker-{number // 2}")

    def catalogue(self, folder: Path) -> Path:
        """Write a catalogue: a component for each namespace, a file for each kind."""
        for namespace in NAMESPACES:
            component = folder / "manifests" / namespace
            (component / "base").mkdir(parents=True)
            (component / "component.yaml").write_text(self._component(namespace))
            for kind, objects in _by_kind(self.within(namespace)).items():
                (component / "base" / f"{kind.lower()}.yaml").write_text(_documents(objects))
        (folder / "profiles").mkdir()
        profile = {
            "apiVersion": "stackctl.dev/v1alpha1",
            "kind": "Profile",
            "metadata": {"name": NAME, "description": "What the benchmark installs"},
            "spec": {"components": {namespace: {} for namespace in NAMESPACES}},
        }
        (folder / "profiles" / f"{NAME}.yaml").write_text(dump(profile))
        return folder

    def chart(self, folder: Path) -> Path:
        """Write a Helm chart that has nothing to fill in."""
        (folder / "templates").mkdir(parents=True)
        chart = {"apiVersion": "v2", "name": NAME, "version": f"{self.edition}.0.0"}
        (folder / "Chart.yaml").write_text(dump(chart))
        for namespace in NAMESPACES:
            text = _documents(self.within(namespace))
            (folder / "templates" / f"{namespace}.yaml").write_text(text)
        return folder

    def file(self, path: Path) -> Path:
        """Write everything into one file."""
        path.write_text(_documents(self.objects()))
        return path

    def lines(self, path: Path, *, new: bool = False) -> Path:
        """Write a line for each request of the bare loop, an empty one after the namespaces.

        With `new` the server is to refuse what is there already, as it is with ours.
        """
        objects = [_only_new(each) if new else each for each in self.objects()]
        lines = [f"{_path(each)}\t{json.dumps(each)}" for each in objects]
        parts = (lines[: len(NAMESPACES)], lines[len(NAMESPACES) :])
        path.write_text("\n\n".join("\n".join(part) for part in parts))
        return path

    def _component(self, namespace: str) -> str:
        image = {"image": "registry.example.com/app", "tag": f"{self.edition}.0"}
        version = f"{self.edition}.0.0"
        spec = {"version": version, "namespace": namespace, "images": [image]}
        return dump(
            {
                "apiVersion": "stackctl.dev/v1alpha1",
                "kind": "Component",
                "metadata": {"name": namespace, "description": f"The programs of {namespace}"},
                "spec": spec,
            }
        )

    def _object(
        self, version: str, kind: str, namespace: str, name: str, **body: object
    ) -> Manifest:
        metadata: Manifest = {"name": name}
        metadata |= {"namespace": namespace} if namespace else {}
        metadata["labels"] = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": NAME}
        metadata["annotations"] = {EDITION: str(self.edition)}
        return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}

    def _role(self, namespace: str, name: str) -> Manifest:
        rules = [
            {"apiGroups": [""], "resources": ["pods", "configmaps"], "verbs": ["get", "list"]},
            {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "watch"]},
        ]
        return self._object(f"{RBAC}/v1", "Role", namespace, name, rules=rules)

    def _binding(self, namespace: str, name: str) -> Manifest:
        role = {"apiGroup": RBAC, "kind": "Role", "name": name}
        subjects = [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]
        return self._object(
            f"{RBAC}/v1", "RoleBinding", namespace, name, roleRef=role, subjects=subjects
        )

    def _config(self, namespace: str, name: str) -> Manifest:
        settings = "".join(f"setting-{number}: {name}\n" for number in range(LINES))
        data = {"edition": str(self.edition), "settings.yaml": settings}
        if self.odd and (namespace, name) == (NAMESPACES[0], "app-0"):
            data["edition"] = "odd"
        return self._object("v1", "ConfigMap", namespace, name, data=data)

    def _secret(self, namespace: str, name: str) -> Manifest:
        password = base64.b64encode(f"{namespace}-{name}".encode()).decode()
        return self._object("v1", "Secret", namespace, name, data={"password": password})

    def _service(self, namespace: str, name: str) -> Manifest:
        ports = [{"name": "http", "port": 80, "targetPort": "http"}]
        spec = {"selector": {"app.kubernetes.io/name": name}, "ports": ports}
        return self._object("v1", "Service", namespace, name, spec=spec)

    def _deployment(self, namespace: str, name: str, account: str) -> Manifest:
        labels = {"app.kubernetes.io/name": name}
        container = {
            "name": "app",
            "image": f"registry.example.com/app:{self.edition}.0",
            "args": ["--config=/etc/app/settings.yaml"],
            "ports": [{"name": "http", "containerPort": 8080}],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
            "volumeMounts": [{"name": "settings", "mountPath": "/etc/app"}],
        }
        pod = {
            "serviceAccountName": account,
            "containers": [container],
            "volumes": [{"name": "settings", "configMap": {"name": name}}],
        }
        spec = {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
        return self._object("apps/v1", "Deployment", namespace, name, spec=spec)


def _path(manifest: Manifest) -> str:
    """Say where the API server keeps an object."""
    version, metadata = manifest["apiVersion"], manifest["metadata"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    inside = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{inside}/{manifest['kind'].lower()}s/{metadata['name']}"


def _only_new(manifest: Manifest) -> Manifest:
    return manifest | {"metadata": manifest["metadata"] | {"resourceVersion": "1"}}


def _by_kind(objects: Iterable[Manifest]) -> dict[str, list[Manifest]]:
    found: dict[str, list[Manifest]] = {}
    for each in objects:
        found.setdefault(each["kind"], []).append(each)
    return found


def _documents(objects: Iterable[Manifest]) -> str:
    return "---\n".join(dump(each) for each in objects)
