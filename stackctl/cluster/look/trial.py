"""What the server says of objects that are to be made, before anybody agrees to anything.

Tried in a dry run is what can be: what has its namespace and its kind already, and waits for
nothing else of the same plan. What an object that is there would become is for `prediction`.
"""

from collections.abc import Collection, Container, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass

from stackctl.api.discovery import Discovery
from stackctl.cluster.sending import DRY_RUN, Sender
from stackctl.errors import Forbidden, NotServed, Rejected
from stackctl.model.objects.kinds import BUILTIN, GroupKind, kind_of
from stackctl.model.objects.refs import Manifest, Ref
from stackctl.model.ownership.proof import marked
from stackctl.model.readiness.policies import denying

NOT_THERE = "namespace or kind are not there yet"
_REFUSALS = (400, 403, 422)
_TAKES_NO_DRY_RUN = "does not support dry run"


@dataclass(frozen=True, slots=True)
class Trials:
    """What was refused, and what was not tried, with the reason."""

    refused: Mapping[Ref, Rejected]
    untried: Mapping[Ref, str]


@dataclass(frozen=True, slots=True)
class NotThereYet:
    """What is not there yet, or not as it will be, when new objects are tried."""

    namespaces: Collection[str]  # to be made
    kinds: Collection[GroupKind]  # whose definitions come or change
    guards: bool  # webhooks of the stack come or change: they may not answer for its own kinds
    policies: Container[str] = ()  # of the stack, that change, or what they go by


def try_new(
    sender: Sender,
    discovery: Discovery,
    new: Mapping[Ref, Manifest],
    around: NotThereYet,
    pool: Executor,
) -> Trials:
    """Ask for each new object whether the server would take it."""
    paths = {ref: _path(discovery, ref, manifest, around) for ref, manifest in new.items()}
    tried = {ref: path for ref, path in paths.items() if path}
    answers = pool.map(lambda ref: _try(sender, tried[ref], new[ref]), tried)
    refused: dict[Ref, Rejected] = {}
    untried = {ref: NOT_THERE for ref, path in paths.items() if not path}
    for ref, error in zip(tried, answers, strict=True):
        if error is None:
            continue
        if not isinstance(error, Rejected) or not is_refusal(error):
            untried[ref] = str(error)
        elif (policy := denying(str(error))) in around.policies:
            untried[ref] = judged_later(policy)
        elif _awaits(error, (other for other in new if other != ref)):
            untried[ref] = "what it refers to is not there yet"
        else:
            refused[ref] = error
    return Trials(refused, untried)


def is_refusal(error: Rejected) -> bool:
    """Tell what a server does not want from what it could not try."""
    return error.status in _REFUSALS and not takes_no_dry_run(error)


def takes_no_dry_run(error: Rejected) -> bool:
    """Tell the refusal of a webhook that has side effects: what it would say nobody knows."""
    return _TAKES_NO_DRY_RUN in str(error)


def judged_later(policy: str) -> str:
    """Say that a policy of the stack refuses an object by what it goes by now."""
    return f"the policy {policy} judges by what this plan changes"


def _path(discovery: Discovery, ref: Ref, manifest: Manifest, around: NotThereYet) -> str:
    """Return where to try an object; nothing where it cannot be tried yet."""
    kind = kind_of(manifest)
    guarded = around.guards and kind not in BUILTIN
    if guarded or kind in around.kinds or ref.namespace in around.namespaces:
        return ""
    try:
        return discovery.path_of(manifest)
    except NotServed:
        return ""


def _try(sender: Sender, path: str, manifest: Manifest) -> Rejected | Forbidden | None:
    client = sender.client
    try:
        client.apply(
            path,
            marked(manifest, DRY_RUN),
            manager=sender.stack.manager,
            dry_run=True,
            paced=True,
            retry_until=client.now(),  # a webhook that is down is waited for when it matters
        )
    except (Rejected, Forbidden) as error:
        return error
    return None


def _awaits(error: Rejected, others: Iterable[Ref]) -> bool:
    """Tell whether a refusal is about something that the same plan brings."""
    text = str(error).partition(": ")[2]
    folded = text.lower().replace(" ", "")
    return any(
        (ref.kind.lower() in folded and f'"{ref.name}"' in text) or f" {ref.name} " in text
        for ref in others
    )
