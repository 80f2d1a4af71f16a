"""What every reader is fed that no file should hold, drawn and remembered.

A reader takes a value or refuses it by the error that is its own; anything else ends with the input
that did it. Inputs are drawn the same way every time, as many as are asked for; those that ever
ended otherwise stand as examples, which are always among them. The unit tests draw a few. This
draws many, in a process of its own, which may take a bounded memory:

    python -m tests.fuzz.readers READER
"""

import json
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stackctl.api.access.access import ExecPlugin
from stackctl.api.access.credentials import Credentials
from stackctl.api.access.kubeconfig import find_access
from stackctl.api.access.plugin import read_credential
from stackctl.api.discovery import read_aggregated, read_resource_list
from stackctl.api.http import answers
from stackctl.api.http.refusals import Intent, error_for, read_refusal
from stackctl.api.http.transport import open_pool
from stackctl.cli import EXIT_CODES, run
from stackctl.errors import ClusterError, ConfigError, ReleaseError
from stackctl.model.catalogue.component import Parameter, ParameterType
from stackctl.model.catalogue.parameters import checked, parsed
from stackctl.model.catalogue.profile import GpuNeeds, Needs
from stackctl.model.compose.bundle import from_plain, to_plain
from stackctl.model.compose.embedded import Tree, formats
from stackctl.model.objects import paths
from stackctl.model.objects.quantities import amount, seconds
from stackctl.model.objects.refs import Ref
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action
from stackctl.model.plan.plan_file import Base, Planned, Recipe, SavedPlan
from stackctl.model.plan.plan_file import to_plain as plan_to_plain
from stackctl.model.readiness.readiness import assess
from stackctl.model.release.release import (
    Entry,
    Release,
    ReleaseStatus,
    decode,
    encode,
    pack,
    unpack,
)
from stackctl.model.shapes import json_text
from stackctl.model.shapes.patterns import PatternError, matches
from stackctl.sources import yaml
from stackctl.sources.components import YAML
from stackctl.sources.planfile import read_plan
from tests import recipes
from tests.fuzz.mutations import DEEP, mutations, nodes, replaced, texts
from tests.recipes import RECIPE, write_files
from tests.unit import fake

RICH = Path(__file__).parent / "rich"
MEMORY = 1 << 30  # bytes
SECONDS = 3  # of the processor, for one input; most take milliseconds
DOCUMENTED = {code for code, _ in EXIT_CODES} - {70}
MANY = 400  # inputs for each reader


def drawn(count: int) -> settings:
    """Draw as many inputs, the same ones every time."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


class Stuck(BaseException):
    """An input took too long."""


@contextmanager
def bounded() -> Iterator[None]:
    """End what takes too long; no handler of the program's own may take that for a failure."""

    def stop(*_: object) -> None:
        raise Stuck

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def refuses(read: Callable[[], object], *errors: type[Exception]) -> None:
    """Let a reader take a value, or refuse it by an error of its own."""
    with bounded(), suppress(*errors):
        read()


# files of catalogues, by the command that reads them all


def documents(path: Path) -> list[Any]:
    """Read a file of the catalogue that has everything."""
    return [each.value for each in yaml.load_all(path.read_bytes())]


FILES = {str(path.relative_to(RICH)): documents(path) for path in sorted(RICH.rglob("*.yaml"))}
MUTATIONS = {name: mutations(found) for name, found in FILES.items()}
FILES_BY_NODES = [name for name, found in FILES.items() for _ in nodes(found)]


def as_yaml(found: Any) -> str:
    """Write documents in the one form that holds any value: numbers of any length as well."""
    if not isinstance(found, list):
        return as_json(found)
    return "\n---\n".join(as_json(each) for each in found)


def as_json(value: Any) -> str:
    """Write JSON, numbers without end included."""
    sys.set_int_max_str_digits(0)
    try:
        return json.dumps(value)
    finally:
        sys.set_int_max_str_digits(4300)


def rendered(folder: Path, name: str, content: bytes, *more: str) -> tuple[int, str]:
    """Render the stack of the catalogue with one file replaced; return exit code and stderr."""
    with instead(folder / name, content):
        return ended("render", "-f", str(folder / "stack.yaml"), *more)


@contextmanager
def instead(file: Path, content: bytes) -> Iterator[None]:
    """Let a file hold something else for a while."""
    before = file.read_bytes()
    file.write_bytes(content)
    try:
        yield
    finally:
        file.write_bytes(before)


def ended(*arguments: str) -> tuple[int, str]:
    """Run a command; return exit code and stderr."""
    out, err = StringIO(), StringIO()
    with bounded(), redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    return code, err.getvalue()


def taken(*arguments: str) -> bool:
    """Tell whether a command took its input; what it refuses, it refuses as documented."""
    code, said = ended(*arguments)
    assert code in {0, 1, 3, 4, 7}, (arguments, said)
    return code in {0, 1}


@st.composite
def changed_files(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a file of the catalogue with one node changed."""
    name = draw(st.sampled_from(FILES_BY_NODES))
    return name, as_yaml(draw(MUTATIONS[name]))


def changed(name: str, *path: str | int, to: Any) -> tuple[str, str]:
    """Write a file of the catalogue with one node changed, as one that was found did."""
    return name, as_yaml(replaced(FILES[name], path, to))


WORKLOADS, BASIC = "manifests/all/base/workloads.yaml", "manifests/all/base/basic.yaml"
EXTENDING = "manifests/all/base/extending.yaml"
CHOICE = (0, "spec", "components", "all")
CONTAINER = (0, "spec", "template", "spec", "containers", 0)


def catalogue(count: int, folder: Path) -> None:
    """Profiles, components, stack files, manifests, patches: exit 0, or 3 or 4 with the file."""

    @drawn(max(1, count // 4))
    @given(changed_files(), st.booleans())
    @example(changed(WORKLOADS, *CONTAINER, "args", to=["--port", 8080]), False)
    @example(changed(WORKLOADS, *CONTAINER, "env", to={"WAIT": "5s"}), False)
    @example(changed(WORKLOADS, *CONTAINER, "ports", to=[80]), False)
    @example(changed(WORKLOADS, *CONTAINER, "resources", "limits", to="2Gi"), False)
    @example(changed(WORKLOADS, *CONTAINER, "image", to=1.36), False)
    @example(changed(WORKLOADS, *CONTAINER, to=None), False)
    @example(changed(WORKLOADS, 0, "metadata", "labels", to=["app"]), True)
    @example(changed(BASIC, 2, "data", to="hello"), False)
    @example(changed(EXTENDING, 0, "spec", to={}), False)
    @example(changed(EXTENDING, 1, "webhooks", 0, "namespaceSelector", to={"x": None}), True)
    @example(changed("profiles/all.yaml", *CHOICE, "version", to=10**400), False)
    @example(changed("stack.yaml", *CHOICE, "patches", 0, "data", to=[]), False)
    def one(file: tuple[str, str], moved: bool) -> None:
        name, text = file
        more = ["--set", "all.namespace=other"] if moved else []
        code, said = rendered(copy, name, text.encode(errors="surrogatepass"), *more)
        assert code in {0, 3, 4, 7}, said
        if code in {3, 4} and "\n" not in said.strip():
            assert ".yaml" in said or "all" in said, said

    with shipped(folder) as copy:
        one()


@contextmanager
def shipped(folder: Path) -> Iterator[Path]:
    """Let a copy of the catalogue that has everything be the one that is shipped."""
    copy = folder / "rich"
    shutil.copytree(RICH, copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STACKCTL_SHIPPED_CATALOG", str(copy))
        yield copy


def looked_over(count: int, folder: Path) -> None:
    """`component lint`, of whatever is in a catalogue: exit 0 or 1, or 3 or 4 with the file."""

    @drawn(max(1, count // 4))
    @given(changed_files())
    def one(file: tuple[str, str]) -> None:
        name, text = file
        with instead(copy / name, text.encode(errors="surrogatepass")):
            taken("component", "lint", "all", "--no-schemas")

    with shipped(folder) as copy:
        one()


MANIFESTS = [name for name in FILES_BY_NODES if "/base/" in name]


@st.composite
def changed_manifests(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a file of manifests with one node changed, or with anything in it."""
    name = draw(st.sampled_from(MANIFESTS))
    return name, draw(MUTATIONS[name].map(as_yaml) | texts())


def new_components(count: int, folder: Path) -> None:
    """`component new --from` a file or its folder: what it writes can be read and looked over."""
    catalog = folder / "catalog"

    @drawn(max(1, count // 4))
    @given(changed_manifests(), st.booleans())
    def one(file: tuple[str, str], whole: bool) -> None:
        shutil.rmtree(catalog, ignore_errors=True)
        name, text = file
        path = copy / name
        origin, to = path.parent if whole else path, ("--catalog", str(catalog))
        with instead(path, text.encode(errors="surrogatepass")):
            made = taken("component", "new", "shop", "--from", str(origin), *to)
        if made:
            assert taken("component", "lint", "shop", "--no-schemas", *to)

    with shipped(folder) as copy:
        one()


def locks(count: int, folder: Path) -> None:
    """Lock files, as `outdated` and `lock` read them."""

    @drawn(max(1, count // 4))
    @given(st.deferred(lambda: mutations(written)).map(as_yaml) | texts())
    def one(text: str) -> None:
        with instead(lock, text.encode(errors="surrogatepass")):
            taken("outdated", "--offline", *stack)
            taken("lock", *stack)

    with shipped(folder) as copy:
        stack, lock = ("-f", str(copy / "stack.yaml")), copy / "stack.lock.yaml"
        assert taken("lock", *stack)
        written = documents(lock)
        one()


# recipes of others, and the files that they name

RECIPES: dict[str, str] = {"recipe.yaml": RECIPE, **recipes.FILES, **recipes.LAYERS}
PLAIN = [name for name in RECIPES if "made" not in name]
READ_AS = {name: [each.value for each in yaml.load_all(RECIPES[name])] for name in PLAIN}
PLAIN_BY_NODES = [name for name in PLAIN for _ in nodes(READ_AS[name])]


@st.composite
def changed_recipes(draw: st.DrawFn) -> tuple[str, str]:
    """Draw a recipe, or a file that one names, with one node changed or with anything in it."""
    name = draw(st.sampled_from(PLAIN_BY_NODES))
    return name, draw(mutations(READ_AS[name]).map(as_yaml) | texts())


def imported(count: int, folder: Path) -> None:
    """`profile import`: what it writes is a catalogue that can be read."""
    catalog = folder / "catalog"
    write_files(folder, RECIPES)

    @drawn(max(1, count // 4))
    @given(changed_recipes())
    @example(("recipe.yaml", RECIPE.replace("lift]", r'"\e[2J\Lspec: 1"]')))
    def one(file: tuple[str, str]) -> None:
        name, text = file
        shutil.rmtree(catalog, ignore_errors=True)
        asked = "overlays/lab-training.yaml" if name in recipes.LAYERS else "recipe.yaml"
        with instead(folder / name, text.encode(errors="surrogatepass")):
            made = taken("profile", "import", str(folder / asked), "--catalog", str(catalog))
        if made:
            assert taken("profiles", "--catalog", str(catalog))

    one()


def settings_typed(count: int, folder: Path) -> None:
    """`--set` and the values of parameters, whatever their type."""
    kinds = st.sampled_from(list(ParameterType))
    bounds = st.sampled_from([(None, None), (1, 5), (-1e308, 1e308)])
    patterns = st.sampled_from(["", "[a-z]+", "(a+)+$", "(a|a)*b", "(x*)*y"])

    @drawn(count)
    @given(kinds, bounds, patterns, texts())
    @example(ParameterType.INTEGER, (1, 5), "", "9" * 400)
    @example(ParameterType.LIST, (None, None), "", DEEP)
    @example(ParameterType.MAP, (None, None), "", '{"a": ' * 3000)
    @example(ParameterType.STRING, (None, None), "(a+)+$", "a" * 40 + "b")
    @example(ParameterType.QUANTITY, (1, 5), "", "9" * 400 + "Gi")
    @example(ParameterType.DURATION, (1, 5), "", "9" * 400 + "h")
    def one(kind: ParameterType, bounds: Any, pattern: str, text: str) -> None:
        least, most = bounds
        parameter = Parameter(kind, "d", minimum=least, maximum=most, pattern=pattern)
        refuses(lambda: _taken(parameter, text), ValueError)

    one()


def _taken(parameter: Parameter, text: str) -> None:
    value = parsed(parameter, text)
    if value is not None:
        json.dumps(checked(parameter, value))


def scalars(count: int, folder: Path) -> None:
    """Quantities, durations, paths and patterns."""

    @drawn(count)
    @given(texts())
    @example("1" * 5000)
    @example("a" + ".a" * 3000)
    @example("[" + "9" * 5000 + "]")
    @example("(" * 3000)
    @example("(((a{1000}){1000}){1000})")
    def one(text: str) -> None:
        for read in (amount, seconds, paths.parse):
            refuses(partial(read, text), ValueError)
        refuses(lambda: matches(text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), PatternError)

    one()


def trees(count: int, folder: Path) -> None:
    """YAML, JSON and the documents that ConfigMaps keep."""
    known = formats(YAML)
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )

    @drawn(count)
    @given(texts() | st.binary().map(lambda content: content.decode(errors="replace")))
    @example(DEEP)
    @example("a: " * 3000)
    @example(bomb)
    @example("a: &a " + "x" * 10_000 + "\nb: [" + "*a, " * 60_000 + "]")
    @example("a: " + "9" * 5000)
    @example("? [" * 3000)
    @example('"\\ud800"')
    @example("key" + " " * 30_000 + "x" + " " * 30_000 + "y")
    def one(text: str) -> None:
        refuses(lambda: json.dumps(yaml.load_all(text)).encode(), ConfigError)
        refuses(lambda: json.dumps(json_text.read(text), allow_nan=False).encode(), ValueError)
        for format_ in known.values():
            refuses(partial(format_.read, text, "a.b"), ValueError, ConfigError)
            if not isinstance(format_, Tree):
                refuses(partial(format_.write, text, "a.b", "x"), ValueError)

    one()


def plans(count: int, folder: Path) -> None:
    """Plan files: one error, which names the file."""
    path = folder / "plan.json"
    valid = plan_to_plain(a_plan())

    @drawn(count)
    @given(mutations(valid).map(as_json) | texts())
    @example("[" * 100_000)
    @example("null")
    @example(as_json(valid | {"changes": [{}]}))
    @example(as_json(valid | {"revision": 10**400}))
    @example(as_json(valid | {"changes": [{"object": "a", "component": "c", "action": "x"}]}))
    def one(text: str) -> None:
        path.write_bytes(text.encode(errors="surrogatepass"))
        refuses(lambda: plan_to_plain(read_plan(path)), ConfigError)

    one()


def a_plan() -> SavedPlan:
    """Write a plan as a dry run would."""
    changes = {
        Ref("apps", "Deployment", "ml", "a"): Planned("a", Action.UPDATE, "d", "u", "l", "x"),
        Ref("", "Namespace", "", "ml"): Planned("a", Action.CREATE, "d", "", "", ""),
    }
    base = Base("uid", StackId("s"), 1, "digest")
    recipe = Recipe("/s.yaml", "s", "ns", ("/catalog",), {"a.b": "c"}, ("helm",))
    return SavedPlan(base, "gpu8", "context", "deploy", "1.0", changes, recipe)


def a_release() -> Release:
    """Write a release as a deploy would."""
    entry = Entry(Ref("apps", "Deployment", "ml", "a"), "a", "v1", "u", "m", "o", created=True)
    return Release(
        stack=StackId("s"),
        revision=1,
        status=ReleaseStatus.DEPLOYED,
        profile="gpu8",
        bundle="digest",
        cluster="uid",
        by="me@here",
        tool="1.0",
        begun="2026-01-01T00:00:00Z",
        sets={"a.b": "c"},
        components={"a": "1"},
        shards={"a": "digest"},
        requires=Needs(">=1.30", GpuNeeds(1, 8)),
        inventory=(entry,),
    )


KUBECONFIG: Any = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "a",
    "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a", "namespace": "n"}}],
    "clusters": [
        {
            "name": "a",
            "cluster": {
                "server": "https://127.0.0.1:1",
                "proxy-url": "http://127.0.0.1:2",
                "tls-server-name": "a.example.com",
                "insecure-skip-tls-verify": "true",
                "certificate-authority": "/nonexistent",
                "disable-compression": "false",
                "extensions": [{"name": "x", "extension": {}}],
            },
        }
    ],
    "users": [
        {
            "name": "a",
            "user": {
                "token": "t",
                "username": "u",
                "password": "p",
                "as": "b",
                "as-uid": "1",
                "as-groups": ["g"],
                "as-user-extra": {"k": ["v"]},
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "/nonexistent/plugin",
                    "args": ["get", "token"],
                    "env": [{"name": "A", "value": "b"}],
                    "interactiveMode": "Never",
                    "provideClusterInfo": "false",
                },
            },
        }
    ],
}
CLUSTER = ("clusters", 0, "cluster")
ADDRESSES = (
    "https://a:99999", "https://[::1", "https://::1:6443", "https://a b", "https://ä:1",
    "https://:1", "https://a:abc", "127.0.0.1:3128", "http://me:pass/word@127.0.0.1:3128",
    "ftp://127.0.0.1:21", "https://a:1 ", "nonsense", "https://a\n:1", "https://..:1", "https://a:0",
)  # fmt: skip


def kubeconfigs(count: int, folder: Path) -> None:
    """Kubeconfigs: an access that connections can be made with, or one error."""
    path = folder / "config"
    addresses = st.sampled_from(ADDRESSES)
    fields = st.sampled_from(["server", "proxy-url", "tls-server-name"])
    odd = st.builds(
        lambda field, text: replaced(KUBECONFIG, (*CLUSTER, field), text), fields, addresses
    )

    @drawn(count)
    @given((mutations(KUBECONFIG) | odd).map(as_json) | texts())
    @example(as_json(replaced(KUBECONFIG, ("users", 0, "user", "exec", "args", 0), "\0")))
    @example(as_json(replaced(KUBECONFIG, ("users", 0, "user", "exec", "env", 0, "name"), "")))
    @example(DEEP)
    def one(text: str) -> None:
        path.write_bytes(text.encode(errors="surrogatepass"))
        refuses(lambda: _reach(path), ClusterError)

    one()


def _reach(path: Path) -> None:
    """Do all that is done before the first request leaves."""
    access = find_access(kubeconfig=str(path), context=None, env={"HTTPS_PROXY": ""})
    open_pool(access, None).close()
    Credentials(access, env={}).identity()


OBJECTS = {
    "deployment": ("apps/v1", "Deployment"),
    "pod": ("v1", "Pod"),
    "job": ("batch/v1", "Job"),
    "custom": ("example.com/v1", "Thing"),
    "spark": ("sparkoperator.k8s.io/v1beta2", "SparkApplication"),
}


def live(api: str, kind: str) -> Any:
    """Write an object as an API server would answer with it."""
    container = {
        "name": "main",
        "ready": False,
        "restartCount": 3,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "m"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "m"}},
    }
    template = next(
        (each for each in FILES[WORKLOADS] if each["kind"] == kind), {"spec": {"size": 1}}
    )
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {
            "name": "a",
            "namespace": "n",
            "uid": "u",
            "resourceVersion": "1",
            "generation": 2,
            "labels": {"a": "b"},
            "annotations": {"a": "b"},
            "managedFields": [
                {"manager": "m", "operation": "Apply", "fieldsV1": {"f:spec": {}}, "time": "t"}
            ],
        },
        "spec": template["spec"],
        "status": {
            "observedGeneration": 2,
            "replicas": 1,
            "conditions": [{"type": "Ready", "status": "False", "reason": "r", "message": "m"}],
            "phase": "Running",
            "containerStatuses": [container],
            "applicationState": {"state": "RUNNING"},
        },
    }


AGGREGATED: Any = {
    "kind": "APIGroupDiscoveryList",
    "items": [
        {
            "metadata": {"name": "apps"},
            "versions": [
                {
                    "version": "v1",
                    "freshness": "Current",
                    "resources": [
                        {
                            "resource": "deployments",
                            "scope": "Namespaced",
                            "responseKind": {"kind": "Deployment"},
                            "verbs": ["get"],
                            "subresources": [{"subresource": "status"}],
                        }
                    ],
                }
            ],
        }
    ],
}
RESOURCES: Any = {
    "groupVersion": "apps/v1",
    "resources": [{"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": []}],
}
STATUS: Any = {
    "kind": "Status",
    "code": 409,
    "reason": "Conflict",
    "message": "m",
    "details": {
        "kind": "deployments",
        "retryAfterSeconds": 1,
        "causes": [
            {"reason": "FieldManagerConflict", "message": 'conflict with "m"', "field": "f"}
        ],
    },
}


def api_answers(count: int, folder: Path) -> None:
    """Answers of another shape are refused, and what is let through can be read."""
    shown = st.one_of(*(mutations(live(*kind)) for kind in OBJECTS.values()))

    @drawn(count)
    @given(shown)
    def objects(document: Any) -> None:
        refuses(lambda: _judged(document), ClusterError)

    @drawn(max(1, count // 4))
    @given(mutations(AGGREGATED), mutations(RESOURCES), mutations(STATUS).map(as_json) | texts())
    def others(aggregated: Any, resources: Any, status: str) -> None:
        with bounded():
            if not answers.served(aggregated) and answers.is_aggregated(aggregated):
                read_aggregated(aggregated)
            if not answers.resources_of_version(resources):
                list(read_resource_list(resources))
            refusal = read_refusal(409, {}, status.encode(errors="surrogatepass"))
            str(error_for(refusal, Intent("apply", "x", "s")))

    objects()
    others()


def _judged(document: Any) -> None:
    answers.require(document, answers.an_object, "server", "read x")
    assess(document)


def credentials(count: int, folder: Path) -> None:
    """What a credential plugin prints."""
    plugin = ExecPlugin("client.authentication.k8s.io/v1", "plugin")
    valid = {
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "status": {"token": "t", "expirationTimestamp": "2030-01-01T00:00:00Z"},
    }

    @drawn(count)
    @given(mutations(valid).map(as_json) | texts())
    @example(as_json(replaced(valid, ("status", "expirationTimestamp"), "0001-01-01T00:00:00")))
    @example(as_json(replaced(valid, ("status", "token"), "a" * 100_000)))
    def one(text: str) -> None:
        content = text.encode(errors="surrogatepass")
        refuses(lambda: read_credential(plugin, content), ClusterError)

    one()


def records(count: int, folder: Path) -> None:
    """What is recorded in the cluster, where others may write."""
    index = unpack(encode(a_release()))
    part = to_plain(fake.rendered("large").components[0])

    @drawn(count)
    @given(mutations(index), mutations(part), st.binary())
    @example(index | {"shards": None}, part, b"")
    def one(changed_index: Any, changed_part: Any, content: bytes) -> None:
        refuses(lambda: decode(pack(changed_index)), ReleaseError)
        refuses(lambda: from_plain(changed_part).digest, ValueError)
        refuses(lambda: decode(content), ReleaseError)

    one()


READERS: dict[str, Callable[[int, Path], None]] = {
    each.__name__: each
    for each in (
        catalogue,
        looked_over,
        new_components,
        locks,
        imported,
        settings_typed,
        scalars,
        trees,
        plans,
        kubeconfigs,
        api_answers,
        credentials,
        records,
    )
}

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with TemporaryDirectory() as place:
        READERS[sys.argv[1]](MANY, Path(place))
