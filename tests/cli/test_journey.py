"""What a user types from the first day to the last, on a real control plane."""

import json

import pytest

pytestmark = pytest.mark.timeout(600)


def test_from_deploy_to_teardown(cli):
    """gpu8 comes up, is current, changes nothing when asked again, and leaves without a trace."""
    before = cli.objects()
    deployed = cli("deploy", "--profile", "gpu8", "--yes")
    assert deployed.code == 0, deployed.text

    status = json.loads(cli("status", "-o", "json").out)
    assert {each["status"] for each in status["components"]} == {"Current"}
    assert [(each["allocatable"], each["expected"]) for each in status["gpus"]] == [(16, 16)]

    again = cli("deploy", "--profile", "gpu8", "--yes")
    assert again.code == 0
    assert "nothing to change" in again.text

    assert cli("diff", "--profile", "gpu8").code == 0
    assert cli("status").code == 0

    removed = cli("teardown", "--yes")
    assert removed.code == 0, removed.text
    assert "residue: none" in removed.text
    assert cli.objects() == before


BAD_IMAGE = """\
apiVersion: stackctl.dev/v1alpha1
kind: Stack
metadata: {name: cpu}
spec:
  profile: cpu
  components:
    spark-operator:
      patches:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: spark-operator-controller, namespace: spark-operator}
        spec:
          template:
            spec:
              containers:
              - {name: controller, image: "ghcr.io/kubeflow/does-not-exist:2.5.2"}
"""


def test_a_bad_image_fails_the_deploy_in_seconds_with_its_reason(cli):
    """A wrong image is named with the Pod, what needs it is not started, and a hint is given."""
    (cli.home / "stack.yaml").write_text(BAD_IMAGE)
    failed = cli("deploy", "--yes")
    assert failed.code in (8, 9), failed.text
    assert "ImagePullBackOff" in failed.err
    assert "spark-operator-controller" in failed.err
    assert "hint:" in failed.err
    assert cli("status").code == 1
    removed = cli("teardown", "--yes")
    assert removed.code == 0, removed.text


def test_users_objects_stop_a_teardown(cli):
    """A TFJob somebody made is named, and nothing is touched until the user chooses."""
    assert cli("deploy", "--profile", "cpu", "--yes").code == 0
    cli.create("training-operator", "tfjob.yaml")
    refused = cli("teardown", "--yes")
    assert refused.code == 7
    assert "TFJob/" in refused.err
    assert "--keep-crds" in refused.err
    assert cli("status").code == 0
    assert cli("teardown", "--yes", "--delete-data").code == 0
