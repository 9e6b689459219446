// Writing: keys, input methods, drafts, the queue.

import assert from 'node:assert/strict';
import {
  ask,
  button,
  composer,
  counted,
  countedTo,
  ended,
  eventually,
  oneTo,
  PHONE,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const instant = { scripts: { instant: {} } };
const steady = { scripts: { steady: { tokens_per_second: 60 } } };

scenario('Enter sends and Shift+Enter makes a new line', instant, async ({ page }) => {
  await visit(page);
  await eventually(() => isFocused(page));
  await page.keyboard.type('repeat one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  assert.equal(await composer(page).inputValue(), 'repeat one\ntwo');
  await page.keyboard.press('Enter');
  await ended(page);
  assert.equal(await page.locator('.said').innerText(), 'repeat one\ntwo');
  await isFocused(page);
});

async function isFocused(page) {
  assert.equal(await page.evaluate(() => document.activeElement.id), 'composer');
}

scenario('nothing is sent that has no words', instant, async ({ page }) => {
  await visit(page);
  for (const text of ['', '  \n ']) {
    await composer(page).fill(text);
    await composer(page).press('Enter');
    await button(page, 'Send').click();
  }
  assert.equal(await page.locator('.question').count(), 0);
  assert.equal(new URL(page.url()).pathname, '/');
});

scenario('text that is being composed is never sent', instant, async ({ page }) => {
  await visit(page);
  await composer(page).fill('Count from 1 to 3');
  for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
    const prevented = await composer(page).evaluate((area, init) => {
      const event = new KeyboardEvent('keydown', {
        key: 'Enter',
        bubbles: true,
        cancelable: true,
        ...init,
      });
      return !area.dispatchEvent(event);
    }, composing);
    assert.equal(prevented, false, 'the input method has the key');
  }
  assert.equal(await composer(page).inputValue(), 'Count from 1 to 3');
  assert.equal(await page.locator('.question').count(), 0);
  await composer(page).press('Enter');
  await ended(page);
});

scenario(
  'on a touch keyboard Enter is a new line',
  { ...instant, context: PHONE },
  async ({ page }) => {
    await visit(page);
    assert.notEqual(
      await page.evaluate(() => document.activeElement.id),
      'composer',
      'the keyboard does not pop up by itself',
    );
    await composer(page).tap();
    await page.keyboard.type('Count from 1 to 3');
    await page.keyboard.press('Enter');
    assert.equal(await composer(page).inputValue(), 'Count from 1 to 3\n');
    assert.equal(await page.locator('.question').count(), 0);
    await button(page, 'Send').tap();
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(3));
  },
);

scenario('the box grows with its text, up to a cap', instant, async ({ page }) => {
  await visit(page);
  const height = async () => (await composer(page).boundingBox()).height;
  const heights = [];
  for (const lines of [1, 3, 8, 40]) {
    await composer(page).fill(Array(lines).fill('line').join('\n'));
    heights.push(await height());
  }
  const [one, three, eight, forty] = heights;
  assert.ok(one < three && three < eight && eight <= forty, heights.join());
  assert.ok(forty < one * 8, heights.join());
  assert.ok(await composer(page).evaluate((area) => area.scrollHeight > area.clientHeight));
});

scenario('a draft belongs to its conversation and survives a reload', instant, async (world) => {
  const { page, server } = world;
  const one = await server.ask('repeat first');
  await server.ask('repeat second');
  await visit(page, `/c/${one.id}`);
  await composer(page).fill('a draft for the first');
  await page.reload();
  await holds(page, 'a draft for the first');

  await page.getByRole('link', { name: 'repeat second' }).click();
  await holds(page, '');
  await composer(page).fill('and one for the second');
  await page.getByRole('link', { name: 'New conversation' }).first().click();
  await holds(page, '');
  await composer(page).fill('and one for a new conversation');

  await page.getByRole('link', { name: 'repeat first' }).click();
  await holds(page, 'a draft for the first');
  await page.getByRole('link', { name: 'repeat second' }).click();
  await holds(page, 'and one for the second');
  await visit(page, '/');
  await holds(page, 'and one for a new conversation');

  await composer(page).press('Enter');
  await ended(page);
  await visit(page, '/');
  await holds(page, '');
});

async function holds(page, draft) {
  await eventually(async () => assert.equal(await composer(page).inputValue(), draft));
}

scenario('a message written meanwhile waits in a queue', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 200');
  await countedTo(page, 10);
  await composer(page).fill('Count from 1 to 9');
  await button(page, 'Stop').waitFor();
  await button(page, 'Send when this answer is done').click();
  await ask(page, 'not to be sent');
  await ask(page, 'Count from 1 to 7');
  const queue = page.getByRole('list', { name: 'Waiting to be sent' });
  assert.deepEqual(await queue.locator('.queued-text').allTextContents(), [
    'Count from 1 to 9',
    'not to be sent',
    'Count from 1 to 7',
  ]);
  await queue.getByRole('button', { name: 'Do not send this' }).nth(1).click();
  assert.equal(await queue.locator('li').count(), 2);

  await ended(page, 3);
  assert.deepEqual(await page.locator('.said').allTextContents(), [
    'Count from 1 to 200',
    'Count from 1 to 9',
    'Count from 1 to 7',
  ]);
  assert.deepEqual(await counted(page), oneTo(7));
  assert.equal(await queue.count(), 0);
  const { messages } = await world.stored();
  messages.slice(1).forEach((message, at) => assert.equal(message.parent, messages[at].id));
  assert.equal(messages.length, 6);
});

scenario('Stop puts what waited back into the box', steady, async ({ page }) => {
  await visit(page);
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 10);
  await ask(page, 'one');
  await ask(page, 'two');
  await composer(page).fill('three');
  await button(page, 'Stop').click();
  await ended(page);
  await holds(page, 'one\n\ntwo\n\nthree');
  assert.equal(await page.locator('.queue li').count(), 0);
  assert.equal(await page.locator('.question').count(), 1);
});
