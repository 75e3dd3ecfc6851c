"""The package `msgraph-sdk`: Microsoft's own, with a token and an address of the sandbox."""

import asyncio

import httpx
from common import done, given
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.request_information import RequestInformation
from kiota_http.httpx_request_adapter import HttpxRequestAdapter
from msgraph import GraphServiceClient
from msgraph.generated.models.employee_org_data import EmployeeOrgData
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.reference_update import ReferenceUpdate
from msgraph.generated.models.user import User
from msgraph.generated.users.users_request_builder import UsersRequestBuilder


class Signed(AuthenticationProvider):
    async def authenticate_request(self, request: RequestInformation, *_: object, **__: object) -> None:
        request.headers.try_add("Authorization", f"Bearer {given['token']}")


async def main() -> None:
    url = given["url"] + "v1.0"
    adapter = HttpxRequestAdapter(Signed(), http_client=httpx.AsyncClient(timeout=30))
    adapter.base_url = url
    client = GraphServiceClient(request_adapter=adapter)
    listed = await client.users.get()
    query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(
        select=["id", "employeeId", "jobTitle", "mail"], filter="employeeId eq '1042'", count=True, top=5
    )
    configuration = RequestConfiguration(query_parameters=query)
    configuration.headers.add("ConsistencyLevel", "eventual")
    found = await client.users.get(request_configuration=configuration)
    user = client.users.by_user_id(found.value[0].id)
    one = await user.get()
    change = User(job_title="Kokk", department="Kitchen", employee_org_data=EmployeeOrgData(cost_center="4010"))
    await user.patch(change)
    await user.manager.ref.put(ReferenceUpdate(odata_id=f"{url}/users/{given['boss']}"))
    manager = await user.manager.get()
    await user.manager.ref.delete()
    await user.patch(User(additional_data={"department": None}))
    changed = await client.users.by_user_id(given["id"]).get()
    try:
        await client.users.by_user_id("nobody").get()
        unknown = ""
    except ODataError as error:
        unknown = error.error.code
    done(
        listed=len(listed.value),
        found=[each.employee_id for each in found.value],
        one=one.display_name,
        title=changed.job_title,
        manager=manager.id,
        unknown=unknown,
    )


asyncio.run(main())
