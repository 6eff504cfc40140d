"""Headers of lists. English headers are the column names themselves, so that programs and people read the same word."""

from __future__ import annotations

from collections.abc import Mapping

_CHINESE: Mapping[str, str] = {
    "customer_id": "客户编号",
    "phone": "手机号",
    "email": "邮箱",
    "name": "姓名",
    "arm": "实验组",
    "recency_days": "距上次购买天数",
    "purchase_count": "购买次数",
    "rfm_total_monthly": "RFM总分（月）",
    "rfm_tier_monthly": "RFM等级（月）",
    "rfm_total_annual": "RFM总分（年）",
    "rfm_tier_annual": "RFM等级（年）",
    "rfm_class": "RFM分类",
    "lifecycle_stage": "生命周期阶段",
    "registered_on": "注册日期",
    "city": "城市",
    "province": "省份",
    "member_level": "会员等级",
    "has_open_cart": "有未结购物车",
}


def header(column: str, language: str) -> str:
    """Label of a column in the language of the configuration; its name where there is none."""
    return _CHINESE.get(column, column) if language == "zh" else column
