// Tracing for the control plane, as a Node program has it: OpenTelemetry's SDK, and `bullmq-otel` in BullMQ.
// Spans go to OTEL_EXPORTER_OTLP_ENDPOINT as soon as they end.
import { createRequire } from 'node:module';
import { trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ 'service.name': 'control-plane' }),
  spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter())],
});
provider.register();

// What BullMQ's Queue and Worker take as `telemetry`.
export function telemetryFor(major) {
  const { BullMQOtel } = createRequire(import.meta.url)(`bullmq-otel${major}`);
  return new BullMQOtel('control-plane');
}

// Do something in a span of the program's own, as an HTTP request's would be.
export const inSpan = (name, act) =>
  trace.getTracer('control-plane').startActiveSpan(name, async span => {
    try {
      return await act();
    } finally {
      span.end();
    }
  });

export const flush = () => provider.forceFlush();
