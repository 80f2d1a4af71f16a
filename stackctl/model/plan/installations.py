"""What of a bundle runs on a cluster already, installed by other means: by its components' signs.

An object of the very name of one of ours is for `foreign_objects`: it is refused or taken over.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from stackctl.model.catalogue.component import Detect, Mode
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.objects.refs import Manifest, Ref, labels_of, ref_of
from stackctl.model.objects.wording import first_few
from stackctl.model.ownership.ownership import ours
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.foreign_objects import another_stack, holder_of, upgrade_command
from stackctl.model.plan.preflight import Finding
from stackctl.model.shapes.pod_specs import images_in

_CRD = "CustomResourceDefinition"
_CHART = "helm.sh/chart"
_VERSIONED = re.compile(r"(?P<name>.+?)-v?\d+\..*")  # cert-manager-v1.19.0


@dataclass(frozen=True, slots=True)
class Installation:
    """A workload that does what a component of ours would do."""

    component: str
    ref: Ref
    sign: str  # the image, or the chart, that gives it away
    holder: str  # whose it is, in words
    stack: StackId | None = None  # where it is another stack's
    feature: str = ""  # of the component, where it does no more than that

    def __str__(self) -> str:
        return f"{self.ref} runs {self.sign}, {self.holder}"


def new_components(bundle: Bundle, known: Container[str]) -> tuple[BundleComponent, ...]:
    """Choose the components that a stack does not have yet, and that are known by signs."""
    return tuple(
        part
        for part in bundle.components
        if part.name not in known and (part.signs != Detect() or part.feature_signs)
    )


def installations(
    parts: Iterable[BundleComponent], workloads: Sequence[Manifest], stack: StackId
) -> tuple[Installation, ...]:
    """Find what runs on a cluster and is known by the signs of components; not what is ours."""
    foreign = [each for each in workloads if _runs(each) and not ours(each, stack)]
    return tuple(
        Installation(
            part.name,
            ref_of(each),
            sign,
            holder_of(each, stack),
            another_stack(each, stack),
            feature,
        )
        for part in parts
        for feature, signs in (("", part.signs), *part.feature_signs.items())
        for each in foreign
        if (sign := sign_of(each, signs))
    )


def sign_of(workload: Manifest, signs: Detect) -> str:
    """Return the image or the chart by which a workload is known; empty where it is not."""
    for _, image in images_in([workload]):
        if any(_names(image, wanted) for wanted in signs.images):
            return image.partition("@")[0]
    chart = labels_of(workload).get(_CHART, "")
    found = _VERSIONED.fullmatch(chart)
    return f"the chart {chart}" if found and found["name"] in signs.charts else ""


def already_there(
    found: Iterable[Installation], parts: Sequence[BundleComponent]
) -> Iterator[Finding]:
    """Say what would be there twice, unless its component is adopted or takes that very object."""
    twice = [each for each in _beside(found, parts) if _mode(each, parts) is not Mode.ADOPTED]
    for each in twice:
        what = f"what its feature {each.feature} is for is there" if each.feature else "is there"
        yield Finding(each.component, f"{what} already: {each}", hint=_way_out(twice))


def beside(found: Iterable[Installation], parts: Sequence[BundleComponent]) -> Iterator[str]:
    """Say what an adopted component does not take over, and what has to be looked after by hand."""
    for each in _beside(found, parts):
        if _mode(each, parts) is Mode.ADOPTED:
            yield f"{each.component}: {each}; it is not taken over: two run until it goes"


def before_the_first(found: Iterable[Installation], profile: str) -> Iterator[str]:
    """Say what a profile would install and is there, before there is a stack: once for each owner.

    What another stack has can be changed there alone; of all else it can be said whose it stays.
    """
    groups: dict[tuple[str, str, StackId | None], list[Installation]] = {}
    for each in found:
        what = ("", "") if each.stack else (each.component, each.feature)
        groups.setdefault((*what, each.stack), []).append(each)
    for (component, feature, stack), theirs in groups.items():
        if stack:
            names = ", ".join(dict.fromkeys(each.component for each in theirs))
            command = upgrade_command(stack, ["--profile", profile])
            yield f"stack {stack} has {names} on this cluster; to change that stack: {command}"
        elif feature:
            yield (
                f"{component}: {first_few(theirs, 1)}; components.{component}.features.{feature}: "
                "false leaves it to its owner"
            )
        else:
            yield (
                f"{component}: {first_few(theirs, 1)}; components.{component}.mode: external "
                "leaves it to its owner, adopted takes over what has our names"
            )


def abandoned(
    parts: Iterable[BundleComponent], found: Iterable[Installation], served: Container[str]
) -> Iterator[str]:
    """Say of which components definitions are there, and nothing that runs, or that would be ours.

    `served` are the kinds there are, as plural.group.
    """
    running = {each.component for each in found}
    for part in parts:
        own = {ref.name for ref in map(ref_of, part.objects) if ref.kind == _CRD}
        names = [each for each in part.signs.crds if each in served and each not in own]
        if names and part.name not in running:
            yield (
                f"{part.name}: {', '.join(names)} is defined, and nothing is seen to run for it: "
                "left over, or to come from elsewhere"
            )


def _way_out(twice: Sequence[Installation]) -> str:
    """Say how components, or features of them, are left to whoever runs them."""
    whole = {each.component: "mode: external" for each in twice if not each.feature}
    parts = {each.component: f"features: {{{each.feature}: false}}" for each in twice}
    modes = ", ".join(f"{name}: {{{said}}}" for name, said in (parts | whole).items())
    owners = "its owner" if len(twice) == 1 else "their owners"
    what = twice[0].ref if len(twice) == 1 else "what is named"
    return f"leave to {owners}, in the stack file: `components: {{{modes}}}`; or take out {what}"


def _beside(
    found: Iterable[Installation], parts: Sequence[BundleComponent]
) -> Iterator[Installation]:
    names = {ref_of(manifest) for part in parts for manifest in part.objects}
    return (each for each in found if each.ref not in names)


def _mode(each: Installation, parts: Iterable[BundleComponent]) -> Mode:
    return next(part.mode for part in parts if part.name == each.component)


def _names(image: str, wanted: str) -> bool:
    """Tell whether an image's path has these parts next to each other: mirrors change the rest."""
    path = image.partition("@")[0]
    head, slash, last = path.rpartition("/")
    return f"/{wanted}/" in f"/{head}{slash}{last.partition(':')[0]}/"


def _runs(workload: Manifest) -> bool:
    """Tell whether a workload has Pods, or may get some: not what was scaled to nothing."""
    return (workload.get("spec") or {}).get("replicas") != 0
