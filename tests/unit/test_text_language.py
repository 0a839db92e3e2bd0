"""The language of a text, told where it can be told and left open where it cannot."""

from __future__ import annotations

import pytest

from aiplane.text.language import is_written_in, language_of

TEXTS = {
    "en": "You are on the right track: this is a good idea. Look at line 15 and at what is at the border.",
    "de": "Dein Ansatz ist kurz, und bei manchen Eingaben stimmt das Ergebnis. Probiere ihn mit der Liste.",
    "es": "Tu idea es buena, pero mira lo que pasa con los valores más grandes y por qué tarda tanto.",
    "fr": "Ton idée est bonne, mais regarde ce que la fonction renvoie quand la liste est vide, et pourquoi.",
    "nl": "Kijk nog eens naar regel drie en bedenk wat er gebeurt als de lijst leeg is. Wat krijg je dan?",
    "ru": "Посмотри на третью строку ещё раз и подумай, что произойдёт, если список пустой.",
    "uk": "Подивись на третій рядок ще раз і подумай, що станеться, якщо список порожній.",
    "ja": "3行目をもう一度見て、リストが空のときに何が起こるか考えてみましょう。",
    "zh": "请再看一遍第三行，想一想如果列表为空会发生什么。那时你的函数会返回什么？",
    "ko": "세 번째 줄을 다시 보고 리스트가 비어 있으면 무슨 일이 일어나는지 생각해 보세요.",
    "ar": "انظر إلى السطر الثالث مرة أخرى وفكر فيما يحدث عندما تكون القائمة فارغة.",
}


@pytest.mark.parametrize("tag", TEXTS)
def test_a_text_is_in_its_own_language_or_nothing_is_said(tag: str) -> None:
    assert is_written_in(TEXTS[tag], tag) is not False
    assert is_written_in(TEXTS[tag], f"{tag.upper()}-XX") is not False


@pytest.mark.parametrize("tag", TEXTS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_in_no_other_language(text: str, tag: str) -> None:
    if text != tag and {text, tag} != {"ru", "uk"}:
        assert is_written_in(TEXTS[text], tag) is False


@pytest.mark.parametrize(
    "text",
    [
        "OK.",
        "Sehr gut!",
        "```python\nfor x in the_list_of_all_of_them:\n    return x\n```",
        "`the_best_of_all`",
        "O(n)",
        "",
    ],
)
@pytest.mark.parametrize("tag", ["es", "fi", "en", "ja"])
def test_nothing_is_said_of_short_texts_and_code(text: str, tag: str) -> None:
    assert is_written_in(text, tag) is None


@pytest.mark.parametrize("tag", ["fi", "cy", "hu", "vi"])
def test_english_is_none_of_the_languages_that_are_not_known(tag: str) -> None:
    assert is_written_in(TEXTS["en"], tag) is False
    assert (
        is_written_in("Hyvä alku! Katso riviä kolme ja mieti, mitä tapahtuu, kun lista on tyhjä.", tag)
        is None
    )


def test_names_of_the_field_in_english_do_not_make_a_text_english() -> None:
    text = "Das ist gut: mit einem Dictionary von Value auf Index reicht ein Loop. Was ist mit Edge Cases?"

    assert is_written_in(text, "de") is not False


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Guardo la mejor suma que termina en cada número y la mejor de todas.", "es"),
        ("The first index of the current window, and then I compare it with the last.", "en"),
        ("Ich zähle die Klammern und vergleiche sie am Ende.", "de"),
        ("Je parcours le tableau et je garde la somme dans une variable.", "fr"),
        ("Scorro la lista e tengo la somma in una variabile per ogni numero che vedo.", "it"),
        ("Eu percorro a lista e guardo a soma em uma variável para cada número.", "pt"),
        ("我先遍历数组,然后保存每个数字的位置。再看看剩下的数字。", "zh"),
        ("まず配列を走査して、それぞれの数の位置を保存します。", "ja"),
        ("n squared", None),
        ("ok", None),
        ("`for i in range(n): print(i)`", None),
        ("Kadane, O(n)", None),
    ],
)
def test_the_language_that_a_person_surely_writes(text: str, tag: str | None) -> None:
    assert language_of(text) == tag
