// The reference: the same four queues served by BullMQ's own Worker in Node. What a control plane can see
// of it is what it must see of the Python plane.
//
//   node reference_worker.mjs <5|6> <redis host> <redis port> <prefix> <provider url>
import { createRequire } from 'node:module';

const [major, host, port, prefix, provider] = process.argv.slice(2);
const { Queue, Worker } = createRequire(import.meta.url)(`bullmq${major}`);
const connection = { host, port: Number(port) };

const KINDS = [
  {
    queue: 'ai.generate-hint', resultName: 'hint-result', concurrency: 5,
    required: ['problemDescription', 'currentCode', 'language', 'hintLevel'],
    reply: ({ hintLevel }) => ({ hint: 'Which values has the loop not seen yet?', hintLevel, relatedConcepts: [] }),
  },
  {
    queue: 'ai.review-code', resultName: 'review-result', concurrency: 3,
    required: ['problemDescription', 'code', 'language'],
    reply: () => ({ overallScore: 10, categories: [], suggestions: [], summary: 'It works.', weaknessSignals: [] }),
  },
  {
    queue: 'ai.interview-response', resultName: 'interview-result', concurrency: 3,
    required: ['problemDescription', 'currentCode', 'conversationHistory'],
    reply: () => ({
      shouldRespond: true, message: 'Why this way?', followUpType: 'question', difficulty: 'medium', weaknessSignals: [],
    }),
  },
  {
    queue: 'ai.transcribe', resultName: 'transcribe-result', concurrency: 5,
    required: ['mimeType'],
    reply: () => ({ text: 'hello' }),
  },
];

const RESULT_OPTIONS = {
  attempts: 3, backoff: { type: 'exponential', delay: 1500 }, removeOnComplete: 100, removeOnFail: false,
};

const workers = [];

class Failure extends Error {
  constructor(code, sentence, final) {
    super(`${code}: ${sentence}`);
    this.code = code;
    this.name = final ? 'UnrecoverableError' : 'Error';
  }
}

function check(data, required) {
  const absent = required.find(field => data?.[field] === undefined);
  if (absent) throw new Failure('invalid_payload', `${absent} is missing`, true);
}

async function ask(data) {
  const response = await fetch(`${provider}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer test' },
    body: JSON.stringify({ model: 'test-model', messages: [{ role: 'user', content: JSON.stringify(data) }] }),
  });
  await response.arrayBuffer();
  const { status } = response;
  if (status === 401 || status === 403) throw new Failure('llm_auth', 'the provider refused the key', true);
  if (status === 429) throw new Failure('llm_rate_limited', 'the provider asks for patience', false);
  if (status >= 500) throw new Failure('llm_unavailable', 'the provider is not available', false);
  if (status >= 400) throw new Failure('llm_request_rejected', 'the provider refused the request', true);
}

function serve({ queue, resultName, concurrency, required, reply }) {
  const results = new Queue(`${queue}.results`, { connection, prefix });
  const deadLetters = new Queue(`${queue}.dlq`, { connection, prefix });

  const work = async job => {
    // A producer that sets none stores no attempts, and then the worker side's own policy holds.
    job.opts.attempts ||= 3;
    job.opts.backoff ??= { type: 'exponential', delay: 5000 };
    check(job.data, required);
    await ask(job.data);
    const result = { ...reply(job.data), jobId: job.id };
    const jobId = `result-${job.id.replaceAll(':', '_')}-${job.timestamp}`;
    await results.add(resultName, result, { ...RESULT_OPTIONS, jobId });
    return result;
  };

  const worker = new Worker(queue, work, { connection, prefix, concurrency, name: 'reference' });
  worker.on('error', error => console.error(queue, error));
  worker.on('failed', async (job, error) => {
    if (!job?.finishedOn) return;
    const { id: jobId, name, data, opts, failedReason, attemptsMade, stacktrace, finishedOn } = job;
    const code = error.code ?? 'internal_error';
    const failedAt = new Date(finishedOn).toISOString();
    const letter = { jobId, name, data, opts, failedReason, code, attemptsMade, stacktrace, failedAt };
    await deadLetters.add(name, letter);
  });
  workers.push(worker);
  return worker.waitUntilReady();
}

await Promise.all(KINDS.map(serve));
process.once('SIGTERM', async () => {
  await Promise.all(workers.map(worker => worker.close()));
  process.exit(0);
});
console.log('reference is ready');
