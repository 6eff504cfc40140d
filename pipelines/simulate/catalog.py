"""The range of goods: categories times a ladder of list prices, so that any order value can be met by real prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.simulate.draws import Ints

CATEGORIES = ["女装", "男装", "童装", "母婴", "美妆", "鞋靴", "箱包", "家居", "食品", "运动"]
WOMEN_WEIGHTS = [0.26, 0.03, 0.08, 0.08, 0.20, 0.09, 0.08, 0.08, 0.07, 0.03]
MEN_WEIGHTS = [0.03, 0.30, 0.05, 0.05, 0.04, 0.13, 0.05, 0.08, 0.10, 0.17]
_ITEMS = {
    "女装": ["羊毛围巾", "针织开衫", "碎花连衣裙", "阔腿裤"],
    "男装": ["牛津纺衬衫", "直筒牛仔裤", "连帽卫衣", "轻薄羽绒服"],
    "童装": ["纯棉T恤", "背带裤", "防晒衣", "加绒外套"],
    "母婴": ["婴儿湿巾", "隔尿垫", "辅食碗", "推车凉席"],
    "美妆": ["保湿面霜", "口红", "洁面乳", "防晒霜"],
    "鞋靴": ["小白鞋", "短靴", "凉鞋", "老爹鞋"],
    "箱包": ["帆布包", "双肩包", "钱包", "登机箱"],
    "家居": ["全棉四件套", "香薰蜡烛", "马克杯", "收纳箱"],
    "食品": ["坚果礼盒", "挂耳咖啡", "花茶", "牛肉干"],
    "运动": ["瑜伽垫", "速干衣", "跑步鞋", "运动水杯"],
}
TIERS = 40
_FIRST_PRICE = 990
_STEP = 1.18


@dataclass(frozen=True)
class Catalog:
    """Products by number: `category * TIERS + tier`. Prices and costs in fen."""

    ladder: Ints
    frame: pl.DataFrame

    def cheapest_at_least(self, fen: Ints) -> Ints:
        """The tier of the lowest list price that is not under the amount (the top tier when none is)."""
        return np.asarray(np.minimum(np.searchsorted(self.ladder, fen), TIERS - 1), dtype=np.int64)


def build_catalog() -> Catalog:
    """One row per product: product (number), sku, category, title, list_fen, cost_fen."""
    raw = _FIRST_PRICE * _STEP ** np.arange(TIERS)
    ladder = (np.round(raw / 100).astype(np.int64)) * 100 - 10  # 9.90, 11.90, ... as price tags look
    rows = [
        {
            "product": c * TIERS + t,
            "sku": f"SP{c:02d}{t:03d}",
            "category": category,
            "title": f"{_ITEMS[category][t % len(_ITEMS[category])]} {t + 1:02d}款",
            "list_fen": int(ladder[t]),
            "cost_fen": int(ladder[t] * 42 // 100),
        }
        for c, category in enumerate(CATEGORIES)
        for t in range(TIERS)
    ]
    return Catalog(ladder=ladder, frame=pl.DataFrame(rows))
