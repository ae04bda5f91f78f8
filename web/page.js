// What the page does around the lab: loads the program that suits the browser (program.js), keeps the run between visits, and tells
// in words what the canvas shows.
//
// Settings come from the address's hash (#preset=live&beta=4&seed=7, and pair=posterior=full for a second model), else from the run that was kept. A run goes on only under the
// hash with which it began. What is kept lies in this browser's IndexedDB, with weights and moments as they are in memory; the chosen
// theme lies in localStorage. Both go at a click on "Forget it".
//
// The word "export" or the key e offers files: weights, curves, commands, a picture.
//
// Inside another page: ?embed=seams shows that view alone, keeps nothing, and tells the page around it in messages how the run goes.
//
// Invariants: no timer runs while nothing changes; whatever goes wrong ends in a sentence on the page.
'use strict';

const canvas = document.getElementById('lab');
const state = document.getElementById('state');
const why = document.getElementById('why');
const words = document.getElementById('words');
const options = new URLSearchParams(location.search);
const cores = Math.min(navigator.hardwareConcurrency || 1, 8);
const embedded = options.get('embed');  // the name of the only view
let broken = false;

function problem(text) {
  broken = true;
  why.textContent = text;
  state.hidden = false;
  if (document.querySelector('#state button')) return;
  const button = document.createElement('button');
  button.textContent = 'Forget the run and start anew';
  button.onclick = forget;
  state.append(button);
}

// ---- what is kept ----------------------------------------------------------------------------------------------------

const store = {
  opened: null,
  open() {
    return this.opened ??= new Promise((done, fail) => {
      const request = indexedDB.open('unpick', 1);
      request.onupgradeneeded = () => request.result.createObjectStore('runs');
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
  },
  async get() {
    const request = (await this.open()).transaction('runs').objectStore('runs').get('lab');
    return new Promise((done, fail) => {
      request.onsuccess = () => done(request.result);
      request.onerror = () => fail(request.error);
    });
  },
  // At once if it is open: a page that is being left has no time to wait.
  put(db, record) {
    const change = db.transaction('runs', 'readwrite');
    change.objectStore('runs').put(record, 'lab');
    change.commit?.();
  },
  async clear() {
    const change = (await this.open()).transaction('runs', 'readwrite');
    change.objectStore('runs').clear();
    return new Promise(done => change.oncomplete = change.onabort = done);
  },
};

const chosen = {
  get dark() {
    try { return {true: true, false: false}[localStorage.getItem('unpick.dark')]; } catch {}
  },
  set dark(dark) {
    try { dark === undefined ? localStorage.removeItem('unpick.dark') : localStorage.setItem('unpick.dark', dark); } catch {}
  },
};

async function forget() {
  forgotten = true;
  chosen.dark = undefined;
  try { await store.clear(); } catch {}
  history.replaceState(null, '', location.pathname + location.search);
  location.reload();
}

// ---- the program -----------------------------------------------------------------------------------------------------

function what_is_missing() {
  if (typeof WebAssembly !== 'object') return 'The lab is a WebAssembly program, and this browser runs none.';
  if (!browser.simd()) return 'The lab needs WebAssembly with 128-bit vectors (SIMD): Chrome 91, Firefox 89, Safari 16.4 or newer.';
  if (!browser.exceptions()) return 'The lab needs WebAssembly with exceptions: Chrome 95, Firefox 100, Safari 16.4 or newer.';
  if (!document.createElement('canvas').getContext('webgl2'))
    return 'The lab draws with WebGL 2, which this browser does not offer. Hardware acceleration may be switched off in its settings.';
}

let lab, database, kept_step = -1, kept_at = 0, told_at = -1e9, ticking = null, forgotten = false;

// The handle for scripts and tests: unpick.post("set beta 4"), unpick.report().
const unpick = {
  post: line => lab.ccall('unpick_post', null, ['string'], [line]),
  report: () => JSON.parse(lab.ccall('unpick_report', 'string', [], [])),
  threads: browser.threads ? (cores > 2 ? cores - 1 : cores) : 1,  // with many, one is left to the window
  keep,
};

function load(name) {
  return new Promise((done, fail) => {
    const script = document.createElement('script');
    script.src = name;
    script.onload = done;
    script.onerror = () => fail(new Error(`${name} could not be loaded. Is the connection there, and does the server still run?`));
    document.body.append(script);
  });
}

async function start() {
  const missing = what_is_missing();
  if (missing) return problem(missing);
  set_theme(chosen.dark ?? matchMedia('(prefers-color-scheme: dark)').matches);
  unpick.program = browser.program();
  const [record] = await Promise.all([embedded ? null : store.get().catch(() => null), load(unpick.program + '.js')]);
  const hash = new URLSearchParams(location.hash.slice(1)), pair = hash.get('pair');
  hash.delete('pair');
  const asked = [...hash].map(([name, value]) => `${name}=${value}`);
  const goes_on = record?.version === 2 && record.hash === location.hash;
  const settings = goes_on ? record.words : asked.length ? asked : ['preset=live'];
  lab = await UnpickLab({
    canvas, problem, drawn,
    arguments: [...settings, `threads=${unpick.threads}`],
    workers: 2 * unpick.threads,  // a new run has its pool before the old one is given up
    onAbort: what => problem(`The lab stopped: ${what}. A smaller model or batch may fit the memory of this page.`),
  });
  if (broken) return;
  lab._unpick_theme(dark ? 1 : 0);
  if (goes_on) go_on(record);
  else if (pair) unpick.post(`pair ${pair}`);
  if (!goes_on || (record.playing && record.step < record.steps)) unpick.post('play');
  if (embedded && !lab.ccall('unpick_show_alone', 'number', ['string'], [embedded])) return problem(`There is no view '${embedded}'.`);
  lab._unpick_rest(document.hidden ? 1 : 0);
  database = embedded ? null : await store.open().catch(() => null);
  window.unpick = unpick;
  state.hidden = true;
}

function go_on(record) {
  if (record.partner) pass_to('unpick_open_partner', record.partner);
  pass_to('unpick_open', record, (record.difference ?? []).join('\n'));
}

function pass_to(opener, {words, log, step, weights, m, v, past = []}, ...rest) {
  const count = weights.length, at = lab._malloc(4 * (3 * count + past.length));
  for (const [i, region] of [weights, m, v, past].entries()) lab.HEAPF32.set(region, at / 4 + i * count);
  const types = ['string', 'string', 'number', 'number', 'number', 'number', ...rest.map(() => 'string')];
  lab.ccall(opener, null, types, [words.join('\n'), log.join('\n'), step, at, count, past.length, ...rest]);
  lab._free(at);
}

// ---- while it runs ---------------------------------------------------------------------------------------------------

let dark = false;
function set_theme(to) {
  dark = to;
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', event => {
  if (chosen.dark !== undefined) return;
  set_theme(event.matches);
  lab?._unpick_theme(dark ? 1 : 0);
});

// Called when a frame was drawn; looks into the run a little later, once for many frames.
function drawn() {
  ticking ??= setTimeout(() => {
    ticking = null;
    if (broken || !window.unpick) return;
    const report = unpick.report();
    if (report.forget && !forgotten) return void forget();
    if (report.export) offer();
    if (report.dark !== dark) {
      set_theme(report.dark);
      if (!embedded) chosen.dark = dark;
    }
    tell(report);
    if (embedded && parent !== window) {
      const {step, steps, playing, loss, code, message} = report;
      parent.postMessage({source: 'unpick', step, steps, playing, loss, code, message}, '*');
    }
    if (report.step !== kept_step && (!report.playing || performance.now() > kept_at + 15_000)) keep();
  }, 250);
}

function tell(report) {
  const done = report.step >= report.steps;
  const text = report.message || `Step ${report.step} of ${report.steps}, ${done ? 'done' : report.playing ? 'training' : 'paused'}: ` +
    (report.step ? `loss ${report.loss.toPrecision(3)} nats an image.` : 'no step yet.');
  if (words.textContent === text || (report.playing && performance.now() < told_at + 5000)) return;
  words.textContent = text;
  told_at = performance.now();
}

// A run as the program tells it, with the floats themselves instead of their addresses.
function copied({regions, count, past: [begin, length], partner, ...run}) {
  const floats = (at, n) => lab.HEAPF32.slice(at / 4, at / 4 + n);
  const [weights, m, v] = regions.map(at => floats(at, count));
  return {...run, weights, m, v, past: floats(begin, length), partner: partner && copied(partner)};
}

// Returns the step that was kept.
function keep() {
  if (broken || forgotten || !database) return;
  const text = lab.ccall('unpick_keep', 'string', [], []);
  if (!text) return;
  const run = copied(JSON.parse(text)), {step} = run;
  const {playing, steps} = unpick.report();
  try {
    store.put(database, {version: 2, hash: location.hash, ...run, steps, playing});
    kept_step = step;
    kept_at = performance.now();
  } catch {}  // a full disk must not end the run
  return step;
}

// ---- files to take away ----------------------------------------------------------------------------------------------

const dialog = document.getElementById('files');
dialog.addEventListener('keydown', event => event.stopPropagation());  // the lab listens to the window
dialog.addEventListener('close', () => {
  for (const link of dialog.querySelectorAll('a')) URL.revokeObjectURL(link.href);
  canvas.focus();
});

async function offer() {
  const text = lab.ccall('unpick_export', 'string', [], []);
  if (!text || dialog.open) return;
  const files = JSON.parse(text).map(({name, what, at, size}) => ({name, what, blob: new Blob([lab.HEAPU8.slice(at, at + size)])}));
  lab._unpick_draw();
  const blob = await new Promise(done => canvas.toBlob(done));
  if (blob) files.push({name: files[0].name.replace('.safetensors', '.png'), what: 'A picture of the lab as it is', blob});
  dialog.querySelector('ul').replaceChildren(...files.map(({name, what, blob}) => {
    const row = document.createElement('li'), link = document.createElement('a'), hint = document.createElement('small');
    Object.assign(link, {href: URL.createObjectURL(blob), download: name, textContent: name});
    hint.textContent = `${what} (${blob.size < 1e5 ? `${(blob.size / 1e3).toFixed(1)} kB` : `${(blob.size / 1e6).toFixed(1)} MB`})`;
    row.append(link, hint);
    return row;
  }));
  dialog.showModal();
}

document.addEventListener('visibilitychange', () => {
  if (!window.unpick || broken) return;
  if (document.hidden) keep();
  lab._unpick_rest(document.hidden ? 1 : 0);
});
addEventListener('pagehide', () => window.unpick && !document.hidden && keep());
addEventListener('hashchange', () => location.reload());

start().catch(error => problem(String(error.message ?? error)));
