/*
 * The page in a real browser against the shipped gateway, agent and fleet: what people do in their first hour, the roles,
 * and what happens when the session or the gateway goes. A breach of the content security policy, an error on the
 * console or an uncaught one fails the run. Nothing here loads the page again unless it says so.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { axeSource, Browser, dir, failures, Gateway, program, shootBy, signIn, stop, stopAll, test, until } from './kit.mjs';

const PASSWORD = 'correct horse battery';
const gateway = new Gateway();
const browser = new Browser();
let ann; // the admin's page

const heading = (page, name) => page.getByRole('heading', { name, exact: true, level: 1 });
const go = (page, name) => page.getByRole('navigation').getByRole('link', { name }).click();
const button = (page, name) => page.getByRole('button', { name, exact: true });
const dialog = (page) => page.getByRole('dialog');
const notice = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
const grid = (page, id) => page.getByRole('grid').getByRole('row').filter({ has: page.getByText(id, { exact: true }) });

/* A reference agent. `more` is appended to its configuration. */
function agent(name, more) {
  const base = join(dir, name);
  mkdirSync(base);
  const config = join(base, 'agent.toml');
  writeFileSync(config, more);
  return program('gatehouse-agent', ['--config', config, '--state', join(base, 'state')]);
}

function sign(vendor, version, counter, product) {
  const base = join(dir, `release-${product}-${version}-${vendor}`);
  mkdirSync(base);
  writeFileSync(join(base, 'fw.bin'), randomBytes(20_000));
  writeFileSync(
    join(base, 'manifest.json'),
    JSON.stringify({
      product, version, release_counter: counter, security_floor: 0, channel: 'stable', hardware: ['simulated'],
      artifacts: [{ name: 'fw.bin', format: 'raw' }], expires_at: '2099-01-01T00:00:00Z',
    }),
  );
  const tar = join(base, 'release.tar');
  gateway.cli('release', 'sign', '--manifest', join(base, 'manifest.json'), '--key', join(dir, `${vendor}.key`), '--out', tar, join(base, 'fw.bin'));
  return tar;
}

async function importing(page, tar) {
  await go(page, 'Releases');
  await button(page, 'Import a release').click();
  await dialog(page).getByLabel('File').setInputFiles(tar);
  await dialog(page).getByRole('button', { name: 'Import a release' }).click();
}

/* Starting asks first, and says whom it reaches. */
async function started(page) {
  await button(page, 'Start').click();
  await dialog(page).getByText(/of wave 1 (is|are) offered/).waitFor();
  await dialog(page).getByRole('button', { name: 'Start' }).click();
}

async function setUp() {
  await test('before the claim nothing but the set-up answers', async () => {
    ann = await browser.person();
    shootBy((path) => ann.screenshot({ path }));
    await ann.goto(`${gateway.url}/devices`);
    await heading(ann, 'Set up this gateway').waitFor();
    const code = await ann.evaluate(() => fetch('/api/v1/status').then((answer) => answer.status));
    assert.ok(code === 401 || code === 403, `status ${code}`);
  });

  await test('files are served with the headers that confine the page', async () => {
    const index = await ann.request.get(gateway.url);
    assert.equal(index.headers()['cache-control'], 'no-store');
    assert.equal(index.headers()['content-type'], 'text/html; charset=utf-8');
    const policy = index.headers()['content-security-policy'];
    for (const part of ["default-src 'self'", "base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'", "form-action 'self'", "require-trusted-types-for 'script'"])
      assert.ok(policy.includes(part), part);
    assert.equal(index.headers()['x-content-type-options'], 'nosniff');
    assert.equal(index.headers()['referrer-policy'], 'no-referrer');
    assert.equal(index.headers()['cross-origin-opener-policy'], 'same-origin');
    assert.match(index.headers()['permissions-policy'], /camera=\(\)/);
    const script = gateway.url + /src="([^"]+)"/.exec(await index.text())[1];
    const first = await ann.request.get(script);
    assert.match(first.headers()['cache-control'], /immutable/);
    assert.equal(first.headers()['content-type'], 'text/javascript; charset=utf-8');
    const etag = first.headers()['etag'];
    assert.equal((await ann.request.get(script, { headers: { 'If-None-Match': etag } })).status(), 304);
    const head = await ann.request.head(script);
    assert.equal(head.headers()['etag'], etag);
    assert.equal((await head.body()).length, 0);
    for (const path of ['/assets/index-0.js', '/nowhere', '/devices/a/b', '/index.html']) assert.equal((await ann.request.get(gateway.url + path)).status(), 404, path);
    assert.equal((await ann.request.post(`${gateway.url}/devices`)).status(), 405);
  });

  await test('the set-up shows the server key that the claim code came with, and refuses a wrong code', async () => {
    const said = gateway.cli('claim', '--stdout');
    const key = /[0-9a-f]{64}/.exec(said)[0];
    const code = /[a-z2-7]{4}(-[a-z2-7]{4}){3}/.exec(said)[0];
    const shown = (await ann.locator('.groups').textContent()).replaceAll(/\s/g, '');
    assert.equal(shown, key);
    await ann.getByLabel('Claim code').fill('aaaa-aaaa-aaaa-aaaa');
    await ann.getByLabel('Your name').fill('ann');
    await ann.getByLabel('Password').fill(PASSWORD);
    await ann.getByLabel('The same once more').fill(PASSWORD);
    await button(ann, 'Claim the gateway').click();
    await ann.getByRole('alert').waitFor();
    await ann.getByLabel('Claim code').fill(code);
    await until('the wait after a wrong code is over', async () => {
      if (await button(ann, 'Claim the gateway').isEnabled({ timeout: 1000 }).catch(() => false)) await button(ann, 'Claim the gateway').click();
      return (await heading(ann, 'Overview').count()) === 1;
    });
    await ann.evaluate(() => (window.kept = 'since the claim'));
  });
}

/* Ends with the agent of pump-1. */
async function enrolling() {
  let pump;

  await test('an invitation is shown once, and the agent that uses it appears by itself', async () => {
    await go(ann, 'Devices');
    await ann.getByText('No devices yet.').waitFor();
    await button(ann, 'Invite').click();
    await dialog(ann).getByLabel('Id').fill('pump-1');
    await dialog(ann).getByLabel('Name (may be empty)').fill('Pump of hall 1');
    await dialog(ann).getByRole('button', { name: 'Invite' }).click();
    await dialog(ann).getByRole('img', { name: 'The invitation as a QR code' }).waitFor();
    const line = await dialog(ann).locator('code').textContent();
    assert.match(line, /^gw1\.localhost:\d+\.pump-1\./);
    const file = join(dir, 'invitation');
    writeFileSync(file, line);
    await grid(ann, 'pump-1').filter({ hasText: 'Invited' }).waitFor();
    await dialog(ann).getByRole('button', { name: 'Done' }).click();
    pump = agent('pump-1', `invitation = "${file}"\n[gateway]\nmqtt_port = ${gateway.status.port_mqtt}\n[device]\nproduct = "pump"\nhardware = "rev-b"\nrelease = "1.4.2"\n[log]\ninput = "stdin"\n`);
    await grid(ann, 'pump-1').filter({ hasText: 'Active' }).filter({ hasText: 'Online' }).waitFor();
    await grid(ann, 'pump-1').filter({ hasText: '1.4.2' }).waitFor();
    const secret = line.split('.').at(-2);
    assert.equal(secret.length, 26);
    assert.ok(!(await ann.content()).includes(secret), 'the page keeps it');
    const device = await ann.evaluate(() => fetch('/api/v1/devices/pump-1').then((answer) => answer.text()));
    assert.ok(device.includes('pump-1') && !device.includes(secret), 'it can be read again');
  });

  await test('one that knocks is approved by the fingerprint of its key', async () => {
    await button(ann, 'Open the door').click();
    await dialog(ann).getByRole('button', { name: 'Open the door' }).click();
    await button(ann, 'Close the door').waitFor();
    const root = execFileSync('sh', ['-c', `openssl x509 -in "${gateway.state}/web/ca.crt" -pubkey -noout | openssl pkey -pubin -outform DER | sha256sum | cut -c1-64`], { encoding: 'utf8' }).trim();
    agent('valve-1', `[gateway]\nhost = "localhost"\nhttps_port = ${gateway.status.port_devices}\nmqtt_port = ${gateway.status.port_mqtt}\nca_sha256 = "${root}"\n[device]\nid = "valve-1"\n`);
    const card = ann.getByRole('region', { name: 'Waiting for approval' });
    await card.getByText('valve-1').waitFor();
    const fingerprint = await card.locator('.groups').textContent();
    assert.equal(await card.getByText('More than one key asks for this id').count(), 0);
    await card.getByRole('button', { name: 'Approve' }).click();
    assert.ok((await dialog(ann).textContent()).replaceAll(' ', '').includes(fingerprint.replaceAll(/\s/g, '')));
    await dialog(ann).getByRole('button', { name: 'Approve' }).click();
    await grid(ann, 'valve-1').filter({ hasText: 'Online' }).waitFor();
    await until('what has come does not wait any more', async () => (await card.count()) === 0);
  });

  await test('two keys that ask for one id are told apart, and both are rejected only after a question', async () => {
    const config = readFileSync(join(dir, 'valve-1', 'agent.toml'), 'utf8').replace('"valve-1"', '"valve-2"');
    for (const name of ['valve-2', 'false-valve-2']) agent(name, config);
    const card = ann.getByRole('region', { name: 'Waiting for approval' });
    await until('both warn of the other', async () => (await card.getByText('More than one key asks for this id').count()) === 2);
    await card.getByRole('button', { name: 'Reject' }).first().click();
    await dialog(ann).getByRole('heading', { name: 'Reject valve-2?' }).waitFor();
    await dialog(ann).getByRole('button', { name: 'Reject' }).click();
    await notice(ann, 'valve-2 was rejected.');
    await until('neither waits any more', async () => (await card.count()) === 0);
    await button(ann, 'Close the door').click();
    await button(ann, 'Open the door').waitFor();
  });
  return pump;
}

async function listing() {
  await test('the filter is in the address, is the gateway’s to read, and the facets set it', async () => {
    await button(ann, 'Quarantined 0').click();
    await ann.getByText('No device matches the filter.').waitFor();
    assert.match(ann.url(), /\?q=state%3Aquarantined$/);
    await ann.getByRole('searchbox').or(ann.getByLabel('Filter devices')).first().fill('name:"hall 1');
    await ann.getByText(/quote/i).first().waitFor();
    await ann.getByLabel('Filter devices').fill('"hall 1"');
    await grid(ann, 'pump-1').waitFor();
    await until('the other is filtered out', async () => (await grid(ann, 'valve-1').count()) === 0);
    await ann.getByRole('button', { name: 'Clear filter' }).click();
    await grid(ann, 'valve-1').waitFor();
  });

  await test('the list is walked by keys', async () => {
    await grid(ann, 'pump-1').focus();
    await ann.keyboard.press('ArrowDown');
    await until('the next row has the focus', () => ann.evaluate(() => document.activeElement?.textContent.includes('valve-1')));
    await ann.keyboard.press('Home');
    await until('the first row has the focus', () => ann.evaluate(() => document.activeElement?.textContent.includes('pump-1')));
    await ann.keyboard.press('Enter');
    await heading(ann, 'pump-1').waitFor();
  });
}

async function tailing(pump) {
  await test('what a device writes is in its tail', async () => {
    pump.stdin.write('{"cls":"cfg.change","sev":4,"msg":"cover opened by hand"}\n');
    await ann.getByRole('region', { name: 'Events, the newest first' }).getByText('cover opened by hand').waitFor();
    await ann.getByRole('heading', { name: '1 open alert' }).waitFor();
    await ann.getByRole('link', { name: 'The whole log' }).click();
    await heading(ann, 'Log').waitFor();
    assert.match(ann.url(), /\?device=pump-1$/);
    await ann.getByText('cover opened by hand').waitFor();
  });

  await test('a paused tail stands still and counts; a value that is clicked becomes a filter', async () => {
    await button(ann, 'Pause').click();
    pump.stdin.write('{"cls":"net.listen_open","sev":3,"msg":"port 23 is open"}\n');
    await button(ann, '1 new').click();
    await ann.getByText('port 23 is open').waitFor();
    await ann.getByRole('button', { name: 'cfg.change', exact: true }).click();
    await until('only the other event is left', async () => (await ann.getByText('port 23 is open').count()) === 0);
    await ann.getByText('cover opened by hand').waitFor();
    assert.match(ann.url(), /text=cfg\.change/);
    await ann.getByRole('button', { name: 'Show the event as it is stored' }).click();
    await ann.getByRole('link', { name: 'This event among its neighbours' }).click();
    await ann.getByText('port 23 is open').waitFor();
    assert.match(ann.url(), /at=dev/);
  });
}

async function cutting() {
  await test('quarantine, its end and revocation are in force when the page says so', async () => {
    await go(ann, 'Devices');
    await grid(ann, 'pump-1').getByRole('link').click();
    await heading(ann, 'pump-1').waitFor();
    await button(ann, 'Quarantine').click();
    await dialog(ann).getByRole('button', { name: 'Quarantine' }).click();
    await ann.getByText('Quarantined', { exact: true }).waitFor();
    assert.match(gateway.cli('device', 'show', 'pump-1'), /quarantined/);
    await button(ann, 'End the quarantine').click();
    await notice(ann, 'pump-1 is released.');
    await button(ann, 'Revoke').click();
    const revoke = dialog(ann).getByRole('button', { name: 'Revoke' });
    assert.equal(await revoke.isDisabled(), true, 'its name must be typed first');
    await dialog(ann).getByLabel('Type pump-1 to confirm').fill('pump-1');
    await revoke.click();
    await ann.getByText('Revoked', { exact: true }).waitFor();
    assert.match(gateway.cli('device', 'show', 'pump-1'), /revoked/);
    await until('it is cut', async () => (await ann.getByText('Online', { exact: true }).count()) === 0);
  });
}

async function releases() {
  for (const name of ['acme', 'eve']) gateway.cli('release', 'keygen', '--out', join(dir, `${name}.key`));
  const tar = sign('acme', '2.0.0', 2, 'gatehouse-fleet');

  await test('a vendor’s key is added after its fingerprint was compared', async () => {
    await go(ann, 'Releases');
    await button(ann, 'Add a key').click();
    await dialog(ann).getByLabel('Name').fill('Acme');
    await dialog(ann).getByLabel('Public key from a file').setInputFiles(join(dir, 'acme.pub'));
    const der = execFileSync('openssl', ['pkey', '-pubin', '-in', join(dir, 'acme.pub'), '-outform', 'DER']);
    const keyid = Buffer.from(await crypto.subtle.digest('SHA-256', der)).toString('hex');
    await until('the fingerprint is shown', async () => (await dialog(ann).locator('.groups').count()) === 1);
    assert.equal((await dialog(ann).locator('.groups').textContent()).replaceAll(/\s/g, ''), keyid);
    const add = dialog(ann).getByRole('button', { name: 'Add a key' });
    assert.equal(await add.isDisabled(), true);
    await dialog(ann).getByRole('checkbox').check();
    await add.click();
    await notice(ann, 'The key of Acme is trusted.');
  });

  await test('a release that is not signed by a trusted key is refused, and the check is named', async () => {
    await importing(ann, sign('eve', '2.0.0', 2, 'gatehouse-fleet'));
    await dialog(ann).getByText('Refused by the check “signature”').waitFor();
    await dialog(ann).getByRole('button', { name: 'Cancel' }).click();
  });

  await test('a signed release is imported, shown and verified', async () => {
    await importing(ann, tar);
    await heading(ann, 'gatehouse-fleet 2.0.0').waitFor();
    await ann.getByText('fw.bin').first().waitFor();
    await button(ann, 'Verify').click();
    await notice(ann, 'All stored files are what was signed.');
  });
}

async function rollouts() {
  let fleet;
  await test('a fleet that enrols is counted on the overview by itself', async () => {
    await go(ann, 'Overview');
    fleet = program('gatehouse-fleet', [
      '--devices', '6', '--name', 'sim', '--gateway', `localhost:${gateway.status.port_devices}`, '--mqtt-port', String(gateway.status.port_mqtt),
      '--admin-socket', gateway.socket, '--state', join(dir, 'fleet'), '--logs-per-second', '6', '--figures', '0', '--install-ms', '200',
      '--reboot-ms', '200', '--vendor-key', join(dir, 'acme.pub'),
    ]);
    await ann.getByRole('link', { name: /^Online 7/ }).waitFor();
  });

  await test('the overview draws how fast events come in', async () => {
    const chart = ann.getByRole('img', { name: /^[\d.,]+ a second$/ });
    await chart.waitFor();
    await until('the chart has a line', () =>
      chart.locator('canvas').evaluate((canvas) => {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        const colours = new Set();
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 0) colours.add(`${data[at]} ${data[at + 1]} ${data[at + 2]}`);
        const box = canvas.closest('.chart');
        const accent = /\d+, \d+, \d+/.exec(getComputedStyle(box.querySelector('.accent')).color)?.[0].replaceAll(',', '');
        return colours.has(accent);
      }),
    );
  });

  await test('a rollout is planned with a preview and goes through its waves live', async () => {
    await go(ann, 'Rollouts');
    await ann.getByRole('link', { name: 'New rollout' }).click();
    await heading(ann, 'New rollout').waitFor();
    await ann.getByLabel('Name (may be empty)').fill('First light');
    await ann.getByRole('button', { name: 'Remove wave 2' }).click();
    const first = ann.getByRole('group', { name: 'Wave 1' });
    await first.getByLabel('Percent').fill('34');
    for (const name of ['Wave 1', 'Wave 2']) await ann.getByRole('group', { name }).getByLabel('Soak time, minutes').fill('0');
    await ann.getByLabel('Confirm time, minutes').fill('0.02');
    await button(ann, 'Preview').click();
    await ann.getByText('It would reach 6 devices').waitFor();
    await button(ann, 'Make the draft').click();
    await heading(ann, 'First light').waitFor();
    await started(ann);
    await ann.getByText('Finished', { exact: true }).waitFor();
    await ann.getByText('6 ok', { exact: true }).first().waitFor();
    await ann.getByText('All waves are through. 6 devices have 2.0.0 now').waitFor();
    await ann.getByRole('button', { name: 'Ok 6' }).click();
    await ann.getByRole('cell', { name: 'sim-00001' }).getByRole('link').click();
    await heading(ann, 'sim-00001').waitFor();
    await ann.getByRole('link', { name: '2.0.0' }).first().waitFor();
  });
  return fleet;
}

async function plans() {
  await test('a wave takes those that fit a query, and a wrong one is told', async () => {
    await importing(ann, sign('acme', '3.0.0', 3, 'gatehouse-fleet'));
    await heading(ann, 'gatehouse-fleet 3.0.0').waitFor();
    await ann.getByRole('link', { name: 'New rollout' }).click();
    const first = ann.getByRole('group', { name: 'Wave 1' });
    await first.getByLabel('Who').selectOption('query');
    await first.getByLabel('Query, asked once').fill('id:"sim-00001');
    await button(ann, 'Preview').click();
    await ann.getByText('wave 1: query: a quote is not closed (at byte 14 of the query)').waitFor();
    await first.getByLabel('Query, asked once').fill('id:sim-00001');
    await button(ann, 'Preview').click();
    await ann.getByText('Wave 1: 1 device', { exact: true }).waitFor();
    await button(ann, 'Make the draft').click();
    await ann.getByText('id:sim-00001', { exact: true }).waitFor();
    await button(ann, 'Abort').click();
    await dialog(ann).getByLabel('Reason, for the audit log').fill('only to look');
    await dialog(ann).getByRole('button', { name: 'Abort' }).click();
    await ann.getByText('Aborted', { exact: true }).waitFor();
  });

  await test('what was typed into a wave stays with it when one before it is removed', async () => {
    await go(ann, 'Rollouts');
    await ann.getByRole('link', { name: 'New rollout' }).click();
    for (const [name, id] of [['Wave 1', 'sim-00002'], ['Wave 2', 'sim-00003']]) {
      const wave = ann.getByRole('group', { name });
      await wave.getByLabel('Who').selectOption('list');
      await wave.getByLabel('Device ids').fill(id);
    }
    await ann.getByRole('button', { name: 'Remove wave 1' }).click();
    assert.equal(await ann.getByRole('group', { name: 'Wave 1' }).getByLabel('Device ids').inputValue(), 'sim-00003');
    await button(ann, 'Preview').click();
    await ann.getByText('Wave 1: 1 device', { exact: true }).waitFor();
  });

  await test('a rollout is paused, resumed and, for a reason, aborted', async () => {
    await go(ann, 'Rollouts');
    await ann.getByRole('link', { name: 'New rollout' }).click();
    await ann.getByRole('button', { name: 'Preview' }).click();
    await button(ann, 'Make the draft').click();
    await ann.getByText('Nothing is offered yet. Once you start it, wave 1 gets').waitFor();
    await started(ann);
    await button(ann, 'Pause').first().click();
    await ann.getByText('Paused: nothing new is offered until you resume.').waitFor();
    await ann.getByText('Paused', { exact: true }).waitFor();
    await button(ann, 'Resume').click();
    await ann.getByText('Running', { exact: true }).waitFor();
    await button(ann, 'Abort').click();
    await dialog(ann).getByText(/\d+ devices? (has|have) 3\.0\.0 now\./).waitFor();
    await dialog(ann).getByLabel('Reason, for the audit log').fill('only a rehearsal');
    await dialog(ann).getByRole('button', { name: 'Abort' }).click();
    await ann.getByText(/^Abort(ing|ed)$/).waitFor();
    await ann.getByText('only a rehearsal').waitFor();
  });
}

async function evidence() {
  await test('a device that contradicts its log: from the alert to the device, and the evidence is taken away', async () => {
    const behaviour = join(dir, 'liar.toml');
    writeFileSync(behaviour, '[lie]\ndevices = ["1"]\nevery_seconds = 1\n');
    const liar = program('gatehouse-fleet', [
      '--devices', '1', '--name', 'liar', '--product', 'liar', '--gateway', `localhost:${gateway.status.port_devices}`, '--mqtt-port', String(gateway.status.port_mqtt),
      '--admin-socket', gateway.socket, '--state', join(dir, 'liar'), '--logs-per-second', '5', '--figures', '0', '--behaviour', behaviour,
    ]);
    await go(ann, 'Alerts');
    const alert = ann.getByRole('article').filter({ hasText: 'log.equivocation' });
    await alert.waitFor();
    await stop(liar);
    await alert.getByRole('link', { name: 'liar-00001' }).click();
    await heading(ann, 'liar-00001').waitFor();
    const shown = ann.getByRole('region', { name: 'Evidence' });
    await shown.getByText('This device has contradicted its own log.').waitFor();
    const coming = ann.waitForEvent('download');
    await shown.getByRole('link', { name: 'Download the evidence' }).click();
    const file = await coming;
    assert.match(file.suggestedFilename(), /^evidence-dev-liar-00001-[0-9a-f]{16}\.gwl$/);
    const bytes = readFileSync(await file.path());
    const out = join(dir, 'evidence');
    gateway.cli('logs', 'evidence', '--device', 'liar-00001', '--out', out);
    assert.equal(bytes.subarray(0, 4).toString(), 'GWL1');
    assert.deepEqual(bytes, readFileSync(out), 'as the command line gives it');
    await ann.getByRole('link', { name: 'The whole log' }).click();
    await button(ann, 'Export and prove').click();
    await dialog(ann).getByRole('link', { name: 'Download the evidence' }).waitFor();
    await ann.keyboard.press('Escape');
  });
}

async function accounts() {
  let vic;
  await test('an admin makes an account, and it may do what its role may', async () => {
    await go(ann, 'Users');
    await button(ann, 'Add a user').click();
    await dialog(ann).getByLabel('Name').fill('vic');
    await dialog(ann).getByLabel('Role').selectOption('viewer');
    await dialog(ann).getByLabel('Password').fill(PASSWORD);
    await dialog(ann).getByRole('button', { name: 'Add a user' }).click();
    await ann.getByRole('row').filter({ hasText: 'vic' }).waitFor();
    vic = await browser.person();
    await vic.goto(gateway.url);
    await vic.getByLabel('Name').fill('vic');
    await vic.getByLabel('Password').fill('another password');
    await button(vic, 'Sign in').click();
    await vic.getByRole('alert').waitFor();
    await signIn(vic, gateway, 'vic', PASSWORD);
    assert.equal(await vic.getByRole('navigation').getByRole('link', { name: 'Users' }).count(), 0);
    await go(vic, 'Devices');
    await grid(vic, 'valve-1').waitFor();
    assert.equal(await button(vic, 'Invite').count(), 0);
    await grid(vic, 'valve-1').getByRole('link').click();
    await heading(vic, 'valve-1').waitFor();
    assert.equal(await button(vic, 'Quarantine').count(), 0);
  });

  await test('who may not make rollouts is told so instead of being shown the form', async () => {
    await vic.goto(`${gateway.url}/rollouts/new`);
    await vic.getByText('Making a rollout needs the role operator.').waitFor();
    assert.equal(await button(vic, 'Preview').count(), 0);
  });

  await test('another role is given after a question, not by an arrow key', async () => {
    const select = ann.getByLabel('Role of vic');
    await select.selectOption('operator');
    await dialog(ann).getByText('Make vic Operator?').waitFor();
    await ann.keyboard.press('Escape');
    assert.equal(await select.inputValue(), 'viewer');
    assert.match(gateway.cli('user', 'list'), /vic +viewer/);
  });

  await test('what the page hides the gateway refuses as well', async () => {
    const status = await vic.evaluate(async () => {
      const { csrf } = await (await fetch('/api/v1/session')).json();
      const answer = await fetch('/api/v1/devices/valve-1/revoke', { method: 'POST', headers: { 'X-GW-CSRF': csrf, 'If-Match': '*' } });
      return answer.status;
    });
    assert.equal(status, 403);
  });

  await test('a disabled account has no open page any more', async () => {
    await ann.getByRole('row').filter({ hasText: 'vic' }).getByRole('button', { name: 'Disable' }).click();
    await dialog(ann).getByRole('button', { name: 'Disable' }).click();
    await vic.getByRole('heading', { name: 'Your session has ended: sign in again' }).waitFor();
    await vic.context().close();
  });
}

async function tokens() {
  await test('a token is shown once, opens what its role may, and nothing once it is revoked', async () => {
    const status = (token) =>
      ann.evaluate(async (bearer) => (await fetch('/api/v1/status', { headers: { Authorization: bearer }, credentials: 'omit' })).status, `Bearer ${token}`);
    await go(ann, 'Users');
    await button(ann, 'Add a token').click();
    await dialog(ann).getByLabel('Name').fill('nightly');
    await dialog(ann).getByLabel('Days').fill('7');
    await dialog(ann).getByRole('button', { name: 'Add a token' }).click();
    const shown = dialog(ann).getByText(/^gwt_[0-9a-f]{64}$/);
    await shown.waitFor();
    const token = await shown.textContent();
    await dialog(ann).getByRole('button', { name: 'Done' }).click();
    assert.equal(await ann.getByText(token).count(), 0);
    assert.equal(await status(token), 200);
    const row = ann.getByRole('row').filter({ hasText: 'nightly' });
    await row.getByText('user:ann').waitFor();
    await row.getByRole('button', { name: 'Revoke' }).click();
    await dialog(ann).getByRole('button', { name: 'Revoke' }).click();
    await row.waitFor({ state: 'detached' });
    assert.equal(await status(token), 401);
  });
}

async function records() {
  await test('an alert is acknowledged, noted and resolved', async () => {
    await go(ann, 'Alerts');
    const items = ann.getByRole('article');
    await items.first().waitFor();
    const id = await items.first().getAttribute('data-alert');
    const item = ann.locator(`[data-alert="${id}"]`);
    await item.getByRole('button', { name: 'Acknowledge' }).click();
    await item.getByText('Acknowledged', { exact: true }).waitFor();
    await item.getByRole('button', { name: 'Note' }).click();
    await item.getByLabel('Note').fill('looked into it');
    await item.getByRole('button', { name: 'Save' }).click();
    await item.getByText('looked into it').waitFor();
    await item.getByRole('button', { name: 'Resolve' }).click();
    await until('it has left the open ones', async () => (await item.count()) === 0);
    await button(ann, 'Resolved').click();
    await item.getByText('looked into it').waitFor();
  });

  await test('every act was audited', async () => {
    await go(ann, 'Log');
    await ann.getByLabel('Whose').selectOption('audit');
    await ann.getByText('vic').first().waitFor();
    await ann.getByLabel('Arrived').selectOption('before');
    await ann.getByText('vic').first().waitFor();
    await ann.getByText('Standing still').waitFor();
    await ann.getByLabel('Before', { exact: true }).fill('2020-01-01T03:00');
    await ann.getByText('No event fits.').waitFor();
    assert.match(ann.url(), /before=2020-01-01T03%3A00%3A00\.000Z/);
    await ann.getByLabel('Arrived').selectOption('0');
    await ann.getByLabel('Text').fill('only a rehearsal');
    await button(ann, 'Search').click();
    await ann.getByRole('link', { name: /^ro-[a-z0-9]{16} gatehouse-fleet/ }).first().click();
    await ann.getByText('only a rehearsal').waitFor();
  });
}

/* Over what is on the screen. */
async function signInAgain(page) {
  const again = dialog(page).filter({ hasText: 'Your session has ended' });
  await again.getByLabel('Password').fill(PASSWORD);
  await again.getByRole('button', { name: 'Sign in' }).click();
  await until('it is connected again', async () => (await page.getByText(/^Not connected/).count()) === 0);
}

async function opening() {
  await test('a page that was opened while the gateway was away goes on by itself', async () => {
    const early = await browser.person();
    const wall = (route) => route.abort('connectionrefused');
    await early.route('**/api/v1/**', wall);
    await early.goto(gateway.url);
    await heading(early, 'The gateway does not answer').waitFor();
    await early.unroute('**/api/v1/**', wall);
    await heading(early, 'Sign in').waitFor();
    await early.context().close();
  });

  await test('while the page waits to hear who is there it asks no second time', async () => {
    const early = await browser.person();
    const asked = [];
    await early.clock.install();
    await early.route('**/api/v1/session', (route) => void asked.push(route));
    await early.goto(gateway.url);
    await until('the page asks', () => asked.length === 1);
    await asked[0].abort('connectionrefused');
    await heading(early, 'The gateway does not answer').waitFor();
    await early.clock.runFor(15_000);
    await early.evaluate(() => fetch('/api/v1/claim').then((answer) => answer.status));
    assert.equal(asked.length, 2);
    await asked[1].continue();
    await heading(early, 'Sign in').waitFor();
    await early.context().close();
  });
}

async function troubles() {
  await test('what cannot be read is not shown as if there were none, and comes by itself', async () => {
    await go(ann, 'Overview');
    await ann.route('**/api/v1/vendor-keys', (route) => route.abort('connectionrefused'));
    await go(ann, 'Releases');
    await ann.getByText('The gateway did not answer.').first().waitFor();
    assert.equal(await ann.getByText('No vendor is trusted.').count(), 0);
    await ann.unroute('**/api/v1/vendor-keys');
    gateway.kill('gatehoused');
    await ann.getByText(/^Not connected\. What is shown was true/).waitFor();
    await signInAgain(ann);
    await ann.getByText('Acme', { exact: true }).waitFor();
  });

  await test('a rollout goes on before one’s eyes though broker and daemon are killed', async () => {
    const release = JSON.parse(gateway.cli('--json', 'release', 'import', sign('acme', '4.0.0', 4, 'gatehouse-fleet')));
    gateway.cli('rollout', 'create', release.id, '--name', 'Through the night', '--wave', '34%', '--wave', 'rest', '--soak', '2s', '--confirm', '3s');
    await go(ann, 'Rollouts');
    await ann.getByRole('link', { name: 'Through the night' }).click();
    await heading(ann, 'Through the night').waitFor();
    await started(ann);
    await ann.getByText('Running', { exact: true }).waitFor();
    gateway.kill('mosquitto');
    gateway.kill('gatehoused');
    await ann.getByText(/^Not connected\. What is shown was true/).waitFor();
    await signInAgain(ann);
    await ann.getByText('Finished', { exact: true }).waitFor();
    assert.equal(await ann.evaluate(() => window.kept), 'since the claim', 'the page was never loaded again');
  });

  await test('a tail shows what came while it was cut off', async () => {
    await go(ann, 'Log');
    await ann.getByLabel('Whose').selectOption('audit');
    const tail = ann.getByRole('region', { name: 'Events, the newest first' });
    const invitations = tail.getByRole('button', { name: 'device.invite', exact: true });
    await invitations.first().waitFor();
    const before = await invitations.count();
    gateway.kill('gatehoused');
    await ann.getByText(/^Not connected\. What is shown was true/).waitFor();
    await until('the gateway takes an invitation', () => {
      try {
        return gateway.cli('device', 'invite', 'while-away');
      } catch {
        return false;
      }
    });
    await signInAgain(ann);
    await until('the act of the time between is in the tail', async () => (await invitations.count()) > before);
  });

  await test('when the gateway is started anew the page stays, says how old it is, and one signs in over it', async () => {
    await go(ann, 'Devices');
    await button(ann, 'Invite').click();
    await dialog(ann).getByLabel('Id').fill('half-typed');
    await stop(gateway.child);
    await ann.getByText(/^Not connected\. What is shown was true/).waitFor();
    await gateway.start();
    await signInAgain(ann);
    assert.equal(await dialog(ann).getByLabel('Id').inputValue(), 'half-typed');
    await dialog(ann).getByRole('button', { name: 'Invite' }).click();
    await dialog(ann).getByRole('button', { name: 'Done' }).click();
    await grid(ann, 'half-typed').waitFor();
    assert.equal(await ann.evaluate(() => window.kept), 'since the claim', 'the page was never loaded again');
  });
}

async function looks() {
  const paths = ['/', '/devices', '/devices/valve-1', '/releases', '/rollouts', '/rollouts/new', '/log', '/alerts', '/users', '/account'];
  for (const [colorScheme, width] of [['light', 1360], ['dark', 1360], ['light', 360]])
    await test(`no screen breaks WCAG 2.2 AA as far as axe sees (${colorScheme}, ${width} px), nor is wider than the window`, async () => {
      const page = await browser.person({ colorScheme, bypassCSP: true, viewport: { width, height: 800 } });
      await signIn(page, gateway, 'ann', PASSWORD);
      for (const path of paths) {
        await page.goto(gateway.url + path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.waitForLoadState('networkidle');
        await page.evaluate(axeSource);
        const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((all) => all.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(', ')}`)));
        assert.deepEqual(found, [], path);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(over <= 0, `${path} is ${over} px too wide`);
      }
      await page.context().close();
    });
}

async function ending() {
  await test('who signs out is out', async () => {
    await button(ann, 'Sign out').click();
    await heading(ann, 'Sign in').waitFor();
    assert.equal(await ann.evaluate(() => fetch('/api/v1/session').then((answer) => answer.status)), 401);
  });
  await test('no breach of the content security policy, no error on the console', () => assert.deepEqual(browser.troubles, []));
}

if (process.getuid() !== 0) {
  console.log('skip - page: the whole walk # only root can claim a gateway');
  process.exit(0);
}
process.on('SIGTERM', () => void stopAll().finally(() => process.exit(143)));
try {
  await gateway.start();
  await browser.start();
  await setUp();
  const pump = await enrolling();
  await listing();
  await tailing(pump);
  await cutting();
  await releases();
  await rollouts();
  await plans();
  await evidence();
  await accounts();
  await tokens();
  await records();
  await opening();
  await troubles();
  await looks();
  await ending();
} catch (error) {
  console.log(`# ${error.stack}`);
  console.log('not ok - page: the walk was cut short');
  process.exitCode = 1;
} finally {
  await browser.stop();
  await stopAll();
}
if (failures() > 0) process.exitCode = 1;
