"""Who gets no mail: asked at each claim, fed by what happens to mail."""


def same_address(text: str) -> str:
    """How an address is written here, so that `Rita@Example.test` and `rita@example.test` are one. Providers that take
    the case of the local part seriously have not been seen for decades."""
    return text.strip().lower()
