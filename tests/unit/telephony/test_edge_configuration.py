"""What Kamailio is told."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ivr.config import AgentSettings, Settings
from ivr.config_sip import Registration, SipSettings, Tls
from ivr.edge import configuration
from ivr.edge.kamailio import write
from ivr.errors import ConfigError, UserError


def texts(**sip: object) -> dict[str, str]:
    return dict(configuration.files(Settings(workers=3, sip=SipSettings(**sip)), Path("/edge")))


def test_workers_of_this_and_of_other_machines_are_listed() -> None:
    listed = texts(worker_ports=5070, other_workers=("10.0.0.2:5070",))["workers.list"]
    assert listed.splitlines() == [
        "1 sip:127.0.0.1:5070",
        "1 sip:127.0.0.1:5071",
        "1 sip:127.0.0.1:5072",
        "1 sip:10.0.0.2:5070",
    ]
    assert "sip:127.0.0.1:5070" in texts(address="0.0.0.0")["workers.list"]


def test_only_allowed_sources_get_past_the_door() -> None:
    told = texts(allow=("10.0.0.0/8", "192.0.2.7"), trusted=("192.0.2.7",))["settings.cfg"]
    assert '"!MAY_CALL!src_ip == 10.0.0.0/8 || src_ip == 192.0.2.7/32!g"' in told
    assert "is_in_subnet('$(rcv(srcip))', '10.0.0.0/8,192.0.2.7/32')" in told
    assert '"!TRUSTED!src_ip == 192.0.2.7/32!g"' in told
    # Nobody is trusted: a condition that is never true.
    assert "src_ip == 0.0.0.0!" in texts()["settings.cfg"]


def test_requests_within_a_call_go_to_workers_only() -> None:
    told = texts(worker_ports=5070, public_address="198.51.100.1", other_workers=("10.0.0.2:5075",))["settings.cfg"]
    assert '($rd == "127.0.0.1" && $rp >= 5070 && $rp < 5073)' in told
    assert '($rd == "198.51.100.1" && $rp >= 5070 && $rp < 5073)' in told
    assert '($rd == "10.0.0.2" && $rp == 5075) || ($rd == "198.51.100.1" && $rp == 5075)' in told
    assert "($rp >= 5070 && $rp < 5073)" in texts(address="0.0.0.0", worker_ports=5070)["settings.cfg"]


def test_features_are_on_where_they_are_configured() -> None:
    assert "WITH_" not in texts()["settings.cfg"]
    told = texts(public_address="198.51.100.1", tls=Tls(certificate=Path("/c.pem"), key=Path("/k.pem")))["settings.cfg"]
    assert "listen=udp:127.0.0.1:5060 advertise 198.51.100.1:5060" in told
    assert "listen=tls:127.0.0.1:5061 advertise 198.51.100.1:5061" in told
    assert '#!substdef "!TLS_CERTIFICATE!/c.pem!g"' in told


def test_agents_passwords_are_written_as_hashes() -> None:
    agents = (
        AgentSettings(name="mei", uri="sip:mei@10.0.0.1", password="pass"),
        AgentSettings(name="bo", uri="sip:bo@10.0.0.1"),
    )
    told = configuration.files(Settings(agents=agents), Path("/edge"))
    assert "WITH_AGENTS" in told["settings.cfg"]
    # printf mei:hotline:pass | md5sum
    assert '$sht(agents=>mei) = "f372558340d8804464f6234bf377dc3a"' in told["agents.cfg"]
    assert "pass" not in "".join(told.values()).replace("password", "")


def test_the_trunks_account_becomes_a_row() -> None:
    account = Registration(registrar="sip:pbx.example.org:5080", user="8000", password="a:b\\c", realm="pbx")
    told = texts(registration=account)
    head, row = told["registration/uacreg"].splitlines()
    assert len(head.split()) == 16
    expected = (
        r"1:hotline:8000:pbx.example.org:8000:pbx.example.org:pbx:8000:a\:b\\c::sip\:pbx.example.org\:5080:300:0:0::"
    )
    assert row == expected


@pytest.mark.parametrize("uri", ["sip:a!b@c", "sip:a;b@c", "sip:$x@c"])
def test_what_would_break_kamailios_language_is_refused(uri: str) -> None:
    agents = (AgentSettings(name="x", uri=uri, password="p"),)
    with pytest.raises(ConfigError, match="can't be used at the edge"):
        configuration.files(Settings(agents=agents), Path("/edge"))
    with pytest.raises(ConfigError, match="can't be used at the edge"):
        texts(tls=Tls(certificate=Path('/a"b!.pem'), key=Path("/k")))
    with pytest.raises(ConfigError, match=r"`sip\.allow`: .*10\.0\.0\.0/8\) exit"):
        texts(allow=("10.0.0.0/8) exit; if (1",))


def test_the_files_are_for_our_eyes_only(tmp_path: Path) -> None:
    account = Registration(registrar="sip:pbx", user="8000", password="secret")
    file = write(Settings(folder=tmp_path, sip=SipSettings(registration=account)))
    assert file.read_text().startswith("#!KAMAILIO")
    written = [path for path in file.parent.rglob("*") if path.is_file()]
    assert len(written) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "var").write_text("")
    with pytest.raises(UserError, match="can't be written"):
        write(Settings(folder=blocked))
