"""Workloads that begin anew when what a ConfigMap holds changes: programs that read it only once.

Which those are is said in component.yaml; that their Pods are replaced is Kubernetes' doing, for
their template is another one then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from stackctl.model.catalogue.component import ComponentSpec, Place
from stackctl.model.compose.bind import Binder, PlaceError
from stackctl.model.compose.embedded import Formats
from stackctl.model.compose.object_set import NoSuchObject, Objects
from stackctl.model.objects import paths
from stackctl.model.objects.kinds import kind_of
from stackctl.model.objects.pod_templates import template_path
from stackctl.model.objects.refs import Manifest, digest
from stackctl.model.shapes.decode import Problem

RESTART_ON = "stackctl.dev/restart-on"
_CONFIG_MAP = ("", "ConfigMap")
_CONTENT = ("data", "binaryData")


def restarting(
    objects: Objects,
    declared: Mapping[str, Sequence[str]],
    secrets: Sequence[Place],
    formats: Formats,
) -> Objects:
    """Write into Pod templates what their ConfigMaps hold, as a digest.

    What belongs to a feature that is off is left out. Settings that are secret do not count: who
    may read a Pod could guess them by their digest.
    """
    open_ = _without_secrets(objects, secrets, formats)
    for text, contents in declared.items():
        there = [open_[open_.find(each)] for each in contents if open_.has(each)]
        if not objects.has(text) or not there:
            continue
        ref = objects.find(text)
        template = template_path(objects[ref])
        if template is not None:
            at = (*template, "metadata", "annotations", RESTART_ON)
            said = digest([{key: each.get(key) for key in _CONTENT} for each in there])
            objects.put(ref, paths.put(objects[ref], at, said))
    return objects


def restart_problems(spec: ComponentSpec, variants: Iterable[Objects]) -> Iterator[Problem]:
    """Check that what is to be restarted has Pods, and what it is restarted on is a ConfigMap."""
    sets = tuple(variants)
    for text, contents in spec.restartOn.items():
        workload = _first(text, sets)
        if isinstance(workload, str):
            yield Problem(("spec", "restartOn", text), workload)
        elif not template_path(workload):
            yield Problem(("spec", "restartOn", text), f"{text} has no Pod template")
        for index, each in enumerate(contents):
            found = _first(each, sets)
            what = found if isinstance(found, str) else ""
            if not isinstance(found, str) and kind_of(found) != _CONFIG_MAP:
                what = f"expected a ConfigMap, found {each}"
            if what:
                yield Problem(("spec", "restartOn", text, index), what)


def _first(text: str, sets: Sequence[Objects]) -> Manifest | str:
    """Find an object with whichever features it is there; else say what is wrong."""
    wrong = ""
    for objects in sets:
        try:
            return objects[objects.find(text)]
        except NoSuchObject as error:
            wrong = wrong or str(error)
    return wrong


def _without_secrets(objects: Objects, secrets: Sequence[Place], formats: Formats) -> Objects:
    copy = objects.copy()
    binder = Binder(copy, formats)
    for place in secrets:
        with suppress(PlaceError):  # what says nothing there has nothing to hide
            binder.write(place, "")
    return copy
