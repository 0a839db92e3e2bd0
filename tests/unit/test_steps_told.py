"""Solutions told in prose, in several languages, and what only sounds like one."""

from __future__ import annotations

import time

import pytest

from tasks.steps_told import (
    HINTS_ALLOWED,
    REPLIES_ALLOWED,
    SMALL_STEPS_ALLOWED,
    check_steps,
    check_suggested,
    steps_told,
)

SOLUTIONS = {
    "pairs": (
        "The trick is to remember what you have passed. Walk over the list a single time. At each"
        " number, work out what would complete the pair, and see if you have already stored it. "
        "If so, hand back the two positions. If not, save this number along with its position."
    ),
    "intervals": (
        "Sort the intervals by their start. Then go through them one by one and compare each with"
        " the last one you kept. If they overlap, extend the end of the last one; otherwise "
        "append the new interval. Finally return the list you built."
    ),
    "two ends": (
        "You can solve this by keeping two counters, one for each end. Start one at the left and "
        "one at the right. Compute the sum of both values. If the sum is too small, move the left"
        " one up; if it is too large, move the right one down. Stop and return the positions when"
        " the sum fits."
    ),
    "brackets": (
        "Push every opening bracket onto a pile. When a closing bracket comes, pop the top one "
        "and check whether it matches. If it doesn't, return false. At the end, return whether "
        "the pile is empty."
    ),
    "coins": (
        "Start with the smallest amounts. For each amount, try every coin, look up the answer for"
        " what is left and add one. Keep the smallest of these. Store it, and in the end return "
        "the entry for the full amount."
    ),
    "French, with pebbles": (
        "Tu poses une marque devant la première lettre. Chaque fois que tu trouves une marque, tu "
        "regardes quels mots commencent là. Pour chacun, tu marques la fin du mot. Si la dernière "
        "case est marquée, la réponse est oui."
    ),
    "Spanish, with boxes": (
        "Avanzas de casilla en casilla. Cada vez que llegas a una, anotas su valor y miras si ya "
        "lo tenías. Si es así, la respuesta es verdadera."
    ),
    "Japanese, with a queue": (
        "0 の科目をすべて列に並べます。先頭から一つ取り出して答えに加えます。待っている科目の数を"
        "1 減らします。これを空になるまで繰り返します。最後に答えを返します。"
    ),
    "Chinese, with a queue": (
        "先把没有要求的课放进队列。每次取出一门课,加入答案,再把等它的课的计数减一。重复到队列为空,"
        "最后返回答案。"
    ),
    "German": (
        "Gehe die Zahlen einmal der Reihe nach durch. Speichere jede Zahl mit ihrer Position in "
        "einer Tabelle. Ziehe die Zahl vom Ziel ab und prüfe, ob der Rest schon in der Tabelle "
        "steht. Wenn ja, gib beide Positionen zurück, sonst trage die Zahl ein."
    ),
    "Spanish": (
        "Recorre la lista una sola vez. Para cada número, resta su valor del objetivo y busca el "
        "resultado en lo que ya guardaste. Si está, devuelve las dos posiciones; si no, guarda el"
        " número con su índice."
    ),
    "French": (
        "Parcours le tableau une seule fois. Pour chaque nombre, calcule ce qui manque pour "
        "atteindre la cible et vérifie si tu l'as déjà stocké. Si oui, renvoie les deux indices ;"
        " sinon, ajoute le nombre avec son indice."
    ),
    "Portuguese": (
        "Percorra a lista uma vez. Para cada número, calcule quanto falta para o alvo e verifique"
        " se ele já foi guardado. Se sim, retorne os dois índices; se não, armazene o número com "
        "seu índice."
    ),
    "Italian": (
        "Scorri la lista una volta sola. Per ogni numero calcola quanto manca al totale e "
        "controlla se lo hai già salvato. Se sì, restituisci i due indici; altrimenti conserva il"
        " numero con il suo indice."
    ),
    "Russian": (
        "Пройди по списку один раз. Для каждого числа вычисли, сколько не хватает до цели, и "
        "проверь, сохранено ли уже такое число. Если да, верни оба индекса, если нет, сохрани "
        "число вместе с индексом."
    ),
    "Chinese": (
        "遍历一次数组，对每个数计算目标与它的差，检查这个差是否已经保存。如果在，就返回两个下标；"
        "如果不在，就把这个数和下标保存起来。"
    ),
    "Japanese": (
        "リストを一度だけ順に見て、各数について目標との差を計算し、その差がすでに記録されているか"
        "調べます。あれば二つの位置を返し、なければその数を位置と一緒に記録します。"
    ),
    "window": (
        "Here's the plan: you'd iterate over the string with a left edge and a right edge. As you"
        " move right, you record where each letter was last seen; if the letter is already inside"
        " the window, you jump the left edge past it. Update the best length each time, and "
        "return it."
    ),
    "islands": (
        "For each cell that is land, count one, then visit all of its neighbours and mark them as"
        " seen. Repeat until nothing is left to visit. Return the count."
    ),
}

HINTS = {
    "an example by hand": (
        "Take the example 2, 7, 11, 15 and go through it by hand. Write down what you looked at "
        "after each number. Which of these notes did you need again? Compare that with what your "
        "two loops do. What would you like to remember?"
    ),
    "one partner": (
        "Your loop checks every pair. For each number, there is exactly one partner. Think about "
        "what you would have to know at that moment to decide at once. Then try it with 3, 3 and "
        "the target 6."
    ),
    "the last line": (
        "Look at the last line. It returns true whatever happened before. Run your code on a "
        "single opening bracket, keep an eye on the variable, and see what it holds at the end."
    ),
    "a print": (
        "Your function stores the sum before it checks the bound. Change nothing yet. First add a"
        " print for the value in line 4 and run the smallest failing test. Does it print what you"
        " expect?"
    ),
    "large k": (
        "Read the statement again: which values may k take? Pick a k that is larger than the "
        "list, and compute by hand what each of the three calls does. Where does it go out of "
        "range?"
    ),
    "German": (
        "Nimm das Beispiel und rechne es von Hand durch. Notiere nach jedem Schritt, was in der "
        "Variablen steht. Vergleiche das mit deiner Erwartung. Prüfe dann die letzte Zeile: Was "
        "gibt sie zurück, wenn die Liste leer ist?"
    ),
    "Spanish": (
        "Toma el ejemplo y recórrelo a mano. Anota el valor de la variable después de cada paso y"
        " compáralo con lo que esperas. ¿En qué paso aparece la primera diferencia? Busca la "
        "línea que la produce."
    ),
    "French": (
        "Prends l'exemple et parcours-le à la main. Note la valeur après chaque étape, et compare"
        " avec ce que tu attends. Regarde ensuite la dernière ligne : que renvoie-t-elle quand la"
        " liste est vide ?"
    ),
    "the smallest case": (
        "Start with the smallest case you can think of. Work out the answer on paper, and count "
        "how many calls your function makes. Then do the same for the next size, and compare the "
        "two counts. What grows faster than you would like?"
    ),
    "Chinese": (
        "先用手算一遍示例，记录每一步变量的值，再和你的预期比较。检查最后一行在列表为空时会返回什么？"
    ),
    "Japanese": (
        "まず例を手で計算し、各ステップで変数の値を書き留めてください。次に、リストが空のとき最後"
        "の行が何を返すか確認しましょう。"
    ),
    "empty list": (
        "Test your code with an empty list and with one element. Check what each line does then. "
        "If the first line fails, think about which value it should compare with. Add that test "
        "to your own set, and run all of them again."
    ),
    "two bounds": (
        "You compute the middle correctly. Now check the two updates. In the first one you move "
        "the left bound past the middle. Does the second do the same on the other side? Find a "
        "list of two elements where it matters, and run it."
    ),
    "small goals": (
        "Sound thinking. Before you go on, set a small goal: make the first three tests pass. Use"
        " the example, look at the output, and fix the first difference that you find. Then take "
        "the next one."
    ),
}


def is_told(text: str, *said: str) -> bool:
    return bool([*check_steps("hint", [None, text], said, HINTS_ALLOWED)])


@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_solution_told_in_prose_is_found(name: str) -> None:
    assert is_told(SOLUTIONS[name])
    assert is_told(SOLUTIONS[name].upper())


@pytest.mark.parametrize("name", HINTS)
def test_what_makes_somebody_think_is_no_solution(name: str) -> None:
    assert not is_told(HINTS[name])


def test_what_a_candidate_said_is_no_news() -> None:
    own = "I would go through the list, store every number, check if the rest is there and return both."

    assert not is_told(SOLUTIONS["pairs"], own)
    assert is_told(SOLUTIONS["pairs"], "Walk, store, check, return: give me that.")
    assert is_told(SOLUTIONS["pairs"], "Should I store it, look it up, compute and return?")


def test_where_steps_are_to_be_helped_with_fewer_are_too_many() -> None:
    some = "Go through the list. Keep a note of each value. Check whether the rest is there. Store it."

    assert is_told(some)
    assert not [*check_steps("reply", [some], [], SMALL_STEPS_ALLOWED)]
    assert [*check_steps("reply", [SOLUTIONS["pairs"]], [], SMALL_STEPS_ALLOWED)]


@pytest.mark.parametrize(
    "text", ["then " * 1_600, "for each " * 900, "look " * 1_600, "," * 8_000, "gib " * 2_000]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    steps_told(text)

    assert time.process_time() - started < 0.5


METHODS = [
    "You need to store every number you pass and check whether the missing one is already stored.",
    "Remember the last open bracket and compare each closing one with it.",
    "Start with the two ends, move the smaller side inward and keep the largest area.",
    "Keep the best result for each amount and look it up before you compute it again.",
    "Speichere jede Zahl, die du siehst, und prüfe vor dem Speichern, ob der Rest schon da ist.",
    "Guarda cada número con su índice y busca el complemento antes de seguir.",
    "Garde chaque nombre avec son indice, puis vérifie si le complément est déjà là.",
    (
        "Count each letter of the first word, then take one off for every letter of the second, and "
        "return "
        "false if a count drops below zero."
    ),
    (
        "Whenever you meet land, turn it into water and visit its neighbours until none is left. Count "
        "how "
        "often you start anew. The answer is that count."
    ),
    "把每个数字存储起来,然后检查目标减去当前数字是否已经存在。",
    (
        "Put each course without needs in a line, take the first one out, and lower the count of those "
        "behind "
        "it."
    ),
]
"""Replies that tell the method in a sentence or two."""

QUESTIONS = [
    (
        "Good question. The string may be empty, and then it is valid. Before you write the loop, tell "
        "me which "
        "brackets you would need to remember at position three."
    ),
    (
        "Thanks for walking me through it. Let's take [3, 1, 2] and look at what `best` holds after "
        "each round. "
        "What would you expect at the end, and what do you see?"
    ),
    (
        "I see that you keep the best sum in `best` and compare it with each new one. What happens if "
        "all "
        "numbers are negative?"
    ),
    (
        "Your loop goes over all pairs, so it visits n squared of them. Which of these visits tell you "
        "something new?"
    ),
    (
        "You store each word and its count, then sort by count. What should come first if two words "
        "have the "
        "same count?"
    ),
    (
        "Take your time. Maybe start with one small case on paper, and count how many ways there are. "
        "Then tell "
        "me what you notice."
    ),
    (
        "Nice, the first part holds. Let us check the claim about the cost: how often is line 5 run "
        "for a list "
        "of 1000 numbers?"
    ),
    (
        "That's fine, you can use any language you like. Please read the signature again and tell me "
        "what your "
        "function should return for an empty list."
    ),
    (
        "Ja, das stimmt soweit. Prüfe bitte noch einmal die Schleife: welchen Wert hat `i` im letzten "
        "Durchlauf?"
    ),
    "Bien. Comprueba con [1, 1, 2] qué guarda `seen` después de cada vuelta. ¿Qué devuelve tu función?",
    (
        "D'accord. Essaie d'abord avec un exemple court, et note la valeur de `best` à chaque tour. "
        "Que renvoie "
        "ta fonction ?"
    ),
    (
        "You said you'd keep the largest so far. Does one number tell you enough, or do you need to "
        "know more "
        "about what came before?"
    ),
    (
        'Take the input "abba" and go through it with me: at each letter, say what `start` is. Where '
        "does it go "
        "back?"
    ),
    "好的。先用一个小例子检查一下,看看每一轮之后 `best` 是多少。你的函数会返回什么?",
]
"""Replies that ask, trace an example, or say what the candidate's code does."""


@pytest.mark.parametrize("text", METHODS)
def test_an_interviewer_who_is_to_ask_tells_no_method_in_two_steps(text: str) -> None:
    assert [*check_steps("reply", [text], [], REPLIES_ALLOWED)]


@pytest.mark.parametrize("text", QUESTIONS)
def test_an_interviewer_may_trace_an_example_and_speak_of_the_candidate_s_code(text: str) -> None:
    assert not [*check_steps("reply", [text], [], REPLIES_ALLOWED)]


@pytest.mark.parametrize(
    "text",
    [
        "What if you kept the ends? Shouldn't you look at the smallest first? Couldn't you then replace it?",
        "Why don't you sort it? Wouldn't you then see the pairs? And isn't the count the answer?",
        "Solltest du nicht zuerst sortieren? Könntest du dann nicht vergleichen? Wäre es nicht dann fertig?",
    ],
)
def test_a_row_of_questions_that_tell_what_to_do_is_a_way(text: str) -> None:
    assert [fault.is_must for fault in check_suggested("hint", [text])] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "What if the list is empty? What does line 3 do then? And which value is in `end`?",
        "Which room is free at 10? Who needs one then? What do you count?",
        "Could you trace the example? Isn't the second value odd? What comes next?",
    ],
)
def test_open_questions_are_none(text: str) -> None:
    assert [*check_suggested("hint", [text])] == []


@pytest.mark.parametrize(
    "text",
    [
        "Ton code regarde chaque mot plusieurs fois. Écris les appels pour un texte. Lesquels reviennent ?",
        "Prends le plus petit exemple. Note la valeur après chaque tour. Où change-t-elle ?",
        "小さな例で手で追ってみましょう。`missing` の値が 0 の科目はどれですか。その次に何が分かりますか。",
        "用一个小例子手动走一遍。第 3 行之后列表里有什么?哪一门课现在可以上?",
    ],
)
def test_a_nudge_in_other_languages_is_no_way(text: str) -> None:
    assert not is_told(text)
