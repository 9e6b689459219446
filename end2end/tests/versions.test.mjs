// Working with answers: again, with another model, edited, continued, deleted,
// copied, quoted; and every earlier version is still there.

import assert from 'node:assert/strict';
import {
  answer,
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
  PHONE,
  violations,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const spoken = { scripts: { first: { text: 'The first answer.' }, second: { text: 'The other model.' } } };
const steady = { scripts: { steady: { tokens_per_second: 80 } } };

function questions(page) {
  return page.locator('.question .said').allTextContents();
}

/** The number that the arrows of the last answer show, such as "1/2". */
function version(page) {
  return answer(page).locator('.version-number').textContent();
}

async function answers(page, text) {
  await eventually(async () => assert.equal((await answerText(page)).trim(), text));
}

/** Opens the menu of the last answer. */
async function openMenu(page) {
  await button(page, 'More for this answer').last().click();
  await page.getByRole('menu').waitFor();
}

function item(page, name) {
  return page.getByRole('menuitem', { name });
}

function question(page, at) {
  return page.locator('.question').nth(at);
}

async function editQuestion(page, at, text) {
  await question(page, at).hover();
  await question(page, at).getByRole('button', { name: 'Edit the question' }).click();
  await page.getByRole('textbox', { name: 'Edit the question' }).fill(text);
}

scenario('an answer is given again, and the choice is the same everywhere', spoken, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  assert.equal(await page.locator('.versions').count(), 0, 'one version needs no arrows');
  await simulator.script('first', { text: 'The second answer.' });
  await button(page, 'Regenerate').click();
  await answers(page, 'The second answer.');
  await ended(page);
  assert.equal(await version(page), '2/2');
  assert.equal((await world.stored()).messages.length, 3);

  const group = answer(page).getByRole('group', { name: 'Version 2 of 2' });
  await group.getByRole('button', { name: 'Earlier version' }).click();
  await answers(page, 'The first answer.');
  assert.equal(await version(page), '1/2');
  await eventually(async () => {
    const { leaf, messages } = await world.stored();
    assert.equal(messages.find(({ id }) => id === leaf)?.text, 'The first answer.');
  });

  await page.reload();
  await hydrated(page);
  await answers(page, 'The first answer.');
  const device = await world.newContext();
  const other = await device.newPage();
  await visit(other, page.url());
  await answers(other, 'The first answer.');

  // The keys alone, and the focus stays on the arrows.
  await button(page, 'Later version').focus();
  await page.keyboard.press('Enter');
  await answers(page, 'The second answer.');
  await page.keyboard.press('ArrowLeft');
  await answers(page, 'The first answer.');
  await page.keyboard.press('ArrowRight');
  await answers(page, 'The second answer.');
  await eventually(async () => assert.equal(await other.locator('.version-number').textContent(), '2/2'));
});

scenario('another model answers, chosen by keyboard in the menu', spoken, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  const more = button(page, 'More for this answer');
  await more.focus();
  await page.keyboard.press('ArrowDown');
  await page.getByRole('menu').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await eventually(async () => assert.ok(await more.evaluate((it) => it === document.activeElement)));

  await page.keyboard.press('Enter');
  await page.getByRole('menu').waitFor();
  await page.keyboard.type('regenerate w');
  await page.keyboard.press('Enter');
  await page.getByRole('menuitemradio', { name: /^second/ }).waitFor();
  assert.equal(
    await page.getByRole('menuitemradio', { name: /^first/ }).getAttribute('aria-checked'),
    'true',
  );
  assert.deepEqual(await violations(page), []);
  await page.keyboard.type('second');
  await page.keyboard.press('Enter');
  await answers(page, 'The other model.');
  await ended(page);
  assert.match(await answer(page).locator('.statistics summary').textContent(), /openai\/second/);
  assert.equal(await version(page), '2/2');
});

scenario('a press beside the menu closes it, and so does one on its button', spoken, async ({ page }) => {
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  await openMenu(page);
  await composer(page).click();
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await openMenu(page);
  await button(page, 'More for this answer').click();
  await page.getByRole('menu').waitFor({ state: 'detached' });
});

scenario('a question in the middle is edited, then the first one', steady, async (world) => {
  const { page } = world;
  await visit(page);
  for (const [at, last] of [3, 4, 5].entries()) {
    await ask(page, `Count from 1 to ${last}`);
    await ended(page, at + 1);
  }
  await editQuestion(page, 1, 'Count from 1 to 7');
  await button(page, 'Save and send').click();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(7)));
  await ended(page, 2);
  assert.deepEqual(await questions(page), ['Count from 1 to 3', 'Count from 1 to 7']);

  await question(page, 1).getByRole('button', { name: 'Earlier version' }).click();
  await eventually(async () => {
    const shown = ['Count from 1 to 3', 'Count from 1 to 4', 'Count from 1 to 5'];
    assert.deepEqual(await questions(page), shown);
  });

  await editQuestion(page, 0, 'Count from 1 to 9');
  await page.keyboard.press('Enter');
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(9)));
  await ended(page, 1);
  assert.deepEqual(await questions(page), ['Count from 1 to 9']);
  // The path that was left is the one that comes back.
  await question(page, 0).getByRole('button', { name: 'Earlier version' }).click();
  await eventually(async () => assert.equal((await questions(page)).length, 3));
  await eventually(async () => assert.ok((await world.stored()).leaf));
  await page.reload();
  await hydrated(page);
  assert.equal((await questions(page)).length, 3);
  // Two roots, and two versions of the second question.
  assert.equal((await world.stored()).messages.length, 10);
});

scenario('the box of an edited question knows the keys of the message box', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 3');
  await ended(page);
  await page.reload();
  await hydrated(page);
  await editQuestion(page, 0, 'Count');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('more');
  const box = page.getByRole('textbox', { name: 'Edit the question' });
  assert.equal(await box.inputValue(), 'Count\nmore');
  // A word that is still being composed is not sent.
  await box.evaluate((it) => {
    const enter = { key: 'Enter', isComposing: true, bubbles: true, cancelable: true };
    it.dispatchEvent(new KeyboardEvent('keydown', enter));
  });
  assert.equal(await box.count(), 1);
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'detached' });
  assert.deepEqual(await questions(page), ['Count from 1 to 3']);
  await eventually(async () => {
    const name = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.equal(name, 'Edit the question');
  });
  assert.equal((await world.stored()).messages.length, 2);
});

scenario('a stopped answer goes on where it was', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 120');
  await countedTo(page, 20);
  await button(page, 'Stop').click();
  await ended(page);
  const before = await answerText(page);
  await button(page, 'Continue').click();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(120)));
  await ended(page);
  assert.equal(await answer(page).locator('.state-word').count(), 0);
  assert.equal(await version(page), '2/2');
  await button(page, 'Earlier version').click();
  await answers(page, before.trim());
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped');
});

scenario('an answer goes on being written while another version is read', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 5');
  await ended(page);
  await world.simulator.script('steady', { tokens_per_second: 30 });
  await editQuestion(page, 0, 'Count from 1 to 150');
  await page.keyboard.press('Enter');
  await countedTo(page, 10);
  await button(page, 'Earlier version').click();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(5)));
  await button(page, 'Send').waitFor();
  await button(page, 'Later version').click();
  await button(page, 'Stop').waitFor();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(150)));
  await ended(page);
});

scenario('what waits for an answer does not follow another version', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 5');
  await ended(page);
  await world.simulator.script('steady', { tokens_per_second: 40 });
  await editQuestion(page, 0, 'Count from 1 to 200');
  await page.keyboard.press('Enter');
  await countedTo(page, 10);
  await ask(page, 'And then?');
  await page.getByRole('list', { name: 'Waiting to be sent' }).waitFor();
  await button(page, 'Earlier version').click();
  await eventually(async () => assert.equal(await composer(page).inputValue(), 'And then?'));
  assert.deepEqual(await questions(page), ['Count from 1 to 5']);
});

scenario('after a reload an answer on another path is found whole', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 5');
  await ended(page);
  await world.simulator.script('steady', { tokens_per_second: 40 });
  await editQuestion(page, 0, 'Count from 1 to 100');
  await page.keyboard.press('Enter');
  await countedTo(page, 5);
  await button(page, 'Earlier version').click();
  await eventually(async () => assert.ok((await world.stored()).leaf));
  await page.reload();
  await hydrated(page);
  assert.deepEqual(await counted(page), oneTo(5));
  await button(page, 'Later version').click();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(100)));
  await ended(page);
});

scenario('a deleted message comes back with all that followed it', steady, async (world) => {
  const { page } = world;
  await visit(page);
  for (const [at, last] of [3, 4, 5].entries()) {
    await ask(page, `Count from 1 to ${last}`);
    await ended(page, at + 1);
  }
  await question(page, 1).hover();
  await question(page, 1).getByRole('button', { name: 'More for this question' }).click();
  await item(page, 'Delete').click();
  await eventually(async () => assert.deepEqual(await questions(page), ['Count from 1 to 3']));
  await eventually(async () => assert.equal((await world.stored()).messages.length, 2));
  await button(page, 'Undo').click();
  await eventually(async () => assert.equal((await questions(page)).length, 3));
  await ended(page, 3);
  await page.reload();
  await hydrated(page);
  assert.equal((await questions(page)).length, 3);
});

scenario('an answer that is being written is stopped where it is deleted', steady, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'Count from 1 to 5');
  await ended(page);
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 10);
  await question(page, 1).hover();
  await question(page, 1).getByRole('button', { name: 'More for this question' }).click();
  await item(page, 'Delete').click();
  await eventually(async () => assert.equal((await questions(page)).length, 1));
  await button(page, 'Send').waitFor();
  await eventually(async () => assert.equal((await simulator.stats()).open, 0));
  await button(page, 'Undo').click();
  await ended(page, 2);
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped');
  assert.ok((await counted(page)).length >= 10, 'what had been written is kept');
});

scenario('where one version is deleted another one shows', spoken, async (world) => {
  const { page, simulator } = world;
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  await simulator.script('first', { text: 'The second answer.' });
  await button(page, 'Regenerate').click();
  await answers(page, 'The second answer.');
  await ended(page);
  await openMenu(page);
  await item(page, 'Delete').click();
  await answers(page, 'The first answer.');
  assert.equal(await page.locator('.versions').count(), 0);
  await button(page, 'Undo').click();
  await answers(page, 'The second answer.');
  assert.equal(await version(page), '2/2');
});

const rich = [
  '# Head',
  '',
  'Some **bold** and `code`, a [link](https://example.org).',
  '',
  '3. three',
  '4. four',
  '   - inner',
  '',
  '```rust',
  'fn main() {}',
  '```',
  '',
  '| a | b |',
  '|---|---|',
  '| 1 | 2 |',
].join('\n');

const readable = [
  'Head',
  'Some bold and code, a link.',
  '3. three\n4. four\n   • inner',
  'fn main() {}',
  'a\tb\n1\t2',
].join('\n\n');

scenario(
  'an answer is copied as Markdown and as plain text, a question as it is',
  {
    scripts: { rich: { text: rich } },
    context: { permissions: ['clipboard-read', 'clipboard-write'] },
  },
  async ({ page }) => {
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    await visit(page);
    await ask(page, 'Show *me*');
    await ended(page);
    await button(page, 'Copy the answer').click();
    await eventually(async () => assert.equal(await clipboard(), rich));
    await page.getByRole('status').getByText('Copied', { exact: true }).waitFor({ state: 'attached' });
    await openMenu(page);
    await item(page, 'Copy as plain text').click();
    await eventually(async () => assert.equal(await clipboard(), readable));
    await openMenu(page);
    await item(page, 'Copy as Markdown').click();
    await eventually(async () => assert.equal(await clipboard(), rich));
    await question(page, 0).hover();
    await button(page, 'Copy the question').click();
    await eventually(async () => assert.equal(await clipboard(), 'Show *me*'));
  },
);

scenario('a selected part of an answer is quoted', spoken, async ({ page }) => {
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  await composer(page).fill('Why?');
  const quote = button(page, 'Quote');
  assert.equal(await quote.count(), 0);
  const box = await answer(page).locator('.markdown p').boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + 1, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width - 1, y, { steps: 5 });
  await page.mouse.up();
  await quote.click();
  assert.equal(await composer(page).inputValue(), 'Why?\n\n> The first answer.\n\n');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'composer');
  await page.keyboard.type('Really?');
  assert.equal(await composer(page).inputValue(), 'Why?\n\n> The first answer.\n\nReally?');
  await quote.waitFor({ state: 'hidden' });

  // By keyboard: a selection and the shortcut.
  await composer(page).fill('');
  await page.evaluate(() => {
    const text = document.querySelector('.answer .markdown p').firstChild;
    getSelection().setBaseAndExtent(text, 4, text, 9);
  });
  await page.keyboard.press('Alt+Shift+Q');
  await eventually(async () => assert.equal(await composer(page).inputValue(), '> first\n\n'));

  // A question is not an answer.
  await page.evaluate(() => {
    getSelection().selectAllChildren(document.querySelector('.question .said'));
  });
  await page.evaluate(() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then))));
  assert.equal(await quote.count(), 0);
});

scenario(
  'a message stays where it is when another version of it is shown',
  { scripts: { long: { text: 'A line of text.\n\n'.repeat(20) } } },
  async ({ page, simulator }) => {
    await visit(page);
    for (const at of [1, 2, 3]) {
      await ask(page, `Question ${at}`);
      await ended(page, at);
    }
    await editQuestion(page, 1, 'Question 2, edited');
    await button(page, 'Save and send').click();
    await ended(page, 2);
    await simulator.script('long', { text: 'Short.' });
    // Also what the server has drawn.
    await page.reload();
    await hydrated(page);
    const top = () => question(page, 1).evaluate((it) => it.getBoundingClientRect().top);
    await page.locator('#transcript').hover();
    await page.mouse.wheel(0, -500);
    await question(page, 1).evaluate((it) => it.scrollIntoView({ block: 'center' }));
    const before = await eventually(async () => {
      const now = await top();
      await page.waitForTimeout(100);
      assert.equal(await top(), now);
      return now;
    });
    await question(page, 1).getByRole('button', { name: 'Earlier version' }).click();
    await eventually(async () => assert.equal((await questions(page)).length, 3));
    await eventually(async () => assert.ok(Math.abs((await top()) - before) <= 2, `${await top()}, ${before}`));
    await page.waitForTimeout(300);
    assert.ok(Math.abs((await top()) - before) <= 2, `${await top()}, ${before}`);
  },
);

scenario('what is unchanged is not drawn again when another version is shown', spoken, async ({ page }) => {
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  await ask(page, 'And now?');
  await ended(page, 2);
  await page.locator('.answer').first().evaluate((it) => (it.marked = true));
  await button(page, 'Regenerate').last().click();
  await eventually(async () => assert.equal(await version(page), '2/2'));
  await ended(page, 2);
  await button(page, 'Earlier version').click();
  await eventually(async () => assert.equal(await version(page), '1/2'));
  assert.ok(await page.locator('.answer').first().evaluate((it) => it.marked));
});

scenario(
  'thinking that the reader opened stays open when the answer begins',
  { scripts: { deep: { thinking_tokens: 60, text: 'Thought over.', tokens_per_second: 20 } } },
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Think');
    const thinking = answer(page).locator('.thinking');
    await thinking.locator('summary').waitFor();
    await eventually(async () => assert.ok(await thinking.evaluate((it) => it.open)));
    // Closed and opened again by hand.
    await thinking.locator('summary').click();
    await thinking.locator('summary').click();
    await page.mouse.move(0, 0);
    await composer(page).focus();
    await answers(page, 'Thought over.');
    await ended(page);
    assert.ok(await thinking.evaluate((it) => it.open));

    await ask(page, 'Think again');
    await ended(page, 2);
    assert.ok(!(await answer(page).locator('.thinking').evaluate((it) => it.open)));
  },
);

scenario('on a phone the actions are behind one button', { ...spoken, context: PHONE }, async ({ page }) => {
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  await ask(page, 'And now?');
  await ended(page, 2);
  const first = page.locator('.answer').first();
  assert.ok(!(await first.getByRole('button', { name: 'Copy the answer' }).isVisible()));
  const height = await first.evaluate((it) => it.getBoundingClientRect().height);
  await first.getByRole('button', { name: 'More for this answer' }).tap();
  const menu = page.getByRole('menu');
  await menu.waitFor();
  const box = await menu.boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= PHONE.viewport.width, JSON.stringify(box));
  assert.ok(box.y >= 0 && box.y + box.height <= PHONE.viewport.height, JSON.stringify(box));
  assert.equal(await first.evaluate((it) => it.getBoundingClientRect().height), height);
  assert.deepEqual(await violations(page), []);
  await item(page, 'Regenerate').first().tap();
  await eventually(async () => assert.equal(await version(page), '2/2'));
  await ended(page, 1);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= PHONE.viewport.width, 'nothing is wider than the screen');
});

scenario('actions take no room when they come', spoken, async ({ page }) => {
  await visit(page);
  await ask(page, 'What do you say?');
  await ended(page);
  await ask(page, 'And now?');
  await ended(page, 2);
  const height = () => page.locator('#transcript-content').evaluate((it) => it.scrollHeight);
  await composer(page).hover();
  const before = await height();
  await question(page, 0).hover();
  const copy = question(page, 0).getByRole('button', { name: 'Copy the question' });
  await eventually(async () => {
    assert.equal(await copy.evaluate((it) => getComputedStyle(it.parentElement).opacity), '1');
  });
  assert.equal(await height(), before);
  assert.deepEqual(await violations(page), []);
});

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

scenario('what was sent with a question is shown, and stays when it is edited', spoken, async (world) => {
  const { page, server } = world;
  const send = async (name, type, body) => {
    const address = `${server.url}/api/attachments?name=${encodeURIComponent(name)}`;
    const response = await fetch(address, { method: 'POST', headers: { 'content-type': type }, body });
    assert.ok(response.ok, await response.clone().text());
    return response.json();
  };
  const notes = await send('notes.txt', 'text/plain', 'Notes. '.repeat(300));
  const image = await send('dot.png', 'image/png', Buffer.from(PIXEL, 'base64'));
  const { id } = await server.ask('What is this?', { attachments: [notes, image] });
  await visit(page, `/c/${id}`);
  const file = question(page, 0).getByRole('link', { name: /notes\.txt/ });
  assert.match(await file.textContent(), /notes\.txt.*2 KB/);
  assert.equal(await file.getAttribute('target'), '_blank');
  const picture = page.getByRole('img', { name: 'dot.png' });
  await eventually(async () => assert.ok(await picture.evaluate((it) => it.complete && it.naturalWidth)));
  assert.equal((await picture.boundingBox()).height, 112);
  await editQuestion(page, 0, 'And what is it now?');
  assert.ok(await file.isVisible());
  await page.keyboard.press('Enter');
  await eventually(async () => assert.deepEqual(await questions(page), ['And what is it now?']));
  await ended(page);
  assert.ok(await file.isVisible());
  const { messages } = await world.stored();
  assert.deepEqual(messages.at(-2).attachments, [notes, image]);
});

scenario('an answer that came to a stop phrase says so, and goes on', steady, async (world) => {
  const { page, server } = world;
  const settings = { stop: ['7'] };
  const { id } = await server.ask('Count from 1 to 20', { settings });
  await visit(page, `/c/${id}`);
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped at “7”');
  assert.deepEqual(await counted(page), oneTo(6));
  const mark = await page.evaluate(() => {
    const last = document.querySelector('.answer .part:last-child > :last-child');
    return getComputedStyle(last, '::after').width;
  });
  assert.equal(mark, '2px', 'the place is marked');
  await button(page, 'Continue').click();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(20)));
  await ended(page);
});
