"""What every area of the sandbox needs to read a body and to answer."""

from collections.abc import Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

Json = dict[str, object]


class Refused(Exception):
    """A request that Datadog answers with an error; `body` is the whole answer."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


def refused(status: int, *errors: str) -> Refused:
    """Give an error in the shape of most of Datadog's APIs: a list of texts."""
    return Refused(status, {"errors": list(errors)})


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Give a JSON answer."""
    return Response(orjson.dumps(body), status, headers=headers, media_type="application/json")


async def read_json(request: Request, malformed: Refused) -> object:
    """Read a body.

    Raises:
        Refused: `malformed`, when it is not JSON, or is nested too deeply to be written again.
    """
    try:
        body: object = orjson.loads(await request.body())
        # orjson reads deeper nesting than it writes, and an answer wraps what was sent
        orjson.dumps([[[[[body]]]]])
    except (orjson.JSONDecodeError, orjson.JSONEncodeError) as error:
        raise malformed from error
    return body


def read_number(request: Request, name: str) -> int | None:
    """Read a parameter that counts, if it was given.

    Raises:
        Refused: 400 when it is no number, or is longer than any that counts something.
    """
    text = request.query_params.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise refused(400, f"The value provided for parameter '{name}' is invalid")
    return int(text)
