// What a person does and sees on the page.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import axe from 'axe-core';

/** The machine may be slow and shared: nothing is waited for in a hurry. */
export const PATIENCE_MS = 60_000;

export const PHONE = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};

/** Repeats a check until it passes. */
export async function eventually(check) {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await sleep(50);
  }
}

export async function visit(page, at = '/') {
  await page.goto(at);
  await hydrated(page);
}

/** Waits until the page reacts to more than links and forms. */
export async function hydrated(page) {
  await page.locator('body[data-hydrated]').waitFor();
}

export function composer(page) {
  return page.locator('#composer');
}

export function button(page, name) {
  return page.getByRole('button', { name, exact: true });
}

export async function ask(page, text) {
  await composer(page).fill(text);
  await page.locator('.composer [type=submit]').click();
}

/**
 * Chooses from the menu of a conversation's row; further labels are of the
 * menus within.
 */
export async function choose(page, title, ...labels) {
  const row = page.locator('.conversation-item', { hasText: title });
  await row.hover();
  await button(row, `More for ${title}`).click();
  await chooseItems(page, ...labels);
}

/** Chooses from a menu that is open. */
export async function chooseItems(page, ...labels) {
  for (const label of labels) {
    await menuItem(page, label).click();
  }
}

/** An item of the menu that is open, by the beginning of its label. */
export function menuItem(page, label) {
  return page
    .locator('.menu-item')
    .filter({ has: page.locator('.menu-label', { hasText: new RegExp(`^${label}`) }) });
}

/** The offer to take a delete back. */
export function deleted(page) {
  return page.locator('.notice', { hasText: 'Deleted' });
}

/** The answer shown last. */
export function answer(page) {
  return page.locator('.answer').last();
}

/** The text of the answer shown last, block by block. */
export async function answerText(page) {
  return answer(page).locator('.markdown').evaluate(drawnText);
}

/** The text of drawn Markdown, block by block; it runs in the page. */
export function drawnText(drawn) {
  // Not its innerText, which lacks the parts that are out of view.
  const texts = document.createTreeWalker(drawn, NodeFilter.SHOW_TEXT);
  let text = '';
  for (let last; texts.nextNode(); ) {
    const block = texts.currentNode.parentElement.closest('p, li, pre, th, td, h1, h2, h3, div');
    text += (block === last ? '' : '\n') + texts.currentNode.data;
    last = block;
  }
  return text;
}

/** Waits until so many answers are shown and none is being written. */
export async function ended(page, answers = 1) {
  await eventually(async () => {
    assert.equal(await page.locator('.answer').count(), answers);
    assert.equal(await page.locator('.answer-foot').count(), answers);
    assert.equal(await button(page, 'Stop').count(), 0);
  });
}

/** The words of a text: what Markdown without marks and its drawing share. */
export function words(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** The numbers that an answer to "Count from 1 to N" has come to. */
export async function counted(page) {
  const numbers = (await answerText(page)).match(/\d+/g) ?? [];
  return numbers.map(Number);
}

/** Waits until an answer has counted at least that far. */
export async function countedTo(page, number) {
  return eventually(async () => {
    const numbers = await counted(page);
    assert.ok(numbers.length >= number, `${numbers.length} numbers, not yet ${number}`);
    return numbers;
  });
}

export function oneTo(last) {
  return Array.from({ length: last }, (_, at) => at + 1);
}

/** Fails if numbers are missing or doubled; the last may be half-written. */
export function assertCounting(numbers) {
  const whole = numbers.slice(0, -1);
  assert.deepEqual(whole, oneTo(whole.length));
}

/** What the accessibility checker finds wrong. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  );
}
