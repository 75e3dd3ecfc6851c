"""The package `ds-provider-xledger-py-lib`: it reads and changes employees by the queries that it brings along."""

import pandas as pd
from common import NAMED, done, given, rows_of
from ds_provider_xledger_py_lib.dataset.xledger import XledgerDataset, XledgerDatasetSettings, XledgerReadSettings
from ds_provider_xledger_py_lib.linked_service.xledger import XledgerLinkedService, XledgerLinkedServiceSettings

settings = XledgerLinkedServiceSettings(host=given["url"] + "graphql", token=given["token"])
service = XledgerLinkedService(settings=settings, **NAMED)
service.connect()


def employees(**read: object) -> XledgerDataset:
    asked = XledgerDatasetSettings(entrypoint="employees", read=XledgerReadSettings(**read))
    return XledgerDataset(linked_service=service, settings=asked, **NAMED)


change = employees()
change.input = pd.DataFrame([{"dbId": int(given["id"]), "employmentFrom": "2030-01-01"}])
change.update()
done(
    tested=service.test_connection()[0],
    employees=rows_of(employees(columns=["dbId", "code"]), "code"),
    began=rows_of(employees(columns=["dbId", "code", "employmentFrom"]), "employmentFrom"),
    with_all_columns=rows_of(employees(), "code"),
)
