// Measures the page in Chromium with a quarter of the processor, and prints
// the figures as JSON for frames.rs. The provider is written here, because an
// answer must first become long at once and then go on at reading speed.

import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ROOT = path.join(import.meta.dirname, '..');
const { chromium } = createRequire(path.join(ROOT, 'end2end/package.json'))('playwright-core');

const THROTTLE = 4;
const KILOBYTES = [5, 100];
const TOKENS_PER_SECOND = 100;
const TRACED_MS = 10_000;
/** Between the beginning of an answer and that of its trace. */
const SETTLING_MS = 4_000;
const VISITS = 5;
const PATIENCE_MS = 120_000;

const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--disable-gpu',
];

/** A page that does the least: it appends the text of the provider's events. */
const BARE_PAGE = `<!doctype html><title>bare</title><pre style="white-space: pre-wrap"></pre><script>
async function ask(question) {
  const text = document.querySelector('pre').appendChild(document.createTextNode(''));
  const body = JSON.stringify({ stream: true, messages: [{ role: 'user', content: question }] });
  const response = await fetch('/v1/chat/completions', { method: 'POST', body });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (rest + value).split('\\n\\n');
    rest = events.pop();
    for (const event of events) {
      if (event !== 'data: [DONE]') {
        text.appendData(JSON.parse(event.slice(6)).choices[0].delta.content ?? '');
      }
    }
  }
}
</script>`;

/** Text to write: the demo's pages, again and again. */
async function longText() {
  const names = ['guide', 'markdown', 'code', 'table', 'math'];
  const file = (name) => path.join(ROOT, `crates/simulator/content/${name}.md`);
  const pages = await Promise.all(names.map((name) => readFile(file(name), 'utf8')));
  return `${pages.join('\n\n')}\n\n`.repeat(40);
}

/**
 * A provider that takes the question for a number of kilobytes, says so much
 * at once and then goes on token by token. It also serves the bare page.
 */
async function startProvider(text) {
  const server = createServer(async (request, response) => {
    if (request.url === '/') {
      response.setHeader('content-type', 'text/html');
      return response.end(BARE_PAGE);
    }
    if (request.url === '/v1/models') {
      return response.end(JSON.stringify({ object: 'list', data: [{ id: 'writer' }] }));
    }
    if (request.method !== 'POST') {
      response.statusCode = 404;
      return response.end();
    }
    let body = '';
    for await (const part of request) body += part;
    const kilobytes = Number(JSON.parse(body).messages.at(-1).content);
    response.setHeader('content-type', 'text/event-stream');
    await answer(response, text, kilobytes * 1000);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function answer(response, text, size) {
  const say = (delta, finish_reason = null) => {
    const choices = [{ index: 0, delta, finish_reason }];
    response.write(`data: ${JSON.stringify({ object: 'chat.completion.chunk', choices })}\n\n`);
  };
  say({ content: text.slice(0, size) });
  const rest = text.slice(size).match(/\s?[^\s]{1,6}|\s/gu);
  const begin = performance.now() + SETTLING_MS / 2;
  const count = ((SETTLING_MS + TRACED_MS) * TOKENS_PER_SECOND) / 1000;
  for (let at = 0; at < count && !response.destroyed; at += 1) {
    const wait = begin + (at * 1000) / TOKENS_PER_SECOND - performance.now();
    if (wait > 0) await sleep(wait);
    say({ content: rest[at] });
  }
  say({}, 'stop');
  response.end('data: [DONE]\n\n');
}

/** Rivulet in front of the provider; resolves with its process and address. */
async function startRivulet(provider, data) {
  const args = ['--listen', '127.0.0.1:0', '--data', data];
  const child = spawn(process.env.RIVULET_BIN, args, {
    env: {
      PATH: process.env.PATH,
      RIVULET_LOG: 'error',
      OPENAI_BASE_URL: `http://127.0.0.1:${provider.address().port}/v1`,
      OPENAI_API_KEY: 'bench',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise((resolve, reject) => {
    let said = '';
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`rivulet ended (${code})`)));
    child.stdout.on('data', (data) => {
      said += data;
      const match = /http:\/\/\S+/.exec(said);
      if (match) resolve(match[0]);
    });
  });
  return { child, url };
}

/** A new profile's first page, with the processor throttled. */
async function newPage(browser, rate) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  return page;
}

/** The median time from the start of a first visit to a page that reacts. */
async function usable(browser, url, rate) {
  const times = [];
  for (let visit = 0; visit < VISITS; visit += 1) {
    const page = await newPage(browser, rate);
    await page.addInitScript(() => {
      new MutationObserver((_, observer) => {
        if (document.body?.hasAttribute('data-hydrated')) {
          globalThis.usableAt = performance.now();
          observer.disconnect();
        }
      }).observe(document, { attributes: true, childList: true, subtree: true });
    });
    await page.goto(url);
    const time = await page.waitForFunction(() => globalThis.usableAt);
    times.push(await time.jsonValue());
    await page.context().close();
  }
  return times.sort((a, b) => a - b)[Math.floor(VISITS / 2)];
}

/** Traces a page while an answer is written that `ask` has begun. */
async function writing(browser, url, ask) {
  const page = await newPage(browser, THROTTLE);
  await page.goto(url);
  await ask(page);
  await sleep(SETTLING_MS);
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await sleep(TRACED_MS);
  const trace = JSON.parse(await browser.stopTracing());
  await page.context().close();
  return figures(trace.traceEvents);
}

const SCRIPT_AND_LAYOUT = new Set([
  'EvaluateScript',
  'EventDispatch',
  'FireAnimationFrame',
  'FireIdleCallback',
  'FunctionCall',
  'Layout',
  'RunMicrotasks',
  'TimerFire',
  'UpdateLayoutTree',
  'V8.GC_MARK_COMPACTOR',
  'MajorGC',
  'MinorGC',
]);

/**
 * Frames end with a commit of the page's main thread: the one that commits
 * most. Work within work counts once. Times of a trace are in microseconds.
 */
function figures(events) {
  const thread = ({ pid, tid }) => `${pid}/${tid}`;
  const commits = new Map();
  for (const event of events.filter(({ name, ph }) => name === 'Commit' && ph === 'X')) {
    commits.set(thread(event), (commits.get(thread(event)) ?? 0) + 1);
  }
  const main = [...commits.keys()].sort((a, b) => commits.get(b) - commits.get(a))[0];
  if (!main) throw new Error('the trace has no frames');
  const spans = events
    .filter((event) => thread(event) === main && event.ph === 'X')
    .sort((a, b) => a.ts - b.ts || b.dur - a.dur);

  const frames = [];
  let work = 0;
  let busyUntil = 0;
  let longest = 0;
  for (const { name, ts, dur = 0 } of spans) {
    if (name.endsWith('RunTask')) longest = Math.max(longest, dur);
    if (SCRIPT_AND_LAYOUT.has(name) && ts >= busyUntil) {
      work += dur;
      busyUntil = ts + dur;
    }
    if (name === 'Commit') {
      frames.push(work);
      work = 0;
    }
  }
  frames.sort((a, b) => a - b);
  return {
    p95: frames[Math.ceil(frames.length * 0.95) - 1] / 1000,
    longest_task: longest / 1000,
    frames_per_second: (frames.length * 1000) / TRACED_MS,
  };
}

/** Stores a conversation of `count` messages of the demo's pages; its id. */
async function importConversation(url, text, count) {
  const paragraphs = text.split(/\n\n(?=# )/);
  const id = (number) => `00000000-0000-7000-8000-${String(number + 1).padStart(12, '0')}`;
  const messages = Array.from({ length: count }, (_, at) => ({
    id: id(at),
    ...(at > 0 && { parent: id(at - 1) }),
    role: at % 2 ? 'assistant' : 'user',
    state: 'finished',
    text: at % 2 ? paragraphs[at % paragraphs.length].slice(0, 2000) : `Question ${at}, and what follows from it?`,
    created_ms: 1_700_000_000_000 + at,
  }));
  const conversation = { id: id(count), title: 'A long one', updated_ms: Date.now(), messages };
  const file = { format: 'rivulet', version: 1, conversations: [conversation] };
  const imported = await fetch(`${url}/api/import`, { method: 'POST', body: JSON.stringify(file) });
  const report = await imported.text();
  if (!imported.ok) throw new Error(report);
  const list = await (await fetch(`${url}/api/conversations`)).json();
  return list[0].id;
}

/** A long conversation: opened by its address and from the list, typed into, scrolled through. */
async function conversation(browser, url, text, count) {
  const id = await importConversation(url, text, count);
  const page = await newPage(browser, 1);
  const shown = `.message:nth-child(${count}), .message:last-child`;
  const opened = [];
  const clicked = [];
  for (let visit = 0; visit < VISITS; visit += 1) {
    await page.goto(`${url}/c/${id}`);
    await page.locator('body[data-hydrated]').waitFor();
    opened.push(await page.evaluate(() => performance.now()));
    await page.goto(url);
    await page.locator('body[data-hydrated]').waitFor();
    clicked.push(
      await page.evaluate(async (selector) => {
        const begun = performance.now();
        document.querySelector('.conversation a, a[href^="/c/"]').click();
        while (document.querySelectorAll('.message').length === 0 || !document.querySelector(selector)) {
          await new Promise(requestAnimationFrame);
        }
        await new Promise(requestAnimationFrame);
        return performance.now() - begun;
      }, shown),
    );
  }
  await sleep(1_500);
  const nodes = () =>
    page.evaluate(() => {
      const all = document.createNodeIterator(document);
      let count = 0;
      while (all.nextNode()) count += 1;
      return count;
    });
  const atBottom = await nodes();
  await page.evaluate(() => {
    globalThis.delays = [];
    addEventListener(
      'keydown',
      (event) => {
        requestAnimationFrame(() => {
          setTimeout(() => globalThis.delays.push(performance.now() - event.timeStamp));
        });
      },
      { capture: true },
    );
  });
  await page.locator('#composer').focus();
  await page.keyboard.type('The quick brown fox jumps over the lazy dog, again and again.', { delay: 30 });
  const delays = (await page.evaluate(() => globalThis.delays)).sort((a, b) => a - b);
  await page.locator('#transcript').hover();
  let most = atBottom;
  for (let tick = 0; tick < 60; tick += 1) {
    await page.mouse.wheel(0, -1_500);
    await sleep(30);
    if (tick % 10 === 0) most = Math.max(most, await nodes());
  }
  const median = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
  await page.context().close();
  return {
    messages: count,
    opened: median(opened),
    clicked: median(clicked),
    nodes: most,
    typing_p95: delays[Math.ceil(delays.length * 0.95) - 1],
  };
}

async function measure(browser, provider, rivulet, text) {
  const bare = `http://127.0.0.1:${provider.address().port}/`;
  const result = {
    usable: {
      baseline: await usable(browser, rivulet, 1),
      rivulet: await usable(browser, rivulet, THROTTLE),
    },
    writing: [],
    conversation: await conversation(browser, rivulet, text, 300),
  };
  for (const kilobytes of KILOBYTES) {
    result.writing.push({
      kilobytes,
      baseline: await writing(browser, bare, async (page) => {
        await page.evaluate((question) => void globalThis.ask(question), String(kilobytes));
      }),
      rivulet: await writing(browser, rivulet, async (page) => {
        await page.locator('body[data-hydrated]').waitFor();
        await page.locator('#composer').fill(String(kilobytes));
        await page.locator('#composer').press('Enter');
      }),
    });
  }
  return result;
}

const directory = await mkdtemp(path.join(tmpdir(), 'rivulet-bench-'));
const text = await longText();
const provider = await startProvider(text);
const rivulet = await startRivulet(provider, path.join(directory, 'data'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: FLAGS });
try {
  console.log(JSON.stringify(await measure(browser, provider, rivulet.url, text)));
} finally {
  await browser.close();
  rivulet.child.removeAllListeners('exit');
  rivulet.child.kill('SIGKILL');
  provider.closeAllConnections();
  provider.close();
  await rm(directory, { recursive: true, force: true });
}
