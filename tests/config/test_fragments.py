"""A part of a page that asks for itself anew (htmx) never vanishes because it was sent elsewhere."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.factories import OperatorFactory

PAGE = "http://testserver/admin/synclog/job/7/change/?seen=1#steps"
OF_A_PART = {"HX-Request": "true", "HX-Current-URL": PAGE}


def test_the_whole_page_goes_to_sign_in_when_the_session_is_over_and_comes_back(db: Any) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)("/admin/positions/position/hints/", headers=OF_A_PART)
        assert answer.status_code == 204 and answer.content == b""
        asked = "next=%2Fadmin%2Fsynclog%2Fjob%2F7%2Fchange%2F%3Fseen%3D1%23steps"
        assert answer.headers["HX-Redirect"] == f"/admin/login/?{asked}"


def test_the_whole_page_goes_where_a_part_of_it_is_sent(db: Any) -> None:
    client = Client()
    client.force_login(OperatorFactory())
    gone = reverse("admin:synclog_job_change", args=[7])
    answer = client.get(gone, headers=OF_A_PART)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == client.get(gone).headers["Location"]


def test_a_page_is_sent_elsewhere_as_ever(db: Any) -> None:
    assert Client().get("/admin/").headers["Location"] == "/admin/login/?next=/admin/"


def test_an_address_that_is_none_leads_to_sign_in(db: Any) -> None:
    for shown in ("http://[", "http://[::1", "https://[x]/"):
        answer = Client().get("/admin/", headers={"HX-Request": "true", "HX-Current-URL": shown})
        assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/admin/login/")
        assert answer.headers["Cache-Control"] == "no-store"
