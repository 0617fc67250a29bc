"""A made-up newsroom: items in six languages from sources good and bad, and an editor with tastes that drift.

Nothing that a model sees is the editor's taste. That is made of hidden liking: for topics (which show in an item's
words alone, and in a tag only half of the time) and for the source's quality, of what the item is worth in itself
(which shows nowhere), of moods and of slips. Likings wander from item to item, and twice in a run one turns round.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from aggregator.learning.specimens import Specimen
from benchmarks.prose import SENTENCES

LANGUAGES = ("en", "eu", "hr", "fr", "de", "es")
BASE_RATE = 0.38
SLIPS = 0.06  # decisions that are the opposite of what was meant
MOOD = 0.7  # what an item is worth in itself and how the editor feels: nothing tells it
HABIT = 0.03  # there is room for so many a week: who has taken much becomes choosy
# What an item is about, in words of each language in the order above; `|` parts the ways of saying it.
TOPICS = {
    "energy-poverty": (
        "fuel poverty|cannot pay their heating|energy debts",
        "energia-pobrezia|berogailua ezin ordaindu|argindar-zorrak",
        "energetsko siromaštvo|ne mogu platiti grijanje|dugovi za struju",
        "précarité énergétique|ne peuvent plus se chauffer|impayés d’énergie",
        "Energiearmut|Heizung nicht bezahlen|Stromschulden",
        "pobreza energética|no pueden pagar la calefacción|deudas de luz",
    ),
    "retrofit": (
        "home insulation|deep retrofit|draughty windows",
        "etxeen isolamendua|birgaitze sakona|leiho zaharrak",
        "toplinska izolacija|energetska obnova zgrada|stari prozori",
        "isolation des logements|rénovation performante|fenêtres anciennes",
        "Gebäudedämmung|energetische Sanierung|undichte Fenster",
        "aislamiento de viviendas|rehabilitación integral|ventanas viejas",
    ),
    "community-energy": (
        "energy cooperative|citizens own the turbine|shared solar roof",
        "energia-komunitatea|herritarren kooperatiba|teilatu partekatua",
        "energetska zadruga|građani vlasnici|zajednički solarni krov",
        "coopérative citoyenne|communauté d’énergie|toit solaire partagé",
        "Bürgerenergie|Energiegenossenschaft|Mieterstrom auf dem Dach",
        "comunidad energética|cooperativa ciudadana|tejado solar compartido",
    ),
    "heat": (
        "district heating|heat pump|low temperature network",
        "bero-sarea|bero-ponpa|tenperatura baxuko sarea",
        "toplinska mreža|dizalica topline|centralno grijanje",
        "réseau de chaleur|pompe à chaleur|chaufferie bois",
        "Fernwärme|Wärmepumpe|Nahwärmenetz",
        "red de calor|bomba de calor|calefacción de distrito",
    ),
    "water": (
        "water in public hands|leaking pipes|drinking fountain",
        "ur publikoa|hodi hautsiak|edateko iturria",
        "javna vodoopskrba|puknute cijevi|pitka voda",
        "régie de l’eau|fuites du réseau|eau potable",
        "Wasserversorgung|undichte Leitungen|Trinkwasser",
        "agua pública|fugas en la red|agua potable",
    ),
    "housing": (
        "affordable rent|eviction stopped|tenants union",
        "alokairu soziala|etxegabetzea geldituta|maizterren sindikatua",
        "pristupačna najamnina|deložacija|udruga stanara",
        "loyers abordables|expulsion locative|syndicat de locataires",
        "bezahlbare Miete|Zwangsräumung|Mieterverein",
        "alquiler asequible|desahucio parado|sindicato de inquilinas",
    ),
    "transport": (
        "night bus|cycle lane|free tickets for pupils",
        "gaueko autobusa|bidegorria|doako txartelak",
        "noćni autobus|biciklistička staza|besplatne karte",
        "bus de nuit|piste cyclable|transports gratuits",
        "Nachtbus|Radweg|kostenlose Fahrkarten",
        "autobús nocturno|carril bici|billetes gratuitos",
    ),
    "jobs": (
        "vacancy|we are hiring|apply by friday",
        "lanpostua|langile bila|eskaera egin",
        "natječaj za posao|tražimo suradnika|rok prijave",
        "offre d’emploi|nous recrutons|candidature avant",
        "Stellenangebot|wir stellen ein|Bewerbungsfrist",
        "oferta de empleo|buscamos personal|plazo de solicitud",
    ),
    "sport": (
        "football cup|charity run|final score",
        "futbol txapelketa|lasterketa solidarioa|azken emaitza",
        "nogometni kup|humanitarna utrka|konačan rezultat",
        "coupe de football|course solidaire|score final",
        "Fußballpokal|Spendenlauf|Endstand",
        "copa de fútbol|carrera solidaria|resultado final",
    ),
    "sale": (
        "special offer|sponsored post|discount code",
        "eskaintza berezia|babestutako mezua|deskontu-kodea",
        "posebna ponuda|sponzorirani sadržaj|kod za popust",
        "offre spéciale|contenu sponsorisé|code promo",
        "Sonderangebot|gesponserter Beitrag|Rabattcode",
        "oferta especial|contenido patrocinado|código de descuento",
    ),
    "culture": (
        "jazz festival|open air cinema|book fair",
        "jazz jaialdia|aire zabaleko zinema|liburu azoka",
        "festival jazza|kino na otvorenom|sajam knjiga",
        "festival de jazz|cinéma en plein air|salon du livre",
        "Jazzfestival|Freiluftkino|Buchmesse",
        "festival de jazz|cine al aire libre|feria del libro",
    ),
    "democracy": (
        "citizens assembly|participatory budget|petition signed",
        "herritarren batzarra|aurrekontu parte-hartzailea|sinadura bilketa",
        "zbor građana|participativni proračun|peticija",
        "assemblée citoyenne|budget participatif|pétition signée",
        "Bürgerrat|Bürgerhaushalt|Unterschriften gesammelt",
        "asamblea ciudadana|presupuesto participativo|firmas recogidas",
    ),
}
NAMES = tuple(TOPICS)


@dataclass(frozen=True, slots=True)
class Proposed:
    """An item with what the editor says of it, the tags she leaves on it, and how she likes what it is, moods apart."""

    specimen: Specimen
    is_wanted: bool
    tags: frozenset[str]
    liking: float


@dataclass(slots=True)
class _Source:
    id: str
    partner: str
    kind: str
    languages: tuple[str, ...]
    topics: tuple[float, ...]
    share: float
    quality: float


class Newsroom:
    """One run: the same seed gives the same items and decisions."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._liking = [self._draw.gauss(0, 1.3) for _ in NAMES]
        self._sources = [self._source(number) for number in range(18)]
        self._seen = 0
        likings = sorted(self._liking_of(*self._written()[1:]) + self._draw.gauss(0, MOOD) for _ in range(2000))
        self._bar = likings[round(len(likings) * (1 - BASE_RATE))]

    def stream(self) -> Iterator[Proposed]:
        """Items in their order in time, without end."""
        while True:
            self._drift()
            specimen, source, about = self._written()
            liking = self._liking_of(source, about)
            is_wanted = (liking + self._draw.gauss(0, MOOD) > self._bar) ^ (self._draw.random() < SLIPS)
            self._bar += HABIT * (is_wanted - BASE_RATE)
            yield Proposed(specimen, is_wanted, frozenset(NAMES[topic] for topic in about), liking)

    def _source(self, number: int) -> _Source:
        draw = self._draw
        main = LANGUAGES[number % len(LANGUAGES)]
        second = (draw.choice(LANGUAGES),) if draw.random() < 0.25 else ()
        favourites = [draw.gammavariate(0.5, 1) for _ in NAMES]
        kind = draw.choice(("article", "article", "post", "event"))
        return _Source(
            f"source-{number}", f"partner-{number * 2 // 3}", kind, (main, main, *second), tuple(favourites),
            draw.paretovariate(1.2), draw.gauss(0, 0.8),
        )  # fmt: skip

    def _written(self) -> tuple[Specimen, _Source, tuple[int, ...]]:
        draw = self._draw
        source = draw.choices(self._sources, [min(one.share, 8) for one in self._sources])[0]
        about = tuple(dict.fromkeys(draw.choices(range(len(NAMES)), source.topics, k=draw.choice((1, 1, 2)))))
        language = draw.choice(source.languages)
        said = [self._phrase(topic, language) for topic in about for _ in range(draw.choice((1, 2)))]
        if draw.random() < 0.3:  # in passing
            said.append(self._phrase(draw.randrange(len(NAMES)), language))
        around = draw.sample(SENTENCES[language], 3)
        words = around[0].rstrip(".").split()[: draw.randint(3, 6)]
        title = " ".join([*words, said[0]]) if draw.random() < 0.6 else " ".join(words)
        text = " ".join(
            f"{sentence.rstrip('.')}, {phrase}." for sentence, phrase in zip(around[1:], said, strict=False)
        )
        tags = {NAMES[topic] for topic in about if draw.random() < 0.5}
        if draw.random() < 0.1:
            tags.add(draw.choice(NAMES))
        specimen = Specimen(f"{title}\n{text}", language, source.id, source.partner, source.kind, tuple(sorted(tags)))
        return specimen, source, about

    def _phrase(self, topic: int, language: str) -> str:
        return self._draw.choice(TOPICS[NAMES[topic]][LANGUAGES.index(language)].split("|"))

    def _liking_of(self, source: _Source, about: tuple[int, ...]) -> float:
        return sum(self._liking[topic] for topic in about) / math.sqrt(len(about)) + source.quality

    def _drift(self) -> None:
        self._seen += 1
        self._liking = [liking + self._draw.gauss(0, 0.012) for liking in self._liking]
        if self._seen in {150, 600}:
            turned = self._draw.randrange(len(NAMES))
            self._liking[turned] = -self._liking[turned]
            self._draw.choice(self._sources).quality *= -1
