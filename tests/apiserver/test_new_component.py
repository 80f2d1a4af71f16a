"""What `component new` makes of a folder of manifests is, on a real API server, that folder."""

from stackctl.actions.compose import StackRequest
from stackctl.actions.deploy import deploy
from stackctl.actions.new_component import new_component
from stackctl.cluster.change.options import RunOptions
from stackctl.model.objects.normalise import flatten, normalised
from stackctl.model.objects.refs import Manifest
from stackctl.model.plan.plan import Action
from stackctl.sources import yaml
from tests.apiserver.stacks import Stack
from tests.plain import write_plain

QUICK = RunOptions(timeout=60.0, wait=False, holder="tester@here")


def bare(manifest: Manifest) -> Manifest:
    """Leave out who holds what, and since when."""
    metadata = {
        key: value
        for key, value in manifest["metadata"].items()
        if key not in ("managedFields", "resourceVersion", "generation")
    }
    return {key: value for key, value in manifest.items() if key != "status"} | {
        "metadata": metadata
    }


def applied(stack: Stack, manifest: Manifest) -> Manifest:
    """Ask what the object would be once somebody applied the manifest as it is."""
    path = stack.connection.discovery.path_of(manifest)
    return stack.client.apply(path, manifest, manager="people", force=True, dry_run=True)


def test_a_plain_folder_deploys_unchanged(stack, tmp_path):
    """Applying the manifests over it would change no field; a second deploy changes nothing."""
    source = write_plain(tmp_path / "k8s", stack.name)
    new_component(stack.name, tmp_path / "catalog", source)
    request = StackRequest(profile=stack.name, catalogs=(tmp_path / "catalog",))
    plans = []

    def agree(plan, *_):
        plans.append(plan)
        return True

    def run():
        return deploy(request, stack.connection, agree=agree, notify=stack.tell, options=QUICK)

    run()
    manifests = [
        normalised(item, stack.name, {})
        for path in source.iterdir()
        if path.suffix in (".yaml", ".yml", ".json")
        for document in yaml.load_all(path.read_bytes())
        for item in flatten([document.value])
    ]
    assert len(manifests) == 9
    for manifest in manifests:
        live = stack.client.get(stack.connection.discovery.path_of(manifest))
        assert live is not None
        assert bare(applied(stack, manifest)) == bare(live)
    assert run().plan.counts[Action.UNCHANGED] == len(manifests) + 1
