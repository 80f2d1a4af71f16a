"""Does what cert-manager does with a Certificate: a Secret with a signed certificate in it.

Whatever the issuer is, the sandbox's CA signs. A Secret that is deleted is made anew; ACME, Vault
and renewals are not simulated.
"""

import base64
from collections.abc import Iterable
from datetime import timedelta

from stackctl.api.client import Client
from stackctl.model.objects.kinds import SECRET
from stackctl.model.objects.refs import Manifest
from stackctl.sandbox.agent.lifecycles.certificates import CERT_MANAGER
from stackctl.sandbox.agent.lifecycles.lifecycle import (
    Lifecycle,
    LifecycleStep,
    conditions_of,
    ready_state,
    run_seconds,
)
from stackctl.sandbox.agent.mirror import Mirror
from stackctl.sandbox.agent.webhooks.authority import Authority, CertificateRequest, Issued
from stackctl.sandbox.agent.writes import MANAGER

_LIFETIME = timedelta(days=90)
_GROUP = "cert-manager.io"


class Certificates:
    """The Certificates of a cluster."""

    def __init__(self, client: Client, mirror: Mirror, authority: Authority) -> None:
        self._client = client
        self._mirror = mirror
        self._authority = authority

    @property
    def lifecycle(self) -> Lifecycle:
        """How a Certificate moves on."""
        steps = (LifecycleStep("NotReady", 0.1), LifecycleStep("Ready", 0.4))
        return Lifecycle(_GROUP, "Certificate", CERT_MANAGER, steps, self._state, self._describe)

    def _state(self, certificate: Manifest) -> str:
        """Begin anew where the Secret of a Certificate that was issued is gone."""
        state = ready_state(certificate)
        return "" if state == "Ready" and self._lost(certificate) else state

    def _lost(self, certificate: Manifest) -> bool:
        wanted = (certificate["metadata"]["namespace"], certificate["spec"]["secretName"])
        found = (each["metadata"] for each in self._mirror.all(SECRET))
        return not self._mirror.missing([SECRET]) and all(
            (each["namespace"], each["name"]) != wanted for each in found
        )

    def _describe(self, certificate: Manifest, state: str, now: str) -> Manifest:
        if state == "NotReady":
            if ready_state(certificate) == "Ready" and self._client.get(_path(certificate)):
                return {}  # it is just so new that it has not been seen yet
            return _waiting(certificate, now, "Issuing certificate as Secret does not exist")
        if missing := self._missing_issuer(certificate):
            return _waiting(certificate, now, f"{missing} is not ready")
        issued = self._authority.issue(wish_of(certificate))
        self._store(certificate, issued)
        return ready_status(certificate, issued, now)

    def _missing_issuer(self, certificate: Manifest) -> str:
        reference = certificate["spec"]["issuerRef"]
        kind, name = reference.get("kind") or "Issuer", reference["name"]
        if reference.get("group", _GROUP) != _GROUP:
            return ""  # somebody else's, whom nobody simulates
        namespace = certificate["metadata"]["namespace"] if kind == "Issuer" else ""
        found = (
            ready_state(issuer) == "Ready"
            for issuer in self._mirror.all((_GROUP, kind))
            if issuer["metadata"]["name"] == name
            and issuer["metadata"].get("namespace", "") == namespace
        )
        return "" if any(found) else f"{kind} {name}"

    def _store(self, certificate: Manifest, issued: Issued) -> None:
        secret = secret_of(certificate, issued, self._authority.bundle)
        self._client.apply(_path(certificate), secret, manager=MANAGER, force=True)


def _path(certificate: Manifest) -> str:
    namespace, name = certificate["metadata"]["namespace"], certificate["spec"]["secretName"]
    return f"/api/v1/namespaces/{namespace}/secrets/{name}"


def wish_of(certificate: Manifest) -> CertificateRequest:
    """Return what a Certificate asks for."""
    spec = certificate["spec"]
    private_key = spec.get("privateKey") or {}
    rsa = private_key.get("algorithm", "RSA") == "RSA"
    seconds = run_seconds(spec.get("duration") or "", _LIFETIME.total_seconds())
    return CertificateRequest(
        names=(*(spec.get("dnsNames") or ()), *(spec.get("ipAddresses") or ())),
        common_name=spec.get("commonName") or "",
        lifetime=timedelta(seconds=seconds or _LIFETIME.total_seconds()),
        authority=bool(spec.get("isCA")),
        rsa_bits=int(private_key.get("size") or 2048) if rsa else 0,
    )


def secret_of(certificate: Manifest, issued: Issued, authority: bytes) -> Manifest:
    """Write the Secret that a Certificate asks for; it has no owner and outlives it."""
    metadata, spec = certificate["metadata"], certificate["spec"]
    template = spec.get("secretTemplate") or {}
    reference = spec["issuerRef"]
    annotations = {
        f"{_GROUP}/certificate-name": metadata["name"],
        f"{_GROUP}/common-name": spec.get("commonName") or "",
        f"{_GROUP}/alt-names": _joined(spec.get("dnsNames")),
        f"{_GROUP}/ip-sans": _joined(spec.get("ipAddresses")),
        f"{_GROUP}/uri-sans": _joined(spec.get("uris")),
        f"{_GROUP}/issuer-name": reference["name"],
        f"{_GROUP}/issuer-kind": reference.get("kind") or "Issuer",
        f"{_GROUP}/issuer-group": reference.get("group") or "",
    }
    content = {"tls.crt": issued.certificate, "tls.key": issued.key, "ca.crt": authority}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {
            "name": spec["secretName"],
            "namespace": metadata["namespace"],
            "annotations": annotations | (template.get("annotations") or {}),
            "labels": {f"controller.{_GROUP}/fao": "true"} | (template.get("labels") or {}),
        },
        "data": {key: base64.b64encode(value).decode() for key, value in content.items()},
    }


def ready_status(certificate: Manifest, issued: Issued, now: str) -> Manifest:
    """Write the status of a Certificate that has been issued."""
    renewal = issued.not_after - (issued.not_after - issued.not_before) / 3
    revision = (certificate.get("status") or {}).get("revision") or 0
    conditions = conditions_of(
        certificate,
        now,
        reason="Ready",
        message="Certificate is up to date and has not expired",
        observed=True,
    )
    return {
        "conditions": conditions,
        "notBefore": issued.not_before.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "notAfter": issued.not_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "renewalTime": renewal.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "revision": revision + 1,
    }


def _waiting(certificate: Manifest, now: str, message: str) -> Manifest:
    conditions = conditions_of(
        certificate, now, ready=False, reason="DoesNotExist", message=message, observed=True
    )
    return {"conditions": conditions}


def _joined(names: Iterable[str] | None) -> str:
    return ",".join(names or ())
