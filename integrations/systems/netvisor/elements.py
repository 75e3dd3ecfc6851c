"""Reading Netvisor's XML. Tags come in PascalCase or in lower case, so case never counts."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring


def parsed(content: bytes) -> Element | None:
    try:
        root: Element = fromstring(content)
    except (ParseError, ValueError):
        return None
    return root


def tag_of(element: Element) -> str:
    return element.tag.rpartition("}")[2].lower()


def every(element: Element, name: str) -> Iterator[Element]:
    return (e for e in element.iter() if tag_of(e) == name)


def text_at(element: Element, *path: str) -> str:
    """The text at the end of the path of children, "" when there is none."""
    for name in path:
        child = next((c for c in element if tag_of(c) == name), None)
        if child is None:
            return ""
        element = child
    return (element.text or "").strip()


def statuses(root: Element) -> list[str]:
    """What it says of the call: "OK", or "FAILED" and "CODE :: text"."""
    answer = next(every(root, "responsestatus"), None)
    return [] if answer is None else [text_at(e) for e in answer if tag_of(e) == "status"]
