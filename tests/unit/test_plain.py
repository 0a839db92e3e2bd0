"""What a model wrote, as text and nothing else."""

from __future__ import annotations

import time

import pytest

from aiplane.text.plain import plain_code, plain_text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<b>bold</b> and <script>alert(1)</script>", "bold and alert(1)"),
        ("<img src=x onerror=alert(1)>", ""),
        ("<img src=x onerror=alert(1)", ""),
        ("<svg/onload=alert(1)>", ""),
        ("<custom onclick=go()>x", "x"),
        ("<scr<script>ipt>x</script>", "x"),
        ("<a href='javascript:x'>y</a>", "y"),
        ("a<!-- hidden -->b", "ab"),
        ("![pixel](https://evil.example/p.png)", "pixel"),
        ("[docs](https://evil.example) here", "docs here"),
        ("[go](javascript:alert(1)) on", "go on"),
        ("see https://evil.example/a?b=c now", "see  now"),
        ("see www.evil.example now", "see  now"),
        ("\x1b]52;c;cm0=\x07\x1b[31mred\x1b[0m", "red"),
        ("a\u202eb\u2066c", "abc"),
        ("one\r\ntwo\tthree", "one\ntwo three"),
        ("`<div>` ends with `</div>`", "`\u2039div\u203a` ends with `\u2039/div\u203a`"),
    ],
)
def test_markup_and_what_nobody_sees_is_taken_out(text: str, plain: str) -> None:
    assert plain_text(text) == plain


@pytest.mark.parametrize(
    "text",
    [
        "Use `Vec<String>` where a < b and b > c.",
        "Map<K, V> and List<Integer>, i<n",
        "if a <b then stop",
        "call `memo[n](x)` and handlers[i](x)",
        "ratio 3:4, file: none, data: see below",
        "Größe, été, 漢字, ok? 🙂",
        "a -> b => c <- d",
    ],
)
def test_prose_about_code_stays(text: str) -> None:
    assert plain_text(text) == text


def test_code_keeps_its_tabs_and_its_tags() -> None:
    assert plain_code("\tif (a<b) { x = '<b>'; }\x1b[0m\u202e\r\n") == "\tif (a<b) { x = '<b>'; }\n"


@pytest.mark.parametrize(
    "text",
    [
        "<" * 4_000,
        "<a " * 1_300,
        "![ " * 1_300,
        "[" * 4_000,
        "<!--" * 1_000,
        "`" * 4_000,
        "http:" * 800,
        "<x on" * 800,
        "<a" + " a=b" * 1_000,
        "[](" * 1_300,
        "<" * 2_000 + "a " * 1_000,
        "\x1b]" * 2_000,
    ],
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    plain_text(text)

    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("## Summary\n\nIt works.", "It works."),
        ("# Your loop ends too early\nLook at it.", "Your loop ends too early\nLook at it."),
        ("It works.\n\n### Next steps ###\n\nLine 4.", "It works.\n\n\n\nLine 4."),
        ("**Verdict**\nIt works.", "It works."),
        ("It works\n========\nLine 4.", "It works\nLine 4."),
        ("# Done", "Done"),
        ("C# and F# are #1, and **this** stays.", "C# and F# are #1, and **this** stays."),
        ("```\n# a remark\n```", "```\n# a remark\n```"),
    ],
)
def test_headings_are_plain_text(given: str, shown: str) -> None:
    assert plain_text(given).strip() == shown
