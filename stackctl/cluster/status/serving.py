"""Whether the webhooks of a stack can be reached and are trusted, and how long certificates last.

What an operator serves with is not seen in any object's status: a webhook whose certificate has
expired, or whose Secret is gone, looks well until somebody creates something. So a sample is sent
in a dry run; and where that may not be done, or tells nothing, Secrets and bundles are compared.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from stackctl.api.client import Client
from stackctl.cluster.connection import Connection
from stackctl.cluster.record import lock
from stackctl.cluster.wait.acceptance import try_creation
from stackctl.errors import AccessDenied, Forbidden, NotServed, Rejected, Unreachable
from stackctl.model.objects import paths
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.plan.preflight import Finding
from stackctl.model.readiness.kubectl import describe, kubectl, restart
from stackctl.model.readiness.serving import (
    Mount,
    WebhookTrust,
    at_odds,
    calling,
    cause_of,
    is_behind,
    is_untrusted,
    issued,
    mounts_of,
    trusts_of,
)
from stackctl.model.release.redeploy import redeploy
from stackctl.model.release.release import Release

Secret = Manifest | Forbidden | None
INJECTOR = "kubectl -n cert-manager rollout restart deployment cert-manager-cainjector"
_BEHIND = "kubernetes.io/service-name={0.name}"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/{0.namespace}/endpointslices"


@dataclass(frozen=True, slots=True)
class Serving:
    """What is wrong with webhooks and certificates, and what could not be looked at."""

    findings: tuple[Finding, ...] = ()
    unseen: tuple[str, ...] = ()


def look_at_webhooks(
    connection: Connection,
    release: Release,
    live: Mapping[Ref, Manifest],
    well: Collection[str],
    pool: Executor,
) -> Serving:
    """Look at what the components of a stack serve that are `well` otherwise."""
    components = {entry.ref: entry.component for entry in release.inventory}
    ours = {ref: obj for ref, obj in live.items() if components.get(ref) in well}
    trusts = [trust for ref, obj in ours.items() for trust in trusts_of(ref, obj)]
    mounts = list(mounts_of(ours))
    client = connection.client
    services = sorted({each.service for each in trusts})
    samples = [each for name in well for each in release.samples.get(name, ())]
    telling = pool.submit(lock.server_time, client) if mounts else None
    if mounts:
        pool.submit(_load)  # while the server answers
    answers = pool.map(lambda each: _unanswered(client, each), services)
    trials = pool.map(lambda each: _refused(connection, each, trusts, live), samples)
    secrets = pool.map(lambda each: _secret(client, each), mounts)
    unanswered = dict(zip(services, answers, strict=True))
    pairs = [(mount, found) for mount, found in zip(mounts, secrets, strict=True)]
    now = telling.result if telling else partial(lock.server_time, client)
    quiet = [service for service, why in unanswered.items() if why]
    reached = [trust for trust in trusts if trust.service not in quiet]
    findings = [
        *(_quiet(service, unanswered[service], live, redeploy(release)) for service in quiet),
        *(found for trust, found in filter(None, trials) if trust is None or trust in reached),
        *_certificates(ours, pairs, trusts, now),
        *_at_odds(trusts, live),
    ]
    return Serving(_each_once(findings), tuple(_unseen(pairs)))


def _at_odds(trusts: Iterable[WebhookTrust], live: Mapping[Ref, Manifest]) -> Iterator[Finding]:
    """Name the webhooks that no sample was tried on, and that cannot trust what answers them."""
    for odd, right in at_odds(trusts):
        what = f"its caBundle is not that of webhook {right.name}, which the same Service answers"
        yield Finding(f"{odd.ref}: webhook {odd.name}", what, _mend_trust(odd, live))


def _each_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple({each.subject: each for each in reversed(tuple(findings))}.values())[::-1]


def _unanswered(client: Client, service: Ref) -> str:
    """Find out whether any Pod is behind a Service that the API server calls; say so if none."""
    try:
        slices = client.list(SLICES.format(service), labels=_BEHIND.format(service)).items
    except AccessDenied:
        return ""  # the webhooks themselves may tell
    ends = [end for each in slices for end in each.get("endpoints") or ()]
    if any((end.get("conditions") or {}).get("ready", True) for end in ends):
        return ""
    return "no ready Pod is behind it"


def _quiet(service: Ref, why: str, live: Mapping[Ref, Manifest], way_back: str) -> Finding:
    """Say why webhooks cannot be called; what was scaled to nothing is to be scaled again."""
    for ref, obj in live.items():
        if is_behind(service, live, ref) and obj["spec"].get("replicas") == 0:
            return Finding(str(ref), f"has no replicas, and webhooks call {service}", way_back)
    hint = f"kubectl -n {service.namespace} get endpointslices -l {_BEHIND.format(service)}"
    return Finding(str(service), f"{why}, and webhooks call it", hint)


def _refused(
    connection: Connection,
    sample: Manifest,
    trusts: Iterable[WebhookTrust],
    live: Mapping[Ref, Manifest],
) -> tuple[WebhookTrust | None, Finding] | None:
    """Try a sample; other refusals than for the webhooks' sake say nothing about these."""
    what = f"a trial {sample['kind']}"
    try:
        try_creation(connection.client, connection.discovery, sample, what)
    except (Forbidden, NotServed):
        return None
    except (Rejected, Unreachable) as error:
        if (name := calling(str(error))) is None:
            return None
        trust = next((each for each in trusts if each.name == name), None)
        untrusted = is_untrusted(str(error))
        hint = _mend_trust(trust, live) if trust and untrusted else error.hint
        subject = f"{trust.ref}: webhook {name}" if trust else f"webhook {name}"
        what = "is not trusted" if untrusted else "cannot be called"
        return trust, Finding(subject, f"{what}: {cause_of(str(error))}", hint)
    return None


def _mend_trust(trust: WebhookTrust, live: Mapping[Ref, Manifest]) -> str:
    """Make whoever writes the caBundle of a webhook do it again: its operator does at its start."""
    if trust.injected:
        return INJECTOR
    behind = (ref for ref in live if is_behind(trust.service, live, ref))
    found = next(behind, None)
    return restart(found) if found else f"{kubectl(trust.ref, 'get')} -o yaml"


def _secret(client: Client, mount: Mount) -> Secret:
    path = f"/api/v1/namespaces/{mount.secret.namespace}/secrets/{mount.secret.name}"
    try:
        return client.get(path)
    except Forbidden as refusal:
        return refusal


def _unseen(pairs: Iterable[tuple[Mount, Secret]]) -> Iterator[str]:
    refused = [str(mount.secret) for mount, found in pairs if isinstance(found, Forbidden)]
    if refused:
        more = f" and {len(refused) - 1} more" if refused[1:] else ""
        yield f"certificates in Secrets: cannot get {refused[0]}{more}"


def _certificates(
    live: Mapping[Ref, Manifest],
    pairs: Iterable[tuple[Mount, Secret]],
    trusts: Collection[WebhookTrust],
    time: Callable[[], datetime],
) -> Iterator[Finding]:
    """Look at the certificates that workloads serve with, and at those that are asked for."""
    makers = issued(live)
    chains: dict[Mount, str] = {}
    for mount, found in pairs:
        if found is None:
            what = f"does not exist, and {mount.by} mounts it"
            yield Finding(str(mount.secret), what, describe(makers.get(mount.secret, mount.by)))
        elif not isinstance(found, Forbidden) and (chain := _chain(found)):
            chains[mount] = chain
    asked = {ref: end for ref in makers.values() if (end := _end(live[ref]))}
    if not (chains or asked):
        return
    now = time()
    for ref, end in asked.items():
        if end < now:
            delete = f"kubectl -n {ref.namespace} delete secret {live[ref]['spec']['secretName']}"
            what = f"has expired at {end:%Y-%m-%dT%H:%M:%SZ}; without its Secret it is issued anew"
            yield Finding(str(ref), what, delete)
    for mount, chain in chains.items():
        met = [trust for trust in trusts if is_behind(trust.service, live, mount.by)]
        yield from _served(mount, chain, met, makers.get(mount.secret), now, live)


def _served(
    mount: Mount,
    chain: str,
    trusts: Iterable[WebhookTrust],
    maker: Ref | None,
    now: datetime,
    live: Mapping[Ref, Manifest],
) -> Iterator[Finding]:
    """Look at one certificate, and at the bundles of those who meet it."""
    from stackctl.cluster.status import certificates

    if ended := certificates.ended(chain, now):
        anew = f"; without it {maker} issues it anew" if maker else ""
        yield Finding(str(mount.secret), f"its certificate {ended}{anew}", _renew(mount, maker))
        return
    for trust in trusts:
        if trust.bundle and not certificates.verifies(trust.bundle, chain):
            what = f"its caBundle does not verify the certificate in {mount.secret}"
            yield Finding(f"{trust.ref}: webhook {trust.name}", what, _mend_trust(trust, live))


def _load() -> None:
    """Load what reads certificates, which takes a moment."""
    from stackctl.cluster.status import certificates  # noqa: F401


def _chain(secret: Manifest) -> str:
    return str((secret.get("data") or {}).get("tls.crt") or "")


def _end(certificate: Manifest) -> datetime | None:
    """Read until when a certificate is good; None where its status does not say."""
    try:
        end = datetime.fromisoformat(paths.get(certificate, ("status", "notAfter"), None))
    except (TypeError, ValueError):
        return None
    return end if end.tzinfo else None


def _renew(mount: Mount, maker: Ref | None) -> str:
    delete = kubectl(mount.secret, "delete")
    return delete if maker else f"{delete} && {restart(mount.by)}"
