"""What Helm knows of the objects it installed: how it signs them and what it keeps of a release.

Its claims to fields are `managed_fields`'s part, whose an object is `ownership`'s.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from stackctl.model.objects.refs import MANAGED_BY, Manifest, Ref, annotations_of, labels_of
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.ownership import HELM_NAMESPACE, HELM_RELEASE
from stackctl.model.plan.plan import Action, Change
from stackctl.model.plan.removal import KeptObject

SIGNED = f"{MANAGED_BY}=Helm"  # finds every object that Helm looks after
RECORDS = "owner=helm"  # finds every revision that it has on record
_FEW = 5
_REVISION = re.compile(r"\d{1,9}")


@dataclass(frozen=True, order=True, slots=True)
class HelmRelease:
    """A release of Helm, which keeps its record in the release's namespace."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def forget(self) -> str:
        """The command after which Helm knows of it no more; it deletes nothing else."""
        return f"kubectl delete secret,configmap -n {self.namespace} -l owner=helm,name={self.name}"


def signature(live: Manifest) -> HelmRelease | None:
    """Read which release an object belongs to."""
    annotations = annotations_of(live)
    name = annotations.get(HELM_RELEASE)
    return HelmRelease(annotations.get(HELM_NAMESPACE) or "default", name) if name else None


def by_release(signed: Mapping[Ref, Manifest]) -> dict[HelmRelease, tuple[Ref, ...]]:
    """Group objects by the release they belong to."""
    found: dict[HelmRelease, list[Ref]] = {}
    for ref, item in signed.items():
        if release := signature(item):
            found.setdefault(release, []).append(ref)
    return {release: tuple(refs) for release, refs in found.items()}


def losing(changes: Iterable[Change]) -> tuple[HelmRelease, ...]:
    """Name the releases of which objects are taken over."""
    taken = (change.live for change in changes if change.action is Action.ADOPT and change.live)
    return tuple(sorted({release for live in taken if (release := signature(live))}))


def farewells(
    changes: Sequence[Change], signed: Mapping[HelmRelease, Sequence[Ref]]
) -> Iterator[str]:
    """Yield what Helm still believes to own after an adoption, and how to tell it otherwise."""
    taken = {change.ref for change in changes}
    for release in losing(changes):
        left = [ref for ref in signed.get(release, ()) if ref not in taken]
        if left:
            named = first_few(left, _FEW)
            yield f"Helm release {release} keeps what the component does not have: {named}"
        yield (
            f"Helm still lists its release {release}, and an older Helm (before 4.3) may delete "
            f"what is taken over when it uninstalls it. Let Helm forget it: {release.forget}"
        )


def forgotten(
    records: Mapping[Ref, Manifest], signed: Mapping[HelmRelease, Sequence[Ref]]
) -> Iterator[KeptObject]:
    """Name the records of releases of which nothing is left, each by its latest revision."""
    latest: dict[HelmRelease, tuple[int, Ref, str]] = {}
    for ref, item in records.items():
        labels = labels_of(item)
        release = HelmRelease(ref.namespace, labels.get("name", ""))
        revision = labels.get("version", "")
        found = (
            int(revision) if _REVISION.fullmatch(revision) else 0,
            ref,
            labels.get("status", ""),
        )
        latest[release] = max(latest.get(release, found), found)
    for release, (_, ref, status) in sorted(latest.items()):
        if release.name and release not in signed and status != "uninstalled":
            yield KeptObject(
                ref,
                f"Helm's record of its release {release}, of which nothing is left; "
                f"let Helm forget it: {release.forget}",
            )
