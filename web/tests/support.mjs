// What the tests of the page share: a server and a browser for each file of tests, and how a test opens a page and asks it.
import {spawn} from 'node:child_process';
import {after, before} from 'node:test';
import {chromium} from 'playwright-core';

export const {UNPICK_SITE: site, UNPICK_PROGRAM: program, UNPICK_SHOTS: shots, CHROMIUM: executablePath = '/usr/bin/chromium'} = process.env;
const flags = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-first-run',
               '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const tiny = '#data=dsprites:shape=ellipse,scale=2,orientation=0,posX=8..15,posY=8..11&model=linear&latent=3&batch=8';
export const wide = {viewport: {width: 1280, height: 800}};
export const builds = {lab: '?threads=off&fma=off', 'lab-threads': '?fma=off', 'lab-fma': '?threads=off', 'lab-threads-fma': ''};
let server;
export let browser, address;

before(async () => {
  server = spawn(process.execPath, [new URL('../serve.mjs', import.meta.url).pathname, site, '0']);
  address = await new Promise(found => server.stdout.on('data', text => found(String(text).trim())));
  browser = await chromium.launch({executablePath, args: flags});
});
after(async () => {
  await browser?.close();
  server?.kill();
});

export const report = page => page.evaluate(() => unpick.report());
export const until = (page, condition, argument) => page.waitForFunction(condition, argument, {timeout: 30_000});
export const post = (page, line) => page.evaluate(text => unpick.post(text), line);
// The trainer rests, at this step or wherever it is, and its pictures are of that step. What was just posted may not have
// been taken yet: who waits for it names the step that it leads to.
export const settled = (page, step) => until(page, step => {
  const r = unpick.report();
  return !r.playing && r.step > 0 && r.step === (step ?? r.step) && r.pictures === r.step && r.looked === r.step;
}, step);

// The report once the page has done nothing for half a second, however slow the machine was to get there.
export async function still(page) {
  await page.evaluate(() => delete window.seen);
  await until(page, () => {
    const {step, frames} = unpick.report();
    if (window.seen?.step !== step || seen.frames !== frames) window.seen = {step, frames, at: performance.now()};
    return performance.now() > seen.at + 500;
  });
  return report(page);
}

// A page with the lab running; `complaints` collects what the console says.
export async function open(where, options = {}) {
  const context = await browser.newContext({viewport: {width: 480, height: 360}, ...options});
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', message => ['error', 'warning'].includes(message.type()) && page.complaints.push(message.text()));
  page.on('pageerror', error => page.complaints.push(String(error)));
  await page.goto(address + where);
  await until(page, () => window.unpick && unpick.report().pictures >= 0);
  return page;
}
export const close = page => page.context().close();
