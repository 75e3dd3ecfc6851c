"""What is asked of Xledger, and the parts of its answers. Everything that varies travels as a variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sdk import text_of

EMPLOYMENT = """
fragment Employment on Employee {
  dbId code description email employmentFrom employmentTo seniorityDate trialTo noticeDate
  positionValue { dbId code description }
  employmentType { dbId code } compensationType { dbId code } exitReason { dbId code }
  glObject1 { dbId code } glObject2 { dbId code } glObject3 { dbId code } glObject4 { dbId code }
  glObject5 { dbId code } superior { dbId code }
}"""
FIND_EMPLOYEE = f"""query FindEmployee($code: String) {{
  employees(first: 2, ownerSet: CURRENT, objectStatus: ALL, filter: {{ code: $code }}) {{
    edges {{ node {{ ...Employment }} }}
  }}
}}{EMPLOYMENT}"""
READ_EMPLOYEE = f"""query ReadEmployee($ids: [Int!]) {{
  employees(first: 2, ownerSet: CURRENT, objectStatus: ALL, filter: {{ dbId_in: $ids }}) {{
    edges {{ node {{ ...Employment }} }}
  }}
}}{EMPLOYMENT}"""
FIND_SUPERIOR = """query FindSuperior($code: String) {
  employees(first: 2, ownerSet: CURRENT, objectStatus: OPEN, filter: { code: $code }) { edges { node { dbId code } } }
}"""
ALL_EMPLOYEES = """query AllEmployees($first: Int, $after: String) {
  employees(first: $first, after: $after, ownerSet: CURRENT, objectStatus: ALL) {
    edges { cursor node { dbId code description email } } pageInfo { hasNextPage }
  }
}"""
EVERYBODY = f"""query Everybody($first: Int, $after: String) {{
  employees(first: $first, after: $after, ownerSet: CURRENT, objectStatus: ALL) {{
    edges {{ cursor node {{ ...Employment }} }} pageInfo {{ hasNextPage }}
  }}
}}{EMPLOYMENT}"""
OBJECT_VALUES = """query ObjectValues($first: Int, $after: String, $kind: Int) {
  objectValues(first: $first, after: $after, ownerSet: CURRENT, objectStatus: OPEN, filter: { objectKindDbId: $kind }) {
    edges { cursor node { dbId code description dateFrom dateTo } } pageInfo { hasNextPage }
  }
}"""
OBJECT_KINDS = """query ObjectKinds($first: Int, $after: String) {
  objectKinds(first: $first, after: $after) { edges { cursor node { dbId name } } pageInfo { hasNextPage } }
}"""
PROBE = "query Probe { viewer { entity { ownerDbId company { dbId } } } }"
MUTATIONS = 'query Mutations { __type(name: "Mutation") { fields { name } } }'
UPDATE = f"""mutation UpdateEmployee($inputs: [UpdateEmployeesInput!]!) {{
  updateEmployees(inputs: $inputs) {{ edges {{ clientId node {{ ...Employment }} }} }}
}}{EMPLOYMENT}"""


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def edges(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """No hit is `edges: null` there, or no data at all."""
    return [mapping(edge) for edge in mapping(data.get(name)).get("edges") or []]


def nodes(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return [mapping(edge.get("node")) for edge in edges(data, name) if edge.get("node")]


def with_code(found: list[Mapping[str, Any]], code: str) -> list[Mapping[str, Any]]:
    """Compared here again: that the filter by code is exact is nowhere documented."""
    return [node for node in found if text_of(node.get("code")) == code]


def id_of(node: Mapping[str, Any]) -> str:
    """A dbId is a number in most answers and a text in some."""
    return text_of(node.get("dbId")) or ""
