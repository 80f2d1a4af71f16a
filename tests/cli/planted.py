"""A catalogue and kubeconfigs full of secrets, each known by a marker, and a search for them."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stackctl.api.client import Client
from stackctl.sources import yaml
from tests import charts
from tests.recipes import FILES, RECIPE, write_files

API = "stackctl.dev/v1alpha1"
NAMESPACE = "vault"
REVEALING = "vault-reveals-what-it-sees"

# What is planted, and where. Each has what forms differ in: letters to escape, to quote, to fold.
SOURCES = (
    *("data", "stringData", "document", "feature", "patch", "default"),
    *("set-bound", "set-marked", "set-field", "set-again", "set-malformed", "set-number"),
    *("set-word", "set-map", "file-argument", "file-list", "by-hand", "env-by-hand"),
    *("last-applied", "helm-note", "unreadable-manifest"),
    *("token", "token-line", "password", "server-login", "proxy-login", "env-proxy"),
    *("exec-argument", "exec-variable", "exec-said", "exec-token", "client-key", "environment"),
    *("smoke-data", "smoke-env", "chart-data", "chart-values"),
    *("recipe-value", "recipe-file", "recipe-mistake", "new-mistake"),
)
MARKERS = {
    name: f"plant+{number:02}/{name}&Zq{number * 7919:x}" for number, name in enumerate(SOURCES)
}


def encoded(text: str) -> str:
    """Write a text in base64."""
    return base64.b64encode(text.encode()).decode()


def forms(marker: str) -> set[str]:
    """Return the texts that give a marker away."""
    return {
        marker,
        encoded(marker),
        encoded(marker).rstrip("="),
        encoded(encoded(marker)),
        quote(marker),
        quote(marker, safe=""),
        json.dumps(marker)[1:-1].replace("&", r"\u0026"),
        marker[6:],  # most of it gives it away as well
        marker[:-6],
    }


def found_in(text: str, markers: Mapping[str, str] = MARKERS) -> set[str]:
    """Name the markers that a text gives away."""
    return {name for name, marker in markers.items() if any(form in text for form in forms(marker))}


@dataclass
class Watch:
    """Collects where markers came out."""

    leaks: list[str] = field(default_factory=list)
    made: dict[str, str] = field(default_factory=dict)  # more markers: what is generated, by name
    indexes: int = 0  # of revisions, that were looked into

    def look(self, where: str, text: str) -> None:
        """Search a text."""
        found = found_in(text) | found_in(text, self.made)
        self.leaks += [f"{name} in {where}" for name in sorted(found)]

    def look_at_files(self, folder: Path, but: frozenset[str] = frozenset()) -> None:
        """Search every file below a folder, but for those in which something was planted."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not but.intersection(path.relative_to(folder).parts):
                self.look(str(path.relative_to(folder)), path.read_text(errors="replace"))

    def look_at_records(self, client: Client) -> None:
        """Search what those see who may look at revisions and at Kubernetes Events."""
        for secret in client.list("/api/v1/namespaces/stackctl-system/secrets").items:
            name = secret["metadata"]["name"]
            self.look(f"metadata of {name}", json.dumps(secret["metadata"]))
        for config in client.list("/api/v1/namespaces/stackctl-system/configmaps").items:
            name = config["metadata"]["name"]
            self.look(f"ConfigMap {name}", json.dumps(config))
            if index := (config.get("binaryData") or {}).get("release"):
                self.indexes += 1
                self.look(f"index {name}", gzip.decompress(base64.b64decode(index)).decode())
        for path in ("/apis/events.k8s.io/v1/events", "/apis/coordination.k8s.io/v1/leases"):
            for item in client.list(path).items:
                self.look(f"{item['metadata']['name']} of {path}", json.dumps(item))


def parameter(*places: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": "for tests", "places": list(places)} | more


def write_catalogue(folder: Path) -> None:
    """Write a component whose Secrets, parameters and defaults are planted, and its profile."""
    deployment, secret = "Deployment/vault", "Secret/vault"
    parameters = {
        "bound": parameter({"object": secret, "path": "stringData.bound"}),
        "marked": parameter(
            {"object": deployment, "container": "vault", "env": "MARKED"}, secret=True
        ),
        "password": parameter({"object": "ConfigMap/vault", "key": "a.yaml", "path": "password"}),
        "argument": parameter(
            {"object": deployment, "container": "vault", "arg": "--argument"}, secret=True
        ),
        "list": parameter(
            {"object": deployment, "container": "vault", "arg": "--list"}, type="list", secret=True
        ),
        "map": parameter({"object": secret, "key": "a.yaml", "path": "map"}, type="map"),
        "number": parameter(
            {"object": deployment, "path": "spec.replicas"}, type="integer", secret=True
        ),
        "field": parameter({"object": deployment, "path": _NOTE}, secret=True),
        "default": parameter(
            {"object": deployment, "container": "vault", "env": "DEFAULT"},
            secret=True,
            default=MARKERS["default"],
        ),
        "made": parameter(
            {"object": "Secret/made", "path": "data.made"}, type="secret", generate="password"
        ),
        "tried": parameter(
            {"object": "Job/vault", "container": "vault", "env": "TRIED", "smoke": True},
            secret=True,
            default=MARKERS["smoke-env"],
        ),
        "workers": parameter(
            {"object": "ConfigMap/vault", "key": "a.yaml", "path": "workers"},
            type="integer",
            default=3,
        ),
    }
    home = folder / "manifests" / "vault"
    _write(
        home / "component.yaml",
        _file(
            "Component",
            "vault",
            version="1.0.0",
            namespace=NAMESPACE,
            parameters=parameters,
            features={"more": {"description": "more", "default": True}},
            images=[{"image": "registry.example.com/vault", "tag": "1.0.0"}],
            upstream={"project": "https://example.com", "version": "1.0.0", "chart": _FOLLOWED},
        ),
    )
    _write(home / "base" / "all.yaml", *_objects())
    _write(
        home / "features" / "more" / "secret.yaml",
        _object(
            "Secret", "more", data={"key": encoded(MARKERS["feature"]), "yes": encoded("true")}
        ),
    )
    _write(home / "smoke" / "all.yaml", *_trial())
    _write(folder / "profiles" / "vault.yaml", _file("Profile", "vault", components={"vault": {}}))


def _trial() -> Iterator[dict[str, Any]]:
    yield _object("Secret", "vault-tried", stringData={"data": MARKERS["smoke-data"]})
    container = {
        "name": "vault",
        "image": "registry.example.com/vault:1.0.0",
        "env": [{"name": "TRIED", "value": MARKERS["smoke-env"]}],
    }
    pod = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    yield _object("Job", "vault", apiVersion="batch/v1", spec={"template": pod})


_FOLLOWED = {"repository": "oci://example.com/charts", "name": "vault", "version": "1.0.0"}
_NOTE = 'metadata.annotations["example.com/note"]'


def _objects() -> Iterator[dict[str, Any]]:
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    document = f"user: joe\npassword: {MARKERS['document']}\nlevel: info\n"
    yield _object(
        "Secret",
        "vault",
        data={"data": encoded(MARKERS["data"])},
        stringData={"text": MARKERS["stringData"], "a.yaml": document, "debug": "true"},
    )
    yield _object("Secret", "made")
    yield _object("ConfigMap", "vault", data={"a.yaml": "workers: 3\n"})
    container = {
        "name": "vault",
        "image": "registry.example.com/vault:1.0.0",
        "args": ["--level=info"],
        "env": [{"name": "DEFAULT", "value": MARKERS["default"]}],
    }
    labels = {"app": "vault"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    yield _object(
        "Deployment",
        "vault",
        apiVersion="apps/v1",
        spec={"selector": {"matchLabels": labels}, "template": pod},
    )


def write_stack_file(path: Path) -> None:
    """Write a stack file that gives secrets to parameters, and one to a Secret by a patch."""
    patch = _object("Secret", "vault", stringData={"patched": MARKERS["patch"]})
    choice = {
        "parameters": {"argument": MARKERS["file-argument"], "list": ["x", MARKERS["file-list"]]},
        "patches": [patch],
    }
    _write(path, _file("Stack", "vault", profile="vault", components={"vault": choice}))


def write_chart(folder: Path) -> None:
    """Write a chart and values of it, and two programs: for Helm, and for one that says too much.

    The chart comes to the same objects with other secrets in them.
    """
    charts.write_chart(folder / "chart", {}, name="vault")
    _write(folder / "values.yaml", {"password": MARKERS["chart-values"], "color": "blue"})
    space, secret, _, config, deployment = _objects()
    secret |= {"data": {"data": encoded(MARKERS["chart-data"])}}
    secret["stringData"] = {"text": MARKERS["chart-data"]}
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    variables = {"DEFAULT": "theirs", "DB_PASSWORD": MARKERS["chart-data"]}
    container["env"] = [{"name": key, "value": each} for key, each in variables.items()]
    _write(folder / "objects.yaml", space, secret, config, deployment)
    (folder / "vault-1.0.0.tgz").write_bytes(charts.packed(folder / "chart", "vault"))
    said = 'echo "Error: values do not meet the schema: $(cat)" >&2; exit 1'
    for name, answer in (("helm", f"cat {folder}/objects.yaml"), ("chatty", said)):
        path = folder / name
        path.write_text(_HELM.format(archive=folder / "vault-1.0.0.tgz", answer=answer))
        path.chmod(0o755)


# Speaks as Helm does of `version`, `pull NAME --destination DIR` and `template`.
_HELM = """\
#!/bin/sh
case "$1" in
version) echo v4.3.1 ;;
pull) cp {archive} "$4" ;;
*) {answer} ;;
esac
"""


def write_recipes(folder: Path) -> None:
    """Write a recipe with secrets in values of its charts, and one that is wrong with them."""
    secret = {"adminPassword": MARKERS["recipe-value"], "auth": {"token": MARKERS["recipe-value"]}}
    text = RECIPE.replace("{webhook: {timeoutSeconds: 5}}", json.dumps(secret))
    lost = json.dumps({"password": MARKERS["recipe-value"]})
    text = text.replace("{color: blue", f"{{admin: {json.dumps(secret)}, color: blue")
    text = text.replace("later: {answer: 42}", f"later: {lost}")
    values = {name: text for name, text in FILES.items() if name.endswith(".yaml")}
    values["components/shop/values-lab.yaml"] += f"password: {MARKERS['recipe-file']}\n"
    mistake = json.dumps([{"password": MARKERS["recipe-mistake"]}])
    wrong = RECIPE.replace("{color: blue, shades: {dark: null}}", mistake)
    write_files(folder, {"lab.yaml": text, "wrong.yaml": wrong, **values})


def write_broken_component(folder: Path) -> None:
    """Write a component with a Secret that is none."""
    home = folder / "manifests" / "broken"
    _write(home / "component.yaml", _file("Component", "broken", version="1.0.0", namespace="x"))
    bad = {"key": MARKERS["unreadable-manifest"]}
    _write(home / "base" / "a.yaml", _object("Secret", "broken", data=[bad], stringData=bad))
    secret = {"kind": "Secret", "stringData": bad, "metadata": {"name": 5}}
    _write(home / "base" / "b.yaml", secret)
    profile = _file("Profile", "broken", components={"broken": {}})
    _write(folder / "profiles" / "broken.yaml", profile)


_SEEN = "object.data.map(k, k + '=' + object.data[k]).join(', ')"
_SET = "object.spec.template.spec.containers[0].env.map(e, e.name + '=' + e.value).join(', ')"
# Policies that make the API server repeat what it is given, by what they do and look at.
POLICIES = (
    ("vault-warns", "Warn", "", "secrets", "!object.metadata.name.startsWith('vault')", _SEEN),
    ("vault-denies", "Deny", "", "secrets", "!('refuse' in object.data)", _SEEN),
    ("vault-tells", "Warn", "apps", "deployments", "object.metadata.name != 'vault'", _SET),
)


def policies() -> Iterator[dict[str, Any]]:
    """Yield what makes the API server repeat secrets: in warnings, and in a refusal."""
    for name, action, group, resource, test, seen in POLICIES:
        head = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "metadata": {"name": name},
        }
        rule = {
            "apiGroups": [group],
            "apiVersions": ["v1"],
            "operations": ["CREATE", "UPDATE"],
            "resources": [resource],
        }
        here = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
        told = {"expression": test, "messageExpression": f"'{REVEALING}: ' + {seen}"}
        spec = {
            "matchConstraints": {"resourceRules": [rule], "namespaceSelector": here},
            "validations": [told],
        }
        yield head | {"kind": "ValidatingAdmissionPolicy", "spec": spec}
        bound = {"policyName": name, "validationActions": [action]}
        yield head | {"kind": "ValidatingAdmissionPolicyBinding", "spec": bound}


def kubeconfig(server: str, ca: str, *, cluster: Any = None, user: Any = None) -> str:
    """Write a kubeconfig with credentials that are planted, and wrong."""
    known = {"server": server, "certificate-authority-data": ca} | (cluster or {})
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "it", "cluster": known}],
            "users": [{"name": "joe", "user": user or {}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "joe"}}],
            "current-context": "it",
        }
    )


def _object(kind: str, name: str, *, apiVersion: str = "v1", **more: Any) -> dict[str, Any]:  # noqa: N803
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": apiVersion, "kind": kind, "metadata": metadata} | more


def _file(kind: str, name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name} | ({} if kind == "Stack" else {"description": f"{name} for tests"})
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


def _write(path: Path, *documents: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"---\n{yaml.dump(each)}" for each in documents))
