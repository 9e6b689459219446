// The same world in Firefox: the one a system has, which Puppeteer drives by
// the standard protocol, WebDriver BiDi. Playwright drives only a build of its
// own.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { drawnText, eventually, PATIENCE_MS, words } from './page.mjs';
import { scenario } from './scenario.mjs';
import { required, World } from './world.mjs';

/** By colour scheme: Firefox takes it as a setting of the whole browser. */
const browsers = new Map();

/** What the setting calls each colour scheme. */
const SCHEMES = { dark: 0, light: 1 };

async function launch(colorScheme) {
  if (!browsers.has(colorScheme)) {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: required('FIREFOX'),
      headless: true,
      extraPrefsFirefox: {
        'layout.css.prefers-color-scheme.content-override': SCHEMES[colorScheme],
      },
    });
    browsers.set(colorScheme, browser);
  }
  return browsers.get(colorScheme);
}

/** As `World`; of the browser's options it knows `viewport` and `colorScheme`. */
export class FirefoxWorld extends World {
  #viewport;
  #contexts = [];

  async newContext({ viewport = { width: 1280, height: 800 }, colorScheme = 'light' } = {}) {
    this.#viewport = viewport;
    const context = await (await launch(colorScheme)).createBrowserContext();
    this.#contexts.push(context);
    return context;
  }

  async newPage() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.setViewport(this.#viewport);
    this.watch(page);
    return page;
  }

  /** Opens one of our pages and waits until it reacts to keys and clicks. */
  async visit(at = '/') {
    await this.page.goto(new URL(at, this.origin).href);
    await this.page.waitForSelector('body[data-hydrated]');
  }

  async end() {
    for (const context of this.#contexts) {
      await context.close();
    }
    await super.end();
  }
}

/** As `scenario`, in Firefox; skipped where there is none. */
export function firefoxScenario(name, options, body) {
  if (process.env.FIREFOX) {
    scenario(name, options, body, FirefoxWorld);
  } else {
    test(name, { skip: 'no Firefox: set FIREFOX to the path of its program' });
  }
}

/** What a selector finds, how often. */
export async function count(page, selector) {
  return (await page.$$(selector)).length;
}

/** The text of what a selector finds last. */
export async function textOf(page, selector) {
  const texts = await page.$$eval(selector, (all) => all.map((one) => one.textContent.trim()));
  assert.ok(texts.length > 0, `there is no ${selector}`);
  return texts.at(-1);
}

/** Writes into the box and presses Enter. */
export async function ask(page, text) {
  await page.focus('#composer');
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

/** Waits until so many answers are shown and none is being written. */
export async function ended(page, answers = 1) {
  await eventually(async () => {
    assert.equal(await count(page, '.answer-foot'), answers);
    assert.equal(await count(page, '.stop:not(.absent)'), 0);
  });
}

/** The words of the answer shown last; none where there is no answer. */
export async function answerWords(page) {
  const drawn = (await page.$$('.answer .markdown')).at(-1);
  return words((await drawn?.evaluate(drawnText)) ?? '');
}

/** The numbers that the last answer has counted to. */
export async function counted(page) {
  return (await answerWords(page)).filter((word) => /^\d+$/.test(word)).map(Number);
}

/** Waits until the last answer has counted at least that far. */
export async function countedTo(page, number) {
  return eventually(async () => {
    const numbers = await counted(page);
    assert.ok(numbers.length >= number, `${numbers.length} numbers, not yet ${number}`);
    return numbers;
  });
}

after(async () => {
  for (const browser of browsers.values()) {
    await browser.close();
  }
});
