"""What lists of followers, contacts and campaigns become, row by row."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.channels.canonical import canonical, csv, points
from tests.channels.world import FOLLOWER, KLAVIYO

FOLLOWED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC)
DAY_END = datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)


def test_wechat_followers(tmp_path: Path) -> None:
    left = {"subscribe": 0, "openid": "oGone", "tagid_list": []}
    text = json.dumps({"user_info_list": [FOLLOWER, left]}, ensure_ascii=False)
    found = canonical(tmp_path, "2026-03-07/f.json", text, "wxmp_followers")
    person = {"channel": "wechat", "source_record_key": "wechat:oAli"}
    assert found["channel_interactions"] == [
        {
            **person,
            "interaction_key": "wechat:oAli/followed/2026-03-05 01:05:00.000000+00:00",
            "interaction_type": "followed",
            "occurred_at": FOLLOWED,
        }
    ]
    assert found["channel_profiles"] == [
        {
            **person,
            "registered_at": FOLLOWED,
            "registration_source": "ADD_SCENE_QR_CODE",
            "first_seen_at": DAY_END,
            "last_seen_at": DAY_END,
        }
    ]
    assert points(found) == [("wechat:oAli", "unionid", "open_platform", "uAli")], "an openid without its appid is compared with nothing"


def test_wechat_followers_of_a_tool_that_tells_the_appid(tmp_path: Path) -> None:
    lines = "".join(json.dumps({**FOLLOWER, "appid": appid}) + "\n" for appid in ("wx1", "wx2"))
    found = canonical(tmp_path, "2026-03-07/f.jsonl", lines, "wxmp_followers")
    assert points(found) == [
        ("wechat:wx1/oAli", "openid", "wx1", "oAli"),
        ("wechat:wx1/oAli", "unionid", "open_platform", "uAli"),
        ("wechat:wx2/oAli", "openid", "wx2", "oAli"),
        ("wechat:wx2/oAli", "unionid", "open_platform", "uAli"),
    ]


def test_wecom_contacts(tmp_path: Path) -> None:
    contact = {
        "客户名称": "阿梨",
        "描述": "",
        "添加人": "小王",
        "添加人账号": "WangXiao",
        "添加人所属部门": "门店",
        "添加时间": "2026-03-05 09:05:00",
        "来源": "扫描二维码",
        "手机": "13800000001",
        "邮箱": "",
        "标签组1(等级)": "金卡",
    }
    unknown = {**contact, "客户名称": "阿桃", "手机": "13800000001;13800000002"}
    found = canonical(tmp_path, "2026-03-07/c.csv", csv([contact, unknown]), "wecom_contacts")
    person = {"channel": "wecom", "source_record_key": "wecom:13800000001"}
    assert found["channel_interactions"][0] == {
        **person,
        "interaction_key": "wecom:WangXiao/2026-03-05 01:05:00.000000+00:00/1",
        "interaction_type": "added_staff",
        "occurred_at": FOLLOWED,
        "staff_id_channel": "WangXiao",
    }
    assert found["channel_interactions"][1]["source_record_key"] == "wecom:WangXiao/2026-03-05 01:05:00.000000+00:00/阿桃"
    assert points(found) == [("wecom:13800000001", "phone", "global", "13800000001")]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (KLAVIYO, "klaviyo_campaigns"),
        (
            {
                "Campaign name": "Spring",
                "Send time": "2026-03-05 23:30:00",
                "Total recipients": "1200",
                "Unique opens": "300",
                "Unique clicks": "30",
                "Conversion value": "1,204.00",
                "Campaign ID": "01HX",
                "Campaign channel": "email",
            },
            "klaviyo_campaigns_v2",
        ),
    ],
)
def test_klaviyo_campaigns(tmp_path: Path, row: dict[str, str], name: str) -> None:
    found = canonical(tmp_path, "2026-03-07/k.csv", csv([row]), name)
    assert found == {
        "channel_campaigns": [
            {
                "channel": "klaviyo",
                "campaign_key": "klaviyo:01HX",
                "campaign_no": "01HX",
                "campaign_name": "Spring",
                "campaign_type": "email",
                "starts_on": date(2026, 3, 5),
                "ends_on": date(2026, 3, 5),
            }
        ]
    }
