"""Kamailio in front of two call workers: spreading, overflow, death, strangers, TCP, TLS, agents' phones, the trunk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil
import pytest

from ivr.caller.digest import Credentials
from ivr.caller.useragent import UserAgent
from ivr.children import Child
from ivr.config import AgentSettings, Settings
from ivr.config_sip import Registration, SipSettings, Tls
from ivr.edge import answers, edge_command, find_kamailio, validate
from ivr.edge.certificate import VALIDITY, not_valid_now
from ivr.errors import ConfigError, UserError
from tests.integration.telephony import scenarios as sip
from tests.integration.telephony.peers import (
    HERE,
    OPTIONS,
    RTP_PORTS,
    SILENCE_SECONDS,
    SIP_PORTS,
    Robot,
    Sipp,
    answer_to,
    baresip,
    bystander,
    flood,
    kamailio,
    program,
    until,
)
from tests.integration.telephony.sounds import tone
from tests.unit.telephony.test_certificate import make

pytestmark = pytest.mark.integration


def settings(folder: Path, **more: object) -> Settings:
    port, first = next(SIP_PORTS), next(SIP_PORTS)
    agents = more.pop("agents", ())
    told = SipSettings(port=port, worker_ports=first, rtp_ports=next(RTP_PORTS), **more)
    return Settings(folder=folder, workers=2, sip=told, agents=agents)


@contextlib.contextmanager
def hotline(told: Settings, **more: object) -> Iterator[tuple[Robot, Robot]]:
    """Two workers of one caller each, and the edge in front of them."""

    def worker(index: int) -> dict[str, object]:
        registration = told.sip.registration.model_dump() if told.sip.registration else None
        own = {"port": told.sip.worker_ports + index, "rtp_port": next(RTP_PORTS), "callers": 1}
        return {**own, "registration": registration, "register": False, **more}

    with (
        bystander(**worker(0)) as one,
        bystander(**worker(1)) as other,
        kamailio(edge_command(told), told.sip.port, told.folder / "edge.log"),
    ):
        yield one, other


CALL = sip.invite("X-Hotline-Source: 192.0.2.1") + sip.ANSWERED


@pytest.mark.parametrize("transport", ["u1", "t1"])
def test_calls_overflow_to_the_next_worker_and_then_hear_busy(tmp_path: Path, transport: str) -> None:
    told = settings(tmp_path)
    with hotline(told) as workers:
        two = Sipp(tmp_path, CALL + sip.expect("BYE"), told.sip.port, "-t", transport, calls=2)
        for worker in workers:
            call = worker.wait("CallOffered")
            assert (call["source"], call["called"]) == ("127.0.0.1", "4008001000")
            worker.wait("LegAnswered")
        Sipp(tmp_path, sip.invite() + sip.refused(486), told.sip.port, "-t", transport).succeeds()
        for worker in workers:
            worker.order("hang_up", worker.wait("CallOffered")["leg"])
            worker.wait("LegEnded")
        two.succeeds()
        # All the same when the first one asked is full: both places are taken again, in whatever order.
        talk = CALL + sip.pause(1500) + sip.bye()
        Sipp(tmp_path, talk, told.sip.port, "-t", transport, calls=2).succeeds()
        for worker in workers:
            until(lambda worker=worker: len(worker.all("LegEnded")) == len(worker.all("CallOffered")))


def test_a_killed_worker_costs_its_own_calls_only(tmp_path: Path) -> None:
    told = settings(tmp_path)
    talk = CALL + sip.pause(200) + sip.bye()
    port = told.sip.worker_ports
    victim = Robot(port=port, rtp_port=next(RTP_PORTS), callers=2)
    with (
        bystander(port=port + 1, callers=2) as survivor,
        kamailio(edge_command(told), told.sip.port, tmp_path / "edge.log"),
    ):
        going_on = Sipp(tmp_path, CALL + sip.pause(4000) + sip.bye(), told.sip.port, calls=2)
        for worker in (victim, survivor):
            worker.wait("LegAnswered")
        victim.kill()
        for _ in range(3):
            Sipp(tmp_path, talk, told.sip.port).succeeds()
        with bystander(port=port, callers=2) as born_again:
            until(lambda: "200" in answer_to(OPTIONS, port))

            def comes_back() -> bool:
                Sipp(tmp_path, talk, told.sip.port).succeeds()
                return bool(born_again.all("CallOffered"))

            until(comes_back, what="the worker that came back gets no calls")
        survivor.wait("LegEnded")
        with pytest.raises(AssertionError):
            going_on.succeeds()
        assert {ended["status"] for ended in survivor.all("LegEnded")} == {200}


def test_strangers_scanners_and_floods_get_no_answer(tmp_path: Path) -> None:
    told = settings(tmp_path, allow=("127.0.0.1/32",))
    with hotline(told) as (one, other):
        port = told.sip.port
        assert "200 OK" in answer_to(OPTIONS, port)
        assert answer_to(OPTIONS, port, "127.0.0.2", SILENCE_SECONDS) == ""
        scanner = OPTIONS.replace("User-Agent: test", "User-Agent: friendly-scanner")
        assert answer_to(scanner, port, within=SILENCE_SECONDS) == ""
        assert "405" in answer_to(OPTIONS.replace("OPTIONS", "MESSAGE"), port)
        assert "405" in answer_to(OPTIONS.replace("OPTIONS", "REGISTER"), port)
        assert "481" in answer_to(OPTIONS.replace("OPTIONS", "BYE").replace("0.0.1>\nCall", "0.0.1>;tag=2\nCall"), port)
        assert "513" in answer_to(OPTIONS.replace("User-Agent: test", "X-Long: " + "x" * 3500), port)
        assert "400" in answer_to(OPTIONS.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), port)
        assert answer_to("\0\0\0 garbage\n\n", port, within=0.2) == ""
        assert "200 OK" in answer_to(OPTIONS, port)
        flood(OPTIONS, port, 400)
        assert [answer_to(OPTIONS, port, within=SILENCE_SECONDS) for _ in range(2)] == ["", ""]
        assert not one.all("CallOffered") + other.all("CallOffered")


GARBAGE = [
    "garbage",
    "\0\0\0 garbage\n\n",
    "\n\n",
    OPTIONS.replace("Max-Forwards: 70", "no header"),
    OPTIONS.replace("SIP/2.0\nVia", "SIP/9.9\nVia"),
    OPTIONS.replace("Via: ", "X-Via: "),
    OPTIONS.replace("branch=", "=;=,"),
    OPTIONS.replace("CSeq: 1 ", "CSeq: x "),
    OPTIONS.replace("From: <sip:a@example.org>", "From: <<<"),
    OPTIONS.replace("sip:hotline@127.0.0.1", "sip:::"),
    OPTIONS.replace("OPTIONS", "INVITE").replace("Content-Length: 0", "Content-Length: 9999"),
    OPTIONS.replace("Max-Forwards: 70", "Max-Forwards: many"),
    OPTIONS.replace("User-Agent: test", "User-Agent: friendly-scanner"),
    "SIP/2.0 200 OK\n" + OPTIONS.partition("\n")[2],
    OPTIONS.replace("sip:hotline@127.0.0.1", "sip:edge@127.0.0.1"),
]


def test_what_strangers_send_fills_no_log(tmp_path: Path) -> None:
    """It was 600 bytes for each packet of garbage, whoever sent it: a home's uplink fills a disk in a night."""
    told = settings(tmp_path, allow=("127.0.0.9",))
    asking = OPTIONS.replace("hotline@", "edge@")
    with kamailio(edge_command(told), told.sip.port, tmp_path / "edge.log", asking):
        before = (tmp_path / "edge.log").stat().st_size
        for garbage in GARBAGE:
            for text in (garbage, f"{garbage}{'x' * 4000}"):
                flood(text, told.sip.port, 100, "127.0.0.2")
        until(lambda: "200" in answer_to(asking, told.sip.port))
        told_of_it = (tmp_path / "edge.log").read_bytes()[before:]
    assert len(told_of_it) < 10_000, told_of_it[-2000:].decode(errors="replace")


def test_nobody_reaches_others_through_the_edge(tmp_path: Path) -> None:
    """Whoever may call could otherwise have the trunk dial in our name: it takes no more than a To tag of one's own making."""
    told = settings(tmp_path)
    with hotline(told), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as premium:
        premium.bind(("127.0.0.1", 0))
        premium.settimeout(SILENCE_SECONDS)
        edge, other = told.sip.port, premium.getsockname()[1]
        made_up = OPTIONS.replace("0.0.1>\nCall", "0.0.1>;tag=2\nCall").replace("OPTIONS", "INVITE")
        for target, route in (
            (f"009001234@127.0.0.1:{other}", f"<sip:127.0.0.1:{edge};lr>"),
            (f"hotline@127.0.0.1:{told.sip.worker_ports}", f"<sip:127.0.0.1:{edge};lr>, <sip:127.0.0.1:{other};lr>"),
        ):
            sent = made_up.replace("sip:hotline@127.0.0.1 SIP", f"sip:{target} SIP")
            assert "403" in answer_to(sent.replace("User-Agent", f"Route: {route}\nUser-Agent"), edge)
        with pytest.raises(TimeoutError):
            premium.recv(4096)


def test_a_storm_of_calls_is_held_off_and_costs_no_worker_its_calls(tmp_path: Path) -> None:
    """Of sixty INVITEs that a full worker had to refuse within a second it died, with the calls it had."""
    told = settings(tmp_path)
    invite = OPTIONS.replace("OPTIONS", "INVITE").replace("User-Agent", "Contact: <sip:a@SOURCE:PORT>\nUser-Agent")
    sound = "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 17990 RTP/AVP 0\n"
    body = f"Content-Type: application/sdp\nContent-Length: {len(sound) + sound.count(chr(10))}\n\n{sound}"
    invite = invite.replace("Content-Length: 0\n\n", body).replace("Call-ID: PORT", "Call-ID: CALL")
    answers: Counter[str] = Counter()
    with hotline(told, answer=True) as workers, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        for call in range(150):
            sent = invite.replace("PORT", f"{own.getsockname()[1]}").replace("SOURCE", "127.0.0.1")
            sent = sent.replace("CALL", f"storm-{call}").replace("z9hG4bK", f"z9hG4bK{call}x")
            own.sendto(sent.replace("\n", "\r\n").encode(), ("127.0.0.1", told.sip.port))
            time.sleep(0.005)
        own.settimeout(1.0)
        with contextlib.suppress(TimeoutError):
            while True:
                answers[own.recv(4096).decode().split("\r\n")[0]] += 1
        assert [worker.process.poll() for worker in workers] == [None, None]
        assert all(worker.all("CallOffered") for worker in workers)
    assert answers["SIP/2.0 503 Too Many Calls At Once"] > 50
    assert answers["SIP/2.0 486 Busy Here"] > 0


def test_a_phone_on_tls_stays_on_its_connection(tmp_path: Path) -> None:
    certificate, key = tmp_path / "edge.pem", tmp_path / "edge.key"
    made = [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    told = settings(tmp_path, tls=Tls(certificate=certificate, key=key, port=next(SIP_PORTS)))
    with (
        hotline(told) as workers,
        baresip(tmp_path, f"/dial sip:4008001000@127.0.0.1:{told.sip.tls.port};transport=tls"),
    ):
        worker = until(lambda: next((one for one in workers if one.all("LegAnswered")), None))
        worker.order("listen", 1, True)
        worker.order("play", 1, tone(tmp_path, 600, 3))
        until(lambda: worker.heard_louder(1, 3000))
        worker.order("hang_up", 1)
        # The BYE found its way back through the edge and the phone's own connection.
        assert worker.wait("LegEnded", leg=1)["status"] == 200
        until(lambda: "session closed" in (tmp_path / "baresip.log").read_text(errors="replace"))


def test_with_a_certificate_that_has_run_out_all_who_call_without_tls_are_served(tmp_path: Path) -> None:
    """A hotline that was started anew the night after didn't start at all."""
    certificate, key = make(tmp_path, "30")
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    validity = VALIDITY.search(der)
    assert validity
    ended = der[: validity.start(3)] + b"200101000000" + der[validity.end(3) :]  # nobody looks at the signature here
    certificate.write_text(ssl.DER_cert_to_PEM_cert(ended))
    assert "was valid until 2020-01-01" in not_valid_now(certificate, datetime.now(UTC))
    told = settings(tmp_path, tls=Tls(certificate=certificate, key=key, port=next(SIP_PORTS)))
    with kamailio(edge_command(told), told.sip.port, tmp_path / "edge.log"):
        assert "200" in answer_to(OPTIONS, told.sip.port)


def test_an_agents_phone_registers_and_is_called_there(tmp_path: Path) -> None:
    told = settings(tmp_path, agents=(AgentSettings(name="mei", uri="sip:mei@127.0.0.1", password="geheim"),))
    account = {"registrar": f"sip:127.0.0.1:{told.sip.port}", "user": "mei", "password": "geheim"}
    with hotline(told) as (worker, _), bystander(registration=account) as phone:
        until(lambda: any("expires_seconds=" in line for line in phone.noise))
        leg = worker.order("dial", f"sip:mei@127.0.0.1:{told.sip.port}", {"X-Case": "9"})
        worker.wait("LegAnswered", leg=leg)
        assert phone.wait("CallOffered")["headers"]["x-case"] == "9"
        worker.order("hang_up", leg)
        phone.wait("LegEnded")
        # Only a worker reaches an agent by name: for others it is one more number of the hotline.
        Sipp(tmp_path, sip.invite() + sip.ANSWERED + sip.bye(), told.sip.port).succeeds()
        with bystander(registration={**account, "password": "falsch"}) as thief:
            until(lambda: any("registration failed" in line for line in thief.noise))


async def test_an_agents_phone_is_back_soon_after_the_edge_was_started_anew(tmp_path: Path) -> None:
    """It may have asked for an hour, for which nobody could reach the agent: the edge had forgotten the phone."""
    told = settings(tmp_path, agents=(AgentSettings(name="mei", uri="sip:mei@127.0.0.1", password="geheim"),))
    with kamailio(edge_command(told), told.sip.port, tmp_path / "edge.log"):
        async with UserAgent(user="mei", credentials=Credentials("mei", "geheim")) as phone:
            answer = await phone.register(f"sip:127.0.0.1:{told.sip.port}", 3600)
    assert answer.status == 200
    assert "expires=180" in (answer.headers.get("Contact") or "")


def test_the_edge_registers_at_the_trunk_for_all_workers(tmp_path: Path) -> None:
    trunk = next(SIP_PORTS)
    file = tmp_path / "registrar.cfg"
    file.write_text((HERE / "registrar.cfg").read_text().replace("PORT", str(trunk)))
    command = [program("kamailio"), "-f", str(file), "-DD", "-E", "-m", "64", "-Y", str(tmp_path)]
    account = Registration(registrar=f"sip:127.0.0.1:{trunk}", user="8000", password="s3cret")
    with kamailio(command, trunk, tmp_path / "trunk.log"):
        told = settings(tmp_path, registration=account)
        caller = {"registrar": f"sip:127.0.0.1:{trunk}", "user": "1234", "password": "s3cret"}
        with hotline(told) as workers, bystander(registration=caller, lost_media_seconds=5) as person:

            def through() -> bool:
                leg = person.order("dial", f"sip:8000@127.0.0.1:{trunk}")
                until(lambda: person.all("LegAnswered", leg=leg) or person.all("LegEnded", leg=leg))
                return bool(person.all("LegAnswered", leg=leg))

            until(through, what="the trunk does not know the hotline")
            call = until(lambda: [call for worker in workers for call in worker.all("CallOffered")])[0]
            assert (call["caller"], call["called"]) == ("1234", "8000")


@contextlib.asynccontextmanager
async def watched(told: Settings) -> AsyncIterator[Child]:
    """The edge as the supervisor keeps it alive, with a limit of two seconds."""
    edge = Child("edge", edge_command(told), asked=partial(answers, told.sip), hang_seconds=2.0)
    edge.start()
    watch = asyncio.create_task(keep_looking(edge))
    try:
        async with asyncio.timeout(60):
            yield edge
    finally:
        watch.cancel()
        await edge.stop(5)


async def keep_looking(edge: Child) -> None:
    while True:
        edge.look(0.0)
        await asyncio.sleep(0.1)


async def serves_again(edge: Child, restarts: int) -> None:
    await asyncio.to_thread(until, lambda: edge.restarts >= restarts and edge.serves)


async def test_a_killed_edge_is_back_at_once(tmp_path: Path) -> None:
    told = settings(tmp_path)
    async with watched(told) as edge:
        for life in range(2):
            await serves_again(edge, life)
            assert "200" in await asyncio.to_thread(answer_to, OPTIONS, told.sip.port)
            assert edge.causes == Counter(died=life) if life else not edge.causes
            assert edge.process
            edge.process.kill()
        await serves_again(edge, 2)


@pytest.mark.parametrize("part", ["all of it", "all but who answers"])
async def test_an_edge_that_hangs_is_killed_and_back(tmp_path: Path, part: str) -> None:
    """Only its death was noticed: one that was stopped, or stuck, took no calls for as long as nobody looked."""
    told = settings(tmp_path, allow=("192.0.2.1",))  # whoever may call: it is asked all the same
    async with watched(told) as edge:
        await serves_again(edge, 0)
        assert edge.process
        if part == "all of it":
            os.killpg(edge.process.pid, signal.SIGSTOP)
        else:
            _, _, *others = psutil.Process(edge.process.pid).children()  # the first two read from the UDP port
            for other in others:
                other.suspend()
        await serves_again(edge, 1)
        assert edge.causes == Counter(hung=1)
        before = edge.process.pid
        await asyncio.sleep(3.0)  # longer than its limit: who works is let live
        assert (edge.restarts, edge.process.pid) == (1, before)


def test_mistakes_are_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"`sip\.tls\.certificate`: .*none\.pem can't be read: .* — give a PEM file"):
        edge_command(settings(tmp_path, tls=Tls(certificate=Path("none.pem"), key=Path("none.pem"))))
    broken = tmp_path / "broken.cfg"
    broken.write_text("request_route { nonsense(); }")
    with pytest.raises(ConfigError, match="Kamailio refuses its configuration"):
        validate(find_kamailio(), broken)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(UserError, match="apt-get install kamailio kamailio-tls-modules"):
        find_kamailio(tls=True)
