"""YAML read strictly (`strict_yaml`); what is wrong with it is one of the hotline's own errors."""

from __future__ import annotations

from pathlib import Path

import strict_yaml
from ivr.errors import UserError
from strict_yaml import nearest

__all__ = ["Document", "nearest"]


class Document(strict_yaml.Document):
    """A YAML file; `error` is raised, with place and fix, for whatever it can't be used for."""

    def __init__(self, file: Path, text: str | None = None, error: type[UserError] = UserError) -> None:
        super().__init__(file, error, text)
