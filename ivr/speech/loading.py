"""The models that config.yaml names, loaded side by side after a trial of each in a child process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ivr.config import Settings
from ivr.errors import ModelError
from ivr.speech.models import tried
from ivr.speech.recogniser import Recogniser
from ivr.values import Language


def load_recognisers(settings: Settings) -> dict[str, Recogniser]:
    """The models of config.yaml that are folders, by language; raises ModelError with the key that named them."""
    folders = {language: name for language, name in named_models(settings).items() if "://" not in name}
    with ThreadPoolExecutor(len(folders) or 1) as trials:
        loaded = trials.map(lambda each: _loaded(settings, *each), folders.items())
        return dict(zip(folders, loaded, strict=True))


def load_recogniser(settings: Settings, language: Language) -> Recogniser:
    """One language's model; raises ModelError where config.yaml names none that is a folder."""
    name = named_models(settings)[language]
    if "://" in name:
        raise ModelError(f"speech.{language}: {name} is a server, no folder", "name a model of `ivr models list`")
    return _loaded(settings, language, name)


def _loaded(settings: Settings, language: str, name: str) -> Recogniser:
    try:
        return Recogniser(tried(settings.path(settings.speech.models) / name))
    except ModelError as fault:
        raise ModelError(f"speech.{language}: {fault.what}", fault.fix, fault.place) from None


def named_models(settings: Settings) -> dict[str, str]:
    """What config.yaml names per language: a folder or a URL."""
    return {"zh": settings.speech.zh, "en": settings.speech.en}
