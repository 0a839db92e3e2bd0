// A control plane in Node: whatever BullMQ can do, one JSON command a line in, one JSON answer a line out.
//
//   node control_plane.mjs <5|6> <redis host> <redis port>
//
// Commands name what they are called on, and every argument is BullMQ's own:
//   {id, on: "queue",  prefix, queue, method, args}
//   {id, on: "job",    prefix, queue, job, method, args}   method "record": every field, and the state
//   {id, on: "flow",   prefix, method, args}
//   {id, on: "result", prefix, queue, job, timeout}        what job.waitUntilFinished returns
//   {id, on: "watch",  prefix, queue}                      then {watch, event, args} for every event
//   {id, on: "consume", prefix, queue, concurrency}        then {consume, job} for every job, which completes
// With OTEL_EXPORTER_OTLP_ENDPOINT set, queues and workers are traced by `bullmq-otel`, and what is called on a
// queue happens in a span "control plane".
// The answer is {id, value} or {id, error: {name, message}}.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const [major, host, port] = process.argv.slice(2);
const { FlowProducer, Job, Queue, QueueEvents, Worker } = createRequire(import.meta.url)(`bullmq${major}`);
const connection = { host, port: Number(port) };

const traced = process.env.OTEL_EXPORTER_OTLP_ENDPOINT ? await import('./traced.mjs') : undefined;
const telemetry = traced?.telemetryFor(major);
const inSpan = traced?.inSpan ?? ((_, act) => act());

const open = new Map();

function once(kind, { prefix, queue }, create) {
  const key = `${kind} ${prefix} ${queue}`;
  if (!open.has(key)) {
    const created = create();
    created.on('error', error => console.error(key, error));
    open.set(key, created);
  }
  return open.get(key);
}

const queueOf = at => once('queue', at, () => new Queue(at.queue, { connection, telemetry, prefix: at.prefix }));
const flowOf = at => once('flow', at, () => new FlowProducer({ connection, prefix: at.prefix }));

// Each event comes a second time under a name of its job's own; once is enough.
const EVENTS = new Set([
  'added', 'waiting', 'active', 'progress', 'delayed', 'completed', 'failed', 'stalled', 'removed', 'duplicated',
  'deduplicated', 'retries-exhausted', 'waiting-children', 'drained', 'paused', 'resumed',
]);

class Watch extends QueueEvents {
  emit(event, ...args) {
    if (EVENTS.has(event)) {
      say({ watch: `${this.opts.prefix}:${this.name}`, event, args: typeof args[0] === 'object' ? args[0] : {} });
    }
    return super.emit(event, ...args);
  }
}

// From the stream's beginning: then nothing is lost between this call and the first read.
const watchOf = at =>
  once('watch', at, () => new Watch(at.queue, { connection, prefix: at.prefix, lastEventId: '0' }));

const consumeOf = at =>
  once('consume', at, () => {
    const tell = async job => say({ consume: `${at.prefix}:${at.queue}`, job: await record(job) });
    return new Worker(at.queue, tell, { connection, telemetry, prefix: at.prefix, concurrency: at.concurrency });
  });

async function jobOf(at) {
  const job = await Job.fromId(queueOf(at), at.job);
  if (!job) throw new Error(`there is no job ${at.job} in ${at.queue}`);
  return job;
}

async function record(job) {
  const { id, name, data, opts, progress, delay, priority, timestamp, processedOn, finishedOn } = job;
  const { attemptsMade, attemptsStarted, stalledCounter, returnvalue, failedReason, stacktrace } = job;
  const { processedBy, deferredFailure, parentKey, repeatJobKey } = job;
  return {
    id, name, data, opts, progress, delay, priority, timestamp, processedOn, finishedOn,
    attemptsMade, attemptsStarted, stalledCounter, returnvalue, failedReason, stacktrace,
    processedBy, deferredFailure, parentKey, repeatJobKey, state: await job.getState(),
  };
}

const commands = {
  queue: at => inSpan('control plane', () => queueOf(at)[at.method](...at.args)),
  job: async at => (at.method === 'record' ? record(await jobOf(at)) : (await jobOf(at))[at.method](...at.args)),
  flow: at => flowOf(at)[at.method](...at.args),
  result: async at => (await jobOf(at)).waitUntilFinished(watchOf(at), at.timeout),
  watch: async at => void (await watchOf(at).waitUntilReady()),
  consume: async at => void (await consumeOf(at).waitUntilReady()),
};

const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

async function obey({ id, on, ...at }) {
  try {
    say({ id, value: (await commands[on](at)) ?? null });
  } catch (error) {
    say({ id, error: { name: error.name, message: error.message } });
  }
}

createInterface({ input: process.stdin })
  .on('line', line => obey(JSON.parse(line)))
  .on('close', async () => {
    await Promise.allSettled([...open.values()].map(each => each.close()));
    await traced?.flush();
    process.exit(0);
  });
say({ ready: true });
