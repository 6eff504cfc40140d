"""Samples of several formats, and what copying, editors and disks do to their bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from tests.channels import samples
from tests.channels.archives import Raw, Serial, workbook, zipped
from tests.channels.hostile_files import orders, packed
from tests.channels.world import MESSAGE, SCARF, TEA, json_lines, pospal, pospal_ticket

# texts that stand in cells of the samples and in no header: none may be told in a reason
PERSONAL = ("阿梨的小店", "ali@example.com", "梨𠮷", "13800000001", "文三路1号", "oPearOpenid77", "+491700000001")
_MARKS = (b'"', b",", b"\n", b"\r", b"\0", b"`", b"\t", b"{", b"}", b"[", b"\\", b"\xff", b"\xef\xbb\xbf", b"=", b"<", b"0", b"\x1e")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change; places are shares of the length, so that they fit whatever the changes before have left."""

    kind: str
    at: float
    length: int
    data: bytes

    def apply(self, content: bytes) -> bytes:
        return _KINDS[self.kind](content, int(self.at * len(content)), self.length, self.data)


def _flip(content: bytes, at: int, length: int, data: bytes) -> bytes:
    return content[:at] + bytes([content[at] ^ (1 << length % 8)]) + content[at + 1 :] if content else content


_KINDS: Mapping[str, Callable[[bytes, int, int, bytes], bytes]] = {
    "flip": _flip,
    "insert": lambda content, at, _, data: content[:at] + data + content[at:],
    "delete": lambda content, at, length, _: content[:at] + content[at + length :],
    "duplicate": lambda content, at, length, _: content[: at + length] + content[at:],
    "overwrite": lambda content, at, _, data: content[:at] + data + content[at + len(data) :],
    "cut": lambda content, at, *_: content[:at],
    "behead": lambda content, at, length, _: content[min(at, length) :],
}

MUTATIONS = st.lists(
    st.builds(
        Mutation,
        st.sampled_from(sorted(_KINDS)),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 400),
        st.sampled_from(_MARKS) | st.binary(min_size=1, max_size=6),
    ),
    min_size=1,
    max_size=4,
)


def _bill() -> str:
    row = {
        "交易时间": "2026-03-05 09:05:00",
        "公众账号ID": "wx1",
        "微信订单号": "4200000000202603050000000007",
        "商户订单号": "7",
        "用户标识": "oPearOpenid77",
        "交易类型": "JSAPI",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": "12.00",
        "代金券金额": "0.00",
        "退款金额": "0.00",
        "商品名称": "围巾,红色",
        "手续费": "0.07000",
        "订单金额": "12.00",
    }
    return samples.wechat([row, row | {"微信订单号": "4200000000202603050000000008"}], ["2", "24.00", "0.00", "0.14"])


def _sheet() -> bytes:
    rows = [[samples.TAOBAO_ROW.get(name) for name in samples.TAOBAO_HEADER] for _ in range(3)]
    for position, row in enumerate(rows):
        row[0] = Raw(f"451234567890123456{position}")
        row[samples.TAOBAO_HEADER.index("订单创建时间")] = Serial("46086.37847222222")
    return workbook(Sheet1=[samples.TAOBAO_HEADER, *rows])


_LIST = orders("mutated", {}, {"订单备注": 'a "b"\nc, d'}, {"联系手机": "138****0001"}, {"订单状态": "交易关闭"})
_EVENTS = json_lines(*(MESSAGE | {"type": "track", "event": "Viewed", "messageId": f"m{n}", "properties": {"total": n}} for n in range(4)))
SAMPLES: Mapping[str, bytes] = {
    "utf8.csv": _LIST.encode(),
    "gbk.csv": _LIST.encode("gb18030"),
    "utf16.csv": _LIST.encode("utf-16"),
    "events.jsonl": _EVENTS.encode(),
    "events.jsonl.gz": packed(_EVENTS),
    "bill.csv": _bill().encode(),
    "tickets.json": pospal(*(pospal_ticket(str(number), [SCARF, TEA]) for number in range(3))).encode(),
    "list.xlsx": _sheet(),
    "list.zip": zipped({"a.csv": _LIST, "b/c.csv": orders("mutated-too")}),
    "till.csv.gz": samples.siss({}, {"flow_id": "1002"}),
}
