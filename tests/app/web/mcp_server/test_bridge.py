"""`cloister mcp`, started by the official client as a desktop program starts it."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from app.cli.connection import announced
from app.db import people
from app.services import Services
from app.web.api.app import build_api
from app.web.mcp.door import mount_mcp
from tests.app.web.mcp_server.speaking import serving
from tests.running_service import COMMAND, Cloister, free_port
from tests.taking_in import take_in


def start(data_dir: Path, *arguments: str) -> StdioServerParameters:
    environment = {**os.environ, "CLOISTER_DATA_DIR": str(data_dir)}
    return StdioServerParameters(command=str(COMMAND), args=["mcp", *arguments], env=environment)


def search(parameters: StdioServerParameters) -> Any:
    async def run() -> Any:
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            told = await session.initialize()
            assert told.serverInfo.name == "cloister"
            assert len((await session.list_tools()).tools) == 4
            return await session.call_tool("search", {"query": "paid parental leave"})

    return asyncio.run(run())


def test_a_desktop_client_searches_through_it(services: Services, tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text("# Leave\n\nEvery parent receives 70 days of paid parental leave.\n")
    take_in(services, tmp_path / "leave.md", kb="House")
    app = build_api(services)
    mount_mcp(app)
    with services.database.write() as session:
        nobody = people.create_person(session, "Ben", "correct horse battery")
        (tmp_path / "key").write_text(people.create_api_key(session, nobody, "desk", expires_at=None) + "\n")
    data_dir = services.settings.data_dir
    with serving(app) as port, announced(data_dir, f"http://127.0.0.1:{port}"):
        found = search(start(data_dir))
        assert "70 days" in found.structuredContent["passages"][0]["text"]
        elsewhere = ("--url", f"http://127.0.0.1:{port}", "--key-file", str(tmp_path / "key"))
        assert search(start(tmp_path / "none", *elsewhere)).structuredContent["passages"] == []


def test_what_it_cannot_do_it_says_in_a_sentence(services: Services, tmp_path: Path) -> None:
    cloister = Cloister(tmp_path)
    assert "Start one with “cloister serve”" in cloister("mcp").stderr
    assert "--key-file" in cloister("mcp", "--url", "http://127.0.0.1:9").stderr
    (tmp_path / "key").write_text("wrong")
    app = build_api(services)
    mount_mcp(app)
    with serving(app) as port:
        assert "does not take this key" in say_hello(cloister, port)
    assert "cannot be reached" in say_hello(cloister, free_port())


def say_hello(cloister: Cloister, port: int) -> str:
    """What it complains of when a program says hello and waits."""
    arguments = [COMMAND, "mcp", "--url", f"http://127.0.0.1:{port}", "--key-file", str(cloister.data_dir / "key")]
    hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=cloister.environment()
    ) as started:
        assert started.stdin
        assert started.stderr
        started.stdin.write(f"{json.dumps(hello)}\n")
        started.stdin.flush()
        said = started.stderr.read()
    assert started.returncode in (1, 2)
    return said
