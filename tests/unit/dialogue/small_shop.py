"""A small dialplan in a folder of its own, for tests of the language and its machine: every kind of step, few words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ivr.dialogue.loading import Dialplans, load_dialplans
from ivr.dialogue.machine import Dialogue
from ivr.dialogue.vocabulary import CLOSED_PROMPTS, HANDOFF_PROMPTS

NOW = datetime(2026, 11, 21, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

DEFAULTS = """
settings: {tries: 3, visits: 3, no_input_seconds: 5, interdigit_seconds: 3, max_speech_seconds: 15, endpointing: normal,
           barge_in: yes, accept_at: 0.7, confirm_at: 0.45, confirm: doubtful, change_of_mind: yes, sensitive: no}
profiles:
  normal: {complete_seconds: 0.45, incomplete_seconds: 1.2, in_number_seconds: 1.8}
"""

TREE = """
start: hello
intents: {refund: refund, status: status}
always: {agent: agent, agent_again: agent, goodbye: bye, danger: danger, fraud: danger, rage: agent, give_up: lost, stuck: lost,
         broken: broken, never_mind: dropped}
steps:
  hello: {say: hello, barge_in: no, then: what}
  what: {ask: intent, say: what, keys: {1: refund}}
  refund: {call: number, on: {given: pay, none: lost}}
  pay:
    act: refund_full
    intent: refund_request
    say: pay
    with: {order: $order_number}
    on: {done: paid, declined: what}
    otherwise: lost
  paid: {say: paid, then: what}
  status: {look_up: order, on: {found: told, unknown: lost, ambiguous: lost}}
  told: {say: told, then: score}
  score: {survey: satisfaction, say: score, tries: 1, then: bye}
  agent: {say: agent, hand_off: general, reason: asked_for, on: {returned: what, failed: message}}
  message: {say: message, record: message, then: bye, otherwise: silent}
  silent: {say: bye, hang_up: no_input}
  danger: {hand_off: safety, reason: danger, priority: 0}
  dropped: {say: dropped, then: what}
  lost: {say: lost, hand_off: general, reason: lost}
  broken: {say: apology, hand_off: general, reason: fault}
  bye: {say: bye, hang_up: settled}
"""

NUMBER = """
start: ask
returns: [given, none]
steps:
  ask: {ask: order_number, say: number, on: {given: given, none: none}}
  given: {return: given}
  none: {return: none}
"""

WORDS = """
hello: 您好，这里是{shop}。
what: {text: 请问什么事？, no_input: [您说。, 请按1退款。], no_match: [没听懂。, 退款请按1。], keys: 退款请按1。, help: 您可以说退款。}
number: {text: 订单号？, no_input: [请说订单号。, 请按订单号。], no_match: [没听清订单号。, 请按键输入。], keys: 请按键输入订单号。}
pay: {text: 现在退吗？, no_input: [退吗？, 退请按1。], no_match: [要退吗？, 退请按1，不退请按2。], keys: 退请按1。}
paid: "退好了[，{action.amount}]。"
told: 您的订单{order.number.tail}在路上。
score: {text: 打几分？, keys: 请按1到5。}
agent: 正在转接。
message: 请留言。
dropped: 那就不退了。
lost: 我请人来帮您。
bye: 再见。
apology: 抱歉，出了问题。
filler: 请稍等。
help: 请直接说。
wait: 我等您。
speech_lost: 请按键。
offer_again: 我再说一遍。
again: {text: 请再说一遍。, no_input: [没听到。], no_match: [没听清。], keys: 请按键。}
doubt: {text: "您是说{doubt}吗？", no_input: [对吗？, 对请按1。], no_match: [是吗？, 是请按1。], keys: 对请按1。}
order_go_on: 请接着说。
order_which_digits: {text: "请说{digits.place}。", no_input: [请说。, 请按。], no_match: [没听清。, 请按键。], keys: 请按键。}
word.refund: 退款
word.status: 查订单
"""

WORDS += "".join(f"{prompt}: 请您稍等。\n" for prompt in (*HANDOFF_PROMPTS, *CLOSED_PROMPTS))

INTENTS = """
intents:
  refund: ["[我要|我想]退款", "退款[订单号|订单][是]{order_number}"]
  status: ["[我的](订单|外卖)到哪[儿]了"]
"""

UNIVERSALS = """
universals:
  agent: [转人工]
  repeat: [再说一遍]
  slower: [说慢一点]
  wait: [等一下]
  help: [帮助]
  back: [返回]
  goodbye: [再见]
answers:
  "yes": [是的, 好的, 对]
  "no": [不用, 不对, 不是]
anywhere: {agent: [人工]}
danger: {danger: [救命]}
negations: [不用, 不要]
negatable: {退款: refund}
corrections: ["不对，是", "不对是", "不是"]
"""
SECOND_WISH = "second_wish: {joints: [另外], apart: [status]}\n"
UNIVERSALS += SECOND_WISH

CONSENT = """
begins:
  "no": {不: [客气]}
  "yes": {好: [贵], 对: [不]}
hedges: {"yes": {words: [但], last: [吗]}}
asks: [吗]
"""

ANSWERS = """
before_name: [我叫]
before_address: [地址是]
unfinished: [我要]
scores: {"5": [五分]}
"""


def write(folder: Path, **changed: str) -> tuple[Path, Path]:
    """The small shop in a folder; a file can be given other contents by its name (`hotline`, `prompts`, …)."""
    files = {
        "dialplans/defaults.yaml": changed.get("defaults", DEFAULTS),
        "dialplans/hotline.yaml": changed.get("hotline", TREE),
        "dialplans/number.yaml": changed.get("number", NUMBER),
        "dialplans/zh/intents/all.yaml": changed.get("intents", INTENTS),
        "dialplans/zh/universals.yaml": changed.get("universals", UNIVERSALS),
        "dialplans/zh/consent.yaml": changed.get("consent", CONSENT),
        "dialplans/zh/answers.yaml": changed.get("answers", ANSWERS),
        "prompts/zh/all.yaml": changed.get("prompts", WORDS),
    }
    if "asides" in changed:
        files["dialplans/zh/asides.yaml"] = changed["asides"]
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder / "dialplans", folder / "prompts"


def load(folder: Path, **changed: str) -> Dialplans:
    """The small shop, loaded."""
    return load_dialplans(*write(folder, **changed))


def call(dialplans: Dialplans) -> Dialogue:
    """A call to it that hasn't begun."""
    return Dialogue(dialplans, start="hotline", started_at=NOW, facts={"shop": "小店"})
