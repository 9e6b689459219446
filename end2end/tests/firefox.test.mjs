// The page in Firefox: what a person does with it, from the first question to
// a conversation reopened.

import assert from 'node:assert/strict';
import path from 'node:path';
import { assertCounting, eventually, oneTo, words } from '../support/page.mjs';
import {
  answerWords,
  ask,
  count,
  counted,
  countedTo,
  ended,
  firefoxScenario,
  textOf,
} from '../support/firefox.mjs';

const steady = { scripts: { steady: { first_token_ms: 200, tokens_per_second: 80 } } };
const fast = { scripts: { fast: { first_token_ms: 50, tokens_per_second: 400 } } };
const instant = { scripts: { instant: {} } };

const IMAGE = path.join(import.meta.dirname, '..', '..', 'public', 'apple-touch-icon.png');

/** What the box holds, and whether it has the focus. */
function box(page) {
  return page.$eval('#composer', (area) => ({
    text: area.value,
    isFocused: area === document.activeElement,
    height: area.offsetHeight,
  }));
}

/** Where the transcript is scrolled to, and how far that is from its end. */
function position(page) {
  return page.$eval('#transcript', (scroller) => ({
    top: scroller.scrollTop,
    below: scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop,
    height: scroller.scrollHeight,
  }));
}

firefoxScenario('a first question is answered whole, while one reads', steady, async (world) => {
  const { page } = world;
  await world.visit();
  await eventually(async () => assert.ok((await box(page)).isFocused, 'ready to be written in'));
  await page.keyboard.type('Count from 1');
  await page.keyboard.down('Shift');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Shift');
  await page.keyboard.type('to 200');
  assert.equal((await box(page)).text, 'Count from 1\nto 200');
  await page.keyboard.press('Enter');
  assert.equal(await textOf(page, '.question .said'), 'Count from 1\nto 200');
  assert.ok((await countedTo(page, 5)).length < 200, 'it comes bit by bit');
  await ended(page);
  assert.deepEqual(await counted(page), oneTo(200));
  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'finished');
  assert.deepEqual(await answerWords(page), words(stored.text));
  const { text, isFocused } = await box(page);
  assert.deepEqual({ text, isFocused }, { text: '', isFocused: true });
});

firefoxScenario('the box grows with its text, up to a cap', instant, async (world) => {
  const { page } = world;
  await world.visit();
  const heights = [];
  for (const lines of [1, 3, 40]) {
    await page.$eval(
      '#composer',
      (area, text) => {
        area.value = text;
        area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      },
      Array(lines).fill('line').join('\n'),
    );
    await eventually(async () => {
      const { height } = await box(page);
      assert.ok(height > (heights.at(-1) ?? 0), `${lines} lines in ${height} px`);
    });
    heights.push((await box(page)).height);
  }
  const [one, , forty] = heights;
  assert.ok(forty < one * 12, heights.join());
});

firefoxScenario('Stop keeps what was shown', steady, async (world) => {
  const { page } = world;
  await world.visit();
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 30);
  await page.click('button[aria-label=Stop]');
  await ended(page);
  assert.equal(await textOf(page, '.answer .state-word'), 'Stopped');
  assertCounting(await counted(page));
  const shown = await answerWords(page);
  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'stopped');
  assert.deepEqual(shown, words(stored.text));
  await page.reload();
  await ended(page);
  assert.deepEqual(await answerWords(page), shown);
});

firefoxScenario('a reload in the middle goes on', steady, async (world) => {
  const { page, simulator } = world;
  await world.visit();
  await ask(page, 'Count from 1 to 500');
  const before = await countedTo(page, 50);
  await page.reload();
  const after = await counted(page);
  assertCounting(after);
  assert.ok(after.length >= before.length - 1, `${before.length} numbers became ${after.length}`);
  await page.waitForSelector('button[aria-label=Stop]:not(.absent)');
  await ended(page);
  assert.deepEqual(await counted(page), oneTo(500));
  assert.equal((await simulator.stats()).total, 1, 'the upstream was asked once');
});

firefoxScenario('the wheel lets go of the end, and nothing moves then', fast, async (world) => {
  const { page } = world;
  await world.visit();
  await ask(page, 'Write 3000 words');
  await eventually(async () => {
    const { top, below } = await position(page);
    assert.ok(top > 600 && below <= 1, `${top} px long, ${below} px above the end`);
  });
  await page.mouse.move(640, 300);
  await page.mouse.wheel({ deltaY: -120 });
  await page.waitForSelector('.jump:not(.absent)');
  let rest = await position(page);
  // Firefox animates the wheel; what counts is where it comes to rest.
  await eventually(async () => {
    const before = rest;
    rest = await position(page);
    assert.ok(rest.top === before.top && rest.below > 1);
  });
  const lengths = new Set();
  await eventually(async () => {
    const now = await position(page);
    assert.equal(now.top, rest.top, 'the page moved under the reader');
    lengths.add(now.height);
    assert.equal(await count(page, '.answer-foot'), 1);
  });
  assert.ok(lengths.size >= 3, `the answer grew in ${lengths.size} steps`);
  assert.equal((await position(page)).top, rest.top, 'it moved at the end of the answer');
  await page.click('.jump');
  await eventually(async () => assert.ok((await position(page)).below <= 1));
  assert.equal((await answerWords(page)).length, 3_000);
});

firefoxScenario('code and answers are copied', instant, async (world) => {
  const { page } = world;
  await world.visit();
  const paste = async () => {
    await page.$eval('#composer', (area) => {
      area.focus();
      area.select();
    });
    await page.keyboard.down('Control');
    await page.keyboard.press('v');
    await page.keyboard.up('Control');
    return (await box(page)).text;
  };
  const { id } = await world.server.ask('repeat **bold**\n\n```rust\nfn main() {}\n```\n');
  await world.visit(`/c/${id}`);
  await page.click('.code-block [data-copy]');
  await page.waitForSelector('[data-copy][data-done=copied]');
  assert.equal((await paste()).trimEnd(), 'fn main() {}');
  await page.hover('.answer');
  await page.click('.answer .copy-button');
  await page.waitForSelector('.copy-button[data-done=copied]');
  assert.equal(await paste(), (await world.storedAnswer()).text, 'as Markdown');
});

firefoxScenario('an image goes with a message', instant, async (world) => {
  const { page, simulator } = world;
  await world.visit();
  const chooser = await page.$('#attach');
  await chooser.uploadFile(IMAGE);
  await page.waitForSelector('.attached-file img');
  await eventually(async () => assert.match(await textOf(page, '.attached-file'), /tokens/));
  await ask(page, 'What is this?');
  await ended(page);
  assert.equal(await count(page, '.attached-file'), 0, 'the file has gone with the message');
  await eventually(async () => {
    const width = await page.$eval('.question img', (image) => image.naturalWidth);
    assert.ok(width > 0, 'the image can be fetched');
  });
  const [asked] = (await simulator.get('/control/requests')).at(-1).messages;
  assert.equal(asked.images.length, 1, 'the model was sent the image');
});

firefoxScenario('text that is being composed is never sent', instant, async (world) => {
  const { page } = world;
  await world.visit();
  const prevented = await page.$eval('#composer', (area) => {
    area.focus();
    const composition = (type, data) =>
      area.dispatchEvent(new CompositionEvent(type, { bubbles: true, data }));
    composition('compositionstart', '');
    area.value = 'にほん';
    composition('compositionupdate', 'にほん');
    area.dispatchEvent(new InputEvent('input', { bubbles: true, isComposing: true }));
    const init = { key: 'Enter', isComposing: true, bubbles: true, cancelable: true };
    const passed = area.dispatchEvent(new KeyboardEvent('keydown', init));
    composition('compositionend', 'にほん');
    return !passed;
  });
  assert.equal(prevented, false, 'the input method has the key');
  assert.equal((await box(page)).text, 'にほん');
  assert.equal(await count(page, '.question'), 0);
  await page.keyboard.press('Enter');
  await ended(page);
  assert.equal(await textOf(page, '.question .said'), 'にほん');
});

firefoxScenario('a conversation is reopened, at its end', instant, async (world) => {
  const { page, server } = world;
  await server.ask('Write 2000 words');
  await server.ask('Count from 1 to 7');
  await world.visit();
  const [link] = await page.$$('.conversation-link');
  assert.equal(await link.evaluate((it) => it.textContent.trim()), 'Count from 1 to 7');
  await link.click();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(7)));

  const [, older] = await page.$$('.conversation-link');
  await older.click();
  await eventually(async () => assert.equal((await answerWords(page)).length, 2_000));
  await eventually(async () => {
    const { top, below } = await position(page);
    assert.ok(top > 0 && below <= 1, `${below} px above the end`);
  });
  await page.goBack();
  await eventually(async () => assert.deepEqual(await counted(page), oneTo(7)));
});

const dark = { ...instant, context: { colorScheme: 'dark' } };

firefoxScenario('dark where the system is dark', dark, async (world) => {
  const { page, server } = world;
  const { id } = await server.ask('Show me Markdown, code, a table and math');
  await world.visit(`/c/${id}`);
  const colours = await page.evaluate(() => {
    const lightness = (colour) => Math.max(...colour.match(/[\d.]+/g).slice(0, 3).map(Number));
    const style = (selector) => getComputedStyle(document.querySelector(selector));
    return {
      page: lightness(style('html').backgroundColor),
      text: lightness(style('.answer .markdown p').color),
      code: lightness(style('.answer pre').color),
      sidebar: lightness(style('.sidebar').backgroundColor),
    };
  });
  assert.ok(colours.page < 64 && colours.sidebar < 64, JSON.stringify(colours));
  assert.ok(colours.text > 160 && colours.code > 160, JSON.stringify(colours));
});

firefoxScenario('menus and panels open, and close with Escape', instant, async (world) => {
  const { page, server } = world;
  const { id } = await server.ask('Count from 1 to 7');
  await world.visit(`/c/${id}`);
  const { name, x, y, width, height } = await page.evaluate(() => {
    const button = document.querySelector('.answer .more');
    return { name: button.ariaLabel, ...button.getBoundingClientRect().toJSON() };
  });
  assert.equal(name, 'More for this answer');
  await page.mouse.click(x + width / 2, y + height / 2);
  const menu = await page.waitForSelector('[role=menu]:popover-open');
  const at = await menu.boundingBox();
  assert.ok(at.x >= 0 && at.x + at.width <= 1280 && at.y + at.height <= 800, JSON.stringify(at));
  await page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await count(page, '[role=menu]:popover-open'), 0));

  await page.keyboard.down('Control');
  await page.keyboard.press('k');
  await page.keyboard.up('Control');
  await page.waitForSelector('dialog[open], [role=dialog]');
  await page.keyboard.type('Count');
  await eventually(async () => assert.match(await textOf(page, 'dialog[open]'), /Count from 1 to 7/));
  await page.keyboard.press('Escape');
  await eventually(async () => assert.equal(await count(page, 'dialog[open]'), 0));
});
