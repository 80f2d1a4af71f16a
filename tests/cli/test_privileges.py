"""What a component newly asks for is named before anybody says yes, on a real control plane."""

import json
from pathlib import Path
from typing import Any

import pytest

from stackctl.sources import yaml

pytestmark = pytest.mark.timeout(600)

API = "stackctl.dev/v1alpha1"
PLACE: dict[str, Any] = {"namespace": "greedy"}
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "greedy"} | PLACE}
BINDING: dict[str, Any] = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "greedy"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole"},
    "subjects": [{"kind": "ServiceAccount", "name": "greedy"} | PLACE],
}
WEBHOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1",
    "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "greedy"},
    "webhooks": [
        {
            "name": "greedy.example.com",
            "clientConfig": {"url": "https://collector.example.com/"},
            "failurePolicy": "Ignore",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "timeoutSeconds": 1,
            # Nothing that the control plane under test does goes through it.
            "rules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE"],
                    "resources": ["limitranges"],
                }
            ],
        }
    ],
}


def agent(**more: Any) -> dict[str, Any]:
    labels = {"app": "greedy"}
    container = {"name": "a", "image": "registry.example.com/greedy:1"} | more
    volumes = [{"name": "root", "hostPath": {"path": "/"}}] if more else []
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [container], "volumes": volumes, "serviceAccountName": "greedy"},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "agent"} | PLACE,
        "spec": {"selector": {"matchLabels": labels}, "template": pod},
    }


MODEST = (ACCOUNT, BINDING | {"roleRef": BINDING["roleRef"] | {"name": "view"}}, agent())
GREEDY = (
    ACCOUNT,
    BINDING | {"roleRef": BINDING["roleRef"] | {"name": "cluster-admin"}},
    agent(
        securityContext={"privileged": True},
        volumeMounts=[{"name": "root", "mountPath": "/host"}],
    ),
    WEBHOOK,
)


def publish(folder: Path, version: str, *objects: Any) -> None:
    """Write a catalogue with a version of the component."""
    head = {"apiVersion": API, "metadata": {"name": "greedy", "description": "for tests"}}
    spec = {
        "version": version,
        "namespace": "greedy",
        "images": [{"image": "registry.example.com/greedy", "tag": "1"}],
    }
    home = folder / "manifests" / "greedy"
    (home / "base").mkdir(parents=True, exist_ok=True)
    (folder / "profiles").mkdir(exist_ok=True)
    (home / "component.yaml").write_text(yaml.dump(head | {"kind": "Component", "spec": spec}))
    profile = head | {"kind": "Profile", "spec": {"components": {"greedy": {}}}}
    (folder / "profiles" / "greedy.yaml").write_text(yaml.dump(profile))
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "greedy"}}
    documents = "".join(f"---\n{yaml.dump(each)}" for each in (space, *objects))
    (home / "base" / "all.yaml").write_text(documents)


ASKED = """\
New privileges, in full: stackctl components{more} NAME
  greedy
    rights: everything, as cluster-admin
    node: DaemonSet/agent privileged, host path / (writable)
    admission: ValidatingWebhookConfiguration/greedy sends limitranges to \
https://collector.example.com/

Plan: """


def test_privileges_are_named_before_the_question(cli):
    """When they are new: in an upgrade, with --yes too, and in a rollback to what had them."""
    ours = ("--catalog", "catalogue")
    asked, asked_here = ASKED.format(more=""), ASKED.format(more=" --catalog catalogue")
    publish(cli.home / "catalogue", "1.0.0", *MODEST)
    first = cli("deploy", "--profile", "greedy", "--yes", *ours)
    assert (first.code, "New privileges" in first.text) == (0, False), first.text

    publish(cli.home / "catalogue", "2.0.0", *GREEDY)
    shown = json.loads(cli("upgrade", "--dry-run", "-o", "json", *ours).out)["plan"]["privileges"]
    assert [(each["sort"], each["what"], each.get("whom")) for each in shown] == [
        ("rights", "everything, as cluster-admin", "ServiceAccount/greedy/greedy"),
        ("node", "privileged", None),
        ("node", "host path / (writable)", None),
        ("admission", "sends limitranges to https://collector.example.com/", None),
    ]
    assert asked_here in cli("diff", "--profile", "greedy", *ours).out
    done = cli("upgrade", "--yes", "--allow-recreate", *ours)
    assert done.code == 0, done.text
    assert asked_here in done.err

    same = cli("deploy", "--profile", "greedy", "--dry-run", *ours)
    assert "New privileges" not in same.text
    back = cli("rollback", "1", "--yes", "--allow-recreate")
    assert (back.code, "New privileges" in back.text) == (0, False), back.text
    forth = cli("rollback", "2", "--dry-run")
    assert asked in forth.out, forth.text

    described = cli("components", "greedy", *ours)
    assert "rights for ServiceAccount/greedy/greedy: everything, as cluster-admin" in described.out
    assert cli("teardown", "--yes").code == 0
