"""What a body is: a file's name or the first bytes of it go in, a media type comes out, as Go's net/http decides.

The table of suffixes is that of Go's package mime (1.27) where the system has none of its own; the signatures are those
of the MIME Sniffing Standard (section 6 and 7) that http.DetectContentType looks for.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = 512  # bytes that are looked at
OCTETS: Final = "application/octet-stream"
TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
_XML: Final = "text/xml; charset=utf-8"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"

BY_SUFFIX: Final = {
    **dict.fromkeys((".ai", ".eps", ".ps"), "application/postscript"),
    **dict.fromkeys((".bin", ".com", ".exe"), OCTETS),
    **dict.fromkeys((".htm", ".html", ".ehtml", ".shtml"), HTML),
    **dict.fromkeys((".jpg", ".jpeg", ".jfif", ".pjp", ".pjpeg"), "image/jpeg"),
    **dict.fromkeys((".js", ".mjs"), "text/javascript; charset=utf-8"),
    **dict.fromkeys((".oga", ".ogg", ".opus"), "audio/ogg"),
    **dict.fromkeys((".tif", ".tiff"), "image/tiff"),
    **dict.fromkeys((".txt", ".text"), TEXT),
    **dict.fromkeys((".xbl", ".xml", ".xsl"), _XML),
    **dict.fromkeys((".xht", ".xhtml"), "application/xhtml+xml"),
    ".apk": "application/vnd.android.package-archive",
    ".apng": "image/apng",
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".css": "text/css; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".doc": "application/msword",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".eml": "message/rfc822",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".gz": "application/gzip",
    ".ico": "image/vnd.microsoft.icon",
    ".ics": "text/calendar; charset=utf-8",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogv": "video/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".rdf": "application/rdf+xml",
    ".rtf": "application/rtf",
    ".svg": "image/svg+xml",
    ".vtt": "text/vtt; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
    ".webp": "image/webp",
    ".xbm": "image/x-xbitmap",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".zip": "application/zip",
}

# A tag that begins a page, in any case, with a blank or `>` behind it.
_TAGS: Final = tuple(
    b"<" + tag
    for tag in (
        *(b"!DOCTYPE HTML", b"HTML", b"HEAD", b"SCRIPT", b"IFRAME", b"H1", b"DIV", b"FONT", b"TABLE", b"A"),
        *(b"STYLE", b"TITLE", b"B", b"BODY", b"BR", b"P", b"!--"),
    )
)
# What bytes begin with, and with what they go on from the eighth; in the order in which they are tried.
_SIGNATURES: Final = (
    (b"%PDF-", b"", "application/pdf"),
    (b"%!PS-Adobe-", b"", "application/postscript"),
    (b"\x00\x00\x01\x00", b"", "image/x-icon"),
    (b"\x00\x00\x02\x00", b"", "image/x-icon"),
    (b"BM", b"", "image/bmp"),
    (b"GIF87a", b"", "image/gif"),
    (b"GIF89a", b"", "image/gif"),
    (b"RIFF", b"WEBPVP", "image/webp"),
    (b"\x89PNG\r\n\x1a\n", b"", "image/png"),
    (b"\xff\xd8\xff", b"", "image/jpeg"),
    (b"FORM", b"AIFF", "audio/aiff"),
    (b"ID3", b"", "audio/mpeg"),
    (b"OggS\x00", b"", "application/ogg"),
    (b"MThd\x00\x00\x00\x06", b"", "audio/midi"),
    (b"RIFF", b"AVI ", "video/avi"),
    (b"RIFF", b"WAVE", "audio/wave"),
)
_LATER_SIGNATURES: Final = (
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x01\x00\x00", "font/ttf"),
    (b"OTTO", "font/otf"),
    (b"ttcf", "font/collection"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff2"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\x00", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\x00", "application/x-rar-compressed"),
    (b"\x00asm", "application/wasm"),
)
# Byte order marks; each counts only with as many bytes behind it as make four.
_MARKS: Final = ((b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"), (b"\xef\xbb\xbf", "utf-8"))
_BLANKS: Final = b"\t\n\x0c\r "
_BINARY: Final = bytes({*range(0x20)} - {*b"\t\n\x0c\r\x1b"})


def type_of_name(name: str) -> str | None:
    """The type that a file's suffix stands for, in any case; None where it stands for none."""
    dot = name.rfind(".")
    return BY_SUFFIX.get(name[dot:].lower()) if dot >= 0 else None


def sniff(data: bytes) -> str:
    """The type of what begins with these bytes; the first `HEAD` of them count."""
    head = data[:HEAD]
    text = head.lstrip(_BLANKS)
    upper = text.upper()
    if any(upper.startswith(tag) and text[len(tag) : len(tag) + 1] in {b" ", b">"} for tag in _TAGS):
        return HTML
    if text.startswith(b"<?xml"):
        return _XML
    marked = next((name for mark, name in _MARKS if head.startswith(mark) and len(head) >= 4), None)
    if marked is not None:
        return f"text/plain; charset={marked}"
    found = next(
        (kind for start, rest, kind in _SIGNATURES if head.startswith(start) and head[8:].startswith(rest)), ""
    )
    if not found and _is_mp4(head):
        found = "video/mp4"
    if not found and head[34:36] == b"LP" and not any(head[:34]):
        found = "application/vnd.ms-fontobject"
    found = found or next((kind for start, kind in _LATER_SIGNATURES if head.startswith(start)), "")
    return found or (OCTETS if text.translate(None, _BINARY) != text else TEXT)


def _is_mp4(head: bytes) -> bool:
    """MIME Sniffing Standard, section 6.2.1: a box `ftyp` with a brand that begins with `mp4`, the version aside."""
    size = int.from_bytes(head[:4], "big")
    if len(head) < 12 or size % 4 or len(head) < size or head[4:8] != b"ftyp":
        return False
    return any(head[at : at + 3] == b"mp4" for at in range(8, size, 4) if at != 12)
