// The model's stand-in: a good answer to every request, after a delay, and nothing else.
//
//   node provider.mjs <delay in ms> <file with the answers by schema, as one JSON object>
//
// It is Node's own HTTP server and not the tests' provider, because that one can misbehave in many ways and
// costs more for each call than what is to be measured.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';

const delay = Number(process.argv[2]);
const usage = { prompt_tokens: 120, completion_tokens: 45, total_tokens: 165 };
const completions = Object.entries(JSON.parse(readFileSync(process.argv[3], 'utf8'))).map(([schema, content]) => [
  `"${schema}"`,
  Buffer.from(JSON.stringify({
    id: 'chatcmpl-bench', object: 'chat.completion', created: 0, model: 'bench', usage,
    choices: [{ index: 0, finish_reason: 'stop', logprobs: null, message: { role: 'assistant', content, refusal: null } }],
  })),
]);
const transcription = Buffer.from(JSON.stringify({ text: 'I would use a hash map.' }));

function answerTo(path, chunks) {
  if (path.endsWith('/audio/transcriptions')) return transcription;
  const text = Buffer.concat(chunks).toString();
  return completions.find(([schema]) => text.includes(schema))?.[1];
}

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const chunks = [];
  request.on('data', chunk => chunks.push(chunk));
  request.on('end', () => {
    const answer = answerTo(request.url, chunks);
    const send = () => {
      response.writeHead(answer ? 200 : 400, { 'content-type': 'application/json', 'content-length': answer?.length ?? 0 });
      response.end(answer);
    };
    if (delay > 0) setTimeout(send, delay);
    else send();
  });
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => console.log(`listening on ${server.address().port}`));
