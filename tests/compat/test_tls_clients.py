from __future__ import annotations

from pathlib import Path

import pytest

from envspec.compat.tls_clients import ca_store, ca_stores, clients_among, tls_clients

PAGE = Path(__file__).parents[2] / "docs" / "tls.md"


@pytest.mark.parametrize(
    ("name", "variables", "reads_the_store"),
    [
        ("urllib", {"SSL_CERT_FILE"}, True),
        ("requests", {"REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}, False),
        ("httpx", {"SSL_CERT_FILE"}, False),
        ("aiohttp", {"SSL_CERT_FILE"}, True),
        ("curl", {"SSL_CERT_FILE", "CURL_CA_BUNDLE"}, True),
        ("uv", {"SSL_CERT_FILE"}, False),
    ],
)
def test_the_table_says_what_was_measured(name: str, variables: set[str], reads_the_store: bool) -> None:
    [row] = [client for client in tls_clients() if client.name == name]
    assert set(row.variables) - {"SSL_CERT_DIR"} == variables
    assert row.system_store is reads_the_store


def test_the_release_in_the_lock_chooses_its_row() -> None:
    old = clients_among({"pip": "23.2", "huggingface-hub": "0.36.0"})
    new = clients_among({"pip": "26.3", "huggingface-hub": "1.2.0rc1"})
    assert [(client.name, client.variables[0]) for client in old] == [
        ("urllib", "SSL_CERT_FILE"),
        ("huggingface_hub", "REQUESTS_CA_BUNDLE"),
        ("pip", "REQUESTS_CA_BUNDLE"),
    ]
    assert [(client.name, client.variables[0]) for client in new] == [
        ("urllib", "SSL_CERT_FILE"),
        ("huggingface_hub", "SSL_CERT_FILE"),
        ("pip", "SSL_CERT_FILE"),
    ]


def test_no_release_stands_in_two_rows_of_its_project() -> None:
    for version in ("0.1", "0.36", "1.0", "1.0rc1", "24.1.2", "24.2", "99"):
        names = [
            client.name for client in clients_among({client.project: version for client in tls_clients()})
        ]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("os_id", "like", "name"),
    [
        ("rhel", ("fedora",), "RHEL"),
        ("rocky", ("rhel", "centos", "fedora"), "RHEL"),
        ("ubuntu", ("debian",), "Debian"),
        ("linuxmint", ("ubuntu", "debian"), "Debian"),
        ("sles", ("suse",), "SUSE"),
    ],
)
def test_an_os_finds_its_store_by_id_or_by_what_it_is_like(
    os_id: str, like: tuple[str, ...], name: str
) -> None:
    store = ca_store(os_id, like)
    assert store is not None
    assert store.name == name


def test_an_os_nobody_knows_has_no_store() -> None:
    assert ca_store("haiku") is None


def test_the_page_for_users_names_every_client_variable_and_store() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for client in tls_clients():
        assert client.name in text
        assert all(variable in text for variable in client.variables)
    for store in ca_stores():
        assert f"{store.anchors}" in text
        assert store.command in text
        assert store.bundle in text
