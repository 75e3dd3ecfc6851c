"""Crona Lön's import of PAXml files as a local server: a personnel register and the dialog that fills it.

There is no API to imitate: Crona's own reference is not public. A payroll clerk imports a file; here that is a POST to
`import`, or a file laid into a folder that `watch` has named. What neither PAXml 2.0 nor Crona says is refused here:
unknown people, empty elements, codes beyond those that the standard suggests, cost centres without a register entry,
another declared encoding, a request to remove somebody.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from integrations.sandboxes.base import Sandbox, State, Table, json_answer, json_body, route

COMPANY = "5561234567"
FORMATS = ("LÖNIN", "LÖNUT", "REGISTER")
SECTIONS = (
    *("header", "dimensioner", "resultatenheter", "koder", "resetransaktioner", "tidtransaktioner"),
    *("lonetransaktioner", "schematransaktioner", "personal", "loneutbetalning", "saldon"),
)
HEADER = (
    *("format", "version", "datum", "nyexport", "foretagid", "foretagorgnr", "foretagnamn", "extraadress"),
    *("postadress", "postnr", "ort", "land", "epost", "hemsida", "kontaktperson", "personalansvarig"),
    *("attestansvarig", "telefon", "telefax", "programnamn", "programlicens", "info"),
)
TEXTS = (
    *("fornamn", "efternamn", "extraadress", "postadress", "postnr", "ort", "land", "mobiltelefon", "hemtelefon"),
    *("arbetstelefon", "epostarb", "eposthem", "kategori", "befattning", "befattningskod", "semesteravtal"),
    *("bankclearing", "bankkonto", "info"),
)
DATES = ("anstdatum", "avgdatum")
CODES = {
    "personaltyp": ("ARB", "TJM"),
    "anstform": ("FAST", "PROV", "VISSTID", "VIKARIAT", "PENSION", "PROJEKT", "PRAKTIK", "FERIE", "SÄSONG"),
    "lonform": ("TIM", "MÅN"),
    "innevarande": ("true", "false", "1", "0"),
}
DATED_NUMBERS = ("timlon", "manlon", "sysgrad")
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?")
KEPT_IMPORTS = 20

SHOWN = (
    *("anstid", "fornamn", "efternamn", "befattning", "anstform", "lonform", "personaltyp", "anstdatum"),
    *("avgdatum", "sysgrad", "resenhet"),
)
FORM = """<!DOCTYPE html><html lang="sv"><meta charset="utf-8"><title>Importera</title>
<body style="font:16px/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem">
<h1>Importera PAXml</h1>
<form method="post" enctype="multipart/form-data"><p><input type="file" name="fil" accept=".pax,.xml" required></p>
<p><button>Importera</button> <a href="./">Tillbaka</a></p></form></body></html>"""


class Refused(Exception):
    """In the words of an import dialog."""


class CronaLonSandbox(Sandbox):
    key = "crona_lon"
    name = "Crona Lön"
    links = (("Importera en fil", "import"),)
    settings = {"organization_number": "556123-4567", "send_department": True, "send_cost_centre": False}

    @classmethod
    def seed(cls, tenant: str) -> State:
        return {
            "foretagorgnr": COMPANY,
            "anstallda": {},
            "resultatenheter": {
                "1": {"BUT1": "Butik", "BAK1": "Bageri", "ADM1": "Administration"},
                "6": {"100": "Projekt 100"},
            },
            "importer": [],
            "mapp": "",
        }

    # -- for the tests, the demo and the page ------------------------------------------------------------

    def add_employee(
        self,
        number: str,
        first_name: str,
        last_name: str,
        *,
        email: str = "",
        national_id: str = "",
        birth_date: str = "",
    ) -> str:
        digits = re.sub(r"\D", "", national_id)
        self.state["anstallda"][number] = {
            "anstid": number,
            "persnr": digits if len(digits) == 12 else "",
            "fornamn": first_name,
            "efternamn": last_name,
            "epostarb": email,
            "sysgrad": {},
            "resenheter": {},
        }
        return number

    def employments(self, number: str) -> list[dict[str, Any]]:
        self._look_into_folder()
        kept = self.state["anstallda"].get(number)
        return [self._shown(kept)] if kept is not None and kept.get("anstdatum") else []

    def tables(self) -> list[Table]:
        self._look_into_folder()
        people = [self._shown(kept) for kept in self.state["anstallda"].values()]
        rates = [
            (kept["anstid"], day, f"{rate} %")
            for kept in self.state["anstallda"].values()
            for day, rate in sorted(kept["sysgrad"].items())
        ]
        imports = [
            (one["tid"], one["fil"], one["antal"], "; ".join(one["fel"]) or "Inga fel")
            for one in reversed(self.state["importer"])
        ]
        folder = self.state["mapp"]
        return [
            Table("Personalregister", SHOWN, tuple(tuple(p.get(name) for name in SHOWN) for p in people)),
            Table("Sysselsättningsgrad", ("anstid", "datum", "sysgrad"), tuple(rates)),
            Table(
                "Importerade filer",
                ("Tid", "Fil", "Personer", "Fel"),
                tuple(imports),
                f"Filer som läggs i {folder} importeras av sig själva." if folder else "",
            ),
        ]

    @staticmethod
    def _shown(kept: Mapping[str, Any]) -> dict[str, Any]:
        """A person as the register shows one: of what is dated, the newest."""
        rates = kept["sysgrad"]
        shown = {name: kept.get(name) for name in SHOWN}
        return {**shown, "sysgrad": rates[max(rates)] if rates else None, "resenhet": kept["resenheter"].get("1")}

    # -- importing ---------------------------------------------------------------------------------------

    @route("GET", "import")
    def dialog(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(FORM)

    @route("POST", "import")
    def import_file(self, request: HttpRequest) -> HttpResponse:
        """The file as it is, or as the form's `fil`. Gives what was imported and what was refused."""
        content, name = request.body, "fil.pax"
        if request.content_type == "multipart/form-data":
            upload = request.FILES.get("fil")
            content, name = (upload.read(), str(upload.name)) if upload is not None else (b"", "")
        done = self.bring_in(content, name)
        if "text/html" in request.headers.get("Accept", ""):
            return HttpResponseRedirect("./")
        return json_answer(done, 200 if not done["fel"] else 422)

    @route("POST", "watch")
    def watch(self, request: HttpRequest) -> HttpResponse:
        """Whatever is laid into this folder below EXPORT_ROOT is imported whenever somebody looks."""
        self.state["mapp"] = str((json_body(request) or {}).get("folder", ""))
        return json_answer({"folder": self.state["mapp"]})

    def _look_into_folder(self) -> None:
        with self.tenant.lock:
            if not self.state["mapp"] or not settings.EXPORT_ROOT:
                return
            root = Path(settings.EXPORT_ROOT).resolve()
            folder = (root / self.state["mapp"]).resolve()
            # Files are moved away below: never out of a folder that is not the exports'.
            if root not in folder.parents or not folder.is_dir():
                return
            for file in sorted(f for f in folder.iterdir() if f.suffix in (".pax", ".xml")):
                self.bring_in(file.read_bytes(), file.name)
                done = folder / "importerade"
                done.mkdir(exist_ok=True)
                file.replace(done / file.name)

    def bring_in(self, content: bytes, name: str) -> dict[str, Any]:
        """One file: refused as a whole where it is no such file, else person by person."""
        count, wrong = 0, []
        try:
            for row, person in enumerate(self._people(content), start=1):
                try:
                    self._import_person(person)
                    count += 1
                except Refused as error:
                    wrong.append(f"Person {row} (anstid {person.get('anstid', 'saknas')}): {error}")
        except Refused as error:
            wrong.append(f"Filen: {error}")
        done = {"tid": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}", "fil": name, "antal": count, "fel": wrong}
        self.state["importer"] = [*self.state["importer"], done][-KEPT_IMPORTS:]
        return done

    def _people(self, content: bytes) -> list[Xml.Element]:
        declared = re.match(rb"<\?xml version=\"1\.0\" encoding=\"([\w\-]+)\"\?>", content)
        if declared is None or declared[1].lower() != b"iso-8859-1":
            raise Refused("filen anger inte teckenkodningen iso-8859-1.")
        try:
            root = fromstring(content)
        except (Xml.ParseError, DefusedXmlException, ValueError) as error:
            raise Refused(f"filen är inte giltig XML ({error}).") from None
        if root.tag != "paxml":
            raise Refused("filen är inte en PAXml-fil.")
        sections = _once(root, SECTIONS)
        self._check_header(sections.get("header"))
        others = set(sections) - {"header", "personal"}
        if others:
            raise Refused(f"bara personal importeras här, inte {', '.join(sorted(others))}.")
        personal = sections.get("personal")
        people = list(personal) if personal is not None else []
        if not people:
            raise Refused("det finns inga personer i filen.")
        if any(person.tag != "person" for person in people):
            raise Refused("avsnittet personal innehåller annat än person.")
        return people

    def _check_header(self, header: Xml.Element | None) -> None:
        if header is None:
            raise Refused("header saknas.")
        given = {name: (element.text or "") for name, element in _once(header, HEADER).items()}
        if given.get("version") != "2.0":
            raise Refused("versionen måste vara 2.0.")
        if given.get("format", "REGISTER") not in FORMATS:
            raise Refused(f"formatet {given['format']} är okänt.")
        if "datum" in given and not DATE_TIME.fullmatch(given["datum"]):
            raise Refused("datum i header är fel skrivet.")
        number = given.get("foretagorgnr", self.state["foretagorgnr"])
        if number != self.state["foretagorgnr"]:
            raise Refused(f"filen gäller ett annat företag ({number}).")

    def _import_person(self, person: Xml.Element) -> None:
        """All of one person or nothing. What the file leaves out is left as it is."""
        kept = self._known(person)
        new = {**kept, "sysgrad": dict(kept["sysgrad"]), "resenheter": dict(kept["resenheter"])}
        known = (*TEXTS, *DATES, *CODES, *DATED_NUMBERS, "resenheter")
        for name, element in _once(person, known).items():
            if name == "resenheter":
                new["resenheter"].update(self._units(element))
                continue
            text = element.text or ""
            if len(element):
                raise Refused(f"{name} får inte innehålla andra element.")
            if not text:
                raise Refused(f"{name} är tomt.")
            if name in DATED_NUMBERS:
                _dated(name, element, new)
                continue
            if element.attrib:
                raise Refused(f"{name} har okända attribut.")
            if name in DATES and not _is_date(text):
                raise Refused(f"{name} {text} är inget datum.")
            if name in CODES and text not in CODES[name]:
                raise Refused(f"{name} {text} är okänt.")
            new[name] = text
        if new.get("avgdatum") and (not new.get("anstdatum") or new["avgdatum"] < new["anstdatum"]):
            raise Refused("avgdatum ligger före anstdatum.")
        self.state["anstallda"][kept["anstid"]] = new

    def _known(self, person: Xml.Element) -> dict[str, Any]:
        strange = set(person.attrib) - {"anstid", "persnr", "delete"}
        if strange:
            raise Refused(f"okända attribut: {', '.join(sorted(strange))}.")
        if person.get("delete", "false") not in ("false", "0"):
            raise Refused("en anställd tas bort i registret, inte genom import.")
        anstid, persnr = person.get("anstid"), person.get("persnr")
        if persnr is not None and not re.fullmatch(r"\d{12}", persnr):
            raise Refused("persnr måste ha tolv siffror.")
        people: dict[str, dict[str, Any]] = self.state["anstallda"]
        if anstid is not None:
            kept = people.get(anstid)
        elif persnr is not None:
            kept = next((p for p in people.values() if p["persnr"] == persnr), None)
        else:
            raise Refused("varken anstid eller persnr anges.")
        if kept is None:
            raise Refused("den anställde finns inte i registret.")
        if anstid is not None and persnr is not None and kept["persnr"] != persnr:
            raise Refused("persnr stämmer inte med den anställdes.")
        return kept

    def _units(self, element: Xml.Element) -> Iterator[tuple[str, str]]:
        for unit in element:
            dim, code = unit.get("dim", ""), unit.get("id", "")
            if unit.tag != "resenhet" or set(unit.attrib) != {"dim", "id"} or len(unit) or unit.text:
                raise Refused("resenheter är fel uppbyggt.")
            if not dim.isdecimal() or not 1 <= int(dim) <= 99:
                raise Refused(f"dimensionen {dim} ligger inte mellan 1 och 99.")
            if len(code) > 10 or code not in self.state["resultatenheter"].get(dim, {}):
                raise Refused(f"resultatenheten {code} finns inte i dimension {dim}.")
            yield dim, code
        if not len(element):
            raise Refused("resenheter är tomt.")


def _once(parent: Xml.Element, known: tuple[str, ...]) -> dict[str, Xml.Element]:
    """The children by name; each at most once, and none that the standard does not have."""
    found: dict[str, Xml.Element] = {}
    for child in parent:
        if child.tag not in known:
            raise Refused(f"elementet {child.tag} är okänt i {parent.tag}.")
        if child.tag in found:
            raise Refused(f"elementet {child.tag} finns två gånger i {parent.tag}.")
        found[child.tag] = child
    return found


def _dated(name: str, element: Xml.Element, new: dict[str, Any]) -> None:
    day, text = element.get("datum", ""), element.text or ""
    if set(element.attrib) - {"datum"} or (day and not _is_date(day)):
        raise Refused(f"{name} har ett felaktigt datum.")
    if not DECIMAL.fullmatch(text):
        raise Refused(f"{name} {text} är inget tal.")
    if name == "sysgrad":
        if not 0 <= Decimal(text) <= 100:
            raise Refused(f"sysgrad {text} ligger inte mellan 0 och 100.")
        new["sysgrad"][day] = text
    else:
        new[name] = text


def _is_date(text: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    return False
