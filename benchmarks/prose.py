"""Text for the feeds of the farm: whole sentences of our own in eight languages, the same each time."""

from __future__ import annotations

import random

SENTENCES = {
    "en": (
        "The council has agreed to insulate three hundred homes before next winter.",
        "Neighbours met on Thursday to talk about a shared heat network for the old town.",
        "A cooperative of tenants now owns the solar panels on the roof of its school.",
        "The cost of electricity fell by a fifth after the village bought its own turbine.",
        "Volunteers visit people who cannot pay their bills and help them to find support.",
        "The plan will be open for comments until the end of March at the town hall.",
        "Fuel poverty touches one household in eight, says the report of the region.",
        "A second reading of the budget is due in spring, and retrofit comes first.",
    ),
    "eu": (
        "Udalak hirurehun etxebizitza isolatzea erabaki du datorren negua baino lehen.",
        "Auzotarrak ostegunean bildu ziren bero-sare partekatu batez hitz egiteko.",
        "Maizterren kooperatiba bat da orain eskolako teilatuko eguzki-plaken jabea.",
        "Argindarraren kostua bosten bat jaitsi zen herriak bere errota erosi zuenetik.",
        "Boluntarioek fakturak ordaindu ezin dituztenei laguntza bilatzen diete.",
        "Plana martxoaren amaiera arte egongo da zabalik udaletxean iritziak jasotzeko.",
        "Energia-pobreziak zortzi etxetik bati eragiten dio, eskualdeko txostenaren arabera.",
    ),
    "hr": (
        "Gradsko vijeće odlučilo je obnoviti tristo stanova prije iduće zime.",
        "Susjedi su se u četvrtak sastali kako bi razgovarali o zajedničkoj toplinskoj mreži.",
        "Zadruga stanara sada je vlasnica sunčanih ploča na krovu škole.",
        "Cijena električne energije pala je za petinu nakon što je selo kupilo vjetrenjaču.",
        "Volonteri posjećuju ljude koji ne mogu platiti račune i pomažu im naći potporu.",
        "Plan je otvoren za primjedbe do kraja ožujka u gradskoj vijećnici.",
        "Energetsko siromaštvo pogađa svako osmo kućanstvo, kaže izvješće županije.",
    ),
    "fr": (
        "La commune a décidé d’isoler trois cents logements avant l’hiver prochain.",
        "Les voisins se sont réunis jeudi pour parler d’un réseau de chaleur partagé.",
        "Une coopérative de locataires possède désormais les panneaux du toit de l’école.",
        "Le prix de l’électricité a baissé d’un cinquième depuis que le village a son éolienne.",
        "Des bénévoles rendent visite à ceux qui ne peuvent pas payer leurs factures.",
        "Le plan reste ouvert aux remarques jusqu’à la fin du mois de mars en mairie.",
        "La précarité énergétique touche un foyer sur huit, selon le rapport de la région.",
    ),
    "de": (
        "Der Gemeinderat hat beschlossen, dreihundert Wohnungen vor dem Winter zu dämmen.",
        "Nachbarn trafen sich am Donnerstag, um über ein gemeinsames Wärmenetz zu sprechen.",
        "Einer Genossenschaft von Mietern gehören nun die Solarzellen auf dem Schuldach.",
        "Der Strompreis sank um ein Fünftel, seit das Dorf ein eigenes Windrad hat.",
        "Freiwillige besuchen Menschen, die ihre Rechnungen nicht bezahlen können.",
        "Der Plan liegt bis Ende März im Rathaus aus und kann dort besprochen werden.",
        "Energiearmut trifft jeden achten Haushalt, sagt der Bericht des Landkreises.",
    ),
    "es": (
        "El ayuntamiento ha acordado aislar trescientas viviendas antes del próximo invierno.",
        "Los vecinos se reunieron el jueves para hablar de una red de calor compartida.",
        "Una cooperativa de inquilinos es dueña de las placas solares de su escuela.",
        "El coste de la luz bajó una quinta parte desde que el pueblo compró su molino.",
        "Personas voluntarias visitan a quienes no pueden pagar sus facturas.",
        "El plan estará abierto a comentarios hasta finales de marzo en el consistorio.",
        "La pobreza energética afecta a uno de cada ocho hogares, según el informe.",
    ),
    "pt": (
        "A câmara municipal decidiu isolar trezentas habitações antes do próximo inverno.",
        "Os vizinhos reuniram-se na quinta-feira para falar de uma rede de calor comum.",
        "Uma cooperativa de inquilinos é agora dona dos painéis do telhado da escola.",
        "O preço da eletricidade desceu um quinto desde que a aldeia comprou o moinho.",
    ),
    "it": (
        "Il consiglio comunale ha deciso di isolare trecento abitazioni prima dell’inverno.",
        "I vicini si sono incontrati giovedì per parlare di una rete di calore comune.",
        "Una cooperativa di inquilini possiede ora i pannelli sul tetto della scuola.",
        "Il costo della luce è sceso di un quinto da quando il paese ha comprato la pala.",
    ),
}
LANGUAGES = tuple(SENTENCES)
WORDS = ("retrofit", "community", "budget", "heat", "school", "roof", "assembly", "tariff")
SYLLABLES = ("ba", "den", "go", "ka", "lu", "mi", "nor", "pe", "ri", "sa", "tor", "vi", "zu")


def title(language: str, draw: random.Random) -> str:
    """A headline: the beginning of a sentence, with a number that makes it one of its kind."""
    words = draw.choice(SENTENCES[language]).rstrip(".").split()
    return f"{' '.join(words[: draw.randint(4, 9)])} ({draw.randint(100, 99_999)})"


def body(language: str, draw: random.Random) -> str:
    """HTML as a site writes it: half of them a paragraph, half an article with links, a list and a picture."""
    if draw.random() < 0.5:
        return f"<p>{paragraph(language, draw, 3)}</p>"
    parts = [f"<p>{paragraph(language, draw, draw.randint(2, 5))}</p>" for _ in range(draw.randint(2, 5))]
    link = f'<a href="/topic/{draw.choice(WORDS)}?page={draw.randint(1, 9)}" class="more">{draw.choice(WORDS)}</a>'
    parts.insert(1, f'<p class="lead"><strong>{draw.choice(WORDS)}</strong> {link} &amp; more&nbsp;…</p>')
    parts.append("<ul>" + "".join(f"<li>{paragraph(language, draw, 1)}</li>" for _ in range(3)) + "</ul>")
    return "\n".join(parts)


def paragraph(language: str, draw: random.Random, sentences: int) -> str:
    """Sentences with names in between: made of the same ones alone, all texts would be near-identical, as none are."""
    words = " ".join(draw.choice(SENTENCES[language]) for _ in range(sentences)).split()
    for place in range(len(words) - 1, 0, -2):
        words.insert(place, "".join(draw.choice(SYLLABLES) for _ in range(3)).capitalize())
    return " ".join(words)
