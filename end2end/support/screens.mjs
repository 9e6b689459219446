// Every screen and state of the page that a person can bring about, each by
// itself.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  ask,
  button,
  choose,
  chooseItems,
  composer,
  countedTo,
  deleted,
  ended,
  visit,
} from './page.mjs';
import { ALONE } from './world.mjs';

/** The world in which all of them can be brought about. */
export const screenWorld = {
  scripts: {
    rich: {},
    talker: {
      thinking_tokens: 60,
      tool_calls: [{ name: 'search', arguments: { query: 'brooks' } }],
      text: 'Found.',
    },
    fragile: { fault: { kind: 'cut', after_tokens: 30 } },
    slow: { tokens_per_second: 30 },
  },
  args: ALONE,
  // An upstream that fails and a file that is refused are part of it.
  allow: [/415/, /502/],
};

const model = (name) => ({ model: `openai/${name}` });
const IMAGE = path.join(import.meta.dirname, '..', '..', 'public', 'apple-touch-icon.png');

/** Puts into the world what the screens show; gives the conversations. */
export async function prepare({ server, directory }) {
  const patch = async (id, change) =>
    fetch(`${server.url}/api/conversations/${id}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(change),
    });
  const everything = await server.ask('Show me Markdown, code, a table and math', model('rich'));
  const add = (text, name) => server.ask(text, { conversation: everything.id, ...model(name) });
  const long = `${'averyverylongwordwithoutanyspace'.repeat(8)} and \`${'code'.repeat(60)}\``;
  await add(`repeat ${long}`, 'rich');
  await add('Look it up', 'talker');
  await add(`Why is this ${'so '.repeat(60)}long?`, 'fragile');
  const short = await server.ask('repeat a short answer', model('rich'));
  const filed = await server.ask('repeat of the Severn', model('rich'));
  await patch(filed.id, { folder: 'Rivers of Wales', pinned: true });
  const archived = await server.ask('repeat out of the way', model('rich'));
  await patch(archived.id, { archived: true });
  await fetch(`${server.url}/api/presets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Translator', settings: { ask: { system: 'Translate.' } } }),
  });
  const refused = path.join(directory, 'program.exe');
  await writeFile(refused, Buffer.from([0x4d, 0x5a, 0, 0, 0xff, 0xfe, 0, 1]));
  return { everything: everything.id, short: short.id, refused };
}

/** Opens the list where it is a drawer. */
async function openList(page) {
  if (page.viewportSize().width > 760) return;
  await page.locator('.sidebar-toggle').click();
  await page.locator('.sidebar.open').waitFor();
}

async function showVersions(page, { short }) {
  await visit(page, `/c/${short}`);
  if ((await page.locator('.versions').count()) > 0) return;
  await page.locator('.answer').hover();
  await button(page, 'More for this answer').click();
  await chooseItems(page, 'Regenerate$');
  await ended(page);
}

/** Name → how to get there from anywhere. */
export const SCREENS = {
  'the empty page': (page) => visit(page),
  'a conversation with everything in it, failed at the end': async (page, { everything }) => {
    await visit(page, `/c/${everything}`);
    await page.locator('.statistics summary').first().click();
    await page.locator('.thinking summary:visible').first().click();
    await page.locator('.tool summary').first().click();
    await composer(page).fill('a draft\nof two lines');
  },
  'the menu of an answer': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await page.locator('.answer').hover();
    await button(page, 'More for this answer').click();
    await page.getByRole('menu').waitFor();
  },
  'the menu of a conversation': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await openList(page);
    await choose(page, 'repeat a short answer');
    await page.getByRole('menu').waitFor();
  },
  'the folders in that menu': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await openList(page);
    await choose(page, 'repeat a short answer', 'Move to folder');
    await page.getByRole('menuitem', { name: 'New folder…' }).waitFor();
  },
  'the dialog of a new folder': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await openList(page);
    await choose(page, 'repeat a short answer', 'Move to folder', 'New folder…');
    await page.getByRole('dialog', { name: 'New folder' }).waitFor();
  },
  'a title being changed': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await openList(page);
    await choose(page, 'repeat a short answer', 'Rename');
    await page.locator('.rename').waitFor();
  },
  'the list of conversations': async (page) => {
    await visit(page);
    await openList(page);
  },
  'conversations being selected': async (page) => {
    await visit(page);
    await openList(page);
    await button(page, 'More for the list').click();
    await chooseItems(page, 'Select conversations');
    await page.locator('.selectable').first().click();
  },
  'the archive': async (page) => {
    await visit(page);
    await openList(page);
    await page.locator('.to-archive').click();
    await page.getByRole('heading', { name: 'Archived' }).waitFor();
  },
  'a question being edited': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await page.keyboard.press('Alt+Shift+U');
    await page.locator('.question-editor').waitFor();
  },
  'several versions of an answer': showVersions,
  'settings': async (page, { short }) => {
    await visit(page, `/c/${short}`);
    await page.getByRole('button', { name: /^Settings of this conversation/ }).click();
    const panel = page.getByRole('dialog', { name: 'Settings of this conversation' });
    await panel.getByLabel('Stop phrases', { exact: true }).fill('The end');
    await page.keyboard.press('Enter');
    await panel.getByLabel('Watch words', { exact: true }).fill('answer');
    await page.keyboard.press('Enter');
  },
  'watch words': async (page, { short }) => {
    await SCREENS.settings(page, { short });
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: 'Watch words' }).waitFor();
  },
  'the palette': async (page) => {
    await visit(page);
    await page.keyboard.press('Control+k');
    await page.locator('.palette-item').first().waitFor();
  },
  'what the palette finds': async (page) => {
    await SCREENS['the palette'](page);
    await page.keyboard.type('short');
    await page.locator('.palette-item', { hasText: 'a short answer' }).first().waitFor();
  },
  'a palette that finds nothing': async (page) => {
    await SCREENS['the palette'](page);
    await page.keyboard.type('qqqqzz');
    await page.locator('.palette-state', { hasNotText: 'Searching' }).waitFor();
  },
  'the second key of a shortcut': async (page) => {
    await visit(page);
    await page.keyboard.press('Alt+Shift+M');
    await page.locator('.second-keys kbd').first().waitFor();
  },
  'the list of shortcuts': async (page) => {
    await visit(page);
    await page.evaluate(() => document.activeElement.blur());
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Shortcuts' }).locator('kbd').first().waitFor();
  },
  'import and export': async (page) => {
    await visit(page);
    await openList(page);
    await button(page, 'More for the list').click();
    await chooseItems(page, 'Import and export…');
    await page.getByRole('dialog', { name: 'Import and export' }).getByText('ZIP').waitFor();
  },
  'files attached, one of them refused': async (page, { refused }) => {
    await visit(page);
    await page.locator('#attach').setInputFiles([IMAGE, refused]);
    await page.locator('.attached-file').first().locator('text=tokens').waitFor();
    await page.locator('.attached-file.failed').waitFor();
  },
  'a file sent': async (page, { refused }) => {
    await SCREENS['files attached, one of them refused'](page, { refused });
    await button(page, 'Remove program.exe').click();
    await ask(page, 'repeat an image');
    await ended(page);
    await page.locator('.question img').first().waitFor();
  },
  'a temporary conversation': async (page) => {
    await visit(page);
    await page.keyboard.press('Alt+Shift+H');
    await page.locator('.temporary-hint:not(.absent)').waitFor();
    await ask(page, 'repeat a secret');
    await ended(page);
  },
  'an answer being written, with a queue that is changed': async (page) => {
    await visit(page);
    await page.locator('#model').selectOption('openai/slow');
    await ask(page, 'Count from 1 to 100000');
    await countedTo(page, 10);
    await ask(page, 'repeat next');
    await ask(page, 'repeat the one after');
    await page.locator('.queue li').first().getByRole('button', { name: 'Change this message' }).click();
    await page.locator('.queue textarea').waitFor();
  },
  'the offer to undo': async (page) => {
    await page.keyboard.press('Escape');
    await visit(page);
    await page.locator('#model').selectOption('openai/rich');
    await ask(page, 'repeat to be deleted');
    await ended(page);
    await openList(page);
    await choose(page, 'repeat to be deleted', 'Delete');
    await deleted(page).waitFor();
  },
};
