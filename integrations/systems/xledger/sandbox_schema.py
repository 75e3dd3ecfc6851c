"""Xledger's schema as far as its own samples, its help pages and the names that public libraries read from the live one
tell it. Scalars take whatever they are given: what a field holds is looked at where it is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from graphql import DocumentNode, GraphQLSchema, build_schema, parse, validate

REFERENCES = (
    *("positionValue", "positionCategory", "compensationType", "employmentType", "employeeGroup", "exitReason"),
    *("glObject1", "glObject2", "glObject3", "glObject4", "glObject5", "xgl", "superior"),
)
# References that a position has nothing to do with, of which this server has no values.
OTHER_REFERENCES = ("user", "subledger", "contact", "employeeType", "paySlipDeliveryMethod")
_OF_POSITION = tuple(name for name in REFERENCES if name not in ("positionValue", "superior"))
DATES = ("employmentFrom", "employmentTo", "seniorityDate", "anniversaryDate", "noticeDate", "trialTo", "dateFrom")
TEXTS = ("code", "description", "email", "info", "internalInfo", "overview", "managerPhone")
FLAGS = ("timesheet", "overtime", "flextime", "timebased")
# Written under these names; no public source shows them in an answer.
FREE_DATES = tuple(f"date{number}" for number in range(1, 5))
FREE_TEXTS = tuple(f"text{number}" for number in range(1, 7))
FREE_NUMBERS = ("value1", "value2", "number1", "number2")
PERSONAL = (
    *("firstName", "middleName", "lastName", "initials", "aliasName", "maidenName", "suffix", "birthday", "socialSec"),
    *("personalId", "companyName", "phone", "phoneSubledger", "contactPhoneList", "contactEmailList"),
    *("contactAddress", "fullAddress", "bankAccount", "bankRouting"),
)
OBJECT = ("code", "description", "dateFrom", "dateTo", "createdAt", "modifiedAt")
_FLEXI = {
    **{f"flag{number}": "Boolean" for number in range(1, 5)},
    **{f"date{number}": "DateString" for number in range(1, 5)},
    **{f"value{number}": "Float" for number in range(1, 5)},
    **{f"number{number}": "Int" for number in range(1, 3)},
    **{f"text{number}": "String" for number in range(1, 9)},
}
_PAGING = "first: Int, last: Int, before: String, after: String"
_LIST = f"{_PAGING}, ownerSet: OwnerSet, objectStatus: ObjectStatus"


def _all(names: Iterable[str], kind: str) -> str:
    return " ".join(f"{name}: {kind}" for name in names)


def _connection(name: str, node: str) -> str:
    return f"""
type {name}Connection {{ edges: [{name}Edge!] pageInfo: PageInfo }}
type {name}Edge {{ cursor: String node: {node} }}"""


_INPUT = f"""
  {_all(DATES, "DateString")} dateTo: DateString {_all(TEXTS, "String")} {_all(FLAGS, "Boolean")}
  {_all(FREE_DATES, "DateString")} {_all(FREE_TEXTS, "String")} {_all(FREE_NUMBERS, "Float")}
  {_all(PERSONAL, "String")} paymentNotification: Boolean flexiFieldItem: FlexiFieldItemInput
  {_all((*REFERENCES, *OTHER_REFERENCES), "LookupRef")}"""
_SDL = f"""
scalar DateString
scalar DateTimeString
scalar Int64String
enum OwnerSet {{ CURRENT UPPER LOWER MINE ALL }}
enum ObjectStatus {{ ALL OPEN CLOSED }}
type PageInfo {{ hasNextPage: Boolean hasPreviousPage: Boolean }}
type DbIdRef {{ dbId: Int }}
type ViewerEntity {{ ownerDbId: Int company: DbIdRef }}
type Viewer {{ entity: ViewerEntity }}
type ObjectValue {{ dbId: Int64String ownerDbId: Int objectKindDbId: Int {_all(OBJECT, "String")} }}
type ObjectKind {{ dbId: Int name: String }}
type Contact {{ dbId: Int firstName: String lastName: String birthday: DateString }}
type FlexiFieldsItem {{ dbId: Int {" ".join(f"{name}: {kind}" for name, kind in _FLEXI.items())} }}
type Employee {{
  dbId: Int ownerDbId: Int contactDbId: Int createdAt: DateTimeString modifiedAt: DateTimeString
  socialSecurityMasked: String dateTo: DateString {_all(DATES, "DateString")} {_all(TEXTS, "String")}
  {_all(FLAGS, "Boolean")} contact: Contact flexiFieldsItem: FlexiFieldsItem
  {_all(("owner", "assistant", "user", "subledger", *REFERENCES), "ObjectValue")}
}}
type EmployeePosition {{
  dbId: Int employeeDbId: Int ownerDbId: Int text: String parttimePct: Float createdAt: DateTimeString
  modifiedAt: DateTimeString {_all(("dateFrom", "dateTo", "seniorityDate"), "DateString")}
  position: ObjectValue {_all(_OF_POSITION, "ObjectValue")}
}}
{_connection("Employees", "Employee")}
{_connection("EmployeePositions", "EmployeePosition")}
{_connection("ObjectValues", "ObjectValue")}
{_connection("ObjectKinds", "ObjectKind")}
input EmployeesFilter {{ dbId: Int dbId_in: [Int!] code: String code_in: [String!] modifiedAt_gte: DateTimeString }}
input EmployeePositionsFilter {{ employeeDbId: Int modifiedAt_gte: DateTimeString }}
input ObjectValuesFilter {{ objectKindDbId: Int modifiedAt_gte: DateTimeString }}
type Query {{
  employees({_LIST}, filter: EmployeesFilter): EmployeesConnection
  employeePositions({_LIST}, filter: EmployeePositionsFilter): EmployeePositionsConnection
  objectValues({_LIST}, filter: ObjectValuesFilter): ObjectValuesConnection
  objectKinds({_PAGING}): ObjectKindsConnection
  viewer: Viewer
}}
input LookupRef {{ dbId: Int64String code: String description: String }}
input FlexiFieldItemInput {{ {" ".join(f"{name}: {kind}" for name, kind in _FLEXI.items())} }}
input AddEmployeesInputNode {{ {_INPUT} }}
input UpdateEmployeesInputNode {{ dbId: Int64String! {_INPUT} }}
input AddEmployeesInput {{ clientId: String node: AddEmployeesInputNode! }}
input UpdateEmployeesInput {{ clientId: String node: UpdateEmployeesInputNode! }}
type EmployeesPayload {{ edges: [EmployeePayloadEdge!] }}
type EmployeePayloadEdge {{ clientId: String node: Employee }}
"""
_MUTATIONS = {
    "addEmployees": "addEmployees(inputs: [AddEmployeesInput!]!): EmployeesPayload",
    "updateEmployees": "updateEmployees(inputs: [UpdateEmployeesInput!]!): EmployeesPayload",
}


@lru_cache(maxsize=8)
def schema_with(mutations: tuple[str, ...]) -> GraphQLSchema:
    """The schema that offers these mutations; of one that is none of the two, nothing but its name."""
    offered = " ".join(_MUTATIONS.get(name, f"{name}: Boolean") for name in mutations)
    return build_schema(f"{_SDL} type Mutation {{ {offered} }}")


@lru_cache(maxsize=256)
def read(text: str, mutations: tuple[str, ...]) -> tuple[DocumentNode, Sequence[str]]:
    """A document, and what is wrong with it. Raises GraphQLSyntaxError."""
    document = parse(text)
    return document, [error.message for error in validate(schema_with(mutations), document)]
