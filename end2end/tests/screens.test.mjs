// Every screen and state of the page: for the accessibility checker, at any
// width and zoom, light and dark, and with the keyboard alone.

import assert from 'node:assert/strict';
import { button, ended, eventually, visit } from '../support/page.mjs';
import { fits, focused, isFine, tabRound, tabTo, WIDTHS } from '../support/everyone.mjs';
import { scenario } from '../support/scenario.mjs';
import { prepare, SCREENS, screenWorld } from '../support/screens.mjs';

const inWorld = (context = {}) => ({
  ...screenWorld,
  context: { reducedMotion: 'reduce', colorScheme: 'light', ...context },
});

/** Goes through all screens; gives what is wrong with them. */
async function lookAtAll(world, look) {
  const data = await prepare(world);
  const found = [];
  for (const [name, open] of Object.entries(SCREENS)) {
    await world.page.emulateMedia({ colorScheme: 'light' });
    await open(world.page, data);
    await look(world.page, name).catch((error) => found.push(error.message));
  }
  assert.deepEqual(found, []);
}

for (const [device, context] of Object.entries(WIDTHS)) {
  scenario(`on ${device}, light and dark, nothing is amiss`, inWorld(context), (world) =>
    lookAtAll(world, async (page, name) => {
      await isFine(page, `${name}, light`);
      const moving = await page.evaluate(() => document.getAnimations().length);
      assert.equal(moving, 0, `${name}: something moves for who wants less motion`);
      await page.emulateMedia({ colorScheme: 'dark' });
      await isFine(page, `${name}, dark`);
    }),
  );
}

// 200 % of a window of 1280 by 800.
const zoomed = { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 };

scenario('at 200 % zoom everything fits', inWorld(zoomed), (world) => lookAtAll(world, fits));

for (const device of ['a desktop', 'a phone']) {
  scenario(`on ${device} with letters twice as large everything fits`, inWorld(WIDTHS[device]), async (world) => {
    await world.page.addInitScript(() =>
      addEventListener('DOMContentLoaded', () => {
        document.documentElement.style.fontSize = '200%';
      }),
    );
    await lookAtAll(world, fits);
  });
}

/** Screen → what is chosen there. */
const CHOSEN = {
  'several versions of an answer': '.conversation-item:has(> [aria-current=page])',
  'the menu of an answer': '.menu-item:focus',
  'the palette': '.palette-item[aria-selected=true]',
};

scenario('in colours of the system one can tell what is chosen', inWorld({ forcedColors: 'active' }), async (world) => {
  const { page } = world;
  const data = await prepare(world);
  for (const [name, chosen] of Object.entries(CHOSEN)) {
    await SCREENS[name](page, data);
    const style = await page.locator(chosen).evaluate((it) => getComputedStyle(it).outlineStyle);
    assert.equal(style, 'solid', name);
  }
});

/** Some of what must be reached where everything is. */
const WITH_EVERYTHING = [
  'Skip to the message box',
  'Conversation',
  'Copy',
  'Table',
  'Thinking',
  'Continue',
  'More for this answer',
  'Send',
];

scenario('each stop of the Tab key can be seen, has a name, and leads on', inWorld(), (world) =>
  lookAtAll(world, async (page, name) => {
    const there = await tabRound(page, name);
    const back = await tabRound(page, name, 'Shift+Tab');
    assert.deepEqual(new Set(back), new Set(there), `${name}: other stops backwards`);
    const needed = name.includes('with everything in it') ? WITH_EVERYTHING : [];
    const missed = needed.filter((stop) => !there.includes(stop));
    assert.deepEqual(missed, [], `${name}: not reached`);
  }),
);

/** What opens something, with how it is left: the focus is where it was. */
const OPENED = {
  settings: { key: 'Control+,', role: 'dialog' },
  'the palette': { key: 'Control+k', role: 'dialog' },
  'the menu of the list': { button: 'More for the list', role: 'menu' },
  'the menu of a conversation': { button: 'More for repeat a short answer', role: 'menu' },
  'the menu of this conversation': { button: 'More for this conversation', role: 'menu' },
  'the menu of a question': { button: 'More for this question', role: 'menu' },
  'the menu of an answer': { button: 'More for this answer', role: 'menu' },
};

scenario('what a key opens Escape closes, and the focus is back', inWorld(), async (world) => {
  const { page } = world;
  const { short } = await prepare(world);
  await visit(page, `/c/${short}`);
  for (const [what, { key, button: opener, role }] of Object.entries(OPENED)) {
    await tabTo(page, opener ?? 'Send');
    await page.keyboard.press(key ?? 'Enter');
    const opened = page.getByRole(role).filter({ visible: true });
    await opened.waitFor();
    await eventually(async () => {
      const isWithin = await opened.evaluate((it) => it.contains(document.activeElement));
      assert.ok(isWithin, `${what} has the focus`);
    });
    if (role === 'menu') {
      const first = await focused(page);
      await page.keyboard.press('ArrowDown');
      assert.notEqual((await focused(page)).name, first.name, `${what}: the arrows move on`);
      await page.keyboard.press('ArrowUp');
      assert.equal((await focused(page)).name, first.name, `${what}: and back`);
    }
    await page.keyboard.press('Escape');
    await opened.waitFor({ state: 'hidden' });
    await eventually(async () => {
      assert.equal((await focused(page)).name, opener ?? 'Send', `after ${what}`);
    });
  }
});

scenario('from settings to an older version with the keyboard alone', inWorld(), async (world) => {
  const { page } = world;
  const { short } = await prepare(world);
  await visit(page, `/c/${short}`);
  await page.keyboard.press('Control+,');
  await tabTo(page, 'setting-system');
  await page.keyboard.type('Be brief.');
  await tabTo(page, 'Temperature, as a slider');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Escape');
  await eventually(async () => {
    const { settings } = await world.stored();
    assert.equal(settings.ask.system, 'Be brief.');
    assert.ok(settings.ask.temperature !== undefined, JSON.stringify(settings));
  });

  await tabTo(page, 'Regenerate');
  await page.keyboard.press('Enter');
  await ended(page);
  await tabTo(page, 'Earlier version');
  await page.keyboard.press('Enter');
  const versions = page.locator('.versions');
  await eventually(async () => {
    assert.equal(await versions.getAttribute('aria-label'), 'Version 1 of 2');
  });

  await tabTo(page, 'Edit the question');
  await page.keyboard.press('Enter');
  await eventually(async () => assert.equal((await focused(page)).name, 'Edit the question'));
  await page.keyboard.press('Control+A');
  await page.keyboard.type('repeat it otherwise');
  await page.keyboard.press('Enter');
  await ended(page);
  await page.locator('.answer', { hasText: 'it otherwise' }).waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('Severn');
  await page.getByRole('option', { name: /Severn/ }).first().waitFor();
  await page.keyboard.press('Enter');
  await page.locator('.question', { hasText: 'of the Severn' }).waitFor();
  assert.equal(await button(page, 'Stop').count(), 0);
});

scenario('a screen reader hears what opens, and what is done', inWorld(), async (world) => {
  const { page } = world;
  const data = await prepare(world);
  await SCREENS['the offer to undo'](page, data);
  await page.getByRole('status').filter({ hasText: 'Deleted “repeat to be deleted”' }).waitFor({ state: 'attached' });

  await SCREENS['what the palette finds'](page, data);
  const box = page.getByRole('combobox', { name: 'Search and commands' });
  assert.equal(await box.getAttribute('aria-expanded'), 'true');
  const active = await box.getAttribute('aria-activedescendant');
  assert.equal(await page.locator(`[id="${active}"]`).getAttribute('aria-selected'), 'true');
  await page.getByRole('status').filter({ hasText: /results?$/ }).waitFor({ state: 'attached' });

  await SCREENS.settings(page, data);
  const slider = page.getByRole('slider', { name: 'Temperature, as a slider' });
  assert.equal(await slider.getAttribute('aria-valuetext'), 'default');
});
