"""Errors of the bucket, as one tree. None of them fails a job by itself.

::

    StorageError
    ├── StorageUnavailableError   later it may work
    ├── StorageRefusedError       until somebody changes something, it will not
    │   └── StorageForbiddenError     the keys are good, and may not do this
    ├── ObjectMissingError
    └── ObjectTooLargeError
"""

from __future__ import annotations


class StorageError(Exception):
    """Failure of the bucket to do what it was asked to.

    Attributes:
        sentence: what happened and which setting to look at, for a person; no key, no words of the server's.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class StorageUnavailableError(StorageError):
    """Outage: the server cannot be reached, or is not well. Later it may be."""


class StorageRefusedError(StorageError):
    """Refusal: the bucket is missing, or a setting is wrong. Waiting does not help."""


class StorageForbiddenError(StorageRefusedError):
    """Missing permission: the server knows us, and does not let us do this very thing."""


class ObjectMissingError(StorageError):
    """No object under that key."""


class ObjectTooLargeError(StorageError):
    """Object larger than was asked for."""
