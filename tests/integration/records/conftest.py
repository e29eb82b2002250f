"""The demo shop on PostgreSQL, as the order desk's tests have it."""

from tests.integration.order_lookup.conftest import postgres, postgres_template

__all__ = ["postgres", "postgres_template"]
