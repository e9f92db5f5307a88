"""gzip as fast as it is to be had: Intel's igzip where it is installed, else zlib at its lowest level."""

try:
    from isal.isal_zlib import compress, decompress
except ImportError:  # there is no wheel of it for this machine
    from zlib import compress, decompress

_GZIP = 31
"""zlib's number for it, with the longest window."""


def pack(data: bytes) -> bytes:
    """Compress."""
    return compress(data, 1, _GZIP)


def unpack(data: bytes | bytearray) -> bytes:
    """Undo `pack`, or whatever else has packed it."""
    return decompress(data, _GZIP)
