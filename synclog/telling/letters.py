"""How a mail reads: plain text and simple HTML, of causes and numbers. No name of an employee, nothing that a system
answered, and no address but this installation's own (PUBLIC_ADDRESS) stands in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations.models import Integration
from positions import languages, moments, roles
from positions.accounts import issuer
from positions.mailing import site_address, unlinked
from positions.models import Member, Organization
from positions.models.invitation import GOOD_FOR
from synclog.log.causes import cause_title, remedy
from synclog.log.groups import NO_FIELD
from synclog.log.sentences import field_label
from synclog.models import Mail, Topic
from synclog.telling import accounts


@dataclass(frozen=True, slots=True)
class Item:
    """What is so, what helps, and the page where it is mended."""

    said: str
    remedy: str
    page: str


def written(mail: Mail) -> EmailMultiAlternatives:
    """Of a row with its member's user and organization, its connection, or its user, in the language of who gets it.
    Raises LookupError when the link that it is to bring is no longer good."""
    if mail.member is None:
        return _with_link(mail)
    with translation.override(languages.to_write_in(mail.member.user, mail.member.organization)):
        return _to_member(mail, mail.member)


def _to_member(mail: Mail, member: Member) -> EmailMultiAlternatives:
    organization = member.organization
    if mail.topic == Mail.DIGEST:
        subject, items = _("{organization}: what needs you"), list(_digest(mail.facts, member))
    else:
        assert mail.integration is not None
        subject, item = _of_connection(mail, mail.integration)
        items = [item]
    names = {"organization": organization.name, "system": _name(mail.integration) if mail.integration else ""}
    return _letter(mail, member.user.email, subject.format(**names), items, organization)


def _with_link(mail: Mail) -> EmailMultiAlternatives:
    link = accounts.link_of(mail)
    if link is None:
        raise LookupError
    with translation.override(link.language):
        return _of_link(mail, link)


def _of_link(mail: Mail, link: accounts.Link) -> EmailMultiAlternatives:
    if mail.topic == Mail.ADDRESS:
        said = _("This address was given for the user {name} of Position Sync. It counts once you confirm it here:")
        helps = _("It is good for a day and for once. Is it not you? Do nothing.")
        item = Item(said.format(name=link.name), helps, link.path)
        return _letter(mail, link.email, _("Position Sync: confirm your e-mail address"), [item])
    if mail.topic == Mail.FORMER:
        said = _("Another e-mail address was given for your user {name}. It counts when it is confirmed there.")
        helps = _("Was it not you? Sign in, choose a new password and end all other sessions.")
        item = Item(said.format(name=link.name), helps, link.path)
        return _letter(mail, link.email, _("Position Sync: your e-mail address is being changed"), [item])
    if mail.topic == Mail.CONNECTED:
        said = _(
            "Your user {name} of Position Sync was connected with an account of {issuer}, which signs in as you now."
        )
        helps = _("Was it not you? Sign in, disconnect it, choose a new password and end all other sessions.")
        item = Item(said.format(name=link.name, issuer=issuer.name()), helps, link.path)
        return _letter(mail, link.email, _("Position Sync: another way of signing in"), [item])
    if link.organization is None:
        said = _("Somebody, probably you, asked for a new password for your user {name}. Choose it by this link:")
        helps = _("It is good for a day and for once. Was it not you? Do nothing: your password stays as it is.")
        item = Item(said.format(name=link.name), helps, link.path)
        return _letter(mail, link.email, _("Position Sync: choose a new password"), [item])
    name = unlinked(link.organization)
    said = _("{organization} invites you to Position Sync. Accept or decline by this link:")
    helps = _("It is good for {days} days and for once. Do you not expect it? Do nothing.").format(days=GOOD_FOR.days)
    item = Item(said.format(organization=name), helps, link.path)
    subject = _("{organization} invites you to Position Sync").format(organization=name)
    return _letter(mail, link.email, subject, [item])


def _of_connection(mail: Mail, integration: Integration) -> tuple[str, Item]:
    name, page = _name(integration), _page(integration)
    when = moments.when(datetime.fromisoformat(mail.facts["at"]), integration.organization.zone)
    if mail.topic == Topic.STOPPED:
        said = _("{name} stopped {when}: {cause}. Changes are recorded and wait.")
        said = said.format(name=name, when=when, cause=cause_title(mail.facts["cause"]))
        return _("{organization}: {system} stopped"), Item(said, remedy(mail.facts["cause"]), page)
    if mail.topic == Topic.RETRYING:
        said = _("{name} has not let us send since {when}. Changes are recorded and wait.")
        helps = _("Nothing to do: it is tried again by itself. You are told when it works again.")
        since = moments.clock(datetime.fromisoformat(mail.facts["at"]), integration.organization.zone)
        return _("{organization}: {system} does not let us send"), Item(said.format(name=name, when=since), helps, page)
    if mail.topic == Topic.DIFFERS:
        said = _("Everything in {name} was compared {when}: more differs than before.").format(name=name, when=when)
        helps = _("Under Differences stands what was edited there. Send ours where it is to hold.")
        page = reverse("admin:synclog_job_differences", args=[integration.pk])
        return _("{organization}: more differs in {system}"), Item(said, helps, page)
    if mail.topic == Topic.CUTOFF:
        said = _("Something was saved {when} after the payroll cut-off of {name}.").format(name=name, when=when)
        page = reverse("admin:synclog_job_cutoff", args=[integration.pk])
        helps = _("Its page says whether that is held or was sent, and what is about days before the cut-off.")
        return _("{organization}: saved after the cut-off of {system}"), Item(said, helps, page)
    said = _("{name} works again {when}. What was waiting goes out now.").format(name=name, when=when)
    return _("{organization}: {system} works again"), Item(said, "", page)


def _digest(facts: dict[str, Any], member: Member) -> Iterator[Item]:
    """A connection that was deleted meanwhile needs nothing any more."""
    connections = Integration.objects.filter(organization=member.organization_id).defer("vault").in_bulk()
    for row in facts["stopped"]:
        if integration := connections.get(row["pk"]):
            said = _("{name} is stopped: {cause}.")
            said = said.format(name=_name(integration), cause=cause_title(row["stopped_cause"]))
            yield Item(said, remedy(row["stopped_cause"]), _page(integration))
    for row in facts["paused"]:
        if integration := connections.get(row["integration"]):
            said = ngettext(
                "{name} is paused: {number} change waits.", "{name} is paused: {number} changes wait.", row["number"]
            )
            helps = _("They go out when somebody presses Resume.")
            yield Item(said.format(name=_name(integration), number=row["number"]), helps, _page(integration))
    of_admins = facts if member.role == Member.Role.ADMIN else {}
    if number := of_admins.get("api_keys"):
        said = ngettext("{number} API key needs you.", "{number} API keys need you.", number)
        helps = _("It ends soon or has ended, or belongs to nobody. Its page says what to do.")
        yield Item(said.format(number=number), helps, reverse("admin:positions_apikey_changelist"))
    if number := of_admins.get("webhooks"):
        said = ngettext("{number} webhook is paused.", "{number} webhooks are paused.", number)
        helps = _("What happens is kept and posted when somebody resumes it.")
        yield Item(said.format(number=number), helps, reverse("admin:synclog_webhook_changelist"))
    several = roles.only_organization(member.user) is None
    narrowed = {"organization__id__exact": member.organization_id} if several else {}
    for row in facts["causes"]:
        yield _cause(row, narrowed)


def _cause(row: dict[str, Any], narrowed: dict[str, int]) -> Item:
    title = cause_title(row["cause"])
    if row["field"]:
        title = f"{title} ({field_label(row['field'])})"
    people = ngettext("{number} employee", "{number} employees", row["people"]).format(number=row["people"])
    systems = ngettext("{number} connection", "{number} connections", row["systems"]).format(number=row["systems"])
    asked = {"tab": "needs_action", "cause": row["cause"], "field": row["field"] or NO_FIELD, **narrowed}
    log = f"{reverse('admin:synclog_job_changelist')}?{urlencode(asked)}"
    return Item(f"{title}: {people}, {systems}.", remedy(row["cause"]), log)


def _name(integration: Integration) -> str:
    system = integration.system.name
    return integration.name if system.casefold() in integration.name.casefold() else f"{integration.name} ({system})"


def _page(integration: Integration) -> str:
    return reverse("admin:integrations_integration_change", args=[integration.pk])


def _letter(
    mail: Mail, to: str, subject: str, items: list[Item], organization: Organization | None = None
) -> EmailMultiAlternatives:
    """To a member of the organization, who chooses what is mailed; else about the recipient's own user."""
    site, choices, subject = site_address().rstrip("/"), reverse("mail_choices"), " ".join(subject.split())
    context = {"subject": subject, "items": items, "site": site, "choices": choices, "organization": organization}
    headers = {
        "Message-ID": f"<{mail.message_id}@{parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",
    }
    if site and organization is not None:
        headers["List-Unsubscribe"] = f"<{site}{choices}>"
    text = render_to_string("synclog/mails/letter.txt", context).strip() + "\n"
    letter = EmailMultiAlternatives(subject, text, to=[to], headers=headers)
    letter.attach_alternative(render_to_string("synclog/mails/letter.html", context), "text/html")
    return letter
