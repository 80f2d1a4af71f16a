"""Two sets of objects beside each other: what is the same thing, and what it says otherwise."""

from dataclasses import replace
from pathlib import Path

import pytest

from stackctl.actions.compare import ChartChoice, Compared, chosen_chart
from stackctl.cli.report.catalogue.comparison import comparison_result
from stackctl.cli.report.rendering import Page
from stackctl.cli.terminal.terminal import Paint
from stackctl.errors import ConfigError, UsageError
from stackctl.model.catalogue.component import Place
from stackctl.model.catalogue.source import ChartSource
from stackctl.model.comparison.comparison import Comparison, compare
from stackctl.secrets import HIDDEN
from stackctl.sources.files import read_catalogue
from tests.unit import fake

WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME, namespace: ml, labels: {by: NAME}}
spec:
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec:
      serviceAccountName: NAME
      containers:
      - name: NAME
        image: docker.io/example/shop:1.0.0@sha256:abc
        args: [--level=info, --workers, "4", --leader-elect]
        env: [{name: COLOR, value: red}, {name: API_TOKEN, value: sesame}]
        ports: [{name: web, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: web}}
        resources: {limits: {cpu: 1000m}}
"""
ACCOUNT = """
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: NAME, namespace: ml}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: NAME-reading}
rules: [{apiGroups: ["", apps], resources: [pods, deployments], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: NAME-reading}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: NAME-reading}
subjects: [{kind: ServiceAccount, name: NAME, namespace: ml}]
"""
HEADS = ("shop", "chart")


def compared(ours: str, chart: str) -> Comparison:
    return compare(fake.values(ours), fake.values(chart), HEADS)


def differences(ours: str, chart: str) -> list[tuple[str, str, str | None, str | None]]:
    found = compared(ours, chart).differences
    return [(each.fact.aspect.value, each.fact.what, each.ours, each.chart) for each in found]


def matches(ours: str, chart: str) -> list[tuple[str, str, str]]:
    pairs = compared(ours, chart).matched.pairs
    return [(pair.ours.name, pair.chart.name, pair.by) for pair in pairs]


def named(text: str, name: str) -> str:
    return text.replace("NAME", name)


def test_names_and_labels_are_no_difference():
    """They tie objects together; a digest, a registry's usual name and a unit mean the same."""
    chart = named(WORKLOAD + ACCOUNT, "chart-server").replace("1000m", '"1"')
    chart = chart.replace("docker.io/example/shop:1.0.0@sha256:abc", "example/shop:1.0.0")
    assert compared(named(WORKLOAD + ACCOUNT, "shop-server"), chart).same


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("shop:1.0.0", "shop:1.1.0", ("image", "shop", "example/shop:1.0.0", "example/shop:1.1.0")),
        ("--level=info", "--level=debug", ("flag", "shop: --level", "info", "debug")),
        ('--workers, "4"', "--workers=5", ("flag", "shop: --workers", "4", "5")),
        ("--leader-elect]", "--leader-elect=true]", None),
        ("red", "blue", ("environment", "shop: COLOR", "red", "blue")),
        ("sesame", "open", ("environment", "shop: API_TOKEN", HIDDEN, HIDDEN)),
        ("1000m", "2", ("resources", "shop: limits.cpu", "1000m", "2")),
        ("port: web}", "port: 8080}", None),
        (
            "/ready",
            "/healthz",
            (
                "probe",
                "shop: readiness",
                "http :8080/ready, after 0s, every 10s, within 1s, 3 failures",
                "http :8080/healthz, after 0s, every 10s, within 1s, 3 failures",
            ),
        ),
        (
            "containers:",
            "hostNetwork: true\n      containers:",
            ("field", "pod.hostNetwork", None, "true"),
        ),
        ("containers:", "restartPolicy: Always\n      containers:", None),
    ],
)
def test_what_a_workload_says_otherwise_is_found(
    old: str, new: str, found: tuple[str, str, str, str] | None
):
    """Each by what it means; what holds anyway is no difference."""
    ours = named(WORKLOAD + ACCOUNT, "shop")
    chart = named(WORKLOAD.replace(old, new) + ACCOUNT, "chart")
    assert differences(ours, chart) == ([found] if found else [])


def test_rights_are_those_of_a_subject_however_roles_are_cut():
    """Two roles that allow together what one does are the same; a verb more is not."""
    cut = named(ACCOUNT, "shop") + named(ACCOUNT.partition("---\napiVersion: rbac")[2], "other")
    cut = cut.replace('["", apps]', '["", apps, batch]', 1)
    extra = (
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
        "metadata: {name: x, namespace: team}\n"
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: shop-reading}\n"
        "subjects: [{kind: ServiceAccount, name: shop, namespace: ml}]\n"
    )
    found = differences(named(ACCOUNT, "shop"), named(ACCOUNT, "shop") + extra)
    assert ("right", "pods in team", None, "get, list") in found
    assert {each[0] for each in found} == {"right"}
    more = named(ACCOUNT, "shop").replace("[get, list]", "[get, list, delete]")
    assert ("right", "pods", "get, list", "delete, get, list") in differences(
        named(ACCOUNT, "shop"), more
    )


def test_units_are_matched_by_name_by_role_and_by_what_they_contain():
    """And each pair says by which."""
    assert matches(named(WORKLOAD, "shop"), named(WORKLOAD, "shop"))[0][2] == "the same name"
    (pair,) = matches(named(WORKLOAD, "shop-server"), named(WORKLOAD, "chart-server"))
    assert pair == ("shop-server", "chart-server", "the same name but for its beginning")
    (pair,) = matches(named(WORKLOAD, "one"), named(WORKLOAD, "two"))
    assert pair[2].endswith("of what they say is the same")
    bare = "{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}, data: {DATA: x}}"
    (pair,) = matches(
        named(bare, "one").replace("DATA", "a"), named(bare, "two").replace("DATA", "b")
    )
    assert pair == ("one", "two", "the only ones of their kind")


def test_where_two_fit_as_well_none_is_taken():
    """It is listed for itself instead."""
    config = "{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME}, data: {a: x}}\n---\n"
    found = compared(named(config, "one"), named(config, "two") + named(config, "three"))
    assert found.matched.pairs == ()
    assert [each.name for each in found.matched.only_ours] == ["one"]
    assert [each.name for each in found.matched.only_chart] == ["two", "three"]
    assert not found.same


def test_a_chart_that_calls_things_otherwise_refers_to_them_otherwise():
    """A mounted ConfigMap that was matched is the same ConfigMap."""
    config = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: NAME-conf, namespace: ml}}\n"
    mounts = "volumeMounts: [{name: x, mountPath: /etc/x}]\n      volumes:\n"
    mounts += "      - {name: x, configMap: {name: NAME-conf}}\n"
    text = WORKLOAD.rstrip() + f"\n        {mounts}" + config + ACCOUNT
    assert compared(named(text, "shop"), named(text, "chart")).same
    other = named(text, "shop").replace("configMap: {name: shop-conf}", "secret: {secretName: s}")
    assert differences(named(text, "shop"), other) == [
        ("volume", "shop: /etc/x", "ConfigMap shop-conf", "Secret s")
    ]


def test_webhooks_are_compared_one_by_one():
    """However many an author puts into one configuration."""
    hook = """
    - name: check.shop.dev
      failurePolicy: POLICY
      rules: [{operations: [CREATE], apiGroups: [shop.dev], apiVersions: [v1], resources: [carts]}]
      clientConfig: {service: {name: shop, namespace: ml, path: /check}}
    """
    head = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\n"
    ours = f"{head}metadata: {{name: shop}}\nwebhooks: {hook}".replace("POLICY", "Ignore")
    chart = f"{head}metadata: {{name: chart-all}}\nwebhooks: {hook}".replace("POLICY", "Fail")
    assert differences(ours, chart) == [("webhook", "failurePolicy", "Ignore", None)]
    assert differences(ours, ours.replace("[CREATE]", "[CREATE, UPDATE]")) == [
        (
            "webhook",
            "rules",
            "CREATE of carts in shop.dev/v1, *",
            "CREATE,UPDATE of carts in shop.dev/v1, *",
        )
    ]


DEFINITION = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: carts.shop.dev}
spec:
  group: shop.dev
  scope: Namespaced
  names: {kind: Cart, plural: carts}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, description: how large}
              items: {type: array, items: {type: object, properties: {name: {type: string}}}}
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("how large", "anything else", []),
        ("type: integer", "type: string", [("v1.spec.size", "integer", "string")]),
        (
            "type: integer",
            "type: integer, minimum: 1",
            [("v1.spec.size", "integer", "integer, mini")],
        ),
        ("storage: true", "storage: false", [("v1", "served, stored", "served")]),
    ],
)
def test_fields_of_definitions_are_compared(old: str, new: str, found: list[tuple[str, str, str]]):
    """By type and bounds; what they are described as means nothing."""
    seen = differences(DEFINITION, DEFINITION.replace(old, new))
    assert [(what, one, (other or "")[:13]) for _, what, one, other in seen] == found


def test_what_is_in_a_field_that_one_side_lacks_is_told_once():
    """The field is named, and nothing that is in it."""
    without = DEFINITION.replace(
        "items: {type: array, items: {type: object, properties: {name: {type: string}}}}", ""
    )
    assert differences(DEFINITION, without) == [("schema", "v1.spec.items", "array", None)]
    open_ = DEFINITION.replace(
        "items: {type: object, properties: {name: {type: string}}}}",
        "items: {type: object, x-kubernetes-preserve-unknown-fields: true}}",
    )
    assert differences(DEFINITION, open_) == [
        ("schema", "v1.spec.items[]", "object", "object, open")
    ]


def test_contents_of_secrets_never_show():
    """Only that they differ."""
    secret = "{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {key: VALUE}}"
    found = differences(secret.replace("VALUE", "c2VzYW1l"), secret.replace("VALUE", "b3Blbg=="))
    assert found == [("content", "key", HIDDEN, HIDDEN)]


@pytest.mark.parametrize(
    "place",
    [
        Place("Deployment/shop", env="LEVEL"),
        Place("Deployment/shop", arg="--level"),
        Place("Deployment/shop", path="spec.level"),
    ],
)
def test_secret_settings_never_show(place):
    """On neither side, where their places are; the same at another object does."""
    plain = """
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: shop, namespace: ml}
    spec:
      level: {a: VALUE}
      template:
        spec:
          containers: [{name: main, args: [--level=VALUE], env: [{name: LEVEL, value: VALUE}]}]
    """
    ours, chart = (fake.values(plain.replace("VALUE", each)) for each in ("here", "there"))
    hidden, shown = (HIDDEN, HIDDEN), ("here", "there")

    def seen(*places: Place) -> list[tuple[str | None, str | None]]:
        found = compare(ours, chart, HEADS, places).differences
        return sorted((each.ours, each.chart) for each in found)

    assert seen(place) == [hidden, shown, shown]
    assert seen(replace(place, object="Deployment/other")) == [shown, shown, shown]


@pytest.mark.parametrize(
    ("choice", "chart"),
    [
        (ChartChoice(), "https://kubeflow.github.io/spark-operator/spark-operator 2.5.2"),
        (
            ChartChoice(version="2.4.0"),
            "https://kubeflow.github.io/spark-operator/spark-operator 2.4.0",
        ),
        (
            ChartChoice("oci://r.example.com/charts/s", "1.0.0"),
            "oci://r.example.com/charts/s 1.0.0",
        ),
        (ChartChoice("https://example.com/charts/s"), "https://example.com/charts/s 2.5.2"),
        (ChartChoice("here/s"), str(Path("here/s").absolute())),
    ],
)
@pytest.mark.usefixtures("some_shipped")
def test_the_chart_is_the_one_that_is_followed_or_another(choice: ChartChoice, chart: str):
    """Of a folder, a repository or a registry, so that it can be compared without a network."""
    component = read_catalogue([]).component("spark-operator")
    assert str(chosen_chart(component, choice)) == chart


@pytest.mark.parametrize(
    ("name", "choice", "what"),
    [
        ("tf-serving", ChartChoice(), "names no chart"),
        ("spark-operator", ChartChoice("here", "1.0.0"), "a chart in one version"),
        ("spark-operator", ChartChoice(version="newest"), "expected a version such as"),
        ("tf-serving", ChartChoice("oci://r.example.com/s"), "version is missing"),
    ],
)
@pytest.mark.usefixtures("some_shipped")
def test_a_chart_that_is_none_is_refused(name: str, choice: ChartChoice, what: str):
    """With what to say instead."""
    with pytest.raises((ConfigError, UsageError), match=what):
        chosen_chart(read_catalogue([]).component(name), choice)


@pytest.mark.usefixtures("some_shipped")
def test_people_read_what_was_matched_and_what_differs():
    """Long definitions are cut short unless more is asked for."""
    fields = "".join(f"              f{n}: {{type: string}}\n" for n in range(12))
    component = read_catalogue([]).component("spark-operator")
    found = compared(DEFINITION, DEFINITION.rstrip() + "\n" + fields)
    seen = Compared(component, ChartSource(path="charts/s"), "2.5.3", "2.5.3", found, ())
    result = comparison_result(seen)
    lines = list(result.lines(Page(Paint(on=False))))
    assert lines[0].endswith("beside the chart charts/s, version 2.5.3 of 2.5.3")
    assert "  CustomResourceDefinition/carts.shop.dev  the same name" in lines
    assert "    ours:  nothing" in lines
    assert "  and 4 more fields: -v" in lines
    assert lines[-1] == "1 matched, 12 differences; 0 only ours, 0 only the chart's"
    assert len(result.document()["differences"]) == 12
