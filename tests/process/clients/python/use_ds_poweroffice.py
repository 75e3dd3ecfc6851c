"""The package `ds-provider-powerofficego-py-lib`: it signs in and reads employees and their employments."""

from common import NAMED, done, given, rows_of
from ds_provider_powerofficego_py_lib.dataset.powerofficego import (
    PowerOfficeGoDataset,
    PowerOfficeGoDatasetSettings,
    ReadSettings,
)
from ds_provider_powerofficego_py_lib.linked_service.powerofficego import (
    PowerOfficeGoLinkedService,
    PowerOfficeGoLinkedServiceSettings,
)

settings = PowerOfficeGoLinkedServiceSettings(
    application_key=given["application_key"],
    client_id=given["client_key"],
    subscription_key=given["subscription_key"],
    token_endpoint=given["url"] + "OAuth/Token",
    host=given["url"],
)
service = PowerOfficeGoLinkedService(settings=settings, **NAMED)
service.connect()


def column(product: str, name: str, **read: object) -> list[object]:
    asked = PowerOfficeGoDatasetSettings(data_product=product, read=ReadSettings(**read))
    return rows_of(PowerOfficeGoDataset(linked_service=service, settings=asked, **NAMED), name)


done(
    employees=column("Employees", "Number"),
    paged=column("Employees", "Number", page_size=2),
    employments=column(f"Employees/{given['id']}/Employments", "StartDate"),
)
