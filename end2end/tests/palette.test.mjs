// The palette, the search and the shortcuts: going anywhere and doing anything
// with keys alone, and by finger on a phone.

import assert from 'node:assert/strict';
import {
  answer,
  answerText,
  ask,
  button,
  composer,
  countedTo,
  ended,
  eventually,
  PHONE,
  violations,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const instant = { scripts: { instant: {}, other: { text: 'The other model.' } } };
const steady = { scripts: { steady: { tokens_per_second: 80 } } };

function palette(page) {
  return page.getByRole('dialog').filter({ has: page.locator('#palette-input') });
}

function input(page) {
  return page.getByRole('combobox', { name: /./ }).and(page.locator('#palette-input'));
}

/** Opens the palette with its keys and waits until it takes more of them. */
async function open(page, keys = 'Control+K') {
  await page.keyboard.press(keys);
  await ready(page);
}

async function ready(page) {
  await focused(page, 'palette-input');
  await page.locator('.palette').waitFor();
}

async function focused(page, id) {
  await eventually(async () => {
    assert.equal(await page.evaluate(() => document.activeElement.id), id);
  });
}

/** The headings and labels of what is listed. */
function listed(page) {
  return page
    .locator('.palette-heading, .palette-label')
    .evaluateAll((rows) =>
      rows.map((row) => (row.matches('.palette-heading') ? '# ' : '') + row.textContent),
    );
}

async function listIs(page, expected) {
  await eventually(async () => assert.deepEqual(await listed(page), expected));
}

/** The label of the item that a screen reader is told of. */
async function active(page) {
  const id = await input(page).getAttribute('aria-activedescendant');
  assert.ok(id, 'nothing is listed');
  const item = page.locator(`#${id}`);
  assert.equal(await item.getAttribute('aria-selected'), 'true');
  assert.equal(await page.locator('[role=option][aria-selected=true]').count(), 1);
  return item.locator('.palette-label').textContent();
}

async function activeIs(page, label) {
  await eventually(async () => assert.equal(await active(page), label));
}

/** Types into the palette and waits until what is meant is active. */
async function meant(page, typed, label) {
  await page.keyboard.type(typed);
  await activeIs(page, label);
}

async function closed(page) {
  await palette(page).waitFor({ state: 'hidden' });
}

async function titleIs(page, title) {
  await eventually(async () => {
    assert.equal(await page.locator('.topbar-title').textContent(), title);
  });
}

/** Presses a shortcut of two keys. */
async function twoKeys(page, second) {
  await page.keyboard.press('Alt+Shift+M');
  await page.getByText('Now one of these keys').waitFor();
  await page.keyboard.press(second);
}

/** What is marked on the page as found. */
function marks(page) {
  return page.evaluate(() =>
    [...(CSS.highlights.get('found') ?? [])].map((place) => {
      const range = new Range();
      range.setStart(place.startContainer, place.startOffset);
      range.setEnd(place.endContainer, place.endOffset);
      return range.toString();
    }),
  );
}

/** Waits until the paragraph with this text is in view. */
async function inView(page, text) {
  const place = page.locator('.message p, .said', { hasText: text });
  await eventually(async () => {
    const [{ top }, window] = await Promise.all([
      place.evaluate((it) => it.getBoundingClientRect().toJSON()),
      page.locator('#transcript').evaluate((it) => it.getBoundingClientRect().toJSON()),
    ]);
    assert.ok(top >= window.top && top < window.bottom - 20, `${top} in ${JSON.stringify(window)}`);
  });
}

/** A file of ours: one conversation of so many messages. */
function long(count, text) {
  const id = (number) => `01900000-2000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  const now = Date.now();
  const messages = Array.from({ length: count }, (_, at) => ({
    id: id(at + 1),
    parent: at > 0 ? id(at) : undefined,
    role: at % 2 ? 'assistant' : 'user',
    state: 'finished',
    text: text(at + 1),
    created_ms: now - (count - at) * 1000,
    last_event: 0,
  }));
  const conversation = {
    id: '01900000-1000-7000-8000-000000000001',
    title: 'A long one',
    updated_ms: now,
    messages,
  };
  const file = { format: 'rivulet', version: 1, exported_ms: now, conversations: [conversation] };
  return JSON.stringify(file);
}

async function importOf(server, file) {
  const response = await fetch(`${server.url}/api/import`, { method: 'POST', body: file });
  const report = await response.json();
  assert.deepEqual(report.problems, []);
}

const HAYSTACK = (number) => {
  const words = `Message ${number}. ${'Nothing but hay in here. '.repeat(12)}`;
  return number === 42 ? `${words}\n\nAnd a **silver needle**, which nobody expects.` : words;
};

scenario('a few letters go to a conversation', instant, async ({ page, server }) => {
  await server.ask('Recipes for bread');
  await server.ask('How rivers meander');
  await server.ask('New ideas for a garden');
  await visit(page);
  await composer(page).fill('A draft');
  await open(page);
  const rows = await listed(page);
  assert.deepEqual(rows.slice(0, 5), [
    '# Recent',
    'New ideas for a garden',
    'How rivers meander',
    'Recipes for bread',
    '# Commands',
  ]);
  await activeIs(page, 'New ideas for a garden');
  await page.keyboard.press('ArrowDown');
  await activeIs(page, 'How rivers meander');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await activeIs(page, rows.at(-1));
  await page.keyboard.press('ArrowDown');
  await activeIs(page, 'New ideas for a garden');

  await meant(page, 'rfb', 'Recipes for bread');
  await page.keyboard.press('Enter');
  await closed(page);
  await titleIs(page, 'Recipes for bread');
  await focused(page, 'composer');

  // What is shown is not where one wants to go.
  await open(page);
  assert.equal((await listed(page))[1], 'New ideas for a garden');
  assert.ok(!(await listed(page)).slice(1, 3).includes('Recipes for bread'));
  await page.keyboard.press('Escape');
  await closed(page);
  await focused(page, 'composer');
  await open(page);
  await page.keyboard.press('Control+K');
  await closed(page);
  await focused(page, 'composer');
});

scenario('a search opens the message that it has found', instant, async ({ page, server }) => {
  await importOf(server, long(120, HAYSTACK));
  await server.ask('repeat something else');
  await visit(page);
  await open(page, 'Alt+Shift+S');
  await page.keyboard.type('need');
  await listIs(page, ['# Messages', 'A long one']);
  assert.deepEqual(await page.locator('.palette-note mark').allTextContents(), ['needle']);
  await page.keyboard.press('Enter');
  await closed(page);
  await titleIs(page, 'A long one');
  await inView(page, 'silver needle');
  const message = page.locator('.message', { hasText: 'Message 42.' });
  assert.ok(await message.evaluate((it) => it === document.activeElement));
  assert.deepEqual(await marks(page), ['needle']);
  await button(page, 'Jump to latest').waitFor();

  // The same conversation, from far below, where that message has no content.
  await button(page, 'Jump to latest').click();
  await inView(page, 'Message 120.');
  await eventually(async () => {
    assert.equal(await page.locator('.message').nth(41).textContent(), '', 'it waits aside');
  });
  await open(page, 'Alt+Shift+S');
  await page.keyboard.type('"silver needle"');
  await listIs(page, ['# Messages', 'A long one']);
  await page.keyboard.press('Enter');
  await inView(page, 'silver needle');
  assert.deepEqual(await marks(page), ['silver needle']);
});

scenario('words, phrases and signs are found', instant, async ({ page, server }) => {
  await server.ask('repeat the brook runs fast');
  await server.ask('repeat fast runs the brook');
  await server.ask('repeat 今日は日本語で話します');
  await visit(page);
  await open(page, 'Alt+Shift+S');
  await page.keyboard.type('brook fast');
  await eventually(async () => assert.equal((await listed(page)).length, 8));
  await input(page).fill('"brook runs"');
  const only = ['# Titles', 'repeat the brook runs fast', '# Messages'];
  await eventually(async () => assert.deepEqual((await listed(page)).slice(0, 3), only));
  assert.equal((await listed(page)).length, 5);
  await input(page).fill('日本');
  await eventually(async () => {
    assert.deepEqual(await page.locator('.palette-label mark').allTextContents(), ['日本']);
  });
  // By the letters of its title too, before the server is asked.
  await page.keyboard.press('Escape');
  await open(page);
  await page.keyboard.insertText('日本語');
  await activeIs(page, 'repeat 今日は日本語で話します');
});

scenario('a message on another branch comes into view', instant, async (world) => {
  const { page, simulator } = world;
  await simulator.script('instant', { text: 'The elder answer.' });
  await visit(page);
  await ask(page, 'A question');
  await ended(page);
  await simulator.script('instant', { text: 'The younger answer.' });
  await page.keyboard.press('Alt+Shift+R');
  await eventually(async () => assert.equal((await answerText(page)).trim(), 'The younger answer.'));
  await ended(page);
  await open(page, 'Alt+Shift+S');
  await meant(page, 'elder', 'A question');
  await page.keyboard.press('Enter');
  await eventually(async () => assert.equal((await answerText(page)).trim(), 'The elder answer.'));
  await eventually(async () => assert.deepEqual(await marks(page), ['elder']));
  await eventually(async () => {
    const { leaf, messages } = await world.stored();
    assert.equal(messages.find(({ id }) => id === leaf)?.text, 'The elder answer.');
  });
});

const silenced = { ...instant, allow: [/Failed to load resource/] };

scenario('nothing found, no server, and an answer too late are told', silenced, async (world) => {
  const { page, server } = world;
  await server.ask('repeat the brook');
  await visit(page);
  await open(page, 'Alt+Shift+S');
  await page.keyboard.type('xyzzy');
  await page.getByText('Nothing found for “xyzzy”').waitFor();
  assert.equal(await input(page).getAttribute('aria-expanded'), 'false');

  await page.route('**/api/search*', (route) => route.abort());
  await input(page).fill('brook');
  await page.getByRole('alert').filter({ hasText: 'Messages could not be searched' }).waitFor();
  await page.unroute('**/api/search*');
  await button(palette(page), 'Try again').click();
  await activeIs(page, 'repeat the brook');

  // An answer to what is no longer asked.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/search\?q=brook$/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await input(page).fill('');
  const asked = page.waitForRequest(/search\?q=brook$/);
  await input(page).fill('brook');
  await asked;
  await input(page).fill('xyzzy');
  await page.getByText('Nothing found for “xyzzy”').waitFor();
  release();
  await page.evaluate(() => fetch('/api/models').then((it) => it.text()));
  assert.deepEqual(await listed(page), []);
  // Enter in a hurry waits for what was typed.
  await input(page).fill('brook runs nowhere');
  await input(page).fill('the brook');
  await page.keyboard.press('Enter');
  await titleIs(page, 'repeat the brook');
});

scenario('a model, a preset and a folder are chosen', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat one');
  const preset = await fetch(`${server.url}/api/presets/Careful%20reader`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ask: { system: 'Read with care.' } }),
  });
  assert.ok(preset.ok, await preset.text());
  await visit(page, `/c/${id}`);
  const model = () => page.locator('#model').inputValue();
  assert.equal(await model(), 'openai/instant');
  await open(page);
  await meant(page, 'other', 'other');
  await page.keyboard.press('Enter');
  await closed(page);
  assert.equal(await model(), 'openai/other');

  await open(page);
  await meant(page, 'switch', 'Switch the model…');
  await page.keyboard.press('Enter');
  await eventually(async () => {
    const items = await page.locator('.palette-item').allTextContents();
    assert.ok(items.some((item) => item.includes('other') && item.includes('in use')), items);
  });
  await meant(page, 'inst', 'instant');
  await page.keyboard.press('Enter');
  assert.equal(await model(), 'openai/instant');

  await open(page);
  await meant(page, 'careful', 'Careful reader');
  await page.keyboard.press('Enter');
  await eventually(async () => {
    const { settings } = await server.conversation(id);
    assert.equal(settings.ask.system, 'Read with care.');
  });

  const folder = async () => (await server.get('/api/conversations')).find((it) => it.id === id).folder;
  await twoKeys(page, 'F');
  await ready(page);
  await meant(page, 'Water', 'New folder “Water”');
  await page.keyboard.press('Enter');
  await eventually(async () => assert.equal(await folder(), 'Water'));
  await open(page);
  await meant(page, 'water', 'Water');
  await page.keyboard.press('Enter');
  await focused(page, 'folder-Water');
  await twoKeys(page, 'F');
  await ready(page);
  await activeIs(page, 'No folder');
  // Back from there to everything.
  await page.keyboard.press('Backspace');
  await eventually(async () => assert.equal((await listed(page)).includes('# Commands'), true));
});

scenario('answers and questions are worked with by keys', steady, async (world) => {
  const { page, context } = world;
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await visit(page);
  await composer(page).focus();
  await page.keyboard.type('Count from 1 to 100000');
  await page.keyboard.press('Enter');
  await countedTo(page, 5);
  await page.keyboard.press('Escape');
  await ended(page);
  await page.keyboard.press('Alt+Shift+G');
  await button(page, 'Stop').waitFor();
  await page.keyboard.press('Escape');
  await ended(page);
  assert.equal(await page.locator('.version-number').textContent(), '2/2');
  await twoKeys(page, 'ArrowLeft');
  await eventually(async () => {
    assert.equal(await page.locator('.version-number').textContent(), '1/2');
  });
  // An arrow can be pressed again without the first keys.
  await page.keyboard.press('ArrowRight');
  await eventually(async () => {
    assert.equal(await page.locator('.version-number').textContent(), '2/2');
  });
  await page.keyboard.press('Escape');
  await page.getByText('Now one of these keys').waitFor({ state: 'hidden' });

  await page.keyboard.press('Alt+Shift+Y');
  const { text } = await world.storedAnswer();
  await eventually(async () => {
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(text.startsWith(copied) && copied.length > 5, copied);
  });
  await page.keyboard.press('Alt+Shift+U');
  await focused(page, 'edited-question');
  await page.keyboard.press('Escape');

  // What is selected can be quoted by the palette, which takes the focus.
  await page.evaluate(() => {
    const text = document.createTreeWalker(
      document.querySelector('.answer .markdown p'),
      NodeFilter.SHOW_TEXT,
    ).nextNode();
    getSelection().setBaseAndExtent(text, 0, text, 4);
    globalThis.selected = getSelection().toString();
  });
  await open(page);
  await meant(page, 'quote', 'Quote the selected text');
  await page.keyboard.press('Enter');
  const selected = await page.evaluate(() => globalThis.selected);
  await eventually(async () => {
    assert.equal(await composer(page).inputValue(), `> ${selected.trim()}\n\n`);
  });
});

scenario('keys go from message to message', instant, async ({ page, server }) => {
  await importOf(server, long(60, HAYSTACK));
  const [{ id }] = await server.get('/api/conversations');
  await visit(page, `/c/${id}`);
  await inView(page, 'Message 60.');
  const here = () => page.evaluate(() => /Message \d+/.exec(document.activeElement.textContent)?.[0]);
  const goesTo = (number) =>
    eventually(async () => assert.equal(await here(), `Message ${number}`));
  await page.keyboard.press('Alt+Shift+K');
  await eventually(async () => assert.ok(await here()));
  const first = Number((await here()).split(' ')[1]);
  await page.keyboard.press('Alt+Shift+K');
  await goesTo(first - 1);
  await inView(page, `Message ${first - 1}.`);
  await page.keyboard.press('Alt+Shift+J');
  await goesTo(first);
  await button(page, 'Jump to latest').waitFor();
  await page.keyboard.press('Alt+Shift+D');
  await button(page, 'Jump to latest').waitFor({ state: 'hidden' });
  await inView(page, 'Message 60.');
});

scenario('conversations are kept by keys', instant, async ({ page, server }) => {
  await server.ask('repeat one');
  const { id } = await server.ask('repeat two');
  const summary = async () => (await server.get('/api/conversations')).find((it) => it.id === id);
  await visit(page);
  await twoKeys(page, 'ArrowDown');
  await titleIs(page, 'repeat two');
  await page.keyboard.press('ArrowDown');
  await titleIs(page, 'repeat one');
  await page.keyboard.press('ArrowUp');
  await titleIs(page, 'repeat two');
  await page.keyboard.press('Escape');

  await twoKeys(page, 'R');
  await page.getByLabel('Title of the conversation').waitFor();
  await page.keyboard.type('Renamed');
  await page.keyboard.press('Enter');
  await titleIs(page, 'Renamed');
  await twoKeys(page, 'P');
  await eventually(async () => assert.ok((await summary()).pinned));
  await focused(page, 'composer');
  await twoKeys(page, 'A');
  await eventually(async () => assert.ok((await summary()).archived));
  await twoKeys(page, 'A');
  await eventually(async () => assert.ok(!(await summary()).archived));
  const download = page.waitForEvent('download');
  await twoKeys(page, 'E');
  assert.match((await download).suggestedFilename(), /\.md$/);
  await twoKeys(page, 'C');
  await eventually(async () => assert.equal(await page.locator('.message').count(), 0));
  await twoKeys(page, 'D');
  await eventually(async () => assert.equal(await summary(), undefined));
  await page.keyboard.press('Enter');
  await eventually(async () => assert.ok(await summary(), 'Undo had the focus'));
});

scenario('the page is changed by keys', instant, async ({ page, server }) => {
  await server.ask('repeat one');
  await visit(page);
  await page.keyboard.press('Alt+Shift+H');
  await page.getByRole('button', { name: 'Temporary', pressed: true }).waitFor();
  await page.keyboard.press('Alt+Shift+L');
  await eventually(async () => assert.ok(!(await page.locator('.sidebar').isVisible())));
  await twoKeys(page, 'S');
  await focused(page, 'select-all');
  await twoKeys(page, '2');
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), 'dark');
  await button(page, 'Theme: dark').waitFor();
  await twoKeys(page, '3');
  assert.equal(await theme(), undefined);
  await page.keyboard.press('Control+,');
  await page.getByRole('dialog', { name: 'Settings of this conversation' }).waitFor();
  // Within a dialog the page's keys rest.
  await page.keyboard.press('Alt+Shift+L');
  await page.keyboard.press('Control+K');
  assert.ok(!(await palette(page).isVisible()));
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('.sidebar').isVisible());
  await twoKeys(page, 'I');
  await page.getByRole('dialog', { name: 'Import and export' }).waitFor();
});

scenario('no shortcut types anything', instant, async ({ page }) => {
  await visit(page);
  await composer(page).fill('Words');
  await composer(page).focus();
  for (const key of 'GKJQRUY') {
    await page.keyboard.press(`Alt+Shift+${key}`);
  }
  // What cannot be done now is not typed either.
  await twoKeys(page, 'D');
  await page.getByText('Now one of these keys').waitFor({ state: 'hidden' });
  await twoKeys(page, 'Z');
  await page.keyboard.press('Control+K');
  await ready(page);
  await page.keyboard.press('Escape');
  await focused(page, 'composer');
  assert.equal(await composer(page).inputValue(), 'Words');
  await page.keyboard.type('!');
  assert.equal(await composer(page).inputValue(), 'Words!');
});

scenario('every command is in the list behind "?" and in the palette', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat one');
  await visit(page, `/c/${id}`);
  await page.locator('#transcript').focus();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Shortcuts' });
  await dialog.locator('dd').first().waitFor();
  const rows = await dialog.locator('.keys > div').evaluateAll((rows) =>
    rows.map((row) => ({
      label: row.querySelector('dd').textContent,
      keys: [...row.querySelectorAll('kbd')].map((key) => key.textContent).join(' '),
    })),
  );
  assert.deepEqual(rows.filter(({ keys }) => !keys), []);
  assert.deepEqual(rows.find(({ label }) => label === 'Regenerate the last answer').keys, 'Alt Shift R');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  await open(page);
  const known = new Set(rows.map(({ label }) => label));
  const rest = await listed(page);
  const commands = rest.slice(rest.indexOf('# Commands') + 1);
  assert.ok(commands.length > 25, `${commands.length}`);
  assert.deepEqual(commands.filter((label) => !known.has(label)), []);
  assert.deepEqual(await violations(page), []);
});

scenario('a Mac has its own keys', instant, async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'platform', { value: 'MacIntel' });
  });
  await visit(page);
  await eventually(async () => {
    assert.equal(await page.locator('#search kbd').textContent(), '⌘K');
  });
  await page.keyboard.press('Control+K');
  assert.ok(!(await palette(page).isVisible()));
  await open(page, 'Meta+K');
  const keys = page.locator('.palette-item', { hasText: 'New conversation' }).locator('kbd');
  assert.deepEqual(await keys.allTextContents(), ['⌃', '⇧', 'O']);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+L');
  await eventually(async () => assert.ok(!(await page.locator('.sidebar').isVisible())));
});

scenario('a phone has the palette behind a button', { ...instant, context: PHONE }, async (world) => {
  const { page, server } = world;
  await server.ask('repeat the brook');
  await visit(page);
  await page.locator('.sidebar-toggle').tap();
  await button(page, 'Search').tap();
  await ready(page);
  assert.deepEqual(await violations(page), []);
  const width = () => page.evaluate(() => document.documentElement.scrollWidth);
  assert.equal(await width(), PHONE.viewport.width);
  await page.keyboard.type('brook');
  const hit = page.getByRole('option').filter({ hasText: 'You: repeat the brook' });
  await hit.tap();
  await titleIs(page, 'repeat the brook');
  await eventually(async () => assert.deepEqual(await marks(page), ['brook']));
  assert.ok(!(await page.locator('.sidebar').evaluate((it) => it.classList.contains('open'))));
});
