"""The custom resources whose operators are simulated; what each says is in its module."""

from stackctl.sandbox.agent.lifecycles import (
    accelerators,
    certificates,
    ray,
    serving,
    spark,
    training,
    workbench,
)

LIFECYCLES = (
    *certificates.LIFECYCLES,
    *training.LIFECYCLES,
    *spark.LIFECYCLES,
    *serving.LIFECYCLES,
    *ray.LIFECYCLES,
    *workbench.LIFECYCLES,
    *accelerators.LIFECYCLES,
)
