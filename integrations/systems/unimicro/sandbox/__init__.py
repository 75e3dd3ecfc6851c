"""A pretend Unimicro: the identity server with signed client assertions, and the biz API around employments.

`identity` signs in, `query` reads filters, `server` is the rest. Where strict, whole objects are wanted, what is left
out of one is emptied, and what only the web client or nobody refuses is refused: unknown properties and parameters, an
employment without a code, with another title than the register's, beyond the legal entity, or beside another one.
"""

from integrations.systems.unimicro.sandbox.server import UnimicroSandbox

__all__ = ["UnimicroSandbox"]
