"""The package `ds-provider-tripletex-py-lib`: it reads employees and employments as tables."""

from common import NAMED, done, given, rows_of
from ds_provider_tripletex_py_lib.dataset.tripletex import (
    TripletexDataset,
    TripletexDatasetSettings,
    TripletexReadSettings,
)
from ds_provider_tripletex_py_lib.enums import PaginationKind, TripletexProductName
from ds_provider_tripletex_py_lib.linked_service.tripletex import (
    TripletexLinkedService,
    TripletexLinkedServiceSettings,
)

settings = TripletexLinkedServiceSettings(
    host=given["url"] + "v2", consumer_token=given["consumer_token"], employee_token=given["employee_token"]
)
service = TripletexLinkedService(settings=settings, **NAMED)
service.connect()
employments = TripletexReadSettings(
    path="employee/employment",
    fields=["id", "startDate"],
    pagination=PaginationKind.OFFSET,
    changed_since=False,
    params={"employeeId": given["id"]},
)
everybody = TripletexDatasetSettings(product_name=TripletexProductName.EMPLOYEE)
done(
    tested=service.test_connection()[0],
    employees=rows_of(TripletexDataset(linked_service=service, settings=everybody, **NAMED), "employeeNumber"),
    employments=rows_of(
        TripletexDataset(linked_service=service, settings=TripletexDatasetSettings(read=employments), **NAMED),
        "startDate",
    ),
)
