"""The tools behind MCP's official SDK. Importing this takes half a second: it is done at the first call."""

from __future__ import annotations

import logging
from importlib.metadata import version
from threading import Event

import anyio
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp.types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from api.mcp.tools import TOOLS, Desk
from api.problems import ProblemError
from rag.abandonment import Abandoned, abandonable
from rag.errors import RagError

logger = logging.getLogger(__name__)

_INSTRUCTIONS = (
    "Passages of the user's own documents, and answers from them. Prefer `ask`, and repeat its markers, as [1], "
    "with its statements."
)
_Context = ServerRequestContext[dict[str, object]]


async def serve_request(desk: Desk, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request. Nothing outlives it, so that no session can be taken over."""
    manager = StreamableHTTPSessionManager(server_of(desk), json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(scope, receive, send)


def serve_stdio(desk: Desk) -> None:
    """Answer on standard input and output until the host closes them."""
    anyio.run(_serve_stdio, desk)


async def _serve_stdio(desk: Desk) -> None:
    server = server_of(desk)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())


def server_of(desk: Desk) -> Server[dict[str, object]]:
    """The tools at a desk. A call that its host cancels, or goes from, ends early."""

    async def list_tools(_: _Context, __: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=_TOOLS)

    async def call_tool(_: _Context, called: CallToolRequestParams) -> CallToolResult:
        if called.name not in TOOLS:
            raise MCPError(
                INVALID_PARAMS, f"There is no tool {called.name!r}; known ones: {', '.join(TOOLS)}."
            )
        left = Event()
        try:
            return await anyio.to_thread.run_sync(
                _call_until,
                left,
                desk,
                called,
                abandon_on_cancel=True,
                limiter=desk.service.answering,
            )
        finally:
            left.set()

    return Server(
        "chapterverse",
        title="Chapterverse",
        version=version("chapterverse"),
        instructions=_INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _call_until(left: Event, desk: Desk, called: CallToolRequestParams) -> CallToolResult:
    """Call a tool, and end early once its host has cancelled the call."""
    with abandonable(left):
        return _call(desk, called)


def _call(desk: Desk, called: CallToolRequestParams) -> CallToolResult:
    """The tool's result; what is refused or fails is told to the model, which can do better."""
    tool = TOOLS[called.name]
    try:
        sent = tool.takes.model_validate(called.arguments or {})
        given, text = tool.call(desk, sent)
    except ValidationError as error:
        return _failed(
            "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        )
    except RagError as error:
        return _failed(str(error))
    except ProblemError as error:
        return _failed(error.detail)
    except Abandoned:
        return _failed("Nobody waits for it any longer.")
    except Exception:  # the edge: the protocol has no other way to tell
        logger.exception("the tool %s failed", called.name)
        return _failed("An error in the service; its log has it.")
    return CallToolResult(
        content=[TextContent(type="text", text=text)],
        structured_content=given.model_dump(mode="json"),
    )


def _failed(reason: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=reason)], is_error=True)


_TOOLS = [
    Tool(
        name=one.name,
        title=one.title,
        description=one.description,
        input_schema=one.takes.model_json_schema(),
        output_schema=one.gives.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(read_only_hint=True, open_world_hint=False),
    )
    for one in TOOLS.values()
]
