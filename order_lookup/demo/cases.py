"""The demo cases with fixed order numbers and phones: numbers to try."""

from __future__ import annotations

from dataclasses import dataclass

from order_lookup import numbers
from order_lookup.demo import scenes
from order_lookup.demo.draft import Scene
from order_lookup.words import Kind, Tier


@dataclass(frozen=True, slots=True)
class DemoCase:
    """An order to try: call from `phone`, name the order by `order_number` or its tail."""

    name: str
    order_number: str
    phone: str
    language: str
    customer: str
    what: str
    what_zh: str
    scene: Scene
    kind: Kind = Kind.PARCEL
    tier: Tier = Tier.STANDARD
    elder: bool = False
    goods: int = 0  # place in GOODS or MEALS

    @property
    def tail(self) -> str:
        """The last four digits of the order number."""
        return self.order_number[-4:]


def _number(place: int) -> str:
    # Spread out, so that the tails differ and the digits aren't all zeros.
    return numbers.DEFAULT.complete(str(30_246_810_000 + place * 7_131_317))


def _case(
    place: int, name: str, customer: str, what: str, what_zh: str, scene: Scene, goods: int = 0, **more: object
) -> DemoCase:
    language = "en" if customer.isascii() else "zh"
    phone = f"138{place:02d}{(place * 379 + 1234) % 10000:04d}{(place * 53) % 100:02d}"
    return DemoCase(name, _number(place), phone, language, customer, what, what_zh, scene, goods=goods, **more)  # type: ignore[arg-type]


_FOOD = {"kind": Kind.FOOD}
_LIST = (
    _case(1, "late_food", "王芳", "meal 25 minutes late, courier under way", "外卖超时25分钟，骑手在路上", scenes.late_food, 1, **_FOOD),
    _case(2, "in_transit", "李伟", "parcel in transit, in time", "快递运输中，未超时", scenes.in_transit, 0),
    _case(3, "refundable_parcel", "张静", "paid an hour ago, refunded at once when asked", "刚付款，可立即退款", scenes.fresh_parcel, 3),
    _case(4, "stalled_parcel", "刘洋", "no scan for three days", "物流三天没有更新", scenes.stalled, 6),
    _case(5, "vip", "陈明", "VIP with a late parcel", "VIP 客户，快递超时", scenes.late_parcel, 1, tier=Tier.VIP),
    _case(6, "elder", "杨秀英", "elderly caller, parcel in transit", "长辈客户，快递运输中", scenes.in_transit, 5, elder=True),
    _case(7, "duplicate_payment", "赵磊", "paid twice within two minutes", "两分钟内重复扣款", scenes.paid_twice, 6),
    _case(8, "delivered_not_received", "黄敏", "delivered without proof, not received", "显示已送达但没收到", scenes.delivered_without_proof, 9),
    _case(9, "english_in_transit", "Emma Smith", "parcel in transit, in time (English)", "英文客户，快递运输中", scenes.in_transit, 2),
    _case(10, "english_refundable", "Oliver Brown", "paid an hour ago, refunded when asked (English)", "英文客户，可立即退款", scenes.fresh_parcel, 4),
    _case(11, "english_late_food", "Grace Miller", "meal 25 minutes late (English)", "英文客户，外卖超时", scenes.late_food, 5, **_FOOD),
    _case(12, "refund_overdue", "周娜", "refund asked for six days ago hasn't arrived", "退款逾期未到账", scenes.refund_overdue, 7),
    _case(13, "refund_running", "吴强", "refund on its way", "退款处理中", scenes.refund_running, 8),
    _case(14, "price_dropped", "徐艳", "price fell by 20 % within the protection days", "签收后降价两成，可保价", scenes.price_dropped, 12),
    _case(15, "invoice_missing", "孙勇", "invoice asked for a week ago", "发票一周未开", scenes.invoice_missing, 3),
    _case(16, "out_of_stock", "胡军", "item out of stock", "商品缺货", scenes.out_of_stock, 2),
    _case(17, "merchant_silent", "朱杰", "kitchen hasn't accepted for 16 minutes", "商家16分钟未接单", scenes.merchant_silent, 2, **_FOOD),
    _case(18, "courier_still", "高娟", "courier hasn't moved for 20 minutes", "骑手20分钟没动", scenes.courier_still, 3, **_FOOD),
    _case(19, "courier_cancelled", "林涛", "courier gave up", "骑手取消配送", scenes.courier_cancelled, 6, **_FOOD),
    _case(20, "not_dispatched", "何建国", "not sent for 30 hours", "30小时未发货", scenes.not_dispatched, 10),
    _case(21, "not_dispatched_long", "郭桂兰", "not sent for 60 hours", "60小时未发货", scenes.not_dispatched_long, 11),
    _case(22, "coupon_not_applied", "马伟", "coupon wasn't taken off", "优惠券未抵扣", scenes.coupon_not_applied, 0),
    _case(23, "return_open", "罗芳", "delivered two days ago, can be returned", "签收两天，可退货", scenes.delivered, 9),
    _case(24, "return_closed", "王娜", "delivered 20 days ago, too late to return", "签收20天，超过退货期", scenes.delivered_long_ago, 12),
    _case(25, "fresh_goods", "李敏", "fresh goods, no return", "生鲜商品，不支持退货", scenes.fresh_food_delivered, 15),
    _case(26, "repeat_contact", "张强", "called twice without a solution", "两次来电未解决", scenes.called_twice, 13),
    _case(27, "promise_broken", "刘艳", "two promises broken", "两次承诺未兑现", scenes.promises_broken, 8),
    _case(28, "high_value", "陈静", "high value, delivered without proof", "高额订单，未收到货", scenes.delivered_without_proof, 14),
    _case(29, "meal_cooking", "杨洋", "the kitchen is cooking: cancelling costs a fee", "商家制作中，取消有手续费", scenes.cooking, 8, **_FOOD),
    _case(30, "meal_delivered", "赵芳", "meal delivered 40 minutes ago", "外卖已送达40分钟", scenes.meal_delivered, 7, **_FOOD),
    _case(31, "courier_riding", "黄伟", "meal on its way, in time", "骑手配送中，未超时", scenes.courier_riding, 9, **_FOOD),
    _case(32, "refunded", "周洋", "refund has arrived", "退款已到账", scenes.refunded, 5),
    _case(33, "unpaid", "吴芳", "not paid yet", "未付款", scenes.unpaid, 0),
)  # fmt: skip
CASES: dict[str, DemoCase] = {case.name: case for case in _LIST}
