"""Older answers are known as such, where versions can be compared at all."""

import pytest

from stackctl.api.http.newest import Newest, ResourcePlace, place_of, version_in

CONFIGS = "/api/v1/namespaces/ml/configmaps"


def seen(path: str) -> ResourcePlace:
    place = place_of(path)
    assert place is not None
    return place


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/api/v1/namespaces", ResourcePlace(("", "namespaces"), "", "")),
        ("/api/v1/namespaces/ml", ResourcePlace(("", "namespaces"), "", "ml")),
        (CONFIGS, ResourcePlace(("", "configmaps"), "ml", "")),
        (f"{CONFIGS}/a", ResourcePlace(("", "configmaps"), "ml", "a")),
        ("/apis/apps/v1/deployments", ResourcePlace(("apps", "deployments"), "", "")),
        (
            "/apis/apps/v1/namespaces/ml/deployments/d",
            ResourcePlace(("apps", "deployments"), "ml", "d"),
        ),
    ],
)
def test_a_path_says_what_its_versions_are_of(path, place):
    """In whichever version of its API."""
    assert place_of(path) == place


@pytest.mark.parametrize(
    "path", ["/version", "/api", "/apis", "/api/v1/namespaces/ml/pods/p/log", "/api/v1/nodes/n/x"]
)
def test_what_is_no_object_has_no_version(path):
    """Logs, subresources and discovery."""
    assert place_of(path) is None


def test_an_object_is_never_older_than_it_was():
    """Neither than it was itself, nor than in a list."""
    newest = Newest()
    newest.note(seen(f"{CONFIGS}/a"), {"metadata": {"resourceVersion": "70"}})
    assert newest.known(seen(f"{CONFIGS}/a")) == 70
    assert newest.known(seen(f"{CONFIGS}/b")) == 0
    item = {"metadata": {"name": "b", "namespace": "ml", "resourceVersion": "50"}}
    newest.note(seen(CONFIGS), {"metadata": {"resourceVersion": "90"}, "items": [item]})
    assert newest.known(seen(f"{CONFIGS}/b")) == 50
    newest.note(seen(f"{CONFIGS}/a"), {"metadata": {"resourceVersion": "60"}})
    assert newest.known(seen(f"{CONFIGS}/a")) == 70


def test_a_list_is_never_older_than_what_is_in_it():
    """Nor than a list of the same kind elsewhere; other kinds are not compared."""
    newest = Newest()
    newest.note(seen(f"{CONFIGS}/a"), {"metadata": {"resourceVersion": "70"}})
    assert newest.known(seen("/api/v1/configmaps")) == 70
    assert newest.known(seen("/api/v1/secrets")) == 0


@pytest.mark.parametrize("version", [None, "", "abc", "-1", "1.5", "10/20", "٣", "9" * 400])
def test_what_is_no_number_is_not_compared(version):
    """Aggregated APIs may count in other ways."""
    assert version_in({"metadata": {"resourceVersion": version}}) == 0


@pytest.mark.parametrize("document", [None, [], "x", {"metadata": 5}, {"items": [5]}])
def test_an_answer_of_another_shape_is_no_matter(document):
    """It is for whoever asked to make something of it."""
    Newest().note(seen(CONFIGS), document)
    assert version_in(document) == 0
