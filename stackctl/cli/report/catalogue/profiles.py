"""How profiles look: as a list, and one with what it comes to and who says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackctl.actions.components import kinds_of
from stackctl.cli.report.catalogue.components import block, counted, shown_value
from stackctl.cli.report.catalogue.values import settings_of
from stackctl.cli.report.rendering import Document, Page, Rendering, document, known
from stackctl.cli.terminal.terminal import Row, columns, plain, table, wrap
from stackctl.errors import headline
from stackctl.model.catalogue.profile import DEFAULT
from stackctl.model.readiness.accelerators import NVIDIA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from stackctl.actions.compose import Composed
    from stackctl.model.catalogue.profile import GpuNeeds, Origin, Profile
    from stackctl.model.compose.bundle import BundleComponent
    from stackctl.model.privileges.privileges import Privilege


def profiles_result(profiles: Iterable[Profile]) -> Rendering:
    """List profiles."""
    found = sorted(profiles, key=lambda each: each.name)
    return Rendering(
        document=lambda: profiles_document(found),
        lines=lambda page: table(*_profile_rows(found, wide=page.wide), page.paint, page.folded),
        names=lambda: [each.name for each in found],
    )


def _profile_rows(
    profiles: Sequence[Profile], *, wide: bool
) -> tuple[Sequence[str], Sequence[Row]]:
    if not wide:
        rows = [(each.name, each.extends or "-", each.description) for each in profiles]
        return ("PROFILE", "EXTENDS", "DESCRIPTION"), rows
    return ("PROFILE", "EXTENDS", "COMPONENTS", "PATH"), [
        (each.name, each.extends or "-", ",".join(each.components) or "-", each.path)
        for each in profiles
    ]


def profile_result(profile: Profile, found: Composed) -> Rendering:
    """Describe one profile."""
    return Rendering(
        document=lambda: profile_document(profile, found),
        lines=lambda page: profile_lines(profile, found, page),
        names=lambda: [profile.name],
    )


def profile_lines(profile: Profile, found: Composed, page: Page) -> list[str]:
    """Describe a profile; every setting where it is to be in full."""
    from stackctl.cli.report.privileges import listed

    paint, width = page.paint, page.width
    lines = [paint(profile.name, "bold"), *wrap(plain(profile.description), width), ""]
    lines += [f"made of    {' → '.join(found.selection.chain)}"]
    lines += [f"file       {plain(profile.path)}"]
    lines += wrap(f"requires   {_required(found)}", width, " " * 11)
    lines += ["", paint("COMPONENTS", "bold")]
    lines += _component_lines(found, page)
    settings = [
        (f"  {key}", "unset" if value is None else shown_value(value), plain(str(origin)))
        for key, value, origin in _settings(found)
        if page.verbose or origin != DEFAULT
    ]
    if settings:
        lines += ["", paint("SETTINGS", "bold"), *_settings_lines(settings, page)]
    objects = [(part.name, _objects(part, found)) for part in found.bundle.components]
    lines += block("OBJECTS", objects, paint, width)
    lines += block("PRIVILEGES", listed({"": _asked(found)}), paint, width)
    return lines


def _objects(part: BundleComponent, found: Composed) -> str:
    if error := found.unrendered.get(part.name):
        return f"not known: {headline(error)}"
    return counted(kinds_of(part.objects))


def _settings_lines(settings: list[tuple[str, str, str]], page: Page) -> Iterator[str]:
    """Write who says so beside each setting, or below it where there is no room."""
    rows = columns(settings, page.paint)
    if page.width is None or all(len(row) <= page.width for row in rows):
        yield from rows
        return
    for key, value, origin in settings:
        yield from wrap(f"{key} = {value}", page.width, "      ")
        yield f"      {origin}"


def _component_lines(found: Composed, page: Page) -> Iterator[str]:
    """Write a line for each component, and below it the features that are on."""
    chosen = found.selection.components
    rows = [
        (f"  {e.component.name}", e.component.spec.version or "-", e.mode.value) for e in chosen
    ]
    for row, each in zip(columns(rows, page.paint), chosen, strict=True):
        yield row
        if each.features:
            text = f"features {', '.join(sorted(each.features))}"
            room = page.width and page.width - 6
            yield from (f"      {line}" for line in wrap(text, room))


def _required(found: Composed) -> str:
    needs = found.selection.requires
    parts = [f"Kubernetes {needs.kubernetes}"] if needs.kubernetes else []
    if needs.gpu:
        nodes = f"{needs.gpu.nodes} node{'s' if needs.gpu.nodes > 1 else ''}"
        parts.append(f"{nodes} with {needs.gpu.perNode} {_devices(needs.gpu)}")
    parts += ["a default storage class"] if needs.storageClass else []
    return ", ".join(parts) or "nothing of a cluster"


def _devices(needs: GpuNeeds) -> str:
    """Call GPUs of NVIDIA what everybody calls them, and all else by its name."""
    if needs.resource != NVIDIA:
        return needs.resource
    return "GPUs" if needs.perNode > 1 else "GPU"


def _settings(found: Composed) -> Iterator[tuple[str, Any, Origin]]:
    for chosen in found.selection.components:
        yield from settings_of(chosen)


def _asked(found: Composed) -> list[Privilege]:
    from stackctl.model.privileges.privileges import privileges

    return list(privileges(found.bundle.objects.values()))


def profiles_document(profiles: Iterable[Profile]) -> Document:
    """List profiles."""
    items = [
        known(
            name=each.name,
            description=each.description,
            extends=each.extends,
            mixins=list(each.mixins),
            components=[{"name": name} for name in each.components],
            path=each.path,
        )
        for each in profiles
    ]
    return document("ProfileList", items=items)


def profile_document(profile: Profile, found: Composed) -> Document:
    """Describe a profile."""
    from stackctl.cli.report.privileges import privilege_document

    needs = found.selection.requires
    return document(
        "ProfileDescription",
        name=profile.name,
        description=profile.description,
        path=profile.path,
        chain=list(found.selection.chain),
        requires=known(
            kubernetes=needs.kubernetes or None,
            gpu=_gpu_document(needs.gpu) if needs.gpu else None,
            storageClass=needs.storageClass,
        ),
        components=[
            known(
                name=chosen.component.name,
                version=chosen.component.spec.version,
                mode=chosen.mode.value,
                namespace=chosen.namespace,
                features=[{"name": name} for name in sorted(chosen.features)],
                objects=kinds_of(part.objects),
                hidden=headline(found.unrendered[part.name])
                if part.name in found.unrendered
                else None,
            )
            for chosen, part in zip(
                found.selection.components, found.bundle.components, strict=True
            )
        ],
        settings=[
            known(name=key, value=value, origin=str(origin))
            for key, value, origin in _settings(found)
        ],
        privileges=[privilege_document(each) for each in _asked(found)],
    )


def _gpu_document(needs: GpuNeeds) -> Document:
    return {"nodes": needs.nodes, "perNode": needs.perNode, "resource": needs.resource}
