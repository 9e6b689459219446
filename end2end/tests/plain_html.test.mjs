// Without JavaScript, and before it has arrived: forms and links do the work.

import assert from 'node:assert/strict';
import {
  answerText,
  ask,
  button,
  composer,
  counted,
  countedTo,
  ended,
  eventually,
  hydrated,
  oneTo,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const scripts = { first: {}, second: {} };
const plain = { scripts, context: { javaScriptEnabled: false } };

scenario('without JavaScript a form brings the whole answer', plain, async (world) => {
  const { page, simulator } = world;
  await page.goto('/');
  await page.locator('#model').selectOption('openai/second');
  await composer(page).fill('Count from 1 to 300');
  await button(page, 'Send').click();
  await page.waitForURL(/\/c\//);
  assert.deepEqual(await counted(page), oneTo(300));
  assert.equal((await simulator.stats()).by_model.second.completed, 1);

  await composer(page).fill('repeat one\n\n- two\n- three');
  await button(page, 'Send').click();
  await page.locator('.answer').nth(1).waitFor();
  assert.deepEqual(await page.locator('.answer').last().locator('li').allTextContents(), [
    'two',
    'three',
  ]);
  assert.equal((await world.stored()).messages.length, 4);
});

scenario('without JavaScript history can be read and reached', plain, async ({ page, server }) => {
  await server.ask('Show me Markdown, code, a table and math');
  await server.ask('Count from 1 to 3');
  await page.goto('/');
  await page.getByRole('link', { name: 'Show me Markdown, code, a table and math' }).click();
  await page.waitForURL(/\/c\//);
  await page.locator('.code-block .hl-keyword').first().waitFor();
  await page.locator('.markdown table').first().waitFor();
  await page.locator('.markdown math').first().waitFor();
  await page.getByRole('link', { name: 'New conversation' }).first().click();
  await page.getByText('What would you like to know?').waitFor();
});

scenario('without JavaScript a suggestion asks', plain, async ({ page }) => {
  await page.goto('/');
  const suggestion = page.locator('.suggestion').first();
  const text = await suggestion.textContent();
  await suggestion.click();
  await page.waitForURL(/\/c\//);
  assert.equal(await page.locator('.said').textContent(), text);
  assert.equal(await page.locator('.answer-foot').count(), 1);
});

scenario(
  'without JavaScript an answer that is still being written comes by itself',
  { ...plain, scripts: { steady: { tokens_per_second: 40 } } },
  async ({ page, server }) => {
    const response = await fetch(`${server.url}/api/turns`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Count from 1 to 300' }),
    });
    const { conversation } = await response.json();
    await page.goto(`/c/${conversation}`);
    await page.getByText('Writing…').waitFor();
    await eventually(async () => assert.deepEqual(await counted(page), oneTo(300)));
  },
);

scenario(
  'without JavaScript a form that cannot be sent keeps its text',
  { ...plain, args: ['--message-bytes', '50'], allow: [/413/] },
  async ({ page }) => {
    const long = `${'long words '.repeat(10)}\nand a second line`;
    await page.goto('/');
    await composer(page).fill(long);
    const answered = page.waitForResponse((response) => response.url().endsWith('/ask'));
    await button(page, 'Send').click();
    assert.equal((await answered).status(), 413);
    await page.locator('.problem:visible').waitFor();
    assert.match(await page.locator('.problem:visible').textContent(), /limit is 50/);
    assert.equal(await composer(page).inputValue(), long);
  },
);

/** Holds the page's program back until the result is called. */
async function holdBack(page) {
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await released;
    // A page that was left meanwhile needs it no more.
    await route.continue().catch(() => {});
  });
  return release;
}

scenario('Send before the page is alive posts the form', { scripts }, async ({ page }) => {
  const release = await holdBack(page);
  await page.goto('/', { waitUntil: 'commit' });
  await composer(page).fill('Count from 1 to 50');
  await button(page, 'Send').click();
  await page.waitForURL(/\/c\//, { waitUntil: 'commit' });
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(50)));
  assert.equal(await page.locator('body[data-hydrated]').count(), 0);
  release();
  await hydrated(page);
  assert.deepEqual(await counted(page), oneTo(50));
  await ask(page, 'Count from 1 to 7');
  await ended(page, 2);
  assert.deepEqual(await counted(page), oneTo(7));
});

scenario('a suggestion before the page is alive posts too', { scripts }, async ({ page }) => {
  const release = await holdBack(page);
  await page.goto('/', { waitUntil: 'commit' });
  await page.locator('.suggestion').first().click();
  await page.waitForURL(/\/c\//, { waitUntil: 'commit' });
  release();
  await hydrated(page);
  await ended(page);
  assert.notEqual(await answerText(page), '');
});

scenario('what was typed before the page was alive stays', { scripts }, async ({ page }) => {
  const release = await holdBack(page);
  await page.goto('/', { waitUntil: 'commit' });
  await composer(page).fill('Count from 1 to 9');
  release();
  await hydrated(page);
  assert.equal(await composer(page).inputValue(), 'Count from 1 to 9');
  await composer(page).press('Enter');
  await ended(page);
  assert.deepEqual(await counted(page), oneTo(9));
});

scenario(
  'an answer that runs is readable before the page is alive, and goes on then',
  { scripts: { steady: { tokens_per_second: 60 } } },
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Count from 1 to 500');
    await countedTo(page, 30);
    const release = await holdBack(page);
    await page.reload({ waitUntil: 'commit' });
    const there = await countedTo(page, 30);
    await page.getByText('Writing…').waitFor();
    release();
    await hydrated(page);
    assert.ok((await counted(page)).length >= there.length);
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(500));
  },
);
