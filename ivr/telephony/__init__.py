"""The telephone: SIP and media by pjsua2, which nothing outside this package imports.

phone.py         what the rest of a call worker sees: commands in, leg events out, asyncio on this side
engine.py        the one thread that owns every pj object; it starts pj, and ends the calls but frees nothing
doorbell.py      wakes that thread where it waits for packets
account.py       our SIP identity, and the registration at a PBX or trunk
switchboard.py   signalling: who calls, who is called, who hangs up, transfers
patchbay.py      audio: which sources feed which sinks, playbacks, ears, recordings
leg.py           one SIP dialog and its callbacks
ear.py           pooled ports that carry a leg's audio into Python
playback.py      one WAV played natively
recording.py     two native recorders per call, merged to stereo off the thread
packet_filter.py strangers are turned away by the kernel
pj_log.py        what pjsip itself has to say, into our log
invitation.py    PURE  what an INVITE says
wiring.py        PURE  the cables that should be plugged
admission.py     PURE  who may call
headers.py       PURE  SIP headers in and out
media_watch.py   PURE  has RTP dried up?
dtmf.py          PURE  keys in SIP INFO
"""
