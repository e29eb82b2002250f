"""Column types all tables share: ids, UTC times, amounts in minor units."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Dialect, ForeignKey, Integer, MetaData, String, types
from sqlalchemy.orm import DeclarativeBase, mapped_column


class UtcTime(types.TypeDecorator[datetime]):
    """A moment: goes in only with a zone, is kept in UTC, comes out in UTC on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; ValueError for a time without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone can't be kept: {value!r}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database, always aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite gives out its own row ids only for INTEGER PRIMARY KEY.
WideInteger = BigInteger().with_variant(Integer, "sqlite")

Id = Annotated[int, mapped_column(WideInteger, primary_key=True)]
Minor = Annotated[int, mapped_column(WideInteger)]
Currency = Annotated[str, mapped_column(String(3))]
Word = Annotated[str, mapped_column(String(40))]
Name = Annotated[str, mapped_column(String(120))]


class Base(DeclarativeBase):
    """All tables of the order desk; constraint names are fixed so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a plain class attribute
        datetime: UtcTime,
        dict[str, Any]: types.JSON,
    }


def link(table: str) -> Any:
    """An indexed foreign key to a table's id."""
    return mapped_column(WideInteger, ForeignKey(f"shop_{table}.id"), index=True)
