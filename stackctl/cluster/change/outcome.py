"""What came of a run, as far as it has come; what is recorded of it is for `revision`."""

from dataclasses import dataclass, field

from stackctl.errors import ApplyError, NotReadyError, StackError
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.run.events import ComponentState


@dataclass(slots=True)
class Outcome:
    """What came of a run, filled in while it goes on."""

    attempted: set[Ref] = field(default_factory=set)  # something may have been sent for them
    applied: dict[Ref, Manifest] = field(default_factory=dict)  # as the server answered
    changed: set[Ref] = field(default_factory=set)  # of those applied; the others were stamped
    foreign: set[Ref] = field(default_factory=set)  # came into being after the plan was made
    ended: set[Ref] = field(default_factory=set)  # go by themselves, and were seen to complete
    pruned: set[Ref] = field(default_factory=set)
    states: dict[str, ComponentState] = field(default_factory=dict)
    ready: dict[str, int] = field(default_factory=dict)  # objects of a component, as last seen
    failures: dict[str, StackError] = field(default_factory=dict)
    gpu_nodes: int | None = None  # that had GPUs in the end; None: nobody has looked

    def error(self) -> StackError | None:
        """Join the failures into the one to report; refused applies before unready objects."""
        if not self.failures:
            return None
        lines = [f"{name}: {error}" for name, error in self.failures.items()]
        skipped = [name for name, s in self.states.items() if s is ComponentState.SKIPPED]
        if skipped:
            lines.append(f"not attempted: {', '.join(skipped)}")
        hint = next((error.hint for error in self.failures.values() if error.hint), "")
        unready = all(isinstance(error, NotReadyError) for error in self.failures.values())
        kind = NotReadyError if unready else ApplyError
        return kind("\n".join(lines), hint=hint)
