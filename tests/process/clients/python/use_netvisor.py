"""The package `netvisor-api-client`: it signs and sends. Of employees it has no calls of its own."""

from common import done, given
from netvisor_api_client import Netvisor

names = ("sender", "partner_id", "partner_key", "customer_id", "customer_key")
signs = {name: given[name] for name in names}
client = Netvisor(given["url"].rstrip("/"), organization_id=given["organisation_id"], **signs)._client

listed = client.request("GET", "getemployees.nv")
one = client.request("GET", "getemployee.nv", params={"employeenumber": "1042"})
unknown = client.request("GET", "getemployee.nv", params={"employeenumber": "nobody"})
done(listed=listed.text, one=one.text, unknown=unknown.text)
