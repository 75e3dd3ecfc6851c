"""Visma.net Payroll (Norway): the Employee API v2 with its asynchronous jobs, and Visma Connect's token endpoint.

`server` answers, `rules` says what a position may hold. Where strict: no write without If-Match, no unknown property or
parameter, no answer without the API's own media type asked for. No overlapping positions and no changed start date
anywhere: what a job says of them is not published, and the connector never tries.
"""

from integrations.systems.visma_net_payroll.sandbox.server import VismaNetPayrollSandbox

__all__ = ["VismaNetPayrollSandbox"]
