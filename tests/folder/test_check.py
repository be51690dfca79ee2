"""Whatever is changed in a folder is found: by OpenSSL and sha256sum, and by our own command, without a database."""

import hashlib
import io
import json
import os
import random
import re
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


def packed(copied, path, keyring):
    """Returns the bytes of a ZIP file of the folder, which passes."""
    content = zipped(copied, path).read_bytes()
    assert verdict(path, keyring) == []
    return content


def test_a_damaged_zip_file_is_told_in_sentences(copied, keyring, tmp_path):
    path, chance = tmp_path / "audit.zip", random.Random(1)  # noqa: S311  # the same each time
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in sorted(copied.iterdir()):
            archive.write(each, f"audit/{each.name}")
    content, found = path.read_bytes(), set()
    for at in [*chance.sample(range(len(content)), 40), *chance.sample(range(content.index(b"PK\1\2"), len(content)), 40)]:
        changed = bytearray(content)
        changed[at] ^= chance.randrange(1, 256)
        path.write_bytes(changed)
        try:
            found |= {re.sub(r"^\S+ ", "", fault) for fault in verdict(path, keyring)}
        except check.NoFolder:
            found.add("nothing to check")
    assert {"nothing to check", "can't be read (error)."} <= found, "zlib's error is called that"


def test_an_entry_that_asks_for_a_password_is_a_fault(copied, keyring, tmp_path):
    path = tmp_path / "audit.zip"
    content = bytearray(packed(copied, path, keyring))
    at = content.index(b"PK\1\2")  # of the directory's first entry
    content[at + 8] |= 1
    path.write_bytes(content)
    assert any("RuntimeError" in fault for fault in verdict(path, keyring))


MORE = "The ZIP file holds more than its files: another program may unpack others from it."


@pytest.mark.parametrize("made", ["another before it", "bytes before it", "bytes behind it", "a comment", "another inside of it"])
def test_a_zip_file_in_which_other_programs_find_other_files_is_found(copied, keyring, tmp_path, made):
    """Some read it from its beginning, and show what the signature is not about."""
    path = tmp_path / "audit.zip"
    content = packed(copied, path, keyring)
    (copied / "report.pdf").write_bytes(b"%PDF forged")
    forged = zipped(copied, tmp_path / "forged.zip").read_bytes()
    if made == "a comment":
        with zipfile.ZipFile(path, "a") as archive:
            archive.comment = b"PK"
    elif made == "another inside of it":
        with zipfile.ZipFile(path, "w") as archive, zipfile.ZipFile(io.BytesIO(content)) as own:
            for number, name in enumerate(own.namelist()):
                archive.writestr(name, own.read(name))
                if number == 0:
                    archive.fp.write(forged)
                    archive.start_dir = archive.fp.tell()
    else:
        before = {"another before it": forged, "bytes before it": b"MZ"}.get(made, b"")
        path.write_bytes(before + content + (b"PK" if made == "bytes behind it" else b""))
    assert verdict(path, keyring) == [MORE]


def test_a_zip_file_that_was_made_again_passes(copied, keyring, tmp_path):
    """As a stream, too, where each entry has its sizes behind it."""

    class Stream(io.RawIOBase):
        def __init__(self, path):
            self.file = path.open("wb")

        def writable(self):
            return True

        def write(self, part):
            return self.file.write(part)

        def close(self):
            self.file.close()
            super().close()

    for way, path in ((zipfile.ZIP_DEFLATED, tmp_path / "a.zip"), (zipfile.ZIP_STORED, tmp_path / "b.zip")):
        with Stream(path) as stream, zipfile.ZipFile(stream, "w", way) as archive:
            for each in sorted(copied.iterdir()):
                with archive.open(f"audit/{each.name}", "w", force_zip64=way == zipfile.ZIP_STORED) as entry:
                    entry.write(each.read_bytes())
        assert verdict(path, keyring) == []


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
