"""Which export is written by which functions. A format is named after the contract that reads it, or stands in `READ_AS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.simulate.chunk import Chunk
from pipelines.simulate.formats import (
    alipay,
    aliyun_sms,
    douyin,
    jingdong,
    loyalty,
    mailchimp,
    pinduoduo,
    qianniu,
    segment,
    shopify_customers,
    shopify_orders,
    siss,
    taobao,
    taobao_second,
    wechatpay,
    wechatpay_variants,
    weixin_store,
    youzan_customers,
    youzan_orders,
    youzan_outlet,
    zendesk,
)
from pipelines.simulate.formats.cells import Stamp


@dataclass(frozen=True)
class Export:
    """`rows`: what it tells of a chunk, one row a line of the file, with delivery, person and record. `files`: a delivery as files."""

    rows: Callable[[Chunk], pl.DataFrame]
    files: Callable[[pl.DataFrame, Stamp], dict[str, bytes]]


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
    "alipay_bill": Export(alipay.rows, alipay.files),
    "douyin_order": Export(douyin.order_rows, douyin.order_files),
    "douyin_aftersale": Export(douyin.case_rows, douyin.case_files),
    "pdd_order": Export(pinduoduo.order_rows, pinduoduo.order_files),
    "pdd_settlement": Export(pinduoduo.money_rows, pinduoduo.money_files),
    "jd_order_v1": Export(jingdong.order_rows, jingdong.order_files),
    "jd_settlement": Export(jingdong.money_rows, jingdong.money_files),
    "weixin_store_order": Export(weixin_store.rows, weixin_store.files),
    "wechatpay_success": Export(wechatpay_variants.success_rows, wechatpay_variants.success_files),
    "wechatpay_refund": Export(wechatpay_variants.refund_rows, wechatpay_variants.refund_files),
    "youzan_outlet_order": Export(youzan_outlet.order_rows, youzan_outlet.order_files),
    "youzan_item": Export(youzan_outlet.item_rows, youzan_outlet.item_files),
}
