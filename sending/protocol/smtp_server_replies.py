"""The replies that a server session gives of its own accord; refusals by policy come from its shell."""

from sending.protocol.message_head import MAX_HEAD
from sending.protocol.reply import Reply

AUTHENTICATED = Reply(235, "2.7.0", ("Authentication succeeded",))
SENDER_OK = Reply(250, "2.1.0", ("Sender OK",))
RECIPIENT_OK = Reply(250, "2.1.5", ("Recipient OK",))
MESSAGE_OK = Reply(250, "2.0.0", ("Message accepted",))
OK = Reply(250, "2.0.0", ("OK",))
START_CONTENT = Reply(354, None, ("End data with <CR><LF>.<CR><LF>",))
READY_FOR_TLS = Reply(220, "2.0.0", ("Ready to start TLS",))
GOODBYE = Reply(221, "2.0.0", ("Goodbye",))
CANNOT_VERIFY = Reply(252, "2.5.0", ("Cannot verify the user; send mail and see",))
HELP = Reply(214, "2.0.0", ("RFC 5321; EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP AUTH STARTTLS",))

BARE_LINE_END = Reply(500, "5.5.2", ("Bare CR, bare LF or NUL in a command; lines must end in CRLF",))
COMMAND_TOO_LONG = Reply(500, "5.5.2", ("Line too long",))
AUTH_TOO_LONG = Reply(500, "5.5.6", ("Authentication exchange line is too long",))
UNKNOWN_COMMAND = Reply(500, "5.5.1", ("Command not recognized",))
NOT_IMPLEMENTED = Reply(502, "5.5.1", ("Command not implemented",))
NOT_UTF8 = Reply(501, "5.5.2", ("Argument is not valid UTF-8",))
UNKNOWN_MECHANISM = Reply(504, "5.5.4", ("Authentication mechanism not supported; use PLAIN or LOGIN",))
UNKNOWN_PARAMETER = Reply(555, "5.5.4", ("Parameter not recognized or not implemented",))
NEEDS_SMTPUTF8 = Reply(553, "5.6.7", ("Address is not ASCII and MAIL had no SMTPUTF8 parameter",))
HEAD_TOO_LONG = Reply(552, "5.3.4", (f"Message header is larger than {MAX_HEAD} octets",))
TOO_LARGE = Reply(552, "5.3.4", ("Message is larger than this server takes",))
NO_MEMORY = Reply(452, "4.3.1", ("Too much mail is coming in at this moment; try again later",))

EHLO_FIRST = Reply(503, "5.5.1", ("Send EHLO first",))
MAIL_FIRST = Reply(503, "5.5.1", ("Send MAIL first",))
RCPT_FIRST = Reply(503, "5.5.1", ("Send RCPT first",))
NESTED_MAIL = Reply(503, "5.5.1", ("A mail transaction is under way; send RSET to drop it",))
NO_VALID_RECIPIENTS = Reply(554, "5.5.1", ("No valid recipients",))
NOT_AFTER_BDAT = Reply(503, "5.5.1", ("Not after BDAT; send the rest by BDAT, or RSET",))
CHUNKS_FAILED = Reply(503, "5.5.1", ("An earlier chunk was refused; send RSET",))
TLS_ACTIVE = Reply(503, "5.5.1", ("TLS is active already",))
ALREADY_AUTHENTICATED = Reply(503, "5.5.1", ("Already authenticated",))
NOT_IN_TRANSACTION = Reply(503, "5.5.1", ("Not during a mail transaction",))
TLS_REQUIRED = Reply(530, "5.7.0", ("Must issue a STARTTLS command first",))
AUTH_REQUIRED = Reply(530, "5.7.0", ("Authentication required",))
BAD_CREDENTIALS = Reply(535, "5.7.8", ("Authentication credentials invalid",))
POLICY = Reply(550, "5.7.1", ("Refused by policy",))

TOO_MANY_RECIPIENTS = Reply(452, "4.5.3", ("Too many recipients; send the rest in another transaction",))
TOO_MANY_MESSAGES = Reply(421, "4.7.0", ("Too many messages on this connection; open another",))
TOO_MANY_ERRORS = Reply(421, "4.7.0", ("Too many errors; closing connection",))
LINE_WITHOUT_END = Reply(421, "4.7.0", ("Endless command line; closing connection",))
NOT_SMTP = Reply(421, "4.7.0", ("This is an SMTP server; closing connection",))
SHUTTING_DOWN = Reply(421, "4.3.2", ("Service is shutting down; try again later",))


def bad_arguments(wanted: str) -> Reply:
    """For a command whose arguments are not of the form `wanted`."""
    return Reply(501, "5.5.4", (f"Syntax: {wanted}",))
