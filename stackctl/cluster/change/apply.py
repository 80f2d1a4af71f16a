"""Carry out a plan: components start as soon as what they need is ready, and wait for themselves.

One pool of workers sends the requests of every component; one thread for each component keeps
its order of kinds. What is right to do was decided in the plan; how objects become ready is
known by `wait`.
"""

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from graphlib import TopologicalSorter

from stackctl.cluster.change.probes import probe
from stackctl.cluster.change.recreate import await_gone, recreate
from stackctl.cluster.change.session import Session
from stackctl.cluster.look.snapshot import look_at
from stackctl.cluster.sending import Occupied
from stackctl.cluster.wait.targets import Progress, Target
from stackctl.errors import (
    ApplyError,
    Interrupted,
    NotReadyError,
    NotServed,
    OutOfTime,
    StackError,
    StaleWrite,
    headline,
)
from stackctl.model.catalogue.component import Mode, Probe
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.compose.diff import differences
from stackctl.model.compose.stages import Stage, stages
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.ownership.conflict_policy import ConflictPolicy
from stackctl.model.ownership.ownership import owner, written_by
from stackctl.model.plan.plan import Action, Change, Plan, surprises
from stackctl.model.plan.removal import ordinary
from stackctl.model.run.events import ComponentProgress, ComponentState, ObjectDone
from stackctl.model.run.failure_policy import OnFailure

LATE_KIND_SECONDS = 30.0  # for a kind that comes with an operator, after that one is ready
LATE_KIND_LOOK_SECONDS = 1.0
ATTEMPTS = 10  # controllers write to objects all the time
AGAIN = "run the same command again; it looks and plans anew"
LATE_NAMED = 3  # objects that time did not suffice for; the others are counted
AT_ONCE = 6  # components that are applied; together they keep every worker busy
RESULT_WORDS = {
    Action.CREATE: "created",
    Action.UPDATE: "configured",
    Action.ADOPT: "adopted",
    Action.RECREATE: "recreated",
}


@dataclass(slots=True)
class Outcome:
    """What came of a run, filled in while it goes on."""

    attempted: set[Ref] = field(default_factory=set)  # something may have been sent for them
    applied: dict[Ref, Manifest] = field(default_factory=dict)  # as the server answered
    changed: set[Ref] = field(default_factory=set)  # of those applied; the others were stamped
    foreign: set[Ref] = field(default_factory=set)  # came into being after the plan was made
    pruned: set[Ref] = field(default_factory=set)
    states: dict[str, ComponentState] = field(default_factory=dict)
    failures: dict[str, StackError] = field(default_factory=dict)

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


def carry_out(
    session: Session, bundle: Bundle, plan: Plan, on_failure: OnFailure, outcome: Outcome
) -> None:
    """Apply every component of the bundle, dependants after what they need.

    `outcome` is filled in as things happen, so that an interrupted run knows what it did.
    """
    _Run(session, bundle, plan, on_failure, outcome).all()


class _Run:
    """The state that the threads of one run share."""

    def __init__(
        self,
        session: Session,
        bundle: Bundle,
        plan: Plan,
        on_failure: OnFailure,
        outcome: Outcome,
    ) -> None:
        self.session = session
        self.on_failure = on_failure
        self.bundle = bundle
        self.changes = {change.ref: change for change in plan.changes}
        self.outcome = outcome
        # The first are getting ready while the next are applied, instead of all at the end.
        self._turns = threading.Semaphore(AT_ONCE)
        # A profile that asks for no GPU may meet a cluster that has none.
        self.without_gpus = bundle.requires.gpu is None

    def all(self) -> None:
        """Run every component to its end."""
        parts = {part.name: part for part in self.bundle.components}
        graph = TopologicalSorter({name: part.needs for name, part in parts.items()})
        graph.prepare()
        done: queue.SimpleQueue[tuple[str, Future[None]]] = queue.SimpleQueue()
        self._announce(parts.values())
        with ThreadPoolExecutor(max(1, len(parts)), "component") as threads:
            try:
                while graph.is_active():
                    for name in graph.get_ready():
                        future = threads.submit(self._component, parts[name])
                        future.add_done_callback(partial(_report, done, name))
                    name, future = done.get()
                    self._note(parts[name], future)
                    graph.done(name)
            except KeyboardInterrupt:
                # The threads finish the requests they have sent, and begin none.
                self.session.abandoned.set()
                raise

    def _announce(self, parts: Iterable[BundleComponent]) -> None:
        for part in parts:
            self._tell(part, ComponentState.PENDING, waiting_for=", ".join(sorted(part.needs)))

    def _note(self, part: BundleComponent, future: Future[None]) -> None:
        """Keep how a component ended; a bug in it is raised here."""
        try:
            future.result()
        except StackError as error:
            self.outcome.failures[part.name] = error
            self.outcome.states[part.name] = ComponentState.FAILED
            if not isinstance(error, Interrupted):  # nothing is wrong with what was not begun
                self._tell(part, ComponentState.FAILED, waiting_for=headline(error))
        else:
            state = self.outcome.states[part.name]
            self._tell(part, state, ready=len(part.objects))

    def _component(self, part: BundleComponent) -> None:
        states = self.outcome.states
        if self._halted or any(states[name] in _UNUSABLE for name in part.needs):
            states[part.name] = ComponentState.SKIPPED
            return
        if part.mode is Mode.EXTERNAL:
            states[part.name] = ComponentState.UNCHANGED
            return
        self._tell(part, ComponentState.APPLYING)
        targets: list[Target] = []
        with self._turns:
            for stage in stages(part):
                targets += self._stage(part, stage, targets)
        if self.session.wait:
            self._wait(part, targets)
            for each in part.probes:
                self._probe(part, each)
        states[part.name] = self._final(part)

    @property
    def _halted(self) -> bool:
        """Something failed, and nothing is to begin after that."""
        return bool(self.outcome.failures) and self.on_failure is not OnFailure.CONTINUE

    def _stage(self, part: BundleComponent, stage: Stage, before: Sequence[Target]) -> list[Target]:
        if stage.after_ready:
            with self._aside():
                self._wait(part, before)
        targets = self._apply_all(part, stage.objects)
        if stage.establishes:
            with self._aside():
                self.session.observer.wait_established(
                    [target for target in targets if target.ref.kind == stage.establishes],
                    deadline=self.session.deadline,
                    progress=self._progress(part),
                    stop=self.session.abandoned,
                )
        return targets

    @contextmanager
    def _aside(self) -> Iterator[None]:
        """Let another component apply while this one waits."""
        self._turns.release()
        try:
            yield
        finally:
            self._turns.acquire()

    def _apply_all(self, part: BundleComponent, objects: Sequence[Manifest]) -> list[Target]:
        futures = [self.session.pool.submit(self._apply, part, manifest) for manifest in objects]
        done, failed = [], []
        for future in futures:
            try:
                done.append(future.result())
            except StackError as error:
                failed.append(error)
        if failed:
            raise _joined(failed)
        return done

    def _apply(self, part: BundleComponent, manifest: Manifest) -> Target:
        change = self.changes[ref_of(manifest)]
        if change.action is Action.UNCHANGED and change.live is not None:
            if change.stamp:
                self._begin(change)
                self.outcome.applied[change.ref] = self._change(part, change, manifest)
            # Listed as metadata only, it carries the type of the list.
            typed = change.live | {key: manifest[key] for key in ("apiVersion", "kind")}
            lenient, whole = self.without_gpus, change.left
            return Target.of(typed, fresh=False, may_match_no_node=lenient, whole=whole)
        self._begin(change)
        result = self._bring_about(part, change, manifest)
        self.outcome.applied[change.ref] = result
        self.outcome.changed.add(change.ref)
        self.session.notify(ObjectDone(part.name, change.ref, RESULT_WORDS[change.action]))
        return Target.of(result, may_match_no_node=self.without_gpus)

    def _begin(self, change: Change) -> None:
        self.session.begin(change.ref)
        self.outcome.attempted.add(change.ref)

    def _bring_about(self, part: BundleComponent, change: Change, manifest: Manifest) -> Manifest:
        """Make one object what the manifest says; return it as the server answered."""
        if change.action is Action.RECREATE and change.live is not None:
            return recreate(self.session, change.ref, change.live, manifest, self._leaving(part))
        if change.action is Action.CREATE and change.live is not None:
            await_gone(self.session, change.ref, change.live, manifest, self._leaving(part))
        if change.action is Action.CREATE:
            return self._create(part, change, manifest)
        return self._change(part, change, manifest)

    def _create(self, part: BundleComponent, change: Change, manifest: Manifest) -> Manifest:
        """Make an object; one that has come since the plan was made is somebody else's."""
        path, sender = self._served_path(part, manifest), self.session.sender
        try:
            return sender.create(path, manifest, self.bundle.conflict_policy(part))
        except Occupied as found:
            live = found.live
        # What came late from a killed run of ours, or what Kubernetes puts into every namespace.
        if written_by(live, sender.stack) or ordinary(change.ref):
            seen = look_at(sender, path, manifest, live, self.bundle.conflict_policy(part))
            agreed = differences(live, seen.predicted)
            return self._change(part, replace(change, live=live, differences=agreed), manifest)
        self.outcome.foreign.add(change.ref)
        holder = owner(live, sender.stack) or "nobody stackctl knows of"
        raise ApplyError(
            f"{change.ref}: came into being after the plan was made, owned by {holder}; "
            "it is left as it is",
            hint=f"`stackctl adopt {part.name}` makes it ours, `mode: external` leaves the "
            "component to its owner; or delete it, and run the same command again",
        )

    def _change(self, part: BundleComponent, change: Change, manifest: Manifest) -> Manifest:
        """Apply an object to the version that was looked at, or to one for which that is right."""
        path, sender = self._served_path(part, manifest), self.session.sender
        stance = self.bundle.conflict_policy(part)
        seen = change.live or {}
        for _ in range(ATTEMPTS):
            try:
                return sender.change(path, manifest, seen, stance)
            except StaleWrite:
                # Whoever wrote to it may be the next run on this stack.
                self.session.confirm()
                self.session.begin(change.ref)
                seen = self._seen_again(change, manifest, path, stance)
                if sender.sent(seen, manifest):
                    return seen  # the answer had been lost
        raise ApplyError(
            f"{change.ref}: somebody writes to it all the time",
            hint="see who: kubectl get --show-managed-fields -o yaml "
            f"{change.ref.kind} {change.ref.name}",
        )

    def _seen_again(
        self, change: Change, manifest: Manifest, path: str, stance: ConflictPolicy
    ) -> Manifest:
        """Look at an object that has been written to since the plan was made.

        Raises:
            ApplyError: what was agreed to does not fit it any more.
        """
        sender, was = self.session.sender, change.live or {}
        live = self.session.connection.client.get(path)
        if live is None or live["metadata"]["uid"] != was["metadata"]["uid"]:
            what = "deleted" if live is None else "made anew by somebody else"
            raise ApplyError(f"{change.ref}: {what} after the plan was made", hint=AGAIN)
        if not sender.sent(live, manifest):
            now = look_at(sender, path, manifest, live, stance)
            if news := surprises(change, live, now.predicted, sender.stack):
                raise ApplyError(
                    f"{change.ref}: changed after the plan was made: {news}", hint=AGAIN
                )
        return live

    def _served_path(self, part: BundleComponent, manifest: Manifest) -> str:
        """Find where an object goes; a kind that an operator defines itself may come late."""
        session = self.session
        until = min(session.deadline, session.observer.now() + LATE_KIND_SECONDS)
        while True:
            try:
                return session.connection.discovery.path_of(manifest)
            except NotServed as refusal:
                if not part.needs or session.observer.now() >= until:
                    raise
                self._tell(part, ComponentState.WAITING, waiting_for=str(refusal))
            if session.abandoned.wait(LATE_KIND_LOOK_SECONDS):
                raise Interrupted(f"{ref_of(manifest)}: not attempted")
            session.connection.discovery.refresh()

    def _wait(self, part: BundleComponent, targets: Sequence[Target]) -> None:
        self.session.observer.wait(
            targets,
            deadline=self.session.deadline,
            progress=self._progress(part),
            stop=self.session.abandoned,
        )

    def _progress(self, part: BundleComponent) -> Progress:
        def progress(ready: int, _: int, waiting_for: str) -> None:
            self._tell(part, ComponentState.WAITING, ready, waiting_for=waiting_for)

        return progress

    def _leaving(self, part: BundleComponent) -> Progress:
        def progress(_gone: int, _: int, waiting_for: str) -> None:
            if waiting_for:
                text = f"{waiting_for}: still being deleted"
                self._tell(part, ComponentState.WAITING, waiting_for=text)

        return progress

    def _probe(self, part: BundleComponent, each: Probe) -> None:
        def tell(text: str) -> None:
            self._tell(part, ComponentState.WAITING, waiting_for=text)

        probe(self.session, part, each, self.bundle.requires, tell)

    def _final(self, part: BundleComponent) -> ComponentState:
        changed = any(ref_of(each) in self.outcome.changed for each in part.objects)
        return ComponentState.READY if changed else ComponentState.UNCHANGED

    def _tell(
        self, part: BundleComponent, state: ComponentState, ready: int = 0, waiting_for: str = ""
    ) -> None:
        self.session.notify(
            ComponentProgress(part.name, state, ready, len(part.objects), waiting_for)
        )


def _report(
    done: "queue.SimpleQueue[tuple[str, Future[None]]]", name: str, future: Future[None]
) -> None:
    done.put((name, future))


_UNUSABLE = (ComponentState.FAILED, ComponentState.SKIPPED)


def _joined(errors: Sequence[StackError]) -> StackError:
    """Make one error of several; an interruption stays one."""
    for error in errors:
        if isinstance(error, Interrupted):
            return error
    lines = [str(error) for error in errors if not isinstance(error, OutOfTime)]
    late = [str(error) for error in errors if isinstance(error, OutOfTime)]
    more = len(late) - LATE_NAMED
    lines += [*late[:LATE_NAMED], *([f"and {more} more, for the same reason"] if more > 0 else ())]
    hint = next((error.hint for error in errors if error.hint), "")
    return ApplyError("\n".join(lines), hint=hint)
