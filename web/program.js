// What this browser can run, and which of the four programs suits it (cmake/web.cmake). For pages and workers.
//
// Each question is the smallest module that a browser without the thing in question refuses.
'use strict';

const browser = (() => {
  const options = new URLSearchParams(location.search);  // threads=off and fma=off take a plainer program
  const validates = (...bytes) => WebAssembly.validate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, ...bytes]));
  const vector = [65, 0, 253, 15];  // i32.const 0, i8x16.splat
  return {
    threads: crossOriginIsolated && options.get('threads') !== 'off',
    simd: () => validates(1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, ...vector, 253, 98, 11),
    // f32x4.relaxed_madd
    fma: () => options.get('fma') !== 'off' &&
      validates(1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, ...vector, ...vector, ...vector, 253, 133, 2, 11),
    exceptions: () => validates(1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 6, 64, 25, 11, 11),
    program(threads = this.threads) { return `lab${threads ? '-threads' : ''}${this.fma() ? '-fma' : ''}`; },
  };
})();
