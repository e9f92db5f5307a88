"""Reads HTTP/1.1 as h11 does, and takes nothing that could be read in two ways."""

import h11


class StrictParser(h11.Connection):
    """Takes nothing that another program on the way could read as other requests than h11 does.

    h11 itself refuses different Content-Lengths, bad chunk sizes and a space before a colon. It takes (RFC
    9112) bare LF (2.2), folded lines (5.2), Transfer-Encoding with a Content-Length or in HTTP/1.0 (6.1).
    """

    refused = False
    _chunked = False

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Give the next event, or raise as h11 does."""
        if self.refused:
            raise h11.RemoteProtocolError("what follows the refused is not read")
        looks = self._chunked or self.their_state is h11.IDLE
        before = self.trailing_data[0] if looks else b""
        event = super().next_event()
        if isinstance(event, h11.Request):
            self._check(event, before[: len(before) - len(self.trailing_data[0])].lower())
        elif isinstance(event, h11.EndOfMessage) and self._chunked:
            end = before[: len(before) - len(self.trailing_data[0])]
            if event.headers or (end != b"\r\n" and not end.endswith(b"\r\n\r\n")):
                self._refuse("trailers or a bare LF")
        return event

    def _check(self, request: h11.Request, head: bytes) -> None:
        lengths, codings = head.count(b"\ncontent-length:"), head.count(b"\ntransfer-encoding:")
        self._chunked = codings > 0
        if request.http_version not in {b"1.0", b"1.1"}:
            self._refuse("HTTP/2", 505)
        if head.count(b"\n") != head.count(b"\r\n") or b"\n " in head or b"\n\t" in head:
            self._refuse("a bare LF or a folded line")
        if lengths + codings > 1 or (codings and request.http_version == b"1.0"):
            self._refuse("a body of two lengths")

    def _refuse(self, fault: str, status: int = 400) -> None:
        self.refused = True
        raise h11.RemoteProtocolError(fault, error_status_hint=status)
