"""Which export is written by which functions, and which contracts read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import (
    advertising,
    alipay,
    aliyun_sms,
    contacts,
    douyin,
    ga4,
    jingdong,
    loyalty,
    mailchimp,
    pinduoduo,
    plain_lists,
    pospal,
    qianniu,
    segment,
    shopify_customers,
    shopify_orders,
    siss,
    siss_back_office,
    square,
    taobao,
    taobao_second,
    wechatpay,
    wechatpay_variants,
    weixin_store,
    woocommerce,
    youzan_customers,
    youzan_orders,
    youzan_outlet,
    zendesk,
    zendesk_json,
)
from pipelines.simulate.formats.cells import Stamp


@dataclass(frozen=True)
class Export:
    """`rows`: what it tells of a chunk, one row a record of the file, with delivery, person and record. `files`: a delivery as files.

    `read_as`: the contracts that read the files, where that is another than the one of the format's own name.
    """

    rows: Callable[[Chunk], pl.DataFrame]
    files: Callable[[pl.DataFrame, Stamp], dict[str, bytes]]
    read_as: tuple[str, ...] = ()


EXPORTS: Mapping[str, Export] = {
    "taobao_order_v1": Export(taobao.rows, taobao.files),
    "youzan_order": Export(youzan_orders.rows, youzan_orders.files),
    "youzan_customer": Export(youzan_customers.rows, youzan_customers.files),
    "siss_saleflow": Export(siss.rows, siss.files),
    "shopify_orders": Export(shopify_orders.rows, shopify_orders.files),
    "shopify_customers": Export(shopify_customers.rows, shopify_customers.files),
    "wechatpay_all": Export(wechatpay.rows, wechatpay.files),
    "segment_track": Export(segment.rows, segment.files),
    "mailchimp_activity": Export(mailchimp.rows, mailchimp.files),
    "sms_report_aliyun": Export(aliyun_sms.rows, aliyun_sms.files),
    "zendesk_csv": Export(zendesk.rows, zendesk.files),
    "loyalty_points": Export(loyalty.rows, loyalty.files),
    "taobao_order_v2": Export(taobao_second.rows, taobao_second.files),
    "taobao_order_v3": Export(qianniu.order_rows, qianniu.order_files),
    "taobao_item_v3": Export(qianniu.item_rows, qianniu.item_files),
    "alipay_bill": Export(alipay.rows, alipay.files, ("alipay_bill", "alipay_bill_summary")),
    "douyin_order": Export(douyin.order_rows, douyin.order_files),
    "douyin_aftersale": Export(douyin.case_rows, douyin.case_files),
    "pdd_order": Export(pinduoduo.order_rows, pinduoduo.order_files),
    "pdd_settlement": Export(pinduoduo.money_rows, pinduoduo.money_files),
    "jd_order_v1": Export(jingdong.order_rows, jingdong.order_files),
    "jd_settlement": Export(jingdong.money_rows, jingdong.money_files),
    "weixin_store_order": Export(weixin_store.rows, weixin_store.files),
    "wechatpay_success": Export(wechatpay_variants.success_rows, wechatpay_variants.success_files),
    "wechatpay_refund": Export(wechatpay_variants.refund_rows, wechatpay_variants.refund_files),
    "youzan_outlet_order": Export(youzan_outlet.order_rows, youzan_outlet.order_files, ("youzan_order",)),
    "youzan_item": Export(youzan_outlet.item_rows, youzan_outlet.item_files),
    "siss_payflow": Export(siss_back_office.payment_rows, siss_back_office.payment_files),
    "siss_vip_info": Export(siss_back_office.member_rows, siss_back_office.member_files),
    "pospal_ticket": Export(pospal.rows, pospal.files),
    "square_items": Export(square.rows, square.files),
    "woo_orders": Export(woocommerce.order_rows, woocommerce.order_files),
    "stripe_payments": Export(woocommerce.charge_rows, woocommerce.charge_files),
    "stripe_charges": Export(woocommerce.old_charge_rows, woocommerce.old_charge_files),
    "rudderstack_track": Export(woocommerce.event_rows, woocommerce.event_files, ("segment_track",)),
    "ga4_export": Export(ga4.rows, ga4.files),
    "loyalty_members": Export(contacts.member_rows, contacts.member_files),
    "mailchimp_members": Export(contacts.reader_rows, contacts.reader_files),
    "mailchimp_unsubscribed": Export(contacts.leaver_rows, contacts.leaver_files),
    "wxmp_followers": Export(contacts.follower_rows, contacts.follower_files),
    "wecom_contacts": Export(contacts.contact_rows, contacts.contact_files),
    "zendesk_json": Export(zendesk_json.ticket_rows, zendesk_json.ticket_files),
    "zendesk_users": Export(zendesk_json.user_rows, zendesk_json.user_files),
    "google_ads_campaign": Export(advertising.google_rows, advertising.google_files),
    "google_ads_campaign_tab": Export(advertising.google_tab_rows, advertising.google_tab_files),
    "google_ads_campaign_de": Export(advertising.google_german_rows, advertising.google_german_files),
    "meta_ads": Export(advertising.meta_rows, advertising.meta_files),
    "pdd_promo": Export(advertising.pdd_rows, advertising.pdd_files),
    "jd_promo": Export(advertising.jd_rows, advertising.jd_files),
    "klaviyo_campaigns": Export(advertising.klaviyo_rows, advertising.klaviyo_files),
    "klaviyo_campaigns_v2": Export(advertising.new_klaviyo_rows, advertising.new_klaviyo_files),
    "generic_coupons": Export(plain_lists.coupon_rows, plain_lists.coupon_files),
    "generic_coupons_zh": Export(plain_lists.chinese_coupon_rows, plain_lists.chinese_coupon_files),
    "generic_reviews": Export(plain_lists.review_rows, plain_lists.review_files),
    "generic_reviews_zh": Export(plain_lists.chinese_review_rows, plain_lists.chinese_review_files),
    "generic_stock": Export(plain_lists.stock_rows, plain_lists.stock_files),
    "generic_stock_zh": Export(plain_lists.chinese_stock_rows, plain_lists.chinese_stock_files),
}
