"""PURE  What the edge is told: the settings as the files that stand beside `kamailio.cfg`.

settings.cfg          listeners, who may call, features
agents.cfg            agents' passwords for registering their phones, as HA1 (RFC 2617 §3.2.2.2)
workers.list          the call workers, for Kamailio's dispatcher
registration/*        the trunk's account, as tables of Kamailio's db_text
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Network, ip_network
from pathlib import Path

from ivr.config import Settings
from ivr.config_sip import Registration
from ivr.errors import ConfigError

REALM = "hotline"
FLOOD_REQUESTS_PER_2_SECONDS = 160
# Of everybody, the trunk too: a worker takes no more than that, and signalling of its calls waits behind what it refuses.
MOST_CALLS_PER_SECOND = 30


def files(settings: Settings, folder: Path) -> Mapping[str, str]:
    """The files' texts by their names under the folder where they will stand."""
    texts = {
        "settings.cfg": "\n".join(_settings(settings, folder)) + "\n",
        "workers.list": "".join(f"1 {worker}\n" for worker in workers(settings)),
    }
    if agents := _agents(settings):
        texts["agents.cfg"] = agents
    if settings.sip.registration:
        texts |= _registration_tables(settings.sip.registration, settings.sip.user)
    return texts


def workers(settings: Settings) -> Sequence[str]:
    """The SIP URIs of all call workers: this machine's, then those of others."""
    here = "127.0.0.1" if settings.sip.address == "0.0.0.0" else settings.sip.address
    own = [f"sip:{here}:{settings.sip.worker_ports + index}" for index in range(settings.workers)]
    return [*own, *(f"sip:{other}" for other in settings.sip.other_workers)]


def _settings(settings: Settings, folder: Path) -> Iterator[str]:
    sip = settings.sip
    advertised = f" advertise {sip.public_address}:{sip.port}" if sip.public_address else ""
    yield "# Written by `ivr serve` from config.yaml at every start: change that instead."
    yield f"listen=udp:{sip.address}:{sip.port}{advertised}"
    yield f"listen=tcp:{sip.address}:{sip.port}{advertised}"
    if sip.tls:
        tls_advertised = f" advertise {sip.public_address}:{sip.tls.port}" if sip.public_address else ""
        yield "#!define WITH_TLS"
        yield "enable_tls=yes"
        yield f"listen=tls:{sip.address}:{sip.tls.port}{tls_advertised}"
        yield _substitution("TLS_CERTIFICATE", str(settings.path(sip.tls.certificate)))
        yield _substitution("TLS_KEY", str(settings.path(sip.tls.key)))
    yield _substitution("WORKERS_FILE", str(folder / "workers.list"))
    yield _substitution("FLOOD_REQUESTS", str(FLOOD_REQUESTS_PER_2_SECONDS))
    yield _substitution("MOST_CALLS", str(MOST_CALLS_PER_SECOND))
    yield _substitution("TRUSTED", _from_any_of(sip.trusted, "sip.trusted"))
    if sip.registration:
        yield "#!define WITH_REGISTRATION"
        yield _substitution("REGISTRATION_FOLDER", str(folder / "registration"))
        yield _substitution("CONTACT_ADDRESS", f"{sip.public_address or sip.address}:{sip.port}")
    allowed = ",".join(map(str, _networks(sip.allow, "sip.allow")))
    yield _substitution("FROM_ALLOWED", f"is_in_subnet('$(rcv(srcip))', '{allowed}')")
    yield _substitution("MAY_CALL", _from_any_of(sip.allow, "sip.allow"))
    yield f"route[ONLY_TO_WORKERS] {{\n    if ($du == $null && ({' || '.join(_to_workers(settings))})) return;"
    yield '    if (!is_method("ACK")) sl_send_reply("403", "Forbidden");\n    exit;\n}'
    if _agents(settings):
        yield "#!define WITH_AGENTS"


def _from_any_of(networks: Sequence[str], key: str) -> str:
    return " || ".join(f"src_ip == {network}" for network in _networks(networks, key)) or "src_ip == 0.0.0.0"


def _networks(listed: Sequence[str], key: str) -> Sequence[IPv4Network]:
    try:
        networks = [ip_network(network, strict=False) for network in listed]
    except ValueError as fault:
        raise ConfigError(f"`{key}`: {fault}", "write addresses like 10.0.0.0/8 or 192.0.2.7") from None
    return [network for network in networks if isinstance(network, IPv4Network)]


def _to_workers(settings: Settings) -> Iterator[str]:
    """Conditions of which one holds for a request to a worker's Contact: its address or the one the world sees, and its port."""
    sip, first = settings.sip, settings.sip.worker_ports
    ours = f"$rp >= {first} && $rp < {first + settings.workers}"
    if sip.address == "0.0.0.0":  # a worker names any address of this machine
        yield f"({ours})"
    else:
        yield from (f'($rd == "{host}" && {ours})' for host in (sip.address, sip.public_address) if host)
    for other in sip.other_workers:
        host, _, port = other.partition(":")
        yield from (f'($rd == "{each}" && $rp == {port or 5060})' for each in (host, sip.public_address) if each)


def _agents(settings: Settings) -> str:
    lines = [
        f'    $sht(agents=>{_plain(user, "agents.uri")}) = "{_ha1(user, agent.password)}";\n'
        for agent in settings.agents
        if agent.password and (user := agent.uri.partition(":")[2].partition("@")[0])
    ]
    return f"event_route[htable:mod-init] {{\n{''.join(lines)}}}\n" if lines else ""


def _ha1(user: str, password: str) -> str:
    return hashlib.md5(f"{user}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def _plain(text: str, key: str) -> str:
    """Text that can stand in Kamailio's language as it is; raises ConfigError."""
    if not text or not all(letter.isalnum() or letter in "._-+/:@" for letter in text):
        raise ConfigError(f"`{key}`: `{text}` can't be used at the edge", "use letters, digits and . _ - + only")
    return text


def _substitution(name: str, value: str) -> str:
    if "!" in value or '"' in value or "\n" in value:
        raise ConfigError(f"`{value}` can't be used at the edge", "choose a path without ! and quotes")
    return f'#!substdef "!{name}!{value}!g"'


def _registration_tables(registration: Registration, user: str) -> dict[str, str]:
    domain = registration.registrar.split(":", 1)[-1].split(";")[0]
    host = domain.split(":")[0]
    realm = "" if registration.realm == "*" else registration.realm
    row = {
        "id": "1",
        "l_uuid": user,
        "l_username": registration.user,
        "l_domain": host,
        "r_username": registration.user,
        "r_domain": host,
        "realm": realm,
        "auth_username": registration.user,
        "auth_password": registration.password,
        "auth_ha1": "",
        "auth_proxy": f"sip:{domain}",
        "expires": str(registration.expires_seconds),
        "flags": "0",
        "reg_delay": "0",
        "contact_addr": "",
        "socket": "",
    }
    kinds = {"id": "int,auto", "expires": "int", "flags": "int", "reg_delay": "int"}
    head = " ".join(f"{name}({kinds.get(name, 'string' if row[name] else 'string,null')})" for name in row)
    values = ":".join(value.replace("\\", "\\\\").replace(":", "\\:") for value in row.values())
    version = "table_name(string) table_version(int)\nuacreg:5\n"
    return {"registration/uacreg": f"{head}\n{values}\n", "registration/version": version}
