// The page in a real browser: it loads without a complaint, trains at once, gives the numbers of the command line, and answers
// a hand. `node --test web/tests` with UNPICK_SITE (the folder to serve), UNPICK_PROGRAM (the command line) and CHROMIUM set.
//
// With UNPICK_SHOTS set to a folder, pictures of the page are left there.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {chromium} from 'playwright-core';

const {UNPICK_SITE: site, UNPICK_PROGRAM: program, UNPICK_SHOTS: shots, CHROMIUM: executablePath = '/usr/bin/chromium'} = process.env;
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-first-run',
               '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
let server, browser, address;

before(async () => {
  server = spawn(process.execPath, [new URL('../serve.mjs', import.meta.url).pathname, site, '0']);
  address = await new Promise(found => server.stdout.on('data', text => found(String(text).trim())));
  browser = await chromium.launch({executablePath, args: flags});
});
after(async () => {
  await browser?.close();
  server?.kill();
});

// A page with the lab running; `complaints` collects what the console says.
async function open(hash = '', options = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 800}, ...options});
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', message => ['error', 'warning'].includes(message.type()) && page.complaints.push(message.text()));
  page.on('pageerror', error => page.complaints.push(String(error)));
  await page.goto(address + hash);
  await page.waitForFunction(() => window.unpick && unpick.report().pictures >= 0, null, {timeout: 60_000});
  return page;
}
const report = page => page.evaluate(() => unpick.report());
const until = (page, condition) => page.waitForFunction(condition, null, {timeout: 120_000});

test('the download is small', () => {
  const bytes = readdirSync(site).map(name => gzipSync(readFileSync(join(site, name))).length).reduce((a, b) => a + b);
  console.log(`download: ${bytes} bytes gzip`);
  assert.ok(bytes <= 600_000, `${bytes} bytes`);
});

test('it trains by itself, and the loss falls', async () => {
  const page = await open('#batch=16');
  await until(page, () => unpick.report().step >= 60);
  const {loss, first_loss: first, per_second: speed, frame_ms: frame} = await report(page);
  assert.ok(loss < first / 2, `${loss} after ${first}`);
  console.log(`batch 16: ${speed} steps a second, ${frame} ms to draw a frame (software OpenGL)`);
  assert.deepEqual(page.complaints.filter(text => !/GPU stall|swiftshader/i.test(text)), []);
  await page.context().close();
});

test('the same seed gives the numbers of the command line', {skip: !program && 'UNPICK_PROGRAM is not set'}, async () => {
  const settings = {preset: 'live', batch: '16', seed: '5', steps: '40'};
  const out = join(mkdtempSync(join(tmpdir(), 'unpick-')), 'run');
  execFileSync(program, ['train', '--out', out, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])], {stdio: 'ignore'});
  const [names, ...lines] = readFileSync(join(out, 'metrics.csv'), 'utf8').trim().split('\n').map(line => line.split(','));
  const expected = Number(lines.at(-1)[names.indexOf('loss')]);
  const page = await open('#' + new URLSearchParams(settings));
  await until(page, () => unpick.report().step === 40);
  const {loss} = await report(page);
  assert.ok(Math.abs(loss / expected - 1) < 1e-4, `${loss} here, ${expected} there`);
  await page.context().close();
});

test('clicks, keys and drags do what they say', async () => {
  const page = await open('#batch=16&steps=20');
  await until(page, () => unpick.report().step === 20 && unpick.report().pictures === 20);
  await page.keyboard.press('d');
  await until(page, () => unpick.report().seed === 2 && unpick.report().step === 20 && unpick.report().pictures === 20);
  const code = (await report(page)).code;
  const {dark} = await report(page);
  await page.mouse.click(1280 - 36, 26);
  await until(page, `unpick.report().dark === ${!dark}`);
  await page.mouse.move(600, 180);
  await page.mouse.down();
  await page.mouse.move(680, 180, {steps: 4});
  await page.mouse.up();
  await until(page, `String(unpick.report().code) !== ${JSON.stringify(String(code))}`);
  const moved = (await report(page)).code.map((z, j) => z !== code[j]);
  assert.equal(moved.filter(Boolean).length, 1, 'one latent moved');
  await page.evaluate(() => unpick.post('set nonsense 3'));
  await until(page, () => unpick.report().message.includes('nonsense'));
  await page.context().close();
});

test('settings outlive a reload, and are forgotten on demand', async () => {
  const page = await open('#batch=16&seed=7&beta=3');
  await until(page, () => localStorage.getItem('unpick.lab')?.includes('seed=7'));
  await page.goto(address);
  await page.waitForFunction(() => window.unpick && unpick.report().seed === 7);
  await page.context().close();
});

test('a lost context comes back with the run', async () => {
  const page = await open('#batch=16');
  const {step} = await report(page);
  await page.evaluate(async () => {
    const loss = document.getElementById('lab').getContext('webgl2').getExtension('WEBGL_lose_context');
    loss.loseContext();
    await new Promise(done => setTimeout(done, 300));
    loss.restoreContext();
  });
  await until(page, `unpick.report().step > ${step} + 5`);
  await page.waitForTimeout(500);
  const colours = await page.evaluate(() => new Promise(done => requestAnimationFrame(() => {
    const gl = document.getElementById('lab').getContext('webgl2');
    done(gl.isContextLost());
  })));
  assert.equal(colours, false);
  await page.context().close();
});

test('what cannot run says why', async () => {
  for (const [part, script] of [['WebGL 2', () => (HTMLCanvasElement.prototype.getContext = () => null)],
                                ['SIMD', () => (WebAssembly.validate = () => false)]]) {
    const page = await browser.newPage();
    await page.addInitScript(script);
    await page.goto(address);
    await page.waitForFunction(text => document.getElementById('why').textContent.includes(text), part);
    await page.close();
  }
  const page = await browser.newPage();
  await page.goto(address + '#beta=lots');
  await page.waitForFunction(() => document.getElementById('why').textContent.includes('beta'));
  assert.ok(await page.getByRole('button').isVisible(), 'a way out');
  await page.close();
});

test('pictures', {skip: !shots && 'UNPICK_SHOTS is not set'}, async () => {
  for (const [name, width, height, ratio] of [['wide', 1280, 800, 1], ['phone', 390, 844, 2]])
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(`#preset=live&steps=${process.env.UNPICK_SHOT_STEPS ?? 200}`,
                              {viewport: {width, height}, deviceScaleFactor: ratio, colorScheme});
      await until(page, () => !unpick.report().playing && unpick.report().pictures === unpick.report().step);
      await page.waitForTimeout(500);
      await page.screenshot({path: join(shots, `web-${name}-${colorScheme}.png`)});
      await page.context().close();
    }
});
