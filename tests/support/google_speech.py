"""Google's two speech services on a local gRPC server: their interface, tones for a voice, and faults."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
from google.cloud import speech_v1, texttospeech_v1

from tests.support.audio import recording

_TTS = "google.cloud.texttospeech.v1.TextToSpeech"
_STT = "google.cloud.speech.v1.Speech"

CODES = {
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    400: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
}


class GoogleSpeech:
    """Both services on one port of 127.0.0.1. Used as a context manager, it serves inside the block.

    Attributes:
        requests: what was asked for, as the SDK's own messages.
        metadata: what came with each request.
        fault: what happens to every request: empty for nothing, ``status=429``, ``hang``, ``garbage`` (an
            answer that is not of the protocol), ``empty`` (an answer without audio or text) or
            ``long=1000000`` (a recording of so many bytes at least).
        says: what a transcription says.
    """

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.metadata: list[dict[str, str]] = []
        self.fault = ""
        self.says = "I would use a hash map."
        self._released = threading.Event()
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers(
            [
                self._handlers(
                    _TTS, "SynthesizeSpeech", texttospeech_v1.SynthesizeSpeechRequest, self._synthesize
                ),
                self._handlers(_STT, "Recognize", speech_v1.RecognizeRequest, self._recognize),
            ]
        )
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    @property
    def url(self) -> str:
        """The value for ``GOOGLE_TTS_ENDPOINT`` and ``GOOGLE_STT_ENDPOINT``."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.stop(0).wait()

    def _handlers(self, service: str, method: str, message: Any, answer: Any) -> Any:
        def serve(request: Any, context: grpc.ServicerContext) -> bytes:
            self.requests.append(request)
            self.metadata.append({pair.key: str(pair.value) for pair in context.invocation_metadata()})
            return self._misbehave(context) or answer(request)

        handler = grpc.unary_unary_rpc_method_handler(
            serve, request_deserializer=message.deserialize, response_serializer=bytes
        )
        return grpc.method_handlers_generic_handler(service, {method: handler})

    def _misbehave(self, context: grpc.ServicerContext) -> bytes | None:
        word, _, value = self.fault.partition("=")
        match word:
            case "status":
                context.abort(CODES[int(value)], "the words and the key that nobody may see")
            case "hang":
                context.add_callback(self._released.set)
                self._released.wait()
                self._released.clear()
            case "garbage":
                return b"\xff\xff\xff garbage"
            case "long":
                piece = recording("mp3", 5.0)
                audio = piece * (int(value) // len(piece) + 1)
                return bytes(texttospeech_v1.SynthesizeSpeechResponse.serialize({"audio_content": audio}))
        return None

    def _synthesize(self, request: texttospeech_v1.SynthesizeSpeechRequest) -> bytes:
        ogg = request.audio_config.audio_encoding == texttospeech_v1.AudioEncoding.OGG_OPUS
        audio = b"" if self.fault == "empty" else recording("ogg" if ogg else "mp3", 0.5)
        return bytes(texttospeech_v1.SynthesizeSpeechResponse.serialize({"audio_content": audio}))

    def _recognize(self, _: speech_v1.RecognizeRequest) -> bytes:
        results = [{"alternatives": [{"transcript": self.says}], "language_code": "en-us"}]
        return bytes(
            speech_v1.RecognizeResponse.serialize({"results": [] if self.fault == "empty" else results})
        )
