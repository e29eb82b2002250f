"""`ivr call`: place synthetic calls from the command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ivr.caller import happenings as happened
from ivr.caller.digest import Credentials
from ivr.caller.ear import Ear
from ivr.caller.load import load_test
from ivr.caller.negotiation import CODECS
from ivr.caller.report import CallResult, LoadResult, as_data, summary, table
from ivr.caller.scenario import Scenario, load
from ivr.caller.scene import Equipment, run
from ivr.document import nearest
from ivr.errors import UserError
from ivr.values import Language

CALL_ANYTHING = {"call": [{"listen": None}, {"hang up": None}]}


def call(
    uri: Annotated[str, typer.Argument(help="Whom to call: sip:hotline@host[:port][;transport=tcp]")],
    scenario: Annotated[Path | None, typer.Option(help="What to do in the call, as YAML (docs/caller.md).")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A variable of the scenario: name=value.")] = None,
    calls: Annotated[int, typer.Option(min=1, max=500, help="How many calls at once.")] = 1,
    over: Annotated[float, typer.Option(min=0, help="Seconds over which the calls begin.")] = 0.0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result here as data.")] = None,
    record: Annotated[Path | None, typer.Option(help="Write stereo WAV files into this folder.")] = None,
    lang: Annotated[str, typer.Option(help="zh or en; the scenario's own language if left out.")] = "",
    hear: Annotated[bool, typer.Option(help="Recognise what the far end says (off: for load).")] = True,
    models: Annotated[Path, typer.Option(help="Folder of the speech models.")] = Path("models"),
    user: Annotated[str, typer.Option(help="User name for digest authentication.")] = "",
    password: Annotated[str, typer.Option(envvar="IVR_CALL_PASSWORD", help="Password for digest authentication.")] = "",
    rtp: Annotated[str, typer.Option(help="Local RTP ports.")] = "40000-43999",
    codecs: Annotated[str, typer.Option(help="Codecs to offer, best first.")] = "PCMU,PCMA,G722",
) -> None:
    """Call a number as a customer would: speak, listen, press keys, measure."""
    try:
        chosen = _scenario(scenario, lang, set_ or [])
        equipment = Equipment(
            ear=Ear({"zh": models / "zh-small", "en": models / "en-small"}) if hear else None,
            rtp_ports=_ports(rtp),
            codecs=_codecs(codecs),
            credentials=Credentials(user, password) if user else None,
            keep_audio=hear or record is not None,
        )
        folder = scenario.parent if scenario else Path()
        result = asyncio.run(_run(chosen, uri, equipment, folder, record, calls, over))
    except UserError as fault:
        Console(stderr=True).print(str(fault), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    if json_file:
        json_file.write_text(json.dumps(as_data(result), ensure_ascii=False, indent=1), encoding="utf-8")
    show(result)
    raise typer.Exit(0 if result.ok else 1)


async def _run(
    scenario: Scenario, uri: str, equipment: Equipment, folder: Path, record: Path | None, calls: int, over: float
) -> CallResult | LoadResult:
    console = Console()
    async with equipment:
        if calls > 1:
            return await load_test(scenario, uri, calls, over_seconds=over, equipment=equipment, folder=folder)

        def live(event: happened.Happening) -> None:
            console.print(line(event), markup=False, highlight=False)

        return await run(scenario, uri, equipment=equipment, folder=folder, record_to=record, on_event=live)


def _scenario(file: Path | None, lang: str, assignments: list[str]) -> Scenario:
    if lang not in ("", "zh", "en"):
        raise UserError(f"`--lang {lang}` is not known", "write zh or en")
    wrong = next((item for item in assignments if "=" not in item), None)
    if wrong:
        raise UserError(f"`--set {wrong}` has no value", "write --set name=value")
    variables = dict(item.split("=", 1) for item in assignments)
    chosen = load(file, variables) if file else Scenario.model_validate(CALL_ANYTHING)
    language: Language = "en" if lang == "en" else "zh"
    return chosen.model_copy(update={"language": language}) if lang else chosen


def _ports(text: str) -> range:
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and 1024 <= int(first) < int(last) <= 65_535):
        raise UserError(f"`--rtp {text}` is no range of ports", "write --rtp 40000-43999")
    return range(int(first), int(last) + 1)


def _codecs(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().upper() for name in text.split(",") if name.strip())
    wrong = next((name for name in names if name not in CODECS), None)
    if wrong or not names:
        raise UserError(f"codec `{wrong or text}` is not spoken here", nearest(wrong or text, CODECS))
    return names


def line(event: happened.Happening) -> str:
    """A happening as a line to read."""
    match event:
        case happened.Dialled(uri=uri):
            what = f"calls {uri}" if event.who == "caller" else f"is called by {uri}"
        case happened.Rang():
            what = "it rings"
        case happened.Answered(codec=codec):
            what = f"answered ({codec})"
        case happened.Said(text=text, over=over):
            what = f"says{' over the other' if over else ''}: {text}"
        case happened.Keyed(keys=keys):
            what = f"presses {keys}"
        case happened.Heard(text=text):
            what = f"hears: {text.replace('[unk]', '…') or '…'}"
        case happened.Replied(gap_ms=gap):
            what = f"is answered after {gap:.0f} ms"
        case happened.Stopped(stop_ms=stop):
            what = f"is let in after {stop:.0f} ms"
        case happened.Checked(what=expected, met=met, found=found):
            what = f"{'✓' if met else '✗'} {expected}" + (f" — {found}" if found and not met else "")
        case happened.Held(on=on):
            what = "puts the other on hold" if on else "is back from hold"
        case happened.Transferred(uri=uri):
            what = f"is now connected to {uri}"
        case happened.Ended(status=status, by_far_end=by_far_end):
            what = f"the call ended ({status}, {'by the far end' if by_far_end else 'by us'})"
    return f"{event.seconds:7.2f}  {event.who:<8} {what}"


def show(result: CallResult | LoadResult) -> None:
    """Print a result as tables, and what was not as expected."""
    console = Console()
    calls = result.calls if isinstance(result, LoadResult) else (result,)
    if isinstance(result, CallResult):
        console.print(table(result))
    console.print(summary(calls))
    for number, found in enumerate(calls, 1):
        for failure in found.failures:
            console.print(f"✗ call {number}: {failure}", style="red", markup=False)
