// The sidebar: new, open, rename in place, delete and undo, titles, groups.

import assert from 'node:assert/strict';
import { ask, choose, deleted, ended, eventually, PHONE, visit } from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const instant = { scripts: { instant: {} } };

function links(page) {
  return page.locator('.conversation-link').allTextContents();
}

scenario('a conversation gets a title and its place by itself', instant, async (world) => {
  const { page } = world;
  await visit(page);
  await page.getByText('Your conversations will be listed here.').waitFor();
  await ask(page, '## Why do *brooks* murmur?\n\nIn one sentence.');
  await ended(page);
  assert.deepEqual(await links(page), ['Why do *brooks* murmur?']);
  assert.equal(await page.locator('.topbar-title').textContent(), 'Why do *brooks* murmur?');
  assert.equal(await page.title(), 'Why do *brooks* murmur? · Rivulet');
  assert.deepEqual(await page.locator('.group-label').allTextContents(), ['Today']);

  await page.getByRole('link', { name: 'New conversation' }).first().click();
  await page.getByText('What would you like to know?').waitFor();
  assert.equal(new URL(page.url()).pathname, '/');
  await ask(page, 'repeat the second');
  await ended(page);
  assert.deepEqual(await links(page), ['repeat the second', 'Why do *brooks* murmur?']);

  await page.getByRole('link', { name: 'Why do *brooks* murmur?' }).click();
  await page.locator('.question', { hasText: 'In one sentence.' }).waitFor();
  assert.equal(await page.locator('.question').count(), 1);
  await ask(page, 'repeat more');
  await ended(page, 2);
  assert.deepEqual(await links(page), ['Why do *brooks* murmur?', 'repeat the second']);
  assert.equal((await world.stored()).messages.length, 4);

  await page.goBack();
  await page.locator('.question', { hasText: 'the second' }).waitFor();
  assert.equal(
    await page.locator('.conversation-link[aria-current=page]').textContent(),
    'repeat the second',
  );
});

scenario('rename in place', instant, async (world) => {
  const { page, server } = world;
  const { id } = await server.ask('repeat hello');
  await visit(page, `/c/${id}`);
  const link = page.locator('.conversation-link');
  const field = page.getByRole('textbox', { name: 'Title of the conversation' });

  await choose(page, 'repeat hello', 'Rename');
  await field.fill('Not this');
  await field.press('Escape');
  assert.equal(await link.textContent(), 'repeat hello');

  await link.dblclick();
  await field.fill('  Greetings ');
  await field.press('Enter');
  await eventually(async () => assert.equal(await link.textContent(), 'Greetings'));
  assert.equal(await page.locator('.topbar-title').textContent(), 'Greetings');
  await eventually(async () => assert.equal((await world.stored()).title, 'Greetings'));

  await link.dblclick();
  await field.fill('');
  await field.press('Enter');
  assert.equal(await link.textContent(), 'Greetings', 'an empty title changes nothing');

  // A person's title stays when the conversation goes on.
  await ask(page, 'repeat more');
  await ended(page, 2);
  await visit(page, page.url());
  assert.equal(await link.textContent(), 'Greetings');
});

scenario('delete, and take it back', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat keep me');
  await server.ask('repeat the other');
  await visit(page, `/c/${id}`);
  await choose(page, 'repeat keep me', 'Delete');
  const offer = deleted(page);
  await offer.waitFor();
  assert.match(await offer.textContent(), /repeat keep me/);
  assert.deepEqual(await links(page), ['repeat the other']);
  await page.getByText('What would you like to know?').waitFor();
  await eventually(async () => {
    assert.equal((await fetch(`${server.url}/api/conversations/${id}`)).status, 404);
  });

  await offer.getByRole('button', { name: 'Undo' }).click();
  await page.locator('.question', { hasText: 'keep me' }).waitFor();
  await eventually(async () => {
    assert.deepEqual((await links(page)).sort(), ['repeat keep me', 'repeat the other']);
  });
  await offer.waitFor({ state: 'hidden' });

  await choose(page, 'repeat the other', 'Delete');
  await offer.waitFor();
  await page.locator('.question', { hasText: 'keep me' }).waitFor();
  await offer.waitFor({ state: 'hidden' });
  await visit(page, '/');
  assert.deepEqual(await links(page), ['repeat keep me']);
});

scenario('the focus goes where a person looks next', instant, async ({ page, server }) => {
  await server.ask('repeat the other');
  const { id } = await server.ask('repeat the one');
  await visit(page, `/c/${id}`);
  const focused = (there) =>
    eventually(async () => {
      assert.equal(await page.evaluate(() => document.activeElement.id), there);
    });
  await focused('composer');

  const link = page.getByRole('link', { name: 'repeat the one' });
  await link.dblclick();
  const field = page.getByRole('textbox', { name: 'Title of the conversation' });
  await field.fill('Renamed');
  await page.locator('#composer').click();
  await page.keyboard.type('typed after it', { delay: 20 });
  await page.getByRole('link', { name: 'Renamed' }).waitFor();
  assert.equal(await page.locator('#composer').inputValue(), 'typed after it');

  await choose(page, 'repeat the other', 'Delete');
  await focused('undo');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'repeat the other' }).waitFor();
  await focused('composer');
});

scenario('conversations stand under the day they belong to', instant, async ({ page, server }) => {
  const DAY_MS = 86_400_000;
  await server.ask('repeat something');
  for (const [days, label] of [
    [1, 'Yesterday'],
    [4, 'Last 7 days'],
    [20, 'Last 30 days'],
  ]) {
    await page.clock.setFixedTime(Date.now() + days * DAY_MS);
    await visit(page);
    await eventually(async () => {
      assert.deepEqual(await page.locator('.group-label').allTextContents(), [label]);
    });
  }
});

scenario('another tab learns of changes in the list', instant, async (world) => {
  const { page, server } = world;
  await server.ask('repeat something');
  await visit(page);
  const other = await world.newPage();
  await visit(other);
  await ask(page, 'repeat something else');
  await ended(page);
  await eventually(async () => {
    assert.deepEqual(await links(other), ['repeat something else', 'repeat something']);
  });
});

scenario('the sidebar folds away, and stays so', instant, async ({ page }) => {
  await visit(page);
  const sidebar = page.getByRole('navigation', { name: 'Conversations' });
  const toggle = page.locator('.sidebar-toggle');
  const elsewhere = page.locator('.topbar-new');
  assert.ok(await sidebar.isVisible());
  assert.ok(!(await elsewhere.isVisible()), 'one way to a new conversation is enough');
  assert.equal(await toggle.getAttribute('aria-expanded'), 'true');
  await toggle.click();
  await eventually(async () => assert.ok(!(await sidebar.isVisible())));
  assert.ok(await elsewhere.isVisible());
  assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
  await visit(page);
  assert.ok(!(await sidebar.isVisible()));
  await page.keyboard.press('Alt+Shift+L');
  await eventually(async () => assert.ok(await sidebar.isVisible()));
});

scenario('on a phone the list is a drawer', { ...instant, context: PHONE }, async (world) => {
  const { page, server } = world;
  await server.ask('repeat something');
  await visit(page);
  const link = page.getByRole('link', { name: 'repeat something' });
  const toggle = page.locator('.sidebar-toggle');
  assert.ok(!(await link.isVisible()));
  assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
  await toggle.tap();
  await link.waitFor();
  await eventually(async () => assert.equal(await toggle.getAttribute('aria-expanded'), 'true'));
  await link.tap();
  await page.locator('.question', { hasText: 'something' }).waitFor();
  await link.waitFor({ state: 'hidden' });

  await toggle.tap();
  await link.waitFor();
  await page.locator('.scrim').tap({ position: { x: 370, y: 400 } });
  await link.waitFor({ state: 'hidden' });
});
