"""A page is opened without a controller that answers: nothing waits for an address."""

from stackctl.actions.compose import compose_stack
from stackctl.model.run.events import ComponentState
from tests.apiserver.shipped import connected, deployed, profile_of, torn_down


def test_a_page_is_opened_and_goes_without_a_trace(kubeconfig, tmp_path):
    """Its certificate is issued, its Ingress is there and current; afterwards nothing is left."""
    request = profile_of(
        tmp_path,
        "opened",
        "cert-manager: {}",
        "ingress: {parameters: {domain: ml.example.com, className: nobodys, "
        "controllerNamespace: edge, authentication: {asks: who-comes}}}",
        "prometheus: {features: {ingress: true, network-policy: true}}",
    )
    with connected(kubeconfig) as connection:
        with deployed(request, connection) as outcome:
            assert {*outcome.components.values()} == {ComponentState.READY}
            pages = "/apis/networking.k8s.io/v1/namespaces/prometheus/ingresses"
            page = connection.client.get(f"{pages}/prometheus")
            assert page["spec"]["rules"][0]["host"] == "prometheus.ml.example.com"
            assert not page["status"].get("loadBalancer")
            secret = page["spec"]["tls"][0]["secretName"]
            held = connection.client.get(f"/api/v1/namespaces/prometheus/secrets/{secret}")
            assert held["data"]["tls.crt"]
            gone = torn_down(compose_stack(request).stack, connection)
        assert (gone.residue, gone.kept) == ((), ())
