// What someone would write in Node: BullMQ's own Worker that asks the provider, adds the result, completes.
//
//   node bullmq_node.mjs <redis port> <provider url> <provider|instant> <the work, as JSON>
import { createRequire } from 'node:module';

const { Queue, Worker } = createRequire(new URL('../../tests/interop/package.json', import.meta.url))('bullmq6');
const [port, provider, body, work] = process.argv.slice(2);
const { kinds, constant } = JSON.parse(work);
const connection = { host: '127.0.0.1', port: Number(port) };
const RESULT_OPTIONS = {
  attempts: 3, backoff: { type: 'exponential', delay: 1500 }, removeOnComplete: 100, removeOnFail: false,
};
const headers = { authorization: 'Bearer bench' };

async function post(path, init) {
  const response = await fetch(`${provider}${path}`, { method: 'POST', ...init });
  if (!response.ok) throw new Error(`the provider answered ${response.status}`);
  return response.json();
}

async function transcribe({ audioBase64, mimeType }) {
  const form = new FormData();
  form.set('model', 'bench');
  form.set('file', new Blob([Buffer.from(audioBase64, 'base64')], { type: mimeType }), 'speech.webm');
  return { text: (await post('/audio/transcriptions', { headers, body: form })).text };
}

async function complete(data, schema) {
  const request = {
    model: 'bench',
    messages: [{ role: 'system', content: 'Answer as the schema says.' }, { role: 'user', content: JSON.stringify(data) }],
    response_format: { type: 'json_schema', json_schema: { name: schema } },
  };
  const init = { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(request) };
  return JSON.parse((await post('/chat/completions', init)).choices[0].message.content);
}

function serve({ queue, resultName, slots, schema }) {
  const results = new Queue(`${queue}.results`, { connection });
  const ask = body === 'instant' ? async () => constant : schema ? data => complete(data, schema) : transcribe;
  const run = async job => {
    const result = { jobId: job.id, ...(await ask(job.data)) };
    await results.add(resultName, result, { ...RESULT_OPTIONS, jobId: `result-${job.id}-${job.processedOn}` });
    return result;
  };
  const worker = new Worker(queue, run, { connection, concurrency: slots });
  worker.on('failed', (_, error) => console.error(error));
  return worker.waitUntilReady();
}

await Promise.all(kinds.map(serve));
console.log('ready');
