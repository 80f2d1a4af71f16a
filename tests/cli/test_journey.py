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


def test_a_bad_image_fails_the_deploy_in_seconds_with_its_reason(cli):
    """A typing error in an image's tag is named with the Pod, and the fix is offered."""
    failed = cli(
        "deploy", "--profile", "cpu", "--yes", "--set", "spark-operator.image.tag=does-not-exist"
    )
    assert failed.code in (8, 9)
    assert "ImagePullBackOff" in failed.err
    assert "spark-operator" in failed.err
    assert "hint:" in failed.err
    assert cli("teardown", "--yes").code == 0


def test_users_objects_stop_a_teardown(cli):
    """A TFJob somebody made is named, and nothing is touched until the user chooses."""
    assert cli("deploy", "--profile", "cpu", "--yes").code == 0
    cli.apply("training-operator", "tfjob.yaml")
    refused = cli("teardown", "--yes")
    assert refused.code == 7
    assert "TFJob/" in refused.err
    assert "--keep-crds" in refused.err
    assert cli("status").code == 0
    assert cli("teardown", "--yes", "--delete-data").code == 0
