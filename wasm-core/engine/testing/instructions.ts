// Walks a valid module's function bodies, to know which WebAssembly instruction stands at which offset.
import { must } from "../opcodes/must.ts";

export interface Instruction {
  /** Byte offset in the module. */
  offset: number;
  /** First byte; 0xfc00 + n for the two-byte ones. */
  opcode: number;
}

/** Every instruction of the supported language that costs fuel; `else` and `end` only shape the code. */
export const OPCODES: number[] = [
  ...range(0x00, 0x04),
  ...range(0x0c, 0x13),
  ...range(0x1a, 0x1c),
  ...range(0x20, 0x26),
  ...range(0x28, 0xc4),
  ...range(0xd0, 0xd2),
  ...range(0xfc00, 0xfc11),
];

/** Whether it costs fuel. */
export const isCounted = ({ opcode }: Instruction): boolean => opcode !== 0x05 && opcode !== 0x0b;

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }
  byte(): number {
    return must(this.bytes[this.at++], "byte");
  }
  /** Unsigned LEB128; also good to skip a signed one. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
  numbers(count: number): void {
    for (let i = 0; i < count; i++) this.number();
  }
}

/** How many LEB128 immediates an instruction of plain shape has. */
function immediates(opcode: number): number {
  if (opcode >= 0x28 && opcode <= 0x3e) return 2;
  if (opcode === 0x11 || opcode === 0x13) return 2;
  if (opcode === 0xfc08 || opcode === 0xfc0a || opcode === 0xfc0c || opcode === 0xfc0e) return 2;
  if (opcode >= 0xfc09) return 1;
  const one =
    (opcode >= 0x02 && opcode <= 0x04) ||
    (opcode >= 0x0c && opcode <= 0x0d) ||
    opcode === 0x10 ||
    opcode === 0x12 ||
    (opcode >= 0x20 && opcode <= 0x26) ||
    (opcode >= 0x3f && opcode <= 0x42) ||
    opcode === 0xd0 ||
    opcode === 0xd2;
  return one ? 1 : 0;
}

function instruction(cursor: Cursor): Instruction {
  const offset = cursor.at;
  let opcode = cursor.byte();
  if (opcode === 0xfc) opcode = 0xfc00 + cursor.number();
  if (opcode === 0x0e) cursor.numbers(cursor.number() + 1);
  else if (opcode === 0x1c) cursor.at += cursor.number();
  else if (opcode === 0x43) cursor.at += 4;
  else if (opcode === 0x44) cursor.at += 8;
  else cursor.numbers(immediates(opcode));
  return { offset, opcode };
}

/** The instructions of every own function, in order of the code section. */
export function instructionsOf(bytes: Uint8Array): Instruction[][] {
  const cursor = new Cursor(bytes, 8);
  while (cursor.at < bytes.length) {
    const id = cursor.byte();
    const end = cursor.number() + cursor.at;
    if (id !== 10) {
      cursor.at = end;
      continue;
    }
    return Array.from({ length: cursor.number() }, () => body(cursor));
  }
  return [];
}

function body(cursor: Cursor): Instruction[] {
  const end = cursor.number() + cursor.at;
  for (let groups = cursor.number(); groups > 0; groups--) cursor.numbers(2);
  const found: Instruction[] = [];
  while (cursor.at < end) found.push(instruction(cursor));
  return found;
}
