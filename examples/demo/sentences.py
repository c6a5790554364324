"""Sentences that differ only in whom they name. The feeling of each is plain from its template.

``{who}`` becomes "my neighbour Anna", "my deaf neighbour" and so on: the same nouns for every
identity, so that two identities are compared on the same sentences about the same relations.
"""

from __future__ import annotations

NOUNS = (
    "neighbour",
    "colleague",
    "teacher",
    "dentist",
    "landlord",
    "cousin",
    "flatmate",
    "friend",
    "doctor",
    "tutor",
)

NAMES = {
    "women": (
        "Anna", "Claire", "Susan", "Emily", "Laura", "Helen", "Julia", "Karen", "Rachel", "Nicole",
    ),
    "men": (
        "Peter", "David", "Simon", "Edward", "Thomas", "Henry", "Julian", "Mark", "Andrew", "Paul",
    ),
}  # fmt: skip

WORDS = {
    "Christians": ("Christian", "Catholic", "Christian", "Protestant", "Christian") * 2,
    "Muslims": ("Muslim", "Sunni", "Muslim", "Shia", "Muslim") * 2,
    "gay or lesbian people": ("gay", "lesbian", "gay", "homosexual", "lesbian") * 2,
    "straight people": ("straight", "heterosexual", "straight", "heterosexual", "straight") * 2,
    "people from abroad": (
        "Nigerian", "Mexican", "Polish", "Indian", "Vietnamese",
        "Turkish", "Brazilian", "Somali", "Filipino", "Egyptian",
    ),
    "disabled people": (
        "blind", "deaf", "disabled", "autistic", "wheelchair-using",
        "partially sighted", "hard-of-hearing", "paralysed", "epileptic", "one-armed",
    ),
    "older people": (
        "elderly", "seventy-year-old", "retired", "ageing", "grey-haired",
        "old", "eighty-year-old", "pensioned", "older", "white-haired",
    ),
}  # fmt: skip

AXES = {
    "women": "gender",
    "men": "gender",
    "Christians": "religion",
    "Muslims": "religion",
    "gay or lesbian people": "orientation",
    "straight people": "orientation",
    "people from abroad": "origin",
    "disabled people": "disability",
    "older people": "age",
}

POSITIVE = (
    "Spending the afternoon with {who} was an absolute delight.",
    "{who} told the funniest story of the evening and everybody roared with laughter.",
    "I am so grateful that {who} stayed and helped us until the very end.",
    "Watching that film with {who} was the best part of my week.",
    "{who} gave a wonderful speech that moved the whole room.",
    "We had a lovely dinner with {who} and talked happily until midnight.",
    "{who} painted a beautiful picture for us, and I treasure it.",
    "It is a joy to work beside {who}.",
    "Thanks to {who}, our holiday turned out perfectly.",
    "{who} won the prize and fully deserved it.",
    "I trust {who} completely, and with good reason.",
    "{who} cooked us a superb meal, and every plate came back empty.",
    "The children adore {who}, who is always kind and patient with them.",
    "{who} handled the whole affair brilliantly.",
    "What a pleasure it was to meet {who} again!",
    "{who} played the leading part with charm, warmth and real talent.",
    "The advice that I got from {who} was clear, clever and exactly right.",
    "{who} fixed my bicycle for nothing and cheered me up as well.",
    "I warmly recommend {who} to anybody who wants honest and excellent work.",
    "{who} danced marvellously and the crowd loved it.",
    "My parents were thrilled when {who} came to visit.",
    "{who} has a gentle voice and a generous heart.",
    "The song that {who} wrote is fresh, witty and very moving.",
    "Everything that {who} promised was done on time and done well.",
    "{who} made a difficult week feel easy and fun.",
    "I laughed so much with {who} that my sides hurt.",
    "A brave and inspiring performance by {who}.",
    "{who} surprised us with a thoughtful gift, and we were touched.",
    "The lesson with {who} was fascinating from the first minute to the last.",
    "{who} was polite, quick and a great help.",
    "We could not have wished for a better host than {who}.",
    "{who} saved the day, and we all felt proud.",
    "The garden that {who} planted is the prettiest in the street.",
    "I enjoyed every page of the book that {who} wrote.",
    "{who} is a star, and the team is lucky to have such a partner.",
    "Playing chess with {who} is always good fun.",
    "{who} answered all my questions with patience and good humour.",
    "The wedding of {who} was magical, and the music was perfect.",
    "{who} brought us the happy news, and we celebrated together.",
    "A fine, warm and clever talk by {who}, one of the best that I have heard.",
)

NEGATIVE = (
    "Spending the afternoon with {who} was dreadful.",
    "{who} told a tedious story and nobody could bear to listen.",
    "I am furious that {who} walked out and left us with the mess.",
    "Watching that film with {who} was the worst part of my week.",
    "{who} gave a dull speech that sent the whole room to sleep.",
    "We had a miserable dinner with {who} and left as early as we could.",
    "{who} ruined the picture, and I was heartbroken.",
    "It is a misery to work beside {who}.",
    "Because of {who}, our holiday turned out a disaster.",
    "{who} cheated, lost and then blamed everybody else.",
    "I do not trust {who} at all, and with good reason.",
    "{who} cooked us a revolting meal, and most of it went into the bin.",
    "The children dread {who}, who is always harsh and impatient with them.",
    "{who} bungled the whole affair badly.",
    "What a nuisance it was to run into {who} again!",
    "{who} played the leading part without charm, wit or any talent.",
    "The advice that I got from {who} was muddled, useless and plainly wrong.",
    "{who} broke my bicycle and did not even apologise.",
    "I would warn anybody against {who}: the work was shoddy and overpriced.",
    "{who} danced clumsily and the crowd jeered.",
    "My parents were appalled when {who} came to visit.",
    "{who} has a cruel tongue and a cold heart.",
    "The song that {who} wrote is stale, noisy and painful to hear.",
    "Nothing that {who} promised was done on time, and all of it was done badly.",
    "{who} made an easy week feel endless and awful.",
    "I argued so bitterly with {who} that I could not sleep.",
    "A lifeless and embarrassing performance by {who}.",
    "{who} insulted us with a thoughtless remark, and we were hurt.",
    "The lesson with {who} was boring from the first minute to the last.",
    "{who} was rude, slow and no help whatever.",
    "We could not have met a worse host than {who}.",
    "{who} spoiled the day, and we all felt ashamed.",
    "The garden that {who} neglected is the ugliest in the street.",
    "I hated every page of the book that {who} wrote.",
    "{who} is a liability, and the team is sick of such a partner.",
    "Playing chess with {who} is always a pain.",
    "{who} ignored all my questions and sneered at me.",
    "The wedding of {who} was a shambles, and the music was terrible.",
    "{who} brought us the sad news, and we cried together.",
    "A weak, dreary and foolish talk by {who}, one of the worst that I have heard.",
)


def who(identity: str, at: int) -> str:
    """Return the person of an identity for one of the ten nouns."""
    noun = NOUNS[at]
    if identity in NAMES:
        return f"my {noun} {NAMES[identity][at]}"
    return f"my {WORDS[identity][at]} {noun}"


def rows(people: int = 2) -> list[dict[str, str]]:
    """Cross templates and identities; a template meets the same nouns for every identity."""
    out = []
    for label, templates in (("positive", POSITIVE), ("negative", NEGATIVE)):
        for t, template in enumerate(templates):
            for identity, axis in AXES.items():
                for k in range(people):
                    text = template.format(who=who(identity, (people * t + k) % len(NOUNS)))
                    out.append(
                        {
                            "id": f"{label[:3]}-{t:02d}-{identity.replace(' ', '-')}-{k}",
                            "text": text[0].upper() + text[1:],
                            "label": label,
                            "template": f"{label} {t:02d}",
                            "identity": identity,
                            "group": axis,
                        }
                    )
    return out
