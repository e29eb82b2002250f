"""Registering at a PBX that asks for a password: Kamailio as registrar and proxy with digest authentication."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.telephony.peers import (
    HERE,
    PATIENCE_SECONDS,
    SIP_PORTS,
    Robot,
    bystander,
    kamailio,
    program,
    robot,
    until,
)

pytestmark = pytest.mark.integration


@pytest.fixture
def pbx(tmp_path: Path) -> Iterator[int]:
    """The port of a PBX."""
    port = next(SIP_PORTS)
    file = tmp_path / "registrar.cfg"
    file.write_text((HERE / "registrar.cfg").read_text().replace("PORT", str(port)))
    command = [program("kamailio"), "-f", str(file), "-DD", "-E", "-m", "64", "-Y", str(tmp_path)]
    with kamailio(command, port, tmp_path / "kamailio.log"):
        yield port


def account(port: int, user: str, password: str = "s3cret") -> dict[str, str]:
    return {"registrar": f"sip:127.0.0.1:{port}", "user": user, "password": password}


def test_calls_come_and_go_through_the_pbx(pbx: int) -> None:
    with robot(registration=account(pbx, "8000")) as hotline, bystander(registration=account(pbx, "9000")) as agent:
        for phone in (hotline, agent):
            until(lambda phone=phone: any("expires_seconds=" in line for line in phone.noise))
        leg = hotline.order("dial", f"sip:9000@127.0.0.1:{pbx}", {"X-Case": "1"})
        hotline.wait("LegAnswered", leg=leg)
        call = agent.wait("CallOffered")
        assert (call["caller"], call["called"], call["headers"]["x-case"]) == ("8000", "9000", "1")
        hotline.order("hang_up", leg)
        agent.wait("LegEnded", leg=call["leg"])
        back = agent.order("dial", f"sip:8000@127.0.0.1:{pbx}")
        agent.wait("LegAnswered", leg=back)
        assert hotline.wait("CallOffered")["called"] == "8000"


def test_a_registrar_that_refuses_is_asked_again() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as registrar:
        registrar.bind(("127.0.0.1", 0))
        registrar.settimeout(60)
        answered: dict[str, str] = {}

        def answer(first: str) -> str:
            """Answer the next REGISTER and return its expiry; one sent again, to a slow answer, gets its own again."""
            while True:
                packet, sender = registrar.recvfrom(4096)
                lines = packet.decode().split("\r\n")
                which = next(line for line in lines if line.startswith("CSeq:"))
                kept = ("Via:", "From:", "To:", "Call-ID:", "CSeq:", "Contact:")
                echoed = [line for line in lines if line.startswith(kept)]
                sent = [answered.get(which, first), *echoed, "Content-Length: 0", "", ""]
                registrar.sendto("\r\n".join(sent).encode(), sender)
                if which not in answered:
                    answered[which] = first
                    return next(line for line in lines if line.startswith("Expires:"))

        registration = {**account(registrar.getsockname()[1], "8000"), "expires_seconds": 120}
        phone = Robot(registration=registration, retry_seconds=1)
        assert answer("SIP/2.0 403 Forbidden") == "Expires: 120"
        until(lambda: any("registration failed" in line and "status=403" in line for line in phone.noise))
        assert answer("SIP/2.0 200 OK") == "Expires: 120"
        until(lambda: any("expires_seconds=" in line for line in phone.noise))
        assert phone.process.stdin
        phone.process.stdin.close()
        assert answer("SIP/2.0 200 OK") == "Expires: 0", "it says goodbye"
        assert phone.process.wait(PATIENCE_SECONDS) == 0


def test_a_wrong_password_is_logged_and_the_phone_goes_on(pbx: int) -> None:
    with robot(registration=account(pbx, "8000", "wrong")) as phone, bystander() as caller:
        until(lambda: any("registration failed" in line and "status=401" in line for line in phone.noise))
        leg = caller.order("dial", phone.uri)
        caller.wait("LegAnswered", leg=leg)
