"""How requests are read: whole, outside the threads, within limits of time and number; and what is answered when the server stops."""

import contextlib
import http.client
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from waitress.adjustments import Adjustments

from portal.server.worker import Parser, mask_link
from portal.settings import config, lines
from tests.support import moments, wire
from tests.support.proxy import DOCUMENTED
from tests.support.rows import Rows
from tests.support.server import running_server
from tests.support.slow import ALL, PATIENCE, PER_ADDRESS, SEND_SECONDS, ImpatientServer
from tests.support.wire import Wire

HEAD = b"GET /sign-in HTTP/1.1\r\nHost: localhost\r\n"
FORM = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
REQUEST = HEAD + b"\r\n"


@pytest.fixture(scope="module")
def impatient(sites):
    """A running portal with one process, little patience, and little room; it takes 127.0.0.9 for its proxy."""
    site = sites.seeded()
    settings = {"PORTAL_TRUSTED_PROXIES": "1", "PORTAL_PROXY_ADDRESSES": "127.0.0.9"}
    with running_server(site, workers=1, kind=ImpatientServer, **settings) as server:
        yield server
    sites.remove(site)


@contextlib.contextmanager
def connected(server, first=b"", ip="127.0.0.1"):
    """Yields a connection that has sent its first bytes."""
    with socket.create_connection((server.host, server.port), 20, (ip, 0)) as connection:
        connection.sendall(first)
        yield connection


def answers_on(connection, count=1):
    """Returns the status, the headers, and the text of the next answers."""
    with connection.makefile("rb") as file:
        return [read_answer(file) for _ in range(count)]


def read_answer(file):
    """Returns the status, the headers, and the text of one answer."""
    status = int(file.readline().split()[1])
    headers = http.client.parse_headers(file)
    return (status, headers, file.read(int(headers["Content-Length"])).decode()) if status != 100 else read_answer(file)


def read_to_the_end(connection):
    """Returns what a connection sends until it closes or breaks off."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while parts[-1:] != [b""]:
            parts.append(connection.recv(65536))
    return b"".join(parts)


def seconds_until_closed(connection, byte=b""):
    """Returns how long a connection lives that sends a byte every tenth of a second, or nothing."""
    began = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - began < 15:
        try:
            connection.sendall(byte)
            if connection.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    return time.monotonic() - began


@pytest.mark.parametrize(
    ("first", "byte", "longest"),
    [
        (b"", b"", PATIENCE["headers"]),
        (b"", b"a", PATIENCE["headers"]),
        (b"", b"\r\n", PATIENCE["headers"]),
        (HEAD, b"", PATIENCE["headers"]),
        (HEAD, b"a", PATIENCE["headers"]),
        (FORM + b"Content-Length: 5000\r\n\r\n", b"", PATIENCE["body"]),
        (FORM + b"Content-Length: 5000\r\n\r\n", b"a", PATIENCE["body"]),
        (FORM + b"Transfer-Encoding: chunked\r\n\r\n1388\r\n", b"a", PATIENCE["body"]),
        (FORM + b"Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n", b"", PATIENCE["body"]),
        (REQUEST, b"", PATIENCE["idle"]),
    ],
)
def test_who_takes_too_long_is_sent_away(impatient, first, byte, longest):
    with connected(impatient, first) as connection:
        if first == REQUEST:
            assert answers_on(connection)[0][0] == 200
        assert longest - 0.5 < seconds_until_closed(connection, byte) < longest + 1.5


def test_who_takes_no_answer_is_sent_away_and_holds_no_thread(impatient):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(impatient, REQUEST.replace(b"/sign-in", b"/wordy"))) for _ in range(8)]
        time.sleep(SEND_SECONDS + 2)
        began = time.monotonic()
        assert Wire(impatient).get("/sign-in").status == 200
        assert time.monotonic() - began < 1
        for client in clients:
            assert not client.send(b"") and seconds_until_closed(client) < 5


def test_a_request_in_small_pieces_is_answered(impatient):
    with connected(impatient) as connection:
        for piece in re.findall(rb"(?s).{1,12}", REQUEST):
            connection.sendall(piece)
            time.sleep(0.02)
        assert answers_on(connection)[0][0] == 200


def test_requests_sent_together_are_answered_in_their_order(impatient):
    with connected(
        impatient, REQUEST.replace(b"/sign-in", b"/slow") + REQUEST + REQUEST.replace(b"/sign-in", b"/help")
    ) as connection:
        texts = [text for _, _, text in answers_on(connection, 3)]
    assert texts[0] == "a" and "Username" in texts[1] and "Help" in texts[2]


def test_who_waits_longest_makes_room_for_newcomers_of_one_address(impatient):
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(connected(impatient, HEAD)) for _ in range(PER_ADDRESS)]
        assert Wire(impatient).get("/sign-in").status == 200
        assert Wire(impatient, ip="127.0.0.2").get("/sign-in").status == 200
        lives = [seconds_until_closed(each) for each in waiting[:1]]
        assert lives[0] < 0.5, "the one that waited longest is still there"
        waiting[-1].sendall(b"\r\n")
        assert answers_on(waiting[-1])[0][0] == 200, "it had time left"


def test_who_takes_an_answer_slowly_makes_room_as_well(impatient):
    with contextlib.ExitStack() as stack:
        request = REQUEST.replace(b"/sign-in", b"/long").replace(b"1.1", b"1.0")
        taking = []
        for _ in range(PER_ADDRESS):
            taking.append(stack.enter_context(connected(impatient, request, "127.0.0.7")))
            time.sleep(0.15)  # so that the first one's buffers are full first
        assert Wire(impatient, ip="127.0.0.7").get("/sign-in").status == 200
        assert len(read_to_the_end(taking[0])) < 8 * 1024 * 1024


def test_a_proxy_may_have_more_connections_than_a_person_and_all_together_have_a_limit(impatient):
    with contextlib.ExitStack() as stack:
        proxy = [stack.enter_context(connected(impatient, HEAD, "127.0.0.9")) for _ in range(PER_ADDRESS + 2)]
        for each in proxy[2:]:
            each.sendall(b"\r\n")
            assert answers_on(each)[0][0] == 200
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connected(impatient, HEAD, f"127.0.1.{number}")) for number in range(1, ALL + 2)]
        assert Wire(impatient).get("/sign-in").status == 200
        assert seconds_until_closed(crowd[0]) < 0.5


def test_guesses_during_a_pause_take_one_thread_or_are_turned_away_and_everybody_else_has_the_others(impatient):
    guesser, secret = wire.claimant(impatient, "sam"), wire.entry_of(impatient, "sam").secret
    first, more = config.TRIES_BEFORE_PAUSE, config.WEB_THREADS
    codes = moments.wrong_codes(secret, first + more)
    waits = [dict(guesser.post(wire.CODE, code=code).headers).get("Retry-After") for code in codes[:first]]
    assert waits == [None] * (first - 1) + ["600"]
    with ThreadPoolExecutor(more) as pool, Rows(impatient.site).held():
        guesses = [pool.submit(guesser.tab().post, wire.CODE, code=code) for code in codes[first:]]
        time.sleep(0.5)
        began = time.monotonic()
        assert Wire(impatient).get("/help").status == 200
        assert time.monotonic() - began < 3, "it waited until the guesses gave up"
        turned_away = [each.result() for each in guesses if each.done()]
    assert {each.result().status for each in guesses} - {429} <= {422, 503}
    assert len(turned_away) == more - lines.IMPATIENT_POSTS
    for answer in turned_away:
        assert (answer.status, dict(answer.headers)["Retry-After"]) == (429, str(lines.IMPATIENT_SECONDS))
        assert "<h1>Wait a moment</h1>" in answer.text and f'href="{wire.CODE}"' in answer.text


@pytest.mark.parametrize(("length", "sent"), [(70_000, 70_000), (300_000, 0), (1_000_000, 1_000_000), (10_000_000_000, 0)])
def test_a_form_that_is_too_large_gets_the_portal_s_own_page(impatient, length, sent):
    with connected(impatient, FORM + f"Content-Length: {length}\r\n\r\n".encode()) as connection:
        with contextlib.suppress(ConnectionError):  # the answer comes before the end of the form
            connection.sendall(b"a" * sent)
        [(status, _, text)] = answers_on(connection)
    assert status == 413 and "<h1" in text


def test_nobody_is_told_to_send_a_form_that_is_too_large(impatient):
    with connected(impatient, FORM + b"Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n") as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("target", [b"//sign-in", b"/%2Fsign-in", b"////sign-in?next=//a"])
def test_a_form_has_one_address_in_every_line(target):
    parser = Parser(Adjustments())
    parser.received(b"POST " + target + b" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
    assert parser.completed and parser.path == "/sign-in"


def test_no_cookie_has_a_long_run_of_blanks_which_take_seconds_to_read():
    parser = Parser(Adjustments())
    parser.received(HEAD + b"Cookie: a =" + b" \t" * 10_000 + b'"; session=b\r\n\r\n')
    assert parser.completed and parser.headers["COOKIE"] == 'a = "; session=b'


@pytest.mark.parametrize(("target", "status"), [(b"/help?q=\xc3\xa9\xff", 200), (b"/\xc3\xa9\xff", 404)])
def test_bytes_that_a_browser_would_have_encoded_are_read_all_the_same(impatient, target, status):
    with connected(impatient, HEAD.replace(b"/sign-in", target) + b"\r\n") as connection:
        [(answered, _, text)] = answers_on(connection)
    assert answered == status and "<h1" in text


@pytest.mark.parametrize("form", [b"Transfer-Encoding: chunked\r\n\r\n3\r\na=b\r\n0\r\n\r\n", b"Content-Length: 3\r\n\r\na=b"])
def test_a_form_is_read_in_both_of_its_lengths(impatient, form):
    with connected(impatient, FORM + form) as connection:
        assert answers_on(connection)[0][0] == 403  # it came without a CSRF token


CHUNKED = b"3\r\na=b\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("lengths", "body", "statuses"),
    [
        (b"Transfer-Encoding: chunked\r\nContent-Length: 5000\r\n", CHUNKED, (403,)),  # the chunks count, as RFC 9112 6.3 says
        (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", CHUNKED, (403,)),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", CHUNKED, (400, 501)),
        (b"Transfer-Encoding: xchunked\r\n", CHUNKED, (400, 501)),
        (b"Transfer-Encoding : chunked\r\nContent-Length: 3\r\n", b"a=b", (400, 501)),
        (b" Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"a=b", (400, 403)),
        (b"Content-Length: 3\r\nContent-Length: 30\r\n", b"a=b", (400,)),
        (b"Content-Length: +3\r\n", b"a=b", (400,)),
        (b"Content-Length: 3, 3\r\n", b"a=b", (400,)),
    ],
)
def test_a_request_that_says_its_length_twice_is_read_once_or_refused(impatient, lengths, body, statuses):
    """So that no proxy in front takes another part of it for the next request."""
    with connected(impatient, FORM + lengths + b"\r\n" + body) as connection:
        assert answers_on(connection)[0][0] in statuses
        connection.settimeout(0.3)
        with contextlib.suppress(TimeoutError, ConnectionError):
            assert connection.recv(100) == b"", "a second answer"


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\nnonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /%ff%00%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        FORM + b"Expect: 100-continue\r\nContent-Length: ten\r\n\r\n",
        HEAD + b"No colon\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
        HEAD + b"Host: evil.example\r\n\r\n",
        HEAD + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        HEAD + b"X: a\r\n" * 20_000 + b"\r\n",
        HEAD + b"X: a\0b\r\n\r\n",
        HEAD + b"X : a\r\n\r\n",
        b"GE\0T /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /ehr/charts/" + b"9" * 30_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://localhost/sign-in HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        FORM + b"Transfer-Encoding: chunked\r\n\r\n100000\r\n" + b"a" * 0x100000 + b"\r\n0\r\n\r\n",
        FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /sign-in HTTP/1.1\r\n\r\n",
    ],
)
def test_a_request_that_makes_no_sense_is_answered_and_is_nobody_s_fault_but_its_own(impatient, raw):
    with connected(impatient, raw) as connection:
        [(status, headers, text)] = answers_on(connection)
    assert 400 <= status < 500 or (status, b"gzip" in raw) == (501, True)
    assert "Server" not in headers and "Traceback" not in text
    assert headers["X-Content-Type-Options"] == "nosniff" and "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_stop_takes_the_rest_of_a_form_and_ends_a_connection_with_its_answer(sites):
    site = sites.seeded()
    with running_server(site, workers=1, kind=ImpatientServer) as server, connected(server, REQUEST) as kept:
        assert answers_on(kept)[0][0] == 200
        with connected(server, FORM + b"Content-Length: 3\r\n\r\na") as late:
            time.sleep(0.3)
            server.process.terminate()
            time.sleep(1)
            kept.sendall(REQUEST)
            [(status, headers, _)] = answers_on(kept)
            assert (status, headers["Connection"]) == (200, "close")
            late.sendall(b"=b")
            assert answers_on(late)[0][0] == 403  # it came without a CSRF token
            assert server.process.wait(15) == 0
    sites.remove(site)


def test_a_stop_waits_a_moment_for_clients_that_cannot_know_of_it(sites):
    """One was answered a moment ago and keeps its connection, one has just connected: both send while the process stops."""
    site = sites.seeded()
    with running_server(site, workers=1, kind=ImpatientServer) as server, connected(server, REQUEST) as kept:
        assert answers_on(kept)[0][0] == 200
        with connected(server) as new:
            server.process.terminate()
            time.sleep(0.4)
            for connection in (kept, new):
                connection.sendall(REQUEST)
                [(status, headers, _)] = answers_on(connection)
                assert (status, headers["Connection"]) == (200, "close")
            assert server.process.wait(15) == 0
    sites.remove(site)


def test_a_stop_lets_answers_end_and_takes_the_requests_that_have_arrived(sites):
    site = sites.seeded()
    with running_server(site, workers=1, kind=ImpatientServer) as server, connected(server, REQUEST) as idle:
        assert answers_on(idle)[0][0] == 200
        with connected(server, REQUEST.replace(b"/sign-in", b"/slow")) as slow, connected(server, HEAD):
            time.sleep(0.3)
            began = time.monotonic()
            server.process.terminate()
            assert answers_on(slow)[0][2] == "a"
            assert server.process.wait(15) == 0
            assert time.monotonic() - began < 5, "it waited for those who say nothing"
    sites.remove(site)


def test_no_log_names_the_token_in_an_address(app):
    """Neither ours nor that of nginx, which docs/deployment/nginx.conf configures."""
    rules = {rule.rule for rule in app.url_map.iter_rules() if "token" in rule.arguments}
    assert {"/recovery/set-up/<token>", "/new-password/<token>"} <= rules
    unlogged = re.search(r"location ~ (\S+) \{\s+access_log off", (DOCUMENTED / "nginx.conf").read_text())[1]
    for path in (rule.replace("<token>", "") for rule in rules):
        assert mask_link(f"Client disconnected while serving {path}aB-c_9") == f"Client disconnected while serving {path}…"
        assert re.match(unlogged, path), path
