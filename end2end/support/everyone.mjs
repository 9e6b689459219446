// What makes a page one for everyone: where the focus is, what a screen reader
// hears, what fits.

import assert from 'node:assert/strict';
import { eventually, PHONE, violations } from './page.mjs';

/** The widths at which everything is looked at. */
export const WIDTHS = {
  'a desktop': { viewport: { width: 1280, height: 800 } },
  'a phone': PHONE,
  'a phone of 320 px': { ...PHONE, viewport: { width: 320, height: 640 } },
};

/** What has the focus, and whether a person can see that. */
export function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    // Of a chooser of files the label is what one sees.
    const shown = element.matches('.visually-hidden') ? element.closest('label') : element;
    const box = shown.getBoundingClientRect();
    // The boxes to write in show their focus by the border around them.
    const around = element.matches('textarea') && element.closest('.composer, .question-editor');
    const border = (it) => getComputedStyle(it).borderTopColor;
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = 'var(--accent)';
    const accent = getComputedStyle(probe).color;
    probe.remove();
    const names = [
      element.getAttribute('aria-label'),
      element.textContent.trim(),
      element.id,
      element.labels?.[0]?.textContent.trim(),
      element.querySelector('img')?.alt,
    ];
    return {
      name: names.find(Boolean) ?? '',
      id: element.id,
      isVisible:
        box.width > 1 &&
        box.height > 1 &&
        box.left >= 0 &&
        box.right <= innerWidth &&
        shown.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
      isMarked:
        getComputedStyle(shown).outlineStyle !== 'none' || (around && border(around) === accent),
    };
  });
}

/** Presses Tab until what has that name or id has the focus. */
export async function tabTo(page, name, key = 'Tab') {
  const passed = [];
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (now.name === name || now.id === name) return;
    passed.push(now.name);
  }
  assert.fail(`no ${key} leads to ${name}: ${passed.join(', ')}`);
}

/** No sideways scroll of the page, and nothing for the checker to find. */
export async function isFine(page, what) {
  await fits(page, what);
  // The checker judges colours only of what is in view.
  const size = page.viewportSize();
  await page.setViewportSize({ width: size.width, height: 6_000 });
  assert.deepEqual(await violations(page), [], what);
  await page.setViewportSize(size);
}

/** Nothing has to be scrolled sideways to be read, and no label is cut off. */
export async function fits(page, what) {
  const { inner, outer } = await page.evaluate(() => ({
    inner: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    outer: document.documentElement.clientWidth,
  }));
  assert.ok(inner <= outer, `${what}: ${inner} px in ${outer} px`);
  const sideways = await page
    .locator('.transcript, .conversation-list, .dialog, .dialog-body, .menu, .palette-list')
    .evaluateAll((all) =>
      all.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.className),
    );
  assert.deepEqual(sideways, [], `${what}: scrolls sideways`);
  const outside = await page
    .locator('button, a, input, select, textarea, label, h1, h2, p')
    .evaluateAll((all) => {
      const scrolls = (it) =>
        it && (/auto|scroll/.test(getComputedStyle(it).overflowX) || scrolls(it.parentElement));
      return all
        .filter((it) => it.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
        .filter((it) => !it.closest('.sidebar:not(.open), .visually-hidden, .skip-link, [inert]'))
        .map((it) => ({ it, box: it.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 1 && (box.left < -1 || box.right > innerWidth + 1))
        // What scrolls by itself, as code does, is reached all the same.
        .filter(({ it }) => !scrolls(it.parentElement))
        .map(({ it }) => `${it.className || it.tagName} “${it.textContent.trim().slice(0, 40)}”`);
    });
  assert.deepEqual(outside, [], `${what}: outside of the window`);
}

/**
 * Goes round the page or the dialog with Tab; gives the names of the stops.
 * Each can be seen, and shows that it has the focus.
 */
export async function tabRound(page, what, key = 'Tab') {
  const seen = [];
  const mark = () =>
    page.evaluate(() => {
      const isFirst = !globalThis.firstStop?.isConnected;
      if (isFirst) globalThis.firstStop = document.activeElement;
      return !isFirst && globalThis.firstStop === document.activeElement;
    });
  await page.evaluate(() => (globalThis.firstStop = undefined));
  for (;;) {
    await page.keyboard.press(key);
    // After the last stop comes the browser's own frame.
    if (await page.evaluate(() => document.activeElement === document.body)) continue;
    if (await mark()) return seen;
    // What appears with the focus may take a moment.
    const stop = await eventually(async () => {
      const now = await focused(page);
      assert.ok(now.isVisible, `${what}: “${now.name}” has the focus and cannot be seen`);
      assert.ok(now.isMarked, `${what}: “${now.name}” does not show its focus`);
      return now;
    });
    assert.ok(stop.name, `${what}: a stop has no name after ${seen.at(-1)}`);
    assert.ok(seen.length < 120, `${what}: no way round: ${seen.join(', ')}`);
    // What counts as it is being written is one stop all the same.
    seen.push(stop.name.replaceAll(/\d[\d.,]*/g, '#'));
  }
}
