"""How the end of a deploy, a teardown or smoke tests looks."""

from collections.abc import Iterable, Sequence

from stackctl.cli.report.history import release_document
from stackctl.cli.report.plan import (
    left_lines,
    objects,
    plan_document,
    plan_lines,
    target_document,
    target_lines,
    unprefaced,
    unseen_lines,
)
from stackctl.cli.report.rendering import (
    Document,
    Page,
    Rendering,
    document,
    known,
    ref_document,
)
from stackctl.cli.report.upgrade import review_document, review_lines
from stackctl.cli.terminal.next_commands import TYPED
from stackctl.cli.terminal.terminal import labelled, plain, wrap
from stackctl.errors import ApplyError, NotReadyError
from stackctl.model.objects.wording import span
from stackctl.model.plan.plan import Action, Plan
from stackctl.model.run.outcome import (
    DeployOutcome,
    Residue,
    SmokeOutcome,
    SmokeResult,
    TargetInfo,
    TeardownOutcome,
)


def deploy_result(outcome: DeployOutcome, word: str) -> Rendering:
    """Tell what a deploy, or what goes like one, came to."""
    return Rendering(
        document=lambda: deploy_document(outcome),
        lines=lambda page: deploy_lines(outcome, page, word),
    )


def teardown_result(outcome: TeardownOutcome) -> Rendering:
    """Tell what a teardown came to, and what it left."""
    return Rendering(
        document=lambda: teardown_document(outcome),
        lines=lambda page: teardown_lines(outcome, page),
    )


def deploy_lines(outcome: DeployOutcome, page: Page, word: str = "deployed") -> list[str]:
    """Say what a deploy, or what goes like one, did."""
    plan, paint = outcome.plan, page.paint
    if outcome.dry_run:
        review = review_lines(outcome.review, paint, page.width) if outcome.review else []
        return _dry(plan, outcome.target, page, review)
    if not outcome.agreed:
        return []
    end = f"on {_where(outcome.target)} in {span(outcome.seconds)}"
    if outcome.release is None:
        text = f"stack {plan.stack}, {objects(len(plan.changes))}, checked {end}"
        left = left_lines(plan, paint, page.width)
        return [*left, *_headed("nothing to change:", text, page)]
    changed = len(plan.changes) - plan.counts[Action.UNCHANGED]
    head = f"{paint(f'{word}:', 'green', 'bold')} stack {plan.stack}, profile {plan.profile}"
    return [
        f"{head}, revision {outcome.release.revision}",
        f"  {changed} of {objects(len(plan.changes))} changed {end}",
    ]


def teardown_lines(outcome: TeardownOutcome, page: Page) -> list[str]:
    """Say what a teardown removed, kept and left."""
    plan, paint = outcome.plan, page.paint
    kept = _list("kept on purpose:", "yellow", outcome.kept, page)
    if outcome.dry_run:
        return [*_dry(plan, outcome.target, page), *kept]
    if not outcome.agreed:
        return []
    end = f"on {_where(outcome.target)} in {span(outcome.seconds)}"
    removed = objects(plan.counts[Action.PRUNE])
    none = "none seen" if outcome.unseen else "none"
    return [
        *_headed("removed:", f"stack {plan.stack}, {removed} {end}", page),
        *kept,
        *(
            _list("residue:", "red", outcome.residue, page)
            or [f"residue: {paint(none, 'green', 'bold')}"]
        ),
        *unseen_lines(outcome.unseen, paint, page.width),
    ]


def _headed(head: str, text: str, page: Page) -> list[str]:
    """Write a last line, broken where the terminal ends."""
    first, *more = labelled(head, text, page.width)
    return [first.replace(head, page.paint(head, "green", "bold"), 1), *more]


def _dry(plan: Plan, target: TargetInfo, page: Page, review: Sequence[str] = ()) -> list[str]:
    head = [*target_lines(target, page.paint, page.width), "", *review]
    return [*head, *plan_lines(unprefaced(plan) if review else plan, page)]


def _where(target: TargetInfo) -> str:
    return plain(target.context) + (" (simulated)" if target.simulated else "")


def _list(title: str, style: str, found: Iterable[Residue], page: Page) -> list[str]:
    room = page.width and page.width - 2
    texts = (f"{plain(str(each.ref))}: {plain(each.why)}" for each in found)
    lines = [f"  {line}" for text in texts for line in wrap(text, room, "  ")]
    return [page.paint(title, style, "bold"), *lines] if lines else []


def deploy_document(outcome: DeployOutcome) -> Document:
    """Describe what a deploy did."""
    return document(
        "DeployOutcome",
        target=target_document(outcome.target),
        dryRun=outcome.dry_run,
        agreed=outcome.agreed,
        seconds=round(outcome.seconds, 1),
        review=review_document(outcome.review) if outcome.review else None,
        plan=plan_document(outcome.plan),
        release=release_document(outcome.release) if outcome.release else None,
        components=[{"name": name, "state": state} for name, state in outcome.components.items()],
    )


def teardown_document(outcome: TeardownOutcome) -> Document:
    """Describe what a teardown did and found."""
    return document(
        "TeardownOutcome",
        target=target_document(outcome.target),
        dryRun=outcome.dry_run,
        agreed=outcome.agreed,
        seconds=round(outcome.seconds, 1),
        plan=plan_document(outcome.plan),
        residue=_residue(outcome.residue),
        kept=_residue(outcome.kept),
        unseen=list(outcome.unseen),
    )


def _residue(found: Iterable[Residue]) -> list[Document]:
    return [{**ref_document(each.ref), "reason": each.why} for each in found]


def smoke_result(outcome: SmokeOutcome) -> Rendering:
    """Tell what smoke tests came to."""
    return Rendering(
        document=lambda: smoke_document(outcome),
        lines=lambda page: smoke_lines(outcome, page),
    )


def trial_lines(planned: Sequence[SmokeResult], target: TargetInfo, page: Page) -> list[str]:
    """Say which objects smoke tests make for a while."""
    head = [*target_lines(target, page.paint, page.width), ""]
    for each in planned:
        head.append(f"{page.paint(plain(each.component), 'bold')}")
        head += [f"  {plain(str(ref))}" for ref in each.objects]
    return [*head, "", "They are made, waited for and removed, one component after the other."]


def smoke_lines(outcome: SmokeOutcome, page: Page) -> list[str]:
    """Say which components work, and of the others why not and where to look."""
    if not outcome.results and outcome.agreed:
        return [
            f"nothing to try: no component of stack {plain(str(outcome.stack))} has a smoke test"
        ]
    if outcome.dry_run:
        return trial_lines(outcome.results, outcome.target, page)
    if not outcome.agreed:
        return []
    lines = [line for each in outcome.results for line in _smoke_line(each, page)]
    if outcome.without:
        lines += wrap(f"no smoke test: {', '.join(outcome.without)}", page.width)
    passed = sum(each.passed for each in outcome.results)
    count = f"{passed} of {len(outcome.results)}"
    style = "green" if passed == len(outcome.results) else "red"
    end = f"on {_where(outcome.target)} in {span(outcome.seconds)}"
    return [*lines, f"{page.paint('passed:', style, 'bold')} {count} smoke tests {end}"]


def _smoke_line(each: SmokeResult, page: Page) -> list[str]:
    name = page.paint(plain(each.component), "bold")
    if each.failure is None:
        return [f"{page.paint('✓', 'green')} {name}  {span(each.seconds)}"]
    room = page.width and page.width - 4
    said = [plain(line) for line in str(each.failure).splitlines()]
    said += [f"→ {TYPED.addressed(plain(each.failure.hint))}"] if each.failure.hint else []
    if isinstance(each.failure, ApplyError | NotReadyError):  # of any other nothing was made
        way = f"--stack {each.stack}"
        ways = f"→ stackctl status {way}; gone with: stackctl teardown {way}"
        said.append(TYPED.addressed(ways))
    head = f"{page.paint('✗', 'red')} {name}  {span(each.seconds)}"
    return [head, *(f"    {part}" for line in said for part in wrap(line, room))]


def smoke_document(outcome: SmokeOutcome) -> Document:
    """Describe what smoke tests came to."""
    return document(
        "SmokeOutcome",
        target=target_document(outcome.target),
        stack=str(outcome.stack),
        dryRun=outcome.dry_run,
        agreed=outcome.agreed,
        seconds=round(outcome.seconds, 1),
        tests=[_test_document(each, ran=not outcome.dry_run) for each in outcome.results],
        without=list(outcome.without),
    )


def _test_document(each: SmokeResult, *, ran: bool) -> Document:
    return known(
        component=each.component,
        stack=str(each.stack),
        objects=[ref_document(ref) for ref in each.objects],
        passed=each.passed if ran else None,
        seconds=round(each.seconds, 1) if ran else None,
        message=str(each.failure) if each.failure else None,
        hint=(each.failure.hint or None) if each.failure else None,
    )
