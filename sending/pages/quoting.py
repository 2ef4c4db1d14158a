"""Template filters of the snippets: any text as a literal of the language that it stands in."""

import json
import shlex

from django import template

register = template.Library()


@register.filter
def double(value: str) -> str:
    """In double quotes, for Python, JavaScript, Go, Java and C#, whose escapes include those of JSON."""
    return json.dumps(str(value), ensure_ascii=False)


@register.filter
def single(value: str) -> str:
    """In single quotes, for PHP and Ruby."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


@register.filter
def shell(value: str) -> str:
    """A word of a POSIX shell."""
    return shlex.quote(str(value))


@register.filter
def shell_json(value: str) -> str:
    """A JSON string inside a shell's single quotes."""
    return double(value).replace("'", "'\\''")


@register.filter
def text_block(value: str) -> str:
    """A JSON string inside a text block of Java."""
    return double(value).replace("\\", "\\\\")
