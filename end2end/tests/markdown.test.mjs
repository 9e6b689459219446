// What models write: drawn well, and never trusted.

import assert from 'node:assert/strict';
import { answer, answerText, ask, button, ended, eventually, visit } from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const fast = { scripts: { fast: { tokens_per_second: 300 } } };
const clipboard = { context: { permissions: ['clipboard-read', 'clipboard-write'] } };

scenario('code, tables and math are drawn', { ...fast, ...clipboard }, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, 'Show me Markdown, code, a table and math');
  await ended(page);
  const drawn = answer(page).locator('.markdown');
  const rust = drawn.locator('.code-block').first();
  await rust.locator('.hl-keyword', { hasText: 'fn' }).first().waitFor();
  assert.equal(await rust.locator('.code-language').textContent(), 'rust');
  assert.match(await rust.locator('code').textContent(), /fn fibonacci\(\) -> impl Iterator/);

  assert.equal(await drawn.locator('.table-scroll table tbody tr').count(), 3);
  assert.equal(await drawn.locator('ul ul li').count(), 3);
  assert.equal(await drawn.locator('input[type=checkbox]:checked').count(), 1);
  await drawn.locator('math').first().waitFor();
  const namespaces = await drawn
    .locator('math')
    .evaluateAll((all) => [...new Set(all.map((math) => math.namespaceURI))]);
  assert.deepEqual(namespaces, ['http://www.w3.org/1998/Math/MathML']);
  const link = drawn.locator('a[href="https://commonmark.org"]');
  assert.equal(await link.getAttribute('target'), '_blank');
  assert.match(await link.getAttribute('rel'), /noopener/);

  // What was drawn while it arrived is what the server draws of the whole.
  const later = await world.newPage();
  await visit(later, page.url());
  const whole = await answer(later).locator('.markdown').innerHTML();
  await eventually(async () => assert.equal(await drawn.innerHTML(), whole));
});

scenario(
  'copy gives the code, and the answer as Markdown',
  { ...fast, ...clipboard },
  async (world) => {
    const { page } = world;
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await visit(page);
    await ask(
      page,
      'repeat Take this:\n\n```rust\nfn main() {\n    go("<now>");\n}\n```\n\nand *go*.',
    );
    await ended(page);
    await answer(page).locator('.hl-keyword').first().waitFor();
    await button(page, 'Copy').click();
    await answer(page).locator('[data-copy][data-done=copied]').waitFor();
    assert.equal((await copied()).trimEnd(), 'fn main() {\n    go("<now>");\n}');

    await button(page, 'Copy the answer').click();
    const source = (await world.storedAnswer()).text;
    await eventually(async () => assert.equal(await copied(), source));
  },
);

const HOSTILE = `repeat <script>globalThis.hacked = 1</script>

<img src="https://elsewhere.example/a.png" onerror="globalThis.hacked = 1">
<img src=x onerror=globalThis.hacked=1>
<iframe src="https://elsewhere.example/"></iframe>
<svg onload="globalThis.hacked = 1"><style>@import "https://elsewhere.example/a.css";</style></svg>
<a href="javascript:globalThis.hacked=1">raw</a>

[script](javascript:globalThis.hacked=1) [mixed](JaVaScRiPt:globalThis.hacked=1)
[spaced]( java\tscript:globalThis.hacked=1) [entity](javascript&#58;globalThis.hacked=1)
[data](data:text/html,<script>parent.hacked=1</script>) [vb](vbscript:hacked)
<javascript:globalThis.hacked=1> [file](file:///etc/passwd)

![picture](https://elsewhere.example/b.png) ![data](data:image/svg+xml,<svg/onload=globalThis.hacked=1>)
![x" onerror="globalThis.hacked=1](https://elsewhere.example/c.png "x\\" onerror=globalThis.hacked=1")

| <script>globalThis.hacked=1</script> |
|---|
| <img src=x onerror=globalThis.hacked=1> |

$$\\href{javascript:globalThis.hacked=1}{x}$$

\`\`\`html" onmouseover="globalThis.hacked=1
<script>globalThis.hacked = 1</script>
\`\`\`

</textarea></script><script>globalThis.hacked = 1</script><!-- ]]>`;

scenario('what a model writes runs nothing and loads nothing', fast, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, HOSTILE);
  await ended(page);
  await isHarmless(page);
  // The server draws it first now, and hands the browser the text once more.
  await visit(page, page.url());
  await isHarmless(page);
  // Its first line is also the title: in the sidebar, the heading and the tab.
  assert.match(await page.title(), /<script>/);
});

async function isHarmless(page) {
  assert.match(await answerText(page), /<script>globalThis\.hacked = 1<\/script>/);
  const drawn = page.locator('.answer .markdown');
  assert.equal(
    await drawn.locator('script, img, iframe, object, embed, svg, style, link, form').count(),
    0,
  );
  const suspicious = await drawn.locator('*').evaluateAll((all) =>
    all
      .flatMap((element) => [...element.attributes])
      .filter(({ name, value }) => {
        const isLink = ['href', 'src', 'xlink:href', 'action', 'style'].includes(name);
        return name.startsWith('on') || (isLink && !/^(https?:|mailto:)/i.test(value));
      })
      .map(({ name, value }) => `${name}="${value}"`),
  );
  assert.deepEqual(suspicious, []);
  for (const element of await drawn.locator('.code-head, td, th').all()) {
    await element.hover();
  }
  assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
}

scenario(
  'thinking shows while it lasts and folds away then',
  {
    scripts: {
      thinker: { tokens_per_second: 60, thinking_tokens: 200, text: 'Done thinking. '.repeat(30) },
    },
  },
  async (world) => {
    const { page } = world;
    await visit(page);
    await ask(page, 'Why?');
    const thinking = answer(page).locator('details.thinking');
    await thinking.locator('summary', { hasText: 'Thinking…' }).waitFor();
    assert.ok(await thinking.evaluate((details) => details.open), 'open while thinking');
    await page.locator('.phase', { hasText: 'Thinking…' }).waitFor();
    await eventually(async () => {
      assert.match(await thinking.locator('.thinking-text').innerText(), /No thinking takes place/);
    });
    await page.locator('.phase', { hasText: 'Writing…' }).waitFor();
    await eventually(async () => {
      assert.ok(!(await thinking.evaluate((details) => details.open)), 'folded while writing');
    });
    await ended(page);
    assert.ok(!(await thinking.evaluate((details) => details.open)));
    await thinking.locator('summary').click();
    const shown = await thinking.locator('.thinking-text').innerText();
    assert.equal(shown.trim(), (await world.storedAnswer()).thinking.trim());

    await visit(page, page.url());
    await thinking.locator('summary').click();
    assert.equal((await thinking.locator('.thinking-text').innerText()).trim(), shown.trim());
  },
);

scenario(
  'tool calls are shown, also hostile ones',
  {
    scripts: {
      caller: {
        text: 'I look it up.',
        tool_calls: [
          { name: 'search', arguments: { query: 'brooks' } },
          {
            name: '<img src=x onerror=globalThis.hacked=1>',
            arguments: '<script>hacked=1</script>',
          },
        ],
      },
    },
  },
  async ({ page }) => {
    await visit(page);
    await ask(page, 'Look it up');
    await ended(page);
    const check = async () => {
      const tools = answer(page).locator('.tool');
      assert.deepEqual(await tools.locator('code').allTextContents(), [
        'search',
        '<img src=x onerror=globalThis.hacked=1>',
      ]);
      await tools.first().locator('summary').click();
      assert.equal(await tools.first().locator('pre').innerText(), '{"query":"brooks"}');
      assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    };
    await check();
    await visit(page, page.url());
    await check();
  },
);
