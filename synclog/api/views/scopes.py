from __future__ import annotations

from collections.abc import Mapping

from positions.roles import Need

# What a key needs for each method on the sync side, and what a member needs of their role, as the pages do.
SYNC = {"GET": "sync:read", "POST": "sync:write", "PATCH": "sync:write"}
EDITORS_ASK: Mapping[str, Need] = {"GET": "view", "POST": "edit"}
ADMINS_ASK: Mapping[str, Need] = {"GET": "view", "POST": "administer", "PATCH": "administer"}
