"""The routes of log pipelines and their order, and the pipelines themselves."""

import base64
import uuid
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from datadog_assets.sandbox.access import Access
from datadog_assets.sandbox.answers import Json, Refused, answer, read_json
from datadog_assets.sandbox.integrations import INTEGRATIONS
from datadog_assets.sandbox.pipeline_bodies import invalid, read_pipeline

_PATH = "/api/v1/logs/config/pipelines"
_ORDER = "/api/v1/logs/config/pipeline-order"

_NOT_FOUND_PAGE = "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>"


class Pipelines:
    """All pipelines of the organisation, in their order. A new one comes last.

    Args:
        access: the keys.
        changed: gets all pipelines, in their order, whenever one or the order changes.
    """

    def __init__(self, access: Access, changed: Callable[[list[Json]], None]) -> None:
        self._changed = changed
        self._by_id: dict[str, Json] = {}  # the order of the keys is the order of the pipelines
        self._noticed: set[str] = set()
        read, write = "logs_read_config", "logs_write_pipelines"
        needs = access.needs
        self.routes = [
            Route(_PATH, needs(read, self._list), methods=["GET"]),
            Route(_PATH, needs(write, self._create), methods=["POST"]),
            Route(_PATH + "/{id}", needs(read, self._show), methods=["GET"]),
            Route(_PATH + "/{id}", needs(write, self._replace), methods=["PUT"]),
            Route(_PATH + "/{id}", needs(write, self._delete), methods=["DELETE"]),
            Route(_ORDER, needs(read, self._show_order), methods=["GET"]),
            Route(_ORDER, needs(write, self._reorder), methods=["PUT"]),
        ]

    @property
    def bodies(self) -> list[Json]:
        """The pipelines as the API shows them, in their order."""
        return list(self._by_id.values())

    def notice(self, source: str | None) -> None:
        """A log of this source arrived: the pipeline that Datadog ships for it appears, once."""
        if source in INTEGRATIONS and source not in self._noticed:
            self._noticed.add(source)
            self._add(INTEGRATIONS[source])

    def _add(self, body: Json) -> Json:
        key = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._by_id[key] = {**body, "id": key}
        self._changed(self.bodies)
        return self._by_id[key]

    def _found(self, request: Request) -> Json:
        found = self._by_id.get(request.path_params["id"])
        if found is None:
            raise Refused(400, {"error": {"code": "InvalidArgument", "message": "Non existing pipeline"}})
        return found

    async def _list(self, _request: Request) -> Response:
        return answer(self.bodies)

    async def _create(self, request: Request) -> Response:
        return answer(self._add(read_pipeline(await read_json(request, invalid("Invalid JSON")))))

    async def _show(self, request: Request) -> Response:
        return answer(self._found(request))

    async def _replace(self, request: Request) -> Response:
        found = self._found(request)
        if found["is_read_only"]:
            return HTMLResponse(_NOT_FOUND_PAGE, 404)
        new = read_pipeline(await read_json(request, invalid("Invalid JSON")))
        key = request.path_params["id"]
        # it may have gone while the body was read, and stays where it is in the order
        self._found(request)
        self._by_id[key] = {**new, "id": key}
        self._changed(self.bodies)
        return answer(self._by_id[key])

    async def _delete(self, request: Request) -> Response:
        # what Datadog answers to the deletion of a read-only one is unknown: taken to be as for a PUT
        if self._found(request)["is_read_only"]:
            return HTMLResponse(_NOT_FOUND_PAGE, 404)
        del self._by_id[request.path_params["id"]]
        self._changed(self.bodies)
        return answer({})

    async def _show_order(self, _request: Request) -> Response:
        return answer({"pipeline_ids": list(self._by_id)})

    async def _reorder(self, request: Request) -> Response:
        body = await read_json(request, invalid("Invalid JSON"))
        ids = body.get("pipeline_ids") if isinstance(body, dict) else None
        if not isinstance(ids, list) or not all(isinstance(key, str) for key in ids):
            raise invalid("Invalid pipeline_ids")
        if len(ids) != len(self._by_id) or set(ids) != set(self._by_id):
            # that it is a 422 is known, its text is not
            message = "pipeline_ids must hold every pipeline once"
            raise Refused(422, {"error": {"code": "InvalidArgument", "message": message}})
        self._by_id = {key: self._by_id[key] for key in ids}
        self._changed(self.bodies)
        return await self._show_order(request)
