"""Nothing secret comes out of any command, in any format: markers planted, then looked for."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from stackctl.errors import Rejected
from tests.cli import planted
from tests.cli.conftest import Answer, Cli
from tests.cli.planted import MARKERS, NAMESPACE, REVEALING, Watch

pytestmark = pytest.mark.timeout(600)

PLANTED = frozenset(
    {"catalogue", "broken", "stack.yaml", "kubeconfigs", "plugin", "charts", "recipes"}
)
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/vault"
MADE = f"/api/v1/namespaces/{NAMESPACE}/secrets/made"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/vault"
SETS = [
    f"--set=vault.{name}={MARKERS[marker]}"
    for name, marker in (
        ("bound", "set-bound"),
        ("marked", "set-marked"),
        ("field", "set-field"),
        ("password", "set-word"),
    )
]
MAP = f"--set=vault.map=key={MARKERS['set-map']}"


class Snoop:
    """Runs commands and looks at everything that comes out of them."""

    def __init__(self, cli: Cli, watch: Watch) -> None:
        self.cli = cli
        self.watch = watch
        self.commands = 0
        self.temporary = cli.home / "temporary"
        self.temporary.mkdir()

    def __call__(self, *arguments: str, **environment: str) -> Answer:
        """Run a command; what it says and leaves behind is searched."""
        catalogue = ("--catalog", "catalogue") if arguments[0] in _COMPOSING else ()
        answer = self.cli(
            *arguments,
            *catalogue,
            TMPDIR=str(self.temporary),
            AWS_SECRET_ACCESS_KEY=MARKERS["environment"],
            **environment,
        )
        self.commands += 1
        shown = " ".join(arguments)
        self.watch.look(f"stdout of {shown}", answer.out)
        self.watch.look(f"stderr of {shown}", answer.err)
        assert list(self.temporary.iterdir()) == [], shown
        return answer

    def in_every_format(self, *arguments: str) -> None:
        """Run a command that only looks."""
        for more in (("-o", "json"), ("-o", "yaml"), ("-v", "--debug", "--color", "always")):
            assert self(*arguments, *more).code < 11


_COMPOSING = frozenset(
    {
        *("deploy", "diff", "upgrade", "adopt", "components", "profiles", "render", "export"),
        *("explain", "lock", "outdated", "smoke"),
    }
)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def snoop(cli, watch, tmp_path) -> Snoop:
    """The program, in a folder with everything planted."""
    planted.write_catalogue(tmp_path / "catalogue")
    planted.write_broken_component(tmp_path / "broken")
    planted.write_stack_file(tmp_path / "stack.yaml")
    (tmp_path / "charts").mkdir()
    planted.write_chart(tmp_path / "charts")
    planted.write_recipes(tmp_path / "recipes")
    return Snoop(cli, watch)


@pytest.fixture
def revealing(cli) -> Iterator[None]:
    """An API server that repeats what is in the Secrets it is given."""
    client, discovery = cli.connection.client, cli.connection.discovery
    made = [(discovery.path_of(each), each) for each in planted.policies()]
    for path, each in made:
        client.apply(path, each)
    yield
    for path, _ in made:
        client.delete(path)


def await_policies(cli: Cli) -> None:
    """Policies count from a moment on that nobody tells: asked for until they do."""
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "asked", "namespace": NAMESPACE},
        "stringData": {"refuse": "x"},
    }
    for _ in range(600):
        try:
            cli.connection.client.create(SECRET.rpartition("/")[0], manifest, dry_run=True)
        except Rejected:
            return
        cli.connection.stop.wait(0.1)
    raise AssertionError("the policies never counted")


def change_by_hand(cli: Cli) -> None:
    """Somebody else writes secrets to what is ours, as kubectl and Helm leave copies."""
    client = cli.connection.client
    copy = {"kind": "Secret", "data": {"old": planted.encoded(MARKERS["last-applied"])}}
    annotations = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps(copy),
        "meta.helm.sh/previous": MARKERS["helm-note"],
    }
    secret = {
        "metadata": {"annotations": annotations},
        "stringData": {"text": MARKERS["by-hand"]},
    }
    container = {"name": "vault", "env": [{"name": "MARKED", "value": MARKERS["env-by-hand"]}]}
    pods = {"spec": {"template": {"spec": {"containers": [container]}}}}
    for path, body in ((SECRET, secret), (DEPLOYMENT, pods)):
        client.request(
            "PATCH",
            path,
            query={"fieldManager": "kubectl-edit"},
            body=json.dumps(body).encode(),
            content_type="application/strategic-merge-patch+json",
        )


def report(watch: Watch) -> str:
    return "\n".join(watch.leaks)


def test_a_stack_full_of_secrets_shows_none(snoop, revealing, watch):
    """From the first plan to the teardown, refusals, warnings and other people's changes too."""
    cli, stack = snoop.cli, ("-f", "stack.yaml")
    snoop.in_every_format("deploy", *stack, *SETS, "--dry-run")
    snoop("deploy", *stack, *SETS, "--dry-run", "--plan", "plan.json")
    for format in ("plain", "helm"):
        refused = snoop("export", *stack, *SETS, "--format", format, "exported", "-o", "json")
        assert (refused.code, (cli.home / "exported").exists()) == (4, False), refused.text
    done = snoop("deploy", *stack, *SETS, "--yes", "-o", "json", "--events", "one.ndjson", "-v")
    assert done.code == 0, done.text
    assert json.loads(done.out)["release"]["sets"]["vault.bound"] == "<masked>"
    await_policies(cli)
    for look in ("status", "history", "diff"):
        snoop.in_every_format(look)
    change_by_hand(cli)
    snoop.in_every_format("diff", *stack, *SETS)
    again = f"--set=vault.bound={MARKERS['set-again']}"
    warned = snoop("upgrade", *stack, again, "--yes", "--events", "two.ndjson", "-v")
    assert warned.code == 0, warned.text
    assert "kept from revision 1" in warned.err
    assert REVEALING in warned.err
    live = cli.connection.client.get(SECRET)["data"]
    assert base64.b64decode(live["bound"]).decode() == MARKERS["set-again"]
    snoop.in_every_format("diff", "--revision", "1")
    snoop.in_every_format("diff", *stack, "--against", "release")
    assert snoop("rollback", "1", "--yes", "-o", "yaml", "--events", "three.ndjson").code == 0
    live = cli.connection.client.get(SECRET)["data"]
    assert base64.b64decode(live["bound"]).decode() == MARKERS["set-bound"]

    (cli.home / "stack.yaml").write_text(
        (cli.home / "stack.yaml").read_text().replace("patched:", "refuse:")
    )
    refused = snoop("deploy", *stack, *SETS, "--yes", "--debug", "-o", "json")
    assert (refused.code, REVEALING in refused.err) == (6, True), refused.text
    snoop("deploy", *stack, "--yes", "--events", "four.ndjson")
    for look in ("status", "history"):
        snoop.in_every_format(look)
    watch.look_at_records(cli.connection.client)
    snoop.in_every_format("teardown", "--dry-run")
    assert snoop("teardown", "--yes", "-o", "json", "--events", "five.ndjson").code == 0
    watch.look_at_records(cli.connection.client)
    watch.look_at_files(cli.home, PLANTED)
    assert watch.indexes, "no revision was looked into"
    assert watch.leaks == [], report(watch)


def test_a_stack_full_of_secrets_shows_none_on_other_days(snoop, revealing, watch):
    """By commands that look around, try, change a part of it or mend its record."""
    cli, stack, client = snoop.cli, ("-f", "stack.yaml"), snoop.cli.connection.client
    assert snoop("deploy", *stack, *SETS, "--dry-run", "--plan", "plan.json").code == 0
    planned = ("deploy", "--plan", "plan.json", "--yes", "-v", "--events", "one.ndjson")
    assert snoop(*planned).code == 2  # a plan keeps no secrets
    planned = snoop(*planned, *SETS)
    assert planned.code == 0, planned.text
    made = base64.b64decode(client.get(MADE)["data"]["made"]).decode()
    watch.made["made"] = made
    await_policies(cli)
    for look in (("stacks",), ("credentials",), ("policies",), ("record", "check")):
        for more in (("-o", "json"), ("-v", "--debug")):
            assert snoop(*look, *more).code == 0
    assert made in cli("credentials", "vault").out  # it was asked for
    tried = snoop("smoke", *stack, "--yes", "-v", "--debug", "--events", "two.ndjson")
    assert (tried.code, REVEALING in tried.err) == (0, True), tried.text
    again = f"--set=vault.bound={MARKERS['set-again']}"
    part = snoop("deploy", *stack, again, "--only", "vault", "--yes", "-o", "json")
    assert part.code == 0, part.text
    lose_newest_revision(cli)
    assert snoop("record", "check", "-o", "json").code == 1
    mended = snoop("record", "repair", "--yes", "-v", "--debug")
    assert mended.code == 0, mended.text
    other = ("deploy", *stack, *SETS, "--source", "vault=chart", "--dry-run", "--debug")
    for helm, form, code in (("chatty", "json", 4), ("helm", "table", 0)):
        program = str(cli.home / "charts" / helm)
        answer = snoop(*other, "-o", form, STACKCTL_HELM=program)
        assert answer.code == code, answer.text
    rotated = snoop("credentials", "--rotate", "vault.made", "--yes", "-o", "json")
    assert rotated.code == 0, rotated.text
    watch.look_at_records(client)
    assert snoop("teardown", "--yes", "-v", "--debug").code == 0
    watch.look_at_files(cli.home, PLANTED | {"upstream"})
    cached = Watch(made=watch.made)
    cached.look_at_files(cli.home / ".cache" / "stackctl" / "upstream")
    assert {each.partition(" in ")[0] for each in cached.leaks} == {"chart-data"}  # as charts are
    assert watch.indexes, "no revision was looked into"
    assert watch.leaks == [], report(watch)


def lose_newest_revision(cli: Cli) -> None:
    """Delete the index of the newest revision, as somebody does who tidies up."""
    path = "/api/v1/namespaces/stackctl-system/configmaps"
    found = cli.connection.client.list(path).items
    indexes = [
        each["metadata"]["name"] for each in found if "release" in (each.get("binaryData") or {})
    ]
    cli.connection.client.delete(f"{path}/{max(indexes)}")


def test_what_is_written_for_others_holds_no_secret(snoop, watch):
    """Locks, exports, what is said of components; of a chart beside them and a recipe as well."""
    stack, catalogue = ("-f", "stack.yaml"), ("--catalog", "catalogue")
    for name in ("vault", *(f"vault.{each}" for each in ("bound", "list", "default", "made"))):
        assert snoop("explain", name, *stack, *SETS).code == 0
        assert snoop("explain", name, *stack, *SETS, "-o", "json").code == 0
    for more in (("-o", "json"), ("--debug",)):
        assert snoop("component", "lint", "vault", *catalogue, *more).code == 1
        assert snoop("component", "lint", "broken", "--catalog", "broken", *more).code == 3
    source = ("--from", "catalogue/manifests/vault/base")
    assert snoop("component", "new", "mine", *source, "--catalog", "mine").code == 0
    source = ("--from", "broken/manifests/broken/base")
    assert snoop("component", "new", "other", *source, "--catalog", "mine", "--debug").code == 3
    watch.look_at_files(snoop.cli.home, PLANTED | {"base"})
    for helm, code in (("helm", 1), ("chatty", 4)):
        chart = ("--chart", "charts/chart", "--values", "charts/values.yaml", *catalogue)
        for more in (("-o", "json"), ("-v", "--debug")):
            program = str(snoop.cli.home / "charts" / helm)
            compared = snoop("component", "compare", "vault", *chart, *more, STACKCTL_HELM=program)
            assert compared.code == code, compared.text
    for recipe, code in (("lab", 0), ("wrong", 3)):
        file = f"recipes/{recipe}.yaml"
        imported = snoop("profile", "import", file, "--catalog", recipe, "-o", "json", "--debug")
        assert imported.code == code, imported.text
    for sets in (SETS, []):
        assert snoop("lock", *stack, *sets, "-o", "json").code == 0
        assert snoop("outdated", "--offline", *stack, *sets, "-v").code == 0
    assert watch.leaks == [], report(watch)


@pytest.mark.parametrize("format", ["plain", "kustomize", "helm", "argocd", "flux"])
def test_an_export_holds_the_secrets_that_were_asked_for(snoop, watch, format):
    """Settings in the objects that are named; nothing that is in Secrets."""
    named = ("Deployment/vault/vault", "ConfigMap/vault/vault")
    asked = [f"--with-secret={each}" for each in named]
    where = ("--repository", "ssh://git@example.com/ml") if format in ("argocd", "flux") else ()
    written = snoop("export", "-f", "stack.yaml", *SETS, *asked, "--format", format, *where, "out")
    assert written.code == 0, written.text
    assert watch.leaks == [], report(watch)  # in what it says
    watch.look_at_files(snoop.cli.home / "out")
    leaks = {each.partition(" in ")[0] for each in watch.leaks}
    assert leaks == {"file-argument", "file-list", "default", "set-marked", "set-field", "set-word"}


@pytest.mark.parametrize(
    "wrong",
    [
        ("--set", f"vault.bound: {MARKERS['set-malformed']}"),
        ("--set", f"vault.bound {MARKERS['set-malformed']}"),
        ("--set", f"vault.bound@{MARKERS['set-malformed']}"),
        ("--set", f"={MARKERS['set-malformed']}"),
        ("--set", f"vault.bound.x={MARKERS['set-malformed']}"),
        ("--set", f"vault.number={MARKERS['set-number']}"),
        ("--set", f"vault.map={MARKERS['set-map']}"),
        ("--set", f"vault.list=[{MARKERS['set-malformed']}"),
        ("--set", f"vault.list={MARKERS['set-malformed']},{MARKERS['set-malformed']}"),
        ("--set", f"valt.bound={MARKERS['set-malformed']}"),
        ("--set", f"vault.bond={MARKERS['set-malformed']}"),
    ],
)
def test_a_mistake_does_not_give_a_secret_away(snoop, watch, wrong):
    """What is wrong is named, the value is not."""
    for more in (("-o", "json"), ("--debug",)):
        assert snoop("render", "-f", "stack.yaml", *wrong, *more).code in (2, 3)
    assert watch.leaks == [], report(watch)


def test_a_word_too_many_does_not_give_a_secret_away(snoop, watch):
    """It is taken for another profile than the stack file's, which is refused."""
    typed = ("--set", f"vault.password={MARKERS['set-word']}", MARKERS["set-word"])
    for more in (("-o", "json"), ("--debug",)):
        assert snoop("render", "-f", "stack.yaml", *typed, *more).code == 7
    assert watch.leaks == [], report(watch)


def test_a_secret_in_a_broken_catalogue_is_not_given_away(snoop, watch):
    """What was meant to be a Secret is one for this as well."""
    (snoop.cli.home / "stack.yaml").unlink()
    for more in (("-o", "json"), ("--debug",)):
        assert snoop("render", "--profile", "broken", "--catalog", "broken", *more).code == 3
    assert watch.leaks == [], report(watch)


def credentials(server: str, folder: Path) -> Iterator[tuple[str, Any, Any]]:
    """Yield credentials and addresses that do not work, each with a name."""
    end = server.partition("://")[2]
    yield "token", {}, {"token": MARKERS["token"]}
    yield "line", {}, {"token": f"{MARKERS['token-line']}\n{MARKERS['token']}"}
    yield "password", {}, {"username": "joe", "password": MARKERS["password"]}
    login = quote(MARKERS["server-login"], safe="")
    yield "login", {"server": f"https://joe:{login}@{end}"}, {"token": "x"}
    yield "raw-login", {"server": f"https://joe:{MARKERS['server-login']}@{end}"}, {}
    proxy = quote(MARKERS["proxy-login"], safe="")
    yield "proxy", {"proxy-url": f"http://joe:{proxy}@127.0.0.1:1"}, {"token": "x"}
    yield "socks", {"proxy-url": f"socks5://joe:{proxy}@127.0.0.1:1"}, {"token": "x"}
    key = f"-----BEGIN PRIVATE KEY-----\n{MARKERS['client-key']}\n-----END PRIVATE KEY-----\n"
    pair = {
        "client-certificate-data": planted.encoded("x"),
        "client-key-data": planted.encoded(key),
    }
    yield "key", {}, pair
    yield "raw-key", {}, pair | {"client-key-data": MARKERS["client-key"]}
    yield "odd", {}, {"token": {"secret": MARKERS["token"]}}
    provider = {"name": "oidc", "config": {"refresh-token": MARKERS["token"]}}
    yield "provider", {}, {"auth-provider": provider}
    yield from ((name, {}, {"exec": each}) for name, each in plugins(folder).items())


def plugins(folder: Path) -> dict[str, Any]:
    """Return credential plugins that say too much, in several ways."""
    said, token = MARKERS["exec-said"], MARKERS["exec-token"]
    scripts = {
        "fails": f'echo "login $*: $SESSION token={said}" >&2; exit 1',
        "chats": f'echo "got password: {said}" >&2; echo "$*" >&2; echo nothing',
        "gives": 'echo "$ANSWER"; echo "with $SESSION" >&2',
    }
    version = "client.authentication.k8s.io/v1"
    answer = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    variables = {"SESSION": MARKERS["exec-variable"], "ANSWER": json.dumps(answer)}
    made = {}
    for name, script in scripts.items():
        path = folder / "plugin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        made[name] = {
            "apiVersion": version,
            "command": str(path),
            "args": ["get-token", MARKERS["exec-argument"], f"--key={MARKERS['exec-argument']}"],
            "env": [{"name": key, "value": value} for key, value in variables.items()],
            "interactiveMode": "Never",
        }
    missing = made["fails"] | {"command": "no-such-program"}
    return made | {"missing": missing, "wrong": made["fails"] | {"apiVersion": "v0"}}


def test_credentials_are_not_shown(snoop, watch, sandbox):
    """Whatever is wrong with them, or comes of it: tokens, keys, addresses, programs."""
    known = json.loads(sandbox.kubeconfig.read_text())["clusters"][0]["cluster"]
    folder = snoop.cli.home / "kubeconfigs"
    folder.mkdir()
    for name, cluster, user in credentials(known["server"], snoop.cli.home):
        path = folder / name
        ca = known["certificate-authority-data"]
        path.write_text(planted.kubeconfig(known["server"], ca, cluster=cluster, user=user))
        answer = snoop("status", "--kubeconfig", str(path), "-o", "json", "--debug")
        assert answer.code in (5, 10), answer.text
    broken = folder / "broken"
    broken.write_text(f"users:\n- user: {{token: {MARKERS['token']}\n  password: [\n")
    assert snoop("status", "--kubeconfig", str(broken), "--debug").code == 5
    login = quote(MARKERS["env-proxy"], safe="")
    away = folder / "away"
    away.write_text(planted.kubeconfig("https://192.0.2.1", ""))
    proxy = f"http://joe:{login}@127.0.0.1:1"
    assert (
        snoop("init", "--profile", "gpu8", "--kubeconfig", str(away), HTTPS_PROXY=proxy).code == 5
    )
    (snoop.cli.home / "init").mkdir()
    made = folder / "login"
    written = snoop("init", "--profile", "gpu8", "-f", "init/x.yaml", "--kubeconfig", str(made))
    assert written.code == 0  # the login in the address comes first, and the server knows nobody
    watch.look_at_files(snoop.cli.home, PLANTED)
    assert watch.leaks == [], report(watch)
