"""Real servers for tests of delivery, on a free port of this machine: SFTP by asyncssh, S3 by nanio."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh
import uvicorn
from nanio.app import build_app
from nanio.auth.credentials import StaticCredentialResolver
from nanio.config import Settings

USER, PASSWORD = "cdp", "a secret of the test"


class _Door(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, PASSWORD)


@dataclass
class SftpServer:
    """`root` is what the client sees as /. `faults`: errors that coming writes meet, first come first."""

    root: Path
    port: int
    known_hosts: Path
    user_key: Path
    faults: list[Exception] = field(default_factory=list)
    connections: int = 0


@contextmanager
def sftp_server(folder: Path) -> Iterator[SftpServer]:
    root = folder / "root"
    root.mkdir()
    host_key, user_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    user_key.write_private_key(str(folder / "user_key"), passphrase=PASSWORD, rounds=50)
    user_key.write_public_key(str(folder / "authorized"))
    server = SftpServer(root, 0, folder / "known_hosts", folder / "user_key")

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            server.connections += 1
            super().__init__(channel, chroot=str(root))

        def write(self, file_obj: Any, offset: int, data: bytes) -> int:
            if server.faults:
                fault = server.faults.pop(0)
                if isinstance(fault, ConnectionError):
                    super().write(file_obj, offset, data[: len(data) // 2])
                    self.channel.get_connection().abort()
                raise fault
            return super().write(file_obj, offset, data)

    ready, loop = threading.Event(), asyncio.new_event_loop()
    stop = asyncio.Event()

    async def serve() -> None:
        acceptor = await asyncssh.create_server(
            _Door, "127.0.0.1", 0, server_host_keys=[host_key], sftp_factory=Files, authorized_client_keys=str(folder / "authorized")
        )
        server.port = acceptor.get_port()
        ready.set()
        await stop.wait()
        acceptor.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    thread.start()
    assert ready.wait(20)
    public = host_key.export_public_key().decode().strip()
    server.known_hosts.write_text(f"[127.0.0.1]:{server.port} {public}\n")
    yield server
    loop.call_soon_threadsafe(stop.set)
    thread.join(20)


@dataclass
class Bucket:
    """`folder` holds the objects as files. `faults`: answers that coming uploads get instead, first come first."""

    folder: Path
    endpoint: str
    faults: list[int] = field(default_factory=list)


@contextmanager
def s3_server(folder: Path) -> Iterator[Bucket]:
    (folder / "lists").mkdir(parents=True)
    app = build_app(Settings(data_dir=folder, credentials=StaticCredentialResolver({USER: PASSWORD})))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    bucket = Bucket(folder / "lists", f"http://127.0.0.1:{listening.getsockname()[1]}")

    async def faulty(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT" and bucket.faults:
            status = bucket.faults.pop(0)
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    server = uvicorn.Server(uvicorn.Config(faulty, log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield bucket
    server.should_exit = True
    thread.join(20)
