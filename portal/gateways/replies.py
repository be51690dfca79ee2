"""What a gateway's answer means: some write a refusal into the body of a 2xx, which apprise reports as sent (rule 13, SM-9).

Each row names the vendor's document that it was read from and when. A body that its row does not know counts by its HTTP status.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from portal.gateways import REFUSED, SENT, UNREACHABLE
from portal.gateways.alphabet import find_strange

EACH = "*"  # in a path: every element of a list


@dataclass(frozen=True)
class Row:
    """One service. `fields` are paths to the words that decide; the first one that the body has is read, in every message of it."""

    name: str  # as docs/operating.md writes it
    schemes: tuple[str, ...]  # of its apprise URL
    source: str
    read_on: str
    fields: tuple[tuple[str, ...], ...] = ()
    sent: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()  # refused for now: a retry may help
    refused: frozenset[str] | None = None  # None: every other word
    tag: str = ""  # of XML, where the service answers with it: the element that holds the word
    coding: tuple[str, str, str] | None = None  # the option of its URL that names the alphabet: GSM 03.38, and anything else

    def name_coding(self, text: str) -> dict[str, str]:
        """The option that has a text arrive as it is, at no more parts than it needs."""
        if self.coding is None:
            return {}
        option, plain, wide = self.coding
        return {option: wide if find_strange(text) else plain}

    def judge(self, body: bytes) -> str | None:
        """SENT, REFUSED, or UNREACHABLE (for now); None if the body says nothing that this row knows."""
        outcomes = {self.weigh(word) for word in self.find_words(body.decode("utf-8-sig", "replace"))}
        if not outcomes or None in outcomes:
            return None
        # Of several messages or parts, some accepted and some not: not sent, and not repeated, since a part may arrive.
        return outcomes.pop() if len(outcomes) == 1 else REFUSED

    def weigh(self, word: str) -> str | None:
        """The outcome that one word stands for."""
        if word in self.sent:
            return SENT
        if word in self.later:
            return UNREACHABLE
        return REFUSED if self.refused is None or word in self.refused else None

    def find_words(self, text: str) -> list[str]:
        """The words of the first field that the body has, in lower case."""
        if self.tag and text.lstrip().startswith("<"):
            return [word.lower() for word in re.findall(rf"<{self.tag}>\s*([^<\s][^<]{{0,63}}?)\s*</{self.tag}>", text)]
        answer = read_json(text)
        for field in self.fields:
            if not field and isinstance(answer, list | dict):
                continue  # () is for a bare number or word
            words = [as_word(value) for value in walk(answer, field) if value not in (None, "", [], {})]
            if words:
                return words
        return []


def read_json(text: str | bytes) -> Any:
    """The document, None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def walk(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """The values at a path of a JSON document; none where its shape is another one."""
    if not path:
        yield value
    elif path[0] == EACH:
        for each in value if isinstance(value, list) else ():
            yield from walk(each, path[1:])
    elif isinstance(value, dict) and path[0] in value:
        yield from walk(value[path[0]], path[1:])


def as_word(value: Any) -> str:
    """A value as the table writes it: 0 and "0" alike, true as "true"; a list or an object as itself, which no row knows as sent."""
    return (value if isinstance(value, str) else json.dumps(value)).strip().lower()


def words(*names: str) -> frozenset[str]:
    return frozenset(names)


TABLE = (
    Row(
        "Twilio",
        ("twilio",),
        "www.twilio.com/docs/messaging/api/message-resource, Message Status values; refusals come as 4xx with a code",
        "2026-11-29",
        fields=(("status",),),
        sent=words("accepted", "scheduled", "queued", "sending", "sent", "delivered"),
        refused=words("failed", "undelivered", "canceled"),
    ),
    Row(
        "Vonage",
        ("vonage", "nexmo"),
        "developer.vonage.com/messaging/sms/guides/troubleshooting-sms and /api-errors/sms: 0 is accepted; 1 throttled, 5 internal "
        "error, 10 too many connections",
        "2026-11-29",
        fields=(("messages", EACH, "status"),),
        sent=words("0"),
        later=words("1", "5", "10"),
    ),
    Row(
        "Clickatell",
        ("clickatell",),
        "docs.clickatell.com, SMS REST API send-message: errorCode and error for the whole request, accepted for each message; "
        "guides.clickatell.com, One API send-messages, says which of the two refuses what",
        "2026-11-29",
        fields=(("errorCode",), ("error",), ("messages", EACH, "accepted")),
        sent=words("true"),
    ),
    Row(
        "ClickSend",
        ("clicksend",),
        "developers.clicksend.com, SMS send and application status codes; help.clicksend.com, status codes: SUCCESS is queued; THROTTLED "
        "asks to try again in a few seconds",
        "2026-11-29",
        fields=(("data", "messages", EACH, "status"), ("response_code",)),
        sent=words("success"),
        later=words("throttled"),
    ),
    Row(
        "seven",
        ("seven",),
        "github.com/seven-io/api-schemes, openapi.yml of 2026-02-11 (the answer), and seven-io/js-client, ErrorCode.ts of 2026-05-02 "
        "(600 carrier failed, 700 unknown error); a refused login is the bare number 900",
        "2026-11-29",
        fields=(("messages", EACH, "success"), ("success",), ()),
        sent=words("true", "100"),
        later=words("600", "700"),
    ),
    Row(
        "Burst SMS",
        ("burstsms", "kudosity"),
        "github.com/transmitsms/transmitsms-api-php-client, send-sms.php (error.code is SUCCESS, or it is refused); "
        "developers.kudosity.com/reference/status-codes (OVER_LIMIT is a 429)",
        "2026-11-29",
        fields=(("error", "code"),),
        sent=words("success"),
        later=words("over_limit"),
    ),
    Row(
        "BulkSMS",
        ("bulksms",),
        "developer.bulksms.com/json/v1/swagger.yaml, Message.status.type",
        "2026-11-29",
        fields=((EACH, "status", "type"),),
        sent=words("accepted", "scheduled", "sent", "delivered"),
        refused=words("failed"),
        coding=("unicode", "no", "yes"),  # apprise sends all as Unicode otherwise
    ),
    Row(
        "MSG91",
        ("msg91",),
        "docs.msg91.com/reference/send-sms as apprise 2.3.0 and other published clients read it (type is success or error); "
        "the page itself could not be read",
        "2026-11-29",
        fields=(("type",),),
        sent=words("success"),
        refused=words("error"),
    ),
    Row(
        "Kavenegar",
        ("kavenegar",),
        "kavenegar.com/rest.html and soap.html (return.status: 200 is done, 409 the server cannot answer now); "
        "github.com/kavenegar/kavenegar-go, message.go of 2024-02-05 (status of each message)",
        "2026-11-29",
        fields=(("entries", EACH, "status"), ("return", "status")),
        sent=words("200", "1", "2", "4", "5", "10"),
        later=words("409"),
    ),
    Row(
        "CM.com",
        ("cm",),
        "developers.cm.com/messaging/docs/responses-errors-json; github.com/cmdotcom/text-sdk-dotnet, TextClientStatusCode.cs of "
        "2025-08-01 (0 is accepted, 500 an internal error)",
        "2026-11-29",
        fields=(("messages", EACH, "messageErrorCode"), ("messages", EACH, "status"), ("errorCode",)),
        sent=words("0", "accepted"),
        later=words("500"),
    ),
    Row(
        "BulkVS",
        ("bulkvs",),
        "portal.bulkvs.com/api/v1.0/documentation as apprise 2.3.0 quotes it (each result is SUCCESS); the page asks for an account",
        "2026-11-29",
        fields=(("Results", EACH, "Status"),),
        sent=words("success"),
    ),
    Row(
        "Exotel",
        ("exotel",),
        "developer.exotel.com/docs/sms-support/sms-status-codes and sms-api-errors; support.exotel.com/support/solutions/articles/48282 "
        "(XML unless .json is asked for, which apprise does not)",
        "2026-11-29",
        fields=(("SMSMessage", "Status"), ("RestException", "Status")),
        sent=words("queued", "sending", "submitted", "sent", "delivered"),
        later=words("429", "500", "502", "503"),
        tag="Status",
        coding=("unicode", "no", "yes"),
    ),
    Row(
        "Africa's Talking",
        ("atalk",),
        "developers.africastalking.com/docs/sms/sending/bulk as apprise 2.3.0 quotes it (100 processed, 101 sent, 102 queued, 500 and "
        "501 errors of the gateway)",
        "2026-11-29",
        fields=(("SMSMessageData", "Recipients", EACH, "statusCode"),),
        sent=words("100", "101", "102"),
        later=words("500", "501"),
    ),
    Row(
        "Infobip",
        ("infobip",),
        "www.infobip.com/docs/developer-resources/api-fundamentals/message-status-codes",
        "2026-11-29",
        fields=(("messages", EACH, "status", "groupName"),),
        sent=words("pending", "delivered"),
        refused=words("undeliverable", "expired", "rejected"),
    ),
    Row(
        "Kaleyra",
        ("kaleyra", "klr"),
        "developers.kaleyra.io/docs/send-your-first-sms as apprise 2.3.0 quotes it (code and error where it is refused)",
        "2026-11-29",
        fields=(("error",), ("code",)),
    ),
    Row(
        "Kannel",
        (),  # a form:// URL that leads to sendsms
        "www.kannel.org, user's guide, SMS push reply codes (202 is accepted or queued, 4xx refused for good, 503 for now) and sendsms "
        "parameters; tried on 1.4.5",
        "2026-11-29",
        coding=(":coding", "0", "2"),  # with 0, what the alphabet lacks becomes "?", and the answer is the same
    ),
    Row(
        "any other HTTP service",
        ("json", "jsons", "form", "forms"),
        "no body is known: the HTTP status decides",
        "2026-11-29",
    ),
)
BY_SCHEME = {scheme: row for row in TABLE for scheme in row.schemes}
KANNEL = next(row for row in TABLE if row.name == "Kannel")


def find_row(url: str) -> Row | None:
    """The row of an apprise URL; None if the table has none."""
    scheme, _, rest = url.partition("://")
    row = BY_SCHEME.get(scheme.lower())
    is_form = scheme.lower() in ("form", "forms")
    return KANNEL if is_form and urlsplit(f"http://{rest.partition('?')[0]}").path.endswith("/sendsms") else row
