"""Vendors' services for texts on loopback: apprise's own plugins, led to a server that answers as the vendor's documents say."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from apprise.plugins import africas_talking, exotel, kaleyra
from apprise.plugins.bulksms import NotifyBulkSMS
from apprise.plugins.bulkvs import NotifyBulkVS
from apprise.plugins.burstsms import NotifyBurstSMS
from apprise.plugins.clickatell import NotifyClickatell
from apprise.plugins.clicksend import NotifyClickSend
from apprise.plugins.cm import NotifyCM
from apprise.plugins.infobip import NotifyInfobip
from apprise.plugins.kavenegar import NotifyKavenegar
from apprise.plugins.msg91 import NotifyMSG91
from apprise.plugins.seven import NotifySeven
from apprise.plugins.twilio import NotifyTwilio
from apprise.plugins.vonage import NotifyVonage

SECRET = "b" * 32
FROM = "15550100000"
URLS = {
    "Twilio": f"twilio://AC{'a' * 32}:{SECRET}@{FROM}/{{to}}",
    "Vonage": f"vonage://abcd1234:{SECRET}@{FROM}/{{to}}",
    "Clickatell": f"clickatell://{SECRET}/{{to}}",
    "ClickSend": f"clicksend://user:{SECRET}@{{to}}",
    "seven": f"seven://{SECRET}/{{to}}",
    "Burst SMS": f"burstsms://key:{SECRET}@{FROM}/{{to}}",
    "BulkSMS": f"bulksms://user:{SECRET}@{{to}}",
    "MSG91": f"msg91://template@{SECRET}/{{to}}",
    "Kavenegar": f"kavenegar://{SECRET}/{{to}}",
    "CM.com": f"cm://{FROM}@12345678-1234-1234-1234-123456789012/{{to}}",
    "BulkVS": f"bulkvs://user:{SECRET}@{FROM}/{{to}}",
    "Exotel": f"exotel://sid:{SECRET}@{FROM}/{{to}}",
    "Africa's Talking": f"atalk://user@{SECRET}/{{to}}",
    "Infobip": f"infobip://{SECRET}@abc123.api.infobip.com/{{to}}?from={FROM}",
    "Kaleyra": f"kaleyra://HXIN123:{SECRET}@SENDER/{{to}}",
}


class Vendor:
    """A server that gives the answers it is told, in order, the last one again and again; `asked` is what came."""

    def __init__(self):
        self.asked, self.answers = [], []  # (method, path, headers, body); (status, type, body)
        self.drip = 0.0  # seconds between the bytes of a body
        self.encoding = ""  # of the bodies, which are given encoded
        self.cut = False  # whether the connection breaks off before the body's end
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.server.vendor = self
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, body, status=200, kind="application/json"):
        """Answers with a body: bytes and text as they are, anything else as JSON."""
        as_bytes = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        self.answers.append((status, kind, as_bytes))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        vendor = self.server.vendor
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        vendor.asked.append((self.command, self.path, dict(self.headers), body))
        status, kind, answer = vendor.answers.pop(0) if len(vendor.answers) > 1 else vendor.answers[0]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if vendor.encoding:
            self.send_header("Content-Encoding", vendor.encoding)
        self.send_header("Content-Length", str(len(answer) + vendor.cut))
        self.end_headers()
        with contextlib.suppress(OSError):
            if not vendor.drip:
                self.wfile.write(answer)
            for byte in answer if vendor.drip else b"":
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(vendor.drip)
        self.close_connection = self.close_connection or vendor.cut

    def do_GET(self):
        self.do_POST()

    def log_message(self, *words):
        """Logs nothing, since it would log phone numbers."""


@pytest.fixture
def vendor(monkeypatch):
    """A vendor for this test, to which every service of URLS is led."""
    vendor = Vendor()
    here = vendor.origin
    monkeypatch.setattr(NotifyTwilio, "notify_sms_url", f"{here}/2010-04-01/Accounts/{{sid}}/Messages.json")
    monkeypatch.setattr(NotifyInfobip, "notify_url", f"{here}/sms/3/messages?{{host}}")
    monkeypatch.setattr(NotifyKavenegar, "notify_url", f"{here}/v1/{{apikey}}/sms/send.json")
    monkeypatch.setattr(kaleyra.NotifyKaleyra, "notify_url", f"{here}/v1/{{sid}}/messages?{{host}}")
    modes = dict.fromkeys(africas_talking.NotifyAfricasTalking.notify_url, f"{here}/version1/messaging")
    monkeypatch.setattr(africas_talking.NotifyAfricasTalking, "notify_url", modes)
    regions = dict.fromkeys(exotel.EXOTEL_API_LOOKUP, f"{here}/v1/Accounts/{{sid}}/Sms/send")
    monkeypatch.setattr(exotel, "EXOTEL_API_LOOKUP", regions)
    for plugin, path in {
        NotifyVonage: "/sms/json",
        NotifyClickatell: "/messages/http/send",
        NotifyClickSend: "/v3/sms/send",
        NotifySeven: "/api/sms",
        NotifyBurstSMS: "/send-sms.json",
        NotifyBulkSMS: "/v1/messages",
        NotifyMSG91: "/api/v5/flow/",
        NotifyCM: "/v1.0/message",
        NotifyBulkVS: "/api/v1.0/messageSend",
    }.items():
        monkeypatch.setattr(plugin, "notify_url", here + path)
    yield vendor
    vendor.close()
