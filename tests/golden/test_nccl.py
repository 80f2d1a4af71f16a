"""The smoke test of NCCL judges by generation: its own script, with stand-ins for what has GPUs."""

import subprocess
from pathlib import Path

import pytest

from stackctl.sources.yaml import load

JOB = Path(__file__).parents[2] / "manifests/nvidia-device-plugin/smoke/nccl/all-reduce.yaml"
STAND_INS = {
    "nvidia-smi": 'case "$1" in topo) ;; *) echo "$GPU" ;; esac',
    "mpirun": r"printf '# Out of bounds values : %s\n# Avg bus bandwidth : %s \n' "
    '"$BOUNDS" "$BANDWIDTH"',
}


@pytest.mark.parametrize(
    ("gpu", "bandwidth", "more", "last"),
    [
        ("NVIDIA A100-SXM4-80GB", "225.1", {}, "PASSED"),
        ("NVIDIA A100-SXM4-80GB", "90", {}, "FAILED"),
        ("NVIDIA A100-PCIE-40GB", "11", {}, "PASSED"),
        ("NVIDIA H100 80GB HBM3", "478.2", {}, "PASSED"),
        ("NVIDIA H100 80GB HBM3", "225", {}, "FAILED"),
        ("NVIDIA H200", "400", {}, "FAILED"),
        ("NVIDIA H200 NVL", "50", {}, "PASSED"),
        ("NVIDIA B200", "835", {}, "PASSED"),
        ("NVIDIA B200", "480", {}, "FAILED"),
        ("NVIDIA L40S", "15", {}, "PASSED"),
        ("NVIDIA H100 80GB HBM3", "478.2", {"LEAST_BUS_BANDWIDTH": "500"}, "FAILED"),
        ("NVIDIA L40S", "15", {"LEAST_BUS_BANDWIDTH": "15"}, "PASSED"),
        ("NVIDIA B200", "835", {"BOUNDS": "3 FAILED"}, "FAILED: sums are wrong"),
        ("NVIDIA B200", "", {}, "FAILED"),
    ],
)
def test_a_node_passes_by_what_its_generation_reaches(gpu, bandwidth, more, last, tmp_path):
    """Slower than that, wrong sums, or no figure at all is a failed Job."""
    for name, text in STAND_INS.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (container,) = load(JOB.read_text(encoding="utf-8"), JOB.name)["spec"]["template"]["spec"][
        "containers"
    ]
    script = container["args"][0].replace("/tmp/result", str(tmp_path / "result"))
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GPUS": "8", "GPU": gpu}
    environment |= {"BANDWIDTH": bandwidth, "BOUNDS": "0 OK"} | more
    command = [*container["command"], script]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.stdout.splitlines()[-1] == last
    assert (ended.returncode == 0) is (last == "PASSED")
