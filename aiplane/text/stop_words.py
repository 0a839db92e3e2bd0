"""Words that carry no meaning of their own, by language: what a text is written in shows in them.

The lists are short: a text of a dozen words holds several of them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from aiplane.text.folding import folded

if TYPE_CHECKING:
    from collections.abc import Mapping

_LISTS = {
    "en": "a about after again all also an and any are as at be because been before but by can could did do "
    "does each for from had has have he how i if in into is it its just let like may me more most my "
    "need no not now of on once one only or other our out own she should so some than that the their "
    "them then there these they this those to too up us was we were what when where which while who "
    "why will with would you your",
    "de": "aber alle als also am an auch auf aus bei bis da damit dann das dass dein deine deinem deinen "
    "dem den denn der des dich die dir doch du durch ein eine einem einen einer es fur hast hat hier "
    "ich im in ist ja jede jeden kann kein keine man mehr mit nach nicht noch nur ob oder schon sein "
    "sich sie sind so uber um und von vor war was welche welcher wenn werden wie wird wo wurde zu zum "
    "zur",
    "es": "al algo aqui asi cada como con cual cuando cuantas de del desde donde el ella en entre es esa "
    "ese eso esta estas este esto estos fue ha has hasta hay la las le lo los mas me mi muy no nos o "
    "para pero por porque pues que se ser si sin sobre solo su sus tambien te tiene tu tus un una uno "
    "unos y ya",
    "fr": "a au aussi aux avec avez c ce cela ces cette chaque comme d dans de des donc du elle en encore "
    "est et etre il ils j je l la le les leur lors lui m ma mais me meme n ne nous on ont ou par pas "
    "plus pour qu que quel quelle qui s sa sans se ses si son sont sur t ta te tes ton tous tout tu "
    "un une vers vos votre vous y",
    "it": "a ai al alla anche c che chi ci come con cosa cui da dal dalla dei del della delle di dove e ed "
    "era essere gli ha hai ho i il in io l la le lo loro ma mi nel nella non o ogni per perche piu "
    "poi puoi quale quando quella quello questa questo se sei si solo sono su sua sul suo ti tra tu "
    "tua tuo un una uno",
    "pt": "a ao aos as ate com como da das de del dele do dos e ela ele em entre era essa esse esta este eu "
    "foi ha isso isto ja lhe mais mas me mesmo meu na nao nas no nos num numa o os ou para pela pelo "
    "por porque qual quando que quem se sem ser seu sua so tambem te tem um uma voce",
    "nl": "aan als bij dan dat de deze die dit door een en er er geen haar heb hebben heeft het hij hoe hun "
    "ik in is je jij jouw kan maar meer met mij naar niet nog nu of om omdat ook op over te toen tot "
    "uit van voor waar was wat we wel welke werd wie wij worden wordt zal ze zich zijn zo zou",
    "pl": "ale bez bo by byc byl być co czy dla do gdy go i ich ile im jak jako je jego jej jest jesli "
    "jeszcze juz kazdy ktora ktore ktory lub ma mi mnie moze na nad nie niz o od oraz po pod przez "
    "przy sie sa ta tak tam te ten to tu twoj tylko w wiec wszystko z za ze",
    "sv": "alla att av bara behover den denna det detta din ditt du eller en ett fran for gor har hur i "
    "inte jag kan man med men mer nar nu och om pa sa sedan sig sin ska skulle som till ut vad var "
    "varje vi vid ar",
    "da": "af alle at blive da de den denne der det dette din dit du efter eller en er et for fra gor har "
    "hun hvad hver hvis hvor hvordan i ikke jeg kan kun man med meget men mere nar nu og om op pa sa "
    "sig skal som til ud var ved vil",
    "tr": "ama bir bu bunu cok da daha de degil diye en gibi hangi her icin ile ise kadar ki mi mu ne neden "
    "nasil olan olarak once o sonra sen senin su tum ve veya ya yani",
    "ru": "а без бы был быть в вам вас весь во вот вы где да даже для до его если есть еще же за и из или "
    "их к как какие какои когда кто ли мне можно мы на над не нет но ну о об он она они от по под при "
    "с свои сеичас со так там твои твоя твое тебе тебя то тогда только ты у уже чем что чтобы эта это "
    "этот я",
    "uk": "а або але без бо був бути в вас вже ви вони все де для до з за и із їх и його і коли котрии ле "
    "ми на над не ні о от по при про с та так те ти тільки то у це цеи цього чи чому що щоб як якщо "
    "яка яки якии",
}

STOP_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {language: frozenset(folded(words).split()) for language, words in _LISTS.items()}
)
"""The lists by language, as ISO 639-1 names it."""

ANY_STOP_WORD = frozenset[str]().union(*STOP_WORDS.values())
"""All of them together."""
