// Stop: in the same place as Send, at any moment, and for good.

import assert from 'node:assert/strict';
import {
  answer,
  answerText,
  ask,
  assertCounting,
  button,
  counted,
  countedTo,
  ended,
  eventually,
  visit,
  words,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const endless = { scripts: { endless: { first_token_ms: 100, tokens_per_second: 100 } } };
const silent = { scripts: { silent: { first_token_ms: 600_000 } } };

/** Nothing is asked of the upstream any more, and we ended it. */
async function upstreamWasClosed(simulator) {
  await eventually(async () => {
    const { open, closed_by_caller, total } = await simulator.stats();
    assert.deepEqual({ open, closed_by_caller, total }, { open: 0, closed_by_caller: 1, total: 1 });
  });
}

scenario('Send becomes Stop in place, and Stop stops', endless, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  const send = await button(page, 'Send').boundingBox();
  await ask(page, 'Count from 1 to 100000');
  const stop = button(page, 'Stop');
  await stop.waitFor();
  assert.deepEqual(await stop.boundingBox(), send);
  assert.equal(await button(page, 'Send').count(), 0);

  await countedTo(page, 50);
  await stop.click();
  await ended(page);
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped');
  await button(page, 'Send').waitFor();
  await upstreamWasClosed(simulator);

  const shown = await answerText(page);
  assertCounting(await counted(page));
  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'stopped');
  assert.deepEqual(words(shown), words(stored.text));

  // It does not grow back.
  await page.reload();
  await ended(page);
  assert.equal(await answerText(page), shown);
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped');
});

scenario('Stop works before the first token', silent, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 10');
  await page.getByText('Waiting for openai/silent…').waitFor();
  await eventually(async () => assert.equal((await simulator.stats()).open, 1));
  await button(page, 'Stop').click();
  await ended(page);
  await upstreamWasClosed(simulator);
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped');
  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'stopped');
  assert.equal(stored.text, '');
});

scenario(
  'Stop pressed before the server has accepted the message',
  { ...silent, allow: [/404/] },
  async (world) => {
    const { page } = world;
    await visit(page);
    let release;
    const released = new Promise((resolve) => (release = resolve));
    await page.route('**/api/turns', async (route) => {
      await released;
      await route.continue();
    });
    await ask(page, 'Count from 1 to 10');
    await button(page, 'Stop').click();
    await page.getByText('Stopping…').waitFor();
    release();
    await ended(page);
    assert.equal((await world.storedAnswer()).state, 'stopped');
    assert.equal((await world.simulator.stats()).open, 0);
  },
);

scenario('a stopped answer can be asked for again', endless, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 10);
  await button(page, 'Stop').click();
  await ended(page);
  await button(page, 'Try again').click();
  await countedTo(page, 10);
  await button(page, 'Stop').click();
  await ended(page);
  const { messages } = await world.stored();
  const versions = messages.filter((message) => message.role === 'assistant');
  assert.equal(versions.length, 2, 'the earlier version is kept');
  assert.equal(versions[0].parent, versions[1].parent);
  assert.equal((await simulator.stats()).total, 2);
});
