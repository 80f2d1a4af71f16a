"""What readiness depends on beside the object: its kind's definition, its storage class.

Asked once for each and remembered. What follows from it is decided in `model.readiness`.
"""

import threading

from stackctl.api.client import Client
from stackctl.api.discovery import ApiResource, Discovery
from stackctl.errors import AccessDenied
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.readiness.readiness import BUILT_IN, Surroundings, reports_conditions
from stackctl.model.shapes.ready_rules import NO_RULES, ReadyRules, rule_of

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
LATE = "WaitForFirstConsumer"
_Kind = tuple[str, str, str]  # group, kind and version


class ReadinessContext:
    """Finds out what the readiness of objects depends on; to be used from many threads."""

    def __init__(self, client: Client, discovery: Discovery, rules: ReadyRules = NO_RULES) -> None:
        self._client = client
        self._rules = rules
        self._discovery = discovery
        self._asking = threading.Lock()
        self._asking_of: dict[_Kind, threading.Lock] = {}
        self._reports: dict[_Kind, bool] = {}
        self._late: frozenset[str] | None = None

    def around(self, ref: Ref, version: str, *, may_match_no_node: bool = False) -> Surroundings:
        """Return what is known about an object before it is looked at."""
        rule = rule_of(self._rules, (ref.group, ref.kind), ref.name)
        return Surroundings(
            reports=rule is None and self._is_reported(ref, version),
            may_match_no_node=may_match_no_node,
            rule=rule,
        )

    def binds_late(self, claim: Manifest) -> bool:
        """Return whether a claim is bound only when a Pod uses it; True where it cannot be told."""
        with self._asking:
            if self._late is None:
                self._late = self._late_classes()
        return "*" in self._late or claim["spec"].get("storageClassName") in self._late

    def _late_classes(self) -> frozenset[str]:
        try:
            classes = self._client.list(CLASSES).items
        except AccessDenied:
            return frozenset({"*"})
        return frozenset(
            each["metadata"]["name"] for each in classes if each.get("volumeBindingMode") == LATE
        )

    def _is_reported(self, ref: Ref, version: str) -> bool:
        kind = ref.group, ref.kind
        if ref.group in BUILT_IN:
            return False
        key = (*kind, version)
        with self._asking_of.setdefault(key, threading.Lock()):  # many kinds at once
            if key not in self._reports:
                found = self._discovery.find(*kind, version)
                self._reports[key] = found is not None and self._asks_for_status(found)
            return self._reports[key]

    def _asks_for_status(self, resource: ApiResource) -> bool:
        if "status" not in resource.subresources:
            return False
        try:
            crd = self._client.get(f"{CRDS}/{resource.plural}.{resource.group}")
        except AccessDenied:
            return True
        return crd is not None and reports_conditions(crd, resource.version)
