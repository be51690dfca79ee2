"""Auditors' folders, read and checked with the programs that an auditor has."""

import csv
import io
import subprocess
import zipfile

PAGE = "/ehr/settings/team/auditor"
PERIOD = {"first_day": "2026-03-02", "last_day": "2027-03-01"}


def download(browser, **days):
    """Presses the button; returns the answer."""
    return browser.post(PAGE, PERIOD | days)


def unpacked(answer, path):
    """Unpacks a ZIP file as its reader does; returns the folder in it."""
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        archive.extractall(path)
    [folder] = path.iterdir()
    return folder


def table(folder, name):
    """Returns the rows of a table as a spreadsheet reads them, without the head."""
    text = (folder / f"{name}.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


def told(folder, name, column):
    """Returns the cells of a column."""
    return [row[column] for row in table(folder, name)]


def report(folder):
    """Returns the text of the report, page after page, as a reader of PDF finds it."""
    done = subprocess.run(["pdftotext", "-layout", folder / "report.pdf", "-"], capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def succeeds(folder, *words):
    """Returns whether a program ends well in the folder, without a word of warning."""
    done = subprocess.run(words, cwd=folder, capture_output=True, timeout=60, check=False)
    return done.returncode == 0 and b"WARNING" not in done.stderr


def sums_are_right(folder):
    return succeeds(folder, "sha256sum", "--strict", "-c", "SHA256SUMS")


def signature_is_right(folder, key="public-key.pem"):
    return succeeds(
        folder, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", "SHA256SUMS", "-sigfile", "SHA256SUMS.sig"
    )  # fmt: skip


def fingerprint(folder):
    """Returns the fingerprint of the folder's key, by OpenSSL and sha256sum."""
    words = "openssl pkey -pubin -in public-key.pem -outform DER | sha256sum"
    done = subprocess.run(words, shell=True, cwd=folder, capture_output=True, check=True, timeout=60)  # noqa: S602  # as README.txt says
    return done.stdout.decode().split()[0]
