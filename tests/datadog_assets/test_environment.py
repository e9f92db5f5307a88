"""What is read from the environment, and every line about what cannot be used."""

import os
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from datadog_assets import environment
from datadog_assets.environment import SITES, Access, WrongEnvironment, access

KEYS = {"DD_API_KEY": "k", "DD_APP_KEY": "a"}
ALL_SITES = (
    "datadoghq.com, us3.datadoghq.com, us5.datadoghq.com, datadoghq.eu, ap1.datadoghq.com, ap2.datadoghq.com,"
    " uk1.datadoghq.com, ddog-gov.com, us2.ddog-gov.com"
)


def faults(**values: str) -> list[str]:
    with pytest.raises(WrongEnvironment) as caught:
        access({**KEYS, **values})
    assert str(caught.value) == "\n".join(caught.value.faults)
    return caught.value.faults


def test_the_default_site_is_the_first() -> None:
    assert access(KEYS) == Access("https://api.datadoghq.com", "k", "a")


@pytest.mark.parametrize("site", SITES)
def test_each_site_has_its_api_host(site: str) -> None:
    assert access({**KEYS, "DD_SITE": f" {site.upper()} "}).api_url == f"https://api.{site}"


@pytest.mark.parametrize(
    ("site", "hint"),
    [
        ("datadoghq.de", " Did you mean datadoghq.eu?"),
        ("us3.datadog.com", " Did you mean us3.datadoghq.com?"),
        ("app.datadoghq.com", " Did you mean datadoghq.com?"),
        ("https://app.datadoghq.eu/logs", " Did you mean datadoghq.eu?"),
        ("api.ddog-gov.com", " Did you mean ddog-gov.com?"),
        ("example", " See https://docs.datadoghq.com/getting_started/site/"),
    ],
)
def test_a_misspelt_site_is_told_with_the_nearest(site: str, hint: str) -> None:
    assert faults(DD_SITE=site) == [f"DD_SITE: {site!r} is none of {ALL_SITES}.{hint}"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8282", "http://[::1]:8282", "https://proxy.example", "https://proxy.example/"]
)
def test_the_url_of_the_api_wins_over_the_site(url: str) -> None:
    assert access({**KEYS, "DD_API_URL": url, "DD_SITE": "nowhere"}).api_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("api.datadoghq.com", "api.datadoghq.com"),
        ("ftp://host", "ftp://host"),
        ("https://host/path", "https://host/path"),
        ("https://host:99999", "https://host:99999"),
        ("https://host:0", "https://host:0"),
        ("https://user:secret@host", "https://...@host"),
        ("https://", "https:"),
    ],
)
def test_a_url_that_is_none_is_told_without_its_password(url: str, shown: str) -> None:
    told = f"DD_API_URL: {shown!r} is no URL of a host, such as https://api.datadoghq.com."
    assert faults(DD_API_URL=url) == [f"{told} Correct it, or unset it and set DD_SITE."]


def test_keys_that_are_not_set_are_told_at_once_with_all_else() -> None:
    with pytest.raises(WrongEnvironment) as caught:
        access(
            {"DD_API_KEY": " ", "DD_API_URL": "x", "HTTPS_PROXY": "gopher://x", "SSL_CERT_DIR": "/nowhere"}
        )
    assert caught.value.faults == [
        "DD_API_URL: 'x' is no URL of a host, such as https://api.datadoghq.com. Correct it, or unset it and set DD_SITE.",
        "DD_API_KEY: is not set. Set it to an API key of your Datadog organization, or DD_API_KEY_FILE to a file that holds one.",
        "DD_APP_KEY: is not set. Set it to an application key of the same organization, or DD_APP_KEY_FILE to a file that holds one.",
        "HTTPS_PROXY: 'gopher://x' is no URL of a proxy, such as http://proxy.example:8080. Correct it, or unset it.",
        "SSL_CERT_DIR: /nowhere is no folder. Correct it, or unset it.",
    ]


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "caf\u00e9", "\udcff"])
def test_a_key_that_no_header_takes_is_not_repeated(key: str) -> None:
    assert faults(DD_API_KEY=key) == [
        "DD_API_KEY: holds a blank or a sign that no key has. Copy the key again."
    ]


def test_a_key_may_stand_in_a_file_which_wins(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(" from-file \n")
    found = access({**KEYS, "DD_APP_KEY_FILE": str(file)})
    assert (found.api_key, found.app_key, found.app_key_file) == ("k", "from-file", str(file))


def test_files_that_hold_no_key_are_told(tmp_path: Path) -> None:
    empty, binary, broken = (tmp_path / name for name in ("empty", "binary", "broken"))
    empty.write_text("\n")
    binary.write_bytes(b"\xff")
    broken.write_text("two words")
    assert faults(DD_API_KEY_FILE=str(empty), DD_APP_KEY_FILE=str(tmp_path / "none")) == [
        f"DD_API_KEY_FILE: {empty} is empty. Write the key into it.",
        f"DD_APP_KEY_FILE: {tmp_path}/none cannot be read: No such file or directory. Check the path and its permissions.",
    ]
    assert faults(DD_API_KEY_FILE=str(binary), DD_APP_KEY_FILE=str(broken)) == [
        f"DD_API_KEY_FILE: {binary} cannot be read: it is not text. Check the path and its permissions.",
        f"DD_APP_KEY_FILE: {broken} holds a blank or a sign that no key has. Copy the key again.",
    ]


def test_a_path_of_a_file_that_is_no_text_is_told() -> None:
    assert faults(DD_API_KEY_FILE="a\nb") == [
        "DD_API_KEY_FILE: holds a sign that cannot be printed. Write it anew."
    ]


def test_keys_are_read_again_from_their_files_as_far_as_they_can_be_used(tmp_path: Path) -> None:
    api_key, app_key = tmp_path / "api", tmp_path / "app"
    api_key.write_text("one")
    app_key.write_text("two")
    found = access({"DD_API_KEY_FILE": str(api_key), "DD_APP_KEY_FILE": str(app_key)})
    assert found.renewed() == found
    api_key.write_text("three")
    app_key.write_text("no key")
    assert (found.renewed().api_key, found.renewed().app_key) == ("three", "two")
    api_key.unlink()
    app_key.write_bytes(b"\xff")
    assert found.renewed() == found
    assert access(KEYS).renewed() == access(KEYS)


def test_no_key_is_shown() -> None:
    assert repr(access({"DD_API_KEY": "hidden1", "DD_APP_KEY": "hidden2"})) == (
        "Access(api_url='https://api.datadoghq.com', api_key_file='', app_key_file='')"
    )


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "http_proxy", "All_Proxy"])
@pytest.mark.parametrize(
    "value", ["http://proxy:port", "gopher://proxy", "http://", "proxy:99999", "http://[::1"]
)
def test_a_proxy_that_is_none_is_told(name: str, value: str) -> None:
    assert faults(**{name: value}) == [
        f"{name}: {value!r} is no URL of a proxy, such as http://proxy.example:8080. Correct it, or unset it."
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [("http://me:secret@proxy:x", "http://...@proxy:x"), ("me:secret@proxy:x", "...@proxy:x")],
)
def test_a_proxys_password_is_not_shown(value: str, shown: str) -> None:
    assert faults(HTTPS_PROXY=value) == [
        f"HTTPS_PROXY: {shown!r} is no URL of a proxy, such as http://proxy.example:8080. Correct it, or unset it."
    ]


def test_a_socks_proxy_needs_a_package_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datadog_assets.environment.find_spec", lambda name: None)
    assert faults(ALL_PROXY="socks5://proxy:1080") == [
        "ALL_PROXY: 'socks5://proxy:1080' is a SOCKS proxy, which needs a package more. pip install socksio"
    ]
    monkeypatch.setattr("datadog_assets.environment.find_spec", lambda name: name)
    access({**KEYS, "ALL_PROXY": "socks5://proxy:1080"})


@pytest.mark.parametrize(
    "value", ["", "proxy", "proxy:8080", "http://me:secret@proxy:8080", "https://[::1]:1"]
)
def test_proxies_are_taken_as_others_take_them(value: str) -> None:
    assert access({**KEYS, "HTTPS_PROXY": value, "NO_PROXY": "*"}) == access(KEYS)


def test_certificates_are_checked(tmp_path: Path) -> None:
    good, letters = tmp_path / "good.pem", tmp_path / "letters.pem"
    trustme.CA().cert_pem.write_to_path(str(good))
    letters.write_text("no certificate")
    assert access({**KEYS, "SSL_CERT_FILE": str(good), "SSL_CERT_DIR": str(tmp_path)}) == access(KEYS)
    for path, reason in ((letters, "holds no certificate"), (tmp_path / "none", "cannot be read")):
        assert faults(SSL_CERT_FILE=str(path)) == [
            f"SSL_CERT_FILE: {path} {reason}. Let it name a file of certificates in PEM."
        ]


def test_the_process_own_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DD_SITE", "DD_API_URL", "DD_API_KEY_FILE", "DD_APP_KEY_FILE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    assert access().api_key == "k"
    assert not environment.no_color()
    monkeypatch.setenv("NO_COLOR", "1")
    assert environment.no_color()
    assert environment.variables() == dict(os.environ)


@given(st.dictionaries(
    st.sampled_from([*KEYS, "DD_API_KEY_FILE", "DD_SITE", "DD_API_URL", "HTTPS_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"]),
    st.text(st.characters(exclude_characters="\0")) | st.text("htps:/@[].0 x"),
))  # fmt: skip
def test_whatever_is_set_ends_in_lines_that_can_be_printed(values: dict[str, str]) -> None:
    told: list[str] = []
    try:
        access(values)
    except WrongEnvironment as error:
        told = error.faults
    assert [fault for fault in told if not fault.isprintable()] == []
