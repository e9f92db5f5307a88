"""What the user set is read by one order of precedence, and each fault is one line that says what to do."""

import os
import sys
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path

import pytest

from relay.errors import ConfigurationError
from relay.settings import SITES, VARIABLES, Settings, given, load, misspelt, read

SITES_LISTED = (
    "datadoghq.com, us3.datadoghq.com, us5.datadoghq.com, datadoghq.eu, ap1.datadoghq.com, ap2.datadoghq.com,"
    " uk1.datadoghq.com, ddog-gov.com, us2.ddog-gov.com"
)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / "relay.env"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def faults(values: Mapping[str, str], *, serving: bool = False) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(values, serving=serving)
    assert str(caught.value) == "\n".join(caught.value.faults)
    return list(caught.value.faults)


# --- what is read


def test_without_any_setting_the_defaults_hold() -> None:
    assert read({}) == Settings(
        api_key="",
        site="datadoghq.com",
        env="production",
        service="okta",
        source="okta-workflows-els",
        tags=(),
        hostname=None,
        api_url="https://api.datadoghq.com",
        logs_url="https://http-intake.logs.datadoghq.com",
        tokens=(),
        token_header="Authorization",
        networks=(),
        proxies=(),
        host="127.0.0.1",
        port=8080,
        spool="sqlite:relay-spool.db",
        spool_max_bytes=4 * 1024**3,
        batch_wait=1.0,
        bury_limit=100,
        log_format="text",
        server="hypercorn",
        workers=1,
        tls=None,
    )


def test_everything_can_be_set(tmp_path: Path) -> None:
    certificate, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.touch()
    key.touch()
    values = {
        "DD_API_KEY": "key",
        "DD_SITE": "datadoghq.eu",
        "DD_ENV": "staging",
        "DD_SERVICE": "workflows",
        "DD_SOURCE": "els",
        "DD_TAGS": "team:x, tier:1  region:eu,",
        "DD_HOSTNAME": "acme.example",
        "DD_API_URL": "http://127.0.0.1:1/",
        "DD_LOGS_URL": "https://proxy.example:8443",
        "RELAY_TOKEN": "old, new,",
        "RELAY_TOKEN_HEADER": "X-Token",
        "RELAY_ALLOWED_NETWORKS": "203.0.113.0/24, 2001:db8::/32",
        "RELAY_TRUSTED_PROXIES": "10.0.0.1",
        "RELAY_BIND": "[::]:9000",
        "RELAY_SPOOL": "sqlite:/data/spool.db",
        "RELAY_SPOOL_MAX_BYTES": "500MB",
        "RELAY_BATCH_WAIT": "0.25",
        "RELAY_BURY_LIMIT": "7",
        "RELAY_LOG_FORMAT": "JSON",
        "RELAY_SERVER": "uvicorn",
        "RELAY_WORKERS": "64",
        "RELAY_TLS_CERT": str(certificate),
        "RELAY_TLS_KEY": str(key),
    }
    assert values.keys() | {"DD_API_KEY_FILE", "RELAY_TOKEN_FILE"} == VARIABLES.keys()
    assert read(values) == Settings(
        api_key="key",
        site="datadoghq.eu",
        env="staging",
        service="workflows",
        source="els",
        tags=("team:x", "tier:1", "region:eu"),
        hostname="acme.example",
        api_url="http://127.0.0.1:1",
        logs_url="https://proxy.example:8443",
        tokens=("old", "new"),
        token_header="X-Token",
        networks=(ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")),
        proxies=(ip_network("10.0.0.1/32"),),
        host="::",
        port=9000,
        spool="sqlite:/data/spool.db",
        spool_max_bytes=500_000_000,
        batch_wait=0.25,
        bury_limit=7,
        log_format="json",
        server="uvicorn",
        workers=64,
        tls=(str(certificate), str(key)),
    )


@pytest.mark.parametrize("site", SITES)
def test_each_site_has_its_hosts(site: str) -> None:
    settings = read({"DD_SITE": site})
    assert settings.api_url == f"https://api.{site}"
    assert settings.logs_url == f"https://http-intake.logs.{site}"


def test_blanks_around_a_value_do_not_matter_and_blanks_alone_are_none() -> None:
    assert read({"DD_SITE": " datadoghq.eu\n", "DD_ENV": "  "}) == read({"DD_SITE": "datadoghq.eu"})


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("1", 1),
        ("4096", 4096),
        ("10B", 10),
        ("5k", 5_000),
        ("5 kB", 5_000),
        ("5KiB", 5 * 1024),
        ("500MB", 500_000_000),
        ("2Gi", 2 * 1024**3),
        ("4gib", 4 * 1024**3),
        ("1TB", 10**12),
        ("007", 7),
        ("999999999TB", 2**62),
    ],
)
def test_sizes_may_be_written_in_the_usual_ways(written: str, size: int) -> None:
    assert read({"RELAY_SPOOL_MAX_BYTES": written}).spool_max_bytes == size


@pytest.mark.parametrize("name", ["DD_API_KEY", "RELAY_TOKEN"])
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-file\n")
    settings = read({f"{name}_FILE": str(file)})
    assert (settings.api_key or settings.tokens[0]) == "from-file"


def test_secrets_are_not_shown() -> None:
    settings = read({"DD_API_KEY": "hush-key", "RELAY_TOKEN": "hush-token"})
    assert (settings.api_key, settings.tokens) == ("hush-key", ("hush-token",))
    assert "hush" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(("tokens", "headers"), [("", {}), ("first,second", {"X-Token": "Bearer first"})])
def test_the_first_token_lets_a_sender_in(tokens: str, headers: dict[str, str]) -> None:
    assert read({"RELAY_TOKEN": tokens, "RELAY_TOKEN_HEADER": "X-Token"}).token_headers == headers


@pytest.mark.parametrize(
    ("bind", "is_loopback", "url"),
    [
        ("127.0.0.1:8080", True, "http://127.0.0.1:8080/okta/events"),
        ("127.9.9.9:1", True, "http://127.9.9.9:1/okta/events"),
        ("localhost:8080", True, "http://localhost:8080/okta/events"),
        ("[::1]:8080", True, "http://[::1]:8080/okta/events"),
        ("0.0.0.0:8080", False, "http://127.0.0.1:8080/okta/events"),
        ("[::]:8080", False, "http://[::1]:8080/okta/events"),
        ("10.0.0.5:8080", False, "http://10.0.0.5:8080/okta/events"),
        ("relay.example:80", False, "http://relay.example:80/okta/events"),
    ],
)
def test_where_a_sender_on_this_machine_posts_and_who_else_can(
    bind: str, url: str, *, is_loopback: bool
) -> None:
    settings = read({"RELAY_BIND": bind})
    assert (settings.is_loopback, settings.events_url) == (is_loopback, url)


def test_with_a_certificate_the_url_is_https(tmp_path: Path) -> None:
    pair = {name: str(tmp_path / name) for name in ("RELAY_TLS_CERT", "RELAY_TLS_KEY")}
    for file in pair.values():
        Path(file).touch()
    assert read(pair).events_url == "https://127.0.0.1:8080/okta/events"


# --- precedence


def test_a_flag_wins_over_the_environment_that_over_the_file_that_over_the_default(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load().env == "production"
    env_file.write_text("DD_ENV=file\n")
    assert load(env_file).env == "file"
    monkeypatch.setenv("DD_ENV", "environment")
    assert load(env_file).env == "environment"
    assert load(env_file, {"DD_ENV": "flag"}).env == "flag"


def test_an_empty_value_does_not_hide_one_that_is_set(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("DD_ENV=file\n")
    monkeypatch.setenv("DD_ENV", "")
    assert load(env_file, {"DD_ENV": " "}).env == "file"


def test_a_secret_of_the_environment_wins_over_the_files_path_to_one(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file.write_text("DD_API_KEY_FILE=/no/such/file\n")
    monkeypatch.setenv("DD_API_KEY", "from-environment")
    assert load(env_file).api_key == "from-environment"


def test_a_path_to_a_secret_in_the_environment_wins_over_the_files_secret(
    env_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from-secret-file")
    env_file.write_text("DD_API_KEY=from-env-file\n")
    monkeypatch.setenv("DD_API_KEY_FILE", str(tmp_path / "secret"))
    assert load(env_file).api_key == "from-secret-file"


def test_an_environment_file_may_hold_comments_quotes_and_bare_names(env_file: Path) -> None:
    env_file.write_text("# mine\nexport DD_ENV='staging'\nDD_SERVICE\n\nDD_TAGS=\"team:x, tier:1\" # both\n")
    settings = load(env_file)
    assert (settings.env, settings.service, settings.tags) == ("staging", "okta", ("team:x", "tier:1"))


# --- faults, each in one line


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"DD_SITE": "nowhere"}, f"DD_SITE: is none of {SITES_LISTED}."),
        (
            {"DD_SITE": "datadog.com"},
            f"DD_SITE: is none of {SITES_LISTED}. Did you mean datadoghq.com?",
        ),
        (
            {"RELAY_SERVER": "gunicorn"},
            "RELAY_SERVER: is none of hypercorn, uvicorn. Did you mean uvicorn?",
        ),
        ({"DD_API_KEY": "two\nlines"}, "DD_API_KEY: holds a sign that cannot be printed. Write it anew."),
        ({"DD_ENV": "pro\x1b[2Jd"}, "DD_ENV: holds a sign that cannot be printed. Write it anew."),
        (
            {"RELAY_SPOOL": "sqlite:\udcff"},
            "RELAY_SPOOL: holds a sign that cannot be printed. Write it anew.",
        ),
        (
            {"RELAY_TOKEN": "one,tókén"},
            "RELAY_TOKEN: holds a sign outside printable ASCII, which no header can carry.",
        ),
        (
            {"RELAY_TOKEN_HEADER": "X Token"},
            "RELAY_TOKEN_HEADER: is no name of a header, such as Authorization.",
        ),
        (
            {"DD_API_URL": "https://me:hush@host"},
            "DD_API_URL: is no URL of a host, such as https://proxy.example:8443.",
        ),
        ({"DD_API_KEY": "ké"}, "DD_API_KEY: holds a blank or a sign that no key has. Copy the key again."),
        (
            {"DD_API_KEY_FILE": "/no/such/file"},
            (
                "DD_API_KEY_FILE: the file that it names cannot be read: No such file or directory."
                " Check the path and its permissions."
            ),
        ),
        (
            {"RELAY_TOKEN_FILE": "/"},
            "RELAY_TOKEN_FILE: the file that it names cannot be read: Is a directory. Check the path and its permissions.",
        ),
        ({"RELAY_TLS_CERT": "/"}, "RELAY_TLS_KEY: is not set. RELAY_TLS_CERT and RELAY_TLS_KEY go together."),
        ({"RELAY_TLS_KEY": "/"}, "RELAY_TLS_CERT: is not set. RELAY_TLS_CERT and RELAY_TLS_KEY go together."),
    ],
)
def test_a_fault_is_one_line_that_says_what_to_do(values: dict[str, str], line: str) -> None:
    assert faults(values) == [line]


@pytest.mark.parametrize(
    "written",
    [
        "8080",
        ":8080",
        "host",
        "host:",
        "host:http",
        "host:65536",
        "host:-1",
        "h:²",
        "h:000080",
        "[::1:80",
        "[]:80",
    ],
)
def test_a_bind_without_host_or_port_is_a_fault(written: str) -> None:
    assert faults({"RELAY_BIND": written}) == [
        "RELAY_BIND: is no host:port, such as 0.0.0.0:8080 or [::1]:8080."
    ]


@pytest.mark.parametrize("written", ["much", "0", "-1", "1.5GB", "5XB", "0 GiB", "٣", "9" * 16])
def test_a_size_that_is_none_is_a_fault(written: str) -> None:
    assert faults({"RELAY_SPOOL_MAX_BYTES": written}) == [
        "RELAY_SPOOL_MAX_BYTES: is no size. Write bytes, or a number with MB, MiB, GB, GiB."
    ]


@pytest.mark.parametrize("written", ["soon", "0", "-1", "61", "nan", "inf", "1s"])
def test_a_wait_that_is_none_is_a_fault(written: str) -> None:
    assert faults({"RELAY_BATCH_WAIT": written}) == [
        "RELAY_BATCH_WAIT: is no number of seconds above 0 and up to 60."
    ]


@pytest.mark.parametrize(
    "written",
    [
        "datadog",
        "ftp://host",
        "http://",
        "https://host/path",
        "https://host?q=1",
        "https://host#x",
        "http://host:abc",
        "http://host:99999",
        "http://[::1",
        "https://dätadog.example",
        "https://two words",
    ],
)
@pytest.mark.parametrize("name", ["DD_API_URL", "DD_LOGS_URL"])
def test_a_url_that_is_no_hosts_is_a_fault(name: str, written: str) -> None:
    assert faults({name: written}) == [f"{name}: is no URL of a host, such as https://proxy.example:8443."]


@pytest.mark.parametrize("name", ["DD_API_KEY", "RELAY_TOKEN"])
def test_an_empty_secret_file_and_one_that_is_no_text_are_faults(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" \n")
    assert faults({f"{name}_FILE": str(file)}) == [
        f"{name}_FILE: the file that it names is empty. Write the value into it."
    ]
    file.write_bytes(b"\xff\xfe")
    assert faults({f"{name}_FILE": str(file)}) == [
        f"{name}_FILE: the file that it names cannot be read: it is not text. Check the path and its permissions."
    ]


def test_a_certificate_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.touch()
    assert faults({"RELAY_TLS_CERT": "/no/such/file", "RELAY_TLS_KEY": str(key)}) == [
        "RELAY_TLS_CERT: the file that it names cannot be read. Check the path and its permissions."
    ]


def test_all_faults_are_told_at_once() -> None:
    found = faults({"DD_SITE": "nowhere", "RELAY_BIND": "x", "RELAY_BATCH_WAIT": "x"}, serving=True)
    assert [line.partition(":")[0] for line in found] == [
        "DD_SITE",
        "RELAY_BIND",
        "RELAY_BATCH_WAIT",
        "DD_API_KEY",
        "RELAY_TOKEN",
    ]


def test_no_fault_shows_a_secret() -> None:
    assert "hush" not in str(faults({"DD_API_KEY": "hush hush", "RELAY_BIND": "x"}))


@pytest.mark.parametrize("key", ["", "  "])
def test_serving_needs_a_key(key: str) -> None:
    assert faults({"DD_API_KEY": key}, serving=True) == [
        (
            "DD_API_KEY: is not set. Set it to an API key of your Datadog organization,"
            " or DD_API_KEY_FILE to a file that holds one."
        )
    ]


@pytest.mark.parametrize("token", ["", " , "])
def test_serving_others_than_this_machine_needs_a_token(token: str) -> None:
    values = {"DD_API_KEY": "key", "RELAY_BIND": "0.0.0.0:8080", "RELAY_TOKEN": token}
    assert faults(values, serving=True) == [
        (
            "RELAY_TOKEN: is not set, and 0.0.0.0 can be reached from other machines."
            " Set it to a long random text, or bind to 127.0.0.1."
        )
    ]
    assert faults({**values, "RELAY_TOKEN": "é"}, serving=True) == [
        "RELAY_TOKEN: holds a sign outside printable ASCII, which no header can carry."
    ]
    assert read({**values, "RELAY_TOKEN": "token"}, serving=True).tokens == ("token",)
    assert read({**values, "RELAY_BIND": "127.0.0.1:8080"}, serving=True).tokens == ()


def test_serving_on_a_server_that_is_not_installed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"DD_API_KEY": "key", "RELAY_SERVER": "uvicorn"}
    assert read(values, serving=True).server == "uvicorn"
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert faults(values, serving=True) == [
        "RELAY_SERVER: uvicorn is not installed. pip install 'okta-datadog-relay[fast]'"
    ]


def test_serving_with_files_that_hold_no_certificate_is_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "letters.txt"
    file.write_text("no certificate")
    values = {"DD_API_KEY": "key", "RELAY_TLS_CERT": str(file), "RELAY_TLS_KEY": str(file)}
    (line,) = faults(values, serving=True)
    assert line.startswith(
        "RELAY_TLS_CERT, RELAY_TLS_KEY: the files that they name are not a certificate chain and its key in PEM: "
    )


def test_an_environment_file_that_cannot_be_read_is_a_fault(env_file: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(env_file)
    assert caught.value.faults == (
        f"--env-file: {env_file} cannot be read: No such file or directory. Check the path and its permissions.",
    )
    env_file.write_bytes(b"DD_ENV=\xff")
    with pytest.raises(ConfigurationError, match="it is not text"):
        load(env_file)


# --- misspelt variables


def test_a_misspelt_variable_is_told_with_what_was_meant() -> None:
    assert misspelt({"RELAY_TOKN": "", "RELAY_SPOOL_MAX_BYTE": "", "RELAY_BIND": "", "HOME": ""}) == {
        "RELAY_TOKN": "RELAY_TOKEN",
        "RELAY_SPOOL_MAX_BYTE": "RELAY_SPOOL_MAX_BYTES",
    }


def test_variables_of_others_are_not_called_misspelt() -> None:
    assert misspelt({"DD_APP_KEY": "", "DD_AGENT_HOST": "", "RELAY_RACE_MEDALS": ""}) == {}


def test_what_is_looked_through_for_misspelt_names_is_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RELAY_BINDD", "x")
    assert misspelt(given(None))["RELAY_BINDD"] == "RELAY_BIND"
    assert "RELAY_BINDD" in os.environ
