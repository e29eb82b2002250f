"""The first tables of the order desk."""

import sqlalchemy as sa
from alembic import op

from order_lookup.tables.columns import UtcTime, WideInteger

revision = "orders_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them all."""
    op.create_table(
        "shop_couriers",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_couriers")),
    )
    op.create_table(
        "shop_customers",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("tier", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("elder", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("spend_year_minor", WideInteger, nullable=False),
        sa.Column("email", sa.String(length=200), nullable=True),
        sa.Column("messages_refused", sa.Boolean(), nullable=False),
        sa.Column("frozen_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_customers")),
    )
    op.create_table(
        "shop_merchants",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_merchants")),
    )
    op.create_table(
        "shop_special_periods",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("starts_at", UtcTime(), nullable=False),
        sa.Column("ends_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_special_periods")),
    )
    op.create_index(op.f("ix_shop_special_periods_ends_at"), "shop_special_periods", ["ends_at"], unique=False)
    op.create_table(
        "shop_addresses",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("customer_id", WideInteger, nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(length=400), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_addresses_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_addresses")),
    )
    op.create_index(op.f("ix_shop_addresses_customer_id"), "shop_addresses", ["customer_id"], unique=False)
    op.create_table(
        "shop_orders",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=False),
        sa.Column("merchant_id", WideInteger, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", WideInteger, nullable=False),
        sa.Column("delivery_fee_minor", WideInteger, nullable=False),
        sa.Column("placed_at", UtcTime(), nullable=False),
        sa.Column("paid_at", UtcTime(), nullable=True),
        sa.Column("accepted_at", UtcTime(), nullable=True),
        sa.Column("promised_at", UtcTime(), nullable=True),
        sa.Column("dispatched_at", UtcTime(), nullable=True),
        sa.Column("delivered_at", UtcTime(), nullable=True),
        sa.Column("cancelled_at", UtcTime(), nullable=True),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("recipient", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("note", sa.String(length=400), nullable=False),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_shop_orders_total_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_orders_customer_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["shop_merchants.id"], name=op.f("fk_shop_orders_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_shop_orders_number")),
    )
    op.create_index("ix_shop_orders_customer_placed", "shop_orders", ["customer_id", "placed_at"], unique=False)
    op.create_index(op.f("ix_shop_orders_merchant_id"), "shop_orders", ["merchant_id"], unique=False)
    op.create_table(
        "shop_outbox",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("next_at", UtcTime(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_outbox_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_shop_outbox_key")),
    )
    op.create_index(op.f("ix_shop_outbox_customer_id"), "shop_outbox", ["customer_id"], unique=False)
    op.create_index("ix_shop_outbox_state_next", "shop_outbox", ["state", "next_at"], unique=False)
    op.create_table(
        "shop_phones",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("customer_id", WideInteger, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_phones_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_phones")),
        sa.UniqueConstraint("number", name=op.f("uq_shop_phones_number")),
    )
    op.create_index(op.f("ix_shop_phones_customer_id"), "shop_phones", ["customer_id"], unique=False)
    op.create_table(
        "shop_verifications",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("claimed", sa.String(length=80), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_verifications_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_verifications")),
    )
    op.create_index(op.f("ix_shop_verifications_call_id"), "shop_verifications", ["call_id"], unique=False)
    op.create_index(op.f("ix_shop_verifications_customer_id"), "shop_verifications", ["customer_id"], unique=False)
    op.create_index("ix_shop_verifications_phone_at", "shop_verifications", ["phone", "at"], unique=False)
    op.create_table(
        "shop_contacts",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("order_id", WideInteger, nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("intent", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_contacts_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_contacts_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_contacts")),
        sa.UniqueConstraint("call_id", name=op.f("uq_shop_contacts_call_id")),
    )
    op.create_index(op.f("ix_shop_contacts_customer_id"), "shop_contacts", ["customer_id"], unique=False)
    op.create_index(op.f("ix_shop_contacts_order_id"), "shop_contacts", ["order_id"], unique=False)
    op.create_index("ix_shop_contacts_phone_at", "shop_contacts", ["phone", "at"], unique=False)
    op.create_table(
        "shop_coupons",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("customer_id", WideInteger, nullable=False),
        sa.Column("order_id", WideInteger, nullable=True),
        sa.Column("intended_order_id", WideInteger, nullable=True),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", WideInteger, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_shop_coupons_amount_positive")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_coupons_customer_id")),
        sa.ForeignKeyConstraint(
            ["intended_order_id"], ["shop_orders.id"], name=op.f("fk_shop_coupons_intended_order_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_coupons_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_coupons")),
        sa.UniqueConstraint("code", name=op.f("uq_shop_coupons_code")),
    )
    op.create_index(op.f("ix_shop_coupons_customer_id"), "shop_coupons", ["customer_id"], unique=False)
    op.create_index(op.f("ix_shop_coupons_intended_order_id"), "shop_coupons", ["intended_order_id"], unique=False)
    op.create_index(op.f("ix_shop_coupons_order_id"), "shop_coupons", ["order_id"], unique=False)
    op.create_table(
        "shop_invoices",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("order_id", WideInteger, nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("issued_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_invoices_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_invoices")),
    )
    op.create_index(op.f("ix_shop_invoices_order_id"), "shop_invoices", ["order_id"], unique=False)
    op.create_table(
        "shop_items",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("order_id", WideInteger, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_minor", WideInteger, nullable=False),
        sa.Column("price_now_minor", WideInteger, nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("in_stock", sa.Boolean(), nullable=False),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_shop_items_price_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_shop_items_quantity_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_items_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_items")),
    )
    op.create_index(op.f("ix_shop_items_order_id"), "shop_items", ["order_id"], unique=False)
    op.create_table(
        "shop_ledger",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("intent", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("order_id", WideInteger, nullable=True),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("amount_minor", WideInteger, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=80), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.Column("changed_at", UtcTime(), nullable=False),
        sa.Column("receipt", sa.String(length=120), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_shop_ledger_amount_not_negative")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_ledger_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_ledger_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_ledger")),
        sa.UniqueConstraint("key", name=op.f("uq_shop_ledger_key")),
    )
    op.create_index(op.f("ix_shop_ledger_call_id"), "shop_ledger", ["call_id"], unique=False)
    op.create_index(op.f("ix_shop_ledger_customer_id"), "shop_ledger", ["customer_id"], unique=False)
    op.create_index(op.f("ix_shop_ledger_order_id"), "shop_ledger", ["order_id"], unique=False)
    op.create_index("ix_shop_ledger_state_changed", "shop_ledger", ["state", "changed_at"], unique=False)
    op.create_table(
        "shop_payments",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("order_id", WideInteger, nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", WideInteger, nullable=False),
        sa.Column("paid_at", UtcTime(), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_shop_payments_amount_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_payments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_payments")),
        sa.UniqueConstraint("reference", name=op.f("uq_shop_payments_reference")),
    )
    op.create_index(op.f("ix_shop_payments_order_id"), "shop_payments", ["order_id"], unique=False)
    op.create_table(
        "shop_promises",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("order_id", WideInteger, nullable=True),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("kept_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_promises_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_promises_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_promises")),
        sa.UniqueConstraint("key", name=op.f("uq_shop_promises_key")),
    )
    op.create_index(op.f("ix_shop_promises_customer_id"), "shop_promises", ["customer_id"], unique=False)
    op.create_index("ix_shop_promises_open", "shop_promises", ["kept_at", "due_at"], unique=False)
    op.create_index(op.f("ix_shop_promises_order_id"), "shop_promises", ["order_id"], unique=False)
    op.create_table(
        "shop_shipments",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("order_id", WideInteger, nullable=False),
        sa.Column("carrier", sa.String(length=120), nullable=False),
        sa.Column("tracking", sa.String(length=40), nullable=True),
        sa.Column("courier_id", WideInteger, nullable=True),
        sa.Column("proof", sa.String(length=40), nullable=False),
        sa.Column("metres_left", sa.Integer(), nullable=True),
        sa.Column("courier_moved_at", UtcTime(), nullable=True),
        sa.Column("courier_cancelled_at", UtcTime(), nullable=True),
        sa.Column("eta_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["courier_id"], ["shop_couriers.id"], name=op.f("fk_shop_shipments_courier_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_shipments_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_shipments")),
        sa.UniqueConstraint("tracking", name=op.f("uq_shop_shipments_tracking")),
    )
    op.create_index(op.f("ix_shop_shipments_courier_id"), "shop_shipments", ["courier_id"], unique=False)
    op.create_index(op.f("ix_shop_shipments_order_id"), "shop_shipments", ["order_id"], unique=False)
    op.create_table(
        "shop_tickets",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("order_id", WideInteger, nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("subcategory", sa.String(length=40), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("opened_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("remind_at", UtcTime(), nullable=True),
        sa.Column("escalated_at", UtcTime(), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_tickets_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_tickets_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_tickets")),
        sa.UniqueConstraint("key", name=op.f("uq_shop_tickets_key")),
        sa.UniqueConstraint("number", name=op.f("uq_shop_tickets_number")),
    )
    op.create_index(op.f("ix_shop_tickets_customer_id"), "shop_tickets", ["customer_id"], unique=False)
    op.create_index(op.f("ix_shop_tickets_order_id"), "shop_tickets", ["order_id"], unique=False)
    op.create_index(op.f("ix_shop_tickets_remind_at"), "shop_tickets", ["remind_at"], unique=False)
    op.create_index("ix_shop_tickets_state_due", "shop_tickets", ["state", "due_at"], unique=False)
    op.create_table(
        "shop_callbacks",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("customer_id", WideInteger, nullable=True),
        sa.Column("order_id", WideInteger, nullable=True),
        sa.Column("ticket_id", WideInteger, nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("booked_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["shop_customers.id"], name=op.f("fk_shop_callbacks_customer_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_callbacks_order_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["shop_tickets.id"], name=op.f("fk_shop_callbacks_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_callbacks")),
        sa.UniqueConstraint("key", name=op.f("uq_shop_callbacks_key")),
    )
    op.create_index(op.f("ix_shop_callbacks_customer_id"), "shop_callbacks", ["customer_id"], unique=False)
    op.create_index(op.f("ix_shop_callbacks_due_at"), "shop_callbacks", ["due_at"], unique=False)
    op.create_index(op.f("ix_shop_callbacks_order_id"), "shop_callbacks", ["order_id"], unique=False)
    op.create_index(op.f("ix_shop_callbacks_ticket_id"), "shop_callbacks", ["ticket_id"], unique=False)
    op.create_table(
        "shop_refunds",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("order_id", WideInteger, nullable=False),
        sa.Column("ledger_id", WideInteger, nullable=True),
        sa.Column("amount_minor", WideInteger, nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("requested_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("arrived_at", UtcTime(), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_shop_refunds_amount_positive")),
        sa.ForeignKeyConstraint(["ledger_id"], ["shop_ledger.id"], name=op.f("fk_shop_refunds_ledger_id")),
        sa.ForeignKeyConstraint(["order_id"], ["shop_orders.id"], name=op.f("fk_shop_refunds_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_refunds")),
    )
    op.create_index(op.f("ix_shop_refunds_ledger_id"), "shop_refunds", ["ledger_id"], unique=False)
    op.create_index(op.f("ix_shop_refunds_order_id"), "shop_refunds", ["order_id"], unique=False)
    op.create_table(
        "shop_scans",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("shipment_id", WideInteger, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shop_shipments.id"], name=op.f("fk_shop_scans_shipment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_scans")),
    )
    op.create_index(op.f("ix_shop_scans_shipment_id"), "shop_scans", ["shipment_id"], unique=False)
    op.create_table(
        "shop_ticket_entries",
        sa.Column("id", WideInteger, nullable=False),
        sa.Column("ticket_id", WideInteger, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("author", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["shop_tickets.id"], name=op.f("fk_shop_ticket_entries_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_ticket_entries")),
    )
    op.create_index(op.f("ix_shop_ticket_entries_ticket_id"), "shop_ticket_entries", ["ticket_id"], unique=False)


def downgrade() -> None:
    """Take them all away."""
    op.drop_index(op.f("ix_shop_ticket_entries_ticket_id"), table_name="shop_ticket_entries")
    op.drop_table("shop_ticket_entries")
    op.drop_index(op.f("ix_shop_scans_shipment_id"), table_name="shop_scans")
    op.drop_table("shop_scans")
    op.drop_index(op.f("ix_shop_refunds_order_id"), table_name="shop_refunds")
    op.drop_index(op.f("ix_shop_refunds_ledger_id"), table_name="shop_refunds")
    op.drop_table("shop_refunds")
    op.drop_index(op.f("ix_shop_callbacks_ticket_id"), table_name="shop_callbacks")
    op.drop_index(op.f("ix_shop_callbacks_order_id"), table_name="shop_callbacks")
    op.drop_index(op.f("ix_shop_callbacks_due_at"), table_name="shop_callbacks")
    op.drop_index(op.f("ix_shop_callbacks_customer_id"), table_name="shop_callbacks")
    op.drop_table("shop_callbacks")
    op.drop_index("ix_shop_tickets_state_due", table_name="shop_tickets")
    op.drop_index(op.f("ix_shop_tickets_remind_at"), table_name="shop_tickets")
    op.drop_index(op.f("ix_shop_tickets_order_id"), table_name="shop_tickets")
    op.drop_index(op.f("ix_shop_tickets_customer_id"), table_name="shop_tickets")
    op.drop_table("shop_tickets")
    op.drop_index(op.f("ix_shop_shipments_order_id"), table_name="shop_shipments")
    op.drop_index(op.f("ix_shop_shipments_courier_id"), table_name="shop_shipments")
    op.drop_table("shop_shipments")
    op.drop_index(op.f("ix_shop_promises_order_id"), table_name="shop_promises")
    op.drop_index("ix_shop_promises_open", table_name="shop_promises")
    op.drop_index(op.f("ix_shop_promises_customer_id"), table_name="shop_promises")
    op.drop_table("shop_promises")
    op.drop_index(op.f("ix_shop_payments_order_id"), table_name="shop_payments")
    op.drop_table("shop_payments")
    op.drop_index("ix_shop_ledger_state_changed", table_name="shop_ledger")
    op.drop_index(op.f("ix_shop_ledger_order_id"), table_name="shop_ledger")
    op.drop_index(op.f("ix_shop_ledger_customer_id"), table_name="shop_ledger")
    op.drop_index(op.f("ix_shop_ledger_call_id"), table_name="shop_ledger")
    op.drop_table("shop_ledger")
    op.drop_index(op.f("ix_shop_items_order_id"), table_name="shop_items")
    op.drop_table("shop_items")
    op.drop_index(op.f("ix_shop_invoices_order_id"), table_name="shop_invoices")
    op.drop_table("shop_invoices")
    op.drop_index(op.f("ix_shop_coupons_order_id"), table_name="shop_coupons")
    op.drop_index(op.f("ix_shop_coupons_intended_order_id"), table_name="shop_coupons")
    op.drop_index(op.f("ix_shop_coupons_customer_id"), table_name="shop_coupons")
    op.drop_table("shop_coupons")
    op.drop_index("ix_shop_contacts_phone_at", table_name="shop_contacts")
    op.drop_index(op.f("ix_shop_contacts_order_id"), table_name="shop_contacts")
    op.drop_index(op.f("ix_shop_contacts_customer_id"), table_name="shop_contacts")
    op.drop_table("shop_contacts")
    op.drop_index("ix_shop_verifications_phone_at", table_name="shop_verifications")
    op.drop_index(op.f("ix_shop_verifications_customer_id"), table_name="shop_verifications")
    op.drop_index(op.f("ix_shop_verifications_call_id"), table_name="shop_verifications")
    op.drop_table("shop_verifications")
    op.drop_index(op.f("ix_shop_phones_customer_id"), table_name="shop_phones")
    op.drop_table("shop_phones")
    op.drop_index("ix_shop_outbox_state_next", table_name="shop_outbox")
    op.drop_index(op.f("ix_shop_outbox_customer_id"), table_name="shop_outbox")
    op.drop_table("shop_outbox")
    op.drop_index(op.f("ix_shop_orders_merchant_id"), table_name="shop_orders")
    op.drop_index("ix_shop_orders_customer_placed", table_name="shop_orders")
    op.drop_table("shop_orders")
    op.drop_index(op.f("ix_shop_addresses_customer_id"), table_name="shop_addresses")
    op.drop_table("shop_addresses")
    op.drop_index(op.f("ix_shop_special_periods_ends_at"), table_name="shop_special_periods")
    op.drop_table("shop_special_periods")
    op.drop_table("shop_merchants")
    op.drop_table("shop_customers")
    op.drop_table("shop_couriers")
