// Steering an answer: the settings of a conversation, presets, watch words,
// the typing effect, statistics while an answer is being written.

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  answer,
  answerText,
  ask,
  button,
  composer,
  countedTo,
  ended,
  eventually,
  hydrated,
  PHONE,
  violations,
  visit,
  words,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const instant = { scripts: { instant: {} } };
const steady = { scripts: { steady: { tokens_per_second: 60 } } };
const flood = { scripts: { flood: { tokens_per_second: 2_000 } } };

const opener = (page) => page.getByRole('button', { name: /^Settings of this conversation/ });
const panel = (page) => page.getByRole('dialog', { name: 'Settings of this conversation' });
const field = (page, label) => panel(page).getByLabel(label, { exact: true });
const bar = (page) => page.getByRole('region', { name: 'Watch words' });

async function open(page) {
  await opener(page).click();
  await field(page, 'System prompt').waitFor();
}

async function close(page) {
  await button(panel(page), 'Close').click();
  await panel(page).waitFor({ state: 'hidden' });
}

async function add(page, label, ...texts) {
  for (const text of texts) {
    await field(page, label).fill(text);
    await field(page, label).press('Enter');
  }
}

/** The request that reached the model last. */
async function asked({ simulator }) {
  return (await simulator.get('/control/requests')).at(-1);
}

/** Waits until the server has stored settings of which this is so. */
async function stored(world, check) {
  await eventually(async () => check((await world.stored()).settings ?? {}));
}

scenario('a conversation is asked as its settings say', instant, async (world) => {
  const { page } = world;
  await visit(page);
  assert.ok(!/marked/.test(await opener(page).getAttribute('class')));
  await open(page);
  await field(page, 'System prompt').fill('Answer like a pirate.');
  await field(page, 'Temperature').fill('0.7');
  await field(page, 'Top-p').fill('0.9');
  await field(page, 'Maximum length').fill('123');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  await panel(page).waitFor({ state: 'hidden' });
  assert.ok(await opener(page).evaluate((it) => it === document.activeElement));
  assert.match(await opener(page).getAttribute('aria-label'), /changed from the defaults/);

  await ask(page, 'repeat ahoy');
  await ended(page);
  const { messages, parameters } = await asked(world);
  assert.deepEqual(messages[0], { role: 'system', text: 'Answer like a pirate.' });
  for (const name of [/^temperature$/, /^top_p$/, /^max_(completion_)?tokens$/]) {
    assert.ok(parameters.some((it) => name.test(it)), `${name} in ${parameters}`);
  }

  // They belong to the conversation: a new one begins with the defaults, and
  // the old one still has them, here and after a reload.
  await stored(world, ({ ask: settings }) => {
    assert.equal(settings?.system, 'Answer like a pirate.');
    assert.equal(settings?.temperature, 0.7);
  });
  const address = page.url();
  await page.getByRole('link', { name: 'New conversation' }).first().click();
  await open(page);
  assert.equal(await field(page, 'System prompt').inputValue(), '');
  await close(page);
  await visit(page, address);
  await open(page);
  assert.equal(await field(page, 'System prompt').inputValue(), 'Answer like a pirate.');
  assert.equal(await field(page, 'Temperature').inputValue(), '0.7');
  assert.equal(await panel(page).getByLabel('Temperature, as a slider').inputValue(), '0.7');

  // One is reset, then all, and that is taken back.
  await button(panel(page), 'Reset: Temperature').click();
  assert.equal(await field(page, 'Temperature').inputValue(), '');
  assert.ok(await field(page, 'Temperature').evaluate((it) => it === document.activeElement));
  await button(panel(page), 'Reset everything').click();
  await eventually(async () => assert.equal(await field(page, 'System prompt').inputValue(), ''));
  await button(panel(page), 'Undo').click();
  await eventually(async () =>
    assert.equal(await field(page, 'System prompt').inputValue(), 'Answer like a pirate.'),
  );
  await button(panel(page), 'Reset everything').click();
  await close(page);
  await stored(world, ({ ask: settings = {} }) => assert.deepEqual(settings, {}));
  await ask(page, 'repeat hello');
  await ended(page, 2);
  const plain = await asked(world);
  assert.notEqual(plain.messages[0].role, 'system');
  assert.ok(!plain.parameters.includes('temperature'), plain.parameters.join());
});

scenario('what is typed out of range becomes what is in it', instant, async ({ page }) => {
  await visit(page);
  await open(page);
  for (const [label, typed, becomes] of [
    ['Temperature', '7', '2'],
    ['Temperature', '-1', '0'],
    ['Top-p', '0', '0.01'],
    ['Maximum length', '0', '1'],
  ]) {
    await field(page, label).fill(typed);
    await field(page, label).press('Tab');
    assert.equal(await field(page, label).inputValue(), becomes, `${label} ${typed}`);
  }
  await panel(page).getByLabel('Temperature, as a slider').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await field(page, 'Temperature').inputValue(), '0.05');
});

scenario('settings that could not be stored are told and stored later', {
  ...instant,
  allow: [/ERR_FAILED|Failed to load/],
}, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'repeat one');
  await ended(page);
  await page.route('**/api/conversations/*', (route) =>
    route.request().method() === 'PATCH' ? route.abort() : route.continue(),
  );
  await open(page);
  await field(page, 'System prompt').fill('Be brief.');
  const problem = panel(page).getByText('The settings could not be stored');
  await problem.waitFor();
  await page.unroute('**/api/conversations/*');
  await stored(world, ({ ask: settings }) => assert.equal(settings?.system, 'Be brief.'));
  await problem.waitFor({ state: 'hidden' });

  // What was typed a moment before leaving is not lost.
  await field(page, 'System prompt').fill('Be long.');
  await page.reload();
  await stored(world, ({ ask: settings }) => assert.equal(settings?.system, 'Be long.'));
});

scenario(
  'what the model does not take is greyed, with the reason',
  { scripts: { 'gpt-5': {}, 'gpt-4o': {} } },
  async ({ page }) => {
    await visit(page);
    await open(page);
    await field(page, 'Model').selectOption('openai/gpt-5');
    await panel(page).getByText(/gpt-5 does not take a temperature\.$/).waitFor();
    assert.ok(await field(page, 'Temperature').isDisabled());
    assert.ok(await panel(page).getByLabel('Temperature, as a slider').isDisabled());
    await field(page, 'Model').selectOption('openai/gpt-4o');
    await eventually(async () => assert.ok(await field(page, 'Temperature').isEnabled()));
    assert.equal(await page.locator('#model').inputValue(), 'openai/gpt-4o');
  },
);

scenario('stop phrases are listed, limited and sent', instant, async (world) => {
  const { page } = world;
  await visit(page);
  await open(page);
  await add(page, 'Stop phrases', 'seven', String.raw`\n\n`, 'seven');
  assert.deepEqual(await panel(page).locator('.phrase span').allTextContents(), [
    'seven',
    String.raw`\n\n`,
  ]);
  await panel(page).getByText('It is in the list already.').waitFor();
  await button(panel(page), String.raw`Remove “\n\n”`).click();
  assert.ok(await field(page, 'Stop phrases').evaluate((it) => it === document.activeElement));
  await panel(page).getByText('1 of 16').waitFor();
  await panel(page).getByLabel('Keep the phrase in the answer').check();
  await close(page);
  const [request] = await Promise.all([
    page.waitForRequest((it) => it.method() === 'POST' && it.url().endsWith('/api/turns')),
    ask(page, 'repeat five six seven eight'),
  ]);
  assert.deepEqual(request.postDataJSON().settings, { stop: ['seven'], keep_stop: true });
  await ended(page);
});

scenario('presets are kept, used, renamed, deleted and passed on', instant, async (world) => {
  const { page, server } = world;
  await visit(page);
  await open(page);
  await field(page, 'System prompt').fill('You translate to Welsh.');
  await field(page, 'Temperature').fill('0.2');
  await field(page, 'Name of a new preset').fill('Translator');
  await field(page, 'Name of a new preset').press('Enter');
  const use = (name) => panel(page).locator('.preset-use', { hasText: name });
  await use('Translator').getByText('in use').waitFor();
  await eventually(async () => {
    const [preset] = await server.get('/api/presets');
    assert.equal(preset?.settings.ask.system, 'You translate to Welsh.');
  });

  // Used in another conversation, on another device, and taken back.
  const other = await world.newContext();
  const there = await other.newPage();
  await visit(there);
  await open(there);
  const useThere = panel(there).locator('.preset-use', { hasText: 'Translator' });
  await useThere.click();
  assert.equal(await field(there, 'System prompt').inputValue(), 'You translate to Welsh.');
  await button(panel(there), 'Undo').click();
  assert.equal(await field(there, 'System prompt').inputValue(), '');
  await useThere.click();
  await close(there);
  await ask(there, 'repeat bore da');
  await ended(there);
  assert.equal((await asked(world)).messages[0].text, 'You translate to Welsh.');

  // Updated and renamed by its menu.
  const menu = (name) => button(panel(page), `More for the preset “${name}”`);
  await field(page, 'System prompt').fill('You translate to Breton.');
  await menu('Translator').click();
  await page.getByRole('menuitem', { name: 'Update with these settings' }).click();
  await menu('Translator').click();
  await page.getByRole('menuitem', { name: 'Rename' }).click();
  await field(page, 'New name of the preset “Translator”').fill('Breton');
  await page.keyboard.press('Enter');
  await use('Breton').waitFor();
  await eventually(async () => {
    const presets = await server.get('/api/presets');
    assert.deepEqual(presets.map((it) => it.name), ['Breton']);
    assert.equal(presets[0].settings.ask.system, 'You translate to Breton.');
  });

  // Passed on as a file.
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(panel(page), 'Export as a file').click(),
  ]);
  assert.equal(download.suggestedFilename(), 'rivulet-presets.json');
  const file = JSON.parse(await readFile(await download.path(), 'utf8'));
  assert.equal(file.presets[0].name, 'Breton');

  // Deleted, taken back, and deleted for good.
  const remove = async () => {
    await menu('Breton').click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await use('Breton').waitFor({ state: 'detached' });
  };
  await remove();
  const undo = button(panel(page), 'Undo').last();
  await eventually(async () =>
    assert.ok(await undo.evaluate((it) => it === document.activeElement)),
  );
  await page.keyboard.press('Enter');
  await use('Breton').waitFor();
  await remove();
  await eventually(async () => assert.deepEqual(await server.get('/api/presets'), []));

  // What is in order comes back; what is not is listed.
  file.presets.push({ name: 'Broken', settings: { ask: { temperature: 'hot' } } });
  const half = path.join(world.directory, 'half.json');
  await writeFile(half, JSON.stringify(file));
  await panel(page).getByLabel('File of presets').setInputFiles(half);
  await panel(page).getByText('One preset was imported.').waitFor();
  await panel(page).locator('.notice-problems li').waitFor();
  await use('Breton').waitFor();
  assert.deepEqual(await violations(page), []);
});

scenario('watch words are marked, counted and gone to', steady, async (world) => {
  const { page } = world;
  await visit(page);
  await open(page);
  await add(page, 'Watch words', '7', '17', '300', 'never');
  await panel(page).getByLabel('Whole words only').check();
  await close(page);
  await bar(page).getByText('Found 0 of 4').waitFor();
  await ask(page, 'Count from 1 to 300');
  await countedTo(page, 20);
  // While it is being written, and not a part of 17 or 70.
  await bar(page).getByText('Found 2 of 4').waitFor();
  const marks = (name) => page.evaluate((it) => CSS.highlights.get(it)?.size ?? 0, name);
  assert.equal(await marks('watch'), 2);
  await ended(page);
  await bar(page).getByText('Found 3 of 4').waitFor();
  assert.equal(await marks('watch'), 3);
  assert.ok(await button(bar(page), 'Next “never”').isDisabled());
  assert.deepEqual(await violations(page), []);

  // What is drawn is untouched, also by a reload, which finds the same.
  assert.equal(await answer(page).locator('mark').count(), 0);
  await stored(world, ({ watch }) => assert.equal(watch?.words.length, 4));
  await page.reload();
  await hydrated(page);
  await bar(page).getByText('Found 3 of 4').waitFor();

  // Parts count once whole words need not.
  await open(page);
  await panel(page).getByLabel('Whole words only').uncheck();
  await close(page);
  const count = (word) => bar(page).locator('.watched', { hasText: word }).first();
  await eventually(async () =>
    assert.equal(await count('7').locator('.watched-count').textContent(), '60'),
  );
  await button(bar(page), 'Next “300”').click();
  await bar(page).getByText('1 of 1').waitFor();
  assert.equal(await marks('watch-here'), 1);
});

const long = { scripts: { flood: { tokens_per_second: 400 } } };

scenario('going to a watch word lets go of the bottom', long, async ({ page }) => {
  await visit(page);
  await open(page);
  await add(page, 'Watch words', '33');
  await panel(page).getByLabel('Whole words only').check();
  await close(page);
  await ask(page, 'Count from 1 to 6000, one on each line');
  await countedTo(page, 1_000);
  await button(bar(page), 'Next “33”').click();
  const scroller = page.locator('#transcript');
  const at = () => scroller.evaluate((it) => it.scrollTop);
  await button(page, 'Jump to latest').waitFor();
  await eventually(async () => {
    const [place] = await page.evaluate(() =>
      [...CSS.highlights.get('watch-here')].map((it) => {
        const range = document.createRange();
        range.setStart(it.startContainer, it.startOffset);
        range.setEnd(it.endContainer, it.endOffset);
        const { top, bottom } = range.getBoundingClientRect();
        const seen = document.querySelector('#transcript').getBoundingClientRect();
        return { text: range.toString(), seen: top > seen.top && bottom < seen.bottom };
      }),
    );
    assert.deepEqual(place, { text: '33', seen: true });
  });
  const before = await at();
  await countedTo(page, 2_000);
  assert.equal(await at(), before, 'nothing moves under the reader');
  await button(page, 'Stop').click();
  await ended(page);
});

scenario('watch words are found in all of a long conversation', instant, async (world) => {
  const { page, server } = world;
  let last = await server.ask('Count from 1 to 500, one on each line');
  for (let at = 0; at < 11; at++) {
    last = await server.ask('Count from 1 to 500, one on each line', {
      conversation: last.id,
      parent: last.messages.at(-1).id,
    });
  }
  await visit(page, `/c/${last.id}`);
  await open(page);
  await add(page, 'Watch words', '123', '499');
  await close(page);
  const place = (word) => bar(page).locator('.watched', { hasText: word });
  await place('123').getByText('12', { exact: true }).waitFor();
  // Also where what is far out of view is not in the document.
  await button(bar(page), 'Next “123”').click();
  await place('123').getByText('1 of 12').waitFor();
  const seen = () =>
    page.evaluate(() => {
      const [it] = CSS.highlights.get('watch-here');
      const article = it.startContainer.parentElement.closest('.message');
      const range = document.createRange();
      range.setStart(it.startContainer, it.startOffset);
      range.setEnd(it.endContainer, it.endOffset);
      const { top, bottom } = range.getBoundingClientRect();
      return {
        text: range.toString(),
        message: [...document.querySelectorAll('.answer')].indexOf(article),
        seen: top > 0 && bottom < innerHeight,
      };
    });
  await eventually(async () =>
    assert.deepEqual(await seen(), { text: '123', message: 0, seen: true }),
  );
  await button(bar(page), 'Previous “123”').click();
  await place('123').getByText('12 of 12').waitFor();
  await eventually(async () =>
    assert.deepEqual(await seen(), { text: '123', message: 11, seen: true }),
  );
  await place('499').getByText('12', { exact: true }).waitFor();
});

scenario('the typewriter keeps up, and can be hurried', flood, async (world) => {
  const { page } = world;
  await visit(page);
  await open(page);
  await field(page, 'Typing effect').selectOption('typewriter');
  await field(page, 'Speed of the typewriter').fill('5');
  await close(page);
  // Far faster than it types: what came more than a second ago is shown.
  await ask(page, 'Count from 1 to 3000');
  await countedTo(page, 5);
  await ended(page);
  assert.equal((await world.storedAnswer()).state, 'finished');

  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 5);
  // By key: under such a flood the button does not stand still for a click.
  await page.getByRole('button', { name: 'Show all' }).press('Enter');
  await page.getByRole('button', { name: 'Show all' }).waitFor({ state: 'hidden' });
  await countedTo(page, 50);
  await button(page, 'Stop').click();
  await ended(page, 2);

  // What is shown when Stop is pressed is what is stored, however much more
  // has arrived.
  await ask(page, 'Count from 1 to 100000');
  await countedTo(page, 5);
  await button(page, 'Stop').click();
  await ended(page, 3);
  const { text, state } = await world.storedAnswer();
  assert.equal(state, 'stopped');
  assert.deepEqual(words(await answerText(page)), words(text));
});

scenario(
  'the typewriter types at its speed, and a key shows all',
  { scripts: { burst: { first_token_ms: 0 } } },
  async ({ page }) => {
    await visit(page);
    await open(page);
    await field(page, 'Typing effect').selectOption('typewriter');
    await field(page, 'Speed of the typewriter').fill('20');
    await close(page);
    await page.evaluate(() => {
      globalThis.lengths = [];
      const look = () => {
        const text = [...document.querySelectorAll('.answer .markdown')].at(-1)?.textContent ?? '';
        globalThis.lengths.push(text.length);
        requestAnimationFrame(look);
      };
      look();
    });
    await ask(page, 'repeat sixteen letters!!');
    await ended(page);
    const lengths = await page.evaluate(() => [...new Set(globalThis.lengths)]);
    assert.ok(lengths.length > 6, `it came in ${lengths.length - 1} steps`);
    await composer(page).fill('Count from 1 to 100');
    await composer(page).press('Enter');
    await page.keyboard.press('Alt+Shift+Enter');
    await ended(page, 2);
  },
);

scenario('statistics are told while an answer is being written', steady, async ({ page }) => {
  await visit(page);
  await ask(page, 'Count from 1 to 400');
  await countedTo(page, 30);
  await answer(page).locator('.live-statistics summary').click();
  const rows = () =>
    page
      .locator('.live-statistics dl > div, .statistics dl > div')
      .evaluateAll((all) =>
        Object.fromEntries(
          all.map((row) => [row.children[0].textContent, row.children[1].textContent]),
        ),
      );
  await eventually(async () => {
    const told = await rows();
    assert.equal(told.State, 'Writing…');
    assert.match(told.Elapsed, /^[\d.]+ s$/);
    assert.match(told['Time to first token'], /^[\d.]+ s$/);
    assert.match(told.Chunks, /^at least \d+$/);
    assert.match(told['Average chunk'], /^at most [\d.]+ characters$/);
    assert.match(told['Tokens out'], /^≈ \d+$/);
    assert.match(told['Words per minute'], /^[\d\u202f]+$/);
    assert.match(told['Estimated share done'], /^about \d+ %, by the length of usual answers$/);
    assert.equal(told.Cost, 'not known yet');
  });
  await ended(page);
  await answer(page).locator('.statistics summary').click();
  await page.locator('.statistics dl').waitFor();
  const told = await rows();
  for (const name of [
    'Elapsed',
    'Time to first token',
    'Chunks',
    'Characters',
    'Words',
    'Average chunk',
    'Tokens in',
    'Tokens out',
    'Tokens per second',
    'Words per minute',
    'Cost',
  ]) {
    assert.ok(told[name], name);
  }
});

for (const [what, context] of Object.entries({
  'a phone': PHONE,
  'a very narrow screen': { viewport: { width: 320, height: 640 } },
})) {
  scenario(`the settings fit on ${what}`, { ...instant, context }, async ({ page }) => {
    await visit(page);
    await open(page);
    await field(page, 'Typing effect').selectOption('typewriter');
    await add(page, 'Watch words', 'one', 'a rather long phrase that is looked for', 'three');
    await add(page, 'Stop phrases', 'x'.repeat(200));
    const sideways = () =>
      page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('.dialog, .dialog-body, .dock')]
          .filter((it) => it.scrollWidth > it.clientWidth + 1)
          .map((it) => it.className),
      );
    assert.deepEqual(await sideways(), []);
    await close(page);
    await ask(page, 'repeat one and three');
    await ended(page);
    await bar(page).getByText('Found 2 of 3').waitFor();
    assert.deepEqual(await sideways(), []);
  });
}
