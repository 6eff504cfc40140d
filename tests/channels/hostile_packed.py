"""Archives and binary tables: cut, locked, lying about their size, reaching out of their place, unpacking to more than any disk."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Sequence

import polars as pl

from tests.channels.archives import zipped
from tests.channels.hostile_files import MEGABYTE, Fate, Hostile, loads, named, orders, packed, refuses

_DAMAGED_GZIP, _DAMAGED_ZIP = refuses("gzip file that ends too early or is damaged"), refuses("damaged zip")
_UNKNOWN = refuses("follows no contract")


def packed_files() -> list[Hostile]:
    """All of them."""
    return [*_gzip(), *_zip(), *_tar(), *_parquet()]


def _gzip() -> list[Hostile]:
    whole = packed(orders("g-whole"))
    wrong_sum = bytearray(packed(orders("g-sum")))
    wrong_sum[-8] ^= 0xFF
    header, *lines = orders("g-multi").splitlines(keepends=True)
    return named(
        "gzip",
        [
            ("whole.csv.gz", whole, loads(2)),
            ("cut.csv.gz", packed(orders("g-cut"))[:-30], _DAMAGED_GZIP),
            ("cut-in-the-trailer.csv.gz", packed(orders("g-cut2"))[:-4], _DAMAGED_GZIP),
            ("header-only.csv.gz", whole[:10], _DAMAGED_GZIP),
            ("three-bytes.csv.gz", whole[:3], _DAMAGED_GZIP),
            ("wrong-sum.csv.gz", bytes(wrong_sum), _DAMAGED_GZIP),
            ("text-behind.csv.gz", packed(orders("g-behind")) + b"garbage", _DAMAGED_GZIP),
            ("zeros-behind.csv.gz", packed(orders("g-zeros")) + bytes(512), loads(2)),
            ("several-members.csv.gz", b"".join(map(packed, [header, *lines])), loads(2)),
            ("nothing-inside.csv.gz", packed(b""), refuses("is empty")),
            ("twice-packed.csv.gz", packed(packed(orders("g-twice"))), refuses("gzip twice")),
            ("no-gzip-at-all.csv.gz", orders("g-plain"), loads(2)),
            ("plain-name.csv", packed(orders("g-name")), loads(2)),
        ],
    )


class _As(zipfile.ZipInfo):
    """A member whose name stays as it is given."""


def _archive(*members: tuple[str, bytes | str], change: Callable[[zipfile.ZipInfo], None] = lambda _: None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = _As("x")
            info.filename, info.compress_type = name, zipfile.ZIP_DEFLATED
            change(info)
            archive.writestr(info, content)
    return file.getvalue()


def _flagged_as_locked(content: bytes) -> bytes:
    out = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        out[out.index(signature) + offset] |= 1
    return bytes(out)


def _many_names_for_one_member(count: int) -> bytes:
    """Every entry of the directory points at the same 10 MB of zeros: 100 kB that state 9 GB."""
    content = _archive(("a.csv", bytes(10 * MEGABYTE)))
    begin = content.index(b"PK\x01\x02")
    end = content.rindex(b"PK\x05\x06")
    entry = content[begin:end]
    entries = b"".join(entry.replace(b"a.csv", f"{number:05}".encode()) for number in range(count))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(entries), begin, 0)
    return content[:begin] + entries + tail


def _directory_before_the_beginning() -> bytes:
    """The end states a directory larger than the file: a reader would go to a place before its first byte."""
    content = bytearray(zipped({"a.csv": orders("z-before")}))
    struct.pack_into("<L", content, content.rindex(b"PK\x05\x06") + 12, len(content) + 1000)
    return bytes(content)


def _nothing_but_a_directory() -> bytes:
    """Nothing but a directory: each entry costs the reader twenty times its size."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", *([0] * 18))[:46]
    entries = entry * 400_000
    return b"PK\x03\x04" + entries + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, len(entries), 4, 0)


def _link(info: zipfile.ZipInfo) -> None:
    info.create_system, info.external_attr = 3, 0o120777 << 16


def _zip() -> list[Hostile]:
    unknown, good = _UNKNOWN, loads(2)
    escapes = [
        ("../../../up.csv", orders("z-up")),
        ("/etc/absolute.csv", orders("z-abs")),
        ("C:\\Windows\\drive.csv", orders("z-drive")),
        ("a/../b.csv", orders("z-dots")),
        ("bad\nname\x1b.csv", orders("z-control")),
        ("\u202evsc.exe", orders("z-bidi")),
    ]
    labels = ["up.csv", "etc/absolute.csv", "C:/Windows/drive.csv", "a/b.csv", "bad_name_.csv", "_vsc.exe"]
    twice = _archive(("a.csv", orders("z-one")), ("./a.csv", orders("z-two")))
    nested = zipped({"deeper.zip": zipped({"deepest.zip": zipped({"a.csv": orders("z-nested")})})})
    wrong_sum = bytearray(zipped({"a.csv": orders("z-sum")}))
    wrong_sum[wrong_sum.index(b"a.csv") + 30] ^= 0xFF
    return [
        Hostile("zip/good.zip", zipped({"a.csv": orders("z-good"), "b.txt": "x\n"}), members={"a.csv": good, "b.txt": unknown}),
        Hostile("zip/names.zip", _archive(*escapes), members=dict.fromkeys(labels, good)),
        Hostile("zip/same-name-twice.zip", twice, members={"a.csv": good, "a.csv (2)": good}),
        Hostile("zip/link.zip", _archive(("passwd.csv", "/etc/passwd"), change=_link), members={"passwd.csv": unknown}),
        Hostile("zip/nested.zip", nested, members={"deeper.zip": refuses("inside another")}),
        Hostile("zip/bomb-inside.zip", zipped({"b.zip": _many_names_for_one_member(9)}), members={"b.zip": refuses("inside another")}),
        *named(
            "zip",
            [
                ("bomb-flat.zip", _many_names_for_one_member(900), refuses("raise channels.max_unpacked_bytes")),
                ("many-files.zip", zipped({f"{number}.csv": b"" for number in range(1001)}), refuses("raise channels.max_unpacked_files")),
                ("nothing-but-a-directory.zip", _nothing_but_a_directory(), refuses("more than 1000 files")),
                ("locked.zip", _flagged_as_locked(zipped({"a.csv": orders("z-locked")})), refuses("password")),
                ("cut.zip", zipped({"a.csv": orders("z-cut")})[:-30], _DAMAGED_ZIP),
                ("wrong-sum.zip", bytes(wrong_sum), _DAMAGED_ZIP),
                ("directory-before-the-beginning.zip", _directory_before_the_beginning(), _DAMAGED_ZIP),
                ("empty.zip", zipped({}), refuses("without files")),
                ("folders-only.zip", zipped({"a/": b"", "b/c/": b""}), refuses("without files")),
                ("hidden-only.zip", zipped({"__MACOSX/._a.csv": b"x", ".DS_Store": b"x"}), refuses("without files")),
                ("four-bytes.zip", b"PK\x03\x04", _DAMAGED_ZIP),
                ("program-before.zip", b"MZ" + bytes(500) + zipped({"a.csv": orders("z-exe")}), refuses("NUL")),
                ("seven-zip.7z", b"7z\xbc\xaf'\x1c" + bytes(100), refuses("7z")),
                ("archive.rar", b"Rar!\x1a\x07\x01\x00" + bytes(100), refuses("RAR")),
                ("packed.csv.bz2", b"BZh91AY&SY" + bytes(100), refuses("bzip2")),
                ("packed.csv.xz", b"\xfd7zXZ\x00" + bytes(100), refuses("xz")),
                ("packed.csv.zst", b"\x28\xb5\x2f\xfd" + bytes(100), refuses("zstd")),
            ],
        ),
    ]


def _tar_of(*members: tuple[str, bytes | str], kind: bytes = tarfile.REGTYPE, link: str = "") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data) if kind == tarfile.REGTYPE else 0, kind, link
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def _resummed(archive: bytearray) -> bytes:
    """With the sum of the first header as it must be."""
    archive[148:156] = b" " * 8
    archive[148:156] = b"%06o\0 " % sum(archive[:512])
    return bytes(archive)


def _tar() -> list[Hostile]:
    good, nothing = loads(2), refuses("without files")
    names: Sequence[tuple[str, str]] = [
        ("../../../up.csv", orders("t-up")),
        ("/etc/absolute.csv", orders("t-abs")),
        ("bad\nname.csv", orders("t-control")),
        ("a.csv", orders("t-a")),
        ("./a.csv", orders("t-a2")),
    ]
    labels = ["up.csv", "etc/absolute.csv", "bad_name.csv", "a.csv", "a.csv (2)"]
    inside = {"b.tar": _tar_of(("a.csv", orders("t-in")))}
    sparse = bytearray(_tar_of(("a.csv", b"x" * 512)))
    sparse[156:157] = tarfile.GNUTYPE_SPARSE
    huge = bytearray(_tar_of(("a.csv", b"x" * 512)))
    huge[124:136] = b"77777777777\x00"
    return [
        Hostile("tar/good.tar", _tar_of(("sub/a.csv", orders("t-good"))), members={"sub/a.csv": good}),
        Hostile("tar/good.tar.gz", packed(_tar_of(("a.csv", orders("t-gz")))), members={"a.csv": good}),
        Hostile("tar/names.tar", _tar_of(*names), members=dict.fromkeys(labels, good)),
        Hostile("tar/nested.tar", _tar_of(*inside.items()), members={"b.tar": refuses("inside another")}),
        *named(
            "tar",
            [
                ("links.tar", _tar_of(("passwd.csv", b""), kind=tarfile.SYMTYPE, link="/etc/passwd"), nothing),
                ("hard-links.tar", _tar_of(("passwd.csv", b""), kind=tarfile.LNKTYPE, link="/etc/passwd"), nothing),
                ("devices.tar", _tar_of(("null.csv", b""), kind=tarfile.CHRTYPE), nothing),
                ("pipes.tar", _tar_of(("pipe.csv", b""), kind=tarfile.FIFOTYPE), nothing),
                ("folders.tar", _tar_of(("a", b""), kind=tarfile.DIRTYPE), nothing),
                ("sparse.tar", _resummed(sparse), refuses("sparse")),
                ("states-8-gb.tar", _resummed(huge), refuses("raise channels.max_unpacked_bytes")),
                ("cut.tar.gz", packed(_tar_of(("a.csv", orders("t-cut"))))[:-30], refuses("damaged")),
                ("cut-inside.tar.gz", packed(_tar_of(("a.csv", orders("t-cut2")))[:1200]), refuses("damaged tar")),
                (
                    "many-files.tar.gz",
                    packed(_tar_of(*((f"{n}.csv", b"x") for n in range(1001)))),
                    refuses("raise channels.max_unpacked_files"),
                ),
            ],
        ),
    ]


def _parquet() -> list[Hostile]:
    def table(**columns: object) -> bytes:
        file = io.BytesIO()
        pl.DataFrame(columns).write_parquet(file)
        return file.getvalue()

    campaigns = table(campaign_id=[9001, 9002], household_id=[1, 2])
    texts = table(campaign_id=["9003", "x"], household_id=["1", ""])
    nested = table(campaign_id=[[1], [2]], household_id=[{"a": 1}, {"a": 2}])
    flipped = bytearray(campaigns)
    flipped[20] ^= 0xFF
    return named(
        "parquet",
        [
            ("good.parquet", campaigns, loads(2)),
            ("texts.parquet", texts, Fate(1, ("is empty",))),
            ("nested-columns.parquet", nested, refuses("could not be computed")),
            ("another-table.parquet", table(a=[1], b=["x"]), _UNKNOWN),
            ("no-rows.parquet", table(campaign_id=pl.Series([], dtype=pl.Int64), household_id=pl.Series([], dtype=pl.Int64)), loads(0)),
            ("cut.parquet", campaigns[:-20], refuses("damaged Parquet")),
            ("cut-footer.parquet", campaigns[: len(campaigns) // 2], refuses("damaged Parquet")),
            ("four-bytes.parquet", b"PAR1", refuses("damaged Parquet")),
            ("wrong-footer-size.parquet", campaigns[:-8] + b"\xff\xff\xff\x7fPAR1", refuses("damaged Parquet")),
            ("flipped.parquet", bytes(flipped), refuses("could not be computed")),
            ("locked.parquet", b"PARE" + campaigns[4:-4] + b"PARE", refuses("encrypted Parquet")),
        ],
    )
