// Reading while the answer is still being written.

import assert from 'node:assert/strict';
import { answerText, ask, button, ended, eventually, visit, words } from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const fast = { scripts: { fast: { first_token_ms: 50, tokens_per_second: 400 } } };

/** Where the transcript is scrolled to, and how far that is from its end. */
function position(page) {
  return page.locator('#transcript').evaluate((scroller) => ({
    top: scroller.scrollTop,
    below: scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop,
    height: scroller.scrollHeight,
  }));
}

async function longAnswerBegins(page) {
  await visit(page);
  await ask(page, 'Write 3000 words');
  await eventually(async () => {
    const { top, below } = await position(page);
    assert.ok(top > 600, `only ${top} px long so far`);
    assert.ok(below <= 1, `${below} px above the end`);
  });
}

async function wheel(page, delta) {
  const box = await page.locator('#transcript').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.wheel(0, delta);
}

scenario('one tick of the wheel lets go, and nothing moves then', fast, async (world) => {
  const { page } = world;
  await longAnswerBegins(page);
  assert.equal(await button(page, 'Jump to latest').count(), 0);
  const before = await position(page);
  await wheel(page, -120);
  await button(page, 'Jump to latest').waitFor();
  // Browsers animate the wheel; what counts is where it comes to rest.
  const rest = await comesToRest(page);
  assert.ok(rest.top < before.height, 'scrolled');

  const paragraph = await firstVisibleParagraph(page);
  const lengths = new Set();
  await eventually(async () => {
    const now = await position(page);
    assert.equal(now.top, rest.top, 'the page moved under the reader');
    assert.equal(await topOf(page, paragraph), paragraph.top, 'the text moved under the reader');
    lengths.add(now.height);
    assert.equal(await page.locator('.answer-foot').count(), 1);
  });
  await ended(page);
  assert.ok(lengths.size >= 3, `the answer grew in ${lengths.size} steps`);
  assert.equal((await position(page)).top, rest.top, 'it moved at the end of the answer');

  await button(page, 'Jump to latest').click();
  await eventually(async () => assert.ok((await position(page)).below <= 1));
  assert.equal(await button(page, 'Jump to latest').count(), 0);
  assert.equal(words((await world.storedAnswer()).text).length, 3_000);
  assert.equal(words(await answerText(page)).length, 3_000);
});

async function comesToRest(page) {
  let last = await position(page);
  return eventually(async () => {
    const before = last;
    last = await position(page);
    assert.equal(last.top, before.top);
    assert.ok(last.below > 1);
    return last;
  });
}

function firstVisibleParagraph(page) {
  return page.locator('#transcript').evaluate((scroller) => {
    const edge = scroller.getBoundingClientRect().top;
    const all = [...scroller.querySelectorAll('.markdown p')];
    const at = all.findIndex((paragraph) => paragraph.getBoundingClientRect().top >= edge);
    return { at, top: all[at].getBoundingClientRect().top };
  });
}

function topOf(page, { at }) {
  return page
    .locator('.markdown p')
    .nth(at)
    .evaluate((paragraph) => paragraph.getBoundingClientRect().top);
}

scenario('what lies over the text can be told from it', fast, async ({ page }) => {
  await longAnswerBegins(page);
  await wheel(page, -400);
  const jump = button(page, 'Jump to latest');
  await jump.waitFor();
  await page.mouse.move(0, 0);
  await eventually(async () => {
    const colour = await jump.evaluate((it) => getComputedStyle(it).backgroundColor);
    assert.match(colour, /^rgb\(/, 'the text shows through the button');
  });
});

scenario('scrolling back down sticks again', fast, async ({ page }) => {
  await longAnswerBegins(page);
  await wheel(page, -400);
  const jump = button(page, 'Jump to latest');
  await jump.waitFor();
  await eventually(async () => {
    await wheel(page, 4_000);
    assert.equal(await jump.count(), 0);
  });
  const { height } = await position(page);
  await eventually(async () => {
    const now = await position(page);
    assert.ok(now.height > height + 200, 'the answer goes on');
    assert.ok(now.below <= 1, 'the page sticks to its end');
  });
});

scenario('a selection survives to the end of the answer', fast, async (world) => {
  const { page } = world;
  await longAnswerBegins(page);
  await wheel(page, -100_000);
  await eventually(async () => assert.equal((await position(page)).top, 0));

  const box = await page.locator('.markdown p').nth(1).boundingBox();
  await page.mouse.move(box.x + 4, box.y + 8);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
  const selected = await page.evaluate(() => {
    globalThis.selectedNode = getSelection().anchorNode;
    return getSelection().toString();
  });
  assert.ok(selected.length > 20, `selected “${selected}”`);
  assert.equal(await page.locator('.answer-foot').count(), 0, 'still being written');

  await ended(page);
  assert.equal(await page.evaluate(() => getSelection().toString()), selected);
  assert.ok(
    await page.evaluate(() => getSelection().anchorNode === globalThis.selectedNode),
    'the paragraph was drawn again',
  );
  assert.equal((await position(page)).top, 0);
  assert.equal(words(await answerText(page)).length, 3_000);
});

scenario('a conversation opens at its end', fast, async (world) => {
  const { page, server } = world;
  const { id } = await server.ask('Write 2000 words');
  await visit(page, `/c/${id}`);
  await eventually(async () => {
    const { top, below } = await position(page);
    assert.ok(top > 0 && below <= 1, `${below} px above the end`);
  });
});
