from django.contrib import admin
from django.urls import path

from integrations.admin import fields

# Below the admin's address and behind its sign-in, but of no model.
urlpatterns = [
    path("supported-fields/", admin.site.admin_view(fields.supported_fields), name="integrations_supported_fields"),
    path(
        "supported-fields.csv",
        admin.site.admin_view(fields.supported_fields_csv),
        name="integrations_supported_fields_csv",
    ),
]
