"""Techniques by their many names, and what of them a candidate has already."""

from __future__ import annotations

import pytest

from tasks.known import Known
from tasks.techniques import check_technique
from tasks.techniques_used import techniques_used


def is_named(
    text: str, *, code: str = "x = 1", problem: str = "Add.", said: str = "", kept: str = ""
) -> bool:
    known = Known(code, problem, [said])
    return bool([*check_technique("reply", {"message": text}, known, kept)])


@pytest.mark.parametrize(
    "text",
    [
        "You need a stack here.",
        "Push it onto the stack.",
        "Use two pointers.",
        "Memoization would fix that.",
        "Try memoizing the results.",
        "A depth-first search from each cell does it.",
        "Keep a map from amount to result.",
        "Would a hash set help?",
        "A min-heap of size k is enough.",
        "This is dynamic programming.",
        "These are the Fibonacci numbers.",
        "Bring the list into ascending order first.",
        "Sort the intervals by their start.",
        "Sortiere die Intervalle nach dem Anfang.",
        "Ordena los intervalos por su inicio.",
        "Utilise une pile.",
        "Trie les intervalles d'abord.",
        "Verwende eine Warteschlange.",
        "Usa una pila para los corchetes.",
        "这里需要一个栈。",
        "用双指针。",
        "ハッシュを使いましょう。",
        "Попробуй скользящее окно.",
        "Here topological sorting helps.",
    ],
)
def test_a_technique_is_found_by_each_of_its_names(text: str) -> None:
    assert is_named(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sort out which rows you have twice.",
        "Sort them into groups by the last move.",
        "What sort of input breaks it?",
        "Stack the rows on paper, one under the other.",
        "Put the shorter rows aside in a heap of their own.",
        "Make a graph of the sizes on paper.",
        "Do not be greedy: take the small cases first.",
        "Queue up the small cases first.",
        "He tries again.",
        "Map it out on paper.",
        "Which set of rules applies here?",
        "Draw a table, or a tree, of the calls.",
        "Set the two rows next to each other.",
        "You may run into a stack overflow.",
    ],
)
def test_everyday_words_are_no_techniques(text: str) -> None:
    assert not is_named(text)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("I would do a DFS.", "How deep does the depth-first search go?"),
        ("eine Tiefensuche", "How deep does the DFS go?"),
        ("maybe memoise it", "What would the memoization be keyed by?"),
        ("a dict from value to place", "What is in the hash map then?"),
        ("DP?", "What is the state in the dynamic programming?"),
        ("zwei Zeiger", "Where do the two pointers start?"),
    ],
)
def test_who_has_said_one_name_may_be_told_the_others(said: str, text: str) -> None:
    assert is_named(text)
    assert not is_named(text, said=said)


CLIMB = "def climb(n):\n    if n < 2:\n        return n\n    return climb(n - 1) + climb(n - 2)\n"
COINS = "func coins(c []int, a int) int {\n\tif a == 0 {\n\t\treturn 0\n\t}\n\treturn coins(c, a-1)\n}\n"
DEPTH = "int depth(Node n) {\n    if (n == null) return 0;\n    return 1 + depth(n.left);\n}\n"
SINK = "const sink = (r, c) => {\n  if (!grid[r][c]) return;\n  sink(r + 1, c);\n};\n"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (CLIMB, "Recursion is a natural fit here."),
        (COINS, "The recursive function is right, but the call stack gets deep."),
        (DEPTH, "Die Rekursion stimmt."),
        (SINK, "这个递归是对的。"),
        (SINK, "The depth-first search visits each cell."),
        ("seen = {}\n", "The dictionary holds each number."),
        ("seen := map[string]int{}\n", "The hash map holds each number."),
        ("const m = new Map<number, number>();\n", "Using a Map keeps it short."),
        ("Set<Integer> s = new HashSet<>();\n", "The hash set does its work."),
        ("while lo < hi:\n    mid = (lo + hi) // 2\n", "The binary search halves the range well."),
        ("while (lo < hi) { lo++; }\n", "The two pointers meet in the middle."),
        ("best = max(best, i - start + 1)\n", "The sliding window never shrinks."),
        ("words.sort_by(|a, b| b.cmp(a));\n", "Sorting costs most of the time here."),
        ("st = []\nst.append(c)\nst.pop()\n", "The stack is empty in the end."),
        ("dp[i] = dp[i - 1] + dp[i - 2]\n", "The dynamic programming is right."),
        ("std::priority_queue<int> q;\n", "The heap grows to n entries."),
    ],
)
def test_what_the_code_does_gives_nothing_away_by_its_name(code: str, text: str) -> None:
    assert is_named(text)
    assert not is_named(text, code=code)


@pytest.mark.parametrize(
    "code",
    [
        "def climb(n):\n    return n\n\nprint(climb(3))\n",
        "int twice(int n) {\n    return n + n;\n}\nint main() {\n    return twice(2);\n}\n",
        "function add(a, b) {\n  return a + b;\n}\nadd(1, 2);\n",
    ],
)
def test_a_function_that_others_call_is_not_recursive(code: str) -> None:
    assert "recursion" not in techniques_used(code)


@pytest.mark.parametrize(
    "text",
    [
        "Your greedy loop keeps the best sum.",
        "Du hast eine Tiefensuche geschrieben.",
        "Tu búsqueda binaria va bien.",
        "Your graph in `needs` is right.",
    ],
)
def test_what_is_said_to_be_the_candidate_s_own_is_no_news_unless_it_is_kept_back(text: str) -> None:
    assert not is_named(text)
    assert is_named(text, kept=text)


@pytest.mark.parametrize(
    "text", ["Your loop could use a stack.", "You should use a heap.", "If you use a trie, it gets fast."]
)
def test_a_suggestion_is_not_the_candidate_s_own(text: str) -> None:
    assert is_named(text)


def test_sorted_input_is_known_where_the_problem_speaks_of_it_and_the_order_to_sort_is_not() -> None:
    problem = "Return the merged intervals, sorted by start."

    assert not is_named("Is your result sorted?", problem=problem)
    assert is_named("Sort the intervals first.", problem=problem)
    assert not is_named("Sort the intervals first.", problem="Sort the intervals.")
