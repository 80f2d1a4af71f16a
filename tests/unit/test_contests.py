"""Who keeps a field that others hold as well, as users decide it."""

import pytest

from stackctl.errors import Holder
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.conflict_policy import ConflictPolicy, Contest, refused, spelled
from stackctl.model.ownership.ownership import Verdict

REF = Ref("apps", "Deployment", "ml", "web")
OTHER = Ref("apps", "Deployment", "ml", "other")
IMAGE = '.spec.template.spec.containers[name="main"].image'


def judged(
    stance: ConflictPolicy, field: str = ".spec.replicas", manager: str = "argocd"
) -> Verdict:
    return stance.judge(REF, [Holder(field, manager)])[0].verdict


@pytest.mark.parametrize(
    ("rule", "field", "manager", "fits"),
    [
        (Contest(Verdict.YIELD), ".spec", "anybody", True),
        (Contest(Verdict.YIELD, "argocd*"), ".spec", "argocd-controller", True),
        (Contest(Verdict.YIELD, "argocd"), ".spec", "argocd-controller", False),
        (Contest(Verdict.YIELD, ref=REF), ".spec", "x", True),
        (Contest(Verdict.YIELD, ref=OTHER), ".spec", "x", False),
        (Contest(Verdict.YIELD, path="spec.template"), IMAGE, "x", True),
        (Contest(Verdict.YIELD, path="spec.temp"), IMAGE, "x", False),
        (Contest(Verdict.YIELD, path="spec.template.spec.containers"), IMAGE, "x", True),
        (Contest(Verdict.YIELD, path=IMAGE.removeprefix(".")), IMAGE, "x", True),
        (Contest(Verdict.YIELD, path="spec.replicas"), IMAGE, "x", False),
    ],
)
def test_a_rule_is_about_a_manager_an_object_and_a_field(rule, field, manager, fits):
    """What it leaves open fits everything; a field stands for all that is in it."""
    assert rule.fits(REF, field, manager) is fits


def test_the_first_rule_that_fits_decides():
    """Where none does, the manager's name decides as usual."""
    rules = (Contest(Verdict.YIELD, path="spec.replicas"), Contest(Verdict.OVERRIDE, "argo*"))
    assert judged(ConflictPolicy(rules)) is Verdict.YIELD
    assert judged(ConflictPolicy(rules), IMAGE) is Verdict.OVERRIDE
    assert judged(ConflictPolicy(rules), IMAGE, "someone") is Verdict.REFUSE
    assert judged(ConflictPolicy(rules), IMAGE, "kubectl-edit") is Verdict.OVERRIDE


def test_adopting_takes_what_would_be_refused():
    """Controllers keep their fields even then, and so does whoever a rule protects."""
    assert judged(ConflictPolicy(take=True)) is Verdict.OVERRIDE
    assert judged(ConflictPolicy(take=True), manager="keda-operator") is Verdict.YIELD
    assert judged(ConflictPolicy((Contest(Verdict.REFUSE),), take=True)) is Verdict.REFUSE


def test_of_several_holders_the_strictest_verdict_counts():
    """A person's edit beside a deployer's claim takes nothing from the deployer."""
    holders = [Holder(IMAGE, "kubectl-edit"), Holder(IMAGE, "argocd-controller")]
    for order in (holders, holders[::-1]):
        (held,) = ConflictPolicy().judge(REF, order)
        assert (held.manager, held.verdict) == ("argocd-controller", Verdict.REFUSE)


def test_only_what_is_known_to_be_a_controllers_is_left_without_a_word():
    """What a rule leaves to somebody is told, and so is what stands in the way."""
    rules = ConflictPolicy((Contest(Verdict.YIELD, "stranger"),))
    fields = [Holder("a", "stranger"), Holder(".spec.replicas", "keda"), Holder("c", "other")]
    assert [each.told for each in rules.judge(REF, fields)] == [True, False, True]


def test_refusals_are_grouped_by_holder_with_the_options_that_take_them():
    """The first fields of each are named, the others counted."""
    fields = [Holder(f".data.k{n}", "argocd-controller") for n in range(5)]
    found = refused({REF: ConflictPolicy().judge(REF, [*fields, Holder(".data.x", "some one")])})
    assert str(found).splitlines() == [
        "fields are held by others:",
        *(f"  {REF}: .data.k{n}: held by argocd-controller (Argo CD)" for n in range(3)),
        "  and 2 more fields held by argocd-controller (Argo CD)",
        f"  {REF}: .data.x: held by some one",
    ]
    assert found.hint.startswith("--take-over argocd-controller --take-over 'some one' takes them")
    assert refused({REF: ConflictPolicy().judge(REF, [Holder(".a", "kubectl-edit")])}) is None


def test_paths_are_spelled_as_the_server_does():
    """Names are not quoted, what selects an element is."""
    assert spelled("spec.template.spec.containers[name=main].image") == IMAGE
    assert spelled('metadata.annotations["a.b/c"]') == ".metadata.annotations.a.b/c"
