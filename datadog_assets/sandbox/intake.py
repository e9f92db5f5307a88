"""The rules of POST /api/v2/logs: what is taken, cut or refused.

https://docs.datadoghq.com/api/latest/logs/#send-logs gives the limits. MB is read strictly throughout, as
1,000,000 bytes: whoever fits into that fits into the other reading too.
"""

import zlib
from collections.abc import AsyncIterable

import orjson

from datadog_assets.log import Log
from datadog_assets.preprocess import NestedTooDeeply, preprocess

MAX_PAYLOAD_BYTES = 5_000_000
"""One request's body, uncompressed: 5 MB. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

MAX_ENTRIES = 1_000
"""Entries in one request. https://docs.datadoghq.com/api/latest/logs/#send-logs"""

MAX_ENTRY_BYTES = 1_000_000
"""One entry as compact JSON in UTF-8: 1 MB; a longer one is cut and taken.
https://docs.datadoghq.com/api/latest/logs/#send-logs
"""

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    413: "Request Entity Too Large",
}
"""The statuses with which the intake refuses, and their names in the body."""

Entry = dict[str, object]


class Refusal(Exception):
    """The intake answers with an error status; nothing of the request is kept."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail

    def as_json(self) -> dict[str, str]:
        """Give the one element of the answer's `errors`."""
        return {"status": str(self.status), "title": TITLES[self.status], "detail": self.detail}


async def read_payload(chunks: AsyncIterable[bytes], encoding: str) -> bytes:
    """Read and decode a body of `Content-Encoding: encoding`, never holding more than the limit.

    Raises:
        Refusal: 413 over the limit, 400 for an unknown encoding or a broken body.
    """
    inflate = _inflater(encoding)
    payload = bytearray()
    try:
        async for chunk in chunks:
            # one byte over the limit is enough to know, so a gzip bomb is never unpacked
            room = MAX_PAYLOAD_BYTES + 1 - len(payload)
            payload += inflate.decompress(chunk, room) if inflate else chunk[:room]
            if len(payload) > MAX_PAYLOAD_BYTES:
                raise Refusal(413, "Request too large")
    except zlib.error as error:
        raise Refusal(400, f"The body is not {encoding}") from error
    if inflate and (not inflate.eof or inflate.unused_data):
        raise Refusal(400, f"The body is not exactly one {encoding} stream")
    return bytes(payload)


def read_entries(payload: bytes) -> list[Entry]:
    """Give the entries of a payload: one JSON object, or a list of them.

    Raises:
        Refusal: 400 if it is neither, 413 for too many.
    """
    try:
        parsed: object = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "The body is not JSON") from error
    entries: list[object] = parsed if isinstance(parsed, list) else [parsed]
    if len(entries) > MAX_ENTRIES:
        raise Refusal(413, f"More than {MAX_ENTRIES} entries")
    objects = [entry for entry in entries if isinstance(entry, dict)]
    if len(objects) < len(entries):
        raise Refusal(400, "The body is neither a JSON object nor a list of them")
    return objects


def read_entry(entry: Entry, tags: list[str], now_ms: int) -> tuple[Log, bool]:
    """Make a log of an entry, cut to its limit; tell whether it was cut.

    Raises:
        Refusal: 400 if the entry is nested too deeply.
    """
    try:
        excess = _size(entry) - MAX_ENTRY_BYTES
        return preprocess(_cut(entry, excess) if excess > 0 else entry, tags, now_ms), excess > 0
    except NestedTooDeeply as error:
        raise Refusal(400, "An entry is nested too deeply for the sandbox") from error


def _inflater(encoding: str) -> "zlib._Decompress | None":
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip":
            return zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        case "deflate":
            # with zlib's header, as https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2 has it
            return zlib.decompressobj()
    raise Refusal(400, "Content-Encoding is none of identity, gzip, deflate")


def _size(entry: Entry) -> int:
    try:
        return len(orjson.dumps(entry))
    except orjson.JSONEncodeError as error:
        # orjson reads deeper nesting than it writes
        raise NestedTooDeeply from error


def _cut(entry: Entry, excess: int) -> Entry:
    """Take the end off the message. Where Datadog cuts is unknown; what is too long elsewhere stays."""
    message = entry.get("message")
    if not isinstance(message, str):
        return entry
    # a byte of text is at least one byte of JSON, so this is enough; half a character is left out
    encoded = message.encode()
    return entry | {"message": encoded[: max(0, len(encoded) - excess)].decode(errors="ignore")}
