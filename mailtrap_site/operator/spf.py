"""Whether an SPF record lets an address send (RFC 7208), as far as the records of a platform go: without macros."""

import ipaddress
from collections.abc import Callable, Iterator
from enum import StrEnum

from domains.answers import Answer, Outcome

Ask = Callable[[str, str], Answer]
"""Name and record type."""
MOST_LOOKUPS = 10


class Result(StrEnum):
    """RFC 7208 section 2.6."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


QUALIFIERS = {"+": Result.PASS, "-": Result.FAIL, "~": Result.SOFTFAIL, "?": Result.NEUTRAL}


class _Ended(Exception):
    def __init__(self, result: Result) -> None:
        super().__init__(result)
        self.result = result


def check(address: str, domain: str, ask: Ask) -> Result:
    """What a receiver finds for mail from `address` with this domain in its reverse-path."""
    try:
        return _Check(address, ask).of(domain)
    except _Ended as ended:
        return ended.result


class _Check:
    def __init__(self, address: str, ask: Ask) -> None:
        self._address = ipaddress.ip_address(address)
        self._ask = ask
        self._left = MOST_LOOKUPS

    def of(self, domain: str) -> Result:
        answer = self._asked(domain, "TXT")
        records = [value for value in answer.values if value.lower() == "v=spf1" or value.lower().startswith("v=spf1 ")]
        if len(records) != 1:
            return Result.PERMERROR if records else Result.NONE
        redirect = ""
        for term in records[0].split()[1:]:
            if term.lower().startswith("redirect="):
                redirect = term.partition("=")[2]
            elif "=" not in term and self._matches(term.lstrip("+-~?"), domain):
                return QUALIFIERS.get(term[0], Result.PASS)
        if not redirect:
            return Result.NEUTRAL
        self._count()
        found = self.of(redirect)
        return Result.PERMERROR if found is Result.NONE else found

    def _matches(self, mechanism: str, domain: str) -> bool:
        name, _colon, value = mechanism.partition(":")
        match name.lower().partition("/")[0]:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._is_in(value)
            case "include":
                self._count()
                found = self.of(value)
                if found in (Result.NONE, Result.PERMERROR):
                    raise _Ended(Result.PERMERROR)
                return found is Result.PASS
            case "a":
                self._count()
                return any(self._is_in(one) for one in self._addresses(mechanism, domain))
            case "mx":
                self._count()
                host, _slash, bits = (value or mechanism[2:]).partition("/")
                exchanges = [one.partition(" ")[2] for one in self._asked(host or domain, "MX").values]
                suffix = f"/{bits}" if bits else ""
                return any(self._is_in(one) for name in exchanges for one in self._addresses(f"a:{name}{suffix}", ""))
            case "exists" | "ptr":
                self._count()
                return False
        raise _Ended(Result.PERMERROR)

    def _addresses(self, mechanism: str, domain: str) -> Iterator[str]:
        """The networks of an `a` mechanism."""
        host, _slash, bits = mechanism.removeprefix("a").removeprefix(":").partition("/")
        kind = "AAAA" if self._address.version == 6 else "A"
        for value in self._asked(host or domain, kind).values:
            yield f"{value}/{bits}" if bits else value

    def _is_in(self, network: str) -> bool:
        try:
            found = ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise _Ended(Result.PERMERROR) from None
        return found.version == self._address.version and self._address in found

    def _asked(self, name: str, kind: str) -> Answer:
        answer = self._ask(name, kind)
        if answer.outcome.is_failure:
            raise _Ended(Result.TEMPERROR)
        return answer if answer.outcome is Outcome.FOUND else Answer(answer.outcome)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _Ended(Result.PERMERROR)
