"""Authoritative name server (RFC 1034, 1035, 2308, 4592, 6891, 7766): a pure `answer` under a thin asyncio shell.

It serves our own zones only, without recursion and transfers; other names are refused, so that askers go elsewhere.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Literal, Protocol, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import structlog

log = structlog.get_logger(__name__)

PAYLOAD = 1232
"""Largest UDP answer in bytes: what passes every path without fragments (DNS flag day 2020)."""
LONGEST_CHAIN = 8
TCP_IDLE = 10.0
TCP_CONNECTIONS = 200
UDP_PENDING = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """One record in presentation form: `value` is what a zone file would say, without quotes for TXT."""

    type: str
    value: str
    ttl: int = 300


class ZoneSource(Protocol):
    """Where zone data comes from; names are lower case without the final dot, the root is the empty text."""

    def apex(self, name: str) -> str | None:
        """The deepest zone of ours that holds `name`, or None when we are not its authority."""

    def records(self, name: str) -> Iterable[Record]:
        """The records at exactly `name`, SOA and NS of an apex included."""

    def has_below(self, name: str) -> bool:
        """Whether any record stands under `name`: such a name exists though it has no data (RFC 8020)."""


Transport = Literal["udp", "tcp"]


def respond(wire: bytes, zone: ZoneSource, transport: Transport) -> bytes | None:
    """The answer to one message in wire form, cut to the asker's size on UDP; None when silence is right."""
    try:
        query = dns.message.from_wire(wire, ignore_trailing=True)
    except dns.exception.DNSException:
        return _unreadable(wire)
    if query.flags & dns.flags.QR:
        return None
    response = answer(query, zone)
    if transport == "tcp":
        return response.to_wire(max_size=65535, prefer_truncation=True)
    asked = max(512, query.payload) if query.edns >= 0 else 512
    return response.to_wire(max_size=min(asked, PAYLOAD), prefer_truncation=True)


def answer(query: dns.message.Message, zone: ZoneSource) -> dns.message.Message:
    """The authoritative answer to `query` from `zone`."""
    if query.edns > 0:
        query.use_edns(0, 0, query.payload)
        return _refusal(query, dns.rcode.BADVERS)
    if query.opcode() != dns.opcode.QUERY:
        return _refusal(query, dns.rcode.NOTIMP)
    if len(query.question) != 1:
        return _refusal(query, dns.rcode.FORMERR)
    question = query.question[0]
    transfer = question.rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR)
    if question.rdclass != dns.rdataclass.IN or transfer or zone.apex(_text(question.name)) is None:
        return _refusal(query, dns.rcode.REFUSED)
    response = _empty_response(query)
    response.flags |= dns.flags.AA
    _follow(response, question.name, question.rdtype, zone)
    _add_addresses(response, zone)
    return response


def _follow(
    response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, zone: ZoneSource
) -> None:
    """Add what stands at `name`, along CNAMEs that stay in our zones."""
    visited: set[str] = set()
    while (apex := zone.apex(_text(name))) is not None:
        if _text(name) in visited or len(visited) == LONGEST_CHAIN:
            return
        visited.add(_text(name))
        records, exists = _records_at(_text(name), apex, zone)
        alias = next((record for record in records if record.type == "CNAME"), None)
        if alias is not None and rdtype not in (dns.rdatatype.CNAME, dns.rdatatype.ANY):
            rrset = _rrset(name, [alias])
            response.answer.append(rrset)
            name = rrset[0].target
            continue
        chosen = _chosen(records, rdtype)
        if chosen:
            response.answer.append(_rrset(name, chosen))
        else:
            if not exists:
                response.set_rcode(dns.rcode.NXDOMAIN)
            _add_soa(response, apex, zone)
        return


def _records_at(name: str, apex: str, zone: ZoneSource) -> tuple[list[Record], bool]:
    """The records at `name`, by wildcard if need be (RFC 4592), and whether the name exists at all."""
    records = list(zone.records(name))
    if records or zone.has_below(name):
        return records, True
    encloser = name
    while encloser != apex:
        encloser = encloser.partition(".")[2]
        wildcard = list(zone.records(f"*.{encloser}" if encloser else "*"))
        if wildcard:
            return wildcard, True
        if list(zone.records(encloser)) or zone.has_below(encloser):
            break
    return [], name == apex


def _chosen(records: list[Record], rdtype: dns.rdatatype.RdataType) -> list[Record]:
    if rdtype == dns.rdatatype.ANY:
        # One record set answers ANY well enough, and keeps amplification small (RFC 8482 section 4.1).
        return [record for record in records if record.type == records[0].type]
    return [record for record in records if record.type == dns.rdatatype.to_text(rdtype)]


def _add_soa(response: dns.message.Message, apex: str, zone: ZoneSource) -> None:
    soa = [record for record in zone.records(apex) if record.type == "SOA"]
    if soa:
        rrset = _rrset(dns.name.from_text(apex), soa)
        rrset.ttl = min(rrset.ttl, rrset[0].minimum)
        response.authority.append(rrset)


def _add_addresses(response: dns.message.Message, zone: ZoneSource) -> None:
    """What the asker of an NS or MX wants next, as far as it stands in our zones (RFC 1034 section 4.3.2, step 6)."""
    hosts: dict[dns.name.Name, None] = {}
    for rrset in response.answer:
        if rrset.rdtype == dns.rdatatype.NS:
            hosts |= dict.fromkeys(rdata.target for rdata in rrset)
        elif rrset.rdtype == dns.rdatatype.MX:
            hosts |= dict.fromkeys(rdata.exchange for rdata in rrset)
    for host in hosts:
        if zone.apex(_text(host)) is None:
            continue
        records = list(zone.records(_text(host)))
        for kind in ("A", "AAAA"):
            if chosen := [record for record in records if record.type == kind]:
                response.additional.append(_rrset(host, chosen))


def _rrset(name: dns.name.Name, records: list[Record]) -> dns.rrset.RRset:
    rrset = dns.rrset.RRset(name, dns.rdataclass.IN, dns.rdatatype.from_text(records[0].type))
    for record in records:
        rrset.add(rdata_of(record), ttl=record.ttl)
    return rrset


def rdata_of(record: Record) -> dns.rdata.Rdata:
    """The record as dnspython knows it; its `to_text()` is the zone file's (RFC 1035)."""
    value = record.value
    if record.type == "TXT":
        raw = value.encode()
        chunks = [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
        value = " ".join('"' + "".join(_escaped(byte) for byte in chunk) + '"' for chunk in chunks)
    return dns.rdata.from_text(dns.rdataclass.IN, record.type, value, origin=dns.name.root, relativize=False)


def _escaped(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03d}"


def _empty_response(query: dns.message.Message) -> dns.message.Message:
    return dns.message.make_response(query, recursion_available=False, our_payload=PAYLOAD)


def _refusal(query: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    response = _empty_response(query)
    response.set_rcode(rcode)
    return response


def _unreadable(wire: bytes) -> bytes | None:
    if len(wire) < 12 or wire[2] & 0x80:
        return None
    # Header alone: the asker's id and opcode, QR set, FORMERR, no sections.
    return wire[:2] + bytes([0x80 | (wire[2] & 0x79), dns.rcode.FORMERR]) + bytes(8)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower() if name != dns.name.root else ""


class NameServer:
    """UDP and TCP on one port; look-ups run in `executor` because a zone may wait for its database."""

    def __init__(self, zone: ZoneSource, executor: Executor) -> None:
        self._zone = zone
        self._executor = executor
        self._pending: set[asyncio.Task[None]] = set()
        self._connections = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port, which is chosen by the system when 0 was asked. Raises OSError when it is taken."""
        self._tcp = await asyncio.start_server(self._serve_connection, host, port)
        port = self._tcp.sockets[0].getsockname()[1]
        try:
            self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(host, port)
            )
        except OSError:
            self._tcp.close()
            raise
        return port

    async def stop(self) -> None:
        if self._transport is not None:
            self._transport.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in self._pending:
            task.cancel()
        await asyncio.gather(*self._pending, return_exceptions=True)

    def datagram(self, transport: asyncio.DatagramTransport, wire: bytes, address: tuple[str, int]) -> None:
        """Answer one datagram; under a flood the excess is dropped, since its askers ask again."""
        if len(self._pending) < UDP_PENDING:
            task = asyncio.create_task(self._answer_datagram(transport, wire, address))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    async def _answer_datagram(
        self, transport: asyncio.DatagramTransport, wire: bytes, address: tuple[str, int]
    ) -> None:
        response = await self._respond(wire, "udp")
        if response is not None and not transport.is_closing():
            transport.sendto(response, address)

    async def _serve_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            while self._connections <= TCP_CONNECTIONS:
                async with asyncio.timeout(TCP_IDLE):
                    wire = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                response = await self._respond(wire, "tcp")
                if response is None:
                    break
                writer.write(len(response).to_bytes(2, "big") + response)
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._connections -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _respond(self, wire: bytes, transport: Transport) -> bytes | None:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, respond, wire, self._zone, transport)
        except Exception:
            # A server that must go on: the asker gets SERVFAIL and tries again, the operator gets the traceback.
            log.exception("dns_answer_failed", transport=transport)
            with contextlib.suppress(dns.exception.DNSException):
                return _refusal(dns.message.from_wire(wire), dns.rcode.SERVFAIL).to_wire()
            return None


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.datagram(self._transport, data, addr)
