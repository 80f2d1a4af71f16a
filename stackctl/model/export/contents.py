"""From a bundle to the files of an export; nothing secret is in them that was not asked for.

An exported object has another owner than a deployed one: whoever applies the files. So it carries
neither the labels that say whose it is nor the mark of an apply of ours, and a later `adopt` finds
an object that is nobody's, or signed by its new owner. Which component it is of stays true.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from stackctl.errors import RenderError, UsageError
from stackctl.model.compose.bundle import Bundle
from stackctl.model.compose.embedded import Codec
from stackctl.model.compose.secret_places import values_at
from stackctl.model.export.argocd import argocd
from stackctl.model.export.exported import Export, ExportFile, Repository
from stackctl.model.export.flux import flux
from stackctl.model.export.formats import ExportFormat
from stackctl.model.export.helm import charts
from stackctl.model.export.instructions import INSTRUCTIONS, instructions
from stackctl.model.export.kustomize import kustomized, plain
from stackctl.model.export.units import Unit, divided, whole
from stackctl.model.objects.masking import values_of
from stackctl.model.objects.refs import (
    MANAGED_BY,
    STACK_LABEL,
    Manifest,
    Ref,
    ref_of,
    without_labels,
)
from stackctl.model.ownership.stack_id import StackId

_OURS = (MANAGED_BY, STACK_LABEL)


def exported(
    bundle: Bundle,
    stack: StackId,
    format: ExportFormat,
    *,
    yaml: Codec,
    repository: Repository | None = None,
    named: Collection[str] = (),
) -> Export:
    """Write what a stack comes to as files; `named` are the objects whose secrets go with them.

    Raises:
        UsageError: where it is committed has to be known, or an object that is named has no secret.
        RenderError: an object that has to be there holds what is secret.
    """
    holders = secret_holders(bundle)
    _require_named(named, holders)
    unasked = [ref for ref in holders if str(ref) not in named]
    _require_open([ref for ref in unasked if ref.kind != "Secret"])
    made = [ref_of(each) for part in bundle.components for each in part.credentials]
    left = _bare(bundle, {*unasked})
    private = {ref for ref in holders if str(ref) in named}
    units = divided(left.components) if format in _APART else whole(left.components)
    files = [*_files(units, stack.name, format, repository, yaml)]
    texts = instructions(
        left, stack.name, format, [unit.name for unit in units], _keys(bundle, (*unasked, *made))
    )
    files.append(ExportFile(INSTRUCTIONS, texts))
    secret = {path for path, ref in _paths(units, format) if ref in private}
    return Export(
        stack.name,
        bundle.profile,
        format,
        tuple(replace(file, private=file.path in secret) for file in files),
        (*unasked, *made),
    )


# Those that wait for one folder before they go on with the next.
_APART = frozenset({ExportFormat.HELM, ExportFormat.FLUX})


def secret_holders(bundle: Bundle) -> tuple[Ref, ...]:
    """Name the objects in which something secret stands."""
    places = bundle.secret_places
    return tuple(
        ref
        for ref, (_, manifest) in bundle.objects.items()
        if any(values_of([manifest])) or any(values_at(manifest, places.get(ref, ())))
    )


def _require_named(named: Collection[str], holders: Sequence[Ref]) -> None:
    known = sorted(map(str, holders))
    if wrong := sorted({*named} - {*known}):
        there = ", ".join(known) or "none"
        raise UsageError(f"{', '.join(wrong)}: no object with something secret (there: {there})")


def _require_open(refs: Sequence[Ref]) -> None:
    if refs:
        words = " ".join(f"--with-secret {ref}" for ref in refs)
        raise RenderError.listing(
            "these objects hold secret settings, which are written only when asked for:",
            [f"{ref}: holds a secret setting" for ref in refs],
            hint=f"{words} writes them as they are, for whoever may read the repository",
        )


def _bare(bundle: Bundle, withheld: Collection[Ref]) -> Bundle:
    parts = (
        replace(part, objects=tuple(_without_owner(each) for each in kept))
        for part in bundle.components
        if (kept := [each for each in part.objects if ref_of(each) not in withheld])
    )
    return replace(bundle, components=tuple(parts))


def _without_owner(manifest: Manifest) -> Manifest:
    return without_labels(manifest, lambda key: key in _OURS)


def _files(
    units: Sequence[Unit],
    stack: str,
    format: ExportFormat,
    repository: Repository | None,
    yaml: Codec,
) -> Iterator[ExportFile]:
    if format is ExportFormat.PLAIN:
        return plain(units, yaml)
    if format is ExportFormat.KUSTOMIZE:
        return kustomized(units, yaml)
    if format is ExportFormat.HELM:
        return charts(units, stack, yaml)
    if repository is None:
        raise UsageError(
            f"an export for {format} says where it is read from: which repository?",
            hint="--repository https://git.example.com/team/repository",
        )
    write = argocd if format is ExportFormat.ARGOCD else flux
    return write(units, stack, repository, yaml)


def _paths(units: Sequence[Unit], format: ExportFormat) -> Iterator[tuple[str, Ref]]:
    """Yield the files of objects that can hold something secret, which definitions cannot."""
    folder = "/templates" if format is ExportFormat.HELM else ""
    for unit in units:
        for name, manifest in unit.named:
            yield f"{unit.name}{folder}/{name}", ref_of(manifest)


def _keys(bundle: Bundle, refs: Sequence[Ref]) -> dict[Ref, tuple[str, ...]]:
    """Say under which keys Secrets keep what they keep."""
    objects = {ref: manifest for ref, (_, manifest) in bundle.objects.items()}
    objects |= {ref_of(each): each for part in bundle.components for each in part.credentials}
    return {
        ref: tuple(
            sorted({*(objects[ref].get("data") or {}), *(objects[ref].get("stringData") or {})})
        )
        for ref in refs
    }
