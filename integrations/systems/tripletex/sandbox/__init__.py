"""Tripletex' API 2.0 as a local server: session tokens, employees, employments and their dated details rows.

Written from the published contract (openapi.json 2.74.00), the README, FAQ and changelog of github.com/Tripletex/
tripletex-api2 and developer.tripletex.no. Switches in `state` that a test or a demo may turn:

    post_token     False: an installation before 2.74, which creates session tokens by PUT only
    null_clears    False: an explicit null in a PUT is ignored (which of the two Tripletex does is not published)
    filters        False: the filters for employees have other names now, and unknown parameters are ignored
    hidden         names of fields that the token may not see; they are left out of every answer
    forbidden      beginnings of paths that the token may not use
    newer          codes that came after the contract, taken wherever a code is
    rate_limit     [requests, seconds]
    accountant     True: the employee token is an accounting firm's, and company "0" opens nothing

The parts: `objects` (fields, codes, refusals), `records` (bodies, answers, lists), `people` (employees and registers)
and `employments`. What no published or recorded call of Tripletex settles (an end without a reason or before the start,
a percentage above 100, a row after the end, rows within an employment that is changed) is refused where strict.
"""

from integrations.systems.tripletex.sandbox.employments import TripletexSandbox

__all__ = ["TripletexSandbox"]
