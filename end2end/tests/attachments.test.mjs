// Files go with a message: chosen, pasted and dropped.

import assert from 'node:assert/strict';
import {
  answer,
  ask,
  button,
  composer,
  ended,
  eventually,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const steady = { scripts: { steady: { first_token_ms: 100, tokens_per_second: 60 } } };

/** A PNG of one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const files = (page) => page.locator('.attached-file');

/** What the browser does when files are pasted or dropped. */
async function give(page, kind, name, type, content) {
  await page.evaluate(
    ([kind, name, type, bytes]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], name, { type }));
      const on = document.querySelector('#composer');
      const init = { bubbles: true, cancelable: true, clipboardData: data, dataTransfer: data };
      const event = kind === 'paste' ? new ClipboardEvent('paste', init) : new DragEvent('drop', init);
      on.dispatchEvent(event);
    },
    [kind, name, type, [...content]],
  );
}

scenario('an image and a text file reach the model and stay with the message', steady, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await page.locator('#attach').setInputFiles([
    { name: 'pixel.png', mimeType: 'image/png', buffer: PIXEL },
    { name: 'notes.md', mimeType: 'text/markdown', buffer: Buffer.from('# Notes\n\nFish swim.\n') },
  ]);
  await files(page).nth(1).locator('text=tokens').waitFor();
  assert.match(await files(page).nth(1).textContent(), /notes\.md.*20 B, about \d+ tokens/s);

  await ask(page, 'What is in these?');
  await ended(page);
  assert.equal(await files(page).count(), 0, 'the files have gone with the message');
  const question = page.locator('.question');
  assert.equal(await question.locator('img').getAttribute('alt'), 'pixel.png');
  await eventually(async () => {
    const width = await question.locator('img').evaluate((image) => image.naturalWidth);
    assert.equal(width, 1, 'the image can be fetched');
  });

  const [asked] = (await simulator.get('/control/requests')).at(-1).messages;
  assert.equal(asked.images.length, 1, 'the model was sent the image');
  assert.ok(asked.text.includes('Fish swim.') && asked.text.includes('notes.md'), asked.text);

  await visit(page, page.url());
  await page.locator('.question img').waitFor();
  await page.locator('.question', { hasText: 'notes.md' }).waitFor();
});

scenario('files can be pasted and dropped, and taken off again', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await give(page, 'paste', 'shot.png', 'image/png', PIXEL);
  await files(page).locator('text=tokens').waitFor();
  await give(page, 'drop', 'data.csv', 'text/csv', Buffer.from('a,b\n1,2\n'));
  await files(page).nth(1).locator('text=tokens').waitFor();
  await button(page, 'Remove shot.png').click();
  await eventually(async () => assert.equal(await files(page).count(), 1));

  // A draft keeps its files over a reload.
  await visit(page);
  await files(page).locator('text=data.csv').waitFor();
  // A message may be files alone.
  await page.locator('.composer [type=submit]').click();
  await ended(page);
  await page.locator('.question', { hasText: 'data.csv' }).waitFor();
});

const refused = { ...steady, allow: [/415/] };

scenario('what cannot be attached says why and sends nothing', refused, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await page.locator('#attach').setInputFiles({
    name: 'program.exe',
    mimeType: 'application/octet-stream',
    buffer: Buffer.from([0x4d, 0x5a, 0, 0, 0xff, 0xfe, 0, 1]),
  });
  await page.locator('.attached-file.failed').waitFor();
  await composer(page).fill('Look at this');
  await page.locator('.composer [type=submit]').click();
  assert.equal(await composer(page).inputValue(), 'Look at this', 'the text stays');
  assert.equal((await simulator.stats()).total, 0);
  await button(page, 'Remove program.exe').click();
  await page.locator('.composer [type=submit]').click();
  await ended(page);
});

scenario('messages that wait can be changed and dropped, and go out in order', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 150');
  for (const text of ['Count from 1 to 2', 'Count from 1 to 3', 'Count from 1 to 4']) {
    await composer(page).fill(text);
    await composer(page).press('Enter');
  }
  const waiting = page.locator('.queue li');
  await eventually(async () => assert.equal(await waiting.count(), 3));
  await waiting.nth(1).getByRole('button', { name: 'Do not send this' }).click();
  await waiting.nth(1).getByRole('button', { name: 'Change this message' }).click();
  const editor = waiting.nth(1).locator('textarea');
  assert.equal(await editor.inputValue(), 'Count from 1 to 4');
  await editor.fill('Count from 1 to 5');
  await editor.press('Enter');
  await ended(page, 3);
  const said = await page.locator('.question .said').allTextContents();
  assert.deepEqual(said, ['Count from 1 to 150', 'Count from 1 to 2', 'Count from 1 to 5']);
  assert.match(await answer(page).textContent(), /4 5/);
});

scenario('a waiting message that is being changed is not sent under the hands', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 60');
  await composer(page).fill('Count from 1 to 2');
  await composer(page).press('Enter');
  await page.locator('.queue li').getByRole('button', { name: 'Change this message' }).click();
  await ended(page);
  await page.locator('.queue textarea').fill('Count from 1 to 7');
  await page.locator('.queue').getByRole('button', { name: 'Save' }).click();
  await ended(page, 2);
  assert.match(await answer(page).textContent(), /6 7/);
});
