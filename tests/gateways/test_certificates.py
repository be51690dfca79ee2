"""A server whose certificate nobody vouches for is told nothing: no email, no number."""

import contextlib
import socket
import ssl
import threading

import pytest

from portal.gateways import UNREACHABLE, Message
from portal.gateways.mail import MailGateway
from portal.gateways.number import UNKNOWN, Checked
from tests.support.proxy import write_certificate

NUMBER, ADDRESS = "+15035550164", "maria@example.test"


@pytest.fixture
def unvouched(tmp_path):
    """A TLS server on loopback with a certificate that signs itself; its port, and what it was told."""
    told = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*write_certificate(tmp_path))

    def serve():
        with contextlib.suppress(OSError):
            while True:
                plain, _ = listening.accept()
                with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secure:
                    secure.sendall(b"220 hello\r\n")
                    told.append(secure.recv(4096))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1], told
        listening.shutdown(socket.SHUT_RDWR)


def test_it_hears_whoever_does_not_look(unvouched):
    port, told = unvouched
    careless = ssl._create_unverified_context()  # noqa: S323 (on purpose)
    with socket.create_connection(("127.0.0.1", port), 5) as plain, careless.wrap_socket(plain) as secure:
        secure.recv(100)
        secure.sendall(b"EHLO me\r\n")
        secure.recv(100)
    assert told == [b"EHLO me\r\n"]


def test_a_mail_server_without_a_good_certificate_gets_nothing(unvouched):
    port, told = unvouched
    mail = Message("b" * 32, ADDRESS, "Hello", "Hello", "<p>Hello</p>")
    assert MailGateway(f"smtps://127.0.0.1:{port}", "no-reply@portal.example").hand_over(mail) == UNREACHABLE
    assert told == []


def test_a_check_of_numbers_without_a_good_certificate_gets_none(unvouched):
    port, told = unvouched
    checked = Checked(None, f"https://127.0.0.1:{port}/check")
    assert checked.look_up(Message("b" * 32, NUMBER, "", has_code=True)) == UNKNOWN
    assert told == []
