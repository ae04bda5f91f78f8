// The page in somebody's hands: it answers the pointer, keys and fingers, can be taken away and embedded, and says what is wrong.
// Run as run.test.mjs is. With UNPICK_SHOTS=DIR pictures of the page are left there; UNPICK_SHOT_STEPS says after how many steps.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {address, browser, builds, close, open, post, program, report, settled, shots, still, tiny, until, wide} from './support.mjs';

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
  await settled(page, 200);
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

test('metrics are computed in the page, which still answers, and are those of the command line', async () => {
  const scores = {mig: 'discrete_mig', sap: 'SAP_score', factor_vae: 'eval_accuracy', modularity: 'modularity_score'};
  const out = join(mkdtempSync(join(tmpdir(), 'unpick-')), 'run');
  execFileSync(program, ['train', '--preset', 'live', '--beta', '1', '--steps', '60', '--out', out], {stdio: 'ignore'});
  const {protocol_over_seeds: there} =
      JSON.parse(execFileSync(program, ['score', '--model', out, '--metrics', Object.keys(scores).join(), '--json']));
  const {protocol_over_seeds: {explicitness: slow}} =
      JSON.parse(execFileSync(program, ['score', '--model', out, '--metrics', 'explicitness', '--scale', '0.1', '--json']));
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
  await post(page, 'score explicitness 0.1');
  await until(page, () => unpick.report().scores?.explicitness);
  const {scores: {explicitness}} = await report(page);
  assert.ok(Math.abs(explicitness - slow.explicitness_score_test.mean) < 0.02, `explicitness ${explicitness}`);
  await close(page);
});

test('what was trained is taken away, and the command line reads it', {skip: !program && 'UNPICK_PROGRAM is not set'}, async () => {
  const page = await open(tiny + '&steps=90&pair=posterior=full', {...wide, acceptDownloads: true});
  await settled(page);
  await post(page, 'set steps 120');
  await post(page, 'set beta 2');
  await post(page, 'step 30');
  await settled(page, 120);
  await page.keyboard.press('e');
  const dialog = page.getByRole('dialog', {name: 'Take it with you'});
  await dialog.waitFor();
  const folder = mkdtempSync(join(tmpdir(), 'unpick-')), ends = ['', '-second'];
  for (const link of await dialog.getByRole('link').all()) {
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    await download.saveAs(join(folder, download.suggestedFilename()));
  }
  const names = [...ends.flatMap(end => [`unpick-120${end}.safetensors`, `unpick-120${end}.csv`]), 'unpick-120.txt', 'unpick-120.png'];
  assert.deepEqual(readdirSync(folder).sort(), names.sort());
  const at = name => join(folder, name);
  for (const end of ends)
    execFileSync(program, ['traverse', '--model', at(`unpick-120${end}.safetensors`), '--out', at(`traversal${end}.png`)], {stdio: 'ignore'});
  execFileSync(program, ['replay', at('unpick-120.txt'), '--out', at('again')], {stdio: 'ignore'});
  const last = file => {
    const [columns, ...lines] = readFileSync(file, 'utf8').trim().split('\n').map(line => line.split(','));
    return Number(lines.at(-1)[columns.indexOf('loss')]);
  };
  for (const [here, there] of [['unpick-120.csv', 'again/metrics.csv'], ['unpick-120-second.csv', 'again/partner/metrics.csv']])
    assert.ok(Math.abs(last(at(here)) / last(at(there)) - 1) < 1e-3, `${here} ends at ${last(at(here))}, ${there} at ${last(at(there))}`);
  await page.keyboard.press('Escape');
  await dialog.waitFor({state: 'hidden'});
  await page.keyboard.press(' ');
  await page.keyboard.press('t');
  await until(page, () => unpick.report().dark);
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

// Looks at what is drawn, not at the screen: here the browser's compositor sometimes loses its own context with ours, for good.
test('a lost context comes back with the run', async () => {
  const page = await open(tiny, wide);
  await page.evaluate(() => {
    const ask = requestAnimationFrame.bind(window);
    window.requestAnimationFrame = draw => ask(now => {
      draw(now);
      window.drawn = document.getElementById('lab').toDataURL().length;
    });
  });
  await until(page, () => window.drawn > 50_000);
  const {step} = await report(page);
  const blank = await page.evaluate(async () => {
    const canvas = document.getElementById('lab');
    const loss = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
    const lost = new Promise(done => canvas.addEventListener('webglcontextlost', done));
    loss.loseContext();
    await lost;
    await new Promise(done => setTimeout(done, 100));
    window.drawn = 0;
    loss.restoreContext();
    return canvas.toDataURL().length;
  });
  await until(page, step => unpick.report().step > step + 5 && window.drawn > 50_000, step);
  assert.ok(blank < 50_000, `${blank} bytes while it is lost`);
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

test('a run that diverges says where, and the next one trains', async () => {
  for (const build of Object.values(builds)) {
    const page = await open(build + tiny + '&steps=20');
    await settled(page, 20);
    await post(page, 'start model=mlp likelihood=gaussian lr=10 sigma2=1e-6 steps=500');
    await post(page, 'play');
    await until(page, () => /step \d+.*not finite|not finite.*step \d+/.test(unpick.report().message));
    await page.keyboard.press('t');  // the page still answers
    await post(page, 'start model=linear likelihood=bernoulli lr=0.001 steps=30');
    await post(page, 'play');
    await settled(page, 30);
    assert.ok(Number.isFinite((await report(page)).loss));
    assert.deepEqual(page.complaints, []);
    await close(page);
  }
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
