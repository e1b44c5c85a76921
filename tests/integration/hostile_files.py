"""Files made to harm whoever reads them, by the kind of attack. Nothing here is a copy of a known sample."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.formats import TELLERS, Chapter
from tests.unit.ingest import packages, pdfs

CANARY = "canary-7f3a"
_STORY = (Chapter("The ferry", ("The ferry leaves at nine.", "Dogs ride free.")),)
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources 5 0 R>>"
_FONT = b"<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"


def _pdf(objects: Mapping[int, bytes], *, root: bytes = b"1 0 R", size: int | None = None) -> bytes:
    """A PDF of these objects, with a true cross-reference table."""
    standard = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: _PAGE,
        4: stream(b"BT /F1 12 Tf 10 100 Td (The ferry leaves at nine.) Tj ET"),
        5: _FONT,
    }
    body = b"%PDF-1.7\n"
    places = {}
    for number, content in sorted({**standard, **objects}.items()):
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    count = max(places) + 1
    rows = (b"%010d 00000 n \n" % places.get(number, 0) for number in range(1, count))
    table = b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(rows)
    trailer = b"trailer<</Root %s/Size %d>>\n" % (root, size or count)
    return body + table + trailer + b"startxref\n%d\n%%%%EOF" % len(body)


def stream(data: bytes, entries: bytes = b"", *, length: int | None = None) -> bytes:
    """A stream object, whose stated length may be a lie."""
    stated = len(data) if length is None else length
    return b"<</Length %d%s>>stream\n%s\nendstream" % (stated, entries, data)


def _packed(data: bytes, entries: bytes = b"") -> bytes:
    return stream(zlib.compress(data, 9), b"/Filter/FlateDecode" + entries)


def _show(text: bytes) -> bytes:
    return b"BT /F1 12 Tf 10 100 Td (" + text + b") Tj ET"


def malformed_pdfs() -> dict[str, bytes]:
    """A PDF for each way in which readers of them were broken once."""
    outline = b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>"
    image = b"/Type/XObject/Subtype/Image/BitsPerComponent 8/ColorSpace/DeviceRGB"
    draws = {4: stream(b"/I Do"), 5: b"<</XObject<</I 6 0 R>>>>"}
    metadata = b"<</Type/Catalog/Pages 2 0 R/Metadata 6 0 R>>"
    entities = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    font = b"<</Font<</F1<</Type/Font/Subtype/Type0/BaseFont/X/Encoding/Identity-H/ToUnicode 6 0 R%s>>>>>>"
    good = _pdf({})
    return {
        "inline image without an end": _pdf({4: stream(b"BI /W 9 /H 9 /BPC 8 /CS /G ID " + b"x" * 4000)}),
        "inline JPEG without an end": _pdf({4: stream(b"BI /W 9 /H 9 /F /DCT ID \xff\xd8" + b"\xff" * 4000)}),
        "inline ASCII85 without an end": _pdf({4: stream(b"BI /W 9 /H 9 /F /A85 ID " + b"z" * 9000)}),
        "comment without an end": _pdf({4: stream(b"% " + b"x" * 9000)}),
        "comment at the end of the file": good + b"\n%" + b"x" * 100,
        "stream that inflates to much": _pdf({4: _packed(b" " * (64 << 20))}),
        "stream that is cut": _pdf({4: stream(zlib.compress(_show(b"a"))[:-6], b"/Filter/FlateDecode")}),
        "LZW rubbish": _pdf({4: stream(b"\x80\x0b" * 9000, b"/Filter/LZWDecode")}),
        "run lengths": _pdf({4: stream(b"\x81a" * 9000, b"/Filter/RunLengthDecode")}),
        "hexadecimal white space": _pdf({4: stream(b"4 \n" * 90_000, b"/Filter/ASCIIHexDecode")}),
        "forty filters": _pdf({4: stream(b"a", b"/Filter[" + b"/ASCIIHexDecode" * 40 + b"]")}),
        "predictor": _pdf({4: _packed(b"\x09" * 999, b"/DecodeParms<</Predictor 15/Columns 99999999>>")}),
        "colours of a predictor": _pdf({4: _packed(b"a", b"/DecodeParms<</Predictor 2/Colors 99999999>>")}),
        "no root": good.replace(b"/Root 1 0 R", b""),
        "no root and a large size": _pdf({}, root=b"null", size=99_999_999),
        "root that is a number": _pdf({}, root=b"7"),
        "startxref far away": good.replace(b"startxref\n", b"startxref\n99999999"),
        "startxref that is no number": good.replace(b"startxref\n", b"startxref\nx"),
        "no startxref": good[: good.rindex(b"startxref")],
        "table at itself": good.replace(b"/Size", b"/Prev %d/Size" % good.rindex(b"xref\n0")),
        "table that lies": good.replace(b" 00000 n", b" 99999 n"),
        "table of width nought": _pdf({6: stream(b"abc", b"/Type/XRef/W[0 0 0]/Size 9/Root 1 0 R")}),
        "pages that hold themselves": _pdf({2: b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>"}),
        "page that is its parent's parent": _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count 1/Parent 3 0 R>>"}),
        "a billion pages": _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count 1000000000>>"}),
        "fewer pages than none": _pdf({2: b"<</Type/Pages/Kids[3 0 R]/Count -5>>"}),
        "no kids": _pdf({2: b"<</Type/Pages/Kids[]/Count 0>>"}),
        "kids that are none": _pdf({2: b"<</Type/Pages/Kids[null 7 (a) 99 0 R]/Count 4>>"}),
        "kids that are all one page": _pdf({2: b"<</Type/Pages/Kids[" + b"3 0 R " * 900 + b"]/Count 900>>"}),
        "page without a size": _pdf({3: _PAGE.replace(b"[0 0 200 200]", b"[0 0 0 0]")}),
        "page of endless size": _pdf({3: _PAGE.replace(b"200 200", b"1e38 1e38")}),
        "page that is no number wide": _pdf({3: _PAGE.replace(b"200 200", b"/a (b)")}),
        "outline in a circle": _pdf({1: outline, 6: b"<</First 7 0 R/Last 7 0 R/Count 1>>", 7: b"<</Title(a)/Parent 6 0 R/Next 7 0 R>>"}),
        "outline that holds itself": _pdf({1: outline, 6: b"<</First 7 0 R/Last 7 0 R/Count 1>>", 7: b"<</Title(a)/Parent 6 0 R/First 7 0 R/Last 7 0 R>>"}),
        "outline to nowhere": _pdf({1: outline, 6: b"<</First 7 0 R/Last 7 0 R/Count -9>>", 7: b"<</Title(a)/Dest[99 0 R/XYZ null 1e39 0]>>"}),
        "form that draws itself": _pdf({4: stream(b"/I Do"), 5: b"<</XObject<</I 6 0 R>>>>", 6: stream(b"/I Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources 5 0 R")}),
        "image of a billion points": _pdf({**draws, 6: stream(b"a", image + b"/Width 99999/Height 99999")}),
        "image of no points": _pdf({**draws, 6: stream(b"a", image + b"/Width 0/Height -1")}),
        "contents that hold themselves": _pdf({3: _PAGE.replace(b"4 0 R", b"6 0 R"), 6: b"[6 0 R 4 0 R]"}),
        "a thousand contents": _pdf({3: _PAGE.replace(b"4 0 R", b"[" + b"4 0 R " * 1000 + b"]")}),
        "length of another stream": _pdf({4: b"<</Length 4 0 R>>stream\n" + _show(b"a") + b"\nendstream"}),
        "length that is too long": _pdf({4: stream(_show(b"a"), length=999_999)}),
        "length below nought": _pdf({4: stream(_show(b"a"), length=-9)}),
        "metadata with entities": _pdf({1: metadata, 6: stream(entities, b"/Type/Metadata/Subtype/XML")}),
        "characters mapped without end": _pdf({5: font % b"", 6: stream(b"1 beginbfrange <0000> <ffff> <" + b"61" * 9000 + b"> endbfrange")}),
        "widths without end": _pdf({5: font % b"/DescendantFonts[<</Subtype/CIDFontType2/W[0 99999999 5]>>]"}),
        "names nested deeply": _pdf({6: b"[" * 50_000}),
        "strings nested deeply": _pdf({4: stream(b"BT " + b"(" * 50_000)}),
        "objects in a stream that holds itself": _pdf({6: stream(b"6 0 <</a 1>>", b"/Type/ObjStm/N 1/First 4/Extends 6 0 R")}),
        "objects in a stream that lies": _pdf({6: stream(b"1 0", b"/Type/ObjStm/N 99999999/First 99999999")}),
        "references in a circle": _pdf({3: _PAGE.replace(b"5 0 R", b"6 0 R"), 6: b"7 0 R", 7: b"6 0 R"}),
        "encrypted by nothing": good.replace(b"/Size", b"/Encrypt 6 0 R/Size"),
        "header alone": b"%PDF-1.7\n",
        "header twice": b"%PDF-1.7\n" + good,
        "no end": good[: len(good) // 2],
        "bytes of nought": b"%PDF-1.7\n" + b"\0" * 5000,
    }  # fmt: skip


def mutated_pdfs(count: int, seed: int) -> Iterator[bytes]:
    """Good PDFs in which a few bytes, or a stretch of them, were changed."""
    chance = random.Random(seed)  # noqa: S311 # not for secrets
    good = [TELLERS["story.pdf"](_STORY), pdfs.pdf([["One line.", "Two."], ["Three."]]), _pdf({})]
    for _ in range(count):
        content = bytearray(chance.choice(good))
        for _ in range(chance.randint(1, 20)):
            at = chance.randrange(len(content))
            match chance.randrange(4):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    del content[at : at + chance.randint(1, 40)]
                case 2:
                    content[at:at] = content[at : at + chance.randint(1, 200)]
                case _:
                    content[at:at] = chance.choice(
                        [b"<<", b">>", b"[", b"(", b"99999999", b" 0 R", b"%"]
                    )
        yield bytes(content)


def costly_pdfs() -> dict[str, bytes]:
    """PDFs that take a reader much longer than they are long."""
    forms = {
        number: stream(
            b"/N Do " * 10,
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</N %d 0 R>>>>"
            % min(number + 1, 36),
        )
        for number in range(6, 36)
    }
    forms[36] = stream(_show(b"a"), b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources 5 0 R")
    deep = {
        number: b"<</Type/Pages/Kids[%d 0 R]/Count 1/Parent %d 0 R>>" % (number + 1, number - 1)
        for number in range(6, 20_000)
    }
    deep[20_000] = _PAGE.replace(b"2 0 R", b"19999 0 R")
    long_outline = {
        number: b"<</Title(entry)/Parent 6 0 R/Next %d 0 R>>" % (number + 1)
        for number in range(7, 60_000)
    }
    many = b"".join(b"/F%d 12 Tf (a) Tj " % n for n in range(60_000))
    return {
        "one text shown again and again": _pdf({4: _packed(b"BT /F1 1 Tf " + b"(a) Tj " * 400_000 + b"ET")}),
        "text at one place": _pdf({4: _packed(b"BT /F1 1 Tf " + b"1 0 0 1 5 5 Tm (a) Tj " * 200_000 + b"ET")}),
        "text of no size": _pdf({4: _packed(b"BT /F1 0 Tf " + b"(ab) Tj 0 0 Td " * 200_000 + b"ET")}),
        "forms that draw ten forms": _pdf({4: stream(b"/N Do"), 5: b"<</XObject<</N 6 0 R>>/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", **forms}),
        "pages nested deeply": _pdf({2: b"<</Type/Pages/Kids[6 0 R]/Count 1>>", **deep}),
        "sixty thousand headings": _pdf({1: b"<</Type/Catalog/Pages 2 0 R/Outlines 6 0 R>>", 6: b"<</First 7 0 R/Last 59999 0 R/Count 59993>>", **long_outline}),
        "sixty thousand fonts": _pdf({4: _packed(b"BT " + many + b"ET")}),
        "graphics states never closed": _pdf({4: _packed(b"q " * 2_000_000)}),
        "a path of a million lines": _pdf({4: _packed(b"0 0 m " + b"9 9 l " * 1_000_000 + b"S")}),
        "one hundred thousand pages of one": _pdf({2: b"<</Type/Pages/Kids[" + b"3 0 R " * 100_000 + b"]/Count 100000>>"}),
    }  # fmt: skip


_OFFICE = {
    "word": ("word/document.xml", b"<w:document/>"),
    "slides": ("ppt/presentation.xml", b"<p:presentation/>"),
    "sheets": ("xl/workbook.xml", b"<workbook/>"),
    "book": ("META-INF/container.xml", b"<container/>"),
}


def hostile_archives() -> dict[str, bytes]:
    """Ten ways to harm whoever unpacks, as four formats."""
    return {
        f"{attack} ({kind})": make(part, content)
        for kind, (part, content) in _OFFICE.items()
        for attack, make in _ARCHIVES.items()
    }


def _archive(
    part: str, members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as package:
        if part.startswith("META-INF"):
            package.writestr(zipfile.ZipInfo("mimetype"), b"application/epub+zip")
        for name, content in members:
            package.writestr(name, content)
    return buffer.getvalue()


def _with_directory(content: bytes, offset: int, value: bytes) -> bytes:
    """The archive with a field of its last directory entry overwritten."""
    changed = bytearray(content)
    at = changed.rindex(b"PK\x01\x02") + offset
    changed[at : at + len(value)] = value
    return bytes(changed)


def _link(part: str, _: bytes) -> bytes:
    entry = zipfile.ZipInfo(part)
    entry.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


def _sixty_four(part: str, content: bytes) -> bytes:
    """An entry whose true sizes stand in a ZIP64 field that claims exabytes."""
    entry = zipfile.ZipInfo(part)
    entry.extra = struct.pack("<HHQQ", 1, 16, 1 << 60, 1 << 60)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr(entry, content)
    return _with_directory(buffer.getvalue(), 20, b"\xff" * 8)


_ARCHIVES: dict[str, Callable[[str, bytes], bytes]] = {
    "entries that overlap": lambda part, content: _with_directory(
        _archive(part, [(part, content), ("second", b"b" * 50)]), 42, struct.pack("<I", 0)
    ),
    "a part that grows a thousandfold": lambda part, _: _archive(part, [(part, b" " * (8 << 20))]),
    "an archive in an archive": lambda part, _: _archive(
        part, [("inner.zip", _archive("", [("a", b"\0" * (4 << 20))]))]
    ),
    "a hundred thousand parts": lambda part, content: _archive(
        part, [(part, content), *((f"p/{n}", b"") for n in range(100_000))], zipfile.ZIP_STORED
    ),
    "a size that is a lie": lambda part, content: _with_directory(
        _archive(part, [(part, content * 50)]), 24, struct.pack("<I", 9)
    ),
    "sizes of exabytes": _sixty_four,
    "a password": lambda part, content: _with_directory(
        _archive(part, [(part, content)]), 8, b"\x01\x00"
    ),
    "a link to outside": _link,
    "a path to outside": lambda part, content: _archive(
        part, [(part, content), ("../../evil", b"x")]
    ),
    "an absolute path": lambda part, content: _archive(
        part, [(part, content), ("/etc/evil", b"x")]
    ),
}


def fetching_files(canary: str, address: str) -> dict[str, bytes]:
    """Files that would have a reader fetch `canary`, a file, or `address`, a web page."""
    declarations = {
        "a file as entity": f'<!DOCTYPE x [<!ENTITY a SYSTEM "file://{canary}">]>',
        "a page as entity": f'<!DOCTYPE x [<!ENTITY a SYSTEM "{address}/entity">]>',
        "a parameter entity": f'<!DOCTYPE x [<!ENTITY % a SYSTEM "{address}/dtd"> %a;]>',
        "an outer DTD": f'<!DOCTYPE x SYSTEM "{address}/outer.dtd">',
        "a billion laughs": "<!DOCTYPE x [<!ENTITY a0 'ha'>"
        + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
        + "<!ENTITY a '&a9;'>]>",
        "a long entity": f"<!DOCTYPE x [<!ENTITY a '{'a' * 90_000}'>]>",
    }
    files = {}
    for attack, declared in declarations.items():
        body = "&a;" * (1000 if attack == "a long entity" else 1)
        markup = f'<?xml version="1.0"?>{declared}<x>{body}</x>'
        for kind, (part, _) in _OFFICE.items():
            files[f"{attack} ({kind})"] = _archive(part, [(part, markup.encode())])
        files[f"{attack} (page)"] = markup.replace("<x>", "<html><body>words ").encode()
    include = f'<x xmlns:i="http://www.w3.org/2001/XInclude"><i:include href="file://{canary}" parse="text"/></x>'
    page = (
        f'<html><head><base href="{address}/"><meta http-equiv="refresh" content="0;url={address}/r">'
        f'<link rel="stylesheet" href="{address}/s"><script src="{address}/j"></script></head><body>'
        f'<p>words</p><img src="{address}/i"><iframe src="file://{canary}"></iframe><object data="{address}/o">'
    )
    uri = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI(%s/pdf)>>>>" % address.encode()
    launch = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Launch/F(/bin/sh)>>>>"
    script = b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL('%s'))>>>>"
    return {
        **files,
        "an include (word)": _archive("", [("word/document.xml", include.encode())]),
        "an include (page)": f"<html><body>words {include}".encode(),
        "all that a page can fetch": page.encode(),
        "an image in Markdown": f"# A\n\n![x]({address}/md) words <img src='{address}/md2'>\n\n## B\n".encode(),
        "an image in a mail": f"From: a@b.example\nSubject: x\nDate: 3 May 2024\nContent-Type: text/html\n\n{page}".encode(),
        "an action of a PDF": _pdf({1: uri}),
        "a program of a PDF": _pdf({1: launch}),
        "a script of a PDF": _pdf({1: script % address.encode()}),
        "a template of a document": _with_template(address),
    }  # fmt: skip


def _with_template(address: str) -> bytes:
    """A sound Word document whose settings name a template elsewhere."""
    relation = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        f'attachedTemplate" Target="{address}/template" TargetMode="External"/></Relationships>'
    )
    with zipfile.ZipFile(io.BytesIO(packages.word())) as package:
        members = {name: package.read(name) for name in package.namelist()}
    return packages.zipped({**members, "word/_rels/settings.xml.rels": relation})


def hostile_texts() -> dict[str, bytes]:
    """Pages and texts that are deep, long, or full of what is not seen."""
    tags = [
        b"div",
        b"b",
        b"blockquote",
        b"ul",
        b"table",
        b"a",
        b"font",
        b"span",
        b"form",
        b"svg",
        b"math",
        b"template",
        b"article",
    ]
    nested = {
        f"{tag.decode()} nested deeply": b"<html><body>words" + b"<%s>" % tag * 100_000
        for tag in tags
    }
    unclosed = {
        f"{start.decode()} without an end": b"<html><body>words " + start + b" x" * 100_000
        for start in (b"<!--", b"<script>", b"<style>", b"<![CDATA[", b"<a href='", b"<textarea>", b"<title>", b"&#")
    }  # fmt: skip
    unseen = {
        f"U+{ord(one):04X}": f"The ferry {one}leaves{one * 50} at nine.".encode()
        for one in "\u200b\u200e\u202e\u2066\u2060\ufeff\u00ad\u180e\U000e0041\U000e007f\u061c"
    }
    marks = [
        "<",
        "&lt;",
        "[",
        "*",
        "`",
        "> ",
        "- ",
        "| ",
        "# ",
        "!",
        "\\",
        "~~~\n",
        "\t",
        "((((",
        "1. ",
    ]
    markdown = {
        f"Markdown {mark!r}": (f"# A\n\nwords\n\n## B\n\n{mark * 100_000}").encode()
        for mark in marks
    }
    return {
        **nested,
        **unclosed,
        **unseen,
        **markdown,
        "a line of fifty megabytes": b"word " * (10 << 20),
        "no space at all": b"x" * (5 << 20),
        "a million marks over one letter": ("e" + "\u0301" * 1_000_000).encode(),
        "bytes of nought": b"words and \0\0\0 words",
        "half of a pair": b"words \xed\xa0\x80 words",
        "UTF-7": b"+ADw-script+AD4- words and words",
        "UTF-16 without a mark": "words and more words ".encode("utf-16-le") * 50,
        "UTF-16 cut in a letter": "words and more words".encode("utf-16")[:-1],
        "UTF-32": "words and more words".encode("utf-32"),
        "all line ends": b"one\rtwo\r\nthree\x0bfour\x0cfive\x85six\xe2\x80\xa8seven",
        "a million attributes": b"<html><body " + b"".join(b"a%d=1 " % n for n in range(200_000)) + b">words",
        "two hundred thousand rows": b"<html><body><table>" + b"<tr><td>a<td>b" * 100_000,
        "three columns that span a billion": b"<html><body><table><tr><td colspan=1000000000 rowspan=1000000000>words<td>b",
    }  # fmt: skip


def hostile_transcripts() -> dict[str, bytes]:
    """Subtitles and transcripts whose times and marks are no good."""
    times = [
        "-00:00:01.000 --> 00:00:02.000", "99:99:99.999 --> 00:00:00.000", "999999999:00:00.000 --> 1:0:0.0",
        "00:00:01.000 --> ", " --> ", "00:00:01,000 --> 00:00:02,000 " + "x:1 " * 5000, "00:00:01.000 -->-->",
        "٠٠:٠٠:٠١.٠٠٠ --> ٠٠:٠٠:٠٢.٠٠٠", "1e9:00:00.000 --> 1e9:00:01.000", "00:00:01.000 --> 00:00:02.000" * 2000,
    ]  # fmt: skip
    texts = ["<v " * 20_000, "<c." * 20_000, "{\\an" * 20_000, "&amp;" * 20_000, "-->" * 20_000, "[" * 50_000,
             "A: " * 20_000, "(00:01) " * 20_000, "\u202e" * 20_000, "0:00 " * 20_000]  # fmt: skip
    cue = "1\n00:00:01{0}000 --> 00:00:02{0}000\n{1}\n\n"
    return {
        **{f"VTT time {time[:30]!r}": f"WEBVTT\n\n{time}\nwords\n".encode() for time in times},
        **{f"SRT time {time[:30]!r}": f"1\n{time}\nwords\n".encode() for time in times},
        **{f"VTT {text[:5]!r}": ("WEBVTT\n\n" + cue.format(".", text)).encode() for text in texts},
        **{f"stamps {text[:5]!r}": f"[00:01] words\n[00:02] {text}\n".encode() for text in texts},
        "a million cues": b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\na\n\n" * 300_000,
        "the same cue for ever": b"WEBVTT\n\n"
        + b"00:01.000 --> 00:02.000\nthe same words\n\n" * 20_000,
        "notes alone": b"WEBVTT\n\n" + b"NOTE x\n\n" * 20_000,
        "JSON": b'{"segments": [' + b'{"start": 1e999, "text": "a"},' * 20_000 + b"]}",
    }
