/*
 * watch: somebody who has the rollouts page open while test_rollouts.c kills what it likes. Signs in once, opens the
 * rollouts, clicks the first one as soon as it is there, then the second. After that sign-in nothing is loaded or
 * reached by its URL again; when a restarted daemon has ended the session, it signs in over the page that stays.
 *
 *     node watch.mjs URL NAME      the password is in GW_WATCH_PASSWORD
 *
 * Every state that the page shows is a line as it comes ("page: r-1 holding"; "page: signed in 2"). The last line is
 * JSON: what was shown of each rollout and its waves, and whether the page is still the one that was loaded.
 */
import { randomUUID } from 'node:crypto';
import { text } from '../../../web-ui/src/lib/text.ts';
import { Browser, signIn, stopAll } from '../page/kit.mjs';

const [url, name] = process.argv.slice(2);
const password = process.env.GW_WATCH_PASSWORD;
const browser = new Browser();
const say = (line) => console.log(`page: ${line}`);

/* ── what the page shows, noted within it at every change ── */

function observe({ words, token }) {
  const wordOf = (table, shown) => Object.keys(table).find((key) => table[key] === shown);
  const counts = (bar) => {
    const sums = {};
    for (const one of (bar?.getAttribute('aria-label') ?? '').split(', ')) {
      const [, n, word] = /^([\d,]+) (.+)$/.exec(one) ?? [];
      if (word) sums[wordOf(words.part, word)] = Number(n.replaceAll(',', ''));
    }
    return sums;
  };
  const rollouts = {};
  const note = (list, state) => {
    if (state && list.at(-1) !== state) list.push(state);
    return list.at(-1);
  };
  const rollout = (id, shown) => {
    const state = wordOf(words.state, shown);
    const one = (rollouts[id] ??= { id, states: [], waves: [], holds: [] });
    const before = one.states.at(-1);
    if (note(one.states, state) !== before) void window.told(id, state);
    return one;
  };
  const wave = (item, seen) => {
    const shown = item.querySelector('h3 span')?.textContent ?? '';
    note(seen.states, Object.keys(words.waveState).find((key) => shown.startsWith(words.waveState[key])));
    const [there, back] = item.querySelectorAll(':scope > svg[role=img]');
    Object.assign(seen, { counts: counts(there), back: counts(back) });
  };
  const inList = (main) => {
    for (const link of main.querySelectorAll('li a[href^="/rollouts/"]')) rollout(link.getAttribute('href').slice(10), link.closest('li').querySelector(':scope > span').textContent.trim());
  };
  const alone = (main, id) => {
    const badge = main.querySelector('.head > .row > h1 + span');
    if (!badge) return;
    const one = rollout(id, badge.textContent.trim());
    one.counts = counts(main.querySelector('section.card > svg[role=img]'));
    note(one.holds, main.querySelector('section.hold p')?.textContent);
    main.querySelectorAll('ol > li').forEach((item, n) => wave(item, (one.waves[n] ??= { states: [] })));
  };
  const look = () => {
    const main = document.getElementById('main');
    const [, place, id] = location.pathname.split('/');
    if (!main || place !== 'rollouts') return;
    if (id) alone(main, id);
    else inList(main);
  };
  window.watch = { token, origin: performance.timeOrigin, rollouts };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  look();
}

/* ── the person ── */

const ids = []; // of the rollouts, in the order in which the page came to show them
const facts = new Set();
const waiting = new Map();
const until = (fact) => (facts.has(fact) ? Promise.resolve() : new Promise((resolve) => waiting.set(fact, resolve)));
function hold(fact) {
  facts.add(fact);
  waiting.get(fact)?.();
}
function told(id, state) {
  say(`${id} ${state}`);
  if (!ids.includes(id)) hold(`rollout ${ids.push(id)}`);
  hold(`${id} ${state}`);
}

let signins = 0;
const signedIn = () => say(`signed in ${++signins}`);

/* Signs in over the page whenever it asks, and again when the gateway that was asked is killed meanwhile. */
async function staySignedIn(page) {
  const again = page.getByRole('dialog').filter({ hasText: text.signIn.again });
  const refused = again.getByRole('alert');
  for (;;) {
    await again.waitFor({ timeout: 0 });
    while (await again.isVisible()) {
      await again.getByLabel(text.signIn.password).fill(password);
      await again.getByRole('button', { name: text.signIn.verb }).click();
      await Promise.race([again.waitFor({ state: 'hidden', timeout: 0 }), refused.waitFor({ timeout: 0 })]);
      if (await refused.isVisible()) await new Promise((resolve) => setTimeout(resolve, 250)); // nobody types faster
    }
    signedIn();
  }
}

/* The n-th rollout: opened by a click when the list shows it, watched to its end. */
async function follow(page, n, end) {
  await page.getByRole('navigation').getByRole('link', { name: text.nav.rollouts }).click({ timeout: 0 });
  say(`waits for rollout ${n}`);
  await until(`rollout ${n}`);
  await page.locator(`main a[href="/rollouts/${ids[n - 1]}"]`).click({ timeout: 0 });
  await until(`${ids[n - 1]} ${end}`);
}

async function run(page) {
  const token = randomUUID();
  let loads = 0;
  page.on('request', (request) => (loads += request.isNavigationRequest() ? 1 : 0));
  await signIn(page, { url }, name, password);
  signedIn();
  await page.exposeFunction('told', told);
  await page.evaluate(observe, { token, words: { state: text.rollout.state, part: text.rollout.part, waveState: text.rollout.waveState } });
  staySignedIn(page).catch((error) => facts.has('the end') || fail(error));
  await follow(page, 1, 'finished');
  await follow(page, 2, 'rolled_back');
  hold('the end');
  const { watch, navigations, origin } = await page.evaluate(() => ({
    watch: window.watch, navigations: performance.getEntriesByType('navigation').length, origin: performance.timeOrigin,
  }));
  const kept = watch?.token === token && watch.origin === origin;
  return { loads, navigations, kept, signins, rollouts: ids.map((id) => watch.rollouts[id]), troubles: browser.troubles };
}

function fail(error) {
  console.log(error.stack);
  for (const trouble of browser.troubles) console.log(trouble);
  process.exit(1);
}

try {
  await browser.start();
  console.log(JSON.stringify(await run(await browser.person())));
} catch (error) {
  fail(error);
} finally {
  await browser.stop();
  await stopAll();
}
