"""Application: Celery's, with the settings, the providers and the parts of a worker."""

from __future__ import annotations

import importlib
from functools import cached_property
from typing import TYPE_CHECKING, cast

from celery import Celery
from celery.loaders.app import AppLoader

from aiplane.providers import Providers
from aiplane.settings import Settings

if TYPE_CHECKING:
    from types import ModuleType

    from aiplane.worker.runtime import Runtime


class InstalledLoader(AppLoader):
    """Loader that finds the task modules where Python finds any module.

    Celery would look into the working directory first, where a folder called ``tasks`` may be somebody
    else's.
    """

    def import_from_cwd(self, module: str, imp: object = None, package: str | None = None) -> ModuleType:  # noqa: ARG002 -- Celery's signature
        """Import a module, and not from the working directory."""
        return importlib.import_module(module, package)


class Application(Celery):
    """Celery application that knows the settings and the providers."""

    task_cls = "aiplane.worker.task:JobTask"
    loader_cls = "aiplane.worker.application:InstalledLoader"
    amqp_cls = "aiplane.worker.broker:BrokerAMQP"

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process, read from its environment at the first use.

        Raises:
            SettingsError: naming every variable that is wrong.
        """
        return Settings.load()

    @cached_property
    def runtime(self) -> Runtime:
        """The parts of this worker process, which sets them when it starts."""
        raise RuntimeError("only a process that was started with `celery -A aiplane worker` does runs")

    @cached_property
    def Worker(self) -> type:  # noqa: N802 -- Celery's name for the class that `celery worker` starts
        """The class of the worker processes."""
        return cast("type", self.subclass_with_self("aiplane.worker.process:PoolWorker"))

    @cached_property
    def AsyncResult(self) -> type:  # noqa: N802 -- Celery's name for the class of results
        """The class of what asks for the result of a task."""
        return cast("type", self.subclass_with_self("aiplane.worker.result:TaskResult"))

    @cached_property
    def providers(self) -> Providers:
        """The language model and the speech services that the settings choose."""
        return Providers(self.settings)
