"""Text from its encoded form."""

from base64 import b64decode
from typing import Literal

from datadog_assets.processors._base import Processor
from datadog_assets.processors._draft import Draft
from datadog_assets.processors._moment import Moment
from datadog_assets.processors._values import MOST_INTEGER


class DecoderProcessor(Processor):
    """Decodes an attribute."""

    type: Literal["decoder-processor"]
    source: str
    target: str
    binary_to_text_encoding: Literal["base64", "base16"]
    input_representation: Literal["utf_8", "integer"]

    def apply(self, draft: Draft, at: Moment) -> None:
        """Write the decoded text or number; what cannot be decoded changes nothing.

        https://docs.datadoghq.com/logs/log_configuration/processors/decoder_processor/
        """
        encoded = draft.get(self.source)
        if not isinstance(encoded, str) or not encoded.strip():
            return
        is_text = self.input_representation == "utf_8"
        try:
            found = _bytes(encoded.strip(), self.binary_to_text_encoding, is_text)
            value = found.decode() if is_text else int.from_bytes(found)
        except ValueError:
            return
        if found and (isinstance(value, str) or value < MOST_INTEGER):
            draft.set(self.target, value)


def _bytes(encoded: str, encoding: str, is_text: bool) -> bytes:
    """Decode; a text that was cut somewhere is padded or trimmed, as the documentation has it.

    Which of both is not told. Here: half a byte at the end of a text goes, and a number like 0x1f4 gets a
    zero in front, for it may well be whole.
    """
    if encoding == "base16":
        digits = encoded.removeprefix("0x").removeprefix("0X")
        return bytes.fromhex(digits[: len(digits) // 2 * 2] if is_text else "0" * (len(digits) % 2) + digits)
    letters = encoded.rstrip("=")
    letters = letters[:-1] if len(letters) % 4 == 1 else letters  # 6 bits are no byte
    return b64decode(letters + "=" * (-len(letters) % 4), validate=True)


PROCESSOR = DecoderProcessor
