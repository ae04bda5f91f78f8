// A worker that times training steps: bench.html asks it and shows what it says. Options: ?only=W1,W2&threads=2&seconds=2&fma=off
'use strict';

const options = new URLSearchParams(location.search);
const threads = crossOriginIsolated ? Number(options.get('threads') ?? 1) : 1;
const models = {W1: 'mlp', W2: 'conv', W3: 'mlp-1200'};

importScripts('program.js');
const program = browser.program(threads > 1);
importScripts(program + '.js');
UnpickLab({noInitialRun: true, workers: threads, mainScriptUrlOrBlob: program + '.js'}).then(lab => {
  for (const workload of (options.get('only') ?? 'W1,W2,W3').split(',')) {
    const ms = lab.ccall('unpick_bench', 'number', ['string', 'number', 'number'],
                         [models[workload], threads, Number(options.get('seconds') ?? 2)]);
    postMessage(JSON.stringify({peer: `unpick, browser, ${program}`, workload, threads, ms: Number(ms.toFixed(3))}));
  }
  postMessage('done');
});
