"""The questions that a customer answers when the score asks for it, as data: `questions.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.translation import gettext

QUESTIONS_FILE = Path(__file__).with_name("questions.toml")


@dataclass(frozen=True, slots=True)
class Question:
    """With `choices` (code and words) one of them is the answer, else a text."""

    code: str
    label: str
    hint: str = ""
    most_letters: int = 2000
    choices: tuple[tuple[str, str], ...] = ()


@cache
def questions() -> tuple[Question, ...]:
    """In the order in which they are asked."""
    data = tomllib.loads(QUESTIONS_FILE.read_text(encoding="utf-8"))
    return tuple(
        Question(
            one["code"],
            one["label"],
            one.get("hint", ""),
            int(one.get("most_letters", 2000)),
            tuple(one.get("choices", {}).items()),
        )
        for one in data["questions"]
    )


def in_words(answers: Mapping[str, str]) -> list[tuple[str, str]]:
    """Question and answer as people read them; an answer to a question that is asked no more keeps its code."""
    asked = {question.code: question for question in questions()}
    said = []
    for code, answer in answers.items():
        question = asked.get(code)
        words = gettext(dict(question.choices).get(answer, answer)) if question and question.choices else answer
        said.append((gettext(question.label) if question else code, words))
    return said
