// The main job: ask, and watch the answer being written.

import assert from 'node:assert/strict';
import {
  answer,
  answerText,
  ask,
  assertCounting,
  button,
  composer,
  counted,
  ended,
  eventually,
  oneTo,
  visit,
  words,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const steady = { steady: { first_token_ms: 1_500, tokens_per_second: 80 } };

scenario('an answer grows in steps and ends whole', { scripts: steady }, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 500');

  const phases = new Set();
  const lengths = new Set();
  await eventually(async () => {
    const phase = page.locator('.progress .phase');
    if (await phase.count()) {
      phases.add(await phase.textContent({ timeout: 1_000 }).catch(() => ''));
    }
    const numbers = await counted(page);
    assertCounting(numbers);
    assert.ok(numbers.length >= Math.max(0, ...lengths), 'the text became shorter');
    lengths.add(numbers.length);
    assert.equal(await page.locator('.answer-foot').count(), 1);
  });
  await ended(page);

  assert.ok(lengths.size >= 5, `seen in ${lengths.size} lengths`);
  assert.ok(phases.has('Waiting for openai/steady…'), [...phases].join());
  assert.ok(phases.has('Writing…'), [...phases].join());
  assert.deepEqual(await counted(page), oneTo(500));

  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'finished');
  assert.deepEqual(words(await answerText(page)), words(stored.text));
  assert.deepEqual((await world.simulator.stats()).by_model.steady.total, 1);
});

scenario('the progress line tells how far an answer is', { scripts: steady }, async ({ page }) => {
  await visit(page);
  await ask(page, 'Count from 1 to 500');
  const numbers = page.locator('.progress .numbers');
  await eventually(async () => {
    assert.match(
      await numbers.textContent(),
      /^[\d.]+ s · ≈ [\d\u202f]+ tokens · \d+ tokens\/s · about \d+ % done$/,
    );
  });
  const share = await page.locator('.progress progress').evaluate((it) => it.position);
  assert.ok(share > 0 && share < 1, `share ${share}`);
});

scenario('statistics stand quietly under the answer', { scripts: steady }, async ({ page }) => {
  await visit(page);
  await ask(page, 'Count from 1 to 100');
  await ended(page);
  const statistics = answer(page).locator('.statistics');
  const line = await statistics.locator('summary').textContent();
  assert.match(line, /openai\/steady · first token [\d.]+ s · [\d.]+ s in all/);
  assert.match(line, /\d+ tokens in, \d+ out · \d+ tokens\/s · cost unknown$/);

  await statistics.locator('summary').click();
  const rows = await statistics
    .locator('dl > div')
    .evaluateAll((all) =>
      Object.fromEntries(
        all.map((row) => [row.children[0].textContent, row.children[1].textContent]),
      ),
    );
  assert.equal(rows.Ended, 'stop');
  assert.equal(rows.Attempts, '1');
  assert.equal(rows['Token counts'], 'reported by the provider');
  assert.equal(Number(rows.Words), 102);
  assert.ok(Number(rows.Chunks) > 50, `chunks ${rows.Chunks}`);
});

scenario('a message shows before the server answers', { scripts: steady }, async ({ page }) => {
  await visit(page);
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route('**/api/turns', async (route) => {
    await released;
    await route.continue();
  });
  await ask(page, 'Count from 1 to 20');
  await page.locator('.question', { hasText: 'Count from 1 to 20' }).waitFor();
  await page.getByText('Sending…').waitFor();
  assert.equal(await composer(page).inputValue(), '');
  release();
  await ended(page);
  assert.deepEqual(await counted(page), oneTo(20));
});

scenario('the demo answers where nothing is configured', {}, async ({ page }) => {
  await visit(page);
  await page.getByText('This is the built-in demo').waitFor();
  const models = await page.locator('#model option').allTextContents();
  assert.deepEqual(models, ['Guide', 'Thinker', 'Slow', 'Novelist', 'Fragile']);
  assert.equal(await page.locator('#model optgroup').getAttribute('label'), 'Demo (simulation)');
  await button(page, 'What is Rivulet?').click();
  await ended(page);
  assert.match(await answerText(page), /simulation/);
  assert.match(await answerText(page), /What Rivulet is/);
});

scenario(
  'the model chosen in the picker answers, and is remembered',
  { scripts: { first: {}, second: {} } },
  async ({ page, simulator }) => {
    await visit(page);
    assert.equal(await page.locator('#model').inputValue(), 'openai/first');
    await page.locator('#model').selectOption('openai/second');
    await ask(page, 'Count from 1 to 3');
    await ended(page);
    assert.match(await answer(page).locator('.statistics').textContent(), /openai\/second/);
    const { by_model } = await simulator.stats();
    assert.deepEqual(Object.keys(by_model), ['second']);

    await visit(page);
    await eventually(async () => {
      assert.equal(await page.locator('#model').inputValue(), 'openai/second');
    });
  },
);
