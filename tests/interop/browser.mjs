// A browser, headless: one JSON command a line in, one JSON answer a line out, {value} or {error}.
//
//   node browser.mjs <path of chromium> <width> <height>
//
//   {open: url}             load a page
//   {click: selector}       click what matches, once it is there
//   {text: selector}        the text that a person sees of it, once it is there
//   {await: text}           once a page shows it
//   {seen: any}            all that was asked for and complained of so far: {requests: [url], errors: [text]}
//   {shot: path, of: selector}   a picture of the page, or of a part of it
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const [executablePath, width, height] = process.argv.slice(2);
// Without its sandbox, which needs rights that a container may not have: it opens pages of this machine only.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) } });
page.setDefaultTimeout(60_000);

const requests = [];
const errors = [];
page.on('request', request => requests.push(request.url()));
page.on('pageerror', error => errors.push(error.message));
page.on('console', message => message.type() === 'error' && errors.push(message.text()));

const commands = {
  open: url => page.goto(url, { waitUntil: 'load' }),
  click: selector => page.locator(selector).first().click(),
  text: selector => page.locator(selector).first().innerText(),
  await: text => page.getByText(text).first().waitFor(),
  seen: async () => JSON.stringify({ requests, errors }),
  shot: (path, { of }) => (of ? page.locator(of).first() : page).screenshot({ path }),
};

const say = line => process.stdout.write(`${JSON.stringify(line)}\n`);

async function obey(command) {
  const [name, argument] = Object.entries(command)[0];
  try {
    const value = await commands[name](argument, command);
    say({ value: typeof value === 'string' ? value : null });
  } catch (error) {
    say({ error: error.message });
  }
}

let done = Promise.resolve();
createInterface({ input: process.stdin })
  .on('line', line => (done = done.then(() => obey(JSON.parse(line)))))
  .on('close', async () => {
    await done;
    await browser.close();
    process.exit(0);
  });
say({ ready: true });
