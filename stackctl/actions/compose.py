"""From what the user asked for to a bundle: read, resolve, order, render, compose.

No cluster is asked for anything in here; that is what `deploy`, `diff` and `render` share.
"""

import shlex
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from pathlib import Path

from stackctl.actions.from_sources import Target, with_sources
from stackctl.errors import ConfigError, ConflictError, RenderError, UsageError
from stackctl.model.catalogue.catalogue import Catalogue, CatalogueSource
from stackctl.model.catalogue.component import EMPTY, Component, Manifests, Mode
from stackctl.model.catalogue.profile import Profile, StackFile
from stackctl.model.charts.rendered import Fields
from stackctl.model.compose.bundle import Bundle, secrets_in
from stackctl.model.compose.compose import compose
from stackctl.model.objects.kinds import Scopes
from stackctl.model.objects.masking import names_in
from stackctl.model.objects.refs import RECORD_NAMESPACE
from stackctl.model.ownership.stack_id import StackId
from stackctl.model.plan.plan import Plan
from stackctl.model.plan.plan_file import Recipe
from stackctl.model.plan.setting_changes import feature_changes, setting_changes
from stackctl.model.plan.unfinished import unfinished, unfinished_credentials
from stackctl.model.resolve.confidential import (
    secret_keys,
    secrets_chosen,
    secrets_decided,
    secrets_set,
    split,
)
from stackctl.model.resolve.overrides import KeptOverrides, merge
from stackctl.model.resolve.resolve import resolve
from stackctl.model.resolve.selection import Selection
from stackctl.secrets import SECRETS, Secrets
from stackctl.sources.components import YAML, read_manifests
from stackctl.sources.files import catalogue_sources, read_catalogue, read_stack_file


@dataclass(frozen=True, slots=True)
class StackRequest:
    """What the user asked for."""

    profile: str | None = None
    stack_file: Path | None = None
    stack: str | None = None  # the stack's name, when it is not the file's or the profile's
    record: str | None = None  # the namespace of its record, where it is named
    sets: tuple[str, ...] = ()
    catalogs: tuple[Path, ...] = ()
    only: tuple[str, ...] = ()  # the components that are meant; none named: all of them
    locked: Path | None = None  # a lock that says what it must come to
    take_over: tuple[str, ...] = ()  # managers whose contested fields are taken in this run
    keep: bool | None = None  # whether what --set said before holds on; None: as the verb does
    kept: KeptOverrides | None = None  # what that is
    # Where the profile is the one of the last deploy: the folders that were named then.
    folders_then: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Composed:
    """What was asked for, decided and put together."""

    stack: StackId
    selection: Selection
    bundle: Bundle
    sets: Mapping[str, str]  # everything that --set says, now and before; secrets left out
    secret_sets: Mapping[str, str]  # those
    named: bool = False  # it is said in which namespace the record is
    known: tuple[int, ...] = ()  # the revisions that were just seen there
    sources: tuple[CatalogueSource, ...] = ()  # the catalogues it was made from
    # What charts make up anew at each rendering, by component.
    generated: Mapping[str, Fields] = field(default_factory=dict)
    notes: tuple[str, ...] = ()  # what has to be told of charts
    charts: Mapping[str, str] = field(default_factory=dict)  # their digests, by component
    manifests: Mapping[str, Manifests] = field(default_factory=dict, repr=False)
    scopes: Scopes = field(default_factory=dict, repr=False)  # what the target says of its kinds
    # Components of which only that much is known, and why, where they are described alone.
    unrendered: Mapping[str, RenderError] = field(default_factory=dict, repr=False)

    @property
    def cluster_uid(self) -> str:
        """The cluster the stack file is meant for; empty when it does not say."""
        return self.selection.target.clusterUID

    @property
    def for_target(self) -> bool:
        """Something in it was rendered for a target, and may be another thing for another one."""
        return bool(self.scopes)

    def secret_among(self, keys: Iterable[str], known: Container[str] = ()) -> frozenset[str]:
        """Choose the keys of `--set` whose values are secret."""
        parts = self.selection.components
        return secret_keys({each.component.name: each.component for each in parts}, keys, known)


def spoken(verb: str, request: StackRequest) -> str:
    """Write a request as it was typed, the values of settings left out: they may be secret."""
    words = ["--profile", request.profile] if request.profile else []
    words += ["-f", str(request.stack_file)] if request.stack_file else []
    words += ["--stack", request.stack] if request.stack else []
    words += (
        ["--record-namespace", request.record]
        if request.record not in (None, RECORD_NAMESPACE)
        else []
    )
    for folder in request.catalogs:
        words += ["--catalog", shlex.quote(str(folder))]
    for each in request.sets:
        words += ["--set", f"{each.partition('=')[0]}=…"]
    words += [f"--only {name}" for name in request.only]
    words += [f"--take-over {manager}" for manager in request.take_over]
    words += ["--reset"] if verb == "upgrade" and request.keep is False else []
    return " ".join([verb, *words])


def folders_in(command: str) -> tuple[str, ...]:
    """Read out of what `spoken` wrote which folders were named."""
    with suppress(ValueError):  # not what was written
        words = shlex.split(command)
        return tuple(value for word, value in pairwise(words) if word == "--catalog")
    return ()


def recipe_of(request: StackRequest, composed: Composed) -> Recipe:
    """Take down what was typed, for a plan to be carried out later; secrets left out."""
    said = merge(request.sets)
    seen, _ = split(said, {k for k, v in said.items() if _unsafe(k, v, composed)})
    return Recipe(
        stack_file=str(request.stack_file.absolute()) if request.stack_file else "",
        stack=request.stack or "",
        record=request.record or "",
        catalogs=tuple(str(folder.absolute()) for folder in request.catalogs),
        sets=seen,
        take_over=request.take_over,
    )


def _unsafe(key: str, value: str, composed: Composed) -> bool:
    return key in composed.secret_sets or SECRETS.mask(value) != value


def compose_stack(
    request: StackRequest, target: Target | None = None, *, described: bool = False
) -> Composed:
    """Read, resolve and compose what was asked for.

    Charts are rendered for the target, which is asked what it can do where there are any. Where
    what comes of it is only `described`, those that cannot be rendered have no objects.

    Raises:
        ConfigError: a file, a value or a combination is wrong; every fault is listed.
        ConflictError: the stack file is for another profile.
        RenderError: the layers do not fit together.
    """
    stack, selection = select(request)
    manifests = {}
    problems: list[str] = []
    for chosen in selection.components:
        if chosen.mode is not Mode.EXTERNAL:
            try:
                manifests[chosen.component.name] = _layers(chosen.component)
            except ConfigError as error:
                problems += error.problems or [str(error)]
    if problems:
        raise ConfigError.listing("the catalogue is not right:", problems)
    learn_settled(selection)  # settings that a chart in their stead has no use for, too
    made = with_sources(selection, manifests, target, described=described)
    modes = {each.component.name: each.mode for each in selection.components}
    selection = made.selection
    bundle = compose(selection, made.manifests, stack, yaml=YAML, served=made.scopes)
    bundle = replace(bundle, taking=request.take_over)
    learn_bundle(bundle, selection)
    _require_finished(bundle)
    parts = (replace(each, mode=modes[each.component.name]) for each in selection.components)
    selection = replace(selection, components=tuple(parts))
    named = bool(request.record or selection.record)
    composed = Composed(
        stack,
        selection,
        bundle,
        {},
        {},
        named,
        sources=catalogue_sources(request.catalogs),
        generated=made.generated,
        notes=made.notes,
        charts=made.charts,
        manifests=made.manifests,
        scopes=made.scopes,
        unrendered=made.unrendered,
    )
    sets = {k: v for k, v in _said(request).items() if k not in selection.unused}
    seen, secret = split(sets, composed.secret_among(sets, _hidden(request)))
    return replace(composed, sets=seen, secret_sets=secret)


def _require_finished(bundle: Bundle) -> None:
    """Refuse values that stand for others, and passwords that everybody knows.

    Raises:
        ConfigError: with each object and path.
    """
    credentials = (each for part in bundle.components for each in part.credentials)
    given = (unfinished_credentials(each.given) for each in bundle.components)
    if found := [*unfinished(chain(bundle.manifests, credentials)), *chain(*given)]:
        raise ConfigError.listing(
            "these values were never meant to be deployed:",
            found,
            hint="set them; a parameter of type secret can be generated: generate: password",
        )


def _layers(component: Component) -> Manifests:
    """Read what is in a component's folder; nothing where a profile alone has made it."""
    return read_manifests(component) if component.folder else EMPTY


def _said(request: StackRequest) -> dict[str, str]:
    """Return everything that `--set` says, now and before."""
    return merge(request.sets, request.kept.sets if request.kept else None)


def _hidden(request: StackRequest) -> frozenset[str]:
    return request.kept.hidden if request.kept else frozenset()


def explained(plan: Plan, composed: Composed, before: Mapping[str, str]) -> Plan:
    """Say which settings are behind what would change; `before`: what `--set` said then."""
    found = setting_changes(plan, composed.selection.components, yaml=YAML)
    return replace(plan, settings=(*feature_changes(before, composed.sets), *found))


def learn_bundle(bundle: Bundle, selection: Selection, secrets: Secrets = SECRETS) -> None:
    """Learn what is secret in a bundle, and the names in it that are not."""
    secrets.name(part.name for part in bundle.components)
    secrets.name(names_in(bundle.manifests))
    secrets.learn(secrets_in(bundle))
    learn_settled(selection, secrets)


def learn_settled(selection: Selection, secrets: Secrets = SECRETS) -> None:
    """Learn what is secret in what a profile resolves to."""
    for chosen in selection.components:
        secrets.learn(secrets_decided(chosen))


def select(request: StackRequest) -> tuple[StackId, Selection]:
    """Return the stack and what its profile resolves to.

    Raises:
        ConfigError: a file, a value or a combination is wrong; every fault is listed.
        ConflictError: the stack file is for another profile.
    """
    file, catalogue = _read(request)
    profile = _profile(request.profile, file)
    base = profile.partition("+")[0]
    stack = request.stack or (file.name if file else base)
    if base not in catalogue.profiles and request.folders_then is not None:
        named = [f"--catalog {shlex.quote(each)}" for each in request.folders_then]
        raise ConfigError(
            f"no profile is called {profile}, which the stack was last deployed with",
            hint=f"say again where it is: {' '.join(named) or '--catalog DIR'}",
        )
    _learn_settings(request, catalogue, file)
    selection = resolve(catalogue, profile, stack=file, sets=request.sets, kept=request.kept)
    return StackId(stack, record_namespace(request, selection)), selection


def record_namespace(request: StackRequest, selection: Selection) -> str:
    """Say where the record of a stack is, as far as no cluster is asked."""
    return request.record or selection.record or RECORD_NAMESPACE


def _read(request: StackRequest) -> tuple[StackFile | None, Catalogue]:
    """Read every file there is, so that what is wrong with them is said at once.

    Raises:
        ConfigError: with every fault of all of them.
    """
    faults: list[ConfigError] = []
    file = catalogue = None
    try:
        file = read_stack_file(request.stack_file, request.catalogs) if request.stack_file else None
    except ConfigError as error:
        faults.append(error)
    try:
        catalogue = read_catalogue(request.catalogs)
        len(catalogue.components)  # reads them
    except ConfigError as error:
        faults.append(error)
    if faults[1:]:
        raise ConfigError.listing("these files are not right:", [*chain(*(e.each for e in faults))])
    if faults or catalogue is None:
        raise faults[0]
    return file, catalogue


def _learn_settings(request: StackRequest, catalogue: Catalogue, file: StackFile | None) -> None:
    """Learn which settings are secret before anything is said of them."""
    sets = _said(request)
    secret = secret_keys(catalogue.components, sets, _hidden(request))
    SECRETS.learn(secrets_set(catalogue.components, sets, secret))
    sources: list[Profile | StackFile] = [*catalogue.profiles.values(), *([file] if file else [])]
    for source in sources:
        said = [*source.components.items()]
        said += source.adjust.items() if isinstance(source, Profile) else []
        choices = [(name, choice) for name, choice in said if choice]
        SECRETS.learn(secrets_chosen(catalogue.components, choices))


def _profile(asked: str | None, file: StackFile | None) -> str:
    """Choose the profile; a stack is never switched to another one silently."""
    if asked and file and asked not in (file.profile, file.profile.partition("+")[0]):
        raise ConflictError(
            f"{file.path} is for profile {file.profile}, not {asked}",
            hint=f"leave out --profile, or change spec.profile in {file.path}",
        )
    profile = file.profile if file else asked
    if profile is None:
        raise UsageError(
            "which profile? there is neither --profile nor a stack file",
            hint="stackctl profiles lists them; stackctl deploy --profile NAME",
        )
    return profile
