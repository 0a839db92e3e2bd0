"""Overall scores that a model tells in prose, and the text without them.

The overall score is computed from the categories (:mod:`tasks.scoring`); one that a model tells besides can
only contradict it. The sentence that tells it is cut.
"""

from __future__ import annotations

import re

from aiplane.text.folding import folded

_SENTENCE = re.compile(
    r"(?:[^.!?\u3002\uff01\uff1f\n]|(?<=\d)\.(?=\d)|\.(?=\w))+[.!?\u3002\uff01\uff1f]*[\"')*\u201d]*[^\S\n]*"
)
_BLANK_LINES = re.compile(r"\n{3,}")
_OVERALL = re.compile(
    r"\b(?:overall|final|total) (?:score|rating|grade|mark)s?\b(?! (?:is|are) computed)"
    r"|\b(?:gesamt|end)(?:note|punkt\w*|wertung|bewertung|ergebnis)\b|\bbewertung insgesamt\b"
    r"|\b(?:puntuacion|calificacion|nota|note|pontuacao|avaliacao|voto|punteggio|valutazione)"
    r" (?:total|final|general|geral|globale?|finale|d'ensemble|complessiv[oa]|totale)\b"
    r"|\b(?:общ|итогов|финальн)\w+ (?:оценк\w*|балл\w*|счет\w*)\b|总分|总评分"
    r"|综合(?:评分|得分|分数)|最终(?:评分|得分|分数)"
    r"|総合(?:点|スコア|評価|得点)|合計点|최종 ?(?:점수|평점)|총점|종합 ?점수"
)
_OUT_OF_TEN = re.compile(
    r"(?<![\d./])(?:10|\d(?:[.,]\d)?) ?/ ?10(?![\d/])"
    r"|(?<![\d.])(?:10|\d(?:[.,]\d)?) (?:out of|of|von|sobre|de|su|sur|из) (?:10|ten|zehn|diez|dix|dez"
    r"|dieci|десяти)\b"
    r"|\b(?:full marks|full score|volle punktzahl|puntuacion maxima)\b"
    r"|(?<![\d.])(?:10|\d(?:[.,]\d)?) (?:points?|punkten?|puntos|pontos|punti|балл\w*)\b"
    r"|[得给打评为是] ?(?:10|\d) ?分|(?:10|\d)点(?:満点|です)|満分|满分|満点|(?:10|\d)점"
)
_OF_TESTS = re.compile(
    r"^\W{0,3}(?:of )?(?:the |your |der |de los |de las |des |dos |das |dei )?(?:\w+ )?"
    r"(?:tests?|cases?|runs?|testf\w*|prueba\w*|casos?|essais|testes|prove|casi|тест\w*|elements?|items?"
    r"|numbers?"
    r"|lines?|rows?|pass\w*|fail\w*|besteh\w*|bestanden|pasan|fallan|reussi\w*|проход\w*)"
    r"|^\W{0,3}(?:个|個|项)?(?:测试|テスト|用例)|^개?의? ?테스트"
)
_SPEAKS_OF_A_COMMENT = re.compile(
    r"\b(?:comment|note in|kommentar|comentari|commentaire|commento|комментари)|注释|注釈|コメント|주석"
)
"""What asks for a score may be told."""

_HALF_A_LOOK = 40


def without_overall(text: str, known: str = "") -> str:
    """Return a text without the sentences that tell an overall score; nothing where it is all of it.

    Args:
        text: what a model wrote.
        known: the problem and the code in folded form: what they call a total score is none of ours.
    """
    kept = "".join(sentence for sentence in _pieces(text) if _is_kept(sentence, known))
    return _BLANK_LINES.sub("\n\n", kept).strip()


def _pieces(text: str) -> list[str]:
    """Take a text apart into sentences and what stands between them."""
    pieces, at = [], 0
    for match in _SENTENCE.finditer(text):
        pieces += [text[at : match.start()], match[0]]
        at = match.end()
    return [*pieces, text[at:]]


def _is_kept(sentence: str, known: str) -> bool:
    plain = folded(sentence)
    return _SPEAKS_OF_A_COMMENT.search(plain) is not None or not _tells_score(plain, known)


def _tells_score(plain: str, known: str) -> bool:
    named = _OVERALL.search(plain)
    return (named is not None and named[0] not in known) or any(
        _OF_TESTS.match(plain[found.end() : found.end() + _HALF_A_LOOK]) is None
        for found in _OUT_OF_TEN.finditer(plain)
    )
