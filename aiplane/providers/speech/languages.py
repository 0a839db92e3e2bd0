"""Languages: their tags, from the English names that Whisper reports and from the names of voices."""

from __future__ import annotations

import re

_TABLE = """
afrikaans af, albanian sq, amharic am, arabic ar, armenian hy, assamese as, azerbaijani az, bashkir ba,
basque eu, belarusian be, bengali bn, bosnian bs, breton br, bulgarian bg, cantonese yue, catalan ca,
chinese zh, croatian hr, czech cs, danish da, dutch nl, english en, estonian et, faroese fo, filipino fil,
finnish fi, french fr, galician gl, georgian ka, german de, greek el, gujarati gu, haitian creole ht, hausa
ha, hawaiian haw, hebrew he, hindi hi, hungarian hu, icelandic is, igbo ig, indonesian id, irish ga, italian
it, japanese ja, javanese jv, kannada kn, kazakh kk, khmer km, kinyarwanda rw, korean ko, kurdish ku, kyrgyz
ky, lao lo, latin la, latvian lv, lingala ln, lithuanian lt, luxembourgish lb, macedonian mk, malagasy mg,
malay ms, malayalam ml, maltese mt, maori mi, marathi mr, mongolian mn, myanmar my, nepali ne, norwegian no,
nynorsk nn, occitan oc, pashto ps, persian fa, polish pl, portuguese pt, punjabi pa, romanian ro, russian
ru, sanskrit sa, serbian sr, shona sn, sindhi sd, sinhala si, slovak sk, slovenian sl, somali so, spanish
es, sundanese su, swahili sw, swedish sv, tagalog tl, tajik tg, tamil ta, tatar tt, telugu te, thai th,
tibetan bo, turkish tr, turkmen tk, ukrainian uk, urdu ur, uzbek uz, vietnamese vi, welsh cy, yiddish yi,
yoruba yo, xhosa xh, zulu zu, esperanto eo, odia or, uyghur ug
"""
_TAGS = dict(entry.strip().rsplit(maxsplit=1) for entry in _TABLE.split(","))
_NAMES = {"nb": "Norwegian"} | {tag: name.title() for name, tag in _TAGS.items()}


def language_name(tag: str) -> str | None:
    """Return the English name of a tag's language; None for one that the table does not have."""
    return _NAMES.get(tag.partition("-")[0].lower())


def language_tag(heard: str) -> str | None:
    """Return the BCP-47 tag of a language that a server reports by name or by tag; None if it is neither."""
    tag = _TAGS.get(heard.lower())
    if tag is None and re.fullmatch(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{1,8})*", heard):
        return heard
    return tag


_VOICE = re.compile(r"(?P<tag>[a-z]{2,3}-[A-Z]{2})-")


def voice_tag(voice: str | None) -> str | None:
    """Return the language that a voice's name begins with (``de-DE-KatjaNeural``); None where none does."""
    found = _VOICE.match(voice or "")
    return found["tag"] if found else None


def same_language(tag: str, other: str) -> bool:
    """Return whether two tags name one language, wherever it is spoken."""
    return tag.partition("-")[0].lower() == other.partition("-")[0].lower()
