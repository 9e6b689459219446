// When something goes wrong the page says what, keeps the text, and offers the
// way on.

import assert from 'node:assert/strict';
import {
  answer,
  answerText,
  ask,
  button,
  composer,
  counted,
  ended,
  eventually,
  hydrated,
  oneTo,
  visit,
  words,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';
import { ALONE } from '../support/world.mjs';

scenario('the fragile demo model breaks off, and the page says so', {}, async (world) => {
  const { page } = world;
  await visit(page);
  await page.locator('#model').selectOption('demo/fragile');
  await ask(page, 'Hello');
  await ended(page);
  const check = async () => {
    assert.equal(await answer(page).locator('.state-word').textContent(), 'Failed');
    assert.match(await answer(page).locator('.problem').textContent(), /What had arrived is kept/);
    assert.match(await answerText(page), /breaks off on purpose/);
    await button(page, 'Try again').waitFor();
  };
  await check();
  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'failed');
  assert.equal(stored.problem.kind, 'cut_off');
  assert.deepEqual(words(await answerText(page)).length > 10, true);
  await visit(page, page.url());
  await check();
});

scenario(
  'Try again after a cut brings the whole answer',
  {
    scripts: {
      flaky: { tokens_per_second: 200, fault: { kind: 'cut', after_tokens: 40, times: 1 } },
    },
    args: ALONE,
  },
  async (world) => {
    const { page, simulator } = world;
    await visit(page);
    await ask(page, 'Count from 1 to 200');
    await ended(page);
    assert.equal(await answer(page).locator('.state-word').textContent(), 'Failed');
    assert.ok((await counted(page)).length > 20, 'what came is kept');
    await button(page, 'Try again').click();
    await eventually(async () => assert.deepEqual(await counted(page), oneTo(200)));
    await ended(page);
    assert.equal(await answer(page).locator('.problem').count(), 0);
    assert.equal((await simulator.stats()).total, 2);
    await visit(page, page.url());
    assert.deepEqual(await counted(page), oneTo(200));
  },
);

// What the upstream does, and what of it the reader must be told.
const FAULTS = {
  'a key that is not accepted': [{ kind: 'status', status: 401 }, 'auth', /key/i],
  'too many requests': [
    { kind: 'status', status: 429, retry_after: 7 },
    'rate_limited',
    /Try again in 7 s/,
  ],
  'a provider that fails': [{ kind: 'status', status: 503 }, 'overloaded', /provider|openai/i],
  'an error inside the answer': [{ kind: 'error_in_stream' }, null, /openai/i],
  'a page of a proxy': [{ kind: 'html' }, null, /openai|provider/i],
  'a reset connection': [{ kind: 'reset' }, 'unreachable', /connection|reach/i],
};

for (const [what, [fault, kind, told]] of Object.entries(FAULTS)) {
  const options = { scripts: { faulty: { fault } }, args: ALONE };
  scenario(`${what} is told in words`, options, async (world) => {
    const { page } = world;
    await visit(page);
    await ask(page, 'Count from 1 to 100');
    await ended(page);
    const problem = await answer(page).locator('.problem').innerText();
    assert.match(problem, told);
    assert.doesNotMatch(problem, /[{}]|<html|\bstack\b/i, 'no raw body');
    const stored = await world.storedAnswer();
    assert.equal(stored.state, 'failed');
    if (kind) assert.equal(stored.problem.kind, kind);
    await button(page, 'Try again').waitFor();
  });
}

scenario(
  'a message that cannot be sent is back in the box, and is then sent once',
  { scripts: { steady: {} }, allow: [/net::ERR_/] },
  async ({ page, server, simulator }) => {
    await visit(page);
    await ask(page, 'Count from 1 to 5');
    await ended(page);
    await server.kill();
    await ask(page, 'Count from 1 to 30');
    const notice = page.locator('.notices .problem:visible');
    await notice.waitFor();
    assert.match(await notice.textContent(), /could not be reached/);
    assert.equal(await composer(page).inputValue(), 'Count from 1 to 30');
    assert.equal(await page.locator('.question').count(), 1);

    await server.startAgain();
    await composer(page).press('Enter');
    await ended(page, 2);
    assert.deepEqual(await counted(page), oneTo(30));
    assert.equal(await notice.count(), 0);
    assert.equal((await simulator.stats()).total, 2);
  },
);

scenario(
  'an over-long message is refused with its text kept',
  { scripts: { steady: {} }, args: ['--message-bytes', '100'], allow: [/413/] },
  async ({ page }) => {
    const long = 'too long '.repeat(20);
    await visit(page);
    await ask(page, long);
    const notice = page.locator('.notices .problem:visible');
    await notice.waitFor();
    assert.match(await notice.textContent(), /limit is 100/);
    assert.equal(await composer(page).inputValue(), long);
    await notice.getByRole('button', { name: 'Close' }).click();
    await notice.waitFor({ state: 'hidden' });
    await page.getByText('What would you like to know?').waitFor();
  },
);

scenario(
  'addresses that lead nowhere have a page',
  { scripts: { steady: {} }, allow: [/404|400/] },
  async ({ page }) => {
    for (const at of ['/c/01234567-89ab-7def-8123-456789abcdef', '/c/nonsense', '/nowhere']) {
      const response = await page.goto(at);
      assert.equal(response.status(), 404, at);
      await hydrated(page);
      await page.locator('.transcript .problem:visible').waitFor();
    }
    await ask(page, 'Count from 1 to 4');
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(4));
    assert.equal(await page.locator('.problem:visible').count(), 0);
    assert.match(page.url(), /\/c\//);
  },
);
