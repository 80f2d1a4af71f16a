"""Every component of the catalogue, by itself: deployed, deployed again, and taken off."""

from collections.abc import Iterator

import pytest

from stackctl.actions.compose import compose_stack
from stackctl.model.catalogue.attributes import attributes_of, holes_in
from stackctl.model.plan.plan import Action
from stackctl.model.run.events import ComponentState
from stackctl.sources.files import read_catalogue
from tests.apiserver.shipped import (
    COMPONENTS,
    MANIFESTS,
    connected,
    profile_of,
    redeployed,
    smoked,
    torn_down,
)
from tests.choices import clash
from tests.standins import is_remote

pytestmark = pytest.mark.timeout(900)  # with everything that it needs, on a busy machine


def with_what_it_needs(component: str) -> Iterator[str]:
    """Name a component and those that provide what it requires, waits for or has a value from.

    Of several that cannot be together, the first whose objects are in the catalogue.
    """
    found = sorted(read_catalogue().components.values(), key=is_remote)
    catalogue = {each.name: each for each in found}
    open_, seen = [component], {component}
    while open_:
        yield (name := open_.pop())
        spec = catalogue[name].spec
        wires = {
            hole
            for each in spec.parameters.values()
            if any(not place.feature for place in each.places)
            for hole in holes_in(each.from_)
        }
        for other, each in catalogue.items():
            provides = {*each.spec.provides, *attributes_of(each)}
            wanted = provides & {*spec.requires, *spec.after, *wires}
            together = not any(clash(each, catalogue[one]) for one in seen - {other})
            if other not in seen and wanted and together:
                seen.add(other)
                open_.append(other)


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_comes_stays_and_goes(kubeconfig, tmp_path, component, stand_ins):
    """Current with what it needs and nothing else, unchanged the next time, proven, and gone."""
    needed = [f"{name}: {{{stand_ins.choice(name)}}}" for name in with_what_it_needs(component)]
    request = profile_of(tmp_path, f"only-{component}", *needed)
    with connected(kubeconfig) as connection:
        try:
            first = redeployed(request, connection)
            assert {*first.components.values()} == {ComponentState.READY}
            again = redeployed(request, connection)
            assert {each.action for each in again.plan.changes} == {Action.UNCHANGED}
            if (MANIFESTS / component / "smoke").is_dir():
                tried = smoked(request, connection, component)
                assert [str(each.failure) for each in tried.results] == ["None"]
        finally:
            gone = torn_down(compose_stack(request).stack, connection)
        assert (gone.residue, gone.kept) == ((), ())
