// The official OpenAI clients, unmodified, with Rivulet as their server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { scenario } from '../support/scenario.mjs';

const weather = [{ name: 'weather', arguments: { city: 'Oslo' } }];
const scripts = {
  plain: { text: 'One two three' },
  tools: { tool_calls: weather },
  down: { fault: { kind: 'status', status: 503 } },
  limited: { fault: { kind: 'status', status: 429, retry_after: 600 } },
  // Tool calls that broke off cannot be continued.
  broken: { tool_calls: weather, fault: { kind: 'cut', after_tokens: 2 } },
  endless: { tokens: 1_000_000, tokens_per_second: 50 },
};
const messages = [{ role: 'user', content: 'Hi' }];
const client = ({ url }) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: 'unused', maxRetries: 0 });

scenario('the Node client asks, streams and calls tools', { scripts }, async ({ server }) => {
  const openai = client(server);
  const models = [];
  for await (const model of openai.models.list()) models.push(model.id);
  assert.ok(models.includes('openai/plain'), models.join());

  const whole = await openai.chat.completions.create({ model: 'openai/plain', messages });
  assert.equal(whole.choices[0].message.content, 'One two three');
  assert.equal(whole.usage.completion_tokens, 3);

  const stream = openai.chat.completions.stream({
    model: 'openai/tools',
    messages,
    tools: [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }],
    stream_options: { include_usage: true },
  });
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices[0].finish_reason, 'tool_calls');
  const [call] = completion.choices[0].message.tool_calls;
  assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Oslo' });
  assert.ok(completion.usage.completion_tokens > 0);
});

scenario('the Node client sees fallbacks and failures', { scripts }, async ({ server }) => {
  const openai = client(server);
  const { data, response } = await openai.chat.completions
    .create({ model: 'openai/down', messages, fallbacks: ['openai/plain'] })
    .withResponse();
  assert.equal(response.headers.get('x-rivulet-model'), 'openai/plain');
  assert.equal(data.rivulet.fallbacks, 1);

  const limited = openai.chat.completions.create({
    model: 'openai/limited',
    messages,
    fallbacks: [],
  });
  await assert.rejects(limited, OpenAI.RateLimitError);
  const unknown = openai.chat.completions.create({ model: 'nowhere/x', messages });
  await assert.rejects(unknown, OpenAI.NotFoundError);

  const broken = await openai.chat.completions.create({
    model: 'openai/broken',
    messages,
    stream: true,
    fallbacks: [],
  });
  await assert.rejects(async () => {
    for await (const _ of broken);
  }, OpenAI.APIError);
});

scenario('an aborted call is closed upstream', { scripts }, async ({ server, simulator }) => {
  const stream = await client(server).chat.completions.create({
    model: 'openai/endless',
    messages,
    stream: true,
  });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta.content) break;
  }
  stream.controller.abort();
  const deadline = Date.now() + 10_000;
  while ((await simulator.stats()).open > 0) {
    assert.ok(Date.now() < deadline, 'the upstream stays open');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
});

scenario('the Python client is content', { scripts }, async ({ server }) => {
  const script = path.join(import.meta.dirname, '..', 'clients', 'openai_client.py');
  const { stdout } = await promisify(execFile)(
    process.env.PYTHON ?? 'python3',
    [script, `${server.url}/v1`],
    { timeout: 60_000 },
  );
  assert.match(stdout, /is content/);
});
