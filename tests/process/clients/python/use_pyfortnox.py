"""The package `pyfortnox` (`fortnox`): it is from before OAuth, so today's header is put on each of its calls. All that
it can do with an employee."""

import fortnox
import requests
from common import done, given

PLAIN = requests.Session.request


def signed(self: requests.Session, method: str, url: str, **kwargs: object) -> requests.Response:
    headers = {**(kwargs.pop("headers", None) or {}), "Authorization": f"Bearer {given['token']}"}
    return PLAIN(self, method, url, headers=headers, **kwargs)


requests.Session.request = signed
client = fortnox.Client(access_token=given["token"], client_secret="unused", base_url=given["url"].rstrip("/"))
listed = client.employees.list()
one = client.employees.retrieve("1042")
new = {"EmployeeId": "1099", "FirstName": "Bo", "LastName": "Ek", "Email": "bo@example.com"}
made = client.employees.create({**new, "PersonelType": "TJM", "SalaryForm": "MAN", "EmploymentDate": "2026-01-01"})
changed = client.employees.update("1099", {"JobTitle": "Kock", "EmployedTo": "2030-12-31"})
try:
    client.employees.retrieve("nobody")
    unknown = ""
except fortnox.RequestError as error:
    unknown = str(error)
done(
    listed=[employee["EmployeeId"] for employee in listed],
    one=one["LastName"],
    made=made["EmployeeId"],
    title=changed["JobTitle"],
    end=changed["EmployedTo"],
    unknown=unknown,
)
