"""The package `ds-provider-unimicro-py-lib`: it signs in with a certificate and reads employees and employments."""

from common import NAMED, done, given, rows_of
from ds_provider_unimicro_py_lib.dataset.unimicro import (
    UnimicroDataset,
    UnimicroDatasetSettings,
    UnimicroReadSettings,
)
from ds_provider_unimicro_py_lib.linked_service.unimicro import UnimicroLinkedService, UnimicroLinkedServiceSettings

company = given["company_key"]
settings = UnimicroLinkedServiceSettings(
    certificate=given["certificate"],
    certificate_password="",
    client_id=given["client_id"],
    company_key=company,
    auth_url=given["url"] + "identity",
    host=given["url"],
)
service = UnimicroLinkedService(settings=settings, **NAMED)
service.connect()


def column(product: str, name: str, **read: object) -> list[object]:
    asked = UnimicroDatasetSettings(data_product=product, company_key=company, read=UnimicroReadSettings(**read))
    return rows_of(UnimicroDataset(linked_service=service, settings=asked, **NAMED), name)


done(
    employees=column("employees", "EmployeeNumber", page_size=2),
    chosen=column("employees", "EmployeeNumber", fields=["ID", "EmployeeNumber"]),
    filtered=column("employees", "EmployeeNumber", filters="EmployeeNumber eq 1042"),
    employments=column("employments", "JobName"),
)
