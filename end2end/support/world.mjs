// A world of its own for each test: a server, the simulator as its upstream
// where it wants one, and a browser whose pages must not complain.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { PATIENCE_MS } from './page.mjs';

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

/** How the environment names each provider, and what follows its host. */
const PROVIDERS = {
  openai: ['OPENAI', '/v1'],
  anthropic: ['ANTHROPIC', ''],
  gemini: ['GEMINI', ''],
};

/**
 * Arguments of a server that asks nobody twice, and nobody else: an upstream's
 * failure is then the reader's at once.
 */
export const ALONE = ['--retries=0', '--automatic-fallback=false'];

let browser;

/** The browser, which all worlds of a process share. */
async function launch() {
  browser ??= await chromium.launch({
    executablePath: required('CHROMIUM'),
    args: CHROMIUM_FLAGS,
  });
  return browser;
}

/** Closes the browser. */
export async function quit() {
  await browser?.close();
}

/**
 * Options: `scripts` (model name → script of the simulator, which is then the
 * upstream, and its first model the default one; without it the demo answers),
 * `providers` (whom the upstream stands in for, each in its own format),
 * `config` (the text of a configuration file), `args` of the server, `context`
 * options of the browser, and `allow`: patterns of complaints that the test
 * brings about on purpose.
 */
export class World {
  /** What went wrong on the pages so far. */
  complaints = [];

  static async begin(options = {}) {
    const { scripts, providers = ['openai'], config, context = {}, allow = [] } = options;
    let { args = [] } = options;
    const world = new this();
    world.allow = allow;
    world.directory = await mkdtemp(path.join(tmpdir(), 'rivulet-test-'));
    try {
      const environment = {};
      if (scripts) {
        world.simulator = await Simulator.start(world.directory);
        for (const [model, script] of Object.entries(scripts)) {
          await world.simulator.script(model, script);
        }
        for (const provider of providers) {
          const [name, folder] = PROVIDERS[provider];
          environment[`${name}_BASE_URL`] = world.simulator.url + folder;
          environment[`${name}_API_KEY`] = 'test';
        }
        const [model] = Object.keys(scripts);
        args = [...args, '--default-model', `${providers[0]}/${model}`];
      }
      if (config) {
        const file = path.join(world.directory, 'rivulet.toml');
        await writeFile(file, config);
        args = [...args, '--config', file];
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
    context.on('page', (page) => this.watch(page));
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
    const pages = await this.context.pages();
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

  /** Notes what goes wrong on a page, whichever browser has it. */
  watch(page) {
    const complain = (complaint) => {
      if (!this.allow.some((pattern) => pattern.test(complaint))) {
        this.complaints.push(complaint);
      }
    };
    page.on('console', (message) => {
      if (['error', 'warning', 'warn', 'assert'].includes(message.type())) {
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

/** The value of a variable of the environment that must be set. */
export function required(variable) {
  const value = process.env[variable];
  assert.ok(value, `set ${variable} to the path of the program, or run \`cargo xtask test\``);
  return value;
}
