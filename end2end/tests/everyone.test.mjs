// The keyboard alone, a screen reader, any width, light and dark.

import assert from 'node:assert/strict';
import {
  answer,
  answerText,
  ask,
  button,
  composer,
  countedTo,
  deleted,
  ended,
  eventually,
  PHONE,
  violations,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';
import { ALONE } from '../support/world.mjs';

const steady = { scripts: { steady: { first_token_ms: 200, tokens_per_second: 80 } } };

/** What has the focus, and whether a person can see that. */
function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const around = element.closest('.composer');
    return {
      name: element.getAttribute('aria-label') ?? element.textContent.trim() ?? element.id,
      id: element.id,
      isVisible:
        box.width > 1 &&
        box.height > 1 &&
        box.left >= 0 &&
        box.right <= innerWidth &&
        element.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
      // The box to write in shows its focus by the border around it.
      isMarked:
        style.outlineStyle !== 'none' ||
        (element.id === 'composer' && around.matches(':focus-within')),
    };
  });
}

async function tabTo(page, name) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab');
    const now = await focused(page);
    if (now.name === name || now.id === name) return;
  }
  assert.fail(`no Tab leads to ${name}`);
}

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

  await page.keyboard.press('Control+Shift+O');
  await page.getByText('What would you like to know?').waitFor();
  await eventually(async () => assert.equal((await focused(page)).id, 'composer'));
  await tabTo(page, 'model');
  await tabTo(page, 'Count from 1 to 100000');
  await page.keyboard.press('Enter');
  await page.locator('.question').waitFor();

  await tabTo(page, 'Rename Count from 1 to 100000');
  await page.keyboard.press('Enter');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'By keyboard' }).waitFor();
  await tabTo(page, 'Delete By keyboard');
  await page.keyboard.press('Enter');
  await deleted(page).waitFor();
  await tabTo(page, 'Undo');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'By keyboard' }).waitFor();
});

scenario('each stop of the Tab key can be seen', steady, async ({ page, server }) => {
  const { id } = await server.ask('Show me Markdown, code, a table and math');
  await visit(page, `/c/${id}`);
  await composer(page).fill('a draft');
  await composer(page).focus();
  const seen = [];
  for (let isRound = false; !isRound;) {
    await page.keyboard.press('Tab');
    // After the last stop comes the browser's own frame.
    if (await page.evaluate(() => document.activeElement === document.body)) continue;
    // What appears with the focus may take a moment.
    const stop = await eventually(async () => {
      const now = await focused(page);
      assert.ok(now.isVisible, `“${now.name}” has the focus and cannot be seen`);
      return now;
    });
    assert.ok(stop.isMarked, `“${stop.name}” does not show its focus`);
    assert.ok(seen.length < 80, `no way back to the box: ${seen.join(', ')}`);
    seen.push(stop.name);
    isRound = stop.id === 'composer';
  }
  for (const name of ['Skip to the message box', 'Conversation', 'Copy', 'Table', 'Send']) {
    assert.ok(seen.includes(name), `“${name}” is not reached: ${seen.join(', ')}`);
  }
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
    await page.getByRole('button', { name }).last().focus();
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

const WIDTHS = {
  'a desktop': { viewport: { width: 1280, height: 800 } },
  'a phone': PHONE,
  'a phone of 320 px': { ...PHONE, viewport: { width: 320, height: 640 } },
};

const everything = {
  talker: {
    thinking_tokens: 60,
    tool_calls: [{ name: 'search', arguments: { query: 'brooks' } }],
    text: 'Found.',
  },
  rich: {},
  fragile: { fault: { kind: 'cut', after_tokens: 30 } },
};

for (const [device, context] of Object.entries(WIDTHS)) {
  for (const colorScheme of ['light', 'dark']) {
    const options = { scripts: everything, args: ALONE, context: { ...context, colorScheme } };
    scenario(`on ${device}, ${colorScheme}, nothing is amiss`, options, async (world) => {
      const { page, server } = world;
      await visit(page);
      await isFine(page, 'the empty page');

      const model = (name) => ({ model: `openai/${name}` });
      const { id } = await server.ask('Show me Markdown, code, a table and math', model('rich'));
      const add = (text, name) => server.ask(text, { conversation: id, ...model(name) });
      await add(
        `repeat ${'averyverylongwordwithoutanyspace'.repeat(8)} and \`${'code'.repeat(60)}\``,
        'rich',
      );
      await add('Look it up', 'talker');
      await add(`Why is this ${'so '.repeat(60)}long?`, 'fragile');
      await visit(page, `/c/${id}`);
      await page.locator('.statistics summary').first().click();
      await page.locator('.thinking:not(.absent) summary').first().click();
      await page.locator('.tool summary').first().click();
      await composer(page).fill('a draft\nof two lines');
      await isFine(page, 'a conversation with everything in it, failed at the end');

      const drawer = page.locator('.sidebar-toggle');
      const isNarrow = context.viewport.width < 760;
      if (isNarrow) {
        await drawer.click();
        await page.locator('.sidebar.open').waitFor();
        await eventually(async () => {
          assert.equal((await page.locator('.sidebar').boundingBox()).x, 0);
        });
        await isFine(page, 'the drawer');
      }
      await page.getByRole('button', { name: /^Shortcuts/ }).click();
      await page.getByRole('dialog').waitFor();
      await isFine(page, 'the dialog');
      await button(page.getByRole('dialog'), 'Close').click();
      if (isNarrow) {
        await page.keyboard.press('Escape');
        await eventually(async () => assert.equal(await page.locator('.sidebar.open').count(), 0));
      }

      await page.locator('#model').selectOption('openai/rich');
      await ask(page, 'repeat the end');
      await ended(page, 5);
      assert.match(await answerText(page), /the end/);
      await isFine(page, 'a finished conversation');
    });
  }
}

scenario(
  'nothing is amiss while writing, with a queue, and after a delete',
  steady,
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Count from 1 to 100000');
    await countedTo(page, 20);
    await ask(page, 'repeat next');
    await page.locator('.queue').waitFor();
    await isFine(page, 'while writing');
    await button(page, 'Stop').click();
    await ended(page);
    await page.locator('.conversation-link').hover();
    await page.getByRole('button', { name: /^Delete/ }).click();
    await deleted(page).waitFor();
    await isFine(page, 'the offer to undo');
  },
);

/** No sideways scroll of the page, and nothing for the checker to find. */
async function isFine(page, what) {
  const { inner, outer } = await page.evaluate(() => ({
    inner: Math.max(document.documentElement.scrollWidth, document.body.scrollWidth),
    outer: document.documentElement.clientWidth,
  }));
  assert.ok(inner <= outer, `${what}: ${inner} px in ${outer} px`);
  const sideways = await page
    .locator('.transcript, .conversation-list, .dialog')
    .evaluateAll((all) =>
      all.filter((it) => it.scrollWidth > it.clientWidth + 1).map((it) => it.className),
    );
  assert.deepEqual(sideways, [], `${what}: scrolls sideways`);
  // The checker judges colours only of what is in view.
  const size = page.viewportSize();
  await page.setViewportSize({ width: size.width, height: 6_000 });
  assert.deepEqual(await violations(page), [], what);
  await page.setViewportSize(size);
}
