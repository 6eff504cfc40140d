"""What advertising reports become, row by row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.canonical import canonical, csv
from tests.channels.lake import home_with, load, loads
from tests.channels.world import META

GOOGLE = """\
Campaign report
"June 1, 2026 - June 30, 2026"
Campaign status,Campaign,Budget,Currency code,Impr.,Interactions,Cost,Conversions
Enabled,Spring,20.00,CNY,"51,200",640,"1,804.50",12.00
Paused,Search (brand),--,CNY, --, --,0.00,--
Total: Account, --, --,CNY,"51,200",640,"1,804.50",12.00
"Total: Campaigns, all",--,--,CNY,"51,200",640,"1,804.50",12.00
"""
JUNE = (date(2026, 6, 1), date(2026, 6, 30))


def costs(found: dict[str, list[dict[str, object]]]) -> list[tuple[object, ...]]:
    names = ("campaign_name", "spent_from_on", "spent_to_on", "currency_code", "cost_amount", "impression_count", "click_count")
    return [tuple(row.get(name) for name in names) for row in found["channel_costs"]]


def test_google_ads(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-07-01/g.csv", GOOGLE, "google_ads_campaign")
    assert found["channel_costs"][0] == {
        "channel": "google_ads",
        "cost_key": "google_ads:Spring/2026-06-01/2026-06-30/1",
        "campaign_name": "Spring",
        "spent_from_on": JUNE[0],
        "spent_to_on": JUNE[1],
        "currency_code": "CNY",
        "cost_amount": Decimal("1804.50"),
        "impression_count": 51_200,
        "click_count": 640,
    }
    assert costs(found)[1] == ("Search (brand)", *JUNE, "CNY", Decimal("0.00"), None, None)
    ledger = loads(home_with(tmp_path, {}))["2026-07-01/g.csv"]
    assert (ledger["preamble_count"], ledger["footer_count"], ledger["loaded_count"]) == (2, 2, 2)


def test_google_ads_by_day_in_utf_16_with_tabs(tmp_path: Path) -> None:
    text = GOOGLE.replace("Conversions\n", "Day\n").replace(",12.00\nPaused", ",2026-06-03\nPaused").replace("0.00,--", "0.00,2026-06-04")
    tabbed = text.replace('"51,200"', "51;200").replace('"1,804.50"', "1;804.50").replace(",", "\t").replace(";", ",")
    found = canonical(tmp_path, "2026-07-01/g.csv", tabbed.encode("utf-16"), "google_ads_campaign_tab")
    assert [row[:3] for row in costs(found)] == [
        ("Spring", date(2026, 6, 3), date(2026, 6, 3)),
        ("Search (brand)", date(2026, 6, 4), date(2026, 6, 4)),
    ]


def test_google_ads_in_german(tmp_path: Path) -> None:
    text = (
        "Kampagnenbericht\n01.06.2026 - 30.06.2026\nKampagne,Währungscode,Impr.,Klicks,Kosten\n"
        'Frühling,EUR,51.200,640,"1.804,50"\nGesamt: Konto,EUR,51.200,640,"1.804,50"\n'
    )
    found = canonical(tmp_path, "2026-07-01/g.csv", text, "google_ads_campaign_de")
    assert costs(found) == [("Frühling", *JUNE, "EUR", Decimal("1804.50"), 51_200, 640)]


def test_google_ads_without_a_period_is_refused(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"g.csv": GOOGLE.replace('"June 1, 2026 - June 30, 2026"', "All time")})
    assert [problem.kind for problem in load(home).problems] == ["refused"]


def test_meta_ads(tmp_path: Path) -> None:
    summary = {**META, "Campaign name": "", "Campaign ID": "", "Ad set name": ""}
    found = canonical(tmp_path, "2026-07-01/m.csv", csv([summary, META]), "meta_ads")
    assert costs(found) == [("Spring", *JUNE, "USD", Decimal("1804.50"), 51_200, 640)], "the summary would double the spend"
    assert found["channel_costs"][0]["cost_key"] == "meta_ads:120001/Women 25+/2026-06-01/2026-06-30/1"


@pytest.mark.parametrize(("header", "currency"), [("Amount spent (EUR)", "EUR"), ("Amount spent", "CNY")])
def test_meta_currency_is_in_the_header(tmp_path: Path, header: str, currency: str) -> None:
    day = {**{header if name.startswith("Amount") else name: value for name, value in META.items()}, "Day": "2026-06-03"}
    found = canonical(tmp_path, "2026-07-01/m.csv", csv([day]), "meta_ads")
    assert costs(found)[0][1:4] == (date(2026, 6, 3), date(2026, 6, 3), currency)


def test_meta_ads_in_chinese(tmp_path: Path) -> None:
    text = (
        "报告开始日期,报告结束日期,广告系列名称,广告组名称,成效,已花费金额 (USD),链接点击量,展示次数\n"
        '2026-06-01,2026-06-30,春季,女 25+,787,"1,804.5",640,51200\n2026-06-01,2026-06-30,,,787,"1,804.5",640,51200\n'
    )
    found = canonical(tmp_path, "2026-07-01/m.csv", text, "meta_ads_zh")
    assert costs(found) == [("春季", *JUNE, "USD", Decimal("1804.50"), 51_200, 640)]


@pytest.mark.parametrize(("delimiter", "name"), [(",", "meta_ads_de"), (";", "meta_ads_de_semicolon")])
def test_meta_ads_in_german(tmp_path: Path, delimiter: str, name: str) -> None:
    header = [
        "Berichtsstart",
        "Berichtsende",
        "Kampagnenname",
        "Anzeigenname",
        "Impressionen",
        "Klicks (alle)",
        "Ausgegebener Betrag (EUR)",
    ]
    row = ["2026-06-01", "2026-06-30", "Frühling", "A", "51.200", "640", '"1.804,50"']
    text = "\n".join(delimiter.join(cells) for cells in (header, row)) + "\n"
    found = canonical(tmp_path, "2026-07-01/m.csv", text, name)
    assert costs(found) == [("Frühling", *JUNE, "EUR", Decimal("1804.50"), 51_200, 640)]


def test_meta_ads_in_german_by_day_without_a_period(tmp_path: Path) -> None:
    text = "Tag;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen\n2026-06-05;Frühling;12,50;900\n"
    found = canonical(tmp_path, "2026-07-01/m.csv", text, "meta_ads_de_semicolon")
    assert costs(found) == [("Frühling", date(2026, 6, 5), date(2026, 6, 5), "EUR", Decimal("12.50"), 900, None)]


def test_meta_ads_in_french(tmp_path: Path) -> None:
    text = (
        "Début des rapports;Fin des rapports;Nom de la campagne;Impressions;Clics sur un lien;Montant dépensé (USD)\n"
        '01/06/2026;30/06/2026;Printemps;51 200;640;"1 804,50"\n'
    )
    found = canonical(tmp_path, "2026-07-01/m.csv", text, "meta_ads_fr")
    assert costs(found) == [("Printemps", *JUNE, "USD", Decimal("1804.50"), 51_200, 640)]


def test_pinduoduo_promotion(tmp_path: Path) -> None:
    header = "日期,商品ID,商品名称,推广场景,推广名称,出价方式,分组,是否已删除,成交花费(元),交易额(元),实际投产比,总花费(元),曝光量,点击量"
    lines = [
        "以下数据仅供参考",
        header,
        "2026-06-03,690001,围巾,全站推广,春季,自动,-,否,90.00,611.25,6.34,96.40,8050,471",
        "总计,-,-,-,-,-,-,-,90.00,611.25,6.34,120.40,9050,480",
    ]
    found = canonical(tmp_path, "2026-07-01/p.csv", "\n".join(lines).encode("gb18030"), "pdd_promo")
    assert costs(found) == [("春季", date(2026, 6, 3), date(2026, 6, 3), "CNY", Decimal("96.40"), 8050, 471)]
    assert found["channel_costs"][0]["product_id_channel"] == "690001"


def test_jd_promotion_over_a_range(tmp_path: Path) -> None:
    row = {
        "日期": "20260601~20260630",
        "跟单SKU ID": "10160070484512.0",
        "跟单SKU名称": "围巾",
        "SPU ID": "1.0",
        "展现数": "8050",
        "点击数": "471",
        "点击率(%)": "5.85",
        "花费": "96.40",
    }
    found = canonical(tmp_path, "2026-07-01/j.csv", csv([row, {**row, "日期": "20260603.0", "花费": "1.40"}]), "jd_promo")
    assert [row[1:5] for row in costs(found)] == [
        (*JUNE, "CNY", Decimal("96.40")),
        (date(2026, 6, 3), date(2026, 6, 3), "CNY", Decimal("1.40")),
    ]
    assert found["channel_costs"][0]["cost_key"] == "jd:10160070484512/2026-06-01/2026-06-30/1"
    assert {row["product_id_channel"] for row in found["channel_costs"]} == {"10160070484512"}
