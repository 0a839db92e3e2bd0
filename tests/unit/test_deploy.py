"""The units and manifests in deploy/ fit what they start: its time to end, its ports, its settings."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

import pytest
import yaml  # type: ignore[import-untyped]  # the types are a package of their own, for one file

from aiplane.queues import QUEUES
from aiplane.worker.task import GRACE
from bridges.__main__ import main as bridge
from control_plane.__main__ import GRACE_SECONDS as API_GRACE
from control_plane.settings import ControlPlaneSettings
from tests.support.deploy import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

UNITS = sorted((REPOSITORY / "deploy/systemd").glob("*.service"))
MANIFESTS = sorted((REPOSITORY / "deploy/kubernetes").glob("*.yaml"))
LONGEST_JOB = max(spec.time_limit for spec in QUEUES.values()) + GRACE
BRIDGE_GRACE: Any = next(option.default for option in bridge.params if option.name == "grace")
NEEDED = {"bridge": BRIDGE_GRACE, "pool": LONGEST_JOB, "api": API_GRACE}
"""Seconds that each process needs to end."""

SECRET = {
    "DATABASE_URL": "postgresql://me@db/rooms",
    "JWT_SECRET": "s" * 32,
    "JWT_ISSUER": "us",
    "JWT_AUDIENCE": "api",
}


def objects(kind: str) -> list[dict[str, Any]]:
    """Return every object of a kind in the manifests."""
    texts = (path.read_text(encoding="utf-8") for path in MANIFESTS)
    return [each for each in chain.from_iterable(map(yaml.safe_load_all, texts)) if each["kind"] == kind]


def pods() -> list[Any]:
    """Return what each Deployment starts, with its one container."""
    found = [(each["spec"]["template"]["spec"], each) for each in objects("Deployment")]
    return [pytest.param(pod, *pod["containers"], id=each["metadata"]["name"]) for pod, each in found]


def environment(container: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container["env"]}


def the(kind: str, name: str) -> dict[str, Any]:
    (found,) = (each for each in objects(kind) if each["metadata"]["name"] == name)
    return found


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_gives_time_to_end_and_enough_files(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    (grace,) = re.findall(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert int(grace) > NEEDED[unit.stem.removeprefix("aiplane-").rstrip("@")]
    assert re.search(r"^LimitNOFILE=\d{5,}$", text, re.MULTILINE)


@pytest.mark.parametrize(("pod", "container"), pods())
def test_a_pod_is_given_time_to_end(pod: dict[str, Any], container: dict[str, Any]) -> None:
    pause = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
    assert pod["terminationGracePeriodSeconds"] > NEEDED[container["name"]] + int(pause[1])


@pytest.mark.parametrize(("pod", "container"), pods())
def test_a_pod_is_probed_at_a_port_that_it_reaches(pod: dict[str, Any], container: dict[str, Any]) -> None:
    env = environment(container)
    assert {"name": "metrics", "containerPort": int(env["METRICS_PORT"])} in container["ports"]
    assert env["METRICS_HOST"] == "0.0.0.0"
    for probe in ("readinessProbe", "livenessProbe"):
        if probe in container:
            assert container[probe]["httpGet"] == {"path": "/healthz", "port": "metrics"}
    assert "readinessProbe" in container
    assert pod["containers"] == [container]


def test_the_control_plane_listens_where_its_service_sends() -> None:
    deployment = the("Deployment", "aiplane-api")["spec"]
    (container,) = deployment["template"]["spec"]["containers"]
    settings = ControlPlaneSettings.load({**environment(container), **SECRET})
    (port,) = the("Service", "aiplane-api")["spec"]["ports"]
    assert {"name": port["targetPort"], "containerPort": settings.api_port} in container["ports"]
    assert settings.api_host == "0.0.0.0"
    labels = deployment["template"]["metadata"]["labels"]
    for selector in (
        deployment["selector"]["matchLabels"],
        the("Service", "aiplane-api")["spec"]["selector"],
    ):
        assert selector.items() <= labels.items()


def test_the_tables_are_brought_up_by_the_same_image_with_the_same_settings() -> None:
    (migrating,) = the("Job", "aiplane-migrate")["spec"]["template"]["spec"]["containers"]
    (serving,) = the("Deployment", "aiplane-api")["spec"]["template"]["spec"]["containers"]
    assert (migrating["image"], migrating["envFrom"]) == (serving["image"], serving["envFrom"])
    assert migrating["command"] == [*serving["command"], "migrate"]
    unit = (REPOSITORY / "deploy/systemd/aiplane-api.service").read_text(encoding="utf-8")
    started = dict(re.findall(r"^(ExecStart(?:Pre)?)=(.+)$", unit, re.MULTILINE))
    assert started["ExecStartPre"] == f"{started['ExecStart']} migrate"


@pytest.mark.parametrize("name", ["aiplane-migrate", "aiplane-api"])
def test_what_strangers_speak_to_is_confined(name: str) -> None:
    (found,) = (
        each for each in (*objects("Job"), *objects("Deployment")) if each["metadata"]["name"] == name
    )
    pod = found["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
