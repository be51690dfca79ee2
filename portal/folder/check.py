"""Checking a folder on any machine: the signature, every sum, and that nothing was added. It needs no database and no settings."""

import hashlib
import json
import lzma
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from portal.folder.archive import MANIFEST, PUBLIC_KEY, SIGNATURE, SUMS
from portal.folder.zip_shape import is_plain
from portal.settings import auditing
from portal.signing import PublicKey, read_public_key

LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9][A-Za-z0-9._-]{0,80})")
BLOCK = 1024 * 1024


# What a damaged or strange entry raises, besides OSError: broken data, an unknown method or version (NotImplementedError), a password.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)


class NoFolder(Exception):
    """There is nothing to check: no directory and no ZIP file, or one that can't be read. Its text says which."""


@dataclass
class Verdict:
    """What the check found. `faults`: a sentence each; none means that the folder is as it was signed."""

    faults: list[str] = field(default_factory=list)
    files: int = 0
    manifest: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = ""


class Source(Protocol):
    """Where the files are."""

    def names(self) -> list[str]:
        """The name of everything that is there, folders and links included."""

    def open(self, name: str) -> IO[bytes]:
        """A file's bytes. Raises KeyError or OSError."""


class DirectorySource:
    """A directory. What is no plain file in it is named like one, and opens as nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        return [each.name for each in self.path.iterdir()]

    def open(self, name: str) -> IO[bytes]:
        path = self.path / name
        if not stat.S_ISREG(path.lstat().st_mode):
            raise OSError("no plain file")
        return path.open("rb")


class ZipSource:
    """A ZIP file whose entries all lie in one folder. Nothing is unpacked."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        entries = archive.namelist()
        self.prefix = entries[0].split("/")[0] + "/" if entries and "/" in entries[0] else ""

    def names(self) -> list[str]:
        return [each.removeprefix(self.prefix) for each in self.archive.namelist()]

    def open(self, name: str) -> IO[bytes]:
        return self.archive.open(self.prefix + name)


def check_folder(path: Path, trust: Callable[[PublicKey], bool], key: PublicKey | None = None) -> Verdict:
    """Check a directory or a ZIP file. `key`: what signed it; None: its own key, if `trust` knows that by its fingerprint.

    Raises NoFolder.
    """
    try:
        if path.is_dir():
            return check(DirectorySource(path), trust, key)
        with zipfile.ZipFile(path) as archive:
            verdict = check(ZipSource(archive), trust, key)
            if not verdict.faults and not is_plain(archive):
                verdict.faults.append("The ZIP file holds more than its files: another program may unpack others from it.")
            return verdict
    except FileNotFoundError as error:
        raise NoFolder("there is nothing of that name") from error
    except BROKEN as error:
        raise NoFolder("it is neither a directory nor a ZIP file") from error
    except OSError as error:
        raise NoFolder(error.strerror or "it can't be read") from error


def check(source: Source, trust: Callable[[PublicKey], bool], key: PublicKey | None) -> Verdict:
    verdict = Verdict()
    try:
        names = source.names()
        sums, signature = (read_small(source, name) for name in (SUMS, SIGNATURE))
        key = key or own_key(source, trust, verdict)
    except (KeyError, OSError, *BROKEN):
        verdict.faults.append(
            f"{SUMS}, {SIGNATURE}, or {PUBLIC_KEY} is missing or can't be read: this is no folder of the portal's."
        )
        return verdict
    if key is None:
        return verdict
    verdict.fingerprint = key.fingerprint
    if not key.has_signed(signature, sums):
        verdict.faults.append(f"{SUMS} was not signed with this key: it was changed, or another portal made this folder.")
        return verdict
    listed = read_sums(sums, verdict)
    check_names(names, listed, verdict)
    check_sums(source, listed, verdict)
    read_manifest(source, listed, verdict)
    return verdict


def read_small(source: Source, name: str) -> bytes:
    """A file of which nothing is known yet. Raises KeyError, OSError, or ValueError if it is too long."""
    with source.open(name) as file:
        content = file.read(auditing.CHECK_SUMS_MAX + 1)
    if len(content) > auditing.CHECK_SUMS_MAX:
        raise ValueError(name)
    return content


def own_key(source: Source, trust: Callable[[PublicKey], bool], verdict: Verdict) -> PublicKey | None:
    """The key in the folder, if it is trusted by its fingerprint; None, and a fault, if it isn't."""
    key = read_public_key(read_small(source, PUBLIC_KEY))
    if trust(key):
        return key
    verdict.faults.append(f"{PUBLIC_KEY} has another fingerprint: {key.fingerprint}")
    return None


def read_sums(sums: bytes, verdict: Verdict) -> dict[str, str]:
    """Each file's sum by its name. The lines are signed, so one that is none of ours is a fault of this program or a newer format."""
    listed: dict[str, str] = {}
    for line in sums.decode("utf-8", "replace").splitlines():
        found = LINE.fullmatch(line)
        if found is None or found[2] in listed:
            verdict.faults.append(f"{SUMS} has a line that isn't a file's: {line[:100]!r}")
        else:
            listed[found[2]] = found[1]
    return listed


def check_names(names: list[str], listed: dict[str, str], verdict: Verdict) -> None:
    """Whether exactly those files are there that were signed."""
    verdict.faults.extend(f"{name!r} is there twice." for name in sorted({name for name in names if names.count(name) > 1}))
    signed = {*listed, SUMS, SIGNATURE}
    verdict.faults.extend(f"{name!r} was added: {SUMS} doesn't name it." for name in sorted({*names} - signed))
    verdict.faults.extend(f"{name} is missing." for name in sorted(signed - {*names}))


def check_sums(source: Source, listed: dict[str, str], verdict: Verdict) -> None:
    for name, expected in sorted(listed.items()):
        try:
            digest = hashlib.sha256()
            for block in blocks(source, name):
                digest.update(block)
        except KeyError:
            continue  # it is missing, which was said
        except (OSError, *BROKEN) as error:
            if not isinstance(error, FileNotFoundError):
                verdict.faults.append(f"{name} can't be read ({type(error).__name__}).")
            continue
        if digest.hexdigest() == expected:
            verdict.files += 1
        else:
            verdict.faults.append(f"{name} was changed.")


def blocks(source: Source, name: str) -> Iterator[bytes]:
    """A file's bytes. Raises ValueError if it is longer than any file of a folder can be."""
    left = auditing.CHECK_FILE_MAX
    with source.open(name) as file:
        while block := file.read(BLOCK):
            left -= len(block)
            if left < 0:
                raise ValueError(name)
            yield block


def read_manifest(source: Source, listed: dict[str, str], verdict: Verdict) -> None:
    """Whether the manifest names the same files as the sums; what it says of the folder is kept."""
    if verdict.faults:
        return
    content = json.loads(b"".join(blocks(source, MANIFEST)))
    named = {each["name"]: each["sha256"] for each in content["files"]}
    if {**named, MANIFEST: listed.get(MANIFEST)} != listed:
        verdict.faults.append(f"{MANIFEST} and {SUMS} don't name the same files.")
    verdict.manifest = content
