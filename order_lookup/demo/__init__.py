"""A demo shop: 500 customers, 5,000 orders, every situation; the same every time but for the clock."""

from order_lookup.demo.cases import CASES, DemoCase
from order_lookup.demo.shop import clear, fill

__all__ = ["CASES", "DemoCase", "clear", "fill"]
