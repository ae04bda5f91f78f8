// Gives the fused multiply-add of a linked program its number of today. `node renumber.mjs PROGRAM.wasm`
//
// Why: clang 14 and its binaryen know f32x4.relaxed_madd from a draft, as 0xfd 0xaf; the standard has it at 0xfd 0x105, and both
// take two bytes after the prefix. Nothing else of that draft is used.
//
// Invariants: every byte of the code section is read as the instruction that it belongs to, so that no constant is mistaken for one;
// a program with no such instruction, or one that is not understood, is an error.
import {readFileSync, writeFileSync} from 'node:fs';

const [path] = process.argv.slice(2);
const code = readFileSync(path);
let at = 8;  // behind magic and version

function number() {  // an unsigned LEB128
  let value = 0, shift = 1, byte;
  do {
    byte = code[at++];
    value += (byte & 127) * shift;
    shift *= 128;
  } while (byte & 128);
  return value;
}
const numbers = count => { for (let i = 0; i < count; ++i) number(); };  // signed ones have the same length
const within = (x, first, last) => first <= x && x <= last;

// Steps over what follows an opcode.
function operands(opcode) {
  if (within(opcode, 0x02, 0x04) || [0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x10, 0x12, 0x18, 0xd0, 0xd2].includes(opcode)) return number();
  if (opcode === 0x0e) return numbers(number() + 1);
  if (opcode === 0x11 || opcode === 0x13) return numbers(2);
  if (opcode === 0x1c) return numbers(number());
  if (within(opcode, 0x20, 0x26)) return number();
  if (within(opcode, 0x28, 0x3e)) return numbers(2);
  if (within(opcode, 0x3f, 0x42)) return number();
  if (opcode === 0x43) return at += 4;
  if (opcode === 0x44) return at += 8;
  if (opcode === 0xfc) {
    const which = number();
    return numbers(which < 8 ? 0 : [8, 10, 12, 14].includes(which) ? 2 : 1);
  }
  if (opcode === 0xfd) return vector();
  if (opcode === 0xfe) return number() === 3 ? number() : numbers(2);
  if (!(within(opcode, 0x00, 0x01) || opcode === 0x05 || opcode === 0x0b || opcode === 0x0f || opcode === 0x19 ||
        within(opcode, 0x1a, 0x1b) || within(opcode, 0x45, 0xc4) || opcode === 0xd1)) throw new Error(`opcode ${opcode}`);
}

let renumbered = 0;
function vector() {
  const begin = at, which = number();
  if (which <= 11 || which === 92 || which === 93) return numbers(2);
  if (which === 12 || which === 13) return at += 16;
  if (within(which, 21, 34)) return at += 1;
  if (within(which, 84, 91)) return numbers(2), at += 1;
  if (which === 0xaf) return code.set([0x85, 0x02], begin), ++renumbered;
  if (which > 0xff) throw new Error(`vector opcode ${which}`);
}

while (at < code.length) {
  const id = code[at++], size = number(), end = at + size;
  if (id === 10) {
    for (let functions = number(); functions > 0; --functions) {
      const length = number(), last = at + length;
      for (let kinds = number(); kinds > 0; --kinds) number(), at += 1;  // locals: how many, of which type
      while (at < last) operands(code[at++]);
      if (at !== last) throw new Error(`a function ends at ${last}, its instructions at ${at}`);
    }
    if (at !== end) throw new Error(`the code ends at ${end}, its functions at ${at}`);
  }
  at = end;
}
if (renumbered === 0) throw new Error(`${path} has no fused multiply-add`);
writeFileSync(path, code);
