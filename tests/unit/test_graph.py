"""Capabilities tie components together; what is missing, clashing or circular is named."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackctl.model.catalogue.component import Mode
from stackctl.model.resolve import graph
from stackctl.model.resolve.selection import Chosen
from tests.unit import fake


def picked(name: str, spec: str, *features: str, mode: Mode = Mode.MANAGED) -> Chosen:
    """Make a chosen component from the YAML of its spec."""
    return Chosen(fake.component(spec, name), mode, name, {}, frozenset(features))


def names(components: Iterable[Chosen]) -> list[str]:
    """Return the names in order."""
    return [each.component.name for each in components]


ISSUER = picked("certs", "provides: [issuer]")


def test_needs_come_first_and_names_decide_the_rest():
    """The order is the same whatever order the components came in."""
    parts = [
        picked("a", "requires: [c]"),
        picked("b", "{}"),
        picked("c", "provides: [c]\nafter: [d]"),
        picked("d", "provides: [d]"),
    ]
    assert names(graph.ordered(parts)) == names(graph.ordered(parts[::-1])) == ["b", "d", "c", "a"]
    assert graph.edges(parts) == {"a": {"c": "c"}, "b": {}, "c": {"d": "d"}, "d": {}}


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=16), st.randoms())
def test_every_order_respects_every_need(pairs, random):
    """For any needs without a circle, providers come before those who need them."""
    needs = {
        n: sorted({low for low, high in map(sorted, pairs) if high == n != low}) for n in range(8)
    }
    parts = [
        picked(f"c{n}", f"provides: [x{n}]\nrequires: [{', '.join(f'x{m}' for m in needs[n])}]")
        for n in range(8)
    ]
    random.shuffle(parts)
    order = names(graph.ordered(parts))
    assert sorted(order) == [f"c{n}" for n in range(8)]
    assert all(order.index(f"c{m}") < order.index(f"c{n}") for n in needs for m in needs[n])


@pytest.mark.parametrize(
    ("parts", "problems"),
    [
        ([picked("web", "requires: [issuer]"), ISSUER], []),
        ([picked("web", "requires: [issuer]")],
         ["web requires issuer, which nothing in the stack provides: add certs"]),
        ([picked("web", "requires: [moon]")],
         ["web requires moon, which nothing in the stack provides, and no component known does"]),
        ([picked("web", "requires: [turbo-site]")],
         [("web requires turbo-site, which nothing in the stack provides: "
          "turn on web.features.turbo")]),
        ([picked("web", "after: [issuer]")], []),
        ([picked("web", "requires: [issuer]", mode=Mode.EXTERNAL)], []),
        ([picked("web", "requires: [issuer]"),
          picked("certs", "provides: [issuer]", mode=Mode.EXTERNAL)], []),
        ([picked("web", "requires: [a]\nprovides: [a]")], []),
        ([picked("web", "features: {f: {description: d, needs: [issuer]}}")], []),
        ([picked("web", "features: {f: {description: d, needs: [issuer]}}", "f")],
         ["web requires issuer, which nothing in the stack provides: add certs"]),
        ([picked("web", "conflicts: [site]\nprovides: [site]")], []),
        ([picked("web", "conflicts: [site]"), picked("other", "provides: [site]")],
         ["web cannot share a cluster with other, which provides site: take one of them out"]),
        ([picked("web", "conflicts: [s]"),
          picked("other", "features: {f: {description: d, provides: [s]}}")], []),
        ([picked("web", "conflicts: [s]"),
          picked("other", "features: {f: {description: d, provides: [s]}}", "f")],
         ["web cannot share a cluster with other, which provides s: take one of them out"]),
        ([picked("a", "requires: [b]\nprovides: [a]"), picked("b", "after: [a]\nprovides: [b]")],
         ["these components wait for each other: a → b (b) → a (a)"]),
        ([picked("z", "requires: [a]"), picked("a", "requires: [b]\nprovides: [a]"),
          picked("b", "requires: [c]\nprovides: [b]"), picked("c", "requires: [a]\nprovides: [c]")],
         ["these components wait for each other: a → b (b) → c (c) → a (a)"]),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_said(parts, problems):
    """Missing capabilities name who could provide them, circles the way round."""
    assert list(graph.problems(parts, fake.catalogue().components)) == problems


def test_features_count_only_while_they_are_on():
    """A feature that provides or needs something ties components when it is on."""
    spec = "features: {f: {description: d, needs: [issuer], provides: [p]}}"
    assert graph.provided(picked("web", spec)) == graph.required(picked("web", spec)) == frozenset()
    assert graph.provided(picked("web", spec, "f")) == {"p"}
    assert graph.required(picked("web", spec, "f")) == {"issuer"}


def test_a_component_that_provides_what_it_requires_waits_for_nobody():
    """Not for itself, and not for others that provide the same: they may say so of it as well."""
    parts = [picked(name, "requires: [x]\nprovides: [x]") for name in ("a", "b")]
    assert graph.edges(parts) == {"a": {}, "b": {}}
    assert list(graph.problems(parts, {})) == []
    alone = [picked("a", "requires: [x, w]\nprovides: [x]"), picked("b", "provides: [w]")]
    assert graph.edges(alone) == {"a": {"b": "w"}, "b": {}}
    assert list(graph.problems(alone, {})) == []
