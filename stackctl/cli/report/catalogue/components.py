"""How components look: as a list, and one in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stackctl.cli.report.rendering import Document, Rendering, document, known
from stackctl.cli.terminal.terminal import Paint, Row, plain, table, wrap
from stackctl.errors import headline
from stackctl.model.catalogue.parameters import parameters_of, text_of
from stackctl.model.catalogue.profile import DEFAULT
from stackctl.model.objects import paths
from stackctl.model.resolve.bound_values import said_of_value, value_keys
from stackctl.model.resolve.confidential import confidential, shown_default
from stackctl.secrets import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stackctl.actions.components import Contents
    from stackctl.actions.explain import ExplainedComponent
    from stackctl.model.catalogue.component import Component, Feature, Parameter, Upstream
    from stackctl.model.resolve.selection import Chosen, Setting

_INDENT = "  "


def components_result(components: Iterable[Component]) -> Rendering:
    """List components."""
    found = sorted(components, key=lambda each: each.name)
    return Rendering(
        document=lambda: components_document(found),
        lines=lambda page: table(*_component_rows(found, wide=page.wide), page.paint, page.folded),
        names=lambda: [each.name for each in found],
    )


def component_result(found: Contents) -> Rendering:
    """Describe one component, what it installs, and what it asks for, by feature."""
    return Rendering(
        document=lambda: components_document([found.component], found),
        lines=lambda page: component_lines(found, page.paint, page.width),
        names=lambda: [found.component.name],
    )


def _component_rows(
    components: Sequence[Component], *, wide: bool
) -> tuple[Sequence[str], Sequence[Row]]:
    if not wide:
        rows = [(each.name, each.spec.version, each.description) for each in components]
        return ("COMPONENT", "VERSION", "DESCRIPTION"), rows
    header = (
        *("COMPONENT", "VERSION", "MATURITY", "LICENCE", "SUPPLIER"),
        *("NAMESPACE", "REQUIRES", "PROVIDES", "FEATURES"),
    )
    return header, [
        (
            each.name,
            each.spec.version,
            *_upstream(each),
            each.spec.namespace,
            ",".join(each.spec.requires) or "-",
            ",".join(each.spec.provides) or "-",
            ",".join(each.spec.features) or "-",
        )
        for each in components
    ]


def _upstream(component: Component) -> tuple[str, str, str]:
    """Return how mature a program is, its licence, and who answers for it."""
    said = component.spec.upstream
    if said is None:
        return "-", "-", "-"
    return said.maturity or "-", said.licence or "-", said.supplier or "-"


def component_lines(
    found: Contents, paint: Paint, width: int | None, stack: ExplainedComponent | None = None
) -> list[str]:
    """Describe a component: what it is, what it needs, what can be set, what it asks for.

    Of one in a stack: what is set, and who says so.
    """
    from stackctl.cli.report.privileges import listed

    component = found.component
    spec = component.spec
    chosen = stack.chosen if stack else None
    lines = [
        f"{paint(component.name, 'bold')} {spec.version}",
        *wrap(plain(component.description), width),
        "",
        f"namespace  {chosen.namespace if chosen else spec.namespace}",
    ]
    if stack and chosen:
        said = "" if chosen.mode_origin == DEFAULT else f"  {chosen.mode_origin}"
        lines += [f"profile    {stack.profile}", f"mode       {chosen.mode.value}{plain(said)}"]
        waits = ", ".join(f"{name} ({why})" for name, why in stack.needs.items())
        lines += wrap(f"waits for  {waits}", width, " " * 11) if waits else []
    if spec.upstream:
        lines.append(f"project    {spec.upstream.project}")
        for key in ("supplier", "licence", "maturity"):
            said = getattr(spec.upstream, key)
            lines += [f"{key.ljust(9)}  {plain(said)}"] if said else []
    for key in ("requires", "after", "provides", "conflicts"):
        named = getattr(spec, key)
        lines += wrap(f"{key.ljust(9)}  {', '.join(named)}", width, " " * 11) if named else []
    if chosen and chosen.source:
        where = "" if chosen.source.own else f"  {chosen.source.origin}"
        lines.append(plain(f"source     {chosen.source.source}{where}"))
    elif spec.source:
        lines.append(f"source     {spec.source}")
    lines += [f"folder     {component.folder}"] if component.folder else []
    parameters = (_parameter(each, chosen) for each in parameters_of(component).items())
    lines += block("PARAMETERS", parameters, paint, width)
    features = (_feature(each, chosen) for each in spec.features.items())
    lines += block("FEATURES", features, paint, width)
    lines += block("VALUES", _values(chosen), paint, width) if chosen else []
    lines += block("ATTRIBUTES", _attributes(component), paint, width)
    lines += block("OBJECTS", _objects(found), paint, width)
    lines += block("IMAGES", ((each.reference, "") for each in spec.images or ()), paint, width)
    lines += block("PRIVILEGES", listed(found.privileges), paint, width)
    return lines


def _values(chosen: Chosen) -> Iterator[tuple[str, str]]:
    """Yield what a component's chart is given, and who says so."""
    for key in value_keys(chosen):
        said = said_of_value(chosen, key)[0]
        who = f"parameter {said.parameter}" if said.parameter else str(said.origin)
        yield f"{paths.show(key)} = {shown_value(said.value)}", who


def _attributes(component: Component) -> Iterator[tuple[str, str]]:
    """Yield what others may take from it, and what that is made of."""
    for name, feature, text in _said_attributes(component):
        yield f"{name}{f', with the feature {feature}' if feature else ''}", text


def _said_attributes(component: Component) -> Iterator[tuple[str, str, str]]:
    for name, text in component.spec.attributes.items():
        yield name, "", text
    for feature, said in component.spec.features.items():
        for name, text in said.attributes.items():
            yield name, feature, text


def _objects(found: Contents) -> Iterator[tuple[str, str]]:
    if found.hidden is not None:
        yield "not known", "; ".join(filter(None, (headline(found.hidden), found.hidden.hint)))
        return
    yield "always", counted(found.base)
    yield from ((f"with the feature {key}", counted(more)) for key, more in found.features.items())
    yield from ((f"for each of {key}", counted(more)) for key, more in found.each.items())


def counted(kinds: Mapping[str, int]) -> str:
    """Say how many objects there are of each kind."""
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def block(
    title: str, items: Iterable[tuple[str, str]], paint: Paint, width: int | None
) -> list[str]:
    """Write items under a title, each with a text below it; nothing where there are none."""
    lines: list[str] = []
    for name, text in items:
        lines += (f"{_INDENT}{line}" for line in wrap(plain(name), width and width - 2, _INDENT))
        if text:
            room = None if width is None else width - 6
            lines += [f"{_INDENT * 3}{line}" for line in wrap(plain(text), room)]
    return ["", paint(title, "bold"), *lines] if lines else []


def _parameter(item: tuple[str, Parameter], chosen: Chosen | None) -> tuple[str, str]:
    name, parameter = item
    shown = shown_default(name, parameter)
    default = "unset" if shown is None else f"default {shown_value(shown)}"
    source = [f"from {parameter.from_}"] if parameter.from_ else []
    words = [str(parameter.type), *source, default, *limits(parameter)]
    words += [f"generated once: {parameter.generate}"] if parameter.generate else []
    words += ["secret"] if confidential(name, parameter) and "secret" not in words else []
    if chosen is None:
        return f"{name}  ({', '.join(words)})", parameter.description
    setting = chosen.parameters[name]
    secret = setting.value is not None and confidential(name, parameter)
    value = HIDDEN if secret else setting.value
    text = "unset" if value is None else shown_value(value)
    return f"{name} = {text}  ({', '.join(words)})", _sourced(parameter.description, setting)


def _sourced(description: str, setting: Setting) -> str:
    """Say what something is for, and who has set it."""
    return description if setting.origin == DEFAULT else f"{description}: {setting.origin}"


def limits(parameter: Parameter) -> Iterator[str]:
    """Yield which values are allowed."""
    unit = {"duration": "s", "list": " items", "map": " items"}.get(parameter.type, "")
    one = unit.replace("items", "item")
    if (least := parameter.minimum) is not None:
        yield f"at least {least:g}{one if least == 1 else unit}"
    if (most := parameter.maximum) is not None:
        yield f"at most {most:g}{one if most == 1 else unit}"
    if parameter.atMost:
        yield f"no more than {parameter.atMost}"
    if parameter.enum:
        yield f"one of {' | '.join(map(text_of, parameter.enum))}"
    if parameter.pattern:
        yield f"like {parameter.pattern}"


def shown_value(value: Any) -> str:
    """Write a value on one line, a text as it is."""
    import json

    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _feature(item: tuple[str, Feature], chosen: Chosen | None) -> tuple[str, str]:
    name, feature = item
    by_default = "on with what it requires" if feature.requires else "on by default"
    words = [by_default if feature.default else "off by default"]
    for key in ("requires", "conflicts", "needs", "provides"):
        named = getattr(feature, key)
        words += [f"{key} {', '.join(named)}"] if named else []
    if chosen is None:
        return f"{name}  ({'; '.join(words)})", feature.description
    setting = chosen.feature_settings[name]
    text = "on" if setting.value else "off"
    return f"{name} = {text}  ({'; '.join(words)})", _sourced(feature.description, setting)


def components_document(
    components: Iterable[Component], contents: Contents | None = None
) -> Document:
    """List components with what can be set; of a single one, also what is in it, by feature."""
    items = [_component(each) for each in components]
    if contents is not None and contents.hidden is not None:
        items[0]["hidden"] = headline(contents.hidden)
    elif contents is not None:
        from stackctl.cli.report.privileges import privilege_document

        items[0]["objects"] = {
            "always": dict(contents.base),
            "features": {key: dict(more) for key, more in contents.features.items()},
            "each": {key: dict(more) for key, more in contents.each.items()},
        }
        items[0]["privileges"] = [
            privilege_document(each) | ({"feature": feature} if feature else {})
            for feature, found in contents.privileges.items()
            for each in found
        ]
    return document("ComponentList", items=items)


def _component(each: Component) -> Document:
    spec = each.spec
    return known(
        name=each.name,
        description=each.description,
        version=spec.version,
        namespace=spec.namespace,
        **_upstream_document(spec.upstream),
        requires=list(spec.requires),
        after=list(spec.after),
        provides=list(spec.provides),
        conflicts=list(spec.conflicts),
        attributes=[
            known(name=name, value=text, feature=feature or None)
            for name, feature, text in _said_attributes(each)
        ],
        parameters=[_parameter_document(*item) for item in parameters_of(each).items()],
        features=[_feature_document(*item) for item in spec.features.items()],
        images=[image.reference for image in spec.images or ()],
        folder=each.folder,
    )


def _upstream_document(upstream: Upstream | None) -> Document:
    if upstream is None:
        return {}
    return known(
        project=upstream.project,
        supplier=upstream.supplier or None,
        licence=upstream.licence or None,
        maturity=upstream.maturity,
    )


def _parameter_document(name: str, parameter: Parameter) -> Document:
    return known(
        name=name,
        type=parameter.type.value,
        default=shown_default(name, parameter),
        **({"from": parameter.from_} if parameter.from_ else {}),
        secret=confidential(name, parameter),
        description=parameter.description,
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        atMost=parameter.atMost or None,
        enum=list(parameter.enum) or None,
        pattern=parameter.pattern or None,
    )


def _feature_document(name: str, feature: Feature) -> Document:
    return {
        "name": name,
        "default": feature.default,
        "description": feature.description,
        "requires": list(feature.requires),
        "conflicts": list(feature.conflicts),
        "needs": list(feature.needs),
        "provides": list(feature.provides),
    }
