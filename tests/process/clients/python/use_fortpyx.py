"""The package `fortpyx`: its address is a constant of its class, which is pointed elsewhere. All that it can do with an
employee. (Codes and dates are given as its own values: it makes nothing of texts.)"""

from datetime import date

from common import done, given
from fortpyx import Fortpyx
from fortpyx.model import FortnoxEmployee, FortnoxEmployeeWrap, PersonelType, SalaryForm

Fortpyx._Fortpyx__BASE_URL = given["url"].rstrip("/")
client = Fortpyx("an-id", "a-secret", given["token"], "none", auto_fetch_all_pages=True, page_size=2)
employees = client.fortnox.employees
listed = employees.retrieve_a_list_of_employees()
one = employees.retrieve_a_specific_employee("1042")
who = {"EmployeeId": "1098", "FirstName": "Ane", "LastName": "Ek", "Email": "ane@example.com"}
begins = {"PersonelType": PersonelType.tjm, "SalaryForm": SalaryForm.man, "EmploymentDate": date(2026, 1, 1)}
made = employees.create_a_new_employee(FortnoxEmployeeWrap(Employee=FortnoxEmployee(**who, **begins)))
changes = {"JobTitle": "Kock", "EmployedTo": date(2030, 12, 31), "AverageWeeklyHours": "30"}
changed = employees.update_employee(FortnoxEmployeeWrap(Employee=FortnoxEmployee(**who, **changes)), "1098").employee
done(
    listed=[employee.employee_id for employee in listed.employees],
    one=one.employee.last_name,
    made=made.employee.employee_id,
    title=changed.job_title,
)
