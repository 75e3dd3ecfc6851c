"""What other apps add to the pages of employees and positions, which know nothing of those apps.

Append to these lists in `AppConfig.ready`. `Panel`s return safe HTML ("" for nothing); notes are plain sentences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.http import HttpRequest

from positions.models import Employee, Position

# Shown above the form of an employee.
employee_panels: list[Callable[[HttpRequest, Employee], str]] = []
# Shown below the form of a position.
position_panels: list[Callable[[HttpRequest, Position], str]] = []
# Beside each position of an employee: position id -> safe HTML. Asked once for all of them.
position_chips: list[Callable[[HttpRequest, Sequence[Position]], Mapping[int, str]]] = []
# Before a deletion is confirmed: what will happen elsewhere. Asked once for all of them.
position_delete_notes: list[Callable[[HttpRequest, Sequence[Position]], list[str]]] = []
# After a save: warnings, for example about an overlap that a connected system will refuse.
position_save_notes: list[Callable[[HttpRequest, Position], list[str]]] = []


def delete_notes(request: HttpRequest, positions: Sequence[Position]) -> list[str]:
    """Each sentence once, in the order in which it was first said."""
    notes = [note for ask in position_delete_notes for note in ask(request, positions)] if positions else []
    return list(dict.fromkeys(notes))


def chips(request: HttpRequest, positions: Sequence[Position]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for ask in position_chips:
        for pk, html in ask(request, positions).items():
            found.setdefault(pk, []).append(html)
    return found
