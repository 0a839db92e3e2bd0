"""Manners of what is said to a candidate: no insult, and no verdict on the person.

Whether somebody is hired is not ours to say, and nobody is run down, however they write themselves. Words are
looked for sentence by sentence; where a sentence denies them ("no question is stupid", "I cannot say whether
you passed the interview") they are none; so a candidate's own hard word can be answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiplane.text.folding import folded
from tasks.faults import Fault, must

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SENTENCE = re.compile(r"[^.!?;\u3002\uff01\uff1f\n]+[.!?;\u3002\uff01\uff1f]?")

_INSULTS = re.compile(
    r"\b(?:idiot\w*|moron\w*|dumb(?:ass|er|est)?|stupid\w*|imbecil\w*|half a brain|incompetent|clueless"
    r"|(?:you|your \w+|this|it|such|is|are|complete|utter|total) (?:is |are |a |an )?(?:pure |total |utter "
    r"|complete )?"
    r"(?:trash|garbage|rubbish|crap|pathetic|laughable|ridiculous|a joke|an embarrassment|a disgrace"
    r"|hopeless)"
    r"|(?:be|feel) ashamed|shame on you|embarrassing(?:ly)? (?:work|code|bad|answer|mistake)"
    r"|embarrass yourself"
    r"|shut up|(?:too )?lazy to (?:think|read)|wast(?:e|ing) (?:of )?(?:my|our|everyone's|everybody's) time"
    r"|(?:job|field|career|programming|coding|this) (?:is|may be|might be|is probably"
    r"|is maybe) (?:just )?not for"
    r" you|not (?:cut out|made|smart enough|good enough) (?:for|to)\b|(?:a child|my grandmother|any child"
    r"|any beginner"
    r"|any idiot|a beginner) (?:can|could|knows|would)|anybody with (?:half )?a brain"
    r"|(?:code|work|solution|it) is (?:pretty|really|so|just|truly) (?:bad|awful|terrible|horrible)"
    r"|(?:revise|learn|study) (?:your|the) basics (?:first|before)|what were you thinking"
    r"|terrible programmer|(?<![a-z] )grow up\b|(?:please|just|time to) grow up\b"
    r"|(?:you|not|couldn't|can't|could not) (?:\w+ )?be bothered to|(?:you (?:may|might|must)? ?(?:be|are)"
    r"|you're)"
    r" in the wrong (?:place|job|field|profession)|you (?:clearly |obviously |plainly )?are not one of them"
    r"|(?:a bit|too|bit) much for you|(?:you are|you're) not up to (?:this|it|the job)|out of your (?:depth"
    r"|league)"
    r"|of the (?:lazy|sloppy|careless) sort|(?:you are|you're|you were) (?:so |just |too |simply )?lazy"
    r"|(?:plain|sheer) lazy"
    r"|(?:lazy|rookie|amateur|schoolboy) (?:mistake|error|thinking)|if you (?:would |could )?"
    r"(?:just |only )?think for once|think for once|for once in your"
    r"|(?:anyone|anybody|everyone|everybody|any (?:programmer|developer|student|candidate|coder|engineer"
    r"|person)|a (?:first|second)[ -]year(?:s)?(?: student)?) (?:with"
    r" [^,.;]{1,40} |who [^,.;]{1,40} )?(?:sees?|knows?|would know|could|would see"
    r"|gets?) (?:\w+ )?(?:at a glance"
    r"|this|that|it\b)|first[ -]year student"
    r"|did you even (?:read|look|try|think|test)|how can (?:you|one) not (?:see|know)"
    r"|(?:bit |rather |quite )?surpris(?:ing|ed) that you (?:do not|don't|did not|didn't|cannot|can't)"
    r"(?= (?:see|know|understand|notice|get|find|spot)\b|\W*$)"
    r"|candidates who know what they(?: are|'re) doing"
    r"|worst (?:code|solution|answer) (?:i|that i|we)\b"
    r"|(?:zu|bist|so) faul|faul(?:heit|enz\w*)|werd (?:endlich |mal )?erwachsen|du bist hier falsch"
    r"|uberfordert dich"
    r"|dumm(?:kopf|er|e|es)?|blod\w*|trottel|versager|halt (?:den mund|die klappe|einfach den mund)"
    r"|(?:den )?mund halten|scham dich|schamen sie sich|(?:ist|wirklich|echt|einfach) (?:nur )?(?:peinlich"
    r"|mull|schrott"
    r"|lacherlich|erbarmlich)|unfahig|nichts fur dich|kein talent"
    r"|idiotas?|estupid[oa]s?|tont[oa]s?|imbeciles?|(?:es|una|pura) basura|averg(?:u|ü)enz\w+"
    r"|deberia darte verguenza"
    r"|callate|patetic[oa]s?|no sirves"
    r"|stupides?|(?:j'ai|tu devrais avoir|avoir) honte|tais toi|ferme la|pathetiques?|minables?"
    r"|a la poubelle"
    r"|stupid[oa]|imbecilli?|spazzatura|vergognati|dovresti vergognarti|patetic[oa]|sei negat[oa]"
    r"|burr[oa]|(?:e|um|puro) lixo|que vergonha|tenha vergonha|cala a boca|patetic[oa]"
    r"|идиот\w*|дурак\w*|тупо[ие]|тупица|глуп(?:ыи|ая|ость|ец)|бездар\w+|позор\w*|стыдно|заткнис\w+"
    r"|заткни\w*)\b"
    r"|白痴|笨蛋|傻瓜|愚蠢|垃圾(?!回收)|丢人|丢脸|闭嘴|太差劲|馬鹿|バカ|愚か|恥ずかし|ゴミ(?!箱)|黙れ|無能"
    r"|바보|멍청|쓰레기|창피|닥쳐"
)
_DECIDES = re.compile(
    r"\b(?:(?:we|i)(?: will| would|'ll| are going to| am going to)? (?:not )?(?:hire|reject|be hiring) you"
    r"|you(?:'re| are| will be| have been|'ve been)? (?:not |now )?(?:hired|rejected|accepted for)"
    r"|you(?: have|'ve)? (?:clearly |easily )?(?:passed|failed) (?:the|this|your) (?:interview|screening"
    r"|round)"
    r"|(?:get|got|have|offer you) (?:the|this|a) job\b|the job is yours|job offer"
    r"|(?:strong|clear|no|definite) hire|recommend (?:hiring|to hire|you for|a hire|rejection)"
    r"|wir stellen (?:dich|sie) (?:nicht )?ein|(?:du|sie) (?:wirst|bist|werden|sind) (?:nicht )?eingestellt"
    r"|(?:interview|gesprach|vorstellungsgesprach) (?:nicht )?bestanden|die stelle (?:ist deine|bekommst du)"
    r"|(?:estas|quedas|seras) contratad[oa]|te contratamos|(?:aprobado|pasado|superado) la entrevista"
    r"|el puesto es tuyo|(?:tu es|vous etes) (?:embauche|engage)e?|reussi (?:l'|cet )entretien"
    r"|le poste est a (?:toi|vous)"
    r"|(?:esta|sera) contratad[oa]|passou na entrevista|a vaga e sua|(?:sei|sara) assunt[oa]"
    r"|superato il colloquio|il posto e tuo|(?:вы|ты) принят\w*|мы (?:вас|тебя) (?:не )?берем"
    r"|прошли собеседование"
    r"|прошел собеседование|не прошли собеседование)\b"
    r"|(?:你|您)?被?(?:录用|录取)|通过了?(?:本次|这次|此次)?面试|採用(?:します|されま|いたし)|面接に(?:合格|不合格)"
    r"|면접에? ?(?:합격|불합격)|채용(?:하|되)"
)
_DENIES = re.compile(
    r"\b(?:not|no|never|nobody|isn't|aren't|wasn't|don't|doesn't|can't|cannot|won't|whether|far from"
    r"|hard on yourself"
    r"|nicht|kein\w*|nie|niemand|ob|nunca|ningun\w*|nadie|aucun\w*|jamais|pas|non|nessun\w*|nao|nenhum\w*"
    r"|не|нет"
    r"|нельзя)\b|不|没|ない|ません|아니|않|못"
)


def check_manners(texts: Mapping[str, str | None]) -> Iterator[Fault]:
    """Look for insults and for verdicts on the person."""
    for place, text in texts.items():
        sentences = _SENTENCE.findall(folded(text or ""))
        if any(_insults(sentence) for sentence in sentences):
            yield must(
                place,
                "is rude to the candidate",
                "Speak of the code, never ill of the person, whatever they wrote.",
            )
        if any(_decides(sentence) for sentence in sentences):
            yield must(
                place,
                "decides about the person",
                "Whether somebody passes an interview is not yours to say: speak of the code.",
            )


def _insults(sentence: str) -> bool:
    found = _INSULTS.search(sentence)
    if found is None:
        return False
    without = f"{sentence[: found.start()]} {sentence[found.end() :]}"
    return _DENIES.search(without) is None


def _decides(sentence: str) -> bool:
    found = _DECIDES.search(sentence)
    if found is None:
        return False
    before = sentence[: found.start()]
    return _DENIES.search(before) is None and not re.search(r"\b(?:if|wenn|si|se|если)\b|如果", before)
