// The page in a real browser, with each of its four programs: it loads without a complaint, trains at once, gives the numbers of the
// command line, and keeps the run. `./run test web` runs this; by hand: node --test web/tests with UNPICK_SITE (the folder to
// serve), UNPICK_PROGRAM (the command line) and CHROMIUM.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';
import {address, builds, close, open, post, program, report, settled, site, still, tiny, until, wide} from './support.mjs';

test('the download is small', () => {
  for (const build of Object.keys(builds)) {
    const parts = ['.js', '.wasm', ...(build.includes('threads') ? ['.worker.js'] : [])].map(part => build + part);
    const size = ['index.html', 'program.js', 'page.js', ...parts].reduce((sum, name) => sum + gzipSync(readFileSync(join(site, name))).length, 0);
    console.log(`measured: ${build}: a download of ${size} bytes gzip`);
    assert.ok(size <= 600_000, `${build}: ${size} bytes`);
  }
});

for (const [name, search] of Object.entries(builds)) {
  test(`${name}: it trains by itself, the loss falls, and a paused lab does nothing`, async () => {
    const page = await open(search + tiny);
    assert.deepEqual(await page.evaluate(() => [unpick.program, unpick.threads > 1]), [name, name.includes('threads')]);
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
    await settled(page, 65);
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
