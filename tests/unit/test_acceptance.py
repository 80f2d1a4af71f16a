"""Whose programs a stack takes: by maturity, licence and supplier."""

import pytest

from stackctl.errors import ConfigError
from stackctl.model.catalogue.catalogue import Catalogue
from stackctl.model.catalogue.profile import Choice, Profile
from stackctl.model.resolve.resolve import resolve
from tests.unit import fake

SAID = "{{project: p, version: '1', supplier: {0}, licence: {1}, maturity: {2}}}"
YOUNG = "upstream: " + SAID.format("Acme", "MIT", "alpha")
OLD = "upstream: " + SAID.format("Acme", "GPL-2.0-only OR Apache-2.0 AND MIT", "stable")


def refused(tmp_path, accepts: str, mode: str = "managed", **specs: str) -> list[str]:
    """Resolve components whose stack file accepts this, and return what is said against them."""
    known = {name: fake.component(text, name) for name, text in specs.items()}
    profile = Profile("p", "", "p.yaml", components={name: Choice() for name in known})
    modes = "".join(f"\n  {name}: {{mode: {mode}}}" for name in known)
    text = f"profile: p\naccepts: {accepts}\ncomponents:{modes}\n"
    stack = fake.stack_file(tmp_path, text)
    try:
        resolve(Catalogue({"p": profile}, known), "p", stack=stack)
    except ConfigError as error:
        said = str(error).splitlines()
        return [line.partition("stack.yaml:")[2] for line in said if "stack.yaml:" in line]
    return []


@pytest.mark.parametrize(
    ("accepts", "spec", "said"),
    [
        ("{maturity: beta}", YOUNG, "maturity: one is alpha, beta is the least"),
        ("{maturity: alpha}", YOUNG, None),
        ("{maturity: stable}", OLD, None),
        ("{maturity: alpha}", "", "maturity: one says no maturity, alpha is the least"),
        ("{licences: [MIT]}", YOUNG, None),
        ("{licences: [Apache-2.0]}", YOUNG, "licences: one has the licence MIT, which is none of"),
        ("{licences: [MIT]}", OLD, "licences: one has the licence GPL-2.0-only OR Apache-2.0"),
        ("{licences: [MIT, Apache-2.0]}", OLD, None),
        ("{licences: [GPL-2.0-only]}", OLD, None),
        ("{licences: [MIT]}", "", "licences: one says no licence"),
        ("{suppliers: [Acme]}", YOUNG, None),
        ("{suppliers: [Other]}", YOUNG, "suppliers: one has the supplier Acme, which is none of"),
        ("{maturity: stable, exceptions: {one: tried for a year}}", YOUNG, None),
        ("{exceptions: {one: ' '}}", OLD, "exceptions.one: a reason is expected"),
        ("{exceptions: {oen: so}}", OLD, "exceptions: oen is not in the stack; did you mean one?"),
        ("{}", "", None),
    ],
)
def test_what_a_stack_accepts_is_held_against_what_components_say(tmp_path, accepts, spec, said):
    """With the line of the stack file; a component that says nothing fits no demand."""
    found = refused(tmp_path, accepts, one=spec)
    assert len(found) == (said is not None)
    assert all(line.startswith("6: spec.accepts." + str(said)) for line in found)


def test_what_somebody_else_runs_is_not_ours_to_accept(tmp_path):
    """Nor is what is left out."""
    for mode in ("external", "skip"):
        assert refused(tmp_path, "{maturity: stable}", mode, one=YOUNG) == []
    excepted = "{maturity: stable, exceptions: {one: theirs}}"
    assert refused(tmp_path, excepted, "external", one=YOUNG) == []


def test_every_component_that_fails_is_named_at_once(tmp_path):
    """With everything that is said against it."""
    found = refused(tmp_path, "{maturity: stable, licences: [ISC]}", one=YOUNG, two=YOUNG)
    assert [line.split()[2] for line in found] == ["one", "one", "two", "two"]


def test_a_later_file_beats_an_earlier_one(tmp_path):
    """As everything that merges: a profile demands, the stack file above it may ask for more."""
    catalogue = fake.profiles(tmp_path, strict="accepts: {maturity: alpha}\ncomponents: {web: {}}")
    stack = fake.stack_file(tmp_path, "profile: strict\naccepts: {maturity: stable}\n")
    with pytest.raises(ConfigError, match=r"stack\.yaml:6: .*stable is the least"):
        resolve(catalogue, "strict", stack=stack)
    with pytest.raises(ConfigError, match=r"strict\.yaml:\d+: .*alpha is the least"):
        resolve(catalogue, "strict")
