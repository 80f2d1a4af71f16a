"""What the admission policies of a cluster would refuse of what is there already."""

from stackctl.cluster.connection import Connection
from stackctl.cluster.look.policies import PolicyReport, policy_report
from stackctl.cluster.workers import workers


def policies(connection: Connection) -> PolicyReport:
    """Ask the API server, in dry runs; nothing is changed.

    Raises:
        ClusterError: the policies cannot be read.
    """
    with workers(connection.stop) as pool:
        return policy_report(connection, pool)
