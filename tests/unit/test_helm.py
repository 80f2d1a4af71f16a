"""What is said about Helm's releases: what they keep, and what they are no more."""

from typing import Any

from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.plan.helm import HelmRelease, by_release, farewells, forgotten, losing
from stackctl.model.plan.plan import Action, Change

OURS, OTHER = Ref("", "ConfigMap", "n", "ours"), Ref("", "ConfigMap", "n", "other")
RELEASE = HelmRelease("n", "r")


def signed(name: str = "r", namespace: str | None = "n") -> Manifest:
    notes = {"meta.helm.sh/release-name": name}
    if namespace is not None:
        notes["meta.helm.sh/release-namespace"] = namespace
    return {"metadata": {"annotations": notes}}


def adoption(live: Manifest, ref: Ref = OURS) -> Change:
    return Change(ref, "a", Action.ADOPT, live=live)


def record(revision: int, status: str, name: str = "r") -> tuple[Ref, Manifest]:
    labels = {"owner": "helm", "name": name, "version": str(revision), "status": status}
    ref = Ref("", "Secret", "n", f"sh.helm.release.v1.{name}.v{revision}")
    return ref, {"metadata": {"labels": labels}}


def test_objects_are_found_by_the_release_that_signed_them():
    """What nobody signed is no release's; one without a namespace is in the default one."""
    found = by_release({OURS: signed(), OTHER: signed(), Ref("", "Secret", "", "x"): {}})
    assert found == {RELEASE: (OURS, OTHER)}
    assert list(by_release({OURS: signed(namespace=None)})) == [HelmRelease("default", "r")]


def test_only_an_adoption_takes_from_helm():
    """An update of what is ours already says nothing about Helm."""
    update = Change(OURS, "a", Action.UPDATE, live=signed())
    assert losing([update, adoption({"metadata": {}})]) == ()
    assert losing([adoption(signed()), adoption(signed(), OTHER)]) == (RELEASE,)


def test_what_the_component_does_not_have_is_named():
    """It stays with a release that has lost the rest; a few are named, the others counted."""
    rest = [Ref("", "ConfigMap", "n", f"c{number}") for number in range(7)]
    kept, forget = farewells([adoption(signed())], {RELEASE: (OURS, *rest)})
    assert "release n/r keeps what the component does not have: ConfigMap/n/c0, " in kept
    assert kept.endswith("ConfigMap/n/c4 and 2 more")
    assert forget.endswith("kubectl delete secret,configmap -n n -l owner=helm,name=r")


def test_a_release_that_is_taken_over_whole_has_nothing_to_keep():
    """Only its record is left to be forgotten."""
    (forget,) = farewells([adoption(signed())], {RELEASE: (OURS,)})
    assert "still lists its release n/r" in forget


def test_a_record_without_anything_is_named_by_its_latest_revision():
    """Revisions are numbers: ten comes after nine."""
    records = dict([record(9, "superseded"), record(10, "deployed")])
    (kept,) = forgotten(records, {})
    assert kept.ref.name == "sh.helm.release.v1.r.v10"
    assert "of which nothing is left" in kept.why


def test_other_records_are_nobodys_business():
    """Of a release that has objects, or was uninstalled with its history kept."""
    everything: dict[Ref, Any] = dict(
        [record(1, "deployed"), record(1, "superseded", "gone"), record(2, "uninstalled", "gone")]
    )
    assert list(forgotten(everything, {RELEASE: (OURS,)})) == []
