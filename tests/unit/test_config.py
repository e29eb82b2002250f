"""A person's mistake in config.yaml gets one line with file, line, key and fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.config import load
from ivr.errors import ConfigError


def config(folder: Path, text: str) -> Path:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_an_empty_file_serves_a_hotline_on_this_machine(tmp_path: Path) -> None:
    settings = load(config(tmp_path, ""))
    assert settings.sip.port == 5060
    assert settings.database_url == f"sqlite:///{tmp_path / 'var/hotline.db'}"


def test_the_shipped_config_is_valid() -> None:
    assert load(Path("config.yaml")).agents[0].uri.startswith("sip:")


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("workers: 3\nsip:\n  prot: 1\n", "config.yaml:3:3", ["unknown key `prot`", "did you mean `port`?"]),
        ("workers: 0\n", "config.yaml:1:1", ["workers", "at least 1"]),
        ("sip: {port: 99999}\n", "config.yaml:1:7", ["sip.port"]),
        ("workers: 2\nworkers: 3\n", "config.yaml:2:1", ["written twice"]),
        ("sip: [\n", "config.yaml:", ["not YAML"]),
        (
            "workers: 1\nsip: {tls: {certificate: c, key: k}}\n",
            "config.yaml:2:7",
            ["only the edge speaks TLS", "`workers` to 2"],
        ),
        ("sip: {edge: no, tls: {certificate: c, key: k}}\n", "config.yaml:1:", ["only the edge speaks TLS"]),
        ("sip: {caller_id: asserted}\n", "config.yaml:1:", ["nobody is trusted", "sip.trusted"]),
        ("- a\n", "config.yaml:1:1", ["key: value"]),
        ("agents:\n- {name: a}\n", "config.yaml:2:", ["agents.0.uri", "missing"]),
        (
            "orders:\n  messages:\n    kind: webhook\n",
            "config.yaml:2:3",
            ["orders.messages.url", "needs the gateway's address"],
        ),
        ("orders: {messages: {kind: webhook, url: sms}}\n", "config.yaml:1:", ["orders.messages.url", "https://"]),
        ("orders: {messages: {url: 'http://x'}}\n", "config.yaml:1:", ["orders.messages.url", "only `kind: webhook`"]),
        ("orders: {messages: {kind: sms}}\n", "config.yaml:1:", ["orders.messages.kind", "file, webhook"]),
        ("orders: {messages: {timeout_seconds: 0}}\n", "config.yaml:1:", ["timeout_seconds", "more than 0"]),
        ("retention: {recordings_days: 0}\n", "config.yaml:1:", ["recordings_days", "at least 1"]),
        ("retention: {recording_days: 9}\n", "config.yaml:1:", ["did you mean `recordings_days`?"]),
        ("time_zone: Asia/Peking\n", "config.yaml:1:1", ["time_zone", "Asia/Shanghai", "Asia/Peking"]),
        ("sip: {codecs: []}\n", "config.yaml:1:7", ["sip.codecs", "at least one"]),
        (
            "sip: {registration: {registrar: my pbx, user: a, password: b}}\n",
            "config.yaml:1:",
            ["registrar", "sip:pbx"],
        ),
        ("agents:\n- {name: a, uri: 8001}\n", "config.yaml:2:13", ["agents.0.uri", "sip:anna@", "8001"]),
        ("agents:\n- {name: a, uri: 'sip:a\"b@c'}\n", "config.yaml:2:13", ["agents.0.uri", "sip:anna@"]),
        ("agents:\n- {name: '', uri: 'sip:a@b'}\n", "config.yaml:2:4", ["agents.0.name", "write a name"]),
        ("agents:\n- {name: a, uri: 'sip:a@b', queues: []}\n", "config.yaml:2:", ["agents.0.queues", "at least one"]),
        (
            "agents:\n- {name: a, uri: 'sip:a@b', languages: fr}\n",
            "config.yaml:2:",
            ["agents.0.languages", "en, zh"],
        ),
        (
            "agents:\n- {name: a, uri: 'sip:a@b'}\n- {name: a, uri: 'sip:c@b'}\n",
            "config.yaml:1:1",
            ["two agents called a"],
        ),
        ("handoff: {webhook: crm.example.com}\n", "config.yaml:1:", ["handoff.webhook", "https://"]),
        (
            "agents:\n- {name: a, uri: 'sip:a@b', queues: safety}\nhandoff:\n  way_out: {safty: refer}\n",
            "config.yaml:4:13",
            ["handoff.way_out", "no agent serves `safty`", "did you mean `safety`?"],
        ),
        ("hours: {defalt: 24/7}\n", "config.yaml:1:", ["unknown key `defalt`", "did you mean `default`?"]),
        ("hours: {default: Mo-Su 9-21}\n", "config.yaml:1:9", ["hours.default", "from `9-21` on", "Mo-Fr 09:00-21:00"]),
        (
            "hours: {default: 'Mo-Su 09:00-21:00; PH off'}\n",
            "config.yaml:1:9",
            ["hours.default", "PH", "hours.country"],
        ),
        ("hours: {default: PH off, country: XX}\n", "config.yaml:1:", ["hours.default", "country `XX`", "ISO 3166"]),
        ("hours: {default: 2020 09:00-21:00}\n", "config.yaml:1:9", ["hours.default", "is never open"]),
        (
            "agents:\n- {name: a, uri: 'sip:a@b', queues: safety}\nhours:\n  queues: {safty: 24/7}\n",
            "config.yaml:4:12",
            ["hours.queues", "no agent serves `safty`", "did you mean `safety`?"],
        ),
        (
            "agents:\n- {name: a, uri: 'sip:a@b', queues: safety}\nhours:\n  on_call: {safety: seniro}\n",
            "config.yaml:4:13",
            ["hours.on_call.safety", "no agent serves `seniro`"],
        ),
        ("hours: {on_call: {safety: safety}}\n", "config.yaml:1:", ["hours.on_call.safety", "names the queue itself"]),
        ("hours: {last_minutes: -1}\n", "config.yaml:1:", ["hours.last_minutes"]),
        ("handoff: {ring_seconds: 0}\n", "config.yaml:1:", ["handoff.ring_seconds", "more than 0"]),
        ("console: {url: 'http://客服.example'}\n", "config.yaml:1:", ["console.url", "letters a to z"]),
        ("console: {url: 'https://desk/<x>'}\n", "config.yaml:1:", ["console.url"]),
        ("callbacks: {from_hour: 21, until_hour: 9}\n", "config.yaml:1:", ["callbacks.until_hour", "later than"]),
        ("callbacks: {from_hour: 22}\n", "config.yaml:1:", ["callbacks", "later than"]),
        ("console: {url: desk}\n", "config.yaml:1:", ["console.url", "https://"]),
        ("database: {url: '${NO_SUCH_VARIABLE}'}\n", "config.yaml:1:", ["NO_SUCH_VARIABLE", "export"]),
    ],
)
def test_mistakes_are_said_with_place_and_fix(tmp_path: Path, text: str, where: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as fault:
        load(config(tmp_path, text))
    assert where in str(fault.value)
    assert "\n" not in str(fault.value)
    for word in words:
        assert word in str(fault.value)


def test_a_mistake_in_a_section_does_not_show_its_passwords(tmp_path: Path) -> None:
    agents = "agents:\n- {name: a, uri: 'sip:a@b', password: geheim}\n- {name: a, uri: 'sip:c@b', password: geheim}\n"
    with pytest.raises(ConfigError) as fault:
        load(config(tmp_path, agents))
    assert "two agents called a" in str(fault.value)
    assert "geheim" not in str(fault.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nothing\.yaml.*can't be read"):
        load(tmp_path / "nothing.yaml")


def test_secrets_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PBX_PASSWORD", "0123")
    text = "sip: {registration: {registrar: 'sip:pbx', user: '0080', password: '${PBX_PASSWORD}'}}\n"
    registration = load(config(tmp_path, text)).sip.registration
    assert registration is not None
    assert (registration.user, registration.password) == ("0080", "0123")


@pytest.mark.parametrize(("name", "value"), [("X-Key", "s3c\nret"), ("X-Key", "s3cret密"), ("X Key", "s3cret")])
def test_a_header_that_cant_be_one_is_told_without_its_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("SMS_KEY", value)
    text = f"orders: {{messages: {{kind: webhook, url: 'http://x/', headers: {{{name}: '${{SMS_KEY}}'}}}}}}\n"
    with pytest.raises(ConfigError, match=rf"headers\.{name}.*can't be an HTTP header") as fault:
        load(config(tmp_path, text))
    assert "s3c" not in str(fault.value)


def test_who_only_proves_dialplans_needs_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMS_KEY", raising=False)
    file = config(tmp_path, "orders: {messages: {kind: webhook, url: 'http://x/', headers: {X-Key: '${SMS_KEY}'}}}\n")
    with pytest.raises(ConfigError, match="environment variable `SMS_KEY` is not set"):
        load(file)
    assert load(file, secrets=False).orders.messages.headers == {"X-Key": "${SMS_KEY}"}


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"sip:\n\tport: 1\n", ":2:1: not YAML: .* tab: indent with blanks"),
        ("shop：安康\nworkers: 1\n".encode(), ":1:1: not YAML: .*`：` is full-width"),
        ("sip: ｛port: 1｝\n".encode(), ":1:.*`｛` is full-width"),
        ("sip: {port: 1，user: x}\n".encode(), ":1:.*(`，` is full-width|whole number)"),
        (b"shop: [a] b\n", ":1:.*put a text that begins with a bracket in quotes"),
        (b"sip: {port: 1\nshop: x\n", "isn't closed, or a comma is missing"),
        ("shop: 安康\n".encode("utf-16"), "not UTF-8 text — save the file as UTF-8"),
        ("shop: 安康\n".encode("gbk"), "not UTF-8 text — save the file as UTF-8"),
        (b"sip: [1]\n", "`sip`: should be `key: value` lines"),
        (b"sip: {codecs: {a: b}}\n", "`sip.codecs`: should be a list"),
        (b"console: {enabled: perhaps}\n", "should be yes or no — it is now `perhaps`"),
        (b"handoff: {way_out: {general: brigde}}\n", "did you mean `bridge`"),
    ],
)
def test_slips_of_the_keyboard_are_told_in_plain_words(tmp_path: Path, written: bytes, told: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_bytes(written)
    with pytest.raises(ConfigError, match=told) as fault:
        load(file)
    assert "\n" not in str(fault.value)


def test_a_file_that_may_not_be_read_is_not_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    with pytest.raises(ConfigError, match="can't be read: Is a directory — it must be a file that this user may read"):
        load(tmp_path / "config.yaml")


def test_a_byte_order_mark_and_other_line_ends_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    for written in ("\ufeffshop: 安康\nworkers: 3\n", "shop: 安康\r\nworkers: 3\r\n", "shop: 安康\rworkers: 3\r"):
        file.write_bytes(written.encode())
        assert (load(file).shop, load(file).workers) == ("安康", 3)


@pytest.mark.parametrize(
    ("console", "url"),
    [
        ("{port: 9000}", "http://127.0.0.1:9000"),
        ("{address: 10.0.0.5}", "http://10.0.0.5:8080"),
        ("{address: 0.0.0.0, port: 81}", "http://127.0.0.1:81"),
        ("{address: '::1'}", "http://[::1]:8080"),
        ("{address: '::'}", "http://[::1]:8080"),
        ("{port: 9000, url: https://desk.example.com}", "https://desk.example.com"),
    ],
)
def test_the_desk_is_where_the_console_listens_unless_told_otherwise(tmp_path: Path, console: str, url: str) -> None:
    (tmp_path / "config.yaml").write_text(f"console: {console}\n", encoding="utf-8")
    assert load(tmp_path / "config.yaml").console.url == url


def test_a_port_that_is_none_is_the_only_mistake_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("console: {port: many}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"`console.port`"):
        load(tmp_path / "config.yaml")
