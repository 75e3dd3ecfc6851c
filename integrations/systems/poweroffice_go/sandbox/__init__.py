"""A pretend PowerOffice Go: `server` signs in and has employees and employments, `lines` an employment's dated lines,
`registers` sub-units, departments and locations, `models` the published models, JSON Patch and refusals.

Where strict, what no source shows as accepted is refused: unknown properties and parameters, other media types than the
documented ones, a second default employment, lines of one day or from before the employment.
"""

from integrations.systems.poweroffice_go.sandbox.server import (
    APPLICATION_KEY,
    CLIENT_KEY,
    SUBSCRIPTION_KEY,
    PowerOfficeGoSandbox,
)

__all__ = ["APPLICATION_KEY", "CLIENT_KEY", "SUBSCRIPTION_KEY", "PowerOfficeGoSandbox"]
