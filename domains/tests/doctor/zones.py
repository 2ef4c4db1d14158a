"""A world of DNS zones with one mistake each, for name servers that we did not write."""

from collections.abc import Iterable, Sequence

from domains.records import ExpectedRecord, RecordKey, expected_records
from mailtrap_site.testing.dns_servers import KNOT, NSD, Zone

PLATFORM = "deliver.test"
LABEL = "mt07"
KEYS = [("mt1", "k7f3q2"), ("mt2", "p0d9wz")]
PUBLIC_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A" * 12
TTL, NEGATIVE = 300, 60
BOTH = (KNOT, NSD)

HEAD = f"""$TTL {TTL}
@ SOA ns1.test. hostmaster.test. 1 3600 600 604800 {NEGATIVE}
@ NS ns1.test.
@ NS ns2.test.
"""
ALONE = HEAD.replace("@ NS ns2.test.\n", "")
VERIFICATION = f"{LABEL} CNAME smtp.{PLATFORM}."
DKIM1 = f"mt1._domainkey CNAME mt1.k7f3q2.dkim.{PLATFORM}."
DKIM2 = f"mt2._domainkey CNAME mt2.p0d9wz.dkim.{PLATFORM}."
DMARC = f'_dmarc TXT "v=DMARC1; p=none; rua=mailto:dmarc@{PLATFORM}"'
LINK = f"mt-link CNAME t.{PLATFORM}."
GOOD = (VERIFICATION, DKIM1, DKIM2, DMARC, LINK)

OTHER = "elsewhere.test."
MANY_INCLUDES = " ".join(f"include:spf{n}.includes.test" for n in range(11))

MISTAKES: dict[str, tuple[str, ...]] = {
    "good": GOOD,
    "xn--bcher-kva": GOOD,
    "doubled": (DKIM1, DKIM2, DMARC, LINK, f"{LABEL}.doubled.test CNAME smtp.{PLATFORM}."),
    "dotless": (VERIFICATION, DKIM1, DMARC, LINK, f"mt2._domainkey CNAME mt2.p0d9wz.dkim.{PLATFORM}"),
    "cut": (DKIM1, DKIM2, DMARC, LINK, f"{LABEL} CNAME smtp.deliver."),
    "elsewhere-target": (DKIM1, DKIM2, DMARC, LINK, f"{LABEL} CNAME {OTHER}"),
    "proxied": (DKIM1, DKIM2, DMARC, f"{LABEL} A 104.16.7.8", f"{LABEL} AAAA 2606:4700::1", "mt-link A 172.67.1.1"),
    "address": (DKIM1, DKIM2, DMARC, LINK, f"{LABEL} A 192.0.2.1"),
    "text": (DKIM1, DKIM2, DMARC, LINK, f'{LABEL} TXT "smtp.{PLATFORM}"'),
    "terminal": (DKIM1, DKIM2, DMARC, LINK, f"below.{LABEL} A 192.0.2.1"),
    "wild": ("* CNAME elsewhere.test.",),
    "wild-address": ("* A 192.0.2.1", DKIM1, DKIM2, DMARC),
    "wild-text": ('* TXT "v=spf1 -all"', VERIFICATION, DKIM1, DKIM2, LINK),
    "chain": (DKIM1, DKIM2, DMARC, LINK, f"{LABEL} CNAME hop.chain.test.", f"hop CNAME smtp.{PLATFORM}."),
    "dmarc-quoted": (*GOOD[:3], r'_dmarc TXT "\"v=DMARC1; p=none\""'),
    "dmarc-curly": (*GOOD[:3], '_dmarc TXT "“v=DMARC1; p=none”"'),
    "dmarc-several": (*GOOD[:3], '_dmarc TXT "v=DMARC1; p=none"', '_dmarc TXT "v=DMARC1; p=reject"'),
    "dmarc-policy": (*GOOD[:3], '_dmarc TXT "v=DMARC1; p=monitor"'),
    "dmarc-no-policy": (*GOOD[:3], '_dmarc TXT "v=DMARC1; rua=mailto:a@b.test"'),
    "dmarc-version": (*GOOD[:3], '_dmarc TXT "p=none; v=DMARC1"'),
    "dmarc-syntax": (*GOOD[:3], '_dmarc TXT "v=DMARC1; p=none; p=reject"'),
    "dmarc-cut": (*GOOD[:3], '_dmarc TXT "v=DMARC1; p=no"'),
    "dmarc-order": (*GOOD[:3], f'_dmarc TXT "v=DMARC1; rua=mailto:dmarc@{PLATFORM}; p=none"'),
    "dmarc-tag": (*GOOD[:3], f'_dmarc TXT "v=DMARC1; p=none; sp=some; rua=mailto:dmarc@{PLATFORM}"'),
    "dmarc-strict": (*GOOD[:3], f'_dmarc TXT "v=DMARC1; p=none; aspf=s; adkim=s; rua=mailto:dmarc@{PLATFORM}"'),
    "dmarc-reports": (*GOOD[:3], '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@reports.test!10m"'),
    "dmarc-alias": (*GOOD[:3], "_dmarc CNAME policy.includes.test."),
    "dmarc-dangling": (*GOOD[:3], "_dmarc CNAME nothing.includes.test."),
    "huge": (*GOOD, *(f'_dmarc TXT "{n} {"x" * 240}"' for n in range(20))),
    "spf-two": (*GOOD, '@ TXT "v=spf1 -all"', '@ TXT "v=spf1 a -all"'),
    "spf-many": (*GOOD, f'@ TXT "v=spf1 {MANY_INCLUDES[:200]}" "{MANY_INCLUDES[200:]} ~all"'),
    "spf-nested": (*GOOD, '@ TXT "v=spf1 include:nest.includes.test include:nest2.includes.test -all"'),
    "spf-void": (*GOOD, '@ TXT "v=spf1 a:x1.includes.test a:x2.includes.test mx:x3.includes.test -all"'),
    "spf-loop": (*GOOD, '@ TXT "v=spf1 include:spf-loop.test -all"'),
    "spf-typo": (*GOOD, '@ TXT "v=spf1 inlcude:spf1.includes.test -all"'),
    "spf-missing": (*GOOD, '@ TXT "v=spf1 include:nothing.includes.test -all"'),
    "spf-all": (*GOOD, '@ TXT "v=spf1 +all"'),
    "spf-quoted": (*GOOD, r'@ TXT "\"v=spf1 -all\""'),
    "spf-ten": (
        *GOOD,
        '@ TXT "v=spf1 a mx include:nest.includes.test exists:%{i}.b.test ip4:192.0.2.0/24 -all"',
    ),
    # The records of mail.parent.test, entered with the short names into the zone above.
    "parent": (VERIFICATION, DKIM1, DKIM2, '_dmarc TXT "v=DMARC1; p=reject; sp=none"', "mail A 192.0.2.1"),
    "split": (VERIFICATION, DKIM1, DKIM2, DMARC, "_domainkey NS ns1.test."),
    "gone": (*GOOD, "@ NS ns-gone.test."),
}


def world() -> list[Zone]:
    """All zones, the one above them included."""
    zones = [Zone(f"{name}.test", HEAD + "\n".join(lines) + "\n") for name, lines in MISTAKES.items()]
    zones += [
        Zone("half-lame.test", HEAD + "\n".join(GOOD) + "\n", (KNOT,)),
        Zone("_domainkey.split.test", ALONE + _below(DKIM1, DKIM2), (KNOT,)),
        Zone("signed.test", ALONE + "\n".join(GOOD) + "\n", (KNOT,), signed=True),
        Zone("bogus.test", ALONE + "\n".join(GOOD) + "\n", (KNOT,), signed=True, trusted=False),
        Zone("includes.test", HEAD + _includes()),
    ]
    names = [zone.name.removesuffix(".test") for zone in zones if zone.name.count(".") == 1]
    return [Zone("test", ALONE + _parent(names), (KNOT,)), *zones]


def expected_of(domain: str) -> list[ExpectedRecord]:
    return expected_records(domain, LABEL, KEYS, PLATFORM)


def of_key(records: Iterable[ExpectedRecord], key: RecordKey) -> ExpectedRecord:
    return next(record for record in records if record.key is key)


def _below(*lines: str) -> str:
    return "".join(line.replace("._domainkey", "") + "\n" for line in lines)


def _includes() -> str:
    lines = [f'spf{n} TXT "v=spf1 ip4:192.0.2.{n} -all"' for n in range(11)]
    lines += [
        'nest TXT "v=spf1 ' + " ".join(f"include:spf{n}.includes.test" for n in range(6)) + ' -all"',
        'nest2 TXT "v=spf1 ' + " ".join(f"include:spf{n}.includes.test" for n in range(6, 9)) + ' -all"',
        f'policy TXT "v=DMARC1; p=quarantine; rua=mailto:dmarc@{PLATFORM}"',
    ]
    return "\n".join(lines) + "\n"


def _parent(names: Sequence[str]) -> str:
    lines = ["ns1 A 127.0.0.2", "ns2 A 127.0.0.3", "ns9 A 127.0.0.9", "elsewhere A 192.0.2.9"]
    lines += [f"{name} NS {server}.test." for name in names for server in ("ns1", "ns2")]
    lines += ["gone NS ns-gone.test.", "lame NS ns2.test.", "silent NS ns9.test."]
    lines += [f"{name}.deliver A 192.0.2.3" for name in ("smtp", "t")]
    return "\n".join(lines) + "\n"
