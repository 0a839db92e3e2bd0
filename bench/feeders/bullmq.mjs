// The producer of jobs and the consumer of results, one JSON command a line in, one JSON answer a line out.
//
//   node bullmq.mjs <redis port>
//
//   {do: "consume", queues}                 listen for results, from now on
//   {do: "add", batches, timeout}           add jobs; answers when it began and ended
//   {do: "refill", batch, step}             add as many jobs as end, step by step, until all are; do not wait for it
//   {do: "pause", queue}                    pause a queue, and wait until what was active has ended; forget its results
//   {do: "resume", queue}                   let it go on
//   {do: "count"}                           how many results came since the last "results"
//   {do: "results", count, timeout}         wait for so many results; when each came, and the last of each queue
//   {do: "one by one", batch, warm, timeout}  add a job, await its result, add the next; how long each took
//
// All times are milliseconds. A result that comes twice is an error.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const { Queue, Worker } = createRequire(new URL('../../tests/interop/package.json', import.meta.url))('bullmq6');
const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };
const OPTIONS = { attempts: 3, backoff: { type: 'exponential', delay: 5000 }, removeOnComplete: 1000 };
const CHUNK = 1000; // jobs that are added in one transaction
const AT_ONCE = 50; // results that are consumed at once

const now = () => performance.timeOrigin + performance.now();
const queues = new Map();
let times = [];
let lasts = {};
let seen = new Set();
let arrived = () => {};
let number = 0;

function queueOf(name) {
  if (!queues.has(name)) queues.set(name, new Queue(name, { connection }));
  return queues.get(name);
}

async function consume({ queues: names }) {
  await Promise.all(names.map(name => {
    const tell = async job => {
      times.push(now());
      lasts[name] = times.at(-1);
      const id = `${name} ${job.data.jobId}`;
      if (seen.has(id)) throw new Error(`two results of ${id}`);
      seen.add(id);
      arrived(id);
    };
    const worker = new Worker(name, tell, { connection, concurrency: AT_ONCE });
    worker.on('failed', (_, error) => { console.error(error); process.exit(1); });
    return worker.waitUntilReady();
  }));
}

function dataOfOne({ data, code }) {
  number += 1;
  return code ? { ...data, [code]: `${data[code]}\n# ${number}\n` } : data;
}

async function addBatch({ queue, name, count, ...batch }) {
  for (let added = 0; added < count; added += CHUNK) {
    const length = Math.min(CHUNK, count - added);
    const jobs = Array.from({ length }, () => ({ name, data: dataOfOne(batch), opts: OPTIONS }));
    await queueOf(queue).addBulk(jobs);
  }
}

async function add({ batches }) {
  await Promise.all(batches.map(({ queue }) => queueOf(queue).waitUntilReady()));
  const began = now();
  await Promise.all(batches.map(addBatch));
  return { began, ended: now() };
}

function refill({ batch, step }) {
  const before = seen.size;
  const run = async () => {
    for (let added = 0; added < batch.count; added += step) {
      const length = Math.min(step, batch.count - added);
      while (seen.size < before + added + length) await sleep(1);
      await addBatch({ ...batch, count: length });
    }
  };
  run();
}

async function pause({ queue }) {
  const paused = queueOf(queue);
  await paused.pause();
  let counts;
  do {
    await sleep(5);
    counts = await paused.getJobCounts('active', 'waiting');
  } while (counts.active > 0 || seen.size < number - counts.waiting);
  times = [];
}

const resume = ({ queue }) => queueOf(queue).resume();

async function results({ count }) {
  await new Promise(resolve => {
    arrived = () => { if (times.length >= count) resolve(); };
    arrived();
  });
  const came = times.map(time => Math.round(time * 10) / 10);
  times = [];
  return { times: came, lasts };
}

async function oneByOne({ batch: { queue, name, count, ...batch }, warm }) {
  const took = [];
  for (let turn = 0; turn < warm + count; turn++) {
    const before = now();
    let consumed;
    const came = new Promise(resolve => { consumed = resolve; });
    arrived = consumed;
    await queueOf(queue).add(name, dataOfOne(batch), OPTIONS);
    await came;
    if (turn >= warm) took.push(Math.round((times.at(-1) - before) * 1000) / 1000);
  }
  times = [];
  return { took };
}

const count = () => ({ count: times.length });
const commands = { consume, add, refill, pause, resume, results, 'one by one': oneByOne, count };
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const value = await commands[command.do](command);
  process.stdout.write(`${JSON.stringify(value ?? {})}\n`);
}
