// The binary as a whole: one file, its assets, and a clean end.

import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, answerText, ask, countedTo, ended, visit, words } from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const steady = { scripts: { steady: { tokens_per_second: 60 } } };

scenario(
  'SIGTERM ends the process within five seconds, with a stream open',
  { ...steady, allow: [/net::ERR_/] },
  async (world) => {
    const { page, server, simulator } = world;
    await visit(page);
    await ask(page, 'Count from 1 to 100000');
    await countedTo(page, 20);
    const ending = await Promise.race([server.terminate(), sleep(5_000, 'it still runs')]);
    assert.deepEqual(ending, { code: 0, signal: null });
    assert.equal((await simulator.stats()).open, 0, 'the upstream was left open');

    await server.startAgain();
    await ended(page);
    const stored = await world.storedAnswer();
    assert.equal(stored.state, 'interrupted');
    assert.deepEqual(words(await answerText(page)), words(stored.text));
    assert.equal(await answer(page).locator('.state-word').textContent(), 'Interrupted');
  },
);

scenario('the page comes compressed, and is kept for good', {}, async ({ server }) => {
  const html = await (await fetch(server.url)).text();
  const assets = [...new Set(html.match(/\/assets\/[^"'\s)]+/g))];
  const kinds = assets.map((asset) => path.extname(asset)).sort();
  assert.deepEqual(kinds, ['.css', '.js', '.wasm']);

  for (const asset of assets) {
    assert.match(asset, /[0-9a-f]{8,}/, 'the name has a hash of the content');
    for (const [accepted, expected] of [
      ['br, gzip', 'br'],
      ['gzip', 'gzip'],
      ['identity', null],
    ]) {
      const response = await fetch(server.url + asset, {
        headers: { 'accept-encoding': accepted },
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-encoding'), expected, asset);
      assert.match(response.headers.get('cache-control'), /max-age=31536000.*immutable/);
      assert.match(response.headers.get('vary') ?? '', /accept-encoding/i);
      const tag = response.headers.get('etag');
      assert.ok((await response.arrayBuffer()).byteLength > 0);
      const again = await fetch(server.url + asset, {
        headers: { 'accept-encoding': accepted, 'if-none-match': tag },
      });
      assert.equal(again.status, 304);
    }
  }
  const page = await fetch(server.url);
  assert.equal(page.headers.get('cache-control'), 'no-store');
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'/);
  assert.equal((await fetch(`${server.url}/favicon.svg`)).status, 200);
});

scenario('a first visit asks for little', {}, async ({ page, server }) => {
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await visit(page);
  const unique = new Set(asked);
  assert.equal(unique.size, asked.length, `asked twice: ${asked.join(' ')}`);
  // Besides its files it listens for changes, and may have looked at once.
  const news = ['/api/changes', '/api/conversations'];
  const files = [...unique].filter((at) => !news.includes(at));
  assert.ok(files.length <= 5, asked.join(' '));
  assert.ok(
    files.every((at) => at === '/' || /^\/(assets\/|favicon)/.test(at)),
    asked.join(' '),
  );
  assert.equal((await fetch(`${server.url}/healthz`)).status, 204);
});

scenario('it keeps its data where it is told, and writes nothing else', {}, async (world) => {
  await world.server.ask('Count from 1 to 3');
  const files = await readdir(world.directory);
  assert.deepEqual(
    files.filter((name) => !name.startsWith('.')),
    ['data'],
  );
});
