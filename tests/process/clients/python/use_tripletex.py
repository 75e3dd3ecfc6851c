"""The package `tripletex`: employees by its own calls, employments by those of its client."""

from common import done, given
from tripletex.core.api import TripletexAPI
from tripletex.core.config import TripletexConfig

config = TripletexConfig(hostname=given["url"])
config.consumer_token, config.employee_token = given["consumer_token"], given["employee_token"]
api = TripletexAPI(client_config=config)
client = api.client

listed = api.employee.list()
one = api.employee.read(given["id"])
row = {
    "date": "2030-01-01",
    "employmentType": "ORDINARY",
    "employmentForm": "PERMANENT",
    "remunerationType": "MONTHLY_WAGE",
    "workingHoursScheme": "NOT_SHIFT",
    "percentageOfFullTimeEquivalent": 80,
    "annualSalary": 500000,
    "monthlySalary": 1,  # read-only: it is ignored
}
division = client.get("division")["values"][0]["id"]
new = {
    "employee": {"id": int(given["id"])},
    "startDate": "2030-01-01",
    "division": {"id": division},
    "employmentDetails": [row],
}
made = client.post("employee/employment", json=new)["value"]
rows = client.get("employee/employment/details", params={"employmentId": made["id"]})["values"]
end = {"endDate": "2030-06-30", "employmentEndReason": "EMPLOYMENT_END_EXPIRED"}
ended = client.put(f"employee/employment/{made['id']}", json={**made, **end})["value"]
done(
    listed=len(listed if isinstance(listed, list) else listed.values),
    one=one.email,  # of what has a name in two words, its model reads nothing
    started=made["startDate"],
    rows=[found["percentageOfFullTimeEquivalent"] for found in rows],
    ended=ended["endDate"],
)
