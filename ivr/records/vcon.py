"""A call as a vCon, the IETF's container for conversations (draft-ietf-vcon-vcon-core, syntax 0.3.0), checked by its schema.

parties: 0 the caller (masked number), 1 the robot, then the agents. dialog: the stereo recording by its URL at the desk, to be fetched
with a login, and its SHA-512, or an `incomplete` one where nothing was recorded; a `transfer` for each handoff. analysis: the
transcript. attachments: the case.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
from sqlalchemy import select
from sqlalchemy.orm import Session

import ivr
from ivr.errors import RecordsError, UserError
from ivr.records.tables import AgentRow, CallRow, HandoffRow, LineRow
from ivr.transcript import NAMES, mask_name

CALLER, ROBOT = 0, 1
_NAMESPACE = uuid.UUID("6f1f4f0e-52cb-5c43-9f0d-6a7d7e1a2b33")


def vcon(session: Session, call_id: str, recordings: Path, desk: str) -> dict[str, Any]:
    """The vCon of a call, its recording at the desk of that address; raises UserError for an unknown call, RecordsError when ours breaks the schema."""
    call = session.get(CallRow, call_id)
    if call is None:
        raise UserError(f"there is no call `{call_id}`", "`ivr report calls` lists them")
    lines = session.scalars(select(LineRow).where(LineRow.call_id == call_id).order_by(LineRow.position)).all()
    handoffs = session.scalars(select(HandoffRow).where(HandoffRow.call_id == call_id).order_by(HandoffRow.id)).all()
    ids = [handoff.agent_id for handoff in handoffs if handoff.agent_id is not None]
    agents = session.scalars(select(AgentRow).where(AgentRow.id.in_(ids)).order_by(AgentRow.id)).all()
    container = {
        "vcon": "0.3.0",
        "uuid": str(uuid.uuid5(_NAMESPACE, call_id)),
        "created_at": _moment(call.started_at),
        "subject": str(call.case.get("intent") or "call"),
        "parties": [_caller(call), _robot(), *({"name": agent.name, "role": "agent"} for agent in agents)],
        "dialog": [
            _recording(call, recordings, desk),
            *(_transfer(handoff, agents) for handoff in handoffs if handoff.connected_at),
        ],
        "analysis": [_transcript(call, list(lines))],
        "attachments": [_case(call)],
    }
    faults = sorted(_validator().iter_errors(container), key=str)
    if faults:
        raise RecordsError(f"the vCon of {call_id} breaks its schema: {faults[0].message}")
    return container


@cache
def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((files("ivr.records") / "vcon.schema.json").read_text(encoding="utf-8"))
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _caller(call: CallRow) -> dict[str, Any]:
    return {"role": "customer", **({"tel": f"tel:{call.caller}"} if call.caller else {"name": "unknown"})}


def _robot() -> dict[str, Any]:
    return {"name": f"hotline {ivr.__version__}", "role": "agent"}


def _duration(call: CallRow) -> float:
    return round(max(0.0, (call.ended_at or call.started_at) - call.started_at), 3)


def _recording(call: CallRow, recordings: Path, desk: str) -> dict[str, Any]:
    common = {"start": _moment(call.started_at), "parties": [CALLER, ROBOT], "originator": CALLER}
    file = recordings / Path(call.recording).name
    if not call.recording or not file.is_file():
        disposition = "hung-up" if call.ended_at else "no-answer"
        return {"type": "incomplete", "disposition": disposition, **common}
    digest = base64.urlsafe_b64encode(hashlib.sha512(file.read_bytes()).digest()).rstrip(b"=").decode()
    return {
        "type": "recording",
        **common,
        "duration": _duration(call),
        "mediatype": "audio/x-wav",
        "filename": file.name,
        "url": f"{desk.rstrip('/')}/calls/{quote(call.id)}/recording",
        "content_hash": f"sha512-{digest}",
    }


def _transfer(handoff: HandoffRow, agents: Any) -> dict[str, Any]:
    target = next((2 + place for place, agent in enumerate(agents) if agent.id == handoff.agent_id), ROBOT)
    return {
        "type": "transfer",
        "start": _moment(handoff.connected_at or handoff.enqueued_at),
        "parties": [CALLER, ROBOT, target],
        "transferee": CALLER,
        "transferor": ROBOT,
        "transfer_target": target,
        "original": 0,
        "target_dialog": 0,
    }


def _transcript(call: CallRow, lines: list[LineRow]) -> dict[str, Any]:
    said = [
        {
            "seconds": line.seconds,
            "speaker": line.speaker,
            "text": line.text,
            **{k: v for k, v in line.details.items() if v},
        }
        for line in lines
    ]
    return {
        "type": "transcript",
        "dialog": 0,
        "vendor": "hotline",
        "product": f"hotline {ivr.__version__}",
        "mediatype": "application/json",
        "encoding": "json",
        "body": json.dumps({"language": call.language, "lines": said}, ensure_ascii=False),
    }


def _case(call: CallRow) -> dict[str, Any]:
    case: dict[str, Any] = {**call.case, "disposition": call.disposition, "dialplan_version": call.dialplan_version}
    # What leaves the house names nobody in full; calls from before names were masked as they were written have them whole.
    case |= {key: mask_name(str(value)) for key, value in case.items() if key in NAMES and value}
    return {
        "purpose": "case",
        "start": _moment(call.started_at),
        "party": ROBOT,
        "mediatype": "application/json",
        "encoding": "json",
        "body": json.dumps(case, ensure_ascii=False),
    }
