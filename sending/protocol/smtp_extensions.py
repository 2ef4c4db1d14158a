"""What a client reads out of a server's replies: the extensions of EHLO (RFC 5321 4.1.1.1), text for a transcript."""

from sending.protocol.reply import Reply

MAX_TRANSCRIPT_TEXT = 2000  # characters kept of one reply


def parse_extensions(reply: Reply) -> dict[str, str]:
    """Keywords in upper case with their parameters, "" for none."""
    extensions: dict[str, str] = {}
    for line in reply.lines[1:]:
        # Old servers write "AUTH=LOGIN" beside or instead of "AUTH LOGIN".
        keyword, _, parameters = line.replace("=", " ", 1).strip().partition(" ")
        extensions[keyword.upper()] = f"{extensions.get(keyword.upper(), '')} {parameters}".strip()
    return extensions


def reply_text(reply: Reply) -> str:
    """The whole reply as it is shown, "\\n" between its lines."""
    return reply.encode(utf8=True).decode().rstrip("\r\n").replace("\r\n", "\n")[:MAX_TRANSCRIPT_TEXT]
