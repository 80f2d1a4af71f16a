"""Carry out a plan: components start as soon as what they need is ready, and wait for themselves.

One pool of workers sends the requests of every component; one thread for each component keeps
its order of kinds. What is right to do was decided in the plan; how one object is applied is for
`apply_object`, and how objects become ready is known by `wait`.
"""

import queue
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from graphlib import TopologicalSorter

from stackctl.cluster.change.apply_object import ObjectChange
from stackctl.cluster.change.credentials import ensure
from stackctl.cluster.change.outcome import Outcome
from stackctl.cluster.change.probes import probe
from stackctl.cluster.change.session import Session
from stackctl.cluster.wait.targets import Progress, Target
from stackctl.errors import ApplyError, Interrupted, OutOfTime, StackError, Unreachable, headline
from stackctl.model.catalogue.component import Mode, Probe
from stackctl.model.compose.bundle import Bundle, BundleComponent
from stackctl.model.compose.stages import Stage, stages
from stackctl.model.objects.refs import Manifest, Ref, ref_of
from stackctl.model.plan.credentials import credentials_of
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.readiness.ending import goes_by_itself
from stackctl.model.readiness.policies import policies_of
from stackctl.model.run.events import ComponentProgress, ComponentState, Notice, ObjectDone
from stackctl.model.run.failure_policy import OnFailure

MUTE_NAMED = 1  # requests that were not answered: as many are on their way as there are workers
LATE_NAMED = 3  # objects that time did not suffice for; the others are counted
AT_ONCE = 6  # components that are applied; together they keep every worker busy
_UNUSABLE = (ComponentState.FAILED, ComponentState.SKIPPED)


def carry_out(
    session: Session,
    bundle: Bundle,
    plan: Plan,
    on_failure: OnFailure,
    outcome: Outcome,
    only: frozenset[str] = frozenset(),
) -> None:
    """Apply every component of the bundle, or some alone, dependants after what they need.

    `outcome` is filled in as things happen, so that an interrupted run knows what it did.
    """
    try:
        _Run(session, bundle, plan, on_failure, outcome, only).all()
    finally:
        outcome.ended |= session.observer.ended


class _Turn:
    """A component's turn to apply, of which there are a few at once; it is lent while it waits."""

    def __init__(self, turns: threading.Semaphore) -> None:
        self._turns = turns

    def __enter__(self) -> "_Turn":
        self._turns.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._turns.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let another component apply while the block runs."""
        self._turns.release()
        try:
            yield
        finally:
            self._turns.acquire()


class _Run:
    """What the threads of one run share."""

    def __init__(
        self,
        session: Session,
        bundle: Bundle,
        plan: Plan,
        on_failure: OnFailure,
        outcome: Outcome,
        only: frozenset[str],
    ) -> None:
        self._session = session
        self._bundle = bundle.narrowed(only) if only else bundle
        # Components may have secrets in common, whichever of them are applied.
        self._credentials = credentials_of(bundle)
        self._policies = frozenset(policies_of(bundle.manifests))
        self._changes = {change.ref: change for change in plan.changes}
        self._on_failure = on_failure
        self._outcome = outcome
        # The first are getting ready while the next are applied, instead of all at the end.
        self._turns = threading.Semaphore(AT_ONCE)
        # A profile that asks for no GPU may meet a cluster that has none.
        self._without_gpus = bundle.requires.gpu is None

    def all(self) -> None:
        """Run every component to its end."""
        parts = {part.name: part for part in self._bundle.components}
        graph = TopologicalSorter({name: part.needs for name, part in parts.items()})
        graph.prepare()
        running: dict[Future[ComponentState], str] = {}
        done: queue.SimpleQueue[Future[ComponentState]] = queue.SimpleQueue()
        for part in parts.values():
            self._tell(part, ComponentState.PENDING, waiting_for=", ".join(sorted(part.needs)))
        with ThreadPoolExecutor(max(1, len(parts)), "component") as threads:
            try:
                while graph.is_active():
                    for name in graph.get_ready():
                        future = threads.submit(self._component, parts[name])
                        running[future] = name
                        future.add_done_callback(done.put)
                    future = done.get()
                    name = running.pop(future)
                    self._note(parts[name], future)
                    graph.done(name)
            except KeyboardInterrupt:
                # The threads finish the requests they have sent, and begin none.
                self._session.abandoned.set()
                raise

    def _note(self, part: BundleComponent, future: Future[ComponentState]) -> None:
        """Note how a component ended; a bug in it is raised here."""
        states = self._outcome.states
        try:
            states[part.name] = future.result()
        except StackError as error:
            self._outcome.failures[part.name] = error
            states[part.name] = ComponentState.FAILED
            if not isinstance(error, Interrupted):  # nothing is wrong with what was not begun
                ready = self._outcome.ready.get(part.name, self._unchanged(part, ()))
                self._tell(part, ComponentState.FAILED, ready, waiting_for=headline(error))
        else:
            self._tell(part, states[part.name], ready=len(part.objects))

    def _component(self, part: BundleComponent) -> ComponentState:
        """Apply a component and wait until it is ready; return how it stands."""
        states = self._outcome.states
        if self._halted or any(states[name] in _UNUSABLE for name in part.needs):
            return ComponentState.SKIPPED
        if part.mode is Mode.EXTERNAL:
            return ComponentState.UNCHANGED
        self._tell(part, ComponentState.APPLYING)
        targets: list[Target] = []
        wanted = bool(self._credentials.of(part.name))
        with _Turn(self._turns) as turn:
            for stage in stages(part):
                if wanted and not _precedes(stage):
                    self._generate(part)
                    wanted = False
                targets += self._stage(part, stage, targets, turn)
            if wanted:
                self._generate(part)
        if self._session.wait:
            self._wait(part, targets)
            for each in part.probes:
                self._probe(part, each)
        changed = any(ref_of(each) in self._outcome.changed for each in part.objects)
        return ComponentState.READY if changed else ComponentState.UNCHANGED

    def _generate(self, part: BundleComponent) -> None:
        """Make the secrets that the component's programs begin with."""
        session, known = self._session, self._credentials
        for ref in known.of(part.name):
            session.begin(ref)
        client, stack = session.connection.client, session.sender.stack
        for ref in ensure(client, stack, known, part.name):
            session.notify(Notice(f"{ref}: written, with {', '.join(known.names_in(ref))}"))

    def _probe(self, part: BundleComponent, each: Probe) -> None:
        found = probe(self._session, part, each, self._bundle.requires, self._waiting(part))
        needs = self._bundle.requires.gpu
        if found is not None and needs is not None and found.resource == needs.resource:
            self._outcome.gpu_nodes = len(found.nodes)

    @property
    def _halted(self) -> bool:
        """Something failed, and nothing is to begin after that."""
        return bool(self._outcome.failures) and self._on_failure is not OnFailure.CONTINUE

    def _stage(
        self, part: BundleComponent, stage: Stage, before: Sequence[Target], turn: _Turn
    ) -> list[Target]:
        if stage.after_ready:
            with turn.lent():
                self._wait(part, before)
        if stage.after_jobs:
            with turn.lent():
                self._wait(part, [target for target in before if target.ref.kind == "Job"])
        targets = self._apply_all(part, stage.objects)
        if stage.establishes:
            made = [target for target in targets if target.ref.kind == stage.establishes]
            with turn.lent():
                self._session.observer.wait_established(
                    made,
                    deadline=self._session.deadline,
                    progress=self._progress(part, made),
                    stop=self._session.abandoned,
                )
        return targets

    def _apply_all(self, part: BundleComponent, objects: Sequence[Manifest]) -> list[Target]:
        futures = [self._session.pool.submit(self._apply, part, manifest) for manifest in objects]
        done, failed = [], []
        for future in futures:
            try:
                if (target := future.result()) is not None:
                    done.append(target)
            except StackError as error:
                failed.append(error)
        if failed:
            raise _joined(failed)
        return done

    def _apply(self, part: BundleComponent, manifest: Manifest) -> Target | None:
        """Apply an object, unless it is proven that this would change nothing, or it is done."""
        change, lenient = self._changes[ref_of(manifest)], self._without_gpus
        if change.done:
            return None
        if self._session.wait and goes_by_itself(manifest):
            self._session.observer.expect(manifest)
        planned = ObjectChange(
            self._session,
            self._outcome,
            part,
            change,
            manifest,
            self._bundle.conflict_policy(part),
            self._waiting(part),
            self._policies,
        )
        if change.action is Action.UNCHANGED and change.live is not None:
            if change.stamp:
                planned.carry_out()
            # Listed as metadata only, it carries the type of the list.
            typed = change.live | {key: manifest[key] for key in ("apiVersion", "kind")}
            return Target.of(typed, fresh=False, may_match_no_node=lenient, whole=change.left)
        result = planned.carry_out()
        self._outcome.changed.add(change.ref)
        self._session.notify(ObjectDone(part.name, change.ref, change.action))
        return Target.of(result, may_match_no_node=lenient)

    def _wait(self, part: BundleComponent, targets: Sequence[Target]) -> None:
        self._session.observer.wait(
            targets,
            deadline=self._session.deadline,
            progress=self._progress(part, targets),
            stop=self._session.abandoned,
        )

    def _unchanged(self, part: BundleComponent, but: Collection[Ref]) -> int:
        """Count the objects of a component that are as they were, some left out."""
        refs = {*map(ref_of, part.objects)} - {*but}
        return sum(self._changes[ref].action is Action.UNCHANGED for ref in refs)

    def _progress(self, part: BundleComponent, targets: Sequence[Target]) -> Progress:
        # What is not waited for yet, and need not be changed, is not worse than it was.
        others = self._unchanged(part, {each.ref for each in targets})

        def progress(ready: int, _: int, waiting_for: str) -> None:
            self._outcome.ready[part.name] = ready + others
            self._tell(part, ComponentState.WAITING, ready, waiting_for=waiting_for)

        return progress

    def _waiting(self, part: BundleComponent) -> Callable[[str], None]:
        def waiting(text: str) -> None:
            self._tell(part, ComponentState.WAITING, waiting_for=text)

        return waiting

    def _tell(
        self, part: BundleComponent, state: ComponentState, ready: int = 0, waiting_for: str = ""
    ) -> None:
        self._session.notify(
            ComponentProgress(part.name, state, ready, len(part.objects), waiting_for)
        )


def _few(lines: Sequence[str], named: int) -> list[str]:
    """Leave the first of what has one reason, and count the others."""
    more = len(lines) - named
    return [*lines[:named], *([f"and {more} more, for the same reason"] if more > 0 else ())]


def _precedes(stage: Stage) -> bool:
    """Tell what must be there before a Secret can be."""
    return stage.establishes != "" or all(each["kind"] == "Namespace" for each in stage.objects)


def _joined(errors: Sequence[StackError]) -> StackError:
    """Make one error of several; an interruption stays one."""
    for error in errors:
        if isinstance(error, Interrupted):
            return error
    mute = [str(error) for error in errors if isinstance(error, Unreachable)]
    late = [str(error) for error in errors if isinstance(error, OutOfTime)]
    lines = [str(error) for error in errors if not isinstance(error, OutOfTime | Unreachable)]
    lines += [*_few(mute, MUTE_NAMED), *_few(late, LATE_NAMED)]
    hint = next((error.hint for error in errors if error.hint), "")
    return ApplyError("\n".join(lines), hint=hint)
