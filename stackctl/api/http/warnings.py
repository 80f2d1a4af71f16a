"""Warnings that come with an answer: passed on once each, with the object that they are about."""

import json
import re
import threading
from collections.abc import Mapping

from stackctl.api.http.messages import Request
from stackctl.model.objects.refs import COMPONENT_LABEL, labels_of, ref_of
from stackctl.model.run.events import Notify, ServerWarning
from stackctl.model.shapes.shapes import TEXT, Shape, misshapen

HEADER = "Warning"
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_NAMED_OBJECT: Shape = {
    "apiVersion!": TEXT,
    "kind!": TEXT,
    "metadata!": {"name!": TEXT, "namespace": TEXT, "labels": {"*": TEXT}},
}


class Warnings:
    """Those of one API server; to be passed on from many threads."""

    def __init__(self, notify: Notify) -> None:
        self._notify = notify
        self._told: set[str] = set()
        self._telling = threading.Lock()

    def pass_on(self, headers: Mapping[str, str], request: Request) -> None:
        """Tell whoever asked to hear the warnings of a request, else everybody."""
        for text in _WARNING.findall(headers.get(HEADER) or ""):
            warning = text.replace('\\"', '"').replace("\\\\", "\\")
            if request.hear is not None:
                request.hear(warning)
            elif self._is_new(warning):
                self._notify(_about(warning, request.body))

    def _is_new(self, warning: str) -> bool:
        with self._telling:
            new = warning not in self._told
            self._told.add(warning)
        return new


def _about(text: str, body: bytes | None) -> ServerWarning:
    """Name the object that a warning is about, where one was sent."""
    try:
        sent = json.loads(body or b"null")
    except ValueError:
        return ServerWarning(text)
    if not isinstance(sent, dict) or misshapen(sent, _NAMED_OBJECT):
        return ServerWarning(text)
    return ServerWarning(text, ref_of(sent), labels_of(sent).get(COMPONENT_LABEL, ""))
