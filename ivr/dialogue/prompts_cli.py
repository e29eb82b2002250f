"""`ivr prompts`: what the robot says, and the way from there to a human's voice: script, import, check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ivr.config import Settings
from ivr.dialogue.cli import DEFAULT_CONFIG, Config, Lang, language_of, settings_of
from ivr.errors import UserError
from ivr.values import Language

if TYPE_CHECKING:
    from ivr.dialogue.prompts import PromptBook
    from ivr.dialogue.reading import Text

prompts = typer.Typer(help="What the robot says.", no_args_is_help=True)


@prompts.command("list")
def list_prompts(config_file: Config = DEFAULT_CONFIG, lang: Lang = "") -> None:
    """Every prompt with its text, and whether a human recorded it."""
    settings, book = _opened(config_file, lang)
    folder = _recordings(settings, book.language)
    table = Table("prompt", "text", "recorded")
    for name, words in book.words.items():
        table.add_row(name, escape(words.text), "yes" if (folder / f"{name}.wav").exists() else "")
    Console().print(table)


@prompts.command("script")
def script(
    config_file: Config = DEFAULT_CONFIG,
    lang: Lang = "",
    missing: Annotated[bool, typer.Option("--missing", help="Only what isn't recorded yet.")] = False,
) -> None:
    """What to read aloud in the studio, with the name of each file: whole prompts, and pieces of those that vary."""
    settings, book = _opened(config_file, lang)
    texts = _to_read(settings, book)
    left = [text for text in texts if not _file(settings, book.language, text).exists()]
    shown = left if missing else texts
    for text in shown:
        file = _file(settings, book.language, text).relative_to(_recordings(settings, book.language).parent)
        print(f"{file}\t{text.text}")
    print(
        f"{len(texts)} texts, {len(left)} not recorded yet; about {_minutes(shown, book.language)} to read",
        file=sys.stderr,
    )


@prompts.command("import")
def import_takes(
    takes: Annotated[Path, typer.Argument(help="A folder of WAV files, named as `ivr prompts script` says.")],
    config_file: Config = DEFAULT_CONFIG,
    lang: Lang = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="Take those with faults, too.")] = False,
) -> None:
    """Make the studio's takes ready for the telephone, and put them where the robot finds them. Status 1 when some were left out."""
    from ivr.speech.studio import Studio

    settings, book = _opened(config_file, lang)
    if not takes.is_dir():
        raise UserError(f"there is no folder {takes}", "name the folder of the studio's WAV files")
    texts = _to_read(settings, book)
    studio = Studio(settings.path(settings.dialplan.prompts), book.language, [(t.name, t.text, t.piece) for t in texts])
    taken, faults = 0, 0
    files = list(studio.files(takes))
    if not files:
        raise UserError(f"there is no sound file in {takes}", "name the folder of the studio's WAV files")
    for file in files:
        said = studio.take(file, anyway)
        taken += said.taken
        faults += bool(said.faults)
        for fault in said.faults:
            print(f"{file}: {fault}{'' if said.taken else ' (left out)'}")
    left = sum(not _file(settings, book.language, text).exists() for text in texts)
    print(f"{taken} recordings taken, {faults} with faults; {left} of {len(texts)} texts are not recorded yet")
    if faults and not anyway:
        sys.exit(1)


@prompts.command("check")
def check_recordings(config_file: Config = DEFAULT_CONFIG, lang: Lang = "") -> None:
    """Hear every recording with the speech model: does it say what the prompt says? Status 1 when some seem not to."""
    from ivr.speech.loading import load_recogniser
    from ivr.speech.studio import Listener

    settings, book = _opened(config_file, lang)
    texts = [text for text in _to_read(settings, book) if _file(settings, book.language, text).exists()]
    if not texts:
        raise UserError("nothing is recorded", "`ivr prompts script` says what to read, `ivr prompts import` takes it")
    listener = Listener(load_recogniser(settings, book.language), book.language, [text.text for text in texts])
    doubts = 0
    for text in texts:
        file = _file(settings, book.language, text)
        doubt = listener.doubt(file, text.text)
        doubts += bool(doubt)
        if doubt:
            print(f"{file}: {doubt}")
    print(f"{len(texts)} recordings heard, {doubts} doubtful")
    if doubts:
        sys.exit(1)


def _opened(config_file: Path, lang: str) -> tuple[Settings, PromptBook]:
    from ivr.dialogue.prompts import load_prompts

    settings = settings_of(config_file)
    language = language_of(lang or settings.dialplan.language)
    return settings, load_prompts(settings.path(settings.dialplan.prompts) / language, language)


def _to_read(settings: Settings, book: PromptBook) -> list[Text]:
    from ivr.dialogue.reading import to_read

    return to_read(book, (settings.shop if book.language == "zh" else settings.shop_en,))


def _recordings(settings: Settings, language: Language) -> Path:
    return settings.path(settings.dialplan.prompts) / language / "recordings"


def _file(settings: Settings, language: Language, text: Text) -> Path:
    from ivr.speech.studio import recording

    return recording(settings.path(settings.dialplan.prompts), language, text.name, text.piece)


def _minutes(texts: list[Text], language: Language) -> str:
    """How long reading takes: a second to breathe before each, and at a prompt's pace (four syllables, 2.5 words a second)."""
    units = sum(len(text.text) / 4 if language == "zh" else len(text.text.split()) / 2.5 for text in texts)
    return f"{max(1, round((units + len(texts)) / 60))} minutes"
