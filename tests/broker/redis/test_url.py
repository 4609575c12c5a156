from __future__ import annotations

from server.broker.redis.url import parse


def test_user_password_hosts_and_database() -> None:
    address = parse("redis+sentinel://ada:S%2Fsame@one.example,[::1]:7000/news/3")
    assert address.hosts == [("one.example", 26379), ("::1", 7000)]
    assert (address.path, address.database) == (["news", "3"], 3)
    assert address.options == {"username": "ada", "password": "S/same"}
    assert address.sentinels == {}


def test_tls_is_for_the_servers_unless_the_sentinels_have_it_too() -> None:
    tls = {"ssl": True, "ssl_ca_certs": "/ca.pem", "ssl_check_hostname": False}
    query = "ssl_ca_certs=/ca.pem&ssl_check_hostname=false"
    servers = parse(f"redis+sentinel://one/news?ssl=true&{query}")
    assert (servers.options, servers.sentinels) == (tls, {})
    sentinels = parse(f"redis+sentinel://one/news?sentinel_ssl=true&{query}&sentinel_password=Barley")
    assert (sentinels.options, sentinels.sentinels) == ({}, tls | {"password": "Barley"})
    assert parse(f"redis+cluster://one?ssl=true&{query}").options == tls
