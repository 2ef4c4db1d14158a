"""Command lines of SMTP as values: RFC 5321 4.1, with the parameters of RFC 1870, 3030, 4954, 6152 and 6531.

Each function answers a value, or the Reply that refuses the line.
"""

import re

from sending.protocol.reply import Reply
from sending.protocol.smtp_path import Path, PathError, parse_path
from sending.protocol.smtp_sasl import Mechanism
from sending.protocol.smtp_server_events import ReceivedEnvelope, ServerConfig
from sending.protocol.smtp_server_replies import (
    NEEDS_SMTPUTF8,
    NOT_UTF8,
    TOO_LARGE,
    UNKNOWN_MECHANISM,
    UNKNOWN_PARAMETER,
    bad_arguments,
)

MAX_BDAT_DIGITS = 20

_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~]+))?")
_HELO_NAME = re.compile(r"[!-~]{1,255}")
_BDAT = re.compile(rf"(\d{{1,{MAX_BDAT_DIGITS}}})( +LAST)?", re.ASCII | re.IGNORECASE)


def split_command(line: bytes) -> tuple[bytes, bytes]:
    """The verb in upper case and its argument; trailing blanks are tolerated (RFC 5321 4.1.1)."""
    verb, _, argument = line.rstrip(b" \t").partition(b" ")
    return verb.upper(), argument


def parse_helo(argument: bytes) -> str | Reply:
    """The client's name as given. It is shown and traced, never believed, so that its form is not judged."""
    name = argument.strip().decode("ascii", "replace")
    return name if _HELO_NAME.fullmatch(name) else bad_arguments("EHLO hostname")


def parse_mail(argument: bytes, config: ServerConfig) -> ReceivedEnvelope | Reply:
    """The argument of MAIL as an envelope without recipients."""
    parsed = _path_and_parameters(argument, "FROM:", "5.1.7", config)
    if isinstance(parsed, Reply):
        return parsed
    path, parameters = parsed
    size: int | None = None
    body_8bit = smtputf8 = False
    for keyword, value in parameters.items():
        if keyword == "SIZE" and value is not None and value.isdecimal() and len(value) <= MAX_BDAT_DIGITS:
            size = int(value)
        elif keyword == "BODY" and value is not None and value.upper() in ("7BIT", "8BITMIME"):
            body_8bit = value.upper() == "8BITMIME"
        elif keyword == "SMTPUTF8" and config.smtputf8:
            if value is not None:
                return bad_arguments("SMTPUTF8 without a value")
            smtputf8 = True
        elif keyword == "AUTH" and config.allow_auth and value is not None:
            continue  # RFC 4954 5: an identity that we have no cause to trust is taken as <>
        elif keyword in ("SIZE", "BODY"):
            return bad_arguments("SIZE=octets and BODY=7BIT or BODY=8BITMIME")
        else:
            return UNKNOWN_PARAMETER
    if not path.is_ascii and not smtputf8:
        return NEEDS_SMTPUTF8
    if size is not None and size > config.max_size:
        return TOO_LARGE
    return ReceivedEnvelope(path, size=size, body_8bit=body_8bit, smtputf8=smtputf8)


def parse_rcpt(argument: bytes, config: ServerConfig, envelope: ReceivedEnvelope) -> Path | Reply:
    """The argument of RCPT, whose parameters (DSN) we do not offer."""
    parsed = _path_and_parameters(argument, "TO:", "5.1.3", config)
    if isinstance(parsed, Reply):
        return parsed
    path, parameters = parsed
    if parameters:
        return UNKNOWN_PARAMETER
    if not path.is_ascii and not envelope.smtputf8:
        return NEEDS_SMTPUTF8
    return path


def parse_auth(argument: bytes) -> tuple[Mechanism, bytes | None] | Reply:
    """The mechanism and the initial response, None where there is none."""
    words = argument.split()
    if not words or len(words) > 2:
        return bad_arguments("AUTH mechanism [initial-response]")
    try:
        mechanism = Mechanism(words[0].decode("ascii", "replace").upper())
    except ValueError:
        return UNKNOWN_MECHANISM
    return mechanism, words[1] if len(words) == 2 else None


def parse_bdat(argument: bytes) -> tuple[int, bool] | Reply:
    """Octets of the chunk and whether it is the last one."""
    match = _BDAT.fullmatch(argument.strip().decode("ascii", "replace"))
    return (int(match[1]), match[2] is not None) if match else bad_arguments("BDAT octets [LAST]")


def _path_and_parameters(
    argument: bytes, prefix: str, enhanced: str, config: ServerConfig
) -> tuple[Path, dict[str, str | None]] | Reply:
    try:
        text = argument.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_UTF8
    if text[: len(prefix)].upper() != prefix:
        return bad_arguments(f"{'MAIL' if prefix == 'FROM:' else 'RCPT'} {prefix}<address> [parameters]")
    is_mail = prefix == "FROM:"
    try:
        path, rest = parse_path(
            text[len(prefix) :].lstrip(" "),  # a space after the colon is wrong and widespread
            allow_null=is_mail,
            allow_postmaster=not is_mail and config.allow_bare_postmaster,
            allow_literal=config.allow_address_literals,
        )
    except PathError as error:
        return Reply(501, enhanced, (str(error),))
    parameters = _parameters(rest)
    return (path, parameters) if isinstance(parameters, dict) else parameters


def _parameters(text: str) -> dict[str, str | None] | Reply:
    if not text:
        return {}
    if not text.startswith(" "):
        return bad_arguments("a space between the path and its parameters")
    parameters: dict[str, str | None] = {}
    for word in text.split():
        match = _PARAMETER.fullmatch(word)
        if match is None or match[1].upper() in parameters:
            return bad_arguments("parameters of the form keyword=value, each at most once")
        parameters[match[1].upper()] = match[2]
    return parameters
