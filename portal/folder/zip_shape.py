"""Whether a ZIP file is nothing but its entries, so that every program that unpacks it finds the same files in it.

Some programs read a ZIP file from its end, some from its beginning. Of two that were put together, or of one with other data before,
between, or behind its entries, they show different ones, and the signature is about those that we read.
"""

import os
import struct
import zipfile

LOCAL = struct.Struct("<4s22xHH")  # an entry's own head: its signature, and the lengths of name and extra field (APPNOTE 4.3.7)
END = struct.Struct("<4s8xIIH")  # of the whole: its signature, size and place of the directory, length of the comment (4.3.16)
LOCAL_MARK, END_MARK = b"PK\x03\x04", b"PK\x05\x06"  # those signatures
END_64 = 56 + 20  # bytes that stand before it in a large file (4.3.14, 4.3.15)
DESCRIPTOR = 24  # bytes at most behind an entry that was written as a stream (4.3.9)


def is_plain(archive: zipfile.ZipFile) -> bool:
    """Whether the entries follow each other from the first byte on, then the directory, and then the end. Raises OSError."""
    file = archive.fp
    if file is None:
        return False
    at = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        if not 0 <= entry.header_offset - at <= (DESCRIPTOR if at else 0):
            return False
        file.seek(entry.header_offset)
        mark, name, extra = LOCAL.unpack(file.read(LOCAL.size))
        if mark != LOCAL_MARK:
            return False
        at = entry.header_offset + LOCAL.size + name + extra + entry.compress_size
    length = file.seek(0, os.SEEK_END)
    file.seek(length - END.size)
    mark, size, begin, comment = END.unpack(file.read(END.size))
    behind = length - END.size - begin - size
    is_end = mark == END_MARK and not comment and behind in (0, END_64)
    return bool(is_end and 0 <= begin - at <= DESCRIPTOR)
