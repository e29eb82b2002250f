"""A handoff under way: the handoff machine's commands carried out on phone, queue, desk and mouths.

conductor.py   one handoff: events to the machine, its commands to whom they concern
hearsay.py     PURE  what legs and the desk say, in the machine's words
head_start.py  the agent's phone rings while the robot still says that it will
request.py     what the machine is told to begin with
agent_leg.py   the agent's telephone: rung, whispered to, hung up
bridge.py      caller and agent hearing each other, written down as they talk
referral.py    caller and agent sent to each other by REFER, we out of the way
wish_ear.py    what the waiting caller would rather, heard while music plays
errands.py     what queue and order desk are asked for, one thing after another
handed_call.py the call as a handoff sees it
place.py       the place in the queue, and the agent reserved for it
promises.py    what is left to do afterwards: callback and ticket
voicemail.py   a message of the caller's
"""

from ivr.transfer.conductor import Transfer
from ivr.transfer.head_start import HeadStart

__all__ = ["HeadStart", "Transfer"]
