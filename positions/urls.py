from django.urls import path

from positions.admin import second_factor

# Below the admin's address and behind its sign-in, but of no model.
urlpatterns = [
    path("", second_factor.overview, name="second_factor"),
    path("set-up/", second_factor.set_up, name="second_factor_set_up"),
    path("recovery-codes/", second_factor.recovery_codes, name="second_factor_codes"),
    path("code/", second_factor.code, name="second_factor_code"),
]
