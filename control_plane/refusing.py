"""Exception handlers: everything that can go wrong with a request becomes the one body of all refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from aiplane.telemetry.instruments import count
from control_plane.envelope import request_id
from control_plane.errors import ApiError, error_body

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

_SENTENCES = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    415: "The body is not of a type that is taken here.",
}


def add_handlers(app: FastAPI) -> None:
    """Have an application refuse in one way, whoever refuses."""
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(RequestValidationError, _explain)


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, ApiError):
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            count("ai.api.refused", code=error.code)
        return _answer(error.status, error.code, error.message, error.details, error.headers)
    refused = cast("HTTPException", error)
    status = refused.status_code
    sentence = _SENTENCES.get(status, "The request cannot be read.")
    code = "invalid_request" if status == HTTPStatus.BAD_REQUEST else HTTPStatus(status).name.lower()
    return _answer(status, code, sentence, headers=refused.headers)


async def _explain(_: Request, error: Exception) -> JSONResponse:
    """Say which fields are wrong and why, and nothing of what stood in them."""
    faults = [_fault(each) for each in cast("RequestValidationError", error).errors()[:20]]
    first = faults[0]
    sentence = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return _answer(400, "invalid_request", sentence, faults)


def _fault(error: dict[str, Any]) -> dict[str, str]:
    where, *path = error["loc"] or ("body",)
    if error["type"] == "json_invalid":
        return {"in": "body", "field": "", "message": "The body is no JSON."}
    field = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return {"in": str(where), "field": field.lstrip("."), "message": str(error["msg"])}


def _answer(status: int, code: str, message: str, details: Any = None, headers: Any = None) -> JSONResponse:
    body = error_body(status, code, message, request_id(), details)
    return JSONResponse(body, status, dict(headers or {}))
