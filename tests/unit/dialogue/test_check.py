"""`ivr check`: each kind of fault is found, with its line and a fix; what is right passes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from small_shop import INTENTS, NUMBER, SECOND_WISH, TREE, UNIVERSALS, WORDS, load, write

from ivr.dialogue.check import House, check, faults
from ivr.dialogue.loading import load_dialplans
from ivr.errors import DialplanError


def findings(folder: Path, **changed: str) -> list[str]:
    return [str(finding) for finding in check(load(folder, **changed))]


def test_the_small_shop_passes(tmp_path: Path) -> None:
    assert findings(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "{say: hello, barge_in: no, then: what}",
            "{say: hello, then: waht}",
            "there is no step `waht` — did you mean `what`?",
        ),
        (
            "say: hello,",
            "say: helo,",
            "there is no prompt `helo` in zh — did you mean `hello`? else write it in prompts/zh",
        ),
        ("{call: number,", "{call: numbr,", "there is no dialplan `numbr` — did you mean `number`?"),
        ("act: refund_full", "act: refund_ful", "there is no action `refund_ful` — did you mean `refund_full`?"),
        ("start: hello\nintents: {", "start: hello\nintents: {unnamed: status, ", "`unnamed` has no name in zh"),
        ("hand_off: safety", "hand_off: saftey", "there is no queue `saftey` — did you mean `safety`?"),
        ("unknown: lost, ambiguous: lost}", "unknown: lost}", "step `status` has no way for `ambiguous`"),
        ("{found: told,", "{fuond: told, found: told,", "there is no outcome `fuond` — did you mean `found`?"),
        ("    otherwise: lost\n", "", "step `pay` has no way for `refused`, `failed`, `unknown`"),
        ("{given: pay, none: lost}", "{given: pay}", "`number` can return `none`"),
        ("start: hello", "start: helo", "there is no step `helo`"),
        ("refund: refund, status", "refund: refund, sing: what, status", "nobody can say `sing`"),
        ("    say: pay\n", "", "step `pay` acts without telling the caller"),
        ("    say: pay\n", "    say: pay\n    cost: never\n", "`refund_full` is done without asking the caller"),
        ("keys: {1: refund}}", "keys: {1: refnud}}", "there is no intent `refnud` — did you mean `refund`?"),
        (
            "keys: {1: refund}}",
            "keys: {1: refund}, intents: [sttus]}",
            "there is no intent `sttus` — did you mean `status`?",
        ),
        ("keys: {1: refund}}", "}", "question `what` can't be answered by keys"),
        ("  told: {", "  alone: {say: told, then: bye}\n  told: {", "no call comes to step `alone`"),
        (
            "{say: dropped, then: what}",
            "{say: dropped, then: dropped}",
            "these steps go round without the caller: dropped",
        ),
        (
            "{say: told, then: score}",
            "{say: told, then: status}",
            "these steps go round without the caller: status → told",
        ),
        (
            "say: paid, then: what",
            "say: told, then: what",
            "prompt `told` says {order.number.tail}, which isn't sure to be known",
        ),
        ("always: {agent: agent,", "always: {agent: agnet,", "there is no step `agnet` — did you mean `agent`?"),
    ],
)
def test_a_fault_in_the_tree_is_found(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TREE
    found = findings(tmp_path, hotline=TREE.replace(old, new))
    assert any(told in each for each in found), found
    assert all(":" in each and each.split(":")[1].isdigit() for each in found)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("no_input: [您说。, 请按1退款。]", "no_input: [您说。]", "has 1 of 2 `no_input`"),
        ("no_match: [没听懂。, 退款请按1。]", "no_match: [没听懂。, 没听懂。]", "repeats itself in `no_match`"),
        (", keys: 退款请按1。, help", ", help", "prompt `what` has no `keys`"),
        ("apology: 抱歉，出了问题。\n", "", "there is no prompt `apology` in zh"),
        (
            'doubt: {text: "您是说{doubt}吗？"',
            'doubt: {text: "您是说{doubts}吗？"',
            "says {doubts}, which isn't sure to be known",
        ),
    ],
)
def test_a_fault_in_the_prompts_is_found(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in WORDS
    found = findings(tmp_path, prompts=WORDS.replace(old, new))
    assert any(told in each for each in found), found


def test_dialplans_that_call_each_other_are_found(tmp_path: Path) -> None:
    circle = NUMBER.replace("given: {return: given}", "given: {call: hotline, then: none}")
    assert any("call each other in a circle" in each for each in findings(tmp_path, number=circle))


def test_a_step_without_an_end_is_found(tmp_path: Path) -> None:
    lonely = """start: ask
returns: [given, none]
steps:
  ask: {ask: order_number, say: number, on: {given: ask, none: ask}, give_up: again}
  again: {say: paid, then: ask}
"""
    found = findings(tmp_path, number=lonely)
    assert any("neither a human nor an end can be reached" in each or "go round" in each for each in found), found


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ask: intent, say: what", "ask: intent, sya: what", "unknown key `sya` — did you mean `say`?"),
        ("ask: intent,", "ask: intents,", "steps.what.ask"),
        ("tries: 1", "tries: 9", "steps.score.tries"),
        ("  bye: {say: bye, hang_up: settled}", "  bye: {farewell: bye}", "step `bye` does nothing"),
        ("{look_up: order,", "{lookup: order,", "unknown key `lookup` — did you mean `look_up`?"),
        ("steps:\n", "stpes:\n", "unknown key `stpes` — did you mean `steps`?"),
        ("  hello: {", "  hello: {say: hello, then: what}\n  hello: {", "key `hello` is written twice"),
        ("start: hello", "start: [hello", "not YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TREE
    with pytest.raises(DialplanError, match=r"hotline\.yaml:\d+:\d+: ") as caught:
        load(tmp_path, hotline=TREE.replace(old, new))
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("file", "written", "told"),
    [
        ("prompts", "{}", "has no prompts — write "),
        ("defaults", "settings: {tries: 3, visits: 3}\n", "`settings` lacks `no_input_seconds`, `max_speech_seconds`"),
        ("intents", "intents:\n  refund: [<my_wishes>退款]\n", "unknown list <my_wishes> — write it in lists.yaml"),
    ],
)
def test_what_is_lacking_altogether_is_told_at_once(tmp_path: Path, file: str, written: str, told: str) -> None:
    with pytest.raises(DialplanError) as caught:
        load(tmp_path, **{file: written})
    assert told in str(caught.value)


def test_the_version_names_the_files(tmp_path: Path) -> None:
    first = load(tmp_path / "a").version
    assert load(tmp_path / "b").version == first
    assert load(tmp_path / "c", prompts=WORDS.replace("再见", "拜拜")).version != first
    assert load(tmp_path / "d", intents=INTENTS + "  bye: [走了]\n").version != first


def test_a_thousand_steps_load_and_are_proved_in_time(tmp_path: Path) -> None:
    many = "".join(f"  s{n}: {{say: told, then: s{n + 1}}}\n" for n in range(1000)) + "  s1000: {say: bye, then: bye}\n"
    tree = TREE.replace(
        "told: {say: told, then: score}", "told: {say: told, then: s0}\n" + many + "  unused: {say: score, then: score}"
    )
    folders = write(tmp_path, hotline=tree)
    began = time.process_time()
    loaded = load_dialplans(*folders)
    assert time.process_time() - began < 30  # a second on a quick machine; minutes if every step looked at every other
    assert [
        finding for finding in faults(check(loaded)) if "unused" not in finding.what and "score" not in finding.what
    ] == []
    assert time.process_time() - began < 60


def test_a_queue_is_known_where_an_agent_serves_it_and_warned_of_where_none_does(tmp_path: Path) -> None:
    dialplans = load(tmp_path, hotline=TREE.replace("hand_off: safety", "hand_off: books"))
    assert "there is no queue `books`" in str(check(dialplans)[0])
    assert [str(each) for each in check(dialplans, house=House(frozenset({"books", "general"})))] == []
    (finding,) = {each.what for each in check(dialplans, house=House(frozenset({"books"})))}
    assert finding == "no agent serves the queue `general`"
    assert faults(check(dialplans, house=House(frozenset({"books"})))) == ()


def test_a_choice_without_a_name_is_found(tmp_path: Path) -> None:
    asked = """start: which
returns: [given, none]
steps:
  which: {ask: choice, say: number, choices: {red: {key: 1, zh: [红的]}, blue: {key: 2, zh: [蓝的]}}, then: given}
  given: {return: given}
  none: {return: none}
"""
    found = findings(tmp_path, number=asked, prompts=WORDS + "word.red: 红色\n")
    assert any("`blue` has no name in zh" in each for each in found)
    assert not any("`red` has no name" in each for each in found)


def test_what_no_caller_can_do_without_must_be_sayable(tmp_path: Path) -> None:
    found = findings(tmp_path, universals="{}")
    for meaning in ("agent", "goodbye", "yes", "no"):
        (fault,) = [each for each in found if f"nobody can say `{meaning}` in zh" in each]
        assert "universals.yaml:1: nobody" in fault
    assert any("warning: nobody can say `repeat`" in each for each in found)
    assert any("warning: no words of danger" in each for each in found)


def test_a_hotline_that_cannot_be_told_two_wishes_at_once_is_told(tmp_path: Path) -> None:
    (told,) = findings(tmp_path, universals=UNIVERSALS.replace(SECOND_WISH, ""))
    assert "zh/universals.yaml:1: warning: two wishes in one breath aren't understood in zh" in told
    assert "`second_wish` lacks `joints` — write them there; the shipped file has a full set" in told


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{claim_kind: phone_tial, claim: $heard}", "there is no claim_kind `phone_tial` — did you mean `phone_tail`?"),
        ("{claim_kind: $heard, claim: $heard}", "there is no claim_kind `$heard` — allowed: amount, name, phone_tail"),
        ("{claim: $heard}", "step `status` doesn't say by what the caller is verified — add `claim_kind` under `with`"),
    ],
)
def test_callers_are_verified_by_what_the_order_desk_knows(tmp_path: Path, written: str, told: str) -> None:
    verified = f"{{look_up: verify, with: {written}, on: {{passed: told, failed: lost, locked: lost}}}}"
    tree = TREE.replace("{look_up: order, on: {found: told, unknown: lost, ambiguous: lost}}", verified)
    (line,) = [number for number, each in enumerate(tree.splitlines(), 1) if "verify" in each]
    assert any(f"hotline.yaml:{line}:" in each and told in each for each in findings(tmp_path, hotline=tree))


@pytest.mark.parametrize(
    "words",
    [
        "second_wish: {joints: [然后], apart: [refunnd]}",
        "second_wish: {joints: [然后], afterwards: [refunnd]}",
        SECOND_WISH + "declared: {refunnd: {words: [我要退], over: [status]}}",
        SECOND_WISH + "declared: {refund: {words: [我要退], over: [refunnd]}}",
    ],
)
def test_intents_that_universals_name_must_be_sayable(tmp_path: Path, words: str) -> None:
    (told,) = findings(tmp_path, universals=UNIVERSALS.replace(SECOND_WISH, words))
    assert "universals.yaml:1: warning: `refunnd` has no sentences in zh — did you mean `refund`?" in told


def test_a_hotline_without_words_of_consent_is_told(tmp_path: Path) -> None:
    begins, asks = findings(tmp_path, consent="{}")
    assert "zh/consent.yaml:1: warning: a yes or a no with more behind it isn't understood in zh" in begins
    assert "zh/consent.yaml:1: warning: “can I have it back?” is a yes to an offer in zh: `asks` is missing" in asks


def test_a_hotline_without_the_words_around_an_answer_is_told_what_callers_will_notice(tmp_path: Path) -> None:
    told = findings(tmp_path, answers="{}")
    assert len(told) == 4
    assert all("zh/answers.yaml:1: warning: " in each for each in told)
    assert any(
        "whoever stops after “my order number is” is not waited for in zh: `unfinished`" in each for each in told
    )


def test_a_misspelt_list_of_answers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        DialplanError, match=r"answers\.yaml:1:1: unknown key `before_nmae` — did you mean `before_name`"
    ):
        load(tmp_path, answers="before_nmae: [我叫]\n")


def test_what_callers_hear_on_the_way_to_a_human_must_be_there(tmp_path: Path) -> None:
    without = "\n".join(line for line in WORDS.splitlines() if not line.startswith("handoff.progress"))
    (told,) = findings(tmp_path, prompts=without)
    assert "prompt `handoff.progress` is missing in zh" in told
    assert "may say {position}, {wait}" in told
    alone = TREE.replace("hand_off: general, reason", "hang_up: failed, note").replace(
        "on: {returned: what, failed: message}}", "}"
    )
    assert "hand_off: safety" in alone  # one is enough


def test_a_language_that_calls_are_answered_in_must_be_there(tmp_path: Path) -> None:
    dialplans = load(tmp_path)
    assert check(dialplans, house=House(languages=frozenset({"zh"}))) == ()
    (fault,) = check(dialplans, house=House(languages=frozenset({"zh", "en"})))
    assert "calls are answered in en, and there is no folder `en`" in str(fault)


@pytest.mark.parametrize(
    "text", ["您好，这里是{shop。", "您好，这里是｛shop｝。", "您好，{ shop }。", "您好[，这里是。", "您好]。"]
)
def test_a_bracket_that_would_be_read_aloud_is_found(tmp_path: Path, text: str) -> None:
    found = findings(tmp_path, prompts=WORDS.replace("您好，这里是{shop}。", f'"{text}"'))
    assert [each for each in found if "prompt `hello` has a" in each and "all.yaml:2:" in each], found


def test_a_full_width_comma_parts_no_phrases(tmp_path: Path) -> None:
    asked = """start: which
returns: [given, none]
steps:
  which: {ask: choice, say: number, choices: {red: {key: 1, zh: [红的，红色]}}, then: given}
  given: {return: given}
  none: {return: none}
"""
    found = findings(tmp_path, number=asked, prompts=WORDS + "word.red: 红色\n")
    assert any("“红的，红色” is one phrase, which nobody says whole — part phrases by" in each for each in found)
