"""Mails as people's programs write them: a usual head, and words in lines as text."""

import random
from collections.abc import Sequence
from itertools import accumulate

MOST_VARIANTS, MOST_VARIANT_OCTETS = 32, 8_000_000
VOCABULARY = 4_000
LINE = 72

Mail = tuple[bytes, bytes]
"""MAIL, RCPT and DATA as one write; the message, dot-stuffed, with its final dot."""


def texts(size: int) -> list[str]:
    """Different texts of about `size` octets: words as often as in a language, so that they compress like one."""
    randomness = random.Random(size)
    words = _vocabulary(randomness)
    weights = list(accumulate(1 / rank for rank in range(2, VOCABULARY + 2)))
    count = max(4, min(MOST_VARIANTS, MOST_VARIANT_OCTETS // size))
    return [_lines(randomness.choices(words, cum_weights=weights, k=size // 3), size) for _ in range(count)]


def mails(domain: str, bodies: Sequence[str], size: int, destinations: int) -> list[Mail]:
    """A mail for each body from `domain`, of `size` octets with its head, each to the next destination."""
    return [_mail(domain, f"far{number % destinations}.test", body, size, number) for number, body in enumerate(bodies)]


def _mail(domain: str, destination: str, body: str, size: int, number: int) -> Mail:
    sender, recipient = f"hello@{domain}", f"reader{number}@{destination}"
    head = (
        f"Date: Mon, 05 Oct 2026 10:{number % 60:02}:00 +0000\r\n"
        f"From: Hello <{sender}>\r\n"
        f"To: Reader {number} <{recipient}>\r\n"
        f"Subject: What is new this week, number {number}\r\n"
        f"Message-ID: <week-{number}@{domain}>\r\n"
        f"Reply-To: <reply@{domain}>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "X-Mailer: Weekly 2.1\r\n\r\n"
    )
    content = f"{head}{body[: max(size - len(head), 2) - 2].rstrip()}\r\n".encode()
    envelope = f"MAIL FROM:<{sender}> SIZE={len(content)}\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"
    return envelope.encode(), content + b".\r\n"


def _vocabulary(randomness: random.Random) -> list[str]:
    syllables = [first + vowel for first in "bcdfghklmnprstvw" for vowel in "aeiou"]
    return ["".join(randomness.choices(syllables, k=randomness.randint(1, 4))) for _ in range(VOCABULARY)]


def _lines(words: Sequence[str], size: int) -> str:
    lines: list[str] = []
    line = length = 0
    text: list[str] = []
    for word in words:
        if line + len(word) > LINE:
            lines.append(" ".join(text))
            length += len(lines[-1]) + 2
            line, text = 0, []
            if length > size:
                break
        text.append(word)
        line += len(word) + 1
    return "\r\n".join(lines)
