"""What the order desk's command line takes from the hotline's config.yaml: the database, the policies, the shop."""

from __future__ import annotations

import os
import re
from pathlib import Path

from order_lookup.errors import PolicyError
from order_lookup.policies import Policies, Shop, load_policies
from strict_yaml import Document

_DEFAULT_URL = "sqlite:///var/hotline.db"
_OF_THE_SHOP = ("shop", "shop_en", "time_zone")


def database_url(config: Path) -> str:
    """`database.url`, a relative SQLite file counted from the settings' folder."""
    if not config.exists():
        return _DEFAULT_URL
    section = _read(config).data.get("database") or {}
    url = os.path.expandvars(str(section.get("url") or _DEFAULT_URL))
    relative = re.fullmatch(r"sqlite:///(?!/)(?!:memory:)(.+)", url)
    return f"sqlite:///{(config.parent / relative[1]).absolute()}" if relative else url


def shop(config: Path) -> Shop:
    """Whose orders they are; PolicyError names file, line and key."""
    if not config.exists():
        return Shop()
    written = _read(config)
    written.data = {key: os.path.expandvars(str(written.data[key])) for key in _OF_THE_SHOP if written.data.get(key)}
    return written.typed(Shop)


def policies(config: Path) -> Policies:
    """Those of `orders.policies`, the folder counted from the settings' own; else the ones that ship."""
    folder = (_read(config).data.get("orders") or {}).get("policies") if config.exists() else None
    return load_policies(config.parent / os.path.expandvars(str(folder)) if folder else None, shop(config))


def _read(config: Path) -> Document:
    written = Document(config, PolicyError)
    if written.data is not None and not isinstance(written.data, dict):
        raise PolicyError("should be `key: value` lines", "see the config.yaml that came with it", written.place())
    written.data = written.data or {}
    return written
