"""The catalogue of this room: every reason why bytes cannot be had, with its code and what to do about it.

The words before the first colon are Ignition's (2.27) wherever it has words for the case. `{url}` is redacted.
"""

from __future__ import annotations

from typing import Final

from stoker.report import Message

# The request itself.
NEEDS_NETWORK: Final = Message(
    "needs-fetch",
    "resource requires networking: `{url}` has to be fetched, and this run reads only what the config itself holds",
    "embed the contents, or run where the network can be reached",
)
BAD_SCHEME: Final = Message(
    "bad-scheme",
    "unsupported source scheme: `{scheme}` of `{url}`",
    "{known} can be fetched here",
)
BAD_URL: Final = Message("bad-url", "`{url}` cannot be fetched: {reason}", "correct the URL")
BAD_DATA_URL: Final = Message("bad-data-url", "a data URL cannot be decoded: {reason}")
BAD_HEADER: Final = Message(
    "bad-header",
    "the request header `{name}` for `{url}` cannot be sent: {reason}",
    "names are letters, digits and dashes; values are one line",
)
BAD_COMPRESSION_NAME: Final = Message(
    "bad-compression-name", "invalid compression method: `{compression}`", "it is empty or `gzip`"
)
BAD_DIGEST: Final = Message("bad-digest", "`{digest}` is not `sha512-` or `sha256-` and a digest in hex")
BAD_PROXY: Final = Message(
    "bad-proxy",
    "the proxy `{proxy}` cannot be used for `{url}`: {reason}",
    "name a proxy as `http://HOST:PORT` under `ignition.proxy`, or the host under `noProxy`",
)
BAD_ARN: Final = Message(
    "bad-arn",
    "invalid S3 ARN format: `{url}`: {reason}",
    "write `arn:aws:s3:::BUCKET/KEY` or `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/object/KEY`",
)

# Whom to trust.
BAD_BUNDLE: Final = Message(
    "bad-bundle",
    "unable to decode PEM block: certificate authority `{url}`: {reason}",
    "a bundle is one or more `CERTIFICATE` blocks in PEM and nothing after them",
)

# Nobody answers.
NO_ANSWER: Final = Message("no-answer", "`{url}` cannot be reached: {brief}")
TRY_LATER: Final = Message("try-later", "`{url}` answered {brief}")
GAVE_UP: Final = Message(
    "gave-up",
    "unable to fetch resource in time: `{url}`: {brief}",
    "look at the network, the server and the URL",
)

# The other side says no.
NOT_FOUND: Final = Message(
    "not-found",
    "resource not found: `{url}`: {reason}",
    "correct the URL, or put the file where it is asked for",
)
REFUSED: Final = Message(
    "fetch-refused",
    "failed to fetch resource: `{url}`: {reason}",
    "ask the one who keeps the server, or send the credentials it wants by `httpHeaders`",
)
REFUSED_OBJECT: Final = Message(
    "fetch-refused",
    "failed to fetch resource: `{url}`: {reason} (asked {who})",
    "grant this instance or these credentials the right to read the object",
)
REDIRECTED: Final = Message(
    "too-many-redirects",
    "failed to fetch resource: `{url}`: stopped after {count} redirects",
    "name the URL at which the file really is",
)

# The bytes.
CUT: Final = Message(
    "cut-short",
    "`{url}` ended too early: {reason}",
    "fetch it by hand to see whether the server, or a proxy before it, cuts it short",
)
BAD_COMPRESSION: Final = Message(
    "bad-compression", "contents are not gzip: {reason}", "leave out `compression` where the bytes are not compressed"
)
TOO_LARGE: Final = Message("too-large", "contents are larger than {limit} bytes when decompressed")
TOO_DENSE: Final = Message(
    "too-dense",
    "contents grow more than {ratio} times when decompressed, after {made} bytes",
    "serve them uncompressed if they really are that large",
)
WRONG_DIGEST: Final = Message(
    "wrong-digest",
    "hash verification failed (calculated {found} but expected {wanted})",
    "the digest is that of the decompressed bytes; if the file was meant to change, change the digest with it",
)
