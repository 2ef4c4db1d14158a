"""The `name=value; name=value` lists of DKIM and DMARC records (RFC 6376 section 3.2, RFC 7489 section 6.4). Pure."""


def parse_tags(record: str) -> dict[str, str] | None:
    """Values by lower-case name in the order written; None where a part is not name=value or a name comes twice."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not equals or not name or name in tags:
            return None
        tags[name] = value.strip()
    return tags


def unquoted(value: str) -> str:
    """Without the quotation marks that were pasted with it, straight or curly."""
    return value.strip().strip("\"'“”‘’").strip()
