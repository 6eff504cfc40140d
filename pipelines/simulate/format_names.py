"""Name the exports that can be simulated, alone and in groups. A format bears the name of the contract that reads it, or nearly."""

from __future__ import annotations

from pipelines.contracts.declarations import nearest

BASE_FORMATS = frozenset(
    {
        "taobao_order_v1",
        "youzan_order",
        "youzan_customer",
        "siss_saleflow",
        "shopify_orders",
        "shopify_customers",
        "wechatpay_all",
        "segment_track",
    }
)
OUTREACH_FORMATS = frozenset({"mailchimp_activity", "sms_report_aliyun", "zendesk_csv", "loyalty_points"})
# Orders of further shops, with the bills and settlements that belong to them.
MARKETPLACE_FORMATS = frozenset(
    {
        "taobao_order_v2",
        "taobao_order_v3",
        "taobao_item_v3",
        "alipay_bill",
        "douyin_order",
        "douyin_aftersale",
        "pdd_order",
        "pdd_settlement",
        "jd_order_v1",
        "jd_settlement",
        "weixin_store_order",
        "wechatpay_success",
        "wechatpay_refund",
        "youzan_outlet_order",
        "youzan_item",
    }
)
TILL_FORMATS = frozenset({"siss_payflow", "siss_vip_info", "pospal_ticket", "square_items"})
WEB_SHOP_FORMATS = frozenset({"woo_orders", "stripe_payments", "stripe_charges"})
EVENT_FORMATS = frozenset({"ga4_export", "rudderstack_track"})
CONTACT_FORMATS = frozenset(
    {
        "loyalty_members",
        "mailchimp_members",
        "mailchimp_unsubscribed",
        "wxmp_followers",
        "wecom_contacts",
        "zendesk_json",
        "zendesk_users",
    }
)
COST_FORMATS = frozenset(
    {
        "google_ads_campaign",
        "google_ads_campaign_tab",
        "google_ads_campaign_de",
        "meta_ads",
        "pdd_promo",
        "jd_promo",
        "klaviyo_campaigns",
        "klaviyo_campaigns_v2",
    }
)
LIST_FORMATS = frozenset(
    {
        "generic_coupons",
        "generic_coupons_zh",
        "generic_products",
        "generic_reviews",
        "generic_reviews_zh",
        "generic_shipments",
        "generic_shipments_zh",
        "generic_stock",
        "generic_stock_zh",
    }
)
# In the order in which they are listed for people.
FORMAT_GROUPS = {
    "base": BASE_FORMATS,
    "outreach": OUTREACH_FORMATS,
    "marketplaces": MARKETPLACE_FORMATS,
    "tills": TILL_FORMATS,
    "web_shop": WEB_SHOP_FORMATS,
    "events": EVENT_FORMATS,
    "contacts": CONTACT_FORMATS,
    "costs": COST_FORMATS,
    "lists": LIST_FORMATS,
}
ALL_FORMATS = frozenset().union(*FORMAT_GROUPS.values())


def formats_named(text: str) -> frozenset[str]:
    """Formats and groups of formats in a list with commas; `all` is every one. Raises ValueError naming the nearest to an unknown one."""
    groups = FORMAT_GROUPS | {"all": ALL_FORMATS}
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ValueError(f"names no format; groups are {', '.join(groups)}")
    wrong = next((name for name in names if name not in groups and name not in ALL_FORMATS), None)
    if wrong is not None:
        raise ValueError(f"knows no format {wrong!r}{nearest_format(wrong)}; groups are {', '.join(groups)}")
    return frozenset().union(*(groups.get(name, frozenset({name})) for name in names))


def nearest_format(name: str) -> str:
    """A hint that goes on with an error message: the existing name closest to a wrong one, or nothing."""
    return nearest(name, sorted(ALL_FORMATS | set(FORMAT_GROUPS) | {"all"}))
