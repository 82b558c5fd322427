/*
 * kit: a real gateway, a real browser, and results as the other tests print them. Servers listen on loopback at free
 * ports; whatever was started is stopped at the end, however it comes.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const here = createRequire(new URL('../../../web-ui/package.json', import.meta.url));
const { chromium } = here('playwright-core');
export const axeSource = readFileSync(here.resolve('axe-core/axe.min.js'), 'utf8');

const bin = process.env.GW_BIN_DIR;
const root = process.env.GW_TEST_ROOT ?? '/var/tmp';
export const PATIENCE = 60_000; // for what must come; nothing passes because time went by

/* ── results ── */

let failed = 0;
let shoot = null; // takes a picture of what is on the screen, for GW_PAGE_SHOTS
export const shootBy = (take) => (shoot = take);
export async function test(name, run) {
  try {
    await run();
    console.log(`ok - page: ${name}`);
  } catch (error) {
    failed++;
    if (process.env.GW_PAGE_SHOTS) await shoot?.(join(process.env.GW_PAGE_SHOTS, `failed-${failed}.png`)).catch(() => {});
    console.log(`# ${String(error.stack ?? error).replaceAll('\n', '\n# ')}`);
    console.log(`not ok - page: ${name}`);
  }
}
export const failures = () => failed;

/* ── what runs ── */

const children = [];
export const dir = mkdtempSync(join(root, 'page.'));

export function program(name, args, options = {}) {
  const child = spawn(join(bin, name), args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  let said = '';
  child.stdout.on('data', (data) => (said += data));
  child.stderr.on('data', (data) => (said += data));
  child.said = () => said;
  child.ended = new Promise((resolve) => child.once('exit', resolve));
  children.push(child);
  return child;
}

export async function stop(child) {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  await child.ended;
}

export async function stopAll() {
  for (const child of [...children].reverse()) await stop(child);
  rmSync(dir, { recursive: true, force: true });
}

export async function until(what, ask) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`it did not come to be: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export class Gateway {
  state = join(dir, 'state');
  socket = join(this.state, 'run/admin/admin.sock');

  async start() {
    if (!this.port) {
      mkdirSync(this.state, { mode: 0o755 });
      execFileSync('chmod', ['755', dir, this.state]);
      writeFileSync(
        join(this.state, 'gatehouse.toml'),
        ['[gateway]', 'names = ["localhost"]', '[operators]', 'port = 0', '[devices]', 'port = 0', '[mqtt]', 'port = 0', ''].join('\n'),
        { mode: 0o644 },
      );
    }
    this.child = program('gatehoused', ['--config', join(this.state, 'gatehouse.toml'), '--state', this.state]);
    await until('the gateway answers', () => {
      if (this.child.exitCode !== null) throw new Error(`the gateway ended: ${this.child.said()}`);
      try {
        return this.cli('status');
      } catch {
        return false;
      }
    });
    this.status = JSON.parse(this.cli('--json', 'status'));
    this.port = this.status.port_operators;
    this.url = `https://localhost:${this.port}`;
  }

  /* SIGKILL to a child of the supervisor, which starts it again. */
  kill(name) {
    const pid = Number(execFileSync('pgrep', ['-P', String(this.child.pid), '-x', name], { encoding: 'utf8' }));
    process.kill(pid, 'SIGKILL');
  }

  cli(...args) {
    return execFileSync(join(bin, 'gatehouse'), ['--socket', this.socket, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

/* ── the browser ── */

/* What the browser says of an answer that is an error is no fault of the page: the sign-in asks who it is first. */
const expected = /^Failed to load resource: (the server responded with a status of (400|401|403|404|409|413|429|503)|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|ABORTED|CONNECTION_CLOSED))|^WebSocket connection to 'wss:\/\/localhost:/;

export class Browser {
  troubles = [];

  async start() {
    this.browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
    });
  }

  /* A person of their own: cookies are not shared. */
  async person(options = {}) {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1360, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', ...options });
    context.setDefaultTimeout(PATIENCE);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' && !expected.test(message.text())) this.troubles.push(`console: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.troubles.push(`error: ${error.stack}`));
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
    });
    return page;
  }

  async stop() {
    await this.browser?.close();
  }
}

export async function signIn(page, gateway, name, password) {
  await page.goto(gateway.url);
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}
