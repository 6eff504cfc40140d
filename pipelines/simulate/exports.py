"""Which export is written by which functions, and which contracts read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import (
    alipay,
    aliyun_sms,
    coupons,
    douyin,
    ga4,
    google_ads,
    jingdong,
    klaviyo,
    loyalty,
    loyalty_members,
    mailchimp,
    mailchimp_audience,
    pinduoduo,
    pospal,
    products,
    promotions,
    qianniu,
    reviews,
    rudderstack,
    segment,
    shipments,
    shopify_customers,
    shopify_orders,
    siss,
    siss_back_office,
    square,
    stock,
    stripe,
    taobao,
    taobao_second,
    wechat_contacts,
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
    "woo_orders": Export(woocommerce.rows, woocommerce.files),
    "stripe_payments": Export(stripe.rows, stripe.files),
    "stripe_charges": Export(stripe.old_rows, stripe.old_files),
    "rudderstack_track": Export(rudderstack.rows, rudderstack.files, ("segment_track",)),
    "ga4_export": Export(ga4.rows, ga4.files),
    "loyalty_members": Export(loyalty_members.rows, loyalty_members.files),
    "mailchimp_members": Export(mailchimp_audience.reader_rows, mailchimp_audience.reader_files),
    "mailchimp_unsubscribed": Export(mailchimp_audience.leaver_rows, mailchimp_audience.leaver_files),
    "wxmp_followers": Export(wechat_contacts.follower_rows, wechat_contacts.follower_files),
    "wecom_contacts": Export(wechat_contacts.contact_rows, wechat_contacts.contact_files),
    "zendesk_json": Export(zendesk_json.ticket_rows, zendesk_json.ticket_files),
    "zendesk_users": Export(zendesk_json.user_rows, zendesk_json.user_files),
    "google_ads_campaign": Export(google_ads.rows, google_ads.files),
    "google_ads_campaign_tab": Export(google_ads.tab_rows, google_ads.tab_files),
    "google_ads_campaign_de": Export(google_ads.german_rows, google_ads.german_files),
    "meta_ads": Export(promotions.meta_rows, promotions.meta_files),
    "pdd_promo": Export(promotions.pdd_rows, promotions.pdd_files),
    "jd_promo": Export(promotions.jd_rows, promotions.jd_files),
    "klaviyo_campaigns": Export(klaviyo.rows, klaviyo.files),
    "klaviyo_campaigns_v2": Export(klaviyo.new_rows, klaviyo.new_files),
    "generic_coupons": Export(coupons.rows, coupons.files),
    "generic_coupons_zh": Export(coupons.chinese_rows, coupons.chinese_files),
    "generic_products": Export(products.rows, products.files),
    "generic_reviews": Export(reviews.rows, reviews.files),
    "generic_reviews_zh": Export(reviews.chinese_rows, reviews.chinese_files),
    "generic_shipments": Export(shipments.rows, shipments.files),
    "generic_shipments_zh": Export(shipments.chinese_rows, shipments.chinese_files),
    "generic_stock": Export(stock.rows, stock.files),
    "generic_stock_zh": Export(stock.chinese_rows, stock.chinese_files),
}
