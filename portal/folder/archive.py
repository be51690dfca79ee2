"""Where the folder's files go: into a ZIP file to download, or into a directory; each is summed while it is written."""

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

SUMS, SIGNATURE, MANIFEST, PUBLIC_KEY, README = "SHA256SUMS", "SHA256SUMS.sig", "manifest.json", "public-key.pem", "README.txt"


@dataclass(frozen=True)
class Written:
    """A file of the folder. `rows`: of a table, without its head."""

    name: str
    sha256: str
    size: int
    rows: int | None = None


class Store(Protocol):
    """What files are written into, one after the other."""

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file of that name. Raises OSError."""


class ZipStore:
    """A ZIP file, with the time of the folder for each file."""

    def __init__(self, file: IO[bytes], folder: str, made_at: datetime) -> None:
        self.archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self.folder, self.made_at = folder, made_at

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        at = self.made_at
        entry = zipfile.ZipInfo(f"{self.folder}/{name}", (at.year, at.month, at.day, at.hour, at.minute, at.second))
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with self.archive.open(entry, "w", force_zip64=True) as target:
            for part in parts:
                target.write(part)

    def close(self) -> None:
        self.archive.close()


class DirectoryStore:
    """A directory that only its owner may read. No file in it is ever overwritten."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, parts: Iterable[bytes]) -> None:
        path = self.directory / name
        path.touch(mode=0o600, exist_ok=False)
        with path.open("wb") as target:
            for part in parts:
                target.write(part)


class Summing:
    """The parts of a file as they pass by, with their sum and size at the end."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self.parts, self.digest, self.size = parts, hashlib.sha256(), 0

    def __iter__(self) -> Iterator[bytes]:
        for part in self.parts:
            self.digest.update(part)
            self.size += len(part)
            yield part


def write_file(store: Store, name: str, parts: Iterable[bytes], rows: int | None = None) -> Written:
    """Write a file and say what was written."""
    summing = Summing(parts)
    store.write(name, summing)
    return Written(name, summing.digest.hexdigest(), summing.size, rows)


def sums_file(files: Iterable[Written]) -> bytes:
    """SHA256SUMS as `sha256sum -c` reads it, by name."""
    return "".join(f"{each.sha256}  {each.name}\n" for each in sorted(files, key=lambda each: each.name)).encode()
