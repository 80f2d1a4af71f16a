"""What of a plan deserves attention before anybody says yes to it.

Everything is read from the plan and from the server's version; looking is done elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from stackctl.model.objects import paths
from stackctl.model.objects.crd_changes import schema_changes
from stackctl.model.objects.deprecations import retiring
from stackctl.model.objects.quantities import amount
from stackctl.model.objects.refs import Manifest
from stackctl.model.objects.versions import is_older
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.release.history import VersionChange


class WarningTopic(StrEnum):
    """What kind of thing it is."""

    VERSION = "version"
    DEFINITION = "definition"
    API = "api"
    RECREATION = "recreation"
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Attention:
    """One thing to know."""

    topic: WarningTopic
    subject: str  # an object or a component
    message: str


_STORAGE = ("spec", "resources", "requests", "storage")
# What takes users' objects along when it leaves.
_GRAVE = frozenset({"CustomResourceDefinition", "Namespace", "PersistentVolumeClaim"})


def worth_knowing(
    plan: Plan, versions: Iterable[VersionChange], server: str
) -> tuple[Attention, ...]:
    """Collect what stands out of a plan, the gravest first."""
    return (
        *_backwards(versions),
        *_recreated(plan.changes),
        *_definitions(plan.changes),
        *_retired(plan.changes, server),
        *_leaving(plan.changes),
    )


def _backwards(versions: Iterable[VersionChange]) -> Iterator[Attention]:
    for each in versions:
        if each.before and each.after and is_older(each.after, each.before):
            yield Attention(
                WarningTopic.VERSION,
                each.component,
                f"goes back from {each.before} to {each.after}",
            )


def _recreated(changes: Iterable[Change]) -> Iterator[Attention]:
    for change in changes:
        if change.action is Action.RECREATE:
            why = change.reason or "a field that cannot be changed differs"
            yield Attention(
                WarningTopic.RECREATION, str(change.ref), f"deleted and made again: {why}"
            )
            for message in volumes_left(change):
                yield Attention(WarningTopic.RECREATION, str(change.ref), message)


def volumes_left(change: Change) -> Iterator[str]:
    """Say of a StatefulSet whose volumes are to be larger that those that are there are not."""
    if change.ref.kind != "StatefulSet":
        return
    old, new = (_sizes(each) for each in (change.live, change.desired))
    for claim in old.keys() & new.keys():
        if amount(new[claim]) > amount(old[claim]):
            patch = f'{{"spec":{{"resources":{{"requests":{{"storage":"{new[claim]}"}}}}}}}}'
            yield (
                "its volumes stay, and stay as large as they are; for the Pod with each number N: "
                f"kubectl patch pvc -n {change.ref.namespace} {claim}-{change.ref.name}-N "
                f"-p '{patch}'"
            )


def _sizes(manifest: Manifest | None) -> dict[str, str]:
    """Return how large a StatefulSet makes its volumes, by the names of its claims."""
    claims = paths.get(manifest or {}, ("spec", "volumeClaimTemplates"), None) or ()
    sizes = {each["metadata"]["name"]: paths.get(each, _STORAGE, None) for each in claims}
    return {name: str(size) for name, size in sizes.items() if size is not None}


def _definitions(changes: Iterable[Change]) -> Iterator[Attention]:
    for change in changes:
        live, desired = change.live, change.desired
        if change.ref.kind != "CustomResourceDefinition" or live is None or desired is None:
            continue
        if change.action is Action.UNCHANGED or "spec" not in live:  # metadata is all we have
            continue
        for message in schema_changes(live, desired):
            yield Attention(WarningTopic.DEFINITION, str(change.ref), message)


def _retired(changes: Iterable[Change], server: str) -> Iterator[Attention]:
    told = set()
    for change in changes:
        if change.desired is None:
            continue
        found = retiring(change.desired, server)
        if found is not None and (found, change.component) not in told:
            told.add((found, change.component))
            yield Attention(WarningTopic.API, str(change.ref), str(found))


def _leaving(changes: Iterable[Change]) -> Iterator[Attention]:
    counted: Counter[tuple[Action, str]] = Counter()
    for change in changes:
        if change.action is Action.PRUNE and change.ref.kind in _GRAVE:
            yield Attention(
                WarningTopic.LEAVING,
                str(change.ref),
                "goes, unless somebody else's objects need it",
            )
        elif change.action in _ENDS:
            counted[change.action, change.component] += 1
    for (action, component), count in counted.items():
        yield Attention(WarningTopic.LEAVING, component, _ENDS[action](count))


def _gone(count: int) -> str:
    return "1 object goes" if count == 1 else f"{count} objects go"


def _given_up(count: int) -> str:
    what = "1 object stays and is" if count == 1 else f"{count} objects stay and are"
    return f"{what} no longer the stack's"


_ENDS = {Action.PRUNE: _gone, Action.RELEASE: _given_up}
