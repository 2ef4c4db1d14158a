"""Report mails as receivers build them, and aggregate reports about any domain."""

import gzip
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
ROW = """<record><row><source_ip>{address}</source_ip><count>{emails}</count><policy_evaluated>
<disposition>{disposition}</disposition><dkim>{dkim}</dkim><spf>{spf}</spf></policy_evaluated></row>
<identifiers><header_from>{header_from}</header_from></identifiers><auth_results>{results}</auth_results></record>"""


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def row(
    address: str = "192.0.2.10",
    emails: int = 1,
    *,
    dkim: bool = True,
    spf: bool = True,
    disposition: str = "none",
    header_from: str = "example.test",
    results: str = "",
) -> str:
    """One record; `results` is the inside of `auth_results`."""
    words = {True: "pass", False: "fail"}
    return ROW.format(
        address=address,
        emails=emails,
        disposition=disposition,
        dkim=words[dkim],
        spf=words[spf],
        header_from=header_from,
        results=results,
    )


def aggregate(
    *rows: str,
    domain: str = "example.test",
    organization: str = "google.com",
    report_id: str = "1",
    day: datetime | None = None,
    policy: str = "none",
) -> bytes:
    """An aggregate report about one day, by default yesterday."""
    begin = (day or datetime.now(UTC) - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return f"""<?xml version="1.0"?><feedback><report_metadata><org_name>{organization}</org_name>
<report_id>{report_id}</report_id><date_range><begin>{begin.timestamp():.0f}</begin>
<end>{begin.timestamp() + 86_399:.0f}</end></date_range></report_metadata>
<policy_published><domain>{domain}</domain><p>{policy}</p></policy_published>
{"".join(rows or [row(header_from=domain)])}</feedback>""".encode()


def gzipped_mail(
    data: bytes, *, to: str = "dmarc@platform.test", name: str = "google.com!example.test!1!2.xml.gz"
) -> bytes:
    """As most receivers send it: some text, and one compressed attachment."""
    return attached(gzip.compress(data), "application/gzip", name, to=to)


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def attached(data: bytes, content_type: str, name: str, *, to: str = "dmarc@platform.test") -> bytes:
    main, _, sub = content_type.partition("/")
    mail = _head(to)
    mail.set_content("This is an aggregate report.\n")
    mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return mail.as_bytes()


def bare(data: bytes, content_type: str, *, to: str = "dmarc@platform.test") -> bytes:
    """The report is the whole body of the mail, without a file name, as Google sends it."""
    main, _, sub = content_type.partition("/")
    mail = _head(to)
    mail.set_content(data, maintype=main, subtype=sub)
    return mail.as_bytes()


def several(datas: Sequence[bytes], *, to: str = "dmarc@platform.test") -> bytes:
    mail = _head(to)
    mail.set_content("Reports.\n")
    for number, data in enumerate(datas):
        mail.add_attachment(gzip.compress(data), maintype="application", subtype="gzip", filename=f"{number}.xml.gz")
    return mail.as_bytes()


def _head(to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "noreply-dmarc-support@google.com"
    mail["To"] = to
    mail["Subject"] = "Report domain: example.test Submitter: google.com Report-ID: 1"
    return mail
