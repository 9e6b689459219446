// Keeping conversations: pin, archive, folders, many at once, clear, temporary
// ones, out to files and in from them, and very many of them.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import {
  ask,
  button,
  choose,
  chooseItems,
  composer,
  ended,
  eventually,
  PHONE,
  violations,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const instant = { scripts: { instant: {} } };

function links(page) {
  return page.locator('.conversation-link').allTextContents();
}

/** The headings and rows of the list, as a reader goes through them. */
async function outline(page) {
  const rows = await page.locator('.conversation-list > ul > li').evaluateAll((rows) =>
    rows.map((row) => {
      const folder = row.querySelector('.folder-label');
      if (folder) return `${folder.textContent}/ ${row.querySelector('.folder-count').textContent}`;
      const indent = row.classList.contains('filed') ? '  ' : '';
      return row.matches('.heading') ? `# ${row.textContent}` : indent + row.textContent;
    }),
  );
  return rows;
}

async function listIs(page, expected) {
  await eventually(async () => assert.deepEqual(await outline(page), expected));
}

function link(page, title) {
  return page.getByRole('link', { name: title, exact: true });
}

/** The offer to take back what was done. */
function offer(page, words) {
  return page.locator('.notice', { hasText: words });
}

async function undo(page, words) {
  await offer(page, words).getByRole('button', { name: 'Undo' }).click();
  await offer(page, words).waitFor({ state: 'hidden' });
}

/** Moves a row into a folder that is named for it. */
async function fileInNew(page, title, folder) {
  await choose(page, title, 'Move to folder', 'New folder…');
  await page.getByRole('dialog', { name: 'New folder' }).getByLabel('Name').fill(folder);
  await page.keyboard.press('Enter');
}

async function summary(server, id) {
  return (await server.get('/api/conversations')).find((it) => it.id === id);
}

async function focused(page, there) {
  await eventually(async () => {
    assert.equal(await page.evaluate(() => document.activeElement.id), there);
  });
}

/** A file of ours with so many conversations, the newest first. */
function fileOf(count, title = (number) => `Conversation ${number}`) {
  const now = Date.now();
  const id = (kind, number) =>
    `01900000-${kind}000-7000-8000-${number.toString(16).padStart(12, '0')}`;
  const conversations = Array.from({ length: count }, (_, at) => ({
    id: id(1, at),
    title: title(at + 1),
    updated_ms: now - at * 60_000,
    messages: [
      {
        id: id(2, at),
        role: 'user',
        state: 'finished',
        text: `Question ${at + 1}`,
        created_ms: now - at * 60_000,
        last_event: 0,
      },
    ],
  }));
  return JSON.stringify({ format: 'rivulet', version: 1, exported_ms: now, conversations });
}

async function importOf(server, file) {
  const response = await fetch(`${server.url}/api/import`, { method: 'POST', body: file });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

scenario(
  'a row shows that its answer is being written',
  { scripts: { steady: { tokens_per_second: 60 } } },
  async ({ page, server }) => {
    await server.ask('repeat the other');
    await visit(page);
    await ask(page, 'Count from 1 to 100000');
    const mark = page
      .locator('.conversation-item', { hasText: 'Count from' })
      .getByRole('img', { name: 'An answer is being written' });
    await mark.waitFor();
    await link(page, 'repeat the other').click();
    await page.locator('.question', { hasText: 'the other' }).waitFor();
    assert.ok(await mark.isVisible());
    assert.equal(await page.locator('.row-mark').count(), 1);
    await link(page, 'Count from 1 to 100000').click();
    await button(page, 'Stop').click();
    await mark.waitFor({ state: 'hidden' });
  },
);

scenario('what is pinned stands above the rest', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat one');
  await server.ask('repeat two');
  await visit(page);
  await listIs(page, ['# Today', 'repeat two', 'repeat one']);
  await choose(page, 'repeat one', 'Pin');
  await listIs(page, ['# Pinned', 'repeat one', '# Today', 'repeat two']);
  await focused(page, `conversation-${id}`);
  await eventually(async () => assert.ok((await summary(server, id)).pinned));
  await visit(page);
  await listIs(page, ['# Pinned', 'repeat one', '# Today', 'repeat two']);
  await choose(page, 'repeat one', 'Unpin');
  await listIs(page, ['# Today', 'repeat two', 'repeat one']);
});

scenario('the archive keeps what is out of the way', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat one');
  await server.ask('repeat two');
  await visit(page, `/c/${id}`);
  const toArchive = page.locator('.to-archive');
  assert.ok(!(await toArchive.isVisible()), 'nothing is archived');
  await choose(page, 'repeat one', 'Archive');
  await listIs(page, ['# Today', 'repeat two']);
  await page.locator('.topbar').getByText('Archived').waitFor();
  await undo(page, 'Archived “repeat one”');
  await listIs(page, ['# Today', 'repeat two', 'repeat one']);

  await choose(page, 'repeat one', 'Archive');
  await toArchive.click();
  await page.getByRole('heading', { name: 'Archived' }).waitFor();
  await focused(page, 'leave-archive');
  await listIs(page, ['# Today', 'repeat one']);
  await eventually(async () => assert.ok((await summary(server, id)).archived));
  await choose(page, 'repeat one', 'Take out of the archive');
  await listIs(page, []);
  await page.getByText('What you archive will be listed here.').waitFor();
  await button(page, 'All conversations').click();
  await listIs(page, ['# Today', 'repeat two', 'repeat one']);
  await eventually(async () => assert.ok(!(await summary(server, id)).archived));
});

scenario('folders', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat one');
  await server.ask('repeat two');
  await server.ask('repeat three');
  await visit(page);
  await fileInNew(page, 'repeat one', '  Rivers ');
  await listIs(page, ['Rivers/ 1', '  repeat one', '# Today', 'repeat three', 'repeat two']);
  await eventually(async () => assert.equal((await summary(server, id)).folder, 'Rivers'));
  await undo(page, 'Moved “repeat one”');
  await listIs(page, ['# Today', 'repeat three', 'repeat two', 'repeat one']);

  await fileInNew(page, 'repeat one', 'Rivers');
  await choose(page, 'repeat two', 'Move to folder', 'Rivers');
  await listIs(page, ['Rivers/ 2', '  repeat two', '  repeat one', '# Today', 'repeat three']);

  // With the mouse.
  const folder = page.locator('.folder');
  await link(page, 'repeat three').dragTo(folder);
  await listIs(page, ['Rivers/ 3', '  repeat three', '  repeat two', '  repeat one']);
  await undo(page, 'Moved');
  await listIs(page, ['# Today', 'repeat three', 'repeat two', 'repeat one']);
  await fileInNew(page, 'repeat one', 'Rivers');
  await link(page, 'repeat one').dragTo(page.locator('.heading'));
  await listIs(page, ['# Today', 'repeat three', 'repeat two', 'repeat one']);
  await fileInNew(page, 'repeat one', 'Rivers');

  // This browser remembers which are closed.
  const toggle = folder.locator('.folder-toggle');
  await toggle.click();
  await listIs(page, ['Rivers/ 1', '# Today', 'repeat three', 'repeat two']);
  await visit(page);
  await listIs(page, ['Rivers/ 1', '# Today', 'repeat three', 'repeat two']);
  assert.equal(await toggle.getAttribute('aria-expanded'), 'false');
  await toggle.press('Enter');
  assert.equal(await toggle.getAttribute('aria-expanded'), 'true');
  await listIs(page, ['Rivers/ 1', '  repeat one', '# Today', 'repeat three', 'repeat two']);

  await folder.hover();
  await button(page, 'More for folder Rivers').click();
  await chooseItems(page, 'Rename');
  await page.getByRole('textbox', { name: 'Name of the folder' }).fill('Brooks');
  await page.keyboard.press('Enter');
  await listIs(page, ['Brooks/ 1', '  repeat one', '# Today', 'repeat three', 'repeat two']);
  await eventually(async () => assert.equal((await summary(server, id)).folder, 'Brooks'));

  await folder.hover();
  await button(page, 'More for folder Brooks').click();
  await chooseItems(page, 'Dissolve');
  await listIs(page, ['# Today', 'repeat three', 'repeat two', 'repeat one']);
  await undo(page, 'Moved “repeat one”');
  await listIs(page, ['Brooks/ 1', '  repeat one', '# Today', 'repeat three', 'repeat two']);
  await eventually(async () => assert.equal((await summary(server, id)).folder, 'Brooks'));
});

scenario('a row by its menu and by keys', instant, async ({ page, server }) => {
  const { id } = await server.ask('repeat one');
  await server.ask('repeat two');
  await visit(page);
  await link(page, 'repeat one').click({ button: 'right' });
  await page.getByRole('menu', { name: 'More for repeat one' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'hidden' });

  await link(page, 'repeat two').focus();
  await page.keyboard.press('ArrowDown');
  await focused(page, `conversation-${id}`);
  await page.keyboard.press('F2');
  await page.getByRole('textbox', { name: 'Title of the conversation' }).fill('Named');
  await page.keyboard.press('Enter');
  await focused(page, `conversation-${id}`);
  assert.deepEqual(await links(page), ['repeat two', 'Named']);
  await page.keyboard.press('Delete');
  await focused(page, 'undo');
  assert.deepEqual(await links(page), ['repeat two']);
  await page.keyboard.press('Enter');
  await eventually(async () => assert.deepEqual(await links(page), ['repeat two', 'Named']));
  await focused(page, 'composer');
});

scenario('several deletes in a row are taken back together', instant, async (world) => {
  const { page, server } = world;
  for (const number of ['one', 'two', 'three']) {
    await server.ask(`repeat ${number}`);
  }
  await visit(page);
  // The requests take longer than the person.
  await page.route('**/api/conversations/change', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await route.continue();
  });
  await link(page, 'repeat three').focus();
  await page.keyboard.press('Delete');
  await link(page, 'repeat two').focus();
  await page.keyboard.press('Delete');
  await offer(page, 'Deleted 2 conversations').waitFor();
  assert.equal(await page.locator('.undo-notices .notice').count(), 1);
  await undo(page, 'Deleted 2 conversations');
  await listIs(page, ['# Today', 'repeat three', 'repeat two', 'repeat one']);
  await page.unroute('**/api/conversations/change');
  await visit(page);
  await listIs(page, ['# Today', 'repeat three', 'repeat two', 'repeat one']);
});

scenario(
  'a change that cannot be made is told and taken back',
  { ...instant, allow: [/503|Failed to load resource/] },
  async ({ page, server }) => {
    await server.ask('repeat one');
    await visit(page);
    await page.route('**/api/conversations/change', (route) =>
      route.fulfill({
        status: 503,
        json: { kind: 'unreachable', message: 'The disk is full.', advice: 'Make room.' },
      }),
    );
    await choose(page, 'repeat one', 'Archive');
    await page.getByRole('alert').filter({ hasText: 'The disk is full.' }).waitFor();
    await offer(page, 'Archived “').waitFor({ state: 'hidden' });
    await listIs(page, ['# Today', 'repeat one']);
  },
);

scenario('many at once', instant, async ({ page, server }) => {
  await importOf(server, fileOf(8, (number) => `Number ${number}`));
  await visit(page);
  await button(page, 'More for the list').click();
  await chooseItems(page, 'Select conversations');
  await focused(page, 'select-all');
  const box = (number) => page.getByRole('checkbox', { name: `Number ${number}` });
  const bar = page.getByRole('group', { name: 'Selected conversations' });
  await bar.getByText('None selected').waitFor();
  assert.ok(await button(bar, 'Delete').isDisabled());

  await page.locator('.selectable', { hasText: 'Number 2' }).click();
  await page.locator('.selectable', { hasText: 'Number 5' }).click({ modifiers: ['Shift'] });
  await bar.getByText('4 selected').waitFor();
  for (let number = 1; number <= 8; number += 1) {
    assert.equal(await box(number).isChecked(), number >= 2 && number <= 5, `${number}`);
  }
  await box(3).press(' ');
  await bar.getByText('3 selected').waitFor();
  assert.deepEqual(await violations(page), []);

  await button(bar, 'Delete').click();
  await offer(page, 'Deleted 3 conversations').waitFor();
  await focused(page, 'undo');
  const rest = [1, 3, 6, 7, 8].map((number) => `Number ${number}`);
  await eventually(async () => assert.deepEqual(await links(page), rest));
  await eventually(async () => {
    assert.equal((await server.get('/api/conversations')).length, 5);
  });
  await undo(page, 'Deleted 3 conversations');
  await eventually(async () => assert.equal((await links(page)).length, 8));

  await choose(page, 'Number 1', 'Select');
  await page.locator('.selectable', { hasText: 'Number 2' }).click();
  await button(bar, 'Move to folder').click();
  await chooseItems(page, 'New folder…');
  await page.getByRole('dialog', { name: 'New folder' }).getByLabel('Name').fill('Two');
  await button(page, 'Create and move').click();
  await offer(page, 'Moved 2 conversations').waitFor();
  assert.deepEqual((await outline(page)).slice(0, 3), ['Two/ 2', '  Number 1', '  Number 2']);

  await choose(page, 'Number 4', 'Select');
  await button(bar, 'Select all 8').click();
  await bar.getByText('8 selected').waitFor();
  await button(bar, 'Select none').click();
  await page.keyboard.press('Escape');
  await bar.waitFor({ state: 'hidden' });
  await choose(page, 'Number 4', 'Select');
  await page.locator('.selectable', { hasText: 'Number 8' }).click({ modifiers: ['Shift'] });
  await button(bar, 'Archive').click();
  await offer(page, 'Archived 5 conversations').waitFor();
  await eventually(async () => {
    const archived = (await server.get('/api/conversations')).filter((it) => it.archived);
    assert.equal(archived.length, 5);
  });
});

scenario('a conversation is cleared and keeps its name', instant, async (world) => {
  const { page, server } = world;
  const { id } = await server.ask('repeat one');
  await fetch(`${server.url}/api/conversations/${id}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Mine', settings: { ask: { system: 'Be brief.' } } }),
  });
  await visit(page, `/c/${id}`);
  await button(page, 'More for this conversation').click();
  await chooseItems(page, 'Clear');
  await offer(page, 'Cleared “Mine”').waitFor();
  await page.locator('.question').waitFor({ state: 'detached' });
  await eventually(async () => assert.equal((await world.stored()).messages.length, 0));
  assert.equal((await world.stored()).settings.ask.system, 'Be brief.');
  await undo(page, 'Cleared “Mine”');
  await page.locator('.question', { hasText: 'one' }).waitFor();
  await eventually(async () => assert.equal((await world.stored()).messages.length, 2));

  await button(page, 'More for this conversation').click();
  await chooseItems(page, 'Clear');
  await offer(page, 'Cleared “Mine”').waitFor();
  await ask(page, 'repeat again');
  await ended(page);
  assert.equal(new URL(page.url()).pathname, `/c/${id}`);
  assert.equal(await page.locator('.topbar-title').textContent(), 'Mine');

  await button(page, 'More for this conversation').click();
  await chooseItems(page, 'Rename');
  await page.getByRole('textbox', { name: 'Title of the conversation' }).fill('Yours');
  await page.keyboard.press('Enter');
  await eventually(async () => {
    assert.equal(await page.locator('.topbar-title').textContent(), 'Yours');
    assert.deepEqual(await links(page), ['Yours']);
  });
  await focused(page, 'composer');
});

const restarts = { ...instant, allow: [/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED/] };

scenario('a temporary conversation is not stored', restarts, async (world) => {
  const { page, server } = world;
  await visit(page);
  const toggle = button(page, 'Temporary');
  assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
  await toggle.click();
  assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
  await page.locator('.temporary-hint', { hasText: 'This conversation is not stored' }).waitFor();
  await focused(page, 'composer');
  await ask(page, 'repeat a secret');
  await ended(page);
  await page.locator('.topbar .chip', { hasText: 'Temporary' }).waitFor();
  await page.locator('.conversation-item').getByRole('img', { name: 'Temporary' }).waitFor();
  assert.ok((await world.stored()).temporary);
  await ask(page, 'repeat more');
  await ended(page, 2);
  const url = page.url();
  await visit(page, url);
  await page.locator('.topbar .chip', { hasText: 'Temporary' }).waitFor();

  // The next one is an ordinary one again.
  await page.locator('#new-conversation').click();
  assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
  await ask(page, 'repeat openly');
  await ended(page);
  assert.ok(!(await world.stored()).temporary);

  await server.terminate();
  await server.startAgain();
  await visit(page);
  assert.deepEqual(await links(page), ['repeat openly']);
});

const refused = { ...instant, allow: [/status of 400/] };

scenario('out to files and in again', refused, async ({ page, server }) => {
  const { id } = await server.ask('repeat keep me');
  await server.ask('repeat the other');
  await visit(page);

  async function saved(begin) {
    const [download] = await Promise.all([page.waitForEvent('download'), begin()]);
    return {
      name: download.suggestedFilename(),
      text: await readFile(await download.path(), 'utf8'),
      path: await download.path(),
    };
  }
  const one = await saved(() => choose(page, 'repeat keep me', 'Export', 'Markdown'));
  assert.match(one.name, /\.md$/);
  assert.match(one.text, /keep me/);

  await button(page, 'More for the list').click();
  await chooseItems(page, 'Import and export…');
  const dialog = page.getByRole('dialog', { name: 'Import and export' });
  const all = await saved(() => dialog.getByRole('link', { name: 'JSON' }).click());
  assert.equal(JSON.parse(all.text).conversations.length, 2);
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });

  await fetch(`${server.url}/api/conversations/${id}`, { method: 'DELETE' });
  await eventually(async () => assert.deepEqual(await links(page), ['repeat the other']));
  await button(page, 'More for the list').click();
  await chooseItems(page, 'Import and export…');
  const broken = JSON.parse(fileOf(3, (number) => `Imported ${number}`));
  broken.conversations[1].messages = 'gone';
  await dialog.locator('input[type=file]').setInputFiles({
    name: 'mine.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify(broken)),
  });
  await dialog.getByText(/^Imported: /).waitFor();
  assert.match(await dialog.locator('.transfer-result').textContent(), /Imported: \d conversations/);
  assert.ok((await dialog.locator('.transfer-problems li').count()) > 0);
  assert.deepEqual(await violations(page), []);
  await button(dialog, 'Show').click();
  await dialog.waitFor({ state: 'hidden' });
  const fresh = page.locator('.conversation-item.fresh');
  await eventually(async () => assert.match(await fresh.textContent(), /Imported/));
  await eventually(async () => {
    assert.equal(
      await page.evaluate(() => document.activeElement.closest('.fresh') !== null),
      true,
    );
  });

  // What is no such file is refused with a reason.
  await button(page, 'More for the list').click();
  await chooseItems(page, 'Import and export…');
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(['{"neither": "nor"}'], 'other.json', { type: 'application/json' }));
    return data;
  });
  await dialog.locator('.drop-zone').dispatchEvent('drop', { dataTransfer: transfer });
  await dialog.locator('[role=status] .problem, .transfer-problems').first().waitFor();
});

scenario('two thousand conversations', instant, async ({ page, server }) => {
  const report = await importOf(server, fileOf(2000));
  assert.equal(report.conversations, 2000);
  await visit(page);
  const rows = page.locator('.conversation-link');
  const first = await rows.count();
  assert.ok(first >= 50 && first <= 120, `${first} rows are drawn`);

  await page.locator('.conversation-list').hover();
  await eventually(async () => {
    await page.mouse.wheel(0, 4000);
    assert.ok((await rows.count()) > first + 200, 'more come as one scrolls');
  });
  await eventually(async () => {
    await page.mouse.wheel(0, 200_000);
    assert.equal(await rows.count(), 2000);
  });

  await button(page, 'More for the list').click();
  await chooseItems(page, 'Select conversations');
  await button(page, 'Select all 2000').click();
  await page.getByText('2000 selected').waitFor();
  await button(page.locator('.selection'), 'Delete').click();
  await eventually(async () => assert.deepEqual(await links(page), []));
  await undo(page, 'Deleted 2000 conversations');
  await eventually(async () => {
    assert.equal((await server.get('/api/conversations')).length, 2000);
    assert.ok((await rows.count()) > 0);
  });
});

const gone = { ...instant, allow: [/status of 404/] };

scenario('a delete in another tab can be taken back there', gone, async (world) => {
  const { page, server } = world;
  const { id } = await server.ask('repeat something');
  await visit(page, `/c/${id}`);
  const other = await world.newPage();
  await visit(other);
  await other.bringToFront();
  await link(other, 'repeat something').focus();
  await other.keyboard.press('Delete');
  const told = page.getByRole('alert').filter({ hasText: 'deleted in another tab' });
  await told.waitFor();
  assert.deepEqual(await links(page), []);
  assert.equal(await page.locator('.question').count(), 1, 'the text is still there to read');
  await undo(other, 'Deleted');
  await told.waitFor({ state: 'hidden' });
  await eventually(async () => assert.deepEqual(await links(page), ['repeat something']));
  await ask(page, 'repeat more');
  await ended(page, 2);
});

scenario('on a phone', { ...instant, context: PHONE }, async ({ page, server }) => {
  await server.ask('repeat one');
  await server.ask('repeat two');
  await visit(page);
  await page.locator('.sidebar-toggle').tap();
  await button(page, 'More for repeat one').tap();
  await chooseItems(page, 'Delete');
  // The drawer is still open, and the offer is in reach.
  const undone = page.locator('.sidebar').getByRole('button', { name: 'Undo' });
  await undone.tap();
  await eventually(async () => assert.equal((await links(page)).length, 2));
  await button(page, 'More for repeat one').tap();
  await chooseItems(page, 'Pin');
  await listIs(page, ['# Pinned', 'repeat one', '# Today', 'repeat two']);
  await button(page, 'More for the list').tap();
  await chooseItems(page, 'Select conversations');
  await page.locator('.selectable').first().tap();
  await page.getByText('1 selected').waitFor();
  assert.deepEqual(await violations(page), []);
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= PHONE.viewport.width, `the page is ${width} px wide`);
});

scenario('every state of the list is accessible', instant, async ({ page, server }) => {
  await importOf(server, fileOf(4));
  await visit(page);
  await fileInNew(page, 'Conversation 1', 'Folder');
  await choose(page, 'Conversation 2', 'Pin');
  await choose(page, 'Conversation 3', 'Archive');
  await button(page, 'Temporary').click();
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    assert.deepEqual(await violations(page), []);
    await page.locator('.conversation-item', { hasText: 'Conversation 4' }).hover();
    await button(page, 'More for Conversation 4').click();
    assert.deepEqual(await violations(page), []);
    await page.keyboard.press('Escape');
    await page.locator('.to-archive').click();
    assert.deepEqual(await violations(page), []);
    await button(page, 'All conversations').click();
  }
  await composer(page).focus();
});

scenario(
  'without JavaScript the list is plain links',
  { ...instant, context: { javaScriptEnabled: false } },
  async ({ page, server }) => {
    const { id } = await server.ask('repeat one');
    await fetch(`${server.url}/api/conversations/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ folder: 'Rivers' }),
    });
    await server.ask('repeat two');
    await page.goto('/');
    await listIs(page, ['Rivers/ 1', '  repeat one', '# Today', 'repeat two']);
    assert.ok(!(await page.locator('.item-action, .list-menu, .temporary-toggle').first().isVisible()));
    await link(page, 'repeat one').click();
    await page.locator('.question', { hasText: 'one' }).waitFor();

    await importOf(server, fileOf(200));
    await page.goto('/');
    await page.getByText('Older ones are listed with JavaScript only.').waitFor();
    await link(page, 'Conversation 1').click();
    await page.locator('.question', { hasText: 'Question 1' }).waitFor();
  },
);
