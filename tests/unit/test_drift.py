"""Which fields have drifted, from an object and what was applied to it."""

from typing import Any

from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.drift import drift_of, refusing
from stackctl.model.plan.plan import Drift

ML = StackId("ml")
THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def pod(image: str, **spec: Any) -> Manifest:
    """A template as it is applied."""
    main = {"name": "main", "image": image, "args": ["-v"]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "x", "namespace": "ml"},
        "spec": {"template": {"spec": {"containers": [main]}}, **spec},
    }


def live(manifest: Manifest, *entries: tuple[str, str, dict[str, Any]]) -> Manifest:
    """The same on a cluster, with who holds which fields since when."""
    managed = [
        {
            "manager": manager,
            "operation": "Apply" if manager == ML.manager else "Update",
            "time": time,
            "fieldsV1": fields,
        }
        for manager, time, fields in entries
    ]
    return manifest | {"metadata": manifest["metadata"] | {"managedFields": managed}}


def container(**fields: Any) -> dict[str, Any]:
    """The fields of the container, as managedFields writes them."""
    inner = {f"f:{name}": value for name, value in fields.items()}
    keyed = {'k:{"name":"main"}': {".": {}, "f:name": {}, **inner}}
    return {"f:spec": {"f:template": {"f:spec": {"f:containers": keyed}}}}


def test_a_field_is_named_with_both_values_and_its_holder():
    """What is still ours is not drift, whatever the server wrote beside it."""
    found = live(
        pod("other:2"),
        (ML.manager, THEN, container(args={})),
        ("kubectl-set", NOW, container(image={})),
    )
    (drift,) = drift_of(found, pod("fine:1"), ML) or ()
    assert (drift.manager, drift.time) == ("kubectl-set", NOW)
    (field,) = drift.differences
    assert (field.path, field.old, field.new) == (
        "spec.template.spec.containers[name=main].image",
        "fine:1",
        "other:2",
    )


def test_who_changed_an_item_is_found_though_the_server_tells_items_by_other_keys():
    """Of a Service, ports have names for us, numbers and protocols for the server."""

    def service(target: int) -> Manifest:
        port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": target}
        other = {"name": "dns", "port": 80, "protocol": "UDP", "targetPort": 53}
        meta = {"name": "x", "namespace": "ml"}
        spec = {"ports": [other, port]}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}

    def port(protocol: str) -> dict[str, Any]:
        keyed: dict[str, Any] = {f'k:{{"port":80,"protocol":"{protocol}"}}': {"f:targetPort": {}}}
        return {"f:spec": {"f:ports": keyed}}

    ours: dict[str, Any] = {"f:spec": {"f:type": {}}}
    entries = (
        (ML.manager, THEN, ours),
        ("kubectl-edit", NOW, port("TCP")),
        ("other", NOW, port("UDP")),
    )
    (drift,) = drift_of(live(service(81), *entries), service(80), ML) or ()
    assert (drift.manager, drift.time) == ("kubectl-edit", NOW)
    assert drift.fields == ("spec.ports[name=http].targetPort",)


def test_nobody_is_named_for_a_field_that_is_gone():
    """Whoever takes a field away holds nothing afterwards."""
    found = live(pod("fine:1"), (ML.manager, THEN, container(image={}, args={})))
    (drift,) = drift_of(found, pod("fine:1", paused=True), ML) or ()
    assert (drift.manager, drift.time, drift.fields) == ("", "", ("spec.paused",))


def test_what_a_controller_holds_is_not_drift():
    """An autoscaler does what it is for."""
    found = live(
        pod("fine:1", replicas=7),
        (ML.manager, THEN, container(image={}, args={})),
        ("kube-controller-manager", NOW, {"f:spec": {"f:replicas": {}}}),
    )
    found["metadata"]["managedFields"][-1]["subresource"] = "scale"
    assert drift_of(found, pod("fine:1", replicas=2), ML) == ()


def test_where_no_value_differs_only_who_holds_it_has_changed():
    """That is no drift of a value, and for the caller to tell."""
    found = live(pod("fine:1"), ("kubectl-edit", NOW, container(image={})))
    assert drift_of(found, pod("fine:1"), ML) is None


def test_lists_that_are_owned_as_a_whole_stay_ours():
    """The arguments of a container are one field to the server."""
    found = live(pod("fine:1"), (ML.manager, THEN, container(image={}, args={})))
    assert drift_of(found, pod("fine:1"), ML) is None


def test_who_refuses_is_a_program_that_holds_what_is_no_duty_of_its_own():
    """A person's change is put back as it is, and nobody is asked of what nobody holds."""
    image = "spec.template.spec.containers[name=main].image"
    found = [
        Drift(manager, NOW, (image,)) for manager in ("argocd-controller", "kubectl-edit", "", "x")
    ]
    assert refusing("Deployment", found) == {"argocd-controller", "x"}
    assert refusing("Deployment", [Drift("x", NOW, ())]) == frozenset()
