"""Retransmission by the book, with a wire that only remembers, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from ivr.caller import transaction
from ivr.caller.message import Headers, Request, Response
from ivr.caller.transaction import ClientTransaction, ServerTransaction
from ivr.caller.wire import Peer, Wire
from tests.virtual_time import in_virtual_time

FAR = Peer("192.0.2.1", 5060)


class Remembering(Wire):
    """A wire into a list."""

    def __init__(self) -> None:
        super().__init__(lambda data, peer: None)
        self.sent: list[str] = []

    def send(self, data: bytes, peer: Peer) -> None:
        self.sent.append(data.split(b" ", 2)[0].decode() if not data.startswith(b"SIP") else data[8:11].decode())


def request(method: str) -> Request:
    via = ("Via", "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx")
    return Request(method, "sip:a@192.0.2.1", Headers((via, ("To", "<sip:a>"), ("CSeq", f"1 {method}"))))


def response(status: int) -> Response:
    return Response(status, "", Headers((("To", "<sip:a>;tag=1"),)))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """T1 is 10 ms instead of 500."""
    monkeypatch.setattr(transaction, "T1", 0.01)
    monkeypatch.setattr(transaction, "T2", 0.08)
    monkeypatch.setattr(transaction, "GIVE_UP_SECONDS", 0.64)


async def started(method: str) -> tuple[Remembering, list[int], ClientTransaction]:
    wire, told = Remembering(), list[int]()
    asked = ClientTransaction(wire, FAR, request(method), lambda found: told.append(found.status))
    asked.start()
    return wire, told, asked


@in_virtual_time
async def test_an_invite_doubles_its_interval_and_gives_up_with_408() -> None:
    wire, told, _ = await started("INVITE")
    await asyncio.sleep(0.8)
    # At 0, 1, 3, 7, 15, 31 and 63 times T1 (RFC 3261 §17.1.1.2).
    assert wire.sent == ["INVITE"] * 7
    assert told == [408]


@in_virtual_time
async def test_other_requests_repeat_at_t2_at_most() -> None:
    wire, told, _ = await started("BYE")
    await asyncio.sleep(0.8)
    # At 0, 1, 3, 7, then every 8 times T1 (RFC 3261 §17.1.2.2).
    assert len(wire.sent) in (10, 11)
    assert told == [408]


@in_virtual_time
async def test_a_provisional_response_stops_the_invite() -> None:
    wire, told, asked = await started("INVITE")
    asked.receive(response(100))
    await asyncio.sleep(0.1)
    assert (wire.sent, told) == (["INVITE"], [100])


@in_virtual_time
async def test_a_refusal_is_acknowledged_each_time_and_told_once() -> None:
    wire, told, asked = await started("INVITE")
    asked.receive(response(486))
    asked.receive(response(486))
    assert (wire.sent, told) == (["INVITE", "ACK", "ACK"], [486])


@in_virtual_time
async def test_a_cancel_is_of_the_branch_and_number_of_its_invite_and_goes_where_it_went() -> None:
    _, _, asked = await started("INVITE")
    cancel, invite = asked.cancel(), asked.request
    asked.stop()
    assert (cancel.method, cancel.uri, cancel.body) == ("CANCEL", invite.uri, b"")
    assert [cancel.headers.get(name) for name in ("Via", "To")] == [invite.headers.get(name) for name in ("Via", "To")]
    assert cancel.headers.get("CSeq") == "1 CANCEL"


@in_virtual_time
async def test_every_200_is_told_so_that_it_can_be_acknowledged() -> None:
    _, told, asked = await started("INVITE")
    asked.receive(response(200))
    asked.receive(response(200))
    assert told == [200, 200]


@in_virtual_time
async def test_a_200_goes_on_until_the_ack() -> None:
    wire, gone = Remembering(), []
    served = ServerTransaction(wire, FAR, request("INVITE"), lambda: gone.append(1))
    served.respond(response(200))
    await asyncio.sleep(0.05)
    served.acknowledged()
    repeated = len(wire.sent)
    await asyncio.sleep(0.1)
    assert repeated >= 3
    assert (len(wire.sent), gone) == (repeated, [])


@in_virtual_time
async def test_without_an_ack_we_are_told() -> None:
    gone: list[int] = []
    served = ServerTransaction(Remembering(), FAR, request("INVITE"), lambda: gone.append(1))
    served.respond(response(200))
    await asyncio.sleep(0.8)
    assert gone == [1]


@in_virtual_time
async def test_a_repeated_request_gets_the_last_response_and_nothing_follows_a_final_one() -> None:
    wire = Remembering()
    served = ServerTransaction(wire, FAR, request("BYE"))
    served.repeated()
    served.respond(response(200))
    served.respond(response(500))
    served.repeated()
    assert wire.sent == ["200", "200"]
