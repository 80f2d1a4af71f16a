"""Whom the API server calls before it takes an object, and what helps where they do not answer.

That a call failed is read in `retries`; whether it is tried again is decided there as well.
"""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from stackctl.api.http.retries import Failure, calling_webhook
from stackctl.model.objects.refs import Manifest
from stackctl.model.readiness.serving import is_untrusted
from stackctl.model.shapes.decode import Problem
from stackctl.model.shapes.shapes import TEXT, Shape, misshapen

GROUP = "/apis/admissionregistration.k8s.io/v1"
CONFIGURATIONS = {
    "ValidatingWebhookConfiguration": f"{GROUP}/validatingwebhookconfigurations",
    "MutatingWebhookConfiguration": f"{GROUP}/mutatingwebhookconfigurations",
}
_LIST: Shape = {
    "items": [{"metadata!": {"name!": TEXT}, "webhooks": [{"name": TEXT}]}],
}
_CALLED = re.compile(r'(?:Post|Get) "https?://([^"/?]+)')
_OF_SERVICE = re.compile(r"([\w-]+)\.([\w-]+)\.svc(?::\d+)?")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The object that has the API server call a webhook."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class Callers:
    """Finds out, once for each, who has a webhook called that does not answer.

    `listing` lists the configurations at a path, or gives None where they may not be seen.
    """

    def __init__(self, listing: Callable[[str], Iterable[Manifest] | None]) -> None:
        self._listing = listing
        self._known: dict[str, Configuration | None] = {}
        self._asking = threading.Lock()

    def behind(self, failure: Failure) -> Configuration | None:
        """Name the configuration behind a failure; None where it is of no webhook, or unknown."""
        webhook = calling_webhook(failure)
        if webhook is None:
            return None
        with self._asking:
            if webhook not in self._known:
                self._known[webhook] = self._find(webhook)
            return self._known[webhook]

    def _find(self, webhook: str) -> Configuration | None:
        lists = ((kind, self._listing(path) or ()) for kind, path in CONFIGURATIONS.items())
        found = (_configuration_of(webhook, kind, items) for kind, items in lists)
        return next(filter(None, found), None)


def some_configurations(document: Any) -> list[Problem]:
    """Look at a list of configurations."""
    return misshapen(document, _LIST)


def _configuration_of(webhook: str, kind: str, items: Iterable[Manifest]) -> Configuration | None:
    """Find the configuration that a webhook is in."""
    for item in items:
        if any(each.get("name") == webhook for each in item.get("webhooks") or ()):
            return Configuration(kind, item["metadata"]["name"])
    return None


def hint_for(webhook: str, text: str, found: Configuration | None) -> str:
    """Say whom a failed call was for and what helps; `text` is what the server said of it."""
    service = _service(text)
    if is_untrusted(text):
        where = f" ({found})" if found else f" ({webhook})"
        return f"its caBundle or its certificate is wrong{where}: stackctl status says which"
    if service is None:
        look = f"see whether what answers for webhook {webhook} is up"
    else:
        namespace, name = service
        look = (
            f"see whether the Pods behind Service {namespace}/{name} are ready: "
            f"kubectl -n {namespace} get service,endpointslices,pods"
        )
    if found is None:
        return look
    delete = f"kubectl delete {found.kind.lower()} {found.name}"
    return f"{found} has it asked; {look}; if it is gone for good: {delete}"


def _service(text: str) -> tuple[str, str] | None:
    """Read namespace and name of the Service that was called."""
    called = _CALLED.search(text)
    found = _OF_SERVICE.fullmatch(called[1]) if called else None
    return (found[2], found[1]) if found else None
