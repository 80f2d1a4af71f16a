"""How profiles and components look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackctl.cli.report.privileges import listed, privilege_document
from stackctl.cli.report.rendering import Document, Rendering, document
from stackctl.cli.terminal.terminal import Paint, Row, plain, table, wrap
from stackctl.model.resolve.confidential import confidential, shown_default

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stackctl.model.catalogue.component import Component, Feature, Parameter
    from stackctl.model.catalogue.profile import Profile
    from stackctl.model.privileges.privileges import Privilege

    Asked = Mapping[str, Sequence[Privilege]]

_INDENT = "  "


def profiles_result(profiles: Iterable[Profile]) -> Rendering:
    """List profiles."""
    found = sorted(profiles, key=lambda each: each.name)
    return Rendering(
        document=lambda: profiles_document(found),
        lines=lambda page: table(*_profile_rows(found, wide=page.wide), page.paint),
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


def components_result(components: Iterable[Component]) -> Rendering:
    """List components."""
    found = sorted(components, key=lambda each: each.name)
    return Rendering(
        document=lambda: components_document(found),
        lines=lambda page: table(*_component_rows(found, wide=page.wide), page.paint),
        names=lambda: [each.name for each in found],
    )


def component_result(component: Component, asked: Asked) -> Rendering:
    """Describe one component, and what it asks for, by feature."""
    return Rendering(
        document=lambda: components_document([component], asked),
        lines=lambda page: component_lines(component, page.paint, page.width, asked),
        names=lambda: [component.name],
    )


def _component_rows(
    components: Sequence[Component], *, wide: bool
) -> tuple[Sequence[str], Sequence[Row]]:
    if not wide:
        rows = [(each.name, each.spec.version, each.description) for each in components]
        return ("COMPONENT", "VERSION", "DESCRIPTION"), rows
    header = ("COMPONENT", "VERSION", "NAMESPACE", "REQUIRES", "PROVIDES", "FEATURES")
    return header, [
        (
            each.name,
            each.spec.version,
            each.spec.namespace,
            ",".join(each.spec.requires) or "-",
            ",".join(each.spec.provides) or "-",
            ",".join(each.spec.features) or "-",
        )
        for each in components
    ]


def component_lines(
    component: Component, paint: Paint, width: int | None, asked: Asked
) -> list[str]:
    """Describe a component: what it is, what it needs, what can be set, what it asks for."""
    spec = component.spec
    lines = [
        f"{paint(component.name, 'bold')} {spec.version}",
        *wrap(plain(component.description), width),
        "",
        f"namespace  {spec.namespace}",
    ]
    if spec.upstream:
        lines.append(f"project    {spec.upstream.project}")
    lines += [f"requires   {', '.join(spec.requires)}"] if spec.requires else []
    lines += [f"provides   {', '.join(spec.provides)}"] if spec.provides else []
    lines += [f"folder     {component.folder}"]
    lines += _block("PARAMETERS", map(_parameter, spec.parameters.items()), paint, width)
    lines += _block("FEATURES", map(_feature, spec.features.items()), paint, width)
    lines += _block("IMAGES", ((each.reference, "") for each in spec.images), paint, width)
    lines += _block("PRIVILEGES", listed(asked), paint, width)
    return lines


def _block(
    title: str, items: Iterable[tuple[str, str]], paint: Paint, width: int | None
) -> list[str]:
    lines = []
    for name, text in items:
        lines.append(f"{_INDENT}{name}")
        if text:
            room = None if width is None else width - 6
            lines += [f"{_INDENT * 3}{line}" for line in wrap(plain(text), room)]
    return ["", paint(title, "bold"), *lines] if lines else []


def _parameter(item: tuple[str, Parameter]) -> tuple[str, str]:
    name, parameter = item
    shown = shown_default(name, parameter)
    default = "unset" if shown is None else f"default {_value(shown)}"
    secret = ", secret" if confidential(name, parameter) else ""
    return f"{name}  ({parameter.type}, {default}{secret})", parameter.description


def _value(value: Any) -> str:
    import json

    return value if isinstance(value, str) and value else json.dumps(value)


def _feature(item: tuple[str, Feature]) -> tuple[str, str]:
    name, feature = item
    return f"{name}  ({'on' if feature.default else 'off'} by default)", feature.description


def profiles_document(profiles: Iterable[Profile]) -> Document:
    """List profiles."""
    items = [
        {
            "name": each.name,
            "description": each.description,
            "extends": each.extends,
            "mixins": list(each.mixins),
            "components": list(each.components),
            "path": each.path,
        }
        for each in profiles
    ]
    return document("ProfileList", items=items)


def components_document(components: Iterable[Component], asked: Asked | None = None) -> Document:
    """List components with what can be set; of a single one, also what it asks for, by feature."""
    items = [_component(each) for each in components]
    if asked is not None:
        items[0]["privileges"] = [
            privilege_document(each) | ({"feature": feature} if feature else {})
            for feature, found in asked.items()
            for each in found
        ]
    return document("ComponentList", items=items)


def _component(each: Component) -> Document:
    spec = each.spec
    return {
        "name": each.name,
        "description": each.description,
        "version": spec.version,
        "namespace": spec.namespace,
        "project": spec.upstream.project if spec.upstream else None,
        "requires": list(spec.requires),
        "provides": list(spec.provides),
        "parameters": {
            name: {
                "type": parameter.type,
                "default": shown_default(name, parameter),
                "secret": confidential(name, parameter),
                "description": parameter.description,
            }
            for name, parameter in spec.parameters.items()
        },
        "features": {
            name: {"default": feature.default, "description": feature.description}
            for name, feature in spec.features.items()
        },
        "images": [image.reference for image in spec.images],
        "folder": each.folder,
    }
