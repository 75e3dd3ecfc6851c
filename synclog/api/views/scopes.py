from __future__ import annotations

# What a key needs for each method on the sync side.
SYNC = {"GET": "sync:read", "POST": "sync:write", "PATCH": "sync:write"}
