"""All objects of a kind, read page by page."""

from dataclasses import dataclass, replace

from stackctl.api.http.answers import a_list
from stackctl.api.http.exchange import Exchange
from stackctl.api.http.messages import JSON, Request
from stackctl.errors import Expired
from stackctl.model.objects.refs import Manifest
from stackctl.model.shapes.json_text import Keep

PAGE = "500"
METADATA = f"{JSON};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,{JSON}"


@dataclass(frozen=True, slots=True)
class ListSelection:
    """Which objects: those under a path, with these labels and fields."""

    path: str
    labels: str = ""
    fields: str = ""
    metadata_only: bool = False
    keep: Keep | None = None  # of each object, as it is decoded

    @property
    def query(self) -> dict[str, str]:
        """The selectors as a query."""
        selectors = {"labelSelector": self.labels, "fieldSelector": self.fields}
        return {key: value for key, value in selectors.items() if value}

    @property
    def accept(self) -> str:
        """The form of the answer."""
        return METADATA if self.metadata_only else JSON


@dataclass(frozen=True, slots=True)
class Listing:
    """The objects of a list, each with its apiVersion and kind.

    Of metadata alone the kind is PartialObjectMetadata: the server does not say which.
    """

    items: tuple[Manifest, ...]
    resource_version: str
    complete: bool = True  # False: there is more, and one page was asked for


def read_page(exchange: Exchange, selection: ListSelection) -> Listing:
    """Read the first page alone."""
    request = Request("GET", selection.path, accept=selection.accept, verb="list")
    page = exchange.answer(replace(request, query=selection.query | {"limit": PAGE}), a_list)
    metadata = page["metadata"]
    return Listing(
        tuple(_complete(page)), metadata["resourceVersion"], not metadata.get("continue")
    )


def read_list(
    exchange: Exchange, selection: ListSelection, retry_until: float | None = None
) -> Listing:
    """Read all pages, as of one version."""
    request = Request(
        method="GET",
        path=selection.path,
        accept=selection.accept,
        verb="list",
        retry_until=retry_until,
        keep=selection.keep,
    )
    try:
        return _read_pages(exchange, request, selection)
    except Expired:  # the server forgot the first page's version before we came to the last
        return _read_pages(exchange, request, selection)


def _read_pages(exchange: Exchange, request: Request, selection: ListSelection) -> Listing:
    items: list[Manifest] = []
    query = selection.query | {"limit": PAGE}
    while True:
        page = exchange.answer(replace(request, query=query), a_list)
        items += _complete(page)
        metadata = page["metadata"]
        if not metadata.get("continue"):
            return Listing(tuple(items), metadata["resourceVersion"])
        query["continue"] = metadata["continue"]


def _complete(page: Manifest) -> list[Manifest]:
    """Fill in what lists leave out of their items."""
    names = {"apiVersion": page["apiVersion"], "kind": page["kind"].removesuffix("List")}
    return [names | item for item in page.get("items") or ()]
