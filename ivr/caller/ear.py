"""The caller's ear: what the far end said, recognised well enough to check it against what is expected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from ivr.caller.child import Child
from ivr.caller.codec import RATE, Samples
from ivr.caller.phrases import UNKNOWN, grammar, sounds
from ivr.errors import ModelError, Place, UserError
from ivr.values import Language

MODELS: Mapping[Language, Path] = {"zh": Path("models/zh-small"), "en": Path("models/en-small")}
# Below this share of known words a phrase can't be told from another.
LEAST_KNOWN = 0.3


class Ear:
    """Recognition in a helper process, with a grammar of the phrases that may come."""

    def __init__(self, models: Mapping[Language, Path] = MODELS) -> None:
        self._models = models
        self._child = Child("ivr.caller.recogniser")

    async def hear(self, samples: Samples, language: Language, phrases: Iterable[str]) -> str:
        """The words in a sound, `[unk]` for what is none of the phrases' words."""
        limited = grammar(phrases, language, self.vocabulary(language))
        reply, _ = await self._child.ask({"model": str(self._folder(language)), "grammar": limited}, samples.tobytes())
        return str(reply["text"])

    def vocabulary(self, language: Language) -> set[str]:
        """The words that the model of a language knows; raises ModelError when there is no model."""
        return _vocabulary(self._folder(language))

    def checkable(self, phrase: str, language: Language) -> bool:
        """Whether enough of a phrase is known to the model."""
        wanted = sounds(phrase, language)
        known = [sound for sound in sounds(phrase, language, self.vocabulary(language)) if sound != UNKNOWN]
        return len(known) >= max(LEAST_KNOWN * len(wanted), 1)

    def check(self, phrase: str, language: Language) -> None:
        """Raise UserError for a phrase that the model could never hear."""
        if not self.checkable(phrase, language):
            what = f"the speech model {self._folder(language).name} knows too few words of `{phrase}`"
            raise UserError(what, "expect other words of the same prompt")

    async def warm(self, language: Language) -> None:
        """Start the helper and load the model, so that the first call needn't wait for it."""
        self.vocabulary(language)
        await self.hear(np.zeros(RATE // 10, np.int16), language, ())

    async def stop(self) -> None:
        """End the helper process."""
        await self._child.stop()

    def _folder(self, language: Language) -> Path:
        return self._models[language].resolve()


@lru_cache(maxsize=8)
def _vocabulary(folder: Path) -> set[str]:
    file = folder / "graph" / "words.txt"
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as fault:
        raise ModelError(f"no speech model: {fault.strerror}", "see `ivr models`", Place(file)) from None
    return {line.split()[0] for line in lines if line and not line.startswith(("<", "#", "["))}
