// What every browser test stands on: a server of its own, the simulator as its
// upstream where a test wants one, and pages that must not complain.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

/** The machine may be slow and shared: nothing is waited for in a hurry. */
const PATIENCE_MS = 60_000;

const RESULTS = path.join(import.meta.dirname, '..', 'test-results');

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--no-first-run',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
];

export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/**
 * A test with a server and a page of its own. It fails when a page writes an
 * error or a warning to the console (hydration warnings are such), throws, or
 * asks another host for anything.
 *
 * Options: `scripts` (model name → script of the simulator, which is then the
 * upstream, and its first model the default one; without it the demo answers),
 * `args` of the server, `context` options of the browser, and `allow`:
 * patterns of complaints that the test brings about on purpose.
 */
export function scenario(name, options, body) {
  test(name, { timeout: 5 * PATIENCE_MS }, async () => {
    const world = await World.begin(options);
    try {
      await body(world);
      assert.deepEqual(world.complaints, []);
    } catch (error) {
      await world.keepEvidence(name);
      throw error;
    } finally {
      await world.end();
    }
  });
}

let browser;

/** The browser that all tests of a file share. */
export async function launch() {
  browser ??= await chromium.launch({
    executablePath: required('CHROMIUM'),
    args: CHROMIUM_FLAGS,
  });
  return browser;
}

export async function quit() {
  await browser?.close();
}

after(quit);

export class World {
  /** What went wrong on the pages so far. */
  complaints = [];

  static async begin({ scripts, args = [], context = {}, allow = [] } = {}) {
    const world = new World();
    world.allow = allow;
    world.directory = await mkdtemp(path.join(tmpdir(), 'rivulet-test-'));
    try {
      const environment = {};
      if (scripts) {
        world.simulator = await Simulator.start(world.directory);
        for (const [model, script] of Object.entries(scripts)) {
          await world.simulator.script(model, script);
        }
        environment.OPENAI_BASE_URL = `${world.simulator.url}/v1`;
        environment.OPENAI_API_KEY = 'test';
        args = [...args, '--default-model', `openai/${Object.keys(scripts)[0]}`];
      }
      world.server = await Server.start(world.directory, args, environment);
      world.origin = world.server.url;
      world.context = await world.newContext(context);
      world.page = await world.newPage();
    } catch (error) {
      await world.end();
      throw error;
    }
    return world;
  }

  /** A browser profile of its own: another person, or another device. */
  async newContext(options = {}) {
    const context = await (await launch()).newContext({ baseURL: this.server.url, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    context.on('page', (page) => this.#watch(page));
    return context;
  }

  /** Another tab. */
  async newPage() {
    return this.context.newPage();
  }

  /** The stored conversation that a page shows. */
  async stored(page = this.page) {
    return this.server.conversation(new URL(page.url()).pathname.split('/')[2]);
  }

  /** The stored answer that a page shows last. */
  async storedAnswer(page = this.page) {
    const { messages } = await this.stored(page);
    return messages.findLast((message) => message.role === 'assistant');
  }

  async keepEvidence(name) {
    const file = path.join(RESULTS, name.replaceAll(/\W+/g, '-'));
    await mkdir(RESULTS, { recursive: true });
    const pages = this.context.pages();
    await Promise.allSettled(
      pages.map((page, at) => page.screenshot({ path: `${file}-${at}.png`, timeout: 10_000 })),
    );
    console.error(`${name}\n${this.complaints.join('\n')}\nThe server said:\n${this.server.log}`);
  }

  async end() {
    for (const context of browser?.contexts() ?? []) {
      await context.close();
    }
    await this.server?.kill();
    await this.simulator?.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  #watch(page) {
    const complain = (complaint) => {
      if (!this.allow.some((pattern) => pattern.test(complaint))) {
        this.complaints.push(complaint);
      }
    };
    page.on('console', (message) => {
      if (['error', 'warning', 'assert'].includes(message.type())) {
        complain(`console: ${message.text()} (${message.location().url})`);
      }
    });
    page.on('pageerror', (error) => complain(`page error: ${error.stack}`));
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== this.origin && protocol !== 'data:') {
        complain(`a request left the origin: ${request.url()}`);
      }
    });
  }
}

/** A process of the binary, with the address that it prints. */
class Rivulet {
  log = '';

  async spawn(directory, args, environment, announcement) {
    this.process = spawn(required('RIVULET_BIN'), args, {
      // Neither the build's folder nor anything of the caller's environment:
      // the binary needs no other file and no variable.
      cwd: directory,
      env: { PATH: process.env.PATH, HOME: directory, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => {
      this.process.on('exit', (code, signal) => resolve({ code, signal }));
    });
    this.process.stderr.on('data', (data) => (this.log += data));
    this.url = await new Promise((resolve, reject) => {
      let said = '';
      this.process.stdout.on('data', (data) => {
        said += data;
        const match = announcement.exec(said);
        if (match) resolve(match[1]);
      });
      this.process.on('error', reject);
      this.process.on('exit', (code) => reject(new Error(`it ended (${code}): ${this.log}`)));
    });
  }

  /** Ends it at once, as a power cut would. */
  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** Asks it to end; resolves with its exit code and signal. */
  async terminate() {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  async get(at) {
    const response = await fetch(this.url + at);
    assert.equal(response.status, 200, at);
    return response.json();
  }
}

class Server extends Rivulet {
  static async start(directory, args, environment) {
    const server = new Server();
    server.restart = (listen) =>
      server.spawn(
        directory,
        ['--listen', listen, '--data', path.join(directory, 'data'), ...args],
        environment,
        /Rivulet is at (http:\/\/\S+)/,
      );
    await server.restart('127.0.0.1:0');
    return server;
  }

  /** Starts it again where it was, on the data it left. */
  async startAgain() {
    await this.restart(new URL(this.url).host);
  }

  async conversation(id) {
    return this.get(`/api/conversations/${id}`);
  }

  /** Asks without a page; resolves with the conversation once it is answered. */
  async ask(text, options = {}) {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const body = JSON.stringify({ text, ...options });
    const response = await fetch(`${this.url}/api/turns`, { method: 'POST', headers, body });
    const events = await response.text();
    assert.equal(response.status, 200, events);
    return this.conversation(/"conversation":"([^"]+)"/.exec(events)[1]);
  }
}

class Simulator extends Rivulet {
  static async start(directory) {
    const simulator = new Simulator();
    const args = ['simulate', '--listen', '127.0.0.1:0'];
    await simulator.spawn(directory, args, {}, /listens on (http:\/\/\S+)\/v1/);
    return simulator;
  }

  /** Says how a model answers from now on. */
  async script(model, script) {
    const response = await fetch(`${this.url}/control/script`, {
      method: 'POST',
      body: JSON.stringify({ model, script }),
    });
    assert.equal(response.status, 204, await response.text());
  }

  /** What reached it, and how that ended. */
  async stats() {
    return this.get('/stats');
  }
}

function required(variable) {
  const value = process.env[variable];
  assert.ok(value, `set ${variable} to the path of the program, or run \`cargo xtask test\``);
  return value;
}

/** Repeats a check until it passes. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(50);
  }
}

// What a person does and sees on the page.

export async function visit(page, at = '/') {
  await page.goto(at);
  await hydrated(page);
}

/** Waits until the page reacts to more than links and forms. */
export async function hydrated(page) {
  await page.locator('body[data-hydrated]').waitFor();
}

export function composer(page) {
  return page.locator('#composer');
}

export function button(page, name) {
  return page.getByRole('button', { name, exact: true });
}

export async function ask(page, text) {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

/** The answer shown last. */
export function answer(page) {
  return page.locator('.answer').last();
}

/** The text of the answer shown last, as a reader sees it. */
export async function answerText(page) {
  return answer(page).locator('.markdown').innerText();
}

/** Waits until so many answers are shown and none is being written. */
export async function ended(page, answers = 1) {
  await eventually(async () => {
    assert.equal(await page.locator('.answer').count(), answers);
    assert.equal(await page.locator('.answer-foot').count(), answers);
    assert.equal(await button(page, 'Stop').count(), 0);
  });
}

/** The words of a text: what Markdown without marks and its drawing share. */
export function words(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** The numbers that an answer to "Count from 1 to N" has come to. */
export async function counted(page) {
  const numbers = (await answerText(page)).match(/\d+/g) ?? [];
  return numbers.map(Number);
}

/** Waits until an answer has counted at least that far. */
export async function countedTo(page, number) {
  return eventually(async () => {
    const numbers = await counted(page);
    assert.ok(numbers.length >= number, `${numbers.length} numbers, not yet ${number}`);
    return numbers;
  });
}

export function oneTo(last) {
  return Array.from({ length: last }, (_, at) => at + 1);
}

/** Fails if numbers are missing or doubled; the last may be half-written. */
export function assertCounting(numbers) {
  const whole = numbers.slice(0, -1);
  assert.deepEqual(whole, oneTo(whole.length));
}

/** What the accessibility checker finds wrong. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
