"""Pairs of questions that ask for the same, and pairs that only sound like it."""

from __future__ import annotations

import pytest

from aiplane.coaching.asked import asks_the_same

SAME = [
    ("What is the time complexity of your solution?", "What's the time complexity now?"),
    (
        "How does the running time grow with the input?",
        "And how would the running time grow with larger input?",
    ),
    ("How does the running time grow with the input?", "how does the running time grow with the input"),
    ("What happens if the list is empty?", "And what if the list were empty?"),
    ("Which edge cases should we test?", "What edge cases would you test?"),
    (
        "How would you handle duplicate values in the array?",
        "What about duplicate values in the array, how do you handle them?",
    ),
    ("Wie verhält sich dein Code bei einer leeren Liste?", "Was macht dein Code mit einer leeren Liste?"),
    ("¿Qué pasa si la lista está vacía?", "¿Y qué pasaría si la lista estuviera vacía?"),
    ("Que se passe-t-il si le tableau est vide ?", "Et si le tableau est vide, que se passe-t-il ?"),
    ("如果数组为空会怎样？", "数组为空的话会怎样呢？"),
    ("What is the running time of your solution?", "What is the time complexity of your solution?"),
    (
        "What is the time complexity of your loop together with find?",
        "So how long do the loop and find take, expressed as a complexity?",
    ),
    ("How much time does the search take?", "How long does the search take?"),
    ("Can you reduce the memory usage?", "Could you reduce the space complexity?"),
    ("What does your function return for n = 2?", "So what does your function return for n = 2?"),
]

OTHER = [
    (
        "What is the time complexity of your solution?",
        "What is the space complexity of your solution, and could you bring it down?",
    ),
    ("What's your plan?", "What would your code do if k were larger than the length of the array?"),
    ("What does your function return for n = 2?", "What does your first line do when n is 0?"),
    ("What does your function return for n = 2?", "What does your function return for n = 0?"),
    ("What happens if the list is empty?", "What happens if the list has one element?"),
    ("What is the best case for your algorithm?", "What is the worst case for your algorithm?"),
    ("How would you test the function?", "How would you name the function?"),
    (
        "Which data structure would you use to store the values?",
        "Which data structure would you use to find the minimum quickly?",
    ),
    ("Was ist die Zeitkomplexität deiner Lösung?", "Was ist die Platzkomplexität deiner Lösung?"),
    ("¿Cuál es la complejidad temporal de tu solución?", "¿Cuál es la complejidad espacial de tu solución?"),
    ("What would you change to make this faster?", "What would you change to use less memory?"),
    (
        "How do you keep track of the range that is left?",
        "Which of the two would you like to use, and what would have to change for it?",
    ),
    ("What is the smallest input?", "What is the largest input?"),
    ("Why did you choose a stack?", "Why did you choose a queue?"),
    ("What does the outer loop do?", "What does the inner loop do?"),
    ("How many times does the outer loop run?", "How many times does the inner loop run?"),
    ("How long does the search take?", "How long is the list that the search returns?"),
    ("How long does the outer loop take?", "How long does the inner loop take?"),
    (
        "What is the time complexity of your loop together with find?",
        "How would a set change the time of your loop?",
    ),
    ("Which calls does climb(2) make?", "Which calls does climb(0) make?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_is_asked_in_other_words(one: str, other: str) -> None:
    assert asks_the_same(one, other)
    assert asks_the_same(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_something_else_is_asked_in_nearly_the_same_words(one: str, other: str) -> None:
    assert not asks_the_same(one, other)
    assert not asks_the_same(other, one)


def test_a_question_is_itself() -> None:
    assert asks_the_same("Why?", " why ?")
    assert not asks_the_same("Why?", "How?")
