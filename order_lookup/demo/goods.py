"""What the demo shop sells, who sells and carries it, and who buys: names in both languages (data)."""

from __future__ import annotations

# (name, English name, price in fen, fresh)
GOODS = (
    ("双肩包", "backpack", 15900, False),
    ("蓝牙耳机", "bluetooth earphones", 29900, False),
    ("运动鞋", "running shoes", 39900, False),
    ("保温杯", "thermos cup", 8900, False),
    ("羽绒服", "down jacket", 49900, False),
    ("电饭煲", "rice cooker", 32900, False),
    ("台灯", "desk lamp", 12900, False),
    ("手机壳", "phone case", 3900, False),
    ("洗发水", "shampoo", 5900, False),
    ("连衣裙", "dress", 25900, False),
    ("机械键盘", "mechanical keyboard", 35900, False),
    ("儿童绘本", "picture book", 6900, False),
    ("枕头", "pillow", 9900, False),
    ("雨伞", "umbrella", 4900, False),
    ("智能手表", "smart watch", 89900, False),
    ("车厘子", "cherries", 12800, True),
    ("鲜花", "flowers", 16800, True),
    ("牛奶", "fresh milk", 6800, True),
)
MEALS = (
    ("宫保鸡丁", "kung pao chicken", 3200),
    ("牛肉面", "beef noodles", 2800),
    ("酸菜鱼", "pickled fish", 5800),
    ("麻辣烫", "spicy hot pot", 3600),
    ("珍珠奶茶", "bubble tea", 1600),
    ("汉堡套餐", "burger set", 4200),
    ("小笼包", "soup dumplings", 2400),
    ("沙拉", "salad", 3500),
    ("披萨", "pizza", 6900),
    ("黄焖鸡米饭", "braised chicken rice", 2600),
)
SHOPS = (
    ("好食多", "Goodmart"),
    ("城北数码", "Northside Digital"),
    ("暖家生活", "Warm Home"),
    ("轻行箱包", "Lightstep Bags"),
    ("果园直送", "Orchard Direct"),
)
KITCHENS = (
    ("老街面馆", "Old Street Noodles"),
    ("川味小厨", "Sichuan Kitchen"),
    ("晨光汉堡", "Morning Burger"),
    ("阿婆小笼", "Granny's Dumplings"),
    ("绿野沙拉", "Green Field Salad"),
)
CARRIERS = (("顺途快递", "Suntour Express"), ("捷达物流", "Jetta Logistics"), ("邮政快递", "Post Express"))
CITIES = (
    ("杭州转运中心", "Hangzhou hub"),
    ("上海浦东网点", "Shanghai Pudong depot"),
    ("南京转运中心", "Nanjing hub"),
    ("武汉转运中心", "Wuhan hub"),
    ("北京朝阳网点", "Beijing Chaoyang depot"),
    ("广州白云网点", "Guangzhou Baiyun depot"),
)
STREETS = (
    ("和平路", "Peace Road"),
    ("人民路", "Renmin Road"),
    ("滨江大道", "Riverside Avenue"),
    ("学院街", "College Street"),
    ("新华路", "Xinhua Road"),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "强",
    "磊",
    "洋",
    "艳",
    "勇",
    "军",
    "杰",
    "娟",
    "涛",
    "明",
    "秀英",
    "建国",
    "桂兰",
)
FIRST_NAMES = ("Emma", "Oliver", "Sophia", "James", "Mia", "Lucas", "Anna", "Daniel", "Grace", "Henry")
LAST_NAMES = ("Smith", "Brown", "Miller", "Wilson", "Taylor", "Clark", "Walker", "Young", "King", "Green")
