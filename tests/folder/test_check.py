"""Whatever is changed in a folder is found: by OpenSSL and sha256sum, and by our own command, without a database."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.crypto import Keyring
from portal.folder import check
from portal.signing import load_public_key, read_public_key
from tests.house.source import ROOT
from tests.support import folders
from tests.support.folders import signature_is_right, sums_are_right

PLAIN = ("SHA256SUMS", "SHA256SUMS.sig")


def verdict(path, keyring):
    """Returns what our check says, with the key that the operator gave."""
    return check.check_folder(path, lambda key: False, keyring.signing_key().public).faults


def zipped(copied, path, *more):
    """Returns a ZIP file of a folder, with further entries."""
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(copied.iterdir()):
            archive.write(each, f"audit/{each.name}")
        for name, content in more:
            archive.writestr(name, content)
    return path


def forge(copied, name, content):
    """Changes a file and everything in the folder that a forger without the key can make fit."""
    (copied / name).write_bytes(content)
    manifest = json.loads((copied / "manifest.json").read_text())
    for each in manifest["files"]:
        content = (copied / each["name"]).read_bytes()
        each |= {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    (copied / "manifest.json").write_text(json.dumps(manifest))
    names = sorted(path.name for path in copied.iterdir() if path.name not in PLAIN)
    lines = [f"{hashlib.sha256((copied / each).read_bytes()).hexdigest()}  {each}\n" for each in names]
    (copied / "SHA256SUMS").write_text("".join(lines))


def test_a_whole_folder_passes_everywhere(copied, keyring, tmp_path):
    assert sums_are_right(copied) and signature_is_right(copied)
    assert verdict(copied, keyring) == verdict(zipped(copied, tmp_path / "a.zip"), keyring) == []


NAMES = (
    "report.pdf", "factors.csv", "without.csv", "rules.csv", "resets.csv", "manifest.json", "README.txt", "public-key.pem",
    "risk-assessment.md", "SHA256SUMS", "SHA256SUMS.sig",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_one_changed_byte_is_found(copied, keyring, name):
    content = bytearray((copied / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copied / name).write_bytes(bytes(content))
    assert verdict(copied, keyring)
    assert not (sums_are_right(copied) and signature_is_right(copied))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_found(copied, keyring, name):
    (copied / name).unlink()
    assert verdict(copied, keyring)
    assert not (sums_are_right(copied) and signature_is_right(copied))


def test_a_forger_who_makes_everything_fit_lacks_the_signature(copied, keyring):
    forge(copied, "factors.csv", (copied / "factors.csv").read_bytes().replace(b"Works", b"Stops"))
    assert sums_are_right(copied) and not signature_is_right(copied)
    assert verdict(copied, keyring) == [
        "SHA256SUMS was not signed with this key: it was changed, or another portal made this folder."
    ]


def test_a_forger_with_a_key_of_their_own_has_another_fingerprint(copied, keyring):
    own = Keyring((("own", os.urandom(32)),)).signing_key()
    forge(copied, "public-key.pem", own.public.pem)
    (copied / "SHA256SUMS.sig").write_bytes(own.sign((copied / "SHA256SUMS").read_bytes()))
    assert sums_are_right(copied) and signature_is_right(copied), "the programs alone can't tell: hence the fingerprint"
    expected = keyring.signing_key().fingerprint
    assert folders.fingerprint(copied) != expected.replace(" ", "")
    assert verdict(copied, keyring)
    found = check.check_folder(copied, lambda key: key.has_fingerprint(expected))
    assert found.faults == [f"public-key.pem has another fingerprint: {own.fingerprint}"]


def test_what_was_added_is_found(copied, keyring, tmp_path):
    (copied / "notes.txt").write_text("Added later")
    assert verdict(copied, keyring) == ["'notes.txt' was added: SHA256SUMS doesn't name it."]
    (copied / "notes.txt").unlink()
    (copied / "more").mkdir()
    assert verdict(copied, keyring) == ["'more' was added: SHA256SUMS doesn't name it."]
    (copied / "more").rmdir()
    inside = verdict(zipped(copied, tmp_path / "b.zip", ("audit/sub/x.txt", b"x"), ("elsewhere.txt", b"y")), keyring)
    assert inside == [
        "'elsewhere.txt' was added: SHA256SUMS doesn't name it.",
        "'sub/x.txt' was added: SHA256SUMS doesn't name it.",
    ]


def test_a_file_that_is_there_twice_is_found(copied, keyring, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(copied, tmp_path / "c.zip", ("audit/factors.csv", b"other rows"))
    assert "'factors.csv' is there twice." in verdict(path, keyring)


def test_a_link_is_no_file_of_the_folder(copied, keyring, tmp_path):
    moved = (copied / "factors.csv").rename(tmp_path / "elsewhere.csv")
    (copied / "factors.csv").symlink_to(moved)
    assert verdict(copied, keyring) == ["factors.csv can't be read (OSError)."]


@pytest.mark.parametrize("what", ["nothing", "text", "empty", "an empty directory", "a broken file"])
def test_what_is_no_folder_is_told_in_a_sentence(what, keyring, tmp_path):
    path = tmp_path / "it"
    if what == "an empty directory":
        path.mkdir()
        assert verdict(path, keyring)[0].endswith("this is no folder of the portal's.")
        return
    if what != "nothing":
        path.write_bytes({"text": b"Hello", "empty": b"", "a broken file": b"PK\3\4" + b"\0" * 200}[what])
    with pytest.raises(check.NoFolder):
        verdict(path, keyring)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_bytes_in_place_of_any_file_are_found(copied, keyring, data):
    name = data.draw(st.sampled_from(sorted(path.name for path in copied.iterdir())))
    path, content = copied / name, (copied / name).read_bytes()
    at = data.draw(st.integers(0, len(content)))
    changed = content[:at] + data.draw(st.binary(max_size=8)) + content[at + data.draw(st.integers(0, 8)) :]
    path.write_bytes(changed)
    try:
        assert bool(verdict(copied, keyring)) == (changed != content)
    finally:
        path.write_bytes(content)


def test_keys_that_are_none_are_refused(tmp_path, copied):
    assert load_public_key(copied / "public-key.pem").pem == (copied / "public-key.pem").read_bytes()
    rsa = b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK==\n-----END PUBLIC KEY-----\n"
    x25519 = (
        b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEA3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=\n-----END PUBLIC KEY-----\n"
    )
    for content in (b"", b"no key", rsa, x25519, b"x" * 5000):
        with pytest.raises(ValueError):  # its text is for the log
            read_public_key(content)


# --- the command, where there is nothing else


def command(copied, tmp_path, *words):
    """Runs the command in an empty, read-only place, without a setting that is right; returns its exit code and output."""
    empty = tmp_path / "empty"
    empty.mkdir(exist_ok=True)
    empty.chmod(0o500)
    program = Path(sys.executable).parent / "medximity-portal"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PORTAL_DATABASE_URL": "nonsense",
        "PORTAL_BASE_URL": "nonsense",
    }
    command = [program, "audit", "verify-folder", copied, *words]
    done = subprocess.run(command, cwd=empty, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert list(empty.iterdir()) == []
    return done.returncode, done.stdout + done.stderr


def test_the_command_needs_neither_database_nor_settings(copied, keyring, tmp_path):
    key = tmp_path / "key.pem"
    key.write_bytes(keyring.signing_key().public.pem)
    code, said = command(copied, tmp_path, "--key", key)
    assert code == 0, said
    assert "is as it was signed: 15 files." in said and "Clínica 로즈 & Söhne, 2026-03-02 to 2027-03-01" in said
    (copied / "factors.csv").write_bytes(b"")
    code, said = command(copied, tmp_path, "--fingerprint", keyring.signing_key().fingerprint)
    assert code == 1 and "factors.csv was changed." in said and "is not as it was signed." in said


@pytest.mark.parametrize(
    "words", [(), ("--key", "missing.pem"), ("--key", "README.txt", "--fingerprint", "ab"), ("--fingerprint", "ab")]
)
def test_the_command_refuses_in_a_sentence(copied, tmp_path, words):
    code, said = command(copied, tmp_path, *words)
    assert code == 1 and "Error: " in said and "Traceback" not in said
