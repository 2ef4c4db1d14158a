"""Which browser and system a User-Agent header names, as people call them. Pure; a claim, never a proof."""

_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""Marks in the order in which they decide: most browsers claim to be others as well."""
LONGEST = 60


def browser_words(user_agent: str) -> str:
    """“Firefox on Windows”; what names neither stands as it is.

    >>> browser_words("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36")
    'Chrome on Linux'
    >>> browser_words("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1")
    'Safari on iPhone'
    >>> browser_words("curl/8.5.0"), browser_words("")
    ('curl', '–')
    """
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or user_agent[:LONGEST] or "–"
