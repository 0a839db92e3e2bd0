"""Base64 as producers write it, in every form that Node's ``Buffer.from(text, "base64")`` reads.

That is with line breaks (MIME, and the usual encoders of Java, Android and Python), in the alphabet for
URLs, with padding or without; also as a data URL, which browsers make of a file, and as several such texts
one after the other, each with its padding (Node reads the first and drops the rest). What no encoder writes
is refused, where Node skips it: what is left would be noise.
"""

from __future__ import annotations

import binascii
import re

_HEAD = re.compile(r"\s*data:(?:[^\n]{0,500}?;\s*base64\s*,|[^,\n]{0,500},)", re.IGNORECASE)
_BLANKS = re.compile(r"[\s\0\ufeff\u200b-\u200d\u2060]+")
_ASCII_BLANKS = b" \t\r\n\v\f\0"
_USUAL_ALPHABET = bytes.maketrans(b"-_", b"+/")
_MOST_PADDINGS = 100_000
"""Of a recording that was encoded piece by piece: a day of it, at one piece a second."""


class TooManyBytesError(Exception):
    """Text that holds more bytes than are wanted."""


def decode(text: str, most: int) -> bytes:
    """Return the bytes that a text stands for.

    Args:
        text: base64 in any of the forms of this module.
        most: how many bytes are wanted; more are not decoded.

    Raises:
        TooManyBytesError: there are more.
        ValueError: the text is not base64, or a part of it is missing.
    """
    head = _HEAD.match(text, 0, 1_000)
    if head is not None:
        text = text[head.end() :]
    if len(text) // 4 * 3 <= most:
        try:
            return binascii.a2b_base64(text, strict_mode=True)
        except ValueError:
            pass  # one of the other forms, or none
    return _decode_parts(_in_usual_alphabet(text), most)


def _in_usual_alphabet(text: str) -> bytes:
    if not text.isascii():
        text = _BLANKS.sub("", text)
    return text.encode("ascii").translate(_USUAL_ALPHABET, _ASCII_BLANKS)


def _decode_parts(encoded: bytes, most: int) -> bytes:
    """Decode texts that stand one after the other, each ended by its padding."""
    encoded = encoded.rstrip(b"=")
    if encoded.count(b"=") > _MOST_PADDINGS:
        raise ValueError("no recording has so many parts")
    parts = [part for part in encoded.split(b"=") if part]
    if sum(len(part) * 3 // 4 for part in parts) > most:
        raise TooManyBytesError
    return b"".join(binascii.a2b_base64(part + b"=" * (-len(part) % 4), strict_mode=True) for part in parts)
