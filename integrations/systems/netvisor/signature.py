"""How each call of Netvisor is signed ("Authentication", support.netvisor.fi 766842 and 77000557880)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC
from uuid import uuid4

from requests import PreparedRequest
from requests.auth import AuthBase

from integrations.sdk import Context, NotAuthorizedError
from integrations.systems.netvisor import texts

LANGUAGE = "EN"


def mac(
    *,
    url: str,
    sender: str,
    customer_id: str,
    timestamp: str,
    language: str,
    organisation_id: str,
    transaction_id: str,
    timestamp_unix: str,
    customer_key: str,
    partner_key: str,
) -> str:
    """The HMACSHA256 signature over Latin-1 bytes; `url` exactly as it is sent, with its query.

    Raises UnicodeEncodeError for a character that Latin-1 does not have.
    """
    parts = (url, sender, customer_id, timestamp, language, organisation_id, transaction_id, timestamp_unix)
    message = "&".join((*parts, customer_key, partner_key)).encode("iso-8859-1")
    return hmac.new(f"{customer_key}&{partner_key}".encode("iso-8859-1"), message, hashlib.sha256).hexdigest()


class Signature(AuthBase):
    """Signs each request as it is about to leave: its own transaction id, and one "now" for both timestamps."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        given = self.context.credentials
        now = self.context.now().astimezone(UTC)
        timestamp = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d}"
        timestamp_unix, transaction_id = str(int(now.timestamp())), str(uuid4())
        try:
            signature = mac(
                url=request.url or "",
                sender=given["sender"],
                customer_id=given["customer_id"],
                timestamp=timestamp,
                language=LANGUAGE,
                organisation_id=given["organisation_id"],
                transaction_id=transaction_id,
                timestamp_unix=timestamp_unix,
                customer_key=given["customer_key"],
                partner_key=given["partner_key"],
            )
        except UnicodeEncodeError:
            raise NotAuthorizedError(texts.NOT_SIGNABLE()) from None
        authentication = {
            "Sender": given["sender"],
            "CustomerId": given["customer_id"],
            "PartnerId": given["partner_id"],
            "Timestamp": timestamp,
            "TimestampUnix": timestamp_unix,
            "TransactionId": transaction_id,
            "MACHashCalculationAlgorithm": "HMACSHA256",
            "UseHTTPResponseStatusCodes": "1",
            "MAC": signature,
        }
        for name, value in authentication.items():
            request.headers[f"X-Netvisor-Authentication-{name}"] = value
        request.headers["X-Netvisor-Interface-Language"] = LANGUAGE
        request.headers["X-Netvisor-Organisation-ID"] = given["organisation_id"]
        return request
