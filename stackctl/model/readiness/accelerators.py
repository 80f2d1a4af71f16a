"""Accelerators by maker: under which names a node offers them, and by which signs it has some.

A profile names one resource of a maker. Devices that are shared or partitioned are offered under
other names of the same family, and count as well.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from stackctl.model.objects.quantities import count

NVIDIA = "nvidia.com/gpu"
AMD = "amd.com/gpu"
TPU = "google.com/tpu"


@dataclass(frozen=True, slots=True)
class _Maker:
    family: re.Pattern[str]  # of the names of resources
    labels: re.Pattern[str]  # by which makers, clouds and programs that look for devices say so
    taints: re.Pattern[str]  # KEY=VALUE, by which nodes are kept free for who uses them


_MAKERS = {
    NVIDIA: _Maker(
        re.compile(r"nvidia\.com/(gpu(\.shared)?|mig-.+)"),
        re.compile(
            r"^nvidia\.com/gpu|10de|gke-accelerator$|instance-gpu|^k8s\.amazonaws\.com/accelerator$"
        ),
        re.compile(r"(?<!amd\.com/)gpu|nvidia", re.IGNORECASE),
    ),
    AMD: _Maker(
        re.compile(r"amd\.com/(gpu|[a-z]+_nps\d+)"),
        re.compile(
            r"^(beta\.)?amd\.com/gpu|pci-(\w+_)?1002\b|^feature\.node\.kubernetes\.io/amd-gpu$"
        ),
        re.compile(r"(?<!nvidia\.com/)gpu|amd\.com|\brocm", re.IGNORECASE),
    ),
    TPU: _Maker(
        re.compile(r"google\.com/tpu"),
        re.compile(r"^cloud\.google\.com/gke-tpu-"),
        re.compile(r"google\.com/tpu"),
    ),
}


def offered(resource: str, allocatable: Mapping[str, str]) -> dict[str, int]:
    """Return what a node offers of a resource's family, by name; empty for nothing."""
    names = [name for name in allocatable if _is_of(resource, name)]
    return {name: amount for name in sorted(names) if (amount := count(allocatable[name]))}


@lru_cache(1024)
def _is_of(resource: str, name: str) -> bool:
    maker = _MAKERS.get(resource)
    return maker.family.fullmatch(name) is not None if maker else name == resource


def offered_count(resource: str, allocatable: Mapping[str, str]) -> int:
    """Count what a node offers of a resource's family."""
    return sum(offered(resource, allocatable).values())


def shows(
    resource: str,
    allocatable: Mapping[str, str],
    labels: Mapping[str, str],
    taints: tuple[Mapping[str, str], ...] = (),
) -> bool:
    """Tell by labels, by what is offered, or by what it is kept free for, that a node has some."""
    maker = _MAKERS.get(resource)
    if maker is None:
        return resource in allocatable
    said = (key for key, value in labels.items() if value not in ("", "false", "0"))
    words = (f"{taint['key']}={taint.get('value', '')}" for taint in taints)
    return (
        any(map(maker.family.fullmatch, allocatable))
        or any(map(maker.labels.search, said))
        or any(map(maker.taints.search, words))
    )


def others(resource: str) -> tuple[str, ...]:
    """Name the resources of other makers."""
    return tuple(each for each in _MAKERS if each != resource)
