"""A cluster with real controllers on it, as their users see it: objects submitted and looked at."""

from dataclasses import dataclass

from stackctl.actions.compose import StackRequest
from stackctl.cluster.connection import Connection
from stackctl.model.objects.refs import Manifest


@dataclass(frozen=True, slots=True)
class Operated:
    """A stack whose controllers are real programs."""

    connection: Connection
    request: StackRequest

    def submit(self, manifest: Manifest) -> None:
        """Create an object."""
        path = self.connection.discovery.path_of(manifest).rpartition("/")[0]
        self.connection.client.create(path, manifest)

    def see(self, manifest: Manifest) -> Manifest:
        """Read an object that is there."""
        found = self.connection.client.get(self.connection.discovery.path_of(manifest))
        assert found is not None
        return found
