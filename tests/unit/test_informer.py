"""How a store is kept up to date, by whichever way we are allowed."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from stackctl.api.discovery import ApiResource
from stackctl.api.informer import Informer
from stackctl.api.listing import Listing
from stackctl.api.store import ObjectStore
from stackctl.api.watching import LISTED, Known, WatchEvent
from stackctl.errors import AccessDenied, Unreachable
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.run.events import Event, Notice

CONFIGS = ApiResource("", "v1", "ConfigMap", "configmaps", namespaced=True)
SECONDS = 20.0


def config(name: str, version: str = "1") -> Manifest:
    metadata = {"name": name, "namespace": "ml", "uid": name, "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


def ref(name: str, namespace: str = "ml") -> Ref:
    return Ref("", "ConfigMap", namespace, name)


class Script:
    """A client that plays what it is told, for each path, and writes down what it is asked."""

    def __init__(self, stop: threading.Event, **ways: dict[str, list[Any]]) -> None:
        self.stop, self.ways = stop, ways
        self.asked: list[str] = []

    def follow(self, path: str, *, known: Known, **_: Any) -> Iterator[WatchEvent]:
        """Play lists and failures, then wait for the stop."""
        for step in self._next("follow", path):
            if isinstance(step, Exception):
                raise step
            yield from known.compare(step)
            yield LISTED
        self.stop.wait(SECONDS)

    def list(self, path: str, **_: Any) -> Any:
        """Play a list."""
        return self._next("list", path)

    def get(self, path: str) -> Any:
        """Play an object."""
        return self._next("get", path)

    def _next(self, way: str, path: str) -> Any:
        self.asked.append(f"{way} {path}")
        plays = self.ways.get(way, {}).get(path)
        if plays is None:
            raise AccessDenied(f"{way} {path}")
        return plays.pop(0) if len(plays) > 1 else plays[0]


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    made = threading.Event()
    yield made
    made.set()


def inform(script: Script, *names: Ref, told: list[Event] | None = None) -> Informer:
    informer = Informer(
        script,  # type: ignore[arg-type]
        CONFIGS,
        ObjectStore(),
        script.stop,
        names=frozenset(names),
        notify=(told if told is not None else []).append,
    )
    informer.start()
    return informer


def settle(informer: Informer, names: set[str]) -> None:
    """Return when all is listed and these are the objects in the store."""
    with informer.store.waking(lambda _: True) as wakeup:
        for _ in range(1000):
            there = {each["metadata"]["name"] for each in informer.store.of_kind("", "ConfigMap")}
            if informer.listed and there == names:
                return
            wakeup.wait(0.02, informer.stop)
    pytest.fail(f"{there} instead of {names}")


def test_what_went_away_while_nobody_could_look_is_gone(stop):
    """After a failure the new list is compared with what was known before it."""
    before, after = Listing((config("a"), config("b")), "1"), Listing((config("b"),), "2")
    plays = [[before, Unreachable("cut")], [after]]
    informer = inform(Script(stop, follow={"/api/v1/configmaps": plays}))
    settle(informer, {"b"})
    assert informer.trouble is None


def test_where_watching_is_denied_the_list_is_asked_for(stop):
    """The way that takes fewer rights is told about, and what it shows is the same."""
    told: list[Event] = []
    listing = Listing((config("a"),), "1")
    script = Script(stop, list={"/api/v1/configmaps": [listing]})
    settle(inform(script, told=told), {"a"})
    (notice,) = told
    assert isinstance(notice, Notice)
    assert notice.text == "follow /api/v1/configmaps; asking every 2s instead"


def test_where_listing_everywhere_is_denied_each_namespace_is_asked(stop):
    """The namespaces of the names are followed, that of a name that comes later too."""
    path = "/api/v1/namespaces/{}/configmaps"
    one, two = Listing((config("a"),), "1"), Listing((), "1")
    script = Script(stop, follow={path.format("ml"): [[one]], path.format("other"): [[two]]})
    informer = inform(script, ref("a"))
    settle(informer, {"a"})
    informer.ask_for([ref("b", "other")])
    settle(informer, {"a"})
    informer.check()
    assert script.asked == [
        "follow /api/v1/configmaps",
        f"follow {path.format('ml')}",
        f"follow {path.format('other')}",
    ]


def test_where_nothing_may_be_listed_objects_are_read_by_name(stop):
    """What is read is kept, what is not there is not, and nothing else is asked for."""
    path = "/api/v1/namespaces/ml/configmaps"
    script = Script(stop, get={f"{path}/a": [config("a")], f"{path}/b": [None]})
    settle(inform(script, ref("a"), ref("b")), {"a"})
    assert script.asked[:3] == [
        "follow /api/v1/configmaps",
        f"follow {path}",
        f"list {path}",
    ]


def test_without_any_right_it_says_so(stop):
    """The last refusal is what is raised, at once and every time."""
    informer = inform(Script(stop), ref("a"))
    with informer.store.waking(lambda _: True) as wakeup:
        while informer.ended is None:
            wakeup.wait(0.05, stop)
    for _ in range(2):
        with pytest.raises(AccessDenied, match="get /api/v1/namespaces/ml/configmaps/a"):
            informer.check()
