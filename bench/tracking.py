"""What tracking costs a mail: `python -m bench.tracking` composes the same mails untracked and tracked in turns and
prints CPU time and the ratio. Options: `--html file.html`, `--links 10`, `--recipients 1,100`, `--rounds 7`.

Composing is all from the stored content to the signed bytes (RSA-2048). A mail is read once for its recipients of a
batch; untracked it is signed once for all of them, tracked once for each.
"""

import argparse
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import django

MAILS = 40


def main() -> None:
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    for name, value in (("SECRET_KEY", "bench"), ("SEALING_KEY", "YmVuY2g="), ("DATABASE_URL", "postgres://unused/x")):
        os.environ.setdefault(name, value)
    django.setup()
    content = _content(options)
    print(
        f"{len(content):,} octets, {options.links} links in HTML and text, medians of {options.rounds} rounds in turns"
    )
    print(f"{'µs of CPU a mail':36}{'plain':>8}{'opens':>8}{'and clicks':>12}")
    for recipients in (int(number) for number in options.recipients.split(",")):
        _row(f"compose and sign, {recipients} recipients", _composers(content, recipients, sign=True), options.rounds)
        _row(f"compose alone, {recipients} recipients", _composers(content, recipients, sign=False), options.rounds)


def _row(name: str, works: list[Callable[[], int]], rounds: int) -> None:
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for place, work in enumerate(works):
            begun, mails = time.process_time(), 0
            while mails < MAILS:
                mails += work()
            seconds[place].append((time.process_time() - begun) / mails)
    plain, opens, clicks = (median(one) * 1e6 for one in seconds)
    print(
        f"{name:36}{plain:8.0f}{opens:8.0f}{clicks:12.0f}   opens ÷ plain {opens / plain:.2f}, "
        f"opens and clicks ÷ plain {clicks / plain:.2f}",
        flush=True,
    )


def _composers(content: bytes, recipients: int, *, sign: bool) -> list[Callable[[], int]]:
    """Work that makes the mails of one submission and tells how many: plain, with opens, with clicks as well."""
    from domains import dkim
    from sending.delivery.compose import Mail, addresses_of
    from sending.delivery.sign import Signer
    from sending.models.identifiers import id_at, new_id
    from sending.protocol.additions import Additions
    from sending.protocol.recipient_links import RecipientRef

    signer = Signer("example.test", "mt1", dkim.load(dkim.generate().private_pem)) if sign else _Unsigned()
    submission_id = id_at(datetime(2026, 11, 22, 8, tzinfo=UTC))
    refs = [RecipientRef(new_id(), 7, "transactional", f"reader{number}@there.test") for number in range(recipients)]

    def composer(additions: Additions) -> Callable[[], int]:
        def work() -> int:
            mail = Mail(content, submission_id=submission_id, additions=additions)
            if mail.is_same_for_all:
                mail.signed(signer)  # type: ignore[arg-type]
                return recipients
            for ref in refs:
                addresses = addresses_of(additions, ref, "mt.example.test")
                mail.signed(signer, None, addresses)  # type: ignore[arg-type]
            return recipients

        return work

    base = "https://t.example.test"
    return [composer(Additions(base, opens=opens, clicks=clicks)) for opens, clicks in _WISHES]


_WISHES = ((False, False), (True, False), (True, True))


class _Unsigned:
    """Leaves the signature out, so that the rest can be seen."""

    def sign(self, message: bytes, _timestamp: int, _second: object = None) -> bytes:
        return message


def _content(options: argparse.Namespace) -> bytes:
    from sending.protocol.address import parse_mailboxes
    from sending.protocol.mime import MailParts, build

    links = [f"https://shop.test/{number}?utm_source=news&utm_campaign=november" for number in range(options.links)]
    html = (
        options.html.read_text()
        if options.html
        else "<html><body>\n" + "<p>Grüße aus dem Laden, heute neu.</p>\n" * 200
    )
    anchors = "\n".join(f'<p><a href="{link.replace("&", "&amp;")}">Angebot</a></p>' for link in links)
    parts = MailParts(
        from_=parse_mailboxes("Shop <shop@example.test>")[0],
        to=tuple(parse_mailboxes("reader@there.test")),
        subject="News",
        text="Guten Tag\n" + "\n".join(links),
        html=f"{html}{anchors}</body></html>",
        date=datetime(2026, 11, 22, 8, tzinfo=UTC),
        message_id="1@example.test",
        boundary_seed=b"bench",
    )
    return build(parts)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--html", type=Path)
    parser.add_argument("--links", type=int, default=10)
    parser.add_argument("--recipients", default="1,100")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
