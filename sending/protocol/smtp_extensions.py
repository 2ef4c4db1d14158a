"""What a client reads out of a server's replies: the extensions of EHLO (RFC 5321 4.1.1.1), text for a transcript."""

from sending.protocol.reply import Reply

MAX_TRANSCRIPT_TEXT = 2000  # characters kept of one reply
PLAIN_TEXT = 120  # characters that need no second line, whatever they are


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
    if len(reply.lines) == 1 and len(reply.lines[0]) <= PLAIN_TEXT and reply.lines[0].isprintable():
        # What nearly every reply is; the wire form is only taken apart again.
        enhanced = f"{reply.enhanced} " if reply.enhanced else ""
        return f"{reply.code} {enhanced}{reply.lines[0]}"
    return reply.encode(utf8=True).decode().rstrip("\r\n").replace("\r\n", "\n")[:MAX_TRANSCRIPT_TEXT]
