"""config.yaml as frozen, validated settings.

Every key has a default, so an empty file serves a hotline on this machine. Relative paths are relative to the file's folder.
`${NAME}` in a value is taken from the environment: passwords belong there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from ivr.config_hours import HoursSettings, check_hours
from ivr.config_sip import SipSettings
from ivr.config_values import (
    Days,
    DeskAddress,
    DialString,
    Name,
    NoneOrWebAddress,
    Patterns,
    Port,
    Seconds,
    Section,
    SipUri,
    Some,
    WatchdogSeconds,
    Zone,
    filled,
)
from ivr.document import Document, nearest
from ivr.errors import ConfigError, Place
from ivr.values import Language
from strict_yaml import Listed, OneOrMore


class SpeechSettings(Section):
    """Recognition: a folder under models/, or the URL of a vosk-server, per language."""

    zh: str = "zh-small"
    en: str = "en-small"
    models: Path = Path("models")
    port: Port = 2700
    recognisers: int = Field(1, ge=1, le=16)
    alternatives: int = Field(5, ge=1, le=20)


class VoiceSettings(Section):
    """Synthesis and the prompt cache."""

    port: Port = 2790
    cache: Path = Path("var/prompts")
    zh: str = "cmn"
    en: str = "en-gb"
    words_per_minute: int = Field(165, ge=80, le=400)


class DialplanSettings(Section):
    """Where the dialogue comes from, and which dialplan answers which called number."""

    folder: Path = Path("dialplans")
    prompts: Path = Path("prompts")
    start: str = "hotline"
    language: Language = "zh"
    numbers: dict[str, Language] = Field(default_factory=dict)
    reload_seconds: Seconds = 2


class RecordSettings(Section):
    """What is kept of calls."""

    recordings: Path = Path("var/recordings")
    record: bool = True
    keep_free_mb: int = Field(500, ge=0)


class DatabaseSettings(Section):
    """One SQLAlchemy URL for orders, calls, queue and agents."""

    url: str = "sqlite:///var/hotline.db"


class AgentSettings(Section):
    """A human's telephone; console accounts are in the database (`ivr agents add`).

    With a password the telephone may register at the edge, and `uri` is then `sip:NAME@` this hotline's own address.
    """

    name: Name
    uri: SipUri
    password: str = ""
    queues: Annotated[OneOrMore, Some] = ("general",)
    skills: OneOrMore = ()
    languages: Annotated[tuple[Language, ...], Listed, Some] = ("zh", "en")


class HandoffSettings(Section):
    """How a human is found."""

    ring_seconds: float = Field(20, gt=0, le=3600)
    accept_seconds: float = Field(10, gt=0, le=3600)
    max_wait_seconds: Seconds = 300
    wrap_up_seconds: Seconds = 180
    callback_tries: int = Field(3, ge=0, le=20)
    way_out: dict[str, Literal["bridge", "refer", "blind"]] = Field(default_factory=dict)
    webhook: NoneOrWebAddress = ""


class MessageSettings(Section):
    """Who sends written confirmations: a file for trying out, or an SMS gateway by webhook; secrets belong in the environment."""

    kind: Literal["file", "webhook"] = "file"
    file: Path = Path("var/messages.jsonl")
    url: str = Field("", validate_default=True)
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_seconds: float = Field(5, gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _fits_the_kind(cls, url: str, info: ValidationInfo) -> str:
        match info.data.get("kind"):
            case "webhook" if not re.fullmatch(r"https?://[^\s/?#]+\S*", url):
                raise ValueError("`kind: webhook` needs the gateway's address, e.g. https://sms.example.com/send")
            case "file" if url:
                raise ValueError("only `kind: webhook` has an address: write that, or take `url` away")
        return url

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, str]) -> dict[str, str]:
        """A line end after a secret is forgiven; a ConfigError of its own, for pydantic's would show the secret."""
        stripped = {name: value.strip() for name, value in headers.items()}
        for name, value in stripped.items():
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not (value.isascii() and value.isprintable()):
                fix = "letters, digits and dashes in the name, plain ASCII in the value"
                raise ConfigError(f"`orders.messages.headers.{name}` can't be an HTTP header", fix)
        return stripped


class RetentionSettings(Section):
    """How many days what is kept; older personal data is deleted or masked (docs/retention.md says what exactly)."""

    recordings_days: Days = 90
    transcripts_days: Days = 180
    events_days: Days = 7
    audit_days: Days = 365
    contacts_days: int = Field(180, ge=31, le=36_500)
    messages_days: int = Field(90, ge=31, le=36_500)
    settled_days: int = Field(365, ge=31, le=36_500)
    mirrored_orders_days: int = Field(90, ge=31, le=36_500)


class OrderSettings(Section):
    """The order desk: this database, or a shop's own backend by a mapping file."""

    system: Literal["sql", "http"] = "sql"
    mapping: Path | None = None
    policies: Path | None = None
    slow_seconds: Seconds = 1.5
    messages: MessageSettings = MessageSettings()


class CallbackSettings(Section):
    """Promised calls are dialled from here, by the robot itself or on an agent's click: off until `dial` says whereto.

    Only `numbers` (regular expressions) are dialled.
    """

    dial: DialString = ""
    robot: bool = True
    numbers: Annotated[OneOrMore, Patterns, Some] = (r"0?1[3-9]\d{9}", r"0(10|2\d|[3-9]\d\d)[2-8]\d{6,7}")
    from_hour: int = Field(9, ge=0, le=23)
    until_hour: int = Field(21, ge=1, le=24, validate_default=True)
    attempts: int = Field(3, ge=1, le=10)
    again_minutes: float = Field(15, ge=1, le=1440)
    ring_seconds: float = Field(30, ge=5, le=120)
    an_hour: int = Field(60, ge=1, le=10_000)

    @field_validator("until_hour")
    @classmethod
    def _comes_after(cls, until_hour: int, info: ValidationInfo) -> int:
        if until_hour <= info.data.get("from_hour", 0):
            raise ValueError("must be later than `from_hour`: else nobody is ever called")
        return until_hour


class FigureSettings(Section):
    """What figures are reckoned by."""

    first_contact_days: int = Field(3, ge=1, le=30)


class ConsoleSettings(Section):
    """The web pages and the HTTP API."""

    address: str = "127.0.0.1"
    port: Port = 8080
    url: DeskAddress = "http://127.0.0.1:8080"
    secret: str = ""
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _found_where_it_listens(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or "url" in given or not {"address", "port"} & set(given):
            return given
        told = str(given.get("address", "127.0.0.1"))
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(told, told)
        return {**given, "url": f"http://{f'[{host}]' if ':' in host else host}:{given.get('port', 8080)}"}


class Settings(Section):
    """Everything in config.yaml."""

    folder: Path = Path(".")
    workers: int = Field(2, ge=1, le=64)
    watchdog_seconds: WatchdogSeconds = 20
    shop: str = "好食多"
    shop_en: str = "Goodmart"
    time_zone: Zone = "Asia/Shanghai"
    sip: SipSettings = SipSettings()
    speech: SpeechSettings = SpeechSettings()
    voice: VoiceSettings = VoiceSettings()
    dialplan: DialplanSettings = DialplanSettings()
    records: RecordSettings = RecordSettings()
    database: DatabaseSettings = DatabaseSettings()
    orders: OrderSettings = OrderSettings()
    retention: RetentionSettings = RetentionSettings()
    handoff: HandoffSettings = HandoffSettings()
    callbacks: CallbackSettings = CallbackSettings()
    hours: HoursSettings = HoursSettings()
    agents: tuple[AgentSettings, ...] = ()
    figures: FigureSettings = FigureSettings()
    console: ConsoleSettings = ConsoleSettings()

    @field_validator("agents")
    @classmethod
    def _differ(cls, agents: tuple[AgentSettings, ...]) -> tuple[AgentSettings, ...]:
        names = [agent.name for agent in agents]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"there are two agents called {twice[0]}")
        return agents

    def path(self, relative: Path) -> Path:
        """A path of the settings as an absolute one."""
        return relative if relative.is_absolute() else (self.folder / relative).resolve()

    @property
    def queues(self) -> frozenset[str]:
        """Every queue that some agent serves."""
        return frozenset(queue for agent in self.agents for queue in agent.queues)

    @property
    def database_url(self) -> str:
        """The database URL with a relative SQLite file made absolute."""
        found = re.fullmatch(r"sqlite:///(?!/)(?!:memory:)(.+)", self.database.url)
        return f"sqlite:///{self.path(Path(found[1]))}" if found else self.database.url


def load(file: Path, secrets: bool = True) -> Settings:
    """Settings from a YAML file; raises ConfigError with file, line, key and fix.

    Without `secrets` what the environment lacks stays as it is written: whoever only proves dialplans needs no passwords.
    """
    document = Document(file, error=ConfigError)
    if document.data is not None and not isinstance(document.data, dict):
        raise ConfigError("should be `key: value` lines", "see the config.yaml that came with the hotline", Place(file))
    document.data = filled(document.data or {}, document, (), secrets)
    if "folder" in document.data:
        raise ConfigError(
            "unknown key `folder`", "paths are relative to the file's own folder", document.place("folder")
        )
    settings = document.typed(Settings).model_copy(update={"folder": file.resolve().parent})
    if settings.sip.tls and (settings.workers == 1 or not settings.sip.edge):
        fix = "set `workers` to 2 or more and leave `sip.edge` alone, or take `tls` away"
        raise ConfigError("`sip.tls`: only the edge speaks TLS, and there is none", fix, document.place("sip", "tls"))
    if settings.sip.caller_id == "asserted" and not settings.sip.trusted:
        what, fix = "`sip.caller_id: asserted`: nobody is trusted to assert one", "list the trunk in `sip.trusted`"
        raise ConfigError(what, fix, document.place("sip", "caller_id"))
    served = sorted(settings.queues)
    for queue in sorted(settings.handoff.way_out.keys() - settings.queues) if served else ():
        place = document.place("handoff", "way_out", queue)
        raise ConfigError(f"`handoff.way_out`: no agent serves `{queue}`", nearest(queue, served), place)
    check_hours(settings.hours, served, settings.time_zone, document.place)
    return settings
