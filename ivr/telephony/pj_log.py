"""What pjsip itself has to say, into our log."""

from __future__ import annotations

from typing import Any

import pjsua2 as pj
import structlog

log = structlog.get_logger("pjsip")

LEVEL = 2  # 1 errors, 2 warnings


class PjLog(pj.LogWriter):  # type: ignore[misc]
    """Called on any of pj's threads."""

    def write(self, entry: Any) -> None:
        """Log one line; its text may quote a stranger's packet and is one value, not a format."""
        try:
            (log.error if entry.level <= 1 else log.warning)("pjsip", line=entry.msg.rstrip()[:500])
        except Exception:
            return
