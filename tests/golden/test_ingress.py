"""What is opened to the outside: only what asks who comes, under one domain, over TLS."""

from pathlib import Path

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.errors import ConfigError
from stackctl.model.objects.refs import Manifest
from stackctl.sources.files import read_catalogue

OUTSIDE = ("ingress.domain=ml.example.com", "ingress.className=nginx")
ASKING = "ingress.authentication.nginx.ingress.kubernetes.io/auth-type=basic"
PAGES = """
apiVersion: stackctl.dev/v1alpha1
kind: Profile
metadata: {name: pages}
spec:
  extends: monitoring
  mixins: [ingress]
  components: {mlflow: {}, argo-workflows: {}, ditto: {}, model-registry: {},
    spark-history-server: {parameters: {logDirectory: "file:///logs"}}}
"""
CATALOGUE = read_catalogue().components
OPENED = sorted(name for name, each in CATALOGUE.items() if "ingressHost" in each.spec.parameters)
GUARDED = ["argo-workflows", "ditto", "grafana", "mlflow"]  # who comes is asked by the program


@pytest.fixture
def pages(tmp_path):
    """A function that composes everything that can be opened, with these settings."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "pages.yaml").write_text(PAGES, encoding="utf-8")

    def composed(*sets: str) -> list[Manifest]:
        asked = StackRequest(profile="pages", sets=sets, catalogs=(Path(tmp_path),))
        bundle = compose_stack(asked).bundle
        return [each for part in bundle.components for each in part.objects]

    return composed


def among(objects: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Return the objects of a kind by namespace, which is called as the component is."""
    found = [each for each in objects if each["kind"] == kind]
    return {each["metadata"]["namespace"]: each for each in found}


def test_the_mixin_opens_what_asks_who_comes(pages):
    """And nothing else: the others are a setting of their own."""
    assert sorted(among(pages(*OUTSIDE), "Ingress")) == GUARDED
    assert sorted({*OPENED} - {*GUARDED}) == [
        "model-registry",
        "prometheus",
        "spark-history-server",
    ]


def test_without_the_mixin_nothing_is_opened():
    """Services are inside the cluster alone."""
    bundle = compose_stack(StackRequest(profile="full")).bundle
    objects = [each for part in bundle.components for each in part.objects]
    assert among(objects, "Ingress") == {}
    types = {each["spec"].get("type") for each in objects if each["kind"] == "Service"}
    assert types <= {"ClusterIP", None}


def test_each_page_has_its_name_and_a_certificate_for_it(pages):
    """One domain is said, once; the Secret of TLS is the one that cert-manager fills."""
    sets = [f"{name}.features.ingress=true" for name in OPENED]
    objects = pages(*OUTSIDE, ASKING, *sets)
    pages_, certificates = among(objects, "Ingress"), among(objects, "Certificate")
    services = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): each
        for each in objects
        if each["kind"] == "Service"
    }
    assert sorted(pages_) == OPENED
    for name, page in pages_.items():
        (rule,), (tls,) = page["spec"]["rules"], page["spec"]["tls"]
        assert rule["host"].endswith(".ml.example.com")
        assert tls["hosts"] == certificates[name]["spec"]["dnsNames"] == [rule["host"]]
        assert tls["secretName"] == certificates[name]["spec"]["secretName"]
        assert certificates[name]["spec"]["issuerRef"]["name"] == "ingress-ca"
        assert f"Secret/{tls['secretName']}" in CATALOGUE[name].spec.leftovers
        (path,) = rule["http"]["paths"]
        target = path["backend"]["service"]
        ports = services[name, target["name"]]["spec"]["ports"]
        assert target["port"]["name"] in {port["name"] for port in ports}


def test_a_page_that_asks_nobody_is_not_opened_in_silence(pages):
    """Its feature alone is refused, with the line to write."""
    with pytest.raises(ConfigError, match=r"set ingress.authentication, or prometheus.ingress"):
        pages(*OUTSIDE, "prometheus.features.ingress=true")
    with pytest.raises(ConfigError, match=r"expected at least 1 item"):
        pages(*OUTSIDE, "prometheus.features.ingress=true", "prometheus.ingressAnnotations={}")
    objects = pages(*OUTSIDE, ASKING, "prometheus.features.ingress=true")
    annotations = among(objects, "Ingress")["prometheus"]["metadata"]["annotations"]
    assert annotations == {"nginx.ingress.kubernetes.io/auth-type": "basic"}


@pytest.mark.parametrize(
    ("sets", "line"),
    [
        ((), "set ingress.domain, or grafana.ingressHost"),
        (OUTSIDE[:1], "set ingress.className, or grafana.ingressClass"),
        (
            (*OUTSIDE, "mlflow.features.network-policy=true"),
            "set ingress.controllerNamespace, or mlflow.ingressNamespace",
        ),
    ],
)
def test_what_nobody_has_said_is_named(pages, sets, line):
    """With the setting that says it for all, and the one that says it for one."""
    with pytest.raises(ConfigError, match=line):
        pages(*sets)


def test_network_policies_let_the_controller_in_where_a_page_is_open(pages):
    """Only beside the policy that keeps others out: alone it would keep out everybody else."""
    guarded = [name for name in OPENED if "network-policy" in CATALOGUE[name].spec.features]
    sets = [f"{name}.features.network-policy=true" for name in guarded]
    objects = pages(*OUTSIDE, "ingress.controllerNamespace=edge", *sets)
    letting = {"kubernetes.io/metadata.name": "edge"}
    found = {
        each["metadata"]["namespace"]
        for each in objects
        if each["kind"] == "NetworkPolicy"
        for rule in each["spec"]["ingress"]
        for source in rule.get("from", ())
        if source.get("namespaceSelector", {}).get("matchLabels") == letting
    }
    assert found == {*guarded} & {*GUARDED}
    assert among(pages(*OUTSIDE), "NetworkPolicy") == {}


def test_mlflow_answers_to_its_name_and_to_its_own_pages(pages):
    """Other names it refuses, and what pages of other sites would change."""
    server = among(pages(*OUTSIDE), "Deployment")["mlflow"]
    (container,) = server["spec"]["template"]["spec"]["containers"]
    said = {each["name"]: each.get("value", "") for each in container["env"]}
    assert "mlflow.ml.example.com" in said["MLFLOW_SERVER_ALLOWED_HOSTS"].split(",")
    assert said["MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"] == "https://$(MLFLOW_INGRESS_HOST)"
    names = list(said)  # the kubelet puts in only what stands before
    assert names.index("MLFLOW_INGRESS_HOST") < names.index("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS")
