"""Runs that never were: counts, times and comparisons that a text claims and nobody measured.

Tests run elsewhere and are told as numbers; an answer comes of reading. So a count of passed tests is held
against the one that is known, and where none is, there is none to tell. A benchmark, a profile and a rank
among other people's solutions are known of no code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aiplane.contracts import ExecutionSummary

_SENTENCE = re.compile(r"(?:[^.!?;\u3002\uff01\uff1f\n]|(?<=\d)\.(?=\d)){1,600}[.!?;\u3002\uff01\uff1f]?")
_ASKS = ("?", "\uff1f")

_MEASURED = re.compile(
    r"\b(?:(?:in|by|from|with) (?:our|my) (?:\w+ )?(?:benchmarks?|profil\w+|measurements?|runs?|test runs?"
    r"|timings?)"
    r"|(?:when|as|after) (?:we|i) (?:ran|executed|benchmarked|profiled|timed|measured) "
    r"(?:it|this|them|your|the|these)"
    r"|(?:we|i) (?:ran|executed|benchmarked|profiled|timed) (?:it|this|your (?:code|solution|function"
    r"|program)"
    r"|the (?:code|tests?))"
    r"|(?:faster|slower|better|worse) than \d{1,3}(?:\.\d+)? ?% of|beats \d{1,3}(?:\.\d+)? ?%"
    r"|(?:in|bei) (?:unserem|meinem|unserer|meiner) (?:benchmark|testlauf|messung|lauf)"
    r"|en (?:nuestra|mi|nuestro) (?:prueba|ejecucion|benchmark|medicion)"
    r"|(?:dans|lors de) (?:notre|mon|ma) (?:benchmark|execution|mesure|essai))\b"
    r"|我(?:们)?(?:实际)?运行了|实测|私(?:たち)?が実行した|ベンチマークでは"
)
"""What nobody did, whatever was run."""

_COUNTED = re.compile(
    r"\b(?:passe[sd]|passing|fail(?:s|ed)|besteh\w*|bestand\w*|pasa\w*|super\w*|passent|reussi\w*) "
    r"(?:all |only |just |in |alle |nur )?"
    r"(\d{1,6}) ?(?:/|of|out of|von|de|sur) ?(?:the |den |las |los |les )?(\d{1,6})\b"
    r"|\b(\d{1,6}) ?(?:/|of|out of|von|de|sur) ?(?:the |your |den |las |los |les )?(\d{1,6}) "
    r"(?:tests?|test cases|pruebas|testes)\b"
    r"(?: (?:pass(?:e[sd])?|have passed|succeed\w*|are green|bestehen|pasan|passent))?"
)
_PASSED = re.compile(r"\b(?:pass|succeed|green|besteh|bestand|pasa|super|reussi)")
_WENT = re.compile(
    r"\b(?:tests? (?:(?:case )?(?:no\. ?|number )?#?\d{1,5}|with [^.,;]{1,40}) ?(?:\([^)\n]{1,80}\) )?"
    r"(?:failed|passed|fails|crashed|timed out|broke)"
    r"|(?:in|during) the test ?runs?\b|(?:the|all|some|most|several|\d+) (?:of (?:the|your) )?tests? "
    r"(?:\w+ )?(?:failed|passed|timed out|crashed)"
    r"|failure of test \d+)\b"
)
"""What is told of tests as past, or of one by its number."""

_TESTS = re.compile(r"\b(?:tests?|test cases|testf\w*|pruebas|testes|тест\w*)\b|测试|テスト|테스트")
_LIMITS = re.compile(
    r"\b(?:if|once|would|could|should|might|until|unless|no|not|n't|never|none|without|say|suppose|whether"
    r"|by hand"
    r"|in (?:my|our) (?:mind|head)|on paper|mentally"
    r"|wenn|wurde\w*|nicht|kein\w*|si|sin|no|sans|aucun\w*|pas)\b|n't\b|如果|没有|未|ない|なら"
)


def check_runs(
    texts: Mapping[str, str | None], run: ExecutionSummary | None, said: Iterable[str] = ()
) -> Iterator[Fault]:
    """Look for results and measurements that no run gave.

    Args:
        texts: what the model wrote, by the field that it stands in.
        run: of the tests; ``None`` where they were not run, or nobody said.
        said: by the candidate: a result that they told may be told back.
    """
    passed, total = (run.passed, run.total) if run else (None, None)
    heard = folded("\n".join(said))
    is_known = run is not None or _TESTS.search(heard) is not None
    for place, text in texts.items():
        told = [each for each in _SENTENCE.findall(folded(text or "")) if not _is_open(each)]
        if any(_MEASURED.search(each) for each in told):
            yield must(place, "tells of a run or a measurement that nobody made", "Say what the code shows.")
        elif not is_known and any(_tells_results(each) for each in told):
            yield must(
                place, "tells results of tests, and none were run", "Say that you go by reading alone."
            )
        elif passed is not None and any(_miscounts(each, passed, total or 0, heard) for each in told):
            yield must(
                place, "counts other tests as passed than did", f"{passed} of {total} tests pass: say that."
            )


def _is_open(sentence: str) -> bool:
    return sentence.rstrip().endswith(_ASKS) or _LIMITS.search(sentence) is not None


def _tells_results(sentence: str) -> bool:
    counts = _COUNTED.search(sentence) is not None and _TESTS.search(sentence) is not None
    return counts or _WENT.search(sentence) is not None


def _miscounts(sentence: str, passed: int, total: int, heard: str) -> bool:
    """Tell whether a sentence gives another number of passed tests, of all of them."""
    counted = _COUNTED.search(sentence)
    if counted is None or _PASSED.search(counted[0]) is None:
        return False
    number, of_all = (int(each) for each in counted.groups() if each is not None)
    is_other = of_all == total and number != passed
    return is_other and re.search(rf"\b{number}\b", heard) is None
