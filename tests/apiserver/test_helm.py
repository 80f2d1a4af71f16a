"""A release that real Helm installed: taken over, looked at, changed, and removed or given back.

The chart is written here. Helm applies on the server's side, or updates as it did before; both
leave other claims in managedFields, and what follows is the same.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from stackctl.actions.adopt import adopt
from stackctl.actions.deploy import deploy
from stackctl.actions.status import status
from stackctl.cluster.record import releases
from stackctl.errors import ConflictError
from stackctl.model.catalogue.component import Mode
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.objects.refs import MANAGED_BY, STACK_LABEL, Manifest, annotations_of, labels_of
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.run.events import Notice
from tests.apiserver.catalogues import Shelf
from tests.apiserver.programs import built
from tests.apiserver.stacks import QUICK, Stack, write_as

# Minutes go into building Helm, the first time.
pytestmark = [pytest.mark.build, pytest.mark.timeout(1500)]

PACKAGE, VERSION = "helm.sh/helm/v4/cmd/helm", "v4.3.1"

VALUES = """\
color: green
"""
TEMPLATE = """\
{{- define "shop.labels" }}
    app.kubernetes.io/name: shop
    app.kubernetes.io/managed-by: {{ .Release.Service }}
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: shop
  labels: {{- include "shop.labels" . }}
---
apiVersion: v1
kind: Secret
metadata:
  name: shop
  labels: {{- include "shop.labels" . }}
stringData: {password: known-to-helm}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop
  labels: {{- include "shop.labels" . }}
data: {color: {{ .Values.color }}, currency: EUR}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-greeting
  labels: {{- include "shop.labels" . }}
data: {text: welcome}
---
{{- if .Values.extra }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Values.extra }}
  labels: {{- include "shop.labels" . }}
---
{{- end }}
apiVersion: v1
kind: Service
metadata:
  name: shop
  labels: {{- include "shop.labels" . }}
spec:
  selector: {app: shop}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels: {{- include "shop.labels" . }}
spec:
  replicas: 1
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
      annotations: {example.com/chart: shop}
    spec:
      serviceAccountName: shop
      containers:
      - name: main
        image: example.com/shop:1
        env:
        - {name: FROM_CHART, value: "1"}
        - {name: COLOR, value: {{ .Values.color }}}
"""
PATHS = (
    "serviceaccounts/shop",
    "secrets/shop",
    "configmaps/shop",
    "configmaps/shop-greeting",
    "services/shop",
    "/apis/apps/v1/namespaces/{}/deployments/shop",
)


@dataclass(frozen=True, slots=True)
class Helm:
    """Real Helm, with one release of one chart in a namespace."""

    program: Path
    kubeconfig: Path
    home: Path
    namespace: str
    style: tuple[str, ...]  # how it writes

    def run(self, *args: str) -> "subprocess.CompletedProcess[str]":
        """Run it in the namespace; how it ended is for the test to judge."""
        own = {f"HELM_{each}_HOME": str(self.home) for each in ("CACHE", "CONFIG", "DATA")}
        return subprocess.run(
            [self.program, *args, "-n", self.namespace, "--kubeconfig", self.kubeconfig],
            env=os.environ | own,
            check=False,
            capture_output=True,
            text=True,
            timeout=QUICK,
        )

    def install(self, **values: str) -> None:
        """Install the release, namespace included."""
        self._must("install", *self.chart(values), "--create-namespace")

    def insist(self, **values: str) -> None:
        """Upgrade the release whoever else holds its fields."""
        force = () if self.style else ("--force-conflicts",)
        self._must("upgrade", *self.chart(values), *force)

    def upgrade(self, **values: str) -> "subprocess.CompletedProcess[str]":
        """Upgrade the release as people do every day."""
        return self.run("upgrade", *self.chart(values))

    def _must(self, *args: str) -> None:
        done = self.run(*args)
        assert done.returncode == 0, done.stderr

    def chart(self, values: dict[str, str]) -> list[str]:
        """Say which chart, with which values, and how."""
        chosen = [f"--set={name}={value}" for name, value in values.items()]
        return ["shop", str(self.home / "chart"), *chosen, *self.style]


@pytest.fixture(params=[(), ("--server-side=false",)], ids=["applied", "updated"])
def helm(request, stack, kubeconfig, tmp_path) -> Helm:
    """Helm and its chart; nothing is installed yet."""
    (tmp_path / "chart/templates").mkdir(parents=True)
    (tmp_path / "chart/Chart.yaml").write_text("apiVersion: v2\nname: shop\nversion: 1.2.0\n")
    (tmp_path / "chart/values.yaml").write_text(VALUES)
    (tmp_path / "chart/templates/all.yaml").write_text(TEMPLATE)
    program = built(PACKAGE, VERSION)
    return Helm(program, kubeconfig, tmp_path, stack.name, request.param)


def objects(stack: Stack) -> list[Manifest]:
    """The same objects as a component of ours has them: without what only the chart says."""
    env = [{"name": "COLOR", "value": "green"}]
    pod = {
        "serviceAccountName": "shop",
        "containers": [{"name": "main", "image": "example.com/shop:1", "env": env}],
    }
    template = {"metadata": {"labels": {"app": "shop"}}, "spec": pod}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return [
        stack.namespace(),
        stack.object("v1", "ServiceAccount", "shop"),
        stack.object("v1", "Secret", "shop") | {"stringData": {"password": "ours"}},
        stack.config("shop", color="green", currency="EUR"),
        stack.config("shop-greeting", text="welcome"),
        stack.object("v1", "Service", "shop")
        | {"spec": {"selector": {"app": "shop"}, "ports": ports}},
        stack.deployment("shop", template=template),
    ]


def shop(stack: Stack, mode: Mode = Mode.ADOPTED) -> BundleComponent:
    return stack.part("shop", *objects(stack), mode=mode)


def shop_without(stack: Stack, dropped: str) -> BundleComponent:
    """The next version: without an object, a key of a ConfigMap and a variable."""
    kept = [each for each in objects(stack) if each["metadata"]["name"] != dropped]
    config = next(each for each in kept if each["kind"] == "ConfigMap")
    config["data"] = {"color": "green"}
    del kept[-1]["spec"]["template"]["spec"]["containers"][0]["env"]
    return stack.part("shop", *kept, mode=Mode.ADOPTED)


def live(stack: Stack) -> dict[str, Manifest]:
    """Read what the chart installs, as far as it is there."""
    answers = {path: _get(stack, path) for path in PATHS}
    return {path: found for path, found in answers.items() if found is not None}


def _get(stack: Stack, path: str) -> Manifest | None:
    if path.startswith("/"):
        return stack.client.get(path.format(stack.name))
    return stack.get(path)


def written(found: Manifest) -> Manifest:
    """Leave out of an object what controllers report on it."""
    own = ("uid", "generation", "labels", "annotations")
    metadata = {key: found["metadata"].get(key) for key in own}
    if found["kind"] == "Deployment":
        metadata["annotations"].pop("deployment.kubernetes.io/revision", None)
    return {key: each for key, each in found.items() if key != "status"} | {"metadata": metadata}


def managers(found: Manifest) -> set[str]:
    """Name who claims anything of an object but its status."""
    return {
        each["manager"]
        for each in found["metadata"].get("managedFields", [])
        if each["manager"] != "kube-controller-manager"
    }


def records(stack: Stack) -> list[str]:
    """Name the revisions that Helm has on record."""
    path = f"/api/v1/namespaces/{stack.name}/secrets"
    return [each["metadata"]["name"] for each in stack.client.list(path, labels="owner=helm").items]


def planned(stack: Stack, part: BundleComponent) -> Plan:
    return stack.deploy(part, dry_run=True).plan


def said(stack: Stack) -> str:
    return "\n".join(each.text for each in stack.told if isinstance(each, Notice))


def test_without_a_word_about_it_a_release_is_left_alone(stack, helm):
    """The refusal names the release, some of its objects and how to go on; nothing is written."""
    helm.install()
    before = {path: written(each) for path, each in live(stack).items()}
    with pytest.raises(ConflictError) as refusal:
        stack.deploy(shop(stack, Mode.MANAGED))
    (line,) = str(refusal.value).splitlines()[1:]
    assert line.startswith(f"  6 of shop, owned by Helm release {stack.name}/shop: ")
    assert line.endswith(" and 3 more")
    assert "stackctl adopt shop" in refusal.value.hint
    assert {path: written(each) for path, each in live(stack).items()} == before
    assert releases.current(stack.client, stack.id) is None


def test_adoption_takes_over_all_of_it_and_makes_nothing_anew(stack, helm):
    """Same objects, one owner; what only the chart says goes, and was announced."""
    helm.install()
    before = live(stack)
    plan = stack.deploy(shop(stack)).plan
    changes = {change.ref.kind: change for change in plan.changes if change.ref.kind != "Namespace"}
    assert {change.action for change in changes.values()} == {Action.ADOPT}
    assert changes["Deployment"].reason == f"from Helm release {stack.name}/shop"
    announced = {each.path for each in changes["Deployment"].differences}
    assert "spec.template.spec.containers[name=main].env[name=FROM_CHART]" in announced
    after = live(stack)
    assert {path: each["metadata"]["uid"] for path, each in after.items()} == {
        path: each["metadata"]["uid"] for path, each in before.items()
    }
    for each in after.values():
        assert managers(each) == {stack.id.manager}
        assert labels_of(each)[MANAGED_BY] == "stackctl"
        assert {key for key in annotations_of(each) if "helm" in key} == set()
    pod = after[PATHS[-1]]["spec"]["template"]
    assert "annotations" not in pod["metadata"]
    assert pod["spec"]["containers"][0]["env"] == [{"name": "COLOR", "value": "green"}]
    assert planned(stack, shop(stack)).empty


def test_helms_record_stays_and_the_user_is_told_what_to_do_about_it(stack, helm):
    """It is never deleted silently; what the chart has and the component does not is named."""
    helm.install(extra="shop-extra")
    planned(stack, shop(stack))
    announced = said(stack)
    stack.told.clear()
    stack.deploy(shop(stack))
    assert said(stack) == announced
    assert f"keeps what the component does not have: ConfigMap/{stack.name}/shop-extra" in announced
    command = f"kubectl delete secret,configmap -n {stack.name} -l owner=helm,name=shop"
    assert command in announced
    assert records(stack) == ["sh.helm.release.v1.shop.v1"]
    assert managers(stack.get("configmaps/shop-extra") or {}) == {"helm"}


def test_one_command_adopts_it_and_the_deploy_that_follows_changes_nothing(stack, helm, tmp_path):
    """No mode has to be written anywhere: what is adopted once is ours."""
    helm.install()
    shelf = Shelf(tmp_path, stack.name)
    images = [{"image": "example.com/shop", "tag": "1"}]
    shelf.put("shop", "1.2.0", *objects(stack), images=images)
    options = stack.options()
    how = {"agree": lambda *_: True, "notify": stack.tell, "options": options}
    taken = adopt("shop", shelf.request(), stack.connection, **how)
    assert taken.plan.counts == {Action.ADOPT: 7}
    assert deploy(shelf.request(), stack.connection, **how).plan.empty


def test_a_change_by_hand_has_its_author_after_an_adoption(stack, helm):
    """Who, when and what are known as if Helm had never been there."""
    helm.install()
    stack.deploy(shop(stack))
    write_as(
        stack.client,
        "kubectl-edit",
        f"/api/v1/namespaces/{stack.name}/configmaps/shop",
        {"data": {"color": "pink"}},
    )
    (change,) = (c for c in planned(stack, shop(stack)).changes if c.action is Action.UPDATE)
    assert [(each.path, each.old, each.new) for each in change.differences] == [
        ("data.color", "pink", "green")
    ]
    assert [each.manager for each in change.drift] == ["kubectl-edit"]


def test_helm_that_fights_back_is_seen_and_named(stack, helm):
    """`status` and `diff` say that it was Helm; a deploy takes no side unless it was told to."""
    helm.install()
    stack.deploy(shop(stack))
    helm.insist(color="red")
    seen = status(stack.id, stack.connection)
    drift = {
        str(each.ref): [who.manager for who in each.drift]
        for component in seen.components
        for each in component.objects
        if each.drift
    }
    assert drift[f"ConfigMap/{stack.name}/shop"] == ["helm"]
    assert len(drift) == 6
    changes = {str(change.ref): change for change in planned(stack, shop(stack)).changes}
    config = changes[f"ConfigMap/{stack.name}/shop"]
    assert (config.action, config.reason) == (
        Action.ADOPT,
        f"from Helm release {stack.name}/shop",
    )
    assert [each.manager for each in config.drift] == ["helm"]
    assert ("data.color", "red", "green") in [
        (each.path, each.old, each.new) for each in config.differences
    ]
    with pytest.raises(ConflictError, match="have since been taken over") as refusal:
        stack.deploy(shop(stack, Mode.MANAGED))
    assert f"owned by Helm release {stack.name}/shop" in str(refusal.value)
    stack.deploy(shop(stack))
    assert {name for each in live(stack).values() for name in managers(each)} == {stack.id.manager}
    assert planned(stack, shop(stack, Mode.MANAGED)).empty


@pytest.mark.parametrize("helm", [()], indirect=True, ids=["applied"])
def test_an_everyday_upgrade_by_helm_is_refused_by_the_server(stack, helm):
    """What is ours is protected by its claims; the failed attempt is no drift."""
    helm.install()
    stack.deploy(shop(stack))
    refused = helm.upgrade(color="red")
    assert refused.returncode != 0
    assert f'conflict with "{stack.id.manager}"' in refused.stderr
    assert planned(stack, shop(stack)).empty


def test_what_the_next_version_does_not_have_leaves(stack, helm):
    """A key and a variable that Helm had set, and a whole object."""
    helm.install()
    stack.deploy(shop(stack))
    outcome = stack.deploy(shop_without(stack, "shop-greeting"))
    assert outcome.plan.counts[Action.PRUNE] == 1
    after = live(stack)
    assert "configmaps/shop-greeting" not in after
    assert after["configmaps/shop"]["data"] == {"color": "green"}
    assert "env" not in after[PATHS[-1]]["spec"]["template"]["spec"]["containers"][0]
    assert planned(stack, shop_without(stack, "shop-greeting")).empty


def test_teardown_leaves_nothing_but_helms_record_and_names_it(stack, helm):
    """The namespace that Helm made stays as Helm made it; the record goes by Helm's own means."""
    helm.install()
    space = f"/api/v1/namespaces/{stack.name}"
    before = stack.client.get(space) or {}
    stack.deploy(shop(stack))
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert live(stack) == {}
    kept = {str(each.ref): each.why for each in outcome.kept}
    assert kept.pop(f"Namespace/{stack.name}") == "was there before the stack"
    ((record, why),) = kept.items()
    assert record == f"Secret/{stack.name}/sh.helm.release.v1.shop.v1"
    assert f"release {stack.name}/shop, of which nothing is left" in why
    assert "kubectl delete secret,configmap" in why
    after = stack.client.get(space) or {}
    assert labels_of(after) == labels_of(before)
    assert managers(after) == managers(before)
    assert helm.run("uninstall", "shop").returncode == 0
    assert records(stack) == []


def test_what_helm_took_back_stays_with_helm(stack, helm):
    """A teardown deletes nothing of it, names it, and leaves no trace of ours on it."""
    helm.install()
    stack.deploy(shop(stack))
    helm.insist(color="red")
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert outcome.plan.counts == {Action.RELEASE: 6}
    kept = {each.ref.kind: each.why for each in outcome.kept}
    assert kept["Deployment"] == f"belongs to Helm release {stack.name}/shop"
    after = live(stack)
    assert len(after) == 6
    for each in after.values():
        assert STACK_LABEL not in labels_of(each)
        assert labels_of(each)[MANAGED_BY] == "Helm"
        assert stack.id.manager not in managers(each)
    assert helm.upgrade(color="blue").returncode == 0
    assert (stack.get("configmaps/shop") or {})["data"]["color"] == "blue"


def test_what_helm_took_back_is_not_pruned(stack, helm):
    """An object that the next version does not have is Helm's alone from then on."""
    helm.install()
    stack.deploy(shop(stack))
    helm.insist()
    outcome = stack.deploy(shop_without(stack, "shop-greeting"))
    assert outcome.plan.counts[Action.RELEASE] == 1
    left = stack.get("configmaps/shop-greeting") or {}
    assert left["data"] == {"text": "welcome"}
    assert (STACK_LABEL in labels_of(left), managers(left)) == (False, {"helm"})
    assert stack.teardown().residue == ()
    assert list(live(stack)) == ["configmaps/shop-greeting"]


def test_a_namespace_that_we_made_stays_with_what_helm_took_back(stack, helm):
    """Deleting it would delete Helm's objects."""
    stack.deploy(shop(stack))
    take = () if helm.style else ("--force-conflicts",)
    taken = helm.run("install", *helm.chart({}), "--take-ownership", *take)
    assert taken.returncode == 0, taken.stderr
    outcome = stack.teardown()
    assert outcome.residue == ()
    assert len(live(stack)) == 6
    assert "not ours" in next(each.why for each in outcome.kept if each.ref.kind == "Namespace")


def test_uninstalling_what_was_taken_over_deletes_nothing_of_ours(stack, helm):
    """Helm goes by its signature, which is gone; only what the component lacks leaves with it."""
    helm.install(extra="shop-extra")
    stack.deploy(shop(stack))
    assert helm.run("uninstall", "shop").returncode == 0
    assert stack.get("configmaps/shop-extra") is None
    assert planned(stack, shop(stack)).empty
