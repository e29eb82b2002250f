"""What the parts of such a file are made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Strict(BaseModel):
    """A section of a file: no unknown keys, and nothing changes afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


# A list, of which a single text may stand alone.
Listed = BeforeValidator(_listed)
OneOrMore = Annotated[tuple[str, ...], Listed]
