"""A catalogue of one profile with small components, written anew for each version of them."""

from pathlib import Path
from typing import Any

from stackctl.actions.compose import StackRequest
from stackctl.model.objects.refs import Manifest
from stackctl.sources import yaml

API = "stackctl.dev/v1alpha1"


class Shelf:
    """A folder with components that a test changes as their authors would."""

    def __init__(self, folder: Path, stack: str) -> None:
        self.folder = folder
        self.stack = stack
        self.components: dict[str, dict[str, Any]] = {}

    def put(self, name: str, version: str, *objects: Manifest, **spec: Any) -> None:
        """Publish a version of a component."""
        self.components[name] = {}
        metadata = {"name": name, "description": f"{name} for tests"}
        component = {
            "apiVersion": API,
            "kind": "Component",
            "metadata": metadata,
            "spec": {"version": version, "namespace": self.stack} | spec,
        }
        home = self.folder / "manifests" / name
        (home / "base").mkdir(parents=True, exist_ok=True)
        (home / "component.yaml").write_text(yaml.dump(component))
        for old in (home / "base").iterdir():
            old.unlink()
        for number, manifest in enumerate(objects):
            (home / "base" / f"{number:02}.yaml").write_text(yaml.dump(manifest))

    def choose(self, name: str, **choice: Any) -> None:
        """Say in the profile how a component is used."""
        self.components[name] = choice

    def request(self, stack_file: Path | None = None) -> StackRequest:
        """Ask for the profile, as a user would."""
        profile = {
            "apiVersion": API,
            "kind": "Profile",
            "metadata": {"name": "shelf", "description": "for tests"},
            "spec": {"components": self.components},
        }
        (self.folder / "profiles").mkdir(exist_ok=True)
        (self.folder / "profiles" / "shelf.yaml").write_text(yaml.dump(profile))
        if stack_file is not None:
            return StackRequest(stack_file=stack_file, catalogs=(self.folder,))
        return StackRequest(profile="shelf", stack=self.stack, catalogs=(self.folder,))
