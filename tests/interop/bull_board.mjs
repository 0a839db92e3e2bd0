// Bull Board on the queues of a plane, as a control plane would mount it.
//
//   node bull_board.mjs <5|6> <redis host> <redis port> <queue>...
//
// It says {"ready": true, "port": …} and serves until its standard input ends.
import { createRequire } from 'node:module';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express from 'express';

const [major, host, port, ...names] = process.argv.slice(2);
const { Queue } = createRequire(import.meta.url)(`bullmq${major}`);
const queues = names.map(name => new Queue(name, { connection: { host, port: Number(port) } }));
// The adapter knows a queue of another copy of BullMQ by what the queue says of itself in Redis.
await Promise.all(queues.map(queue => queue.waitUntilReady()));

const serverAdapter = new ExpressAdapter();
createBullBoard({
  queues: queues.map(queue => new BullMQAdapter(queue)),
  serverAdapter,
  // What happened is what a person comes for; the data of a job holds a candidate's code.
  options: { uiConfig: { boardTitle: 'aiplane', jobDetails: { defaultTab: 'Logs' } } },
});

const server = express()
  .use(serverAdapter.getRouter())
  .listen(0, '127.0.0.1', () => console.log(JSON.stringify({ ready: true, port: server.address().port })));

process.stdin.resume().on('end', () => process.exit(0));
