"""What is kept of an employee's marks, to see that one has changed: keyed, so that no national id can be read or
guessed from it."""

from __future__ import annotations

import hashlib
import hmac

from integrations.models import Integration
from integrations.sdk.identity import Mark, plain
from integrations.sdk.values import Person
from positions.models import Employee


def fingerprints(integration: Integration, person: Person | Employee) -> dict[str, str]:
    """Of each mark that the person has here."""
    marks = {Mark.NUMBER: person.number, Mark.NATIONAL_ID: person.national_id, Mark.EMAIL: person.email}
    key = integration.fingerprint_key.encode()
    return {
        str(mark): hmac.new(key, f"{mark} {plain(mark, text)}".encode(), hashlib.sha256).hexdigest()
        for mark, text in marks.items()
        if text
    }
