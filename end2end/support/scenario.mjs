// How a browser test is written down.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PATIENCE_MS } from './page.mjs';
import { quit, World } from './world.mjs';

/**
 * A test with a server and a page of its own. It fails when a page writes an
 * error or a warning to the console (hydration warnings are such), throws, or
 * asks another host for anything. The options are those of `World`, or of the
 * world given.
 */
export function scenario(name, options, body, kind = World) {
  test(name, { timeout: 5 * PATIENCE_MS }, async () => {
    const world = await kind.begin(options);
    try {
      await body(world);
      assert.deepEqual(world.complaints, []);
    } catch (error) {
      await world.keepEvidence(name);
      throw error;
    } finally {
      await world.end();
    }
  });
}

after(quit);
