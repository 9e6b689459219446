// The keyboard alone, a screen reader, less motion, light and dark.

import assert from 'node:assert/strict';
import {
  answer,
  ask,
  button,
  composer,
  countedTo,
  deleted,
  ended,
  eventually,
  visit,
} from '../support/page.mjs';
import { focused, tabTo } from '../support/everyone.mjs';
import { scenario } from '../support/scenario.mjs';

const steady = { scripts: { steady: { first_token_ms: 200, tokens_per_second: 80 } } };

scenario('the whole way with the keyboard alone', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await eventually(async () => assert.equal((await focused(page)).id, 'composer'));
  await page.keyboard.type('Count from 1 to 100000');
  await page.keyboard.press('Enter');
  await countedTo(page, 20);
  await page.keyboard.press('Escape');
  await ended(page);
  assert.equal(await answer(page).locator('.state-word').textContent(), 'Stopped');

  await tabTo(page, 'Try again');
  await page.keyboard.press('Enter');
  await countedTo(page, 20);
  await tabTo(page, 'Stop');
  await page.keyboard.press('Enter');
  await ended(page);

  await page.keyboard.press('Alt+Shift+O');
  await page.getByText('What would you like to know?').waitFor();
  await eventually(async () => assert.equal((await focused(page)).id, 'composer'));
  await tabTo(page, 'model');
  await tabTo(page, 'Count from 1 to 100000');
  await page.keyboard.press('Enter');
  await page.locator('.question').waitFor();

  await tabTo(page, 'More for Count from 1 to 100000');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'By keyboard' }).waitFor();
  await tabTo(page, 'More for By keyboard');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await deleted(page).waitFor();
  await tabTo(page, 'Undo');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'By keyboard' }).waitFor();
});

scenario('after Stop the box has the focus', steady, async ({ page }) => {
  await visit(page);
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 10);
  await button(page, 'Stop').focus();
  await page.keyboard.press('Enter');
  await ended(page);
  await eventually(async () => assert.equal((await focused(page)).id, 'composer'));
});

const DISAPPEARING = {
  'Try again': async (page) => countedTo(page, 10),
  Rename: async (page) => {
    await page.keyboard.type('Another name');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'Another name' }).waitFor();
  },
  Delete: async (page) => deleted(page).waitFor(),
};

for (const [name, then] of Object.entries(DISAPPEARING)) {
  scenario(`the focus is not lost with the button ${name}`, steady, async ({ page }) => {
    await visit(page);
    await ask(page, 'Count from 1 to 100000');
    await countedTo(page, 10);
    await page.keyboard.press('Escape');
    await ended(page);
    const row = page.locator('.conversation-item .item-action');
    if (name !== 'Try again') await row.press('Enter');
    const role = name === 'Try again' ? 'button' : 'menuitem';
    await page.getByRole(role, { name }).last().focus();
    await page.keyboard.press('Enter');
    await then(page);
    await eventually(async () => {
      const isLost = await page.evaluate(() => document.activeElement === document.body);
      assert.ok(!isLost, 'nothing has the focus');
    });
  });
}

scenario('the dialog of shortcuts takes the focus and gives it back', steady, async ({ page }) => {
  await visit(page);
  const opener = page.getByRole('button', { name: /^Shortcuts/ });
  await opener.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Shortcuts' });
  await dialog.waitFor();
  assert.ok(await dialog.evaluate((it) => it.contains(document.activeElement)));
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  assert.ok(await opener.evaluate((it) => it === document.activeElement));

  await page.keyboard.press('?');
  await dialog.waitFor();
  await button(dialog, 'Close').click();
  await dialog.waitFor({ state: 'hidden' });
  await page.keyboard.press('/');
  await eventually(async () => assert.equal((await focused(page)).id, 'composer'));
  await page.keyboard.type('/?');
  assert.equal(await composer(page).inputValue(), '/?');
  assert.ok(!(await dialog.isVisible()));
});

scenario('Escape in the dialog or drawer does not stop the answer', steady, async ({ page }) => {
  await visit(page);
  await ask(page, 'Count from 1 to 300');
  await countedTo(page, 5);
  await page.getByRole('button', { name: /^Shortcuts/ }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await ended(page);
  assert.equal(await answer(page).locator('.state-word').count(), 0, 'it was not stopped');
});

scenario('a screen reader hears states, never tokens', steady, async ({ page }) => {
  await visit(page);
  const log = page.getByRole('log');
  assert.equal(await log.getAttribute('aria-live'), 'off');
  await page.evaluate(() => {
    globalThis.heard = [];
    const live = '[aria-live]:not([aria-live=off]), [role=status], [role=alert]';
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const element = target instanceof Element ? target : target.parentElement;
        const region = element?.closest(live);
        const said = region?.textContent.trim();
        if (said && globalThis.heard.at(-1) !== said) globalThis.heard.push(said);
      }
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  await ask(page, 'Count from 1 to 200');
  await ended(page);
  await eventually(async () => {
    assert.deepEqual(await page.evaluate(() => globalThis.heard), ['Generating', 'Complete']);
  });
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 5);
  await button(page, 'Stop').click();
  await ended(page, 2);
  await eventually(async () => {
    assert.deepEqual((await page.evaluate(() => globalThis.heard)).slice(2), [
      'Generating',
      'Stopped',
    ]);
  });
});

scenario(
  'who wants less motion gets none',
  { ...steady, context: { reducedMotion: 'reduce' } },
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Count from 1 to 100000');
    await countedTo(page, 5);
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
    await button(page, 'Stop').click();
    await ended(page);
  },
);

scenario('light, dark, or as the system has it', steady, async ({ page }) => {
  const background = () =>
    page.evaluate(() => {
      const [red] = getComputedStyle(document.documentElement).backgroundColor.match(/[\d.]+/g);
      return Number(red) > 128 ? 'light' : 'dark';
    });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await visit(page);
    assert.equal(await background(), colorScheme);
  }
  await button(page, 'Theme: system').click();
  await button(page, 'Theme: light').waitFor();
  assert.equal(await background(), 'light');
  await visit(page);
  assert.equal(await background(), 'light', 'the choice is remembered');
  await button(page, 'Theme: light').click();
  await button(page, 'Theme: dark').click();
  await button(page, 'Theme: system').waitFor();
  assert.equal(await background(), 'dark');
});
