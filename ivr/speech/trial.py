"""Load a model and decode a second of silence, in a process that may crash: `python -m ivr.speech.trial FOLDER RATE`."""

from __future__ import annotations

import sys

import vosk


def main(folder: str, rate: str) -> None:
    """What vosk does with a broken model happens here; it says on stderr what it makes of it."""
    decoder = vosk.KaldiRecognizer(vosk.Model(folder), float(rate))
    decoder.AcceptWaveform(bytes(2 * int(rate)))
    decoder.FinalResult()


if __name__ == "__main__":
    main(*sys.argv[1:])
