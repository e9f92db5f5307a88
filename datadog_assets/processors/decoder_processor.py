"""Text from its encoded form."""

from typing import Literal

from datadog_assets.processors._base import Processor


class DecoderProcessor(Processor):
    """Decodes an attribute."""

    type: Literal["decoder-processor"]
    source: str
    target: str
    binary_to_text_encoding: Literal["base64", "base16"]
    input_representation: Literal["utf_8", "integer"]


PROCESSOR = DecoderProcessor
