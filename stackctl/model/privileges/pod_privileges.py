"""What Pods ask of the nodes that they run on, and what of their confinement they do without."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stackctl.model.privileges.rights import maps, part, texts

HOST_PATH = "host path "
_ORDINARY = frozenset({"NET_BIND_SERVICE"})
# Which the Pod Security Standards let everybody use: they confine, or are of the Pod alone.
_DOMAINS = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_OWN_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced",
        *(
            f"net.ipv4.{name}"
            for name in (
                *("ip_local_port_range", "ip_unprivileged_port_start", "tcp_syncookies"),
                *("ping_group_range", "ip_local_reserved_ports", "tcp_keepalive_time"),
                *("tcp_fin_timeout", "tcp_keepalive_intvl", "tcp_keepalive_probes"),
            )
        ),
    }
)
_ARMOUR = "container.apparmor.security.beta.kubernetes.io/"


def of_pods(spec: Mapping[str, Any], annotations: Any) -> tuple[str, ...]:
    """Return what Pods ask of their nodes, by their spec and the annotations beside it."""
    containers = [
        *(each for key in ("initContainers", "containers") for each in maps(spec.get(key))),
        *maps([spec.get("container")]),
    ]
    contexts = [part(spec, "securityContext"), *(part(c, "securityContext") for c in containers)]
    found = (
        *_of_host(spec, contexts),
        *_ports(spec, containers),
        *_files(spec, containers),
        *_capabilities(contexts),
        *_unconfined(contexts),
        *_unarmoured(annotations),
        *("as root" for each in contexts if each.get("runAsUser") == 0),
    )
    return tuple(dict.fromkeys(found))


def _of_host(spec: Mapping[str, Any], contexts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    yield from ("privileged" for each in contexts if each.get("privileged"))
    for key, what in (("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "memory")):
        if spec.get(key):
            yield f"the host's {what}"


def _ports(spec: Mapping[str, Any], containers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    if spec.get("hostNetwork"):
        return  # every port is one of the host's
    for port in (each for container in containers for each in maps(container.get("ports"))):
        if port.get("hostPort"):
            yield f"host port {port['hostPort']}"


def _files(spec: Mapping[str, Any], containers: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for volume in maps(spec.get("volumes")):
        if path := part(volume, "hostPath").get("path"):
            writable = _written(volume.get("name"), containers)
            yield f"{HOST_PATH}{path}{' (writable)' if writable else ''}"


def _capabilities(contexts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for context in contexts:
        for name in texts(part(context, "capabilities").get("add")):
            if name not in _ORDINARY:
                yield f"capability {name}"


def _unconfined(contexts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what keeps other containers from their nodes and not these."""
    for context in contexts:
        if context.get("procMount") == "Unmasked":
            yield "all of /proc"
        for key, name in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
            if part(context, key).get("type") == "Unconfined":
                yield f"without {name}"
        if part(context, "windowsOptions").get("hostProcess"):
            yield "as a process of the host"
        domain = str(part(context, "seLinuxOptions").get("type", ""))
        if domain not in _DOMAINS:
            yield f"SELinux type {domain}"
        for name in (str(each.get("name")) for each in maps(context.get("sysctls"))):
            if name not in _OWN_SYSCTLS:
                yield f"kernel parameter {name}"


def _unarmoured(annotations: Any) -> Iterator[str]:
    """Yield what the annotations say that were there before the field."""
    for key, value in annotations.items() if isinstance(annotations, dict) else ():
        if str(key).startswith(_ARMOUR) and value == "unconfined":
            yield "without AppArmor"


def _written(volume: Any, containers: Iterable[Mapping[str, Any]]) -> bool:
    return any(
        mount.get("name") == volume and not mount.get("readOnly")
        for container in containers
        for mount in maps(container.get("volumeMounts"))
    )
