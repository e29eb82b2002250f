"""Scenarios as people write them, and what they are told when they slip."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.caller.scenario import load
from ivr.caller.steps import HangUp, Hear, Hold, Interrupt, Key, Listen, Say
from ivr.errors import UserError

GOOD = """
about: Asks for the order
language: en
noise: {kind: babble, snr db: 12}
call:
  - hear: [welcome, hello]
    within seconds: 5
  - say: my order is {order}
  - key: "{order}#"
    by: info
  - interrupt: operator
    after: 0.8
    stops within ms: 200
  - listen:
    reply within ms: 900
  - hold
  - hang up
agents:
  - name: Li
    port: 15398
    answers: busy
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "scenario.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_scenario_is_read_with_its_variables(tmp_path: Path) -> None:
    scenario = load(written(tmp_path, GOOD), {"order": "0123"})
    assert scenario.call == (
        Hear.model_validate({"hear": ["welcome", "hello"], "within seconds": 5}),
        Say(say="my order is 0123"),
        Key(key="0123#", by="info"),
        Interrupt.model_validate({"interrupt": "operator", "after": 0.8, "stops within ms": 200}),
        Listen.model_validate({"listen": None, "reply within ms": 900}),
        Hold(hold=None),
        HangUp.model_validate({"hang up": None}),
    )
    assert scenario.noise
    assert scenario.noise.snr_db == 12
    assert [role.who for role in scenario.roles] == ["caller", "Li"]
    assert scenario.roles[0].phrases == ("welcome", "hello")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("- hang up", "- hangup", r":17:.*`hangup` is no step; did you mean `hang up`\?"),
        ("after: 0.8", "aftr: 0.8", r":12:5: unknown key `aftr` — did you mean `after`\?"),
        ("{order}#", "{ordr}#", r":9:.*`{ordr}` has no value — give one: --set ordr="),
        ("{order}#", "12x", r":9:.*key"),
        ("answers: busy", "answers: maybe", r":21:.*answers"),
        ("call:", "calls:", r":5:1: unknown key `calls` — did you mean `call`\?"),
        ("snr db: 12", "snr db: loud", r":4:.*snr db"),
        ("within seconds: 5", "within seconds: -5", r":7:.*within seconds"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        load(written(tmp_path, GOOD.replace(before, after)), {"order": "1"})


@pytest.mark.parametrize("text", ["", "- say: hi", "call: [", "just words"])
def test_what_is_no_scenario_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"scenario\.yaml:[12]:[18]"):
        load(written(tmp_path, text))
