// Two tabs, or two devices, on one conversation show the same.

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
  oneTo,
  visit,
  words,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const steady = { scripts: { steady: { first_token_ms: 100, tokens_per_second: 60 } } };

scenario('a second tab shows the running answer, and both the whole', steady, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 600');
  await countedTo(page, 50);
  const second = await world.newPage();
  await visit(second, page.url());
  await button(second, 'Stop').waitFor();
  assertCounting(await countedTo(second, 50));
  for (const tab of [page, second]) {
    await ended(tab);
    assert.deepEqual(await counted(tab), oneTo(600));
  }
  assert.equal((await simulator.stats()).total, 1);
});

scenario('a tab that was open picks up a new answer, and can stop it', steady, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 5');
  await ended(page);
  const idle = await world.newPage();
  await visit(idle, page.url());
  await ended(idle);

  await ask(page, 'Count from 1 to 100000');
  await idle.locator('.question', { hasText: '100000' }).waitFor();
  await countedTo(page, 30);
  assertCounting(await countedTo(idle, 30));

  await button(idle, 'Stop').click();
  for (const tab of [page, idle]) {
    await ended(tab, 2);
    assert.equal(await answer(tab).locator('.state-word').textContent(), 'Stopped');
  }
  const stored = await world.storedAnswer();
  for (const tab of [page, idle]) {
    assert.deepEqual(words(await answerText(tab)), words(stored.text));
  }
  await eventually(async () => {
    const { open, closed_by_caller } = await simulator.stats();
    assert.deepEqual({ open, closed_by_caller }, { open: 0, closed_by_caller: 1 });
  });
});

scenario('another device can watch and stop', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 30);
  const elsewhere = await world.newContext();
  const device = await elsewhere.newPage();
  await visit(device, page.url());
  await countedTo(device, 60);
  await button(device, 'Stop').click();
  await ended(page);
  await ended(device);
  assert.equal(await answerText(page), await answerText(device));
});

scenario('ten tabs with ten running answers leave room for an eleventh', steady, async (world) => {
  const { page } = world;
  const tabs = [page];
  while (tabs.length < 10) tabs.push(await world.newPage());
  for (const tab of tabs) {
    await visit(tab);
    await ask(tab, 'Count from 1 to 900');
    await countedTo(tab, 3);
  }
  // Over HTTP/1.1 the browser has six connections: were all taken, neither
  // this page nor its answer would come before one of the ten has ended.
  const eleventh = await world.newPage();
  await visit(eleventh);
  await ask(eleventh, 'Count from 1 to 20');
  await ended(eleventh);
  assert.deepEqual(await counted(eleventh), oneTo(20));
  assert.equal(await button(tabs[9], 'Stop').count(), 1, 'the ten were to be running still');
  for (const tab of tabs) {
    await ended(tab);
    assert.deepEqual(await counted(tab), oneTo(900));
  }
});

scenario('what one device does to conversations, another sees', { ...steady, allow: [/404/] }, async (world) => {
  const { page } = world;
  const elsewhere = await (await world.newContext()).newPage();
  await visit(elsewhere);
  await visit(page);
  await ask(page, 'Count from 1 to 3');
  await ended(page);
  const row = elsewhere.locator('.sidebar a', { hasText: 'Count from 1 to 3' });
  await row.waitFor();

  const id = new URL(page.url()).pathname.split('/').pop();
  const rename = { method: 'PATCH', data: { title: 'Three numbers' } };
  await page.request.fetch(`/api/conversations/${id}`, rename);
  await elsewhere.locator('.sidebar a', { hasText: 'Three numbers' }).waitFor();
  // The tab that is in the conversation has the new title, too.
  await page.locator('.topbar', { hasText: 'Three numbers' }).waitFor();

  await page.request.fetch(`/api/conversations/${id}`, { method: 'DELETE' });
  await elsewhere.locator('.sidebar a', { hasText: 'Three numbers' }).waitFor({ state: 'detached' });
});
