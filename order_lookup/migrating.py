"""Bring tables up to date by alembic: once, however many processes start at the same moment.

A chain of migrations is a folder with alembic's `versions` and a table of its own for the version, so that several chains
(the order desk's, the hotline's records) live in one database without knowing of each other. The upgrade is one
transaction under the database's write lock: PostgreSQL's by an advisory lock, SQLite's by BEGIN IMMEDIATE.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from order_lookup.errors import MistakeError


@dataclass(frozen=True, slots=True)
class Chain:
    """The migrations of a folder; `lock` is any number that nobody else uses for PostgreSQL's advisory locks."""

    folder: Path
    version_table: str
    lock: int

    def upgrade(self, engine: Engine) -> bool:
        """Upgrade if need be; True when something was done. `engine`: its transactions take the write lock at once.

        MistakeError for a database that a newer program has brought further than we know.
        """
        with engine.connect() as connection:
            if not self._behind(connection):
                return False
        with engine.begin() as connection:
            patiently(connection)
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": self.lock})
            if not self._behind(connection):
                return False
            command.upgrade(self._config(connection), "head")
            return True

    def check(self, engine: Engine) -> None:
        """MistakeError for a database that a newer program has brought further than we know; nothing is changed."""
        with engine.connect() as connection:
            self._behind(connection)

    def downgrade(self, engine: Engine, revision: str = "base") -> None:
        """Take the tables back to an earlier revision; to none at all by default."""
        with engine.begin() as connection:
            command.downgrade(self._config(connection), revision)

    def current(self, connection: Connection) -> str | None:
        """The revision a database is at."""
        return MigrationContext.configure(connection, opts={"version_table": self.version_table}).get_current_revision()

    def _behind(self, connection: Connection) -> bool:
        script = ScriptDirectory.from_config(self._config(None))
        current = self.current(connection)
        if current is not None and current not in {revision.revision for revision in script.walk_revisions()}:
            raise MistakeError(
                f"the database is newer than this program (its tables are at {current}): start the newer program, "
                "or restore the backup made before it was upgraded"
            )
        return current != script.get_current_head()

    def _config(self, connection: Connection | None) -> Config:
        config = Config()
        config.set_main_option("script_location", str(self.folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes.update(connection=connection, version_table=self.version_table)
        return config


def patiently(connection: Connection) -> None:
    """Let this transaction's statements take as long as they need: large tables, a slow disk, others who upgrade first."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = '10min'"))


def run() -> None:
    """What a chain's env.py does: run the migrations on the connection and in the transaction that `upgrade` opened."""
    context.configure(
        connection=context.config.attributes["connection"],
        version_table=context.config.attributes["version_table"],
        transactional_ddl=True,  # true of SQLite too, as long as nobody but us begins the transaction
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()
