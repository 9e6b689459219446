// What a person sees while several providers are asked for one answer.

import assert from 'node:assert/strict';
import {
  answer,
  answerText,
  ask,
  assertCounting,
  button,
  composer,
  counted,
  countedTo,
  ended,
  eventually,
  oneTo,
  PHONE,
  violations,
  visit,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const providers = ['openai', 'anthropic', 'gemini'];

/** One chain and no other: what a test says is asked, in this order. */
const config = `
automatic_fallback = false
[fallbacks]
"openai/first" = ["anthropic/second", "gemini/third"]
`;
const PRICED = `
[[models]]
id = "openai/first"
input_price = 3
output_price = 15
`;
const steady = { first_token_ms: 200, tokens_per_second: 200 };
const down = { fault: { kind: 'status', status: 503, message: 'We are very busy.' } };

/** Everything that the status line said since then, in order. */
async function watchStatus(page) {
  await page.evaluate(() => {
    const said = (globalThis.saidByStatus = []);
    const look = () => {
      const part = (name) => document.querySelector(`.progress .${name}`)?.textContent.trim() ?? '';
      const now = `${part('phase')} | ${part('reason')}`;
      if (said.at(-1) !== now) said.push(now);
    };
    new MutationObserver(look).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true,
    });
  });
  return () => page.evaluate(() => globalThis.saidByStatus.join('\n'));
}

/** The text of the answer's statistics line. */
const line = (page) => answer(page).locator('.statistics summary').textContent();

/** What the fold of the statistics tells, by name. */
async function fold(page) {
  const statistics = answer(page).locator('.statistics');
  if (!(await statistics.locator('dl').count())) {
    await statistics.locator('summary').click();
  }
  await statistics.locator('dl').waitFor();
  const rows = await statistics
    .locator('dl > div')
    .evaluateAll((all) => all.map((row) => [...row.children].map((it) => it.textContent)));
  return Object.fromEntries(rows);
}

scenario(
  'a provider that is down is asked again, and then another answers',
  { scripts: { first: down, second: steady, third: steady }, providers, config },
  async (world) => {
    const { page } = world;
    await visit(page);
    const said = await watchStatus(page);
    await ask(page, 'Count from 1 to 200');
    await page.locator('.phase', { hasText: 'anthropic/second is writing…' }).waitFor();
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(200));

    const all = await said();
    assert.match(all, /Trying again.*\| openai\/first: We are very busy/);
    assert.match(all, /Switching to anthropic\/second… \| openai\/first: We are very busy/);
    assert.equal(await answer(page).locator('.problem').count(), 0);
    assert.match(await line(page), /^\s*anthropic\/second instead of openai\/first · /);
    const attempts = (await fold(page)).Attempts.split('\n');
    assert.equal(attempts.length, 4, attempts.join('\n'));
    assert.match(attempts[0], /^openai\/first — overloaded, after [\d.]+ s$/);
    assert.match(attempts[1], /^openai\/first, asked again — overloaded, after [\d.]+ s$/);
    assert.match(attempts[3], /^anthropic\/second — answered, after [\d.]+ s$/);

    // The same after a reload, from the store.
    await visit(page, page.url());
    assert.match(await line(page), /^\s*anthropic\/second instead of openai\/first · /);
    assert.equal((await fold(page)).Attempts.split('\n').length, 4);
    assert.deepEqual(await violations(page), []);
  },
);

// How an answer may stop half-way, and how the next model may go on.
const text = oneTo(150).join(' ');
const half = (fault) => ({ text, tokens_per_second: 100, fault: { after_tokens: 60, ...fault } });
const HALVES = {
  'is cut, and the next model goes on': [half({ kind: 'cut' }), {}],
  'is cut, and the next model repeats some words': [
    half({ kind: 'cut' }),
    { refuse_prefill: true, continuation: 'overlap' },
  ],
  'is cut, and the next model begins anew': [
    half({ kind: 'cut' }),
    { refuse_prefill: true, continuation: 'restart' },
  ],
  'is cut by an error in the stream': [half({ kind: 'error_in_stream' }), {}],
  'falls silent': [half({ kind: 'silence' }), {}],
};

for (const [what, [first, second]] of Object.entries(HALVES)) {
  scenario(
    `an answer that ${what} is whole, and nothing twice`,
    {
      scripts: { first, second: { text, tokens_per_second: 100, ...second }, third: {} },
      providers,
      config,
      args: ['--stall-seconds', '1'],
    },
    async (world) => {
      const { page } = world;
      await visit(page);
      const said = await watchStatus(page);
      await ask(page, 'Recite');
      let before = [];
      await eventually(async () => {
        const numbers = await counted(page);
        assertCounting(numbers);
        assert.ok(numbers.length >= before.length, `${before.length} became ${numbers.length}`);
        before = numbers;
        assert.equal(await page.locator('.answer-foot').count(), 1);
      });
      await ended(page);
      assert.deepEqual(await counted(page), oneTo(150));
      assert.match(await said(), /Switching to anthropic\/second… \| openai\/first: /);
      assert.match(await said(), /anthropic\/second is writing…/);
      assert.equal((await world.storedAnswer()).state, 'finished');
      const { Attempts: attempts } = await fold(page);
      assert.match(attempts, /anthropic\/second, to go on — answered/);
    },
  );
}

const HEAD = '# Heads\n\n```rust\nfn main() {}\n```\n\n';
const OTHER = `${HEAD}${'Another way to put all of this. '.repeat(20)}`.trim();

scenario(
  'a continuation that does not fit takes the place of what was there',
  {
    scripts: {
      first: {
        text: `${HEAD}${'One way to say it all. '.repeat(40)}`,
        tokens_per_second: 100,
        fault: { kind: 'cut', after_tokens: 90 },
      },
      second: {
        text: OTHER,
        continuation: 'restart',
        refuse_prefill: true,
        tokens_per_second: 100,
      },
      third: {},
    },
    providers,
    config,
  },
  async (world) => {
    const { page } = world;
    await visit(page);
    await ask(page, 'Tell me');
    await answer(page).getByText('One way to say it all.').waitFor();
    // What both begin with is left alone, with what was drawn into it since.
    const code = page.locator('.answer pre code span').first();
    await code.waitFor();
    const node = await code.elementHandle();
    await ended(page);
    assert.ok(await node.evaluate((it) => it.isConnected), 'the code was drawn again');
    assert.equal((await world.storedAnswer()).text, OTHER);
    // It looks as the server draws what is stored.
    const live = await answer(page).locator('.markdown').innerHTML();
    await visit(page, page.url());
    await code.waitFor();
    assert.equal(await answer(page).locator('.markdown').innerHTML(), live);
  },
);

scenario(
  'a model that is slow to begin gives way',
  {
    scripts: { first: { first_token_ms: 60_000 }, second: steady, third: {} },
    providers,
    config,
    args: ['--first-token-seconds', '1'],
  },
  async ({ page }) => {
    await visit(page);
    const said = await watchStatus(page);
    await ask(page, 'Count from 1 to 20');
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(20));
    assert.match(await said(), /Waiting for openai\/first…/);
    assert.match(await said(), /Switching to anthropic\/second… \| openai\/first: .*within 1 s/);
    assert.match((await fold(page)).Attempts, /^openai\/first — silent, after 1\.\d s$/m);
  },
);

scenario(
  'a wait that the provider asks for is counted down',
  {
    scripts: {
      first: {
        ...steady,
        fault: { kind: 'status', status: 429, retry_after: 3, message: 'Slow down.', times: 1 },
      },
    },
  },
  async ({ page }) => {
    await visit(page);
    const said = await watchStatus(page);
    await ask(page, 'Count from 1 to 20');
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(20));
    const all = await said();
    assert.match(
      all,
      /Trying again in 3 s… \| openai\/first: Slow down.*Trying again in 2 s….*Trying again in 1 s…/s,
    );
    assert.match(all, /Writing… \| $/m, 'the reason is past once it writes');
    assert.match(await line(page), /^\s*openai\/first · first token/);
    assert.match((await fold(page)).Attempts, /asked again — answered/);
  },
);

scenario(
  'a model that cannot stream answers in one piece',
  { scripts: { first: { refuse_streaming: true, first_token_ms: 1_000 } } },
  async ({ page }) => {
    await visit(page);
    const said = await watchStatus(page);
    await ask(page, 'Count from 1 to 20');
    await ended(page);
    assert.deepEqual(await counted(page), oneTo(20));
    assert.match(await said(), /\| openai\/first does not stream/);
    assert.match((await fold(page)).Attempts, /in one piece — answered/);
  },
);

scenario(
  'refused content is the person’s to know, and no other model’s to answer',
  {
    scripts: {
      first: { fault: { kind: 'refused_content', message: 'This is against our rules.' } },
      second: {},
      third: {},
    },
    providers,
    config,
  },
  async ({ page, simulator }) => {
    await visit(page);
    await ask(page, 'Something bad');
    await ended(page);
    assert.equal(await answer(page).locator('.state-word').textContent(), 'Failed');
    const problem = await answer(page).locator('.problem').innerText();
    assert.match(problem, /against our rules/);
    assert.doesNotMatch(problem, /[{}]/);
    assert.deepEqual(Object.keys((await simulator.stats()).by_model), ['first']);
  },
);

scenario(
  'where nobody can answer the page says how many were asked',
  { scripts: { first: down, second: down, third: down }, providers, config, args: ['--retries', '0'] },
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Hello');
    await ended(page);
    const problem = await answer(page).locator('.problem').innerText();
    assert.match(problem, /We are very busy/);
    assert.match(problem, /3 models were asked, and none could answer\./);
    assert.doesNotMatch(problem, /[{}]/);
    assert.match(await line(page), /openai\/first · /);
    assert.doesNotMatch(await line(page), /instead of/);
    assert.equal((await fold(page)).Attempts.split('\n').length, 3);
    await button(page, 'Try again').waitFor();
  },
);

scenario(
  'the cost is told while the answer is written, and when it was stopped',
  { scripts: { first: steady }, config: PRICED },
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Count from 1 to 300');
    const numbers = page.locator('.progress .numbers');
    await eventually(async () => {
      assert.match(await numbers.textContent(), / · ≈ \$0\.00\d+ so far · /);
    });
    await ended(page);
    assert.match(await line(page), / · \$0\.\d+$/);

    await ask(page, 'Count from 1 to 100000');
    await countedTo(page, 100);
    await button(page, 'Stop').click();
    await ended(page, 2);
    assert.match(await line(page), /^\s*Stopped.* · ≈ \$0\.00\d+$/);
    assert.equal((await fold(page))['Token counts'], 'estimated by us');
  },
);

scenario(
  'an answer from the cache says so, and what it saved',
  { scripts: { first: steady }, config: PRICED },
  async ({ page, server }) => {
    const settings = { temperature: 0 };
    await server.ask('Count from 1 to 100', { settings });
    const { id } = await server.ask('Count from 1 to 100', { settings });
    await visit(page, `/c/${id}`);
    assert.deepEqual(await counted(page), oneTo(100));
    assert.match(await line(page), /openai\/first · .* · from cache, saved \$0\.00\d+$/);
    assert.match((await fold(page))['Estimated saving'], /^\$0\.00\d+ by the cache$/);
  },
);

const CHOICE = `
[[models]]
id = "openai/large"
input_price = 5
output_price = 25
[[models]]
id = "anthropic/small"
input_price = 0.1
output_price = 0.4
`;
const choice = {
  scripts: { large: steady, small: steady },
  providers: ['openai', 'anthropic'],
  config: CHOICE,
};
const prefer = (page) => page.getByLabel('What matters in the choice');
const limit = (page) => page.getByLabel('The most an answer may cost');

scenario('who lets Rivulet choose says what matters', choice, async ({ page }) => {
  await visit(page);
  assert.ok(!(await prefer(page).isVisible()), 'a model is named: there is nothing to choose');
  await page.locator('#model').selectOption({ label: 'Automatic' });
  await page.getByText('Rivulet chooses a model for each message.').waitFor();
  assert.deepEqual(await violations(page), []);

  const sent = [];
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/api/turns')) {
      sent.push(request.postDataJSON());
    }
  });
  await ask(page, 'Count from 1 to 20');
  await ended(page);
  assert.equal(sent[0].model, 'auto');
  assert.equal(sent[0].settings, undefined, 'what is default stays unsaid');
  assert.match((await fold(page))['Why this model'], /anthropic\/small/);
  assert.match((await fold(page))['Estimated saving'], /^\$0\.0\d+ against openai\/large$/);
  assert.match(await line(page), /^\s*anthropic\/small · /);

  // By keyboard alone: from the picker to what matters, and on to the limit.
  await page.locator('#model').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.type('Best');
  await page.keyboard.press('Tab');
  await page.keyboard.type('max $0.25');
  await composer(page).focus();
  await ask(page, 'Count from 1 to 30');
  await ended(page, 2);
  assert.deepEqual(sent[1].settings, { prefer: 'best', max_cost: '0.25' });
  assert.match((await fold(page))['Why this model'], /openai\/large, the strongest/);

  // Both are remembered, and mean nothing beside a model that was named.
  await visit(page);
  await eventually(async () => assert.equal(await page.locator('#model').inputValue(), 'auto'));
  assert.equal(await prefer(page).inputValue(), 'best');
  assert.equal(await limit(page).inputValue(), '0.25');
  await page.locator('#model').selectOption('anthropic/small');
  await ask(page, 'Count from 1 to 10');
  await ended(page);
  assert.equal(sent[2].settings, undefined);
});

scenario(
  'a limit that no model keeps is told with what can be done',
  { ...choice, allow: [/400/] },
  async ({ page }) => {
    await visit(page);
    await page.locator('#model').selectOption('auto');
    await limit(page).selectOption('max $0.001');
    await ask(page, `Summarise this: ${'very long words '.repeat(4_000)}`);
    const problem = page.locator('.problem:visible').first();
    await problem.waitFor();
    assert.match(await problem.innerText(), /at most \$0\.0010.*Raise the maximum price/s);
  },
);

for (const [what, context] of Object.entries({
  'a phone': PHONE,
  'a very narrow screen': { viewport: { width: 320, height: 700 } },
})) {
  scenario(
    `what matters and a long reason fit on ${what}`,
    {
      ...choice,
      scripts: {
        large: steady,
        small: {
          ...steady,
          fault: {
            kind: 'status',
            status: 429,
            retry_after: 2,
            message: `${'The account has asked for more than it may in this minute. '.repeat(6)}${'x'.repeat(300)}`,
            times: 1,
          },
        },
      },
      context,
    },
    async ({ page }) => {
      await visit(page);
      await page.locator('#model').selectOption('auto');
      await prefer(page).selectOption('Cheapest');
      await limit(page).selectOption('max $0.001');
      const inside = () =>
        page.evaluate(() => {
          const { clientWidth, scrollWidth } = document.documentElement;
          const parts = document.querySelectorAll('.composer *, .progress *');
          const right = Math.max(...[...parts].map((it) => it.getBoundingClientRect().right));
          return scrollWidth <= clientWidth && right <= clientWidth;
        });
      assert.ok(await inside(), 'the composer is wider than the screen');
      await ask(page, 'Count from 1 to 20');
      await page.locator('.phase', { hasText: 'Trying again in' }).waitFor();
      assert.ok(await inside(), 'the status is wider than the screen');
      const reason = page.locator('.progress .reason');
      assert.ok((await reason.getAttribute('title')).length > 200, 'the whole is in the tooltip');
      assert.ok((await reason.boundingBox()).height < 32, 'the reason is one line');
      await ended(page);
      assert.deepEqual(await violations(page), []);
    },
  );
}
