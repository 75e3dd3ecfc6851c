"""A pretend Netvisor: `server` checks signatures and has employment periods, `people` employees and dimensions,
`elements` the elements of a period.

Where strict, what the documentation leaves open is refused: overlapping periods, an end without a reason (and the other
way round), deleting a period that has been paid, parameters and attributes that no page names, a decimal comma.
"""

from integrations.systems.netvisor.sandbox.server import NetvisorSandbox

__all__ = ["NetvisorSandbox"]
