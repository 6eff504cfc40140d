"""Text that is broken, or odd and good: encodings, line ends, quotes, headers, shapes, lengths."""

from __future__ import annotations

import codecs
import random

from tests.channels.hostile_files import MEGABYTE, Fate, Hostile, loads, named, order_no, orders, refuses, repeated, sets_aside
from tests.channels.samples import TAOBAO_HEADER

UNKNOWN, BLANK = refuses("follows no contract"), refuses("nothing but blanks")


def text_files() -> list[Hostile]:
    """All of them."""
    return [*_encodings(), *_no_tables(), *_line_ends(), *_quotes(), *_headers(), *_shapes(), *_lengths()]


def _rows(tag: str) -> tuple[str, list[str]]:
    """Header line and two data lines, each with its end."""
    header, *lines = orders(tag).splitlines(keepends=True)
    return header, lines


def _encodings() -> list[Hostile]:
    header, (first, second) = _rows("enc-mixed")
    gbk_line = second.replace("𠮷", "").encode("gbk")
    late = orders("enc-late-bom")
    return named(
        "encodings",
        [
            ("utf8-mark.csv", codecs.BOM_UTF8 + orders("enc-bom").encode(), loads(2)),
            ("utf8-mark-twice.csv", codecs.BOM_UTF8 * 2 + orders("enc-bom2").encode(), loads(2)),
            ("utf8-mark-quoted-header.csv", "\ufeff" + orders("enc-bomq").replace("订单编号", '"订单编号"', 1), loads(2)),
            ("utf8-mark-inside.csv", late + "\ufeff" + late.replace(order_no("enc-late-bom"), "77"), Fate(3, ("",), 1)),
            ("utf16-le.csv", codecs.BOM_UTF16_LE + orders("enc-16le").encode("utf-16-le"), loads(2)),
            ("utf16-be.csv", codecs.BOM_UTF16_BE + orders("enc-16be").encode("utf-16-be"), loads(2)),
            ("utf16-cut-in-half-a-unit.csv", codecs.BOM_UTF16_LE + orders("enc-16h").encode("utf-16-le")[:-1], sets_aside(1, "no text")),
            ("utf16-lone-surrogate.csv", _utf16_with_lone_surrogate(), sets_aside(1, "no text")),
            ("utf16-le-no-mark.csv", orders("enc-16n").encode("utf-16-le"), refuses("UTF-16")),
            ("utf16-be-no-mark.csv", orders("enc-16m").encode("utf-16-be"), refuses("UTF-16")),
            ("utf16-cr-only.csv", codecs.BOM_UTF16_LE + orders("enc-16cr").replace("\n", "\r").encode("utf-16-le"), loads(2)),
            ("utf32-le.csv", codecs.BOM_UTF32_LE + orders("enc-32le").encode("utf-32-le"), refuses("UTF-32")),
            ("utf32-be.csv", codecs.BOM_UTF32_BE + orders("enc-32be").encode("utf-32-be"), refuses("UTF-32")),
            ("gb18030.csv", orders("enc-gb").encode("gb18030"), loads(2)),
            ("big5.csv", orders("enc-big5").replace("𠮷", "").translate(_TRADITIONAL).encode("big5", "replace"), UNKNOWN),
            ("latin1.csv", "Größe,Maß,Straße\nä,ö,ü\n".encode("latin-1"), refuses("is not text")),
            ("gbk-line-in-utf8.csv", header.encode() + first.encode() + gbk_line, sets_aside(1, "no text")),
            ("utf8-line-in-gbk.csv", _utf8_line_in_gbk(), sets_aside(30, "no text")),
            (
                "utf8-surrogate-halves.csv",
                (header + first).encode() + second.replace("梨", "\ud83d").encode("utf-8", "surrogatepass"),
                sets_aside(1, "no text"),
            ),
            (
                "utf8-overlong.csv",
                (header + first.replace("4", "5")).encode() + second.encode().replace("梨".encode(), b"\xc0\xaf"),
                sets_aside(1, "no text"),
            ),
            ("utf8-cut-in-a-character.csv", orders("enc-cut", {}, {"订单备注": "梨"}).encode()[:-2], sets_aside(1, "no text")),
            ("gbk-cut-in-a-character.csv", orders("enc-gcut", {}, {"订单备注": "梨"}).encode("gb18030")[:-2], sets_aside(1, "no text")),
        ],
    )


_TRADITIONAL = str.maketrans("订单编号买家会员宝贝标题", "訂單編號買家會員寶貝標題")


def _utf16_with_lone_surrogate() -> bytes:
    header, (first, second) = _rows("enc-16s")
    return codecs.BOM_UTF16_LE + (header + first).encode("utf-16-le") + second.replace("梨", "\udc00").encode("utf-16-le", "surrogatepass")


def _utf8_line_in_gbk() -> bytes:
    header, *lines = orders("enc-8ingb", *({} for _ in range(31))).splitlines(keepends=True)
    return b"".join([header.encode("gb18030"), *(line.encode("gb18030") for line in lines[:30]), lines[30].encode()[:-9], b"\xff\n"])


def _no_tables() -> list[Hostile]:
    draw = random.Random(7)
    return named(
        "no-tables",
        [
            ("empty.csv", b"", refuses("is empty")),
            ("mark-only.csv", codecs.BOM_UTF8, refuses("is empty")),
            ("spaces.csv", b" " * 5000, BLANK),
            ("line-ends.csv", b"\n" * 5000, BLANK),
            ("blank-lines.csv", b" \t \r\n" * 5000, BLANK),
            ("commas.csv", b"," * MEGABYTE, UNKNOWN),
            ("quotes.csv", b'"' * MEGABYTE, UNKNOWN),
            ("nul.csv", bytes(MEGABYTE), refuses("NUL")),
            ("random.csv", draw.randbytes(MEGABYTE), refuses("NUL")),
            ("random-short.csv", bytes(range(128, 228)), refuses("is not text")),
            ("picture.csv", b"\x89PNG\r\n\x1a\n" + draw.randbytes(4000), refuses("picture")),
            ("document.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + draw.randbytes(4000), refuses("PDF")),
            ("program.csv", b"\x7fELF\x02\x01\x01" + bytes(9) + draw.randbytes(4000), refuses("NUL")),
            ("database.csv", b"SQLite format 3\x00" + bytes(4000), refuses("NUL")),
            ("page.xls", "<html><body><table><tr><td>订单编号</td></tr></table></body></html>\n", refuses("web page")),
            ("page-of-an-error.csv", "<!DOCTYPE html>\n<html><head><title>403</title></head></html>\n", refuses("web page")),
            ("markup.csv", '<?xml version="1.0"?><orders><order no="1"/></orders>\n', UNKNOWN),
            ("mail.csv", "From: a\nTo: b\nSubject: 订单\n\n订单编号\n", UNKNOWN),
            ("dump.csv", "INSERT INTO `t` VALUES (1,'a'),(2,'b');\n", UNKNOWN),
            ("rows-without-header.csv", "".join(_rows("no-header")[1]), UNKNOWN),
        ],
    )


def _line_ends() -> list[Hostile]:
    header, (first, second) = _rows("le-mixed")
    line_break = orders("le-lf-cell", {"订单备注": "a\nb\r\nc"}, {})
    return named(
        "line-ends",
        [
            ("cr.csv", orders("le-cr").replace("\n", "\r"), loads(2)),
            ("crlf.csv", orders("le-crlf").replace("\n", "\r\n"), loads(2)),
            ("crcrlf.csv", orders("le-crcrlf").replace("\n", "\r\r\n"), loads(2)),
            ("mixed.csv", header.replace("\n", "\r\n") + first + second.replace("\n", "\r\n"), loads(2)),
            ("none-at-the-end.csv", orders("le-none").rstrip("\n"), loads(2)),
            ("cr-header-lf-rows.csv", _rows("le-crh")[0].replace("\n", "\r") + "".join(_rows("le-crh")[1]), UNKNOWN),
            ("in-cells.csv", line_break, loads(2)),
            ("in-cells-cr-only.csv", orders("le-cr-cell", {"订单备注": "a\rb"}, {}), loads(2)),
            ("form-feed-in-a-cell.csv", orders("le-ff", {"订单备注": "a\fb\vc\x85d\u2028e"}, {}), loads(2)),
            ("blank-between.csv", orders("le-blank").replace("\n", "\n\n"), loads(2)),
            ("thousand-lines-in-a-cell.csv", orders("le-1000", {"订单备注": "x\n" * 1000}, {}), loads(2)),
        ],
    )


def _quotes() -> list[Hostile]:
    header, (first, second) = _rows("q-open")
    return named(
        "quotes",
        [
            ("open-to-the-end.csv", header + first + '"' + second, sets_aside(1, "quoted cell that is not closed")),
            ("open-in-the-middle.csv", header + '"' + second + first, sets_aside(1, "quoted cell that is not closed")),
            ("lone-in-a-cell.csv", orders("q-lone").replace("勿压", '27" 屏'), loads(2)),
            ("not-doubled.csv", orders("q-single").replace("勿压", '"a" b"', 1), sets_aside(1, "quoted cell")),
            ("three.csv", orders("q-three").replace("勿压", '"""', 1), sets_aside(1, "quoted cell")),
            ("everywhere.csv", orders("q-all").replace("勿压", '"' * 4001, 1), sets_aside(1, "quoted cell")),
            ("nul-in-a-cell.csv", orders("q-nul").replace("勿压", "a\x00b", 1), sets_aside(1, "NUL")),
            ("nul-tail.csv", orders("q-nultail").encode() + bytes(4096), sets_aside(2, "NUL")),
            ("record-separators.csv", orders("q-1e").replace("勿压", "a\x1eb\x1f", 1), sets_aside(1, "control byte")),
            ("end-of-file-of-dos.csv", orders("q-dos") + "\x1a", sets_aside(2, "no text")),
            ("escape-codes.csv", orders("q-esc").replace("勿压", "\x1b]0;x\x07\x1b[2J", 1), loads(2)),
            ("formula.csv", orders("q-formula").replace("勿压", "=cmd|' /C calc'!A0", 1), loads(2)),
            ("formula-id.csv", orders("q-fid").replace(order_no("q-fid"), f'="{order_no("q-fid")}"'), loads(2)),
            ("backslash-quote.csv", orders("q-bs").replace("勿压", '"a \\" b"', 1), sets_aside(1, "quoted cell")),
        ],
    )


def _headers() -> list[Hostile]:
    header, lines = _rows("h-again")
    names = TAOBAO_HEADER
    preamble = [f"报表第{line}行\n" for line in range(20)]
    shuffled = _reordered("h-shuffled", list(reversed(range(len(names)))))
    return named(
        "headers",
        [
            ("only.csv", ",".join(names) + "\n", loads(0)),
            ("only-without-line-end.csv", ",".join(names) + ",", loads(0)),
            ("again-among-the-rows.csv", header + lines[0] + header + lines[1], sets_aside(2, "cell ")),
            ("again-below-itself.csv", header + "".join(_rows("h-below")[1]).join([header, ""]), sets_aside(2, "cell ")),
            ("column-twice.csv", _reordered("h-twice", [*range(len(names)), 3]), loads(2)),
            ("every-column-twice.csv", _reordered("h-all-twice", [*range(len(names)), *range(len(names))]), loads(2)),
            ("shuffled.csv", shuffled, loads(2)),
            (
                "column-missing.csv",
                _reordered("h-missing", [n for n in range(len(names)) if names[n] != "订单状态"]),
                refuses("'订单状态'"),
            ),
            ("column-renamed.csv", orders("h-renamed").replace("订单状态", "订单状況", 1), refuses("did you mean '订单状況'")),
            ("traditional.csv", orders("h-trad").replace("订单编号", "訂單編號", 1), UNKNOWN),
            ("spaces-and-full-width.csv", orders("h-space").replace("订单编号,", " 订单编号\u3000,", 1), loads(2)),
            ("empty-names.csv", _reordered("h-empty", [*range(len(names))]).replace("订单备注", "", 1), loads(2)),
            ("in-line-12.csv", "".join(preamble[:11]) + orders("h-12"), loads(2)),
            ("in-line-13.csv", "".join(preamble[:12]) + orders("h-13"), UNKNOWN),
            ("semicolons.csv", orders("h-semi").replace(",", ";"), UNKNOWN),
            ("tabs.csv", orders("h-tab").replace(",", "\t"), UNKNOWN),
            ("pipes.csv", orders("h-pipe").replace(",", "|"), UNKNOWN),
            ("full-width-commas.csv", orders("h-fw").replace(",", "，"), UNKNOWN),
            ("said-separator.csv", "sep=,\n" + orders("h-sep"), loads(2)),
            (
                "commas-header-semicolon-rows.csv",
                header + "".join(_rows("h-semirows")[1]).replace(",", ";"),
                sets_aside(0, "has 1 cells", "has 1 cells"),
            ),
        ],
    )


def _reordered(tag: str, order: list[int]) -> str:
    rows = [line.split(",") for line in orders(tag).splitlines()]
    return "".join(",".join(row[position] for position in order) + "\n" for row in rows)


def _shapes() -> list[Hostile]:
    header, (first, second) = _rows("s-short")
    return named(
        "shapes",
        [
            ("short.csv", header + first + second.rsplit(",", 3)[0] + "\n", sets_aside(1, "cells where the header has")),
            ("long.csv", header + _rows("s-long")[1][0] + _rows("s-long")[1][1].replace("\n", ",x,y\n"), sets_aside(1, "cells where")),
            ("trailing-comma.csv", orders("s-trail").replace("\n", ",\n"), loads(2)),
            ("trailing-comma-rows-only.csv", header + "".join(_rows("s-trailr")[1]).replace("\n", ",\n"), loads(2)),
            ("cut-in-a-row.csv", orders("s-cut")[:-40], sets_aside(1, "cells where")),
            ("cut-in-the-header.csv", orders("s-cuth")[:40], UNKNOWN),
            ("totals-at-the-end.csv", orders("s-total") + "合计," + "," * (len(TAOBAO_HEADER) - 2) + "\n", sets_aside(2, "")),
            ("prose-at-the-end.csv", orders("s-prose") + "以上数据仅供参考\n", sets_aside(2, "has 1 cells")),
            ("row-twice.csv", header + _rows("s-twice")[1][0] * 2, loads(1, duplicate=1)),
            ("two-tables.csv", orders("s-two") + "\n买家,备注\n梨,x\n", sets_aside(2, "has 2 cells", "has 2 cells")),
        ],
    )


def _lengths() -> list[Hostile]:
    header, (first, _) = _rows("l-line")
    wide = [f"自定义{number}" for number in range(100_000)]
    known = _rows("l-wide")
    return named(
        "lengths",
        [
            ("line-of-200-mb.csv.gz", repeated(b"a", 200 * MEGABYTE, before=(header + first).encode()), refuses("longer than 16 MB")),
            ("header-of-200-mb.csv.gz", repeated("列,".encode(), 50 * MEGABYTE), UNKNOWN),
            (
                "utf16-line-of-100-mb.csv.gz",
                repeated(b"a\x00", 50 * MEGABYTE, before=codecs.BOM_UTF16_LE + (header + first).encode("utf-16-le")),
                refuses("longer than 16 MB"),
            ),
            ("cell-of-2-mb.csv", orders("l-cell", {"订单备注": "x" * 2 * MEGABYTE}, {}), loads(2)),
            ("json-line-of-100-mb.jsonl.gz", repeated(b"[", 100 * MEGABYTE, before=b'{"a":'), UNKNOWN),
            ("json-document-of-100-mb.json.gz", repeated(b"[", 100 * MEGABYTE), UNKNOWN),
            ("hundred-thousand-columns.csv", ",".join(wide) + "\n" + "," * (len(wide) - 1) + "\n", UNKNOWN),
            (
                "hundred-thousand-columns-beside.csv",
                known[0].replace("\n", "," + ",".join(wide) + "\n") + known[1][0].replace("\n", "," * len(wide) + "\n"),
                loads(1),
            ),
            ("hundred-thousand-columns-with-one-known.csv", "订单编号," + ",".join(wide) + "\n", UNKNOWN),
            ("bomb-of-blank-lines.csv.gz", repeated(b"\n", 100 * MEGABYTE, before=(header + _rows("l-blank")[1][0]).encode()), loads(1)),
            ("bomb-of-broken-lines.csv.gz", repeated(b"a\n", 20 * MEGABYTE, before=header.encode()), refuses("broken")),
            ("bomb-of-quotes.csv.gz", repeated(b'"\n', 2 * MEGABYTE, before=header.encode()), refuses("broken")),
        ],
    )
