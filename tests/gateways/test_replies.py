"""Each service's answers, as its documents write them, through apprise: what was refused is never called sent (rule 13, SM-9)."""

import gzip
import json
import re
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.gateways import REFUSED, SENT, UNKNOWN, UNREACHABLE, Message
from portal.gateways.credentials import QUESTIONS
from portal.gateways.replies import TABLE, find_row
from portal.gateways.text import TextGateway
from portal.settings import config
from tests.house.documents import DOCS, DOCUMENTS, rows
from tests.support.vendors import SECRET, URLS

NUMBER = "+15035550164"
DIGITS = NUMBER[1:]
TEXT = Message("a" * 32, NUMBER, "482913 is your Medximity code, for M. R. Never share it.\n\n@127.0.0.1 #482913", report="0")
LATER = UNREACHABLE


def vonage(*statuses):
    """An answer of Vonage, with one element for each part of the text."""
    parts = [{"to": DIGITS, "status": status, "error-text": "why"} if status != "0" else accepted_part() for status in statuses]
    return {"message-count": str(len(parts)), "messages": parts}


def accepted_part():
    return {"to": DIGITS, "message-id": "0C000000217B7F02", "status": "0", "remaining-balance": "15.5", "message-price": "0.03"}


def clickatell(accepted, **whole):
    message = {"apiMessageId": "77fb" if accepted else None, "accepted": accepted, "to": DIGITS}
    errors = {"errorCode": None, "error": None, "errorDescription": None}
    return {"messages": [message | errors], **errors, **whole}


def clicksend(*statuses):
    messages = [{"to": NUMBER, "message_id": "1EF2", "message_parts": 1, "status": status} for status in statuses]
    data = {"total_price": 0.1, "total_count": len(messages), "messages": messages}
    return {"http_code": 200, "response_code": "SUCCESS", "response_msg": "Messages queued for delivery.", "data": data}


def seven(code, *messages):
    each = [{"id": "77229135982", "recipient": DIGITS, "parts": 1, "success": one, "error": None} for one in messages]
    return {"success": code, "total_price": 0.075, "balance": 3.2, "debug": "false", "sms_type": "direct", "messages": each}


def burst(code):
    accepted = {"message_id": 1, "recipients": 1, "cost": 0.07} if code == "SUCCESS" else {}
    return accepted | {"error": {"code": code, "description": "OK"}}


def bulksms(kind, of="SENT"):
    status = {"id": f"{kind}.null", "type": kind, "subtype": None}
    return [{"id": "98", "type": of, "to": DIGITS, "body": "", "numberOfParts": 1, "status": status}]


def kavenegar(code, *statuses):
    entries = [{"messageid": 8792343, "status": status, "receptor": DIGITS, "cost": 120} for status in statuses]
    return {"return": {"status": code, "message": "-"}, "entries": entries or None}


def cm(code, *messages):
    each = [
        {"to": f"00{DIGITS}", "status": status, "reference": None, "parts": 1, "messageDetails": None, "messageErrorCode": error}
        for status, error in messages
    ]
    return {"details": f"Created {len(each)} message(s)", "errorCode": code, "messages": each}


def bulkvs(*statuses):
    return {"RefId": "5a66dee6", "MessageType": "SMS", "Results": [{"To": DIGITS, "Status": each} for each in statuses]}


def exotel(status):
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>\n <SMSMessage>\n  <Sid>0f477d60</Sid>\n'
        f"  <Status>{status}</Status>\n  <DetailedStatusCode>21010</DetailedStatusCode>\n </SMSMessage>\n</TwilioResponse>"
    )


def exotel_error(status):
    return f"<TwilioResponse><RestException><Status>{status}</Status><Message>why</Message></RestException></TwilioResponse>"


def atalk(*codes):
    each = [{"statusCode": code, "number": NUMBER, "status": "-", "cost": "KES 0.8", "messageId": "AT1"} for code in codes]
    return {"SMSMessageData": {"Message": "Sent to 1/1", "Recipients": each}}


def infobip(*groups):
    each = [
        {"messageId": "2250", "status": {"groupId": 1, "groupName": group, "id": 26}, "destination": DIGITS} for group in groups
    ]
    return {"bulkId": "20340722", "messages": each}


SAMPLES = [  # service, what comes of the text, HTTP status, body
    ("Twilio", SENT, 201, {"sid": "SM1", "status": "queued", "error_code": None}),
    ("Twilio", SENT, 201, {"sid": "SM1", "status": "accepted", "error_code": None}),
    ("Twilio", REFUSED, 201, {"sid": "SM1", "status": "failed", "error_code": 30007}),
    ("Twilio", REFUSED, 400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}),
    ("Twilio", REFUSED, 401, {"code": 20003, "message": "Authenticate", "status": 401}),
    ("Twilio", LATER, 429, {"code": 20429, "message": "Too Many Requests", "status": 429}),
    ("Twilio", LATER, 503, {"code": 20503, "message": "Service unavailable", "status": 503}),
    ("Vonage", SENT, 200, vonage("0")),
    ("Vonage", SENT, 200, vonage("0", "0")),
    *[("Vonage", REFUSED, 200, vonage(str(code))) for code in (2, 3, 4, 6, 7, 8, 9, 11, 12, 14, 15, 22, 29, 33)],
    *[("Vonage", LATER, 200, vonage(str(code))) for code in (1, 5, 10)],
    ("Vonage", REFUSED, 200, vonage("0", "9")),
    ("Vonage", REFUSED, 200, vonage("0", "1")),
    ("Clickatell", SENT, 202, clickatell(True)),
    ("Clickatell", REFUSED, 202, clickatell(False)),
    ("Clickatell", REFUSED, 200, clickatell(True, errorCode=607, error="Invalid FROM number.")),
    ("Clickatell", REFUSED, 200, {"messages": [], "error": {"code": 1, "description": "Invalid API key"}}),
    ("ClickSend", SENT, 200, clicksend("SUCCESS")),
    *[
        ("ClickSend", REFUSED, 200, clicksend(word))
        for word in ("INVALID_RECIPIENT", "INSUFFICIENT_CREDIT", "COUNTRY_NOT_ENABLED")
    ],
    ("ClickSend", LATER, 200, clicksend("THROTTLED")),
    ("ClickSend", REFUSED, 200, clicksend("SUCCESS", "INVALID_RECIPIENT")),
    ("seven", SENT, 200, seven("100", True)),
    ("seven", REFUSED, 200, "900"),
    *[("seven", REFUSED, 200, seven(code)) for code in ("202", "300", "500", "900", "902", "903")],
    *[("seven", LATER, 200, seven(code)) for code in ("600", "700")],
    ("seven", REFUSED, 200, seven("100", True, False)),
    ("Burst SMS", SENT, 200, burst("SUCCESS")),
    *[("Burst SMS", REFUSED, 200, burst(code)) for code in ("AUTH_FAILED", "FIELD_INVALID", "LEDGER_ERROR", "BAD_CALLER_ID")],
    ("Burst SMS", LATER, 200, burst("OVER_LIMIT")),
    *[("BulkSMS", SENT, 201, bulksms(kind)) for kind in ("ACCEPTED", "SCHEDULED", "SENT", "UNKNOWN")],
    ("BulkSMS", REFUSED, 201, bulksms("FAILED")),
    ("MSG91", SENT, 200, {"type": "success", "message": "3763646c3058373530393938"}),
    ("MSG91", REFUSED, 200, {"type": "error", "message": "Authentication failure"}),
    ("Kavenegar", SENT, 200, kavenegar(200, 1)),
    ("Kavenegar", SENT, 200, kavenegar(200, 5)),
    *[("Kavenegar", REFUSED, 200, kavenegar(200, status)) for status in (6, 11, 13, 14, 100)],
    *[("Kavenegar", REFUSED, 200, kavenegar(code)) for code in (400, 403, 411, 418)],
    ("Kavenegar", REFUSED, 418, kavenegar(418)),
    ("Kavenegar", LATER, 200, kavenegar(409)),
    ("Kavenegar", LATER, 409, kavenegar(409)),
    ("CM.com", SENT, 200, cm(0, ("Accepted", 0))),
    ("CM.com", REFUSED, 200, cm(201, ("Rejected", 304))),
    ("CM.com", REFUSED, 200, cm(201, ("Accepted", 0), ("Rejected", 303))),
    ("CM.com", REFUSED, 400, cm(101)),
    ("CM.com", LATER, 200, cm(201, ("Rejected", 500))),
    ("BulkVS", SENT, 200, bulkvs("SUCCESS")),
    ("BulkVS", REFUSED, 200, bulkvs("FAILED")),
    ("BulkVS", REFUSED, 200, bulkvs("SUCCESS", "FAILED")),
    *[("Exotel", SENT, 200, exotel(status)) for status in ("queued", "sending", "submitted", "sent")],
    ("Exotel", SENT, 202, exotel("queued")),  # documented; apprise takes 200 alone for accepted
    *[("Exotel", REFUSED, 200, exotel(status)) for status in ("failed", "failed-dnd", "expired", "undelivered")],
    ("Exotel", REFUSED, 200, exotel_error(403)),
    ("Exotel", LATER, 200, exotel_error(429)),
    ("Exotel", SENT, 200, {"SMSMessage": {"Sid": "0f477d60", "Status": "queued"}}),
    ("Exotel", REFUSED, 200, {"RestException": {"Status": 401, "Message": "Authentication failed", "Code": "UNAUTHORIZED"}}),
    ("ClickSend", REFUSED, 200, {"response_code": "INSUFFICIENT_CREDIT", "data": None}),
    *[("Africa's Talking", SENT, 201, atalk(code)) for code in (100, 101, 102)],
    *[("Africa's Talking", REFUSED, 201, atalk(code)) for code in (401, 402, 403, 404, 405, 406, 407, 409, 502)],
    ("Africa's Talking", REFUSED, 201, {"SMSMessageData": {"Message": "InvalidSenderId", "Recipients": []}}),
    *[("Africa's Talking", LATER, 201, atalk(code)) for code in (500, 501)],
    ("Infobip", SENT, 200, infobip("PENDING")),
    *[("Infobip", REFUSED, 200, infobip(group)) for group in ("REJECTED", "UNDELIVERABLE", "EXPIRED")],
    ("Infobip", REFUSED, 200, infobip("PENDING", "REJECTED")),
    ("Kaleyra", SENT, 202, {"id": "ee8a", "totalCount": 1, "data": [{"message_id": "ee8a:1"}], "error": {}}),
    ("Kaleyra", REFUSED, 200, {"code": "E413", "message": "Invalid inputs", "data": [], "error": {"sender": "Invalid"}}),
]
STRANGE = {  # bodies that no row knows count by their status
    "empty": b"",
    "HTML": b"<!DOCTYPE html><html><body>Status: all good</body></html>",
    "cut off": b'{"messages": [{"status": "4", "to"',
    "a list for an object": b'[{"messages": [{"status": "4"}]}]',
    "an object for a list": b'{"messages": {"0": {"status": "4"}}, "Results": {}, "data": {"messages": {}}}',
    "nothing in it": b'{"messages": [], "data": {"messages": null}, "entries": [], "Results": [null]}',
    "null": b"null",
    "not UTF-8": b"\xff\xfe{\x00",
    "a thousand levels deep": b"[" * 100_000,
    "a number of ten thousand digits": b'{"messages": [{"status": ' + b"4" * 10_000 + b"}]}",
    "binary": bytes(range(256)),
}


def ask(vendor, service, body, status=200, kind="application/json"):
    """Sends a text through a service whose server gives this answer; returns what came of it."""
    vendor.answers = []
    vendor.answer(body, status, kind)
    return TextGateway((URLS[service],)).hand_over(TEXT)


@pytest.mark.parametrize(("service", "outcome", "status", "body"), SAMPLES)
def test_an_answer_means_what_the_vendor_says(vendor, service, outcome, status, body):
    assert ask(vendor, service, body, status, "application/xml" if isinstance(body, str) else "application/json") == outcome
    assert len(vendor.asked) == 1, "a text is handed over once"
    assert DIGITS in vendor.asked[0][1] + vendor.asked[0][3]


@pytest.mark.parametrize("service", URLS)
def test_a_status_without_a_body_decides(vendor, service):
    outcomes = {400: REFUSED, 401: REFUSED, 403: REFUSED, 429: LATER, 500: LATER, 503: LATER}
    assert {status: ask(vendor, service, b"", status) for status in outcomes} == outcomes


@pytest.mark.parametrize("service", URLS)
def test_a_body_that_the_table_does_not_know_counts_by_its_status(vendor, service):
    """As it was before there was a table: where apprise's own reading of the body ends with an exception, it is no success."""
    reads_it = service in ("CM.com", "Infobip", "Africa's Talking", "Kaleyra")
    outcomes = {name: REFUSED if reads_it and name == "a thousand levels deep" else SENT for name in STRANGE}
    assert {name: ask(vendor, service, body) for name, body in STRANGE.items()} == outcomes
    assert {ask(vendor, service, body, 400) for body in STRANGE.values()} == {REFUSED}


def test_a_body_counts_whatever_its_type_is_called(vendor):
    for kind in ("text/html", "text/plain; charset=utf-8", ""):
        assert ask(vendor, "Vonage", vonage("4"), kind=kind) == REFUSED


def test_a_body_may_begin_with_a_byte_order_mark(vendor):
    assert ask(vendor, "Vonage", b"\xef\xbb\xbf" + json.dumps(vonage("4")).encode()) == REFUSED


def test_words_are_read_in_capitals_and_numbers_without_quotes(vendor):
    assert ask(vendor, "ClickSend", clicksend("Success")) == SENT
    assert ask(vendor, "Vonage", {"messages": [{"status": 0}]}) == SENT


def test_an_accepted_text_is_not_called_sent_by_a_4xx(vendor):
    assert ask(vendor, "Vonage", vonage("0"), 400) == REFUSED


def test_of_a_huge_answer_the_beginning_is_read(vendor):
    huge = json.dumps(vonage("4")).encode()[:-1] + b', "more": "' + b"x" * 50_000_000 + b'"}'
    began = time.monotonic()
    assert ask(vendor, "Vonage", huge) == SENT  # not JSON, as far as it was read
    assert time.monotonic() - began < 2


def test_a_compressed_answer_is_read_and_no_further_than_another(vendor):
    vendor.encoding = "gzip"
    assert ask(vendor, "Vonage", gzip.compress(json.dumps(vonage("4")).encode())) == REFUSED
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(100)) + bomb.flush()
    tracemalloc.start()
    assert ask(vendor, "Vonage", packed) == SENT
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    assert ask(vendor, "Vonage", b"not compressed") == UNKNOWN


def test_an_answer_that_drips_is_left_after_a_while(vendor, monkeypatch):
    monkeypatch.setattr(config, "TEXT_CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(config, "TEXT_READ_SECONDS", 0.5)
    vendor.drip = 0.2
    began = time.monotonic()
    assert ask(vendor, "Vonage", vonage("0")) == SENT
    assert time.monotonic() - began < 4


def test_an_answer_that_breaks_off_may_have_taken_the_text(vendor):
    vendor.cut = True
    assert ask(vendor, "Vonage", vonage("0")) == UNKNOWN
    assert ask(vendor, "Vonage", b"why", 400) == REFUSED


def test_the_second_gateway_takes_what_the_first_refuses_in_its_body(vendor, gateway):
    vendor.answer(vonage("4"))
    assert TextGateway((URLS["Vonage"], gateway.url())).hand_over(TEXT) == SENT
    assert gateway.words() == [TEXT.text]


@pytest.mark.parametrize("number", ["+299221234", "+298211234", "+376312345", "+6834012"])
@pytest.mark.parametrize("service", URLS)
def test_a_code_goes_to_its_number_or_to_nobody(vendor, service, number):
    """apprise drops numbers of fewer than ten digits (Greenland, Faroe Islands, Andorra, Niue); two services then text the sender."""
    vendor.answer(next(body for name, outcome, _, body in SAMPLES if (name, outcome) == (service, SENT)))
    outcome = TextGateway((URLS[service],)).hand_over(Message("a" * 32, number, TEXT.text, report="0"))
    reached = [number[1:] in path + body for _, path, _, body in vendor.asked]
    assert (outcome, reached) in [(REFUSED, []), (SENT, [True])]


def test_the_number_check_between_two_texts_keeps_its_own_answer(vendor, number_check):
    """The worker's threads send other requests than texts: theirs are let be."""
    from portal.gateways.number import Checked

    vendor.answer(vonage("0"))
    checked = Checked(TextGateway((URLS["Vonage"],)), number_check.url)
    code = Message("a" * 32, NUMBER, TEXT.text, report="0", has_code=True)
    assert [checked.hand_over(code) for _ in range(2)] == [SENT, SENT]


def test_a_service_without_a_row_starts_with_a_warning(caplog):
    TextGateway((URLS["Vonage"], f"d7sms://{SECRET}@{{to}}"))
    assert [each.getMessage() for each in caplog.records] == [
        "PORTAL_SMS_URL: address 2 is a service whose answers are not known: a refusal in a body may count as sent"
    ]


def test_no_answer_reaches_a_log(vendor, caplog):
    caplog.set_level(1)
    for service in URLS:
        ask(vendor, service, {"messages": [{"status": "4", "error-text": f"{NUMBER} {SECRET}"}]})
    assert SECRET not in caplog.text and DIGITS not in caplog.text


@pytest.mark.parametrize(
    ("service", "field", "basic", "wide"),
    [("BulkSMS", '"encoding": "', "TEXT", "UNICODE"), ("Exotel", "EncodingType=", "plain", "unicode")],
)
def test_a_text_is_sent_as_unicode_where_it_has_to_be_and_nowhere_else(vendor, service, field, basic, wide):
    """These two would send all texts so, at twice the parts."""
    vendor.answer(b"")
    for number, (words, coding) in enumerate({TEXT.text: basic, "인증 코드 482913": wide}.items()):
        TextGateway((URLS[service],)).hand_over(Message("a" * 32, NUMBER, words, report="0"))
        assert f"{field}{coding}" in vendor.asked[number][3]
    TextGateway((URLS[service] + "?unicode=yes",)).hand_over(TEXT)
    assert f"{field}{wide}" in vendor.asked[-1][3], "what the operator says stays"


# --- the table itself


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["messages", "status", "data", "error", "code", "return"]), inner)
    ),
)


@given(ANYTHING.map(json.dumps).map(str.encode) | st.binary())
def test_no_body_is_too_odd_to_be_judged(body):
    assert {row.judge(body) for row in TABLE} <= {SENT, REFUSED, LATER, None}


def test_each_row_has_a_source_and_a_sample_of_each_outcome():
    rows = {row.name: row for row in TABLE}
    assert len(rows) == len(TABLE) and all(row.source and row.read_on for row in TABLE)
    samples = {(service, outcome) for service, outcome, _, _ in SAMPLES}
    for name, row in rows.items():
        wanted = {SENT, REFUSED} | ({LATER} if row.later else set()) if row.fields else set()
        assert {outcome for service, outcome in samples if service == name} >= wanted, name
    assert {service for service, _ in samples} == set(URLS) == {name for name, row in rows.items() if row.fields}


def test_only_services_with_a_row_are_named_as_supported():
    named = [row for row in rows(DOCS / "operating.md") if "://" in row[1] and len(row) == 4]
    assert [
        (name, [find_row(url).name for url in re.findall(r"`(\w+://[^`]*)`", address)][:1]) for name, address, *_ in named
    ] == [(row.name, [row.name]) for row in TABLE]
    asked = {name for name, _, answer, _ in named if answer == "yes"}
    assert asked == set(QUESTIONS)
    elsewhere = {scheme for path in DOCUMENTS for scheme in re.findall(r"\b([a-z][a-z0-9]+)://[^\s`]*\{to\}", path.read_text())}
    assert elsewhere <= {scheme for row in TABLE for scheme in row.schemes}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("VONAGE://key:secret@1/{to}", "Vonage"),
        ("nexmo://key:secret@1/{to}", "Vonage"),
        ("form://host:13013/cgi-bin/sendsms?method=GET&:to={to}", "Kannel"),
        ("forms://u:p@host/sendsms?:to={to}", "Kannel"),
        ("form://host/other?:to={to}", "any other HTTP service"),
        ("json://host/cgi-bin/sendsms?:to={to}", "any other HTTP service"),
        ("d7sms://token@{to}", None),
        ("nonsense", None),
    ],
)
def test_the_row_is_found_by_the_scheme(url, name):
    row = find_row(url)
    assert (row.name if row else None) == name
