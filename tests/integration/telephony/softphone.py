"""A person's telephone for the tests: obeys REFER and Replaces, holds, dials, and tells which tones it hears.

    softphone.py PORT RTP_PORT TONE_HZ      one command per stdin line, one JSON event per stdout line
    call URI · hold · unhold · keys 12 · bye · quit
It answers what comes in, and says TONE_HZ all the time (0: nothing). Tones it can tell are those of `TONES_HZ`.
"""

from __future__ import annotations

import json
import math
import os
import queue
import struct
import sys
import threading
import time
from typing import Any

import pjsua2 as pj

TONES_HZ = (440, 600, 1000, 1600)
WINDOW_BYTES = 1600


def tell(event: str, **values: Any) -> None:
    """Write one event, whole: it may come from pj's own thread."""
    os.write(1, (json.dumps({"event": event, "at": time.monotonic(), **values}) + "\n").encode())


def strength(samples: tuple[int, ...], hertz: int) -> float:
    """The amplitude of one frequency (Goertzel)."""
    factor, one, two = 2 * math.cos(2 * math.pi * hertz / 8000), 0.0, 0.0
    for sample in samples:
        one, two = sample + factor * one - two, one
    return 2 * math.sqrt(max(0.0, one * one + two * two - factor * one * two)) / len(samples)


class Ear(pj.AudioMediaPort):
    """Tells when the set of tones changes."""

    def __init__(self) -> None:
        super().__init__()
        self.heard, self.last = b"", None
        audio = pj.MediaFormatAudio()
        audio.type = pj.PJMEDIA_TYPE_AUDIO
        audio.clockRate, audio.channelCount, audio.bitsPerSample, audio.frameTimeUsec = 8000, 1, 16, 100_000
        audio.avgBps = audio.maxBps = 128_000
        self.createPort("ear", audio)

    def onFrameReceived(self, frame: Any) -> None:
        """Collect 100 ms and look for tones."""
        self.heard += bytes(frame.buf) or bytes(WINDOW_BYTES)
        if len(self.heard) >= WINDOW_BYTES:
            samples = struct.unpack(f"<{len(self.heard) // 2}h", self.heard)
            tones = [hertz for hertz in TONES_HZ if strength(samples, hertz) > 500]
            self.heard = b""
            if tones != self.last:
                self.last = tones
                tell("Hears", tones=tones)


def tone(hertz: int) -> Any:
    """An endless tone."""
    generator = pj.ToneGenerator()
    generator.createToneGenerator(8000, 1)
    if hertz:
        description, several = pj.ToneDesc(), pj.ToneDescVector()
        description.freq1, description.on_msec, description.volume = hertz, 1000, 8000
        several.append(description)
        generator.play(several, True)
    return generator


class Call(pj.Call):
    """One dialog; all share the ear and the tone."""

    def onCallState(self, prm: Any) -> None:
        """Tell the state; let go of the call when it is over."""
        info = self.getInfo()
        tell("State", call=info.id, state=info.stateText, status=info.lastStatusCode)
        if info.state == pj.PJSIP_INV_STATE_DISCONNECTED:
            calls.pop(info.id, None)
        else:
            calls[info.id] = self

    def onCallMediaState(self, prm: Any) -> None:
        """Plug ear and tone."""
        info = self.getInfo()
        for index, media in enumerate(info.media):
            tell("Media", call=info.id, status=media.status)
            if media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                audio = self.getAudioMedia(index)
                voice.startTransmit(audio)
                audio.startTransmit(ear)
                tell("Talks", call=info.id, peer=self.getStreamInfo(index).remoteRtpAddress)

    def onCallTransferRequest(self, prm: Any) -> None:
        """Obey a REFER."""
        tell("Referred", target=prm.dstUri)
        prm.newCall = kept = Call(account)
        waiting.append(kept)

    def onCallReplaceRequest(self, prm: Any) -> None:
        """Obey an INVITE with Replaces."""
        tell("Replaced")
        prm.newCall = kept = Call(account)
        waiting.append(kept)

    def onCallTsxState(self, prm: Any) -> None:
        """Tell the headers of a BYE."""
        event = prm.e.body.tsxState
        if event.type == pj.PJSIP_EVENT_RX_MSG and event.src.rdata.info.startswith("Request msg BYE"):
            lines = event.src.rdata.wholeMsg.split("\r\n\r\n")[0].split("\r\n")
            tell("Bye", headers=[line for line in lines if line.startswith(("Reason", "X-"))])


class Account(pj.Account):
    """Answers whatever comes."""

    def onIncomingCall(self, prm: Any) -> None:
        """Answer."""
        lines = prm.rdata.wholeMsg.split("\r\n\r\n")[0].split("\r\n")
        call = Call(self, prm.callId)
        calls[prm.callId] = call
        tell("Incoming", call=prm.callId, headers=lines)
        answer = pj.CallOpParam()
        answer.statusCode = 200
        call.answer(answer)


def obey(line: str) -> None:
    """Carry out one command on the latest call."""
    verb, _, rest = line.partition(" ")
    parameters = pj.CallOpParam(True)
    latest = calls[max(calls)] if calls else None
    match verb:
        case "call":
            dialled = Call(account)
            dialled.makeCall(rest, parameters)
            calls[dialled.getId()] = dialled
        case "hold":
            latest.setHold(parameters)
        case "unhold":
            parameters.opt.flag = pj.PJSUA_CALL_UNHOLD
            latest.reinvite(parameters)
        case "keys":
            latest.dialDtmf(rest)
        case "bye":
            latest.hangup(parameters)


def read() -> None:
    """Queue the commands; the phone goes when stdin ends."""
    for line in sys.stdin:
        lines.put(line.strip())
    lines.put("quit")


port, rtp_port, hertz = (int(argument) for argument in sys.argv[1:4])
calls: dict[int, Any] = {}
waiting: list[Any] = []
endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.uaConfig.threadCnt, config.uaConfig.mainThreadOnly = 0, True
config.logConfig.level = config.logConfig.consoleLevel = 1
config.medConfig.clockRate = config.medConfig.sndClockRate = 8000
config.medConfig.noVad, config.medConfig.ecTailLen = True, 0
endpoint.libInit(config)
transport = pj.TransportConfig()
transport.port, transport.boundAddress = port, "127.0.0.1"
endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
endpoint.libStart()
endpoint.audDevManager().setNullDev()
identity = pj.AccountConfig()
identity.idUri = f"sip:phone@127.0.0.1:{port}"
identity.mediaConfig.transportConfig.port = rtp_port
identity.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
account = Account()
account.create(identity)
ear, voice = Ear(), tone(hertz)
lines: queue.SimpleQueue[str] = queue.SimpleQueue()
threading.Thread(
    target=lambda: [lines.put(line.strip()) for line in sys.stdin] and lines.put("quit"), daemon=True
).start()
tell("Started")
while True:
    endpoint.libHandleEvents(10)
    if lines.empty():
        continue
    command = lines.get()
    if command == "quit":
        os._exit(0)
    try:
        obey(command)
    except pj.Error as fault:
        tell("Error", what=fault.reason)
