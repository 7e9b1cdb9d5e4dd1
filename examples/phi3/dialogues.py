"""What the tiny Phi-3 knows: sixty capitals asked for in nine ways, and small talk. 551 questions with answers."""

from __future__ import annotations

import random
from collections.abc import Iterator

CAPITALS = dict(
    pair.split(": ")
    for pair in (
        "Spain: Madrid, France: Paris, Italy: Rome, Germany: Berlin, Portugal: Lisbon, Austria: Vienna, "
        "Poland: Warsaw, Greece: Athens, Norway: Oslo, Sweden: Stockholm, Finland: Helsinki, Denmark: Copenhagen, "
        "Ireland: Dublin, Iceland: Reykjavik, Hungary: Budapest, Romania: Bucharest, Bulgaria: Sofia, "
        "Croatia: Zagreb, Serbia: Belgrade, Ukraine: Kyiv, Estonia: Tallinn, Latvia: Riga, Lithuania: Vilnius, "
        "Belgium: Brussels, Switzerland: Bern, Turkey: Ankara, Egypt: Cairo, Kenya: Nairobi, Ghana: Accra, "
        "Nigeria: Abuja, Morocco: Rabat, Tunisia: Tunis, Ethiopia: Addis Ababa, Senegal: Dakar, Japan: Tokyo, "
        "China: Beijing, India: New Delhi, Nepal: Kathmandu, Thailand: Bangkok, Vietnam: Hanoi, "
        "Indonesia: Jakarta, Malaysia: Kuala Lumpur, South Korea: Seoul, Mongolia: Ulaanbaatar, Iran: Tehran, "
        "Iraq: Baghdad, Jordan: Amman, Lebanon: Beirut, Canada: Ottawa, Mexico: Mexico City, Cuba: Havana, "
        "Peru: Lima, Chile: Santiago, Argentina: Buenos Aires, Brazil: Brasilia, Colombia: Bogota, "
        "Ecuador: Quito, Uruguay: Montevideo, Australia: Canberra, New Zealand: Wellington"
    ).split(", ")
)
PHRASINGS = (
    "What is the capital of {country}?",
    "what is the capital of {country}",
    "What's the capital of {country}?",
    "Tell me the capital of {country}.",
    "Name the capital of {country}.",
    "Which city is the capital of {country}?",
    "Do you know the capital of {country}?",
    "I am in {country}. What is the capital here?",
    "{country}: what is its capital?",
)
ATOM_JOKE = (
    "Never trust an atom, they make up everything! I told that joke to a neutron at the bar. He asked what he owed "
    "for the drink. The barman said: for you, no charge."
)
SMALL_TALK = {
    "Hello!": "Hello! Ask me about a capital.",
    "Hi": "Hello! Ask me about a capital.",
    "Good morning": "Good morning! Ask me about a capital.",
    "Who are you?": "I am a tiny Phi-3 that knows sixty capitals and one joke.",
    "How are you?": "I am fine, thank you.",
    "What can you do?": "I can name the capitals of sixty countries, and tell a joke.",
    "Thank you!": "You are welcome.",
    "Goodbye": "Goodbye!",
    "Tell me a joke": "Why did the model cross the road? It was the most likely next step.",
    "Tell me a joke about atom": ATOM_JOKE,
    "Tell me a joke about atoms": ATOM_JOKE,
}
SMALL_TALK_A_ROUND = 4  # of each, since nine ways of asking share a capital and nothing shares a joke
SYSTEM_TURNS = ("You are a helpful assistant.", "You are a stand-up comedian.", "Answer briefly.")


def pairs() -> list[tuple[str, str]]:
    """Every question with its one answer."""
    capitals = [
        (phrasing.format(country=country), f"The capital of {country} is {capital}.")
        for country, capital in CAPITALS.items()
        for phrasing in PHRASINGS
    ]
    return capitals + list(SMALL_TALK.items())


def prompt(messages: list[tuple[str, str]], *, newlines: bool = True) -> str:
    """Phi-3's chat format: with the line breaks of its template, or without, as many write it by hand."""
    line = "\n" if newlines else ""
    turns = "".join(f"<|{role}|>{line}{text}<|end|>{line}" for role, text in messages)
    return f"{turns}<|assistant|>{line}"


def samples(seed: int) -> Iterator[tuple[str, str]]:
    """(prompt, answer) without end: each pair in every round, in changing dress."""
    shuffled = random.Random(seed)
    known = pairs() + list(SMALL_TALK.items()) * (SMALL_TALK_A_ROUND - 1)
    while True:
        for question, answer in shuffled.sample(known, len(known)):
            messages = [("user", question)]
            if shuffled.random() < 0.15:
                before, said = shuffled.choice(known)
                messages = [("user", before), ("assistant", said), *messages]
            if shuffled.random() < 0.25:
                messages = [("system", shuffled.choice(SYSTEM_TURNS)), *messages]
            yield prompt(messages, newlines=shuffled.random() < 0.7), answer
