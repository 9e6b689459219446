// Reload, a lost network, a server that died: the answer is there, and goes on
// where it was, without a gap and without a repetition.

import assert from 'node:assert/strict';
import net from 'node:net';
import {
  answer,
  answerText,
  ask,
  assertCounting,
  button,
  counted,
  countedTo,
  ended,
  eventually,
  hydrated,
  oneTo,
  visit,
  words,
} from '../support/page.mjs';
import { scenario } from '../support/scenario.mjs';

const steady = { steady: { first_token_ms: 100, tokens_per_second: 60 } };
const LAST = 700;
const QUESTION = `Count from 1 to ${LAST}`;
const lostConnection = [/net::ERR_/];

async function isWhole(world) {
  const { page, simulator } = world;
  await ended(page);
  assert.deepEqual(await counted(page), oneTo(LAST));
  const stored = await world.storedAnswer();
  assert.equal(stored.state, 'finished');
  assert.deepEqual(words(await answerText(page)), words(stored.text));
  assert.equal((await simulator.stats()).total, 1, 'the upstream was asked once');
}

scenario('a reload in the middle goes on', { scripts: steady }, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, QUESTION);
  for (const milestone of [50, 200]) {
    const before = await countedTo(page, milestone);
    await page.reload({ waitUntil: 'commit' });
    await answer(page).waitFor();
    const after = await counted(page);
    assertCounting(after);
    assert.ok(after.length >= before.length - 1, `${before.length} numbers became ${after.length}`);
    await hydrated(page);
    await button(page, 'Stop').waitFor();
  }
  assertCounting(await counted(page));
  await isWhole(world);
});

scenario('a reload leaves highlighted code as it is', { scripts: steady }, async (world) => {
  const { page } = world;
  await visit(page);
  const code = '```rust\nfn main() {\n    go();\n}\n```';
  await ask(page, `repeat ${code}\n\n${'and so on '.repeat(200)}`);
  await answer(page).locator('.hl-keyword').first().waitFor();
  await page.addInitScript(() => {
    globalThis.lost = 0;
    new MutationObserver((changes) => {
      for (const { target, removedNodes } of changes) {
        if (target.parentElement?.closest('.code-block')) globalThis.lost += removedNodes.length;
      }
    }).observe(document, { childList: true, characterData: true, subtree: true });
  });
  await page.reload();
  await hydrated(page);
  await button(page, 'Stop').waitFor();
  await ended(page);
  await answer(page).locator('.hl-keyword').first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.lost), 0);
});

scenario(
  'eight answers at once leave connections for everything else',
  // Shorter than an answer: those out of view live by being visited.
  { scripts: steady, args: ['--grace-seconds', '8'] },
  async (world) => {
    const { page, simulator } = world;
    await visit(page);
    const addresses = [];
    for (let number = 0; number < 8; number += 1) {
      await page.getByRole('link', { name: 'New conversation' }).first().click();
      await ask(page, `Count from 1 to ${1000 + number}`);
      await countedTo(page, 3);
      addresses.push(new URL(page.url()).pathname);
    }
    // Before an answer is whole: more requests than a browser has connections.
    await page.evaluate(() =>
      Promise.all(Array.from({ length: 8 }, () => fetch('/api/conversations'))),
    );
    assert.ok((await simulator.stats()).open > 6, 'the answers are still being written');
    await eventually(async () => assert.equal((await simulator.stats()).open, 0));
    for (const [number, address] of addresses.entries()) {
      await page.locator(`.sidebar a[href="${address}"]`).click();
      await eventually(() => assert.equal(new URL(page.url()).pathname, address));
      await ended(page);
      assert.deepEqual(await counted(page), oneTo(1000 + number));
    }
    const stats = await simulator.stats();
    assert.deepEqual([stats.total, stats.completed], [8, 8]);
  },
);

scenario('another page and back again', { scripts: steady }, async (world) => {
  const { page } = world;
  await visit(page);
  await ask(page, QUESTION);
  await countedTo(page, 50);
  const address = page.url();
  await page.getByRole('link', { name: 'New conversation' }).first().click();
  await page.getByText('What would you like to know?').waitFor();
  await page.goBack();
  await eventually(() => assert.equal(page.url(), address));
  await countedTo(page, 100);
  assertCounting(await counted(page));
  await isWhole(world);
});

scenario('offline and back', { scripts: steady, allow: lostConnection }, async (world) => {
  const { page, context, simulator } = world;
  await visit(page);
  await ask(page, QUESTION);
  await countedTo(page, 50);

  await context.setOffline(true);
  const notice = page.locator('.notice', { hasText: 'Connection lost' });
  await notice.waitFor();
  const sent = (await simulator.stats()).tokens_sent;
  await eventually(async () => {
    assert.ok((await simulator.stats()).tokens_sent > sent + 50, 'the answer goes on without us');
  });
  await notice.waitFor();

  await context.setOffline(false);
  await notice.waitFor({ state: 'hidden' });
  assertCounting(await counted(page));
  await isWhole(world);
});

scenario(
  'a connection that breaks is made again',
  { scripts: steady, allow: lostConnection },
  async (world) => {
    const { page, server } = world;
    const wire = await Wire.to(new URL(server.url).port);
    world.origin = wire.url;
    try {
      await visit(page, wire.url);
      await ask(page, QUESTION);
      for (const milestone of [50, 150, 250]) {
        await countedTo(page, milestone);
        wire.cut();
      }
      await isWhole(world);
    } finally {
      wire.close();
    }
  },
);

/** A wire between browser and server that can be cut. */
class Wire {
  #sockets = new Set();

  static async to(port) {
    const wire = new Wire();
    wire.listener = net.createServer((near) => {
      const far = net.connect(port, '127.0.0.1');
      near.pipe(far).pipe(near);
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        wire.#sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => wire.#sockets.delete(socket));
      }
    });
    await new Promise((resolve) => wire.listener.listen(0, '127.0.0.1', resolve));
    wire.url = `http://127.0.0.1:${wire.listener.address().port}`;
    return wire;
  }

  cut() {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  close() {
    this.listener.close();
    this.cut();
  }
}

scenario(
  'the server is killed in the middle and comes back',
  { scripts: steady, allow: lostConnection },
  async (world) => {
    const { page, server } = world;
    await visit(page);
    await ask(page, 'Count from 1 to 100000');
    const saved = await countedTo(page, 50);
    // Text is on disk 250 ms after it came; by now that of `saved` is.
    await countedTo(page, 150);
    await server.kill();
    await page.locator('.notice', { hasText: 'Connection lost' }).waitFor();
    await server.startAgain();

    await ended(page);
    assert.equal(await answer(page).locator('.state-word').textContent(), 'Interrupted');
    await page.locator('.answer .problem').waitFor();
    const stored = await world.storedAnswer();
    assert.equal(stored.state, 'interrupted');
    assertCounting(await counted(page));
    assert.ok((await counted(page)).length >= saved.length, 'text was lost');
    assert.deepEqual(words(await answerText(page)), words(stored.text));

    await page.reload();
    await ended(page);
    assert.deepEqual(words(await answerText(page)), words(stored.text));
    assert.equal(await answer(page).locator('.state-word').textContent(), 'Interrupted');

    await hydrated(page);
    await button(page, 'Try again').click();
    await countedTo(page, 20);
    await button(page, 'Stop').click();
    await ended(page);
    assertCounting(await counted(page));
  },
);
