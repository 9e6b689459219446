// Pictures of every screen, for people to look at:
// node end2end/screenshots.mjs <folder>

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ask, button, countedTo, deleted, ended, hydrated, PHONE, visit } from './support/page.mjs';
import { quit, World } from './support/world.mjs';

const folder = process.argv[2];
assert.ok(folder, 'say where to put the pictures: node end2end/screenshots.mjs <folder>');

const SIZES = {
  1280: { viewport: { width: 1280, height: 800 } },
  390: PHONE,
};

const SCRIPTS = {
  guide: {},
  steady: { first_token_ms: 100, tokens_per_second: 40 },
  thinker: { tokens_per_second: 20, thinking_tokens: 100_000 },
  talker: { thinking_tokens: 60, tool_calls: [{ name: 'search', arguments: { query: 'brooks' } }] },
  fragile: { fault: { kind: 'cut' } },
  halting: { tokens_per_second: 400, fault: { kind: 'cut', after_tokens: 60 } },
  limited: {
    fault: {
      kind: 'status',
      status: 429,
      retry_after: 30,
      message: 'Rate limit reached for requests of this organisation: 3 of 3 in this minute.',
    },
  },
  busy: { fault: { kind: 'status', status: 503, message: 'We are very busy at the moment.' } },
  distant: { first_token_ms: 60_000 },
};

/** Whom to ask instead, and what it costs. */
const CONFIG = `
automatic_fallback = false
[fallbacks]
"openai/halting" = ["anthropic/guide"]
"openai/busy" = ["anthropic/distant"]
[[models]]
id = "anthropic/guide"
input_price = 3
output_price = 15
[[models]]
id = "openai/halting"
input_price = 0.5
output_price = 2
[[models]]
id = "openai/steady"
input_price = 0.4
output_price = 1.6
[[aliases]]
name = "house-model"
models = ["openai/steady", "anthropic/guide"]
`;

const world = await World.begin({
  scripts: SCRIPTS,
  providers: ['openai', 'anthropic', 'gemini'],
  config: CONFIG,
});
try {
  await mkdir(folder, { recursive: true });
  const history = await fillHistory(world.server);
  for (const [width, size] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await world.newContext({ ...size, colorScheme });
      const page = await context.newPage();
      for (const [name, show] of Object.entries(screens(history))) {
        await show(page);
        const file = path.join(folder, `${name}-${colorScheme}-${width}.png`);
        await page.screenshot({ path: file, animations: 'disabled' });
      }
      await context.close();
    }
  }
} finally {
  await world.end();
  await quit();
}

/** Conversations to look at, by name. */
async function fillHistory(server) {
  const model = (name) => ({ model: `openai/${name}` });
  const begin = async (text, name) => (await server.ask(text, model(name))).id;
  const rich = await begin('Show me Markdown, code, a table and math', 'guide');
  await server.ask('Look up where brooks begin', { conversation: rich, ...model('talker') });
  const long = await begin('Write 2000 words', 'guide');
  for (let turn = 0; turn < 10; turn += 1) {
    await server.ask('Write 200 words', { conversation: long, ...model('guide') });
  }
  return {
    rich,
    long,
    continued: await begin('What is Rivulet?', 'halting'),
    chosen: (await server.ask('Name a river', { model: 'auto' })).id,
    cached: await cached(server),
    failed: await begin('Tell me how an answer breaks off', 'fragile'),
    short: await begin('What is Rivulet?', 'guide'),
  };
}

/** A conversation whose answer was given before. */
async function cached(server) {
  const options = { model: 'anthropic/guide', settings: { temperature: 0 } };
  await server.ask('What is a brook?', options);
  return (await server.ask('What is a brook?', options)).id;
}

/** Brings a page to each screen in turn. */
function screens(history) {
  const running = async (page, text, model) => {
    await visit(page);
    await page.locator('#model').selectOption(`openai/${model}`);
    await ask(page, text);
  };
  const stop = async (page) => {
    await button(page, 'Stop').click();
    await ended(page);
  };
  const top = (page) => page.locator('#transcript').evaluate((it) => it.scrollTo(0, 0));
  return {
    empty: (page) => visit(page),
    short: (page) => visit(page, `/c/${history.short}`),
    rich: async (page) => {
      await visit(page, `/c/${history.rich}`);
      await top(page);
    },
    code: async (page) => {
      await visit(page, `/c/${history.rich}`);
      await page.locator('.code-block').first().scrollIntoViewIfNeeded();
      await page.locator('.statistics summary').first().click();
    },
    tools: async (page) => {
      await visit(page, `/c/${history.rich}`);
      await page.locator('.thinking:not(.absent) summary').last().click();
      await page.locator('.tool summary').last().click();
    },
    long: async (page) => {
      await visit(page, `/c/${history.long}`);
      await page.locator('#transcript').evaluate((it) => it.scrollBy(0, -2_000));
      await button(page, 'Jump to latest').waitFor();
    },
    failed: (page) => visit(page, `/c/${history.failed}`),
    automatic: async (page) => {
      await visit(page);
      await page.locator('#model').selectOption('auto');
      await page.getByLabel('The most an answer may cost').selectOption('max $0.01');
    },
    retrying: async (page) => {
      await running(page, 'What is Rivulet?', 'limited');
      await page.locator('.phase', { hasText: 'Trying again' }).waitFor();
    },
    switching: async (page) => {
      await stop(page);
      await running(page, 'What is Rivulet?', 'busy');
      await page.locator('.phase', { hasText: 'Switching' }).waitFor();
    },
    ...Object.fromEntries(
      ['continued', 'chosen', 'cached'].map((name) => [
        name,
        async (page) => {
          if (name === 'continued') await stop(page);
          await visit(page, `/c/${history[name]}`);
          await page.locator('.statistics summary').last().click();
          await page.locator('.statistics dl').last().scrollIntoViewIfNeeded();
        },
      ]),
    ),
    writing: async (page) => {
      await running(page, 'Count from 1 to 100000', 'steady');
      await countedTo(page, 120);
    },
    queue: async (page) => {
      await ask(page, 'And then back down again');
      await page.locator('.queue').waitFor();
    },
    stopped: stop,
    thinking: async (page) => {
      await running(page, 'How long is a piece of string?', 'thinker');
      await page.locator('.phase', { hasText: 'Thinking…' }).waitFor();
      await page.getByText('might restate the question').first().waitFor();
    },
    deleted: async (page) => {
      await stop(page);
      await openDrawer(page);
      await page.locator('.conversation-item').first().hover();
      await page
        .getByRole('button', { name: /^Delete/ })
        .first()
        .click();
      await deleted(page).waitFor();
    },
    drawer: async (page) => {
      await visit(page, `/c/${history.short}`);
      await openDrawer(page);
    },
    rename: async (page) => {
      await page.locator('.conversation-item').first().hover();
      await page
        .getByRole('button', { name: /^Rename/ })
        .first()
        .click();
    },
    dialog: async (page) => {
      await visit(page, `/c/${history.short}`);
      await openDrawer(page);
      await page.getByRole('button', { name: /^Shortcuts/ }).click();
    },
    'not-found': async (page) => {
      await page.goto('/c/nowhere');
      await hydrated(page);
    },
  };
}

/** Opens the drawer where the list of conversations is one. */
async function openDrawer(page) {
  const link = page.locator('.new-conversation');
  if (!(await link.isVisible())) {
    await page.locator('.sidebar-toggle').click();
    await link.waitFor();
  }
}
