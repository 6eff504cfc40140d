"""Names that no file should have, and things in the inbox that are no files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.channels.hostile_files import Fate, loads, orders, refuses

# bytes of the name -> the path that it is known by
_NAMES: Mapping[bytes, str] = {
    b"line\nbreak.csv": "line_break.csv",
    b"escape\x1b[2J.csv": "escape_[2J.csv",
    b"turned\xe2\x80\xaevsc.exe": "turned_vsc.exe",
    b"-rf.csv": "-rf.csv",
    b" space .csv ": " space .csv ",
    b"quote'\".csv": "quote'\".csv",
    b"star*[a]?.csv": "star*[a]?.csv",
    b"percent%20$HOME`id`.csv": "percent%20$HOME`id`.csv",
    "emoji\U0001f468\u200d\U0001f469.csv".encode(): "emoji\U0001f468\u200d\U0001f469.csv",
    "订单.csv".encode(): "订单.csv",
    "订单.csv".encode("gbk"): "订单.csv (2)",
    b"\xff\xff.csv": "\ufffd\ufffd.csv",
    b"\xff\xfe.csv": "\ufffd\ufffd.csv (2)",
    b"n" * 251 + b".csv": "n" * 251 + ".csv",
    b"no-suffix": "no-suffix",
    b"table.exe": "table.exe",
    b"ExportOrderList000101010000.csv": "ExportOrderList000101010000.csv",
    b"ExportOrderList999912312359.csv": "ExportOrderList999912312359.csv",
    b"of-9999-12-31.csv": "of-9999-12-31.csv",
}


def put_odd_names(inbox: Path) -> dict[str, Fate]:
    """Write files with such names, and what is no file, below the inbox; their fates by path."""
    folder = inbox / "names"
    folder.mkdir()
    for name in _NAMES:
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(orders(f"name-{name!r}"))
    fates = {f"names/{known}": loads(2) for known in _NAMES.values()}
    (folder / "folder.csv").mkdir()
    (folder / "folder.csv" / "a.csv").write_text(orders("name-folder"))
    (folder / "circle").symlink_to(inbox)
    (folder / "folder.csv" / "circle").symlink_to(folder)
    (folder / "z-link.csv").symlink_to(folder / "table.exe")
    (folder / "out.csv").symlink_to("/etc/passwd")
    (folder / "out").symlink_to("/etc")
    (folder / "nothing.csv").symlink_to("missing.csv")
    os.mkfifo(folder / "pipe.csv")
    os.utime(folder / "no-suffix", (-(10**10), -(10**10)))
    os.utime(folder / "table.exe", (10**12, 10**12))
    for left_out in (".hidden.csv", "~$locked.xlsx", "half.csv.part"):
        (folder / left_out).write_text("x")
    return fates | {
        "names/folder.csv/a.csv": loads(2),
        "names/out.csv": refuses("leads out of the deliveries"),
        "names/out": refuses("leads out of the deliveries"),
        "names/nothing.csv": refuses("a link to nothing"),
        "names/pipe.csv": refuses("a pipe"),
    }
