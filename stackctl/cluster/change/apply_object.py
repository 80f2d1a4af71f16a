"""Makes one object what its manifest says, if it is still as it was when the plan was made.

In which order objects are applied is for `apply`; what is sent and under which conditions for
`sending`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.recreate import await_gone, recreate
from stackctl.cluster.change.session import Session
from stackctl.cluster.look.prediction import predict
from stackctl.cluster.sending import Occupied
from stackctl.errors import ApplyError, Interrupted, NotServed, Rejected, StaleWrite
from stackctl.model.compose.bundle import BundleComponent
from stackctl.model.compose.diff import differences
from stackctl.model.objects.refs import Manifest
from stackctl.model.ownership.conflict_policy import ConflictPolicy
from stackctl.model.ownership.ownership import written_by
from stackctl.model.plan.foreign_objects import holder_of
from stackctl.model.plan.plan import Action, Change, surprises
from stackctl.model.plan.removal import ordinary
from stackctl.model.readiness.policies import denying

LATE_KIND_SECONDS = 30.0  # for a kind that comes with an operator, after that one is ready
LATE_KIND_LOOK_SECONDS = 1.0
# For a policy of the stack to hear whom it exempts: API servers learn that one by one.
POLICY_SECONDS = 15.0
POLICY_LOOK_SECONDS = 0.25
ATTEMPTS = 10  # controllers write to objects all the time
AGAIN = "run the same command again; it looks and plans anew"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One planned change of an object, and what carrying it out needs."""

    session: Session
    outcome: Outcome
    part: BundleComponent
    change: Change
    manifest: Manifest
    stance: ConflictPolicy
    waiting: Callable[[str], None]  # is told what is waited for
    policies: frozenset[str] = frozenset()  # that the stack brings itself

    def carry_out(self) -> Manifest:
        """Make the object what the manifest says; return it as the server answered."""
        ref = self.change.ref
        self.session.begin(ref)
        self.outcome.attempted.add(ref)
        result = self.outcome.applied[ref] = self._let_through()
        return result

    def _let_through(self) -> Manifest:
        """Make the object; a policy of the stack may not know yet that it exempts the stack."""
        session, until = self.session, self.session.observer.now() + POLICY_SECONDS
        while True:
            try:
                return self._make()
            except Rejected as refusal:
                policy, late = denying(str(refusal)), session.observer.now() >= until
                if late or policy not in self.policies:
                    raise
            self.waiting(f"{self.change.ref}: the policy {policy} refuses it still")
            if session.abandoned.wait(POLICY_LOOK_SECONDS):
                raise Interrupted(f"{self.change.ref}: not attempted")
            session.begin(self.change.ref)

    def _make(self) -> Manifest:
        live, action = self.change.live, self.change.action
        if action is Action.RECREATE and live is not None:
            return recreate(self.session, self.change.ref, live, self.manifest, self._leaving)
        if action is not Action.CREATE:
            return self._apply(self._path(), self.change)
        if live is not None:
            await_gone(self.session, self.change.ref, live, self.manifest, self._leaving)
        return self._create()

    def _create(self) -> Manifest:
        """Make an object; one that has come since the plan was made is somebody else's."""
        path, sender, ref = self._path(), self.session.sender, self.change.ref
        try:
            return sender.create(path, self.manifest, self.stance)
        except Occupied as found:
            live = found.live
        # What came late from a killed run of ours, or what Kubernetes puts into every namespace.
        if written_by(live, sender.stack) or ordinary(ref):
            result = predict(sender, path, self.manifest, live, self.stance).result
            agreed = differences(live, result)
            return self._apply(path, replace(self.change, live=live, differences=agreed))
        self.outcome.foreign.add(ref)
        holder = holder_of(live, sender.stack)
        raise ApplyError(
            f"{ref}: came into being after the plan was made, {holder}; it is left as it is",
            hint=f"`stackctl adopt {self.part.name}` makes it ours, `mode: external` leaves the "
            "component to its owner; or delete it, and run the same command again",
        )

    def _apply(self, path: str, change: Change) -> Manifest:
        """Apply an object to the version that was looked at, or to one for which that is right."""
        sender, ref = self.session.sender, change.ref
        seen = change.live or {}
        for _ in range(ATTEMPTS):
            try:
                return sender.change(path, self.manifest, seen, self.stance)
            except StaleWrite:
                # Whoever wrote to it may be the next run on this stack.
                self.session.confirm()
                self.session.begin(ref)
                seen = self._seen_again(path, change)
                if sender.sent(seen, self.manifest):
                    return seen  # the answer had been lost
        raise ApplyError(
            f"{ref}: somebody writes to it all the time",
            hint=f"see who: kubectl get --show-managed-fields -o yaml {ref.kind} {ref.name}",
        )

    def _seen_again(self, path: str, change: Change) -> Manifest:
        """Read an object that has been written to since the plan was made.

        Raises:
            ApplyError: what was agreed to does not fit it any more.
        """
        sender, was = self.session.sender, change.live or {}
        live = self.session.connection.client.get(path)
        if live is None or live["metadata"]["uid"] != was["metadata"]["uid"]:
            what = "deleted" if live is None else "made anew by somebody else"
            raise ApplyError(f"{change.ref}: {what} after the plan was made", hint=AGAIN)
        if not sender.sent(live, self.manifest):
            now = predict(sender, path, self.manifest, live, self.stance)
            if news := surprises(change, live, now.result, sender.stack):
                raise ApplyError(
                    f"{change.ref}: changed after the plan was made: {news}", hint=AGAIN
                )
        return live

    def _path(self) -> str:
        """Return where the object goes; a kind that an operator defines itself may come late."""
        session = self.session
        until = min(session.deadline, session.observer.now() + LATE_KIND_SECONDS)
        while True:
            try:
                return session.connection.discovery.path_of(self.manifest)
            except NotServed as refusal:
                if not self.part.needs or session.observer.now() >= until:
                    raise
                self.waiting(str(refusal))
            if session.abandoned.wait(LATE_KIND_LOOK_SECONDS):
                raise Interrupted(f"{self.change.ref}: not attempted")
            session.connection.discovery.refresh()

    def _leaving(self, _gone: int, _total: int, waiting_for: str) -> None:
        if waiting_for:
            self.waiting(f"{waiting_for}: still being deleted")
