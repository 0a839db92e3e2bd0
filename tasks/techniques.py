"""The names of data structures and algorithms, as answers write them.

A technique has many names: long and short ("depth-first search", "DFS"), inflected ("memoized"), of several
languages. All names of one technique are one, so that whoever has said one of them may be told any other.
Names are compared in folded form, with whatever stands between their words: ``hash_map`` and ``hash  map``
are one name. Words that are common ones too ("sort out", "stack the rows") count where they are meant so.

What stands in the problem, in what was said and in the candidate's code gives nothing away: neither its names
nor what the code does (:mod:`tasks.techniques_used`).
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must
from tasks.techniques_used import techniques_used

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasks.known import Known

_BETWEEN = re.compile(r"[\s_*`'\"\u2010-\u2015-]+|(?<=\w)[./\\](?=\w)")

_BUILT = (
    r"(?:keep|use|build|make|create|maintain|have|need|with|in|into|using|keeping|add|try|pass|take|give)"
    r"\ (?:an?|the|your|one)\ (?:[a-z]+\ )?"
)
"""What stands before a word that is a data structure's name only there."""

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "hash map": r"hash\ ?(?:map|table)s?|hash(?:ing|es)|dict(?:ionar(?:y|ies))?s?|associative\ arrays?"
        r"|look\ ?up\ tables?|(?:constant\ time|o\(1\)|fast|instant)\ look\ ?ups?"
        rf"|{_BUILT}maps?(?!\ (?:out|it|the|each|of\ the\ (?:problem|code)))"
        r"|(?:an?|your|the|that|this)\ maps?\ (?:from|of|get|grow|hold|be|would|keyed)"
        r"|tabla\ hash|mapa\ hash|diccionarios?|tables?\ de\ hachage|dictionnaires?|hash ?tabellen?"
        r"|worterb(?:uch|ucher)|hashtabelle|tabela\ hash|dicionarios?|dizionari(?:o)?|tabella\ hash"
        r"|хеш\ ?(?:таблиц|карт)\w*|словар\w*",
        "set": rf"hash\ ?sets?|{_BUILT}sets?(?!\ (?:up|to|it|of\ (?:rules|tests|examples|inputs)))"
        r"|hash ?mengen?|conjunto\ hash|ensemble\ de\ hachage|insieme\ hash",
        "cache": rf"memo(?:i[sz](?:e|es|ed|ing|ation)?)?|caching|cached?|{_BUILT}cache|memoizacion"
        r"|memoi[sz]ation|memoizacao|memoizzazione|memoisier\w*|мемоиз\w+|кешир\w+|zwischenspeicher\w*",
        "heap": r"(?:min\ |max\ |binary\ )?heaps?(?!\ (?:of\ (?:its|their|your|the|this|paper|cards)|memory"
        r"|allocat\w+))|priority\ queues?|monticulos?"
        r"|tas\ binaires?|colas?\ de\ prioridad|files?\ de\ priorite|prioritatswarteschlangen?"
        r"|очеред\w+\ с\ приоритет\w+|filas?\ de\ prioridade|code\ di\ priorita",
        "stack": r"(?<!call\ )(?<!the\ )(?<!to\ )stacks?(?!\ (?:the|them|up|these|those|your|overflow\w*"
        r"|frames?"
        r"|traces?|depth)\b)|(?:the|to\ a)\ stack(?!\ (?:overflow\w*|frames?|traces?|depth|of\ calls))"
        r"|kellerspeicher|stapel|pilas?|une\ pile|pilhas?|стек\w*",
        "queue": r"(?:de)?queues?(?!\ (?:up|the|them|these|those|your)\b)|deques?|warteschlangen?"
        r"|очеред(?:ь|и|ью)",
        "trie": r"tries?(?=\ (?:node|data))|trie|prefix\ trees?|prafixbaum\w*",
        "linked list": r"(?:doubly\ )?linked\ lists?|verkettete\ listen?|listas?\ enlazadas?",
        "search tree": r"(?:binary|search|segment|fenwick|balanced)\ trees?|suchbaum\w*",
        "graph": r"graphs?(?!\ (?:of\ (?:the|these|those|your|how)|paper|on\ paper))",
        "union find": r"union\ ?find|disjoint\ sets?|dsu",
        "two pointers": r"两个指针"
        r"|two\ (?:pointers?|ind(?:ices|exes))(?!\ (?:are|of|into))|two\ pointer\ \w+"
        r"|zwei\ zeiger\w*"
        r"|dos\ punteros|deux\ pointeurs|dois\ ponteiros|due\ puntatori|два\ указател\w+|двух\ указател\w+"
        r"|双指针|2\ポインタ|二つのポインタ|尺取り法|투\ ?포인터|두\ 포인터"
        r"|(?:fast|slow)\ (?:and\ (?:slow|fast)\ )?pointers?|(?:tortoise"
        r"|hare)\ and\ (?:hare|tortoise)|快慢指针",
        "sliding window": r"sliding\ windows?|schiebefenster\w*|gleitende\w*\ fenster\w*|ventana\ deslizante"
        r"|fenetre\ glissante|janela\ deslizante|finestra\ (?:scorrevole"
        r"|mobile)|скользящ\w+\ окн\w+|滑动窗口",
        "prefix sums": r"(?:prefix|cumulative|running)\ sums?|prafixsummen?|sumas?\ de\ prefijos"
        r"|sommes?\ prefixes?"
        r"|前缀和|累積和|префиксн\w+\ сумм\w+",
        "binary search": r"binary\ search(?:es|ing)?|bisect(?:ion|ing)?|busqueda\ binaria"
        r"|recherche\ dichotomique"
        r"|dichotomie|binare?r?\ suche|binarsuche|busca\ binaria|ricerca\ binaria|двоичн\w+\ поиск\w*"
        r"|бинарн\w+\ поиск\w*|二分|이진\ ?탐색",
        "bit mask": r"bit\ ?masks?|bit\ ?masking|bit\ manipulation|xor(?:ing)?",
        "recursion": r"recurs(?:ion|ive|ively|e|es|ing)|recursividad|recursiv[ao]s?|recursivite"
        r"|rekursi(?:on|v\w*)"
        r"|recursao|recursividade|ricorsion[ei]|ricorsiv[aoei]|call\ stack|рекурси\w*|递归|遞迴|再帰|재귀",
        "backtracking": r"back\ ?track(?:ing|s)?|回溯|バックトラック",
        "dynamic programming": r"dynamic(?:al)?\ program(?:ming)?|dp|programacion\ dinamica"
        r"|programmation\ dynamique"
        r"|dynamische\w*\ programmierung|programacao\ dinamica|programmazione\ dinamica"
        r"|динамическ\w+\ программирован\w+|动态规划|動的計画法|동적\ ?(?:계획법|프로그래밍)|tabulation"
        r"|recurrence(?:\ relation)?s?|fibonacci\w*",
        "greedy": r"(?<!be\ )(?<!too\ )greed(?:y|ily)|gierige\w*|贪心|貪欲法",
        "divide and conquer": r"divide\ and\ conquer|teile\ und\ herrsche|分治",
        "depth first": r"depth\ first(?:\ search|\ traversal)?|dfs|tiefensuche|busqueda\ en\ profundidad"
        r"|parcours\ en\ profondeur|busca\ em\ profundidade|ricerca\ in\ profondita|(?:поиск\w*\ "
        r"|обход\w*\ )?(?:в\ глубину|вглубь)"
        r"|深度优先|深さ優先|깊이\ ?우선",
        "breadth first": r"breadth\ first(?:\ search|\ traversal)?|bfs|breitensuche|busqueda\ en\ anchura"
        r"|parcours\ en\ largeur|busca\ em\ largura|ricerca\ in\ ampiezza|поиск\w*\ в\ ширину"
        r"|广度优先|幅優先|너비\ ?우선",
        "flood fill": r"flood\ ?fill(?:s|ed|ing)?",
        "topological sort": r"topological(?:ly)?(?:\ ?(?:sort(?:ing|ed)?|order(?:ing)?))?|kahn'?s?"
        r"|topologisch\w*\ \w+|拓扑排序",
        "sort": r"sort(?:ing|s)?(?!\ (?:of|out|into|through|them\ (?:out|into"
        r"|by\ hand)))(?!\ (?:\w+\ ){1,3}into)"
        r"|(?:merge|quick|heap|bubble|insertion|selection|counting|bucket|radix)\ ?sort(?:ing|ed)?"
        r"|(?:bring|put|arrange|get)\ (?:\w+\ ){1,6}?in(?:to)?\ (?:\w+\ )?"
        r"(?:ascending|descending|increasing|decreasing|rising|sorted)\ order"
        r"|sortier(?:en?|ung)|ordenamiento|ordena(?:r|cao)?|triez?|trier|tri\ par|ordinamento|ordina(?:re)?"
        r"|отсортируи\w*|сортиров\w*|排序|ソート|並べ替え|정렬",
        "sorted": r"sorted|sortiert\w*|ordenad[ao]s?|triees?|ordinat[aoei]|отсортирован\w*",
        "named algorithm": r"dijkstra\w*|kadane\w*|floyd\w*|knuth\w*|kmp|boyer\ moore|bellman\ ford"
        r"|sieve\ of\ \w+|monotonic\ \w+",
        "哈希": r"哈希|散列|字典|ハッシュ|辞書|해시|딕셔너리",
        "栈": r"栈|堆栈|スタック|스택",
        "队列": r"队列|キュー|큐",
    }
)
"""Patterns of the names of each technique, in folded form."""

_SAME: Mapping[str, str] = MappingProxyType({"哈希": "hash map", "栈": "stack", "队列": "queue"})
_IMPLIED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "hash map": frozenset({"set"}),
        "set": frozenset({"hash map"}),
        "sort": frozenset({"sorted"}),
        "depth first": frozenset({"recursion", "flood fill"}),
        "flood fill": frozenset({"depth first"}),
        "cache": frozenset({"dynamic programming"}),
        "dynamic programming": frozenset({"cache"}),
        "topological sort": frozenset({"graph"}),
        "heap": frozenset({"queue"}),
    }
)
"""What is no news to whoever has the other."""

_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|^[\uac00-\ud7a3]")
_TOO_COMMON = frozenset({"sorted"})
"""What an interviewer may say of any data."""


def _compiled(pattern: str) -> re.Pattern[str]:
    spaced = [part for part in _parts(pattern) if not _UNSPACED.search(part)]
    unspaced = [part for part in _parts(pattern) if _UNSPACED.search(part)]
    alternatives = ([rf"\b(?:{'|'.join(spaced)})\b"] if spaced else []) + unspaced
    return re.compile("|".join(alternatives))


def _parts(pattern: str) -> Iterator[str]:
    """Take the alternatives of the top level apart."""
    depth, start = 0, 0
    for at, char in enumerate(pattern):
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            yield pattern[start:at]
            start = at + 1
    yield pattern[start:]


_PATTERNS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {name: _compiled(pattern) for name, pattern in _NAMES.items()}
)

_OWN = re.compile(
    r"(?:\b(?:your|you (?:already )?(?:use|have|keep|wrote|chose|build|built|are using)|dein\w*|ihr\w*"
    r"|du (?:hast|nutzt|benutzt)|tus?|su|ton|ta|tes|votre|tua|tuo|sua|seu|твоя|твой|ваш\w*|ты)\b"
    r"|你的|您的|あなたの|네|당신의)\W*(?:\w+\W+){0,3}$"
)
"""Words before a name that say whose it is."""

_SUGGESTS = re.compile(
    r"\b(?:could|should|would|might|need|try|if|konntest|solltest|podrias|pourrais|wenn)\b"
)
_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\n]+[.!?\u3002\uff01\uff1f]?")
_LONGEST_LOOK = 40


def check_technique(
    level: str, texts: Mapping[str, str | None], known: Known, kept_back: str = ""
) -> Iterator[Fault]:
    """Look for a data structure or an algorithm that the candidate was not given and has not named.

    The fault does not repeat the name.

    Args:
        level: "gentle hint", "reply": how the answer is named in the fault.
        texts: what the model wrote, by the field that it stands in.
        known: what the candidate has.
        kept_back: the idea that the model itself says must not be told.
    """
    has = techniques_known(known)
    secret = techniques(kept_back) - _TOO_COMMON
    for place, text in texts.items():
        if not text:
            continue
        new = techniques(text) - has
        if new and new - (_own_techniques(text) - secret):
            yield must(
                level,
                f"names a data structure or an algorithm, in its {place}",
                "Name none that neither the problem nor the candidate names: say what to look at, and let "
                "the "
                "candidate find what it is called.",
            )
            return


def techniques_known(known: Known) -> set[str]:
    """Return what stands in the problem, in what was said, and in what the code does."""
    named = techniques(known.words) | techniques_used(known.code)
    return named.union(*(_IMPLIED.get(name, frozenset()) for name in named))


def techniques(text: str) -> set[str]:
    """Return the techniques that a text names."""
    plain = _plain(text)
    return {_SAME.get(name, name) for name, pattern in _PATTERNS.items() if pattern.search(plain)}


def _own_techniques(text: str) -> set[str]:
    """Return the techniques that a text says to be the candidate's, wherever it names them."""
    own, others = set[str](), set[str]()
    for sentence in _SENTENCE.findall(_plain(text)):
        is_suggestion = _SUGGESTS.search(sentence) is not None
        for name, pattern in _PATTERNS.items():
            for match in pattern.finditer(sentence):
                before = sentence[max(0, match.start() - _LONGEST_LOOK) : match.start()]
                is_own = not is_suggestion and _OWN.search(before) is not None
                (own if is_own else others).add(_SAME.get(name, name))
    return own - others


def _plain(text: str) -> str:
    return _BETWEEN.sub(" ", folded(text))
