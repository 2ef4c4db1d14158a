"""The providers' data: found from name servers, whole, and short enough to follow."""

import ipaddress

import pytest

from domains.dns_hosts import dns_hosts, hosts_of, proxy_networks


@pytest.mark.parametrize(
    ("servers", "keys"),
    [
        (["fay.ns.cloudflare.com", "rob.ns.cloudflare.com"], ["cloudflare"]),
        (["ns-12.awsdns-01.com", "ns-600.awsdns-11.net", "ns-15.awsdns-59.org", "ns-20.awsdns-58.co.uk"], ["route53"]),
        (["ns73.domaincontrol.com", "ns74.domaincontrol.com"], ["godaddy"]),
        (["dns1.registrar-servers.com", "dns2.registrar-servers.com"], ["namecheap"]),
        (["pdns1.registrar-servers.com"], ["namecheap"]),
        (["ns1.digitalocean.com", "ns2.digitalocean.com", "ns3.digitalocean.com"], ["digitalocean"]),
        (["ns-cloud-a1.googledomains.com", "ns-cloud-a2.googledomains.com"], ["google_cloud", "squarespace"]),
        (["connect1.squarespacedns.com", "connect2.squarespacedns.com"], ["squarespace"]),
        (["fay.ns.cloudflare.com", "ns1.digitalocean.com"], []),
        (["fay.ns.cloudflare.com.evil.test"], []),
        (["ns1.example.test"], []),
        ([], []),
    ],
)
def test_a_provider_is_found_when_all_name_servers_are_its_own(servers: list[str], keys: list[str]) -> None:
    assert [host.key for host in hosts_of(servers)] == keys


def test_each_provider_has_three_to_five_steps_and_a_page_of_its_own() -> None:
    assert list(dns_hosts()) == [
        "cloudflare",
        "route53",
        "godaddy",
        "namecheap",
        "digitalocean",
        "google_cloud",
        "squarespace",
    ]
    for host in dns_hosts().values():
        assert 3 <= len(host.steps) <= 5
        assert host.docs.startswith("https://")
        assert host.hint.endswith(".")
        assert all(server == server.lower() for server in host.servers)


def test_the_networks_that_hide_records_can_be_read() -> None:
    networks = [ipaddress.ip_network(text) for text in proxy_networks()]
    assert any(ipaddress.ip_address("104.16.7.8") in network for network in networks)
    assert not any(ipaddress.ip_address("192.0.2.1") in network for network in networks)
