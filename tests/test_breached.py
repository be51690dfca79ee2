"""Passwords known from breaches are refused, whatever the file's line ends, and found in a file of any length by some forty reads."""

import hashlib
from pathlib import Path

import pytest

from portal import breached, passwords
from portal.settings.addresses import SettingError
from portal.settings.breached import read_breached
from tests.support.client import WIZARD

LEAKED = "seven calm herons wait"  # long, and of no pattern: only the list knows it
OTHERS = [f"password number {number}" for number in range(1000)]


def sha1(password):
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


def write(path, leaked, end="\r\n", count=":12"):
    """Writes a list as it is published."""
    path.write_bytes("".join(sorted(f"{sha1(each)}{count}{end}" for each in leaked)).encode())
    return path


@pytest.fixture
def listed(tmp_path):
    """The portal compares new passwords with a list that has LEAKED."""
    passwords.look_into(write(tmp_path / "list", [*OTHERS, LEAKED, "cafébar by the harbor"]))
    yield
    passwords.look_into(None)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("count", ["", ":7"])
@pytest.mark.parametrize("length", [1, 2, 3, 1000])
def test_each_of_a_list_is_found_and_nothing_else(tmp_path, end, count, length):
    file = write(tmp_path / "list", OTHERS[:length], end, count)
    assert all(breached.holds(file, each) for each in OTHERS[:length])
    assert not any(breached.holds(file, f"{each} ") for each in OTHERS[:length])
    file.write_bytes(file.read_bytes().rstrip())  # the last line has no end
    assert all(breached.holds(file, each) for each in OTHERS[:length])


def test_a_new_password_on_the_list_is_refused_and_another_is_not(listed):
    assert passwords.refusal(LEAKED, "maria") == "password_common"
    assert passwords.refusal("cafe\u0301bar by the harbor", "maria") == "password_common"
    assert passwords.refusal("eight calm herons wait", "maria") is None
    passwords.look_into(None)
    assert passwords.refusal(LEAKED, "maria") is None


def test_a_list_that_is_gone_stops_nobody_and_is_told(tmp_path, caplog):
    assert not breached.holds(tmp_path / "gone", LEAKED)
    [line] = caplog.messages
    assert line.startswith("PORTAL_BREACHED_PASSWORDS can't be read") and LEAKED not in line and str(tmp_path) not in line


def test_the_page_says_why(listed, plain, maria):
    plain.enter(maria).open("/account/password")
    plain.fill("Change password", Current_password=maria.password, New_password=LEAKED)
    assert plain.problems == ["This password is on lists that thieves try first. Choose something less common."]
    plain.fill("Change password", Current_password=maria.password, New_password="eight calm herons wait")
    assert plain.open(WIZARD).status == 200 and plain.another().sign_in(maria).status == 422


@pytest.mark.parametrize(
    "content", [b"", b"password\n", b"5" * 39 + b"\n", b"B" * 40 + b":3\n" + b"A" * 40 + b":3\n", b"A" * 40 + b":3\nnonsense\n"]
)
def test_a_file_that_is_no_sorted_list_of_hashes_stops_the_start(tmp_path, content):
    path = tmp_path / "list"
    path.write_bytes(content)
    with pytest.raises(SettingError, match=r"^PORTAL_BREACHED_PASSWORDS must name a file of SHA-1 hashes"):
        read_breached({"PORTAL_BREACHED_PASSWORDS": str(path)})


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(SettingError, match=r"^PORTAL_BREACHED_PASSWORDS must name a file that the portal's account may read \("):
        read_breached({"PORTAL_BREACHED_PASSWORDS": str(tmp_path / name)})


def test_without_the_setting_there_is_no_list(tmp_path):
    assert read_breached({}) is None
    good = write(tmp_path / "list", OTHERS)
    assert read_breached({"PORTAL_BREACHED_PASSWORDS": str(good)}) == Path(good)
