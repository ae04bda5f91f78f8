// The page in a real browser, with and without threads: it loads without a complaint, trains at once, gives the numbers of the
// command line, answers a hand, keeps the run, and says what is wrong. `./run test web` runs this; by hand:
// node --test web/tests with UNPICK_SITE (the folder to serve), UNPICK_PROGRAM (the command line) and CHROMIUM.
//
// With UNPICK_SHOTS=DIR pictures of the page are left there; UNPICK_SHOT_STEPS says after how many steps.
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {chromium} from 'playwright-core';

const {UNPICK_SITE: site, UNPICK_PROGRAM: program, UNPICK_SHOTS: shots, CHROMIUM: executablePath = '/usr/bin/chromium'} = process.env;
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-first-run',
               '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const tiny = '#data=dsprites:shape=ellipse,scale=2,orientation=0,posX=8..15,posY=8..11&model=linear&latent=3&batch=8';
const wide = {viewport: {width: 1280, height: 800}};
const builds = {'one thread': '?threads=off', threads: ''};
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

const report = page => page.evaluate(() => unpick.report());
const until = (page, condition, argument) => page.waitForFunction(condition, argument, {timeout: 30_000});
const post = (page, line) => page.evaluate(text => unpick.post(text), line);
const settled = page => until(page, () => {
  const r = unpick.report();
  return !r.playing && r.step > 0 && r.pictures === r.step;
});

// The report once the page has done nothing for half a second, however slow the machine was to get there.
async function still(page) {
  await page.evaluate(() => delete window.seen);
  await until(page, () => {
    const {step, frames} = unpick.report();
    if (window.seen?.step !== step || seen.frames !== frames) window.seen = {step, frames, at: performance.now()};
    return performance.now() > seen.at + 500;
  });
  return report(page);
}

// A page with the lab running; `complaints` collects what the console says.
async function open(where, options = {}) {
  const context = await browser.newContext({viewport: {width: 480, height: 360}, ...options});
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', message => ['error', 'warning'].includes(message.type()) && page.complaints.push(message.text()));
  page.on('pageerror', error => page.complaints.push(String(error)));
  await page.goto(address + where);
  await until(page, () => window.unpick && unpick.report().pictures >= 0);
  return page;
}
const close = page => page.context().close();

test('the download is small', () => {
  const sizes = names => names.reduce((sum, name) => sum + gzipSync(readFileSync(join(site, name))).length, 0);
  const plain = sizes(['index.html', 'page.js', 'lab.js', 'lab.wasm']);
  const threaded = sizes(['index.html', 'page.js', 'lab-threads.js', 'lab-threads.worker.js', 'lab-threads.wasm']);
  console.log(`measured: download ${plain} bytes gzip, with threads ${threaded}`);
  assert.ok(plain <= 600_000 && threaded <= 600_000, `${plain} and ${threaded} bytes`);
});

for (const [name, search] of Object.entries(builds)) {
  test(`${name}: it trains by itself, the loss falls, and a paused lab does nothing`, async () => {
    const page = await open(search + tiny);
    assert.equal(await page.evaluate(() => unpick.threads > 1), name === 'threads');
    await until(page, () => unpick.report().step >= 300);
    const {loss, first_loss: first, frame_ms: frame} = await report(page);
    assert.ok(loss < first / 2, `${loss} after ${first}`);
    console.log(`measured: ${name}: ${frame.toFixed(1)} ms to draw a frame, by software OpenGL`);
    await page.keyboard.press(' ');
    await settled(page);
    const paused = await still(page);
    assert.match(await page.getByRole('status').textContent(), /^Step \d+ of 10000, paused: loss/);
    await page.keyboard.press(' ');
    await until(page, step => unpick.report().step > step, paused.step);
    assert.deepEqual(page.complaints.filter(text => !/GPU stall|swiftshader/i.test(text)), []);
    await close(page);
  });

  test(`${name}: the same seed gives the numbers of the command line`, {skip: !program && 'UNPICK_PROGRAM is not set'}, async () => {
    for (const settings of [{preset: 'live', batch: '16', seed: '5', steps: '40'},
                            {model: 'conv', posterior: 'full', latent: '3', batch: '4', seed: '2', steps: '5'}]) {
      const out = join(mkdtempSync(join(tmpdir(), 'unpick-')), 'run');
      const flags = Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]);
      execFileSync(program, ['train', '--out', out, ...flags], {stdio: 'ignore'});
      const [names, ...lines] = readFileSync(join(out, 'metrics.csv'), 'utf8').trim().split('\n').map(line => line.split(','));
      const page = await open(`${search}#${new URLSearchParams(settings)}`);
      await until(page, steps => unpick.report().step === steps, Number(settings.steps));
      const here = await report(page);
      for (const number of ['loss', 'reconstruction', 'kl']) {
        const there = Number(lines.at(-1)[names.indexOf(number)]);
        assert.ok(Math.abs(here[number] / there - 1) < 1e-4, `${number} ${here[number]} here, ${there} there`);
      }
      await close(page);
    }
  });

  test(`${name}: a run outlives a reload bit for bit, and is forgotten at a click`, async () => {
    const page = await open(search + tiny + '&steps=60', wide);
    await settled(page);
    await post(page, 'set steps 80');
    await post(page, 'step 5');
    await until(page, () => unpick.report().step === 65 && !unpick.report().playing);
    const {first_loss: first} = await report(page);
    await page.reload();
    await until(page, () => window.unpick?.report().step === 65);
    const reloaded = await report(page);
    assert.deepEqual([reloaded.playing, reloaded.first_loss], [false, first], 'paused, with its curves');
    await post(page, 'step 15');
    await until(page, () => unpick.report().step === 80);
    const resumed = await report(page);

    const other = await open(search + tiny + '&steps=80');
    await settled(other);
    assert.equal(resumed.loss, (await report(other)).loss);
    await close(other);

    await page.mouse.move(100, 600);
    await page.mouse.wheel(0, 5000);
    await still(page);
    await page.mouse.click(44, 773);  // "Forget it", the last of the settings
    await page.waitForURL(address + search);
    await until(page, () => window.unpick && unpick.report().steps === 5000);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    await close(page);
  });
}

test('two models train in step, and both outlive a reload', async () => {
  const losses = async page => {
    const {loss, partner_loss: partner} = await report(page);
    return [loss, partner];
  };
  const page = await open(tiny + '&steps=40&pair=beta=1', wide);
  await settled(page);
  const before = await losses(page);
  assert.ok(before[1] > 0 && before[1] !== before[0]);
  const alone = await open(tiny + '&steps=40&beta=1');
  await settled(alone);
  assert.equal((await losses(alone))[0], before[1], 'the second is the run that it would be alone');
  await close(alone);
  await post(page, 'set steps 50');
  await page.reload();
  await until(page, () => window.unpick?.report().step === 40);
  await post(page, 'set steps 50');
  await post(page, 'step 10');
  await until(page, () => unpick.report().step === 50);
  const whole = await open(tiny + '&steps=50&pair=beta=1', wide);
  await settled(whole);
  assert.deepEqual(await losses(page), await losses(whole));
  await close(whole);
  await post(page, 'single');
  await until(page, () => unpick.report().partner_loss === null);
  await close(page);
});

test('metrics are computed in the page, which still answers, and are those of the command line', async () => {
  const scores = {mig: 'discrete_mig', sap: 'SAP_score', factor_vae: 'eval_accuracy', modularity: 'modularity_score'};
  const out = join(mkdtempSync(join(tmpdir(), 'unpick-')), 'run');
  execFileSync(program, ['train', '--preset', 'live', '--beta', '1', '--steps', '60', '--out', out], {stdio: 'ignore'});
  const {protocol_over_seeds: there} =
      JSON.parse(execFileSync(program, ['score', '--model', out, '--metrics', Object.keys(scores).join(), '--json']));
  const page = await open('?threads=off#preset=live&beta=1&steps=60', wide);
  await settled(page);
  await still(page);
  await page.evaluate(() => {
    window.longest = 0;
    let last = performance.now();
    setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
  });
  const began = Date.now();
  await page.keyboard.press('m');
  await until(page, () => unpick.report().scores.sap !== undefined);
  console.log(`measured: scored in ${Date.now() - began} ms; a hand waited ${await page.evaluate(() => Math.round(longest))} ms at most`);
  const {scores: here} = await report(page);
  for (const [metric, score] of Object.entries(scores)) {
    const {mean} = there[metric][score];
    assert.ok(Math.abs(here[metric] - mean) < 0.02, `${metric} ${here[metric]} here, ${mean} there`);
  }
  await close(page);
});

test('clicks, keys and drags do what they say', async () => {
  const page = await open(tiny + '&steps=200', wide);
  await settled(page);
  const {code, light, dark} = await report(page);
  await page.mouse.click(1280 - 36, 26);
  await until(page, dark => unpick.report().dark === !dark, dark);
  await page.mouse.move(600, 185);
  await page.mouse.down();
  await page.mouse.move(680, 185, {steps: 4});
  await page.mouse.up();
  await until(page, light => unpick.report().light !== light, light);
  const moved = (await report(page)).code.map((z, j) => z !== code[j]);
  assert.equal(moved.filter(Boolean).length, 1, 'one latent moved');
  await page.keyboard.press('d');
  await until(page, () => unpick.report().seed === 2);
  await settled(page);
  await page.mouse.click(136, 26);
  await until(page, () => unpick.report().message.includes('the last step is done'));
  await post(page, 'set nonsense 3');
  await until(page, () => unpick.report().message.includes('nonsense'));
  await post(page, 'start model=conv batch=65536');
  await until(page, () => unpick.report().message.includes('memory'));
  assert.equal((await report(page)).step, 200);
  await close(page);
});

test('a finger works it, at the resolution of the screen, however it is turned', async () => {
  const page = await open(tiny + '&steps=20', {viewport: {width: 390, height: 844}, deviceScaleFactor: 2, hasTouch: true, isMobile: true});
  await settled(page);
  const pixels = () => page.evaluate(() => [document.getElementById('lab').width, document.getElementById('lab').height]);
  assert.deepEqual(await pixels(), [780, 1688]);
  await page.touchscreen.tap(270, 826);
  await until(page, () => unpick.report().tab === 3);
  await page.setViewportSize({width: 844, height: 390});
  await until(page, () => document.getElementById('lab').width === 1688);
  await close(page);
});

test('a view stands alone in another page, and tells it how the run goes', async () => {
  const page = await (await browser.newContext({viewport: {width: 700, height: 500}})).newPage();
  await page.goto(address);
  await page.evaluate(where => {
    window.told = [];
    addEventListener('message', ({data}) => told.push(data));
    document.body.innerHTML = `<iframe src="${where}" style="width: 600px; height: 420px"></iframe>`;
  }, address + '?embed=seams' + tiny + '&steps=30');
  await until(page, () => window.told?.at(-1)?.step === 30 && !told.at(-1).playing);
  const {source, loss} = await page.evaluate(() => told.at(-1));
  assert.equal(source, 'unpick');
  assert.ok(loss > 0);
  if (shots) await page.screenshot({path: join(shots, 'embedded.png')});
  await page.goto(address + '?embed=nothing' + tiny);
  await page.waitForFunction(() => document.getElementById('why').textContent.includes("no view 'nothing'"));
  await page.context().close();
});

test('a page that nobody sees rests', async () => {
  const page = await open(tiny);
  const show = hidden => page.evaluate(hidden => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await show(true);
  const {step, frames} = await still(page);
  await show(false);
  await until(page, ([step, frames]) => unpick.report().step > step && unpick.report().frames > frames, [step, frames]);
  await close(page);
});

test('a lost context comes back with the run', async () => {
  const page = await open(tiny, wide);
  const detail = async () => (await page.screenshot()).length;  // bytes of a PNG
  const before = await detail();
  const {step} = await report(page);
  await page.evaluate(async () => {
    const loss = document.getElementById('lab').getContext('webgl2').getExtension('WEBGL_lose_context');
    loss.loseContext();
    await new Promise(done => setTimeout(done, 200));
    loss.restoreContext();
  });
  await until(page, step => unpick.report().step > step + 5, step);
  let again = await detail();
  for (let tries = 0; again < before / 2 && tries < 20; ++tries) {
    await page.waitForTimeout(250);  // the picture comes with the next frame
    again = await detail();
  }
  assert.ok(before > 20_000 && again > before / 2, `${before} bytes of picture before, ${again} after`);
  await close(page);
});

test('what cannot run says why', async () => {
  for (const [part, script] of [['WebGL 2', () => (HTMLCanvasElement.prototype.getContext = () => null)],
                                ['SIMD', () => (WebAssembly.validate = () => false)]]) {
    const page = await browser.newPage();
    await page.addInitScript(script);
    await page.goto(address);
    await until(page, text => document.getElementById('why').textContent.includes(text), part);
    await page.close();
  }
  const page = await browser.newPage();
  await page.goto(address + '#beta=lots');
  await until(page, () => document.getElementById('why').textContent.includes('beta'));
  assert.ok(await page.getByRole('button').isVisible(), 'a way out');
  await page.close();
});

test('pictures', {skip: !shots && 'UNPICK_SHOTS is not set'}, async () => {
  mkdirSync(shots, {recursive: true});
  for (const [name, width, height] of [['wide', 1280, 800], ['phone', 390, 844]])
    for (const colorScheme of ['light', 'dark'])
      for (const deviceScaleFactor of [1, 2]) {
        const page = await open(`#preset=live&steps=${process.env.UNPICK_SHOT_STEPS ?? 200}`,
                                {viewport: {width, height}, deviceScaleFactor, colorScheme});
        await settled(page);
        await page.waitForTimeout(500);
        await page.screenshot({path: join(shots, `web-${name}-${colorScheme}-${deviceScaleFactor}.png`)});
        await post(page, 'pair posterior=full');
        await post(page, 'play');
        await until(page, () => unpick.report().partner_loss && !unpick.report().playing);
        await still(page);
        await page.screenshot({path: join(shots, `pair-${name}-${colorScheme}-${deviceScaleFactor}.png`)});
        await close(page);
      }
});
