"""What is collected, what alerts and dashboards ask for, and who serves it agree."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from stackctl.actions.compose import StackRequest, compose_stack
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.pod_specs import pod_specs
from stackctl.sources import yaml

GPU_SERIES = re.compile(r"\bDCGM_\w+")


@pytest.fixture(scope="module")
def objects() -> list[Manifest]:
    """Everything that is there with the GPUs and the dashboards."""
    bundle = compose_stack(StackRequest(profile="gpu8+monitoring")).bundle
    return [each for part in bundle.components for each in part.objects]


def entries(objects: list[Manifest], name: str) -> dict[str, str]:
    """Return the documents in a ConfigMap."""
    (found,) = (
        each for each in objects if (each["kind"], each["metadata"]["name"]) == ("ConfigMap", name)
    )
    return dict(found["data"])


def rules(objects: list[Manifest]) -> Iterator[dict[str, Any]]:
    """Yield the alert rules."""
    for text in entries(objects, "prometheus-rules").values():
        for group in yaml.load(text)["groups"]:
            yield from group["rules"]


def dashboards(objects: list[Manifest]) -> dict[str, Any]:
    """Return the dashboards by name."""
    found = entries(objects, "grafana-dashboards")
    return {key: json.loads(text) for key, text in found.items() if key.endswith(".json")}


def test_what_is_asked_of_gpus_is_counted(objects):
    """An alert or a panel about a counter that nobody collects would be silent for ever."""
    counted = set(GPU_SERIES.findall(entries(objects, "dcgm-exporter")["counters.csv"]))
    asked = {name for rule in rules(objects) for name in GPU_SERIES.findall(rule["expr"])}
    asked |= set(GPU_SERIES.findall(json.dumps(dashboards(objects))))
    assert asked
    assert asked - counted == set()


def test_every_alert_says_how_bad_it_is_and_what_happened(objects):
    """Names are told once; the words name whom it concerns."""
    found = list(rules(objects))
    assert len({rule["alert"] for rule in found}) == len(found) > 30
    for rule in found:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]


def test_every_dashboard_asks_the_prometheus_that_is_provisioned(objects):
    """By the identity that its data source is given; identities of dashboards are told once."""
    (source,) = yaml.load(entries(objects, "grafana-datasources")["prometheus.yaml"])["datasources"]
    assert source["url"] == "http://prometheus.prometheus.svc:9090"
    found = dashboards(objects)
    assert len({each["uid"] for each in found.values()}) == len(found)
    for board in found.values():
        for panel in board["panels"]:
            assert panel["datasource"]["uid"] == source["uid"]
            assert all(target["expr"] for target in panel["targets"])


def test_the_token_goes_only_to_programs_of_the_stack(objects):
    """Whoever serves metrics over TLS is listed, and nobody else is sent the token."""
    config = yaml.load(entries(objects, "prometheus")["prometheus.yml"])
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    (discovery,) = jobs["services-tls"]["kubernetes_sd_configs"]
    with_token = {name for name, job in jobs.items() if "authorization" in job}
    assert with_token == {"services-tls", "kubelet", "cadvisor"}
    told = [(each, each["metadata"].get("annotations") or {}) for each in objects]
    over_tls = [each for each, notes in told if notes.get("prometheus.io/scheme") == "https"]
    assert {each["kind"] for each in over_tls} == {"Service"}
    assert {each["metadata"]["namespace"] for each in over_tls} <= set(
        discovery["namespaces"]["names"]
    )


def test_ports_that_are_looked_for_by_name_are_there(objects):
    """Targets are found by the name of a port, so nothing is collected where it is called else."""
    ports = {
        (container["name"], port["name"])
        for each in objects
        for path in pod_specs(each)
        for container in _at(each, path).get("containers", ())
        for port in container.get("ports") or ()
        if each["metadata"]["name"] in ("kube-state-metrics", "node-exporter", "dcgm-exporter")
    }
    assert {name for name, port in ports if port == "metrics"} == {
        "kube-state-metrics",
        "node-exporter",
        "exporter",
    }


def _at(manifest: Manifest, path: tuple[Any, ...]) -> Any:
    found: Any = manifest
    for key in path:
        found = found[key]
    return found
