/** Assembles a litmus program into a guest half: role r is the export litmus_r, (at i64) → its registers, a byte each. */
import { wasmModule } from "../../../../conformance/runner/testing/wasm.ts";
import { type Instruction, type Program, variables } from "./program.ts";

export const ROLES_MAX = 4;
/** Bytes from one shared word to the next: a cache line. */
const STRIDE = 64;
const XCHG_64 = 0x130;
const ABI = 0x0001_0000_0001_0000n;

const I32_CONST = 0x41;
const I64_CONST = 0x42;
const I64_ADD = 0x7c;
const I64_OR = 0x84;
const I64_SHL = 0x86;
const LOCAL_GET = 0x20;
const CALL = 0x10;
const DROP = 0x1a;

const imports = [
  { module: "machine", name: "load64", type: "(i64)->(i64)" },
  { module: "machine", name: "store64", type: "(i64,i64)->()" },
  { module: "machine", name: "rmw", type: "(i32,i64,i64)->(i64)" },
  { module: "machine", name: "mfence", type: "()->()" },
  { module: "machine", name: "sfence", type: "()->()" },
  { module: "machine", name: "lfence", type: "()->()" },
];
const call = (name: string) => [CALL, imports.findIndex((item) => item.name === name)];

export function litmusHalf(program: Program): Uint8Array<ArrayBuffer> {
  const roles = Array.from({ length: ROLES_MAX }, (_, role) => program[role] ?? []);
  return wasmModule({
    imports,
    functions: [
      { name: "abi", type: "()->(i64)", body: [I64_CONST, ...signedLeb(ABI)] },
      ...roles.map((role, index) => ({ name: `litmus_${index}`, type: "(i64)->(i64)", body: bodyOf(role) })),
    ],
  });
}

function bodyOf(role: readonly Instruction[]): number[] {
  let register = 0;
  const keep = () => [I64_CONST, ...signedLeb(BigInt(8 * register++)), I64_SHL, I64_OR];
  const code = role.flatMap((instruction): number[] => {
    if (instruction.kind === "load") return [...addressOf(instruction.variable), ...call("load64"), ...keep()];
    if (instruction.kind === "store")
      return [...addressOf(instruction.variable), I64_CONST, instruction.value, ...call("store64")];
    if (instruction.kind !== "xchg") return call(instruction.kind);
    const exchange = [...addressOf(instruction.variable), I64_CONST, instruction.value, ...call("rmw")];
    return [I32_CONST, ...signedLeb(BigInt(XCHG_64)), ...exchange, ...(instruction.register ? keep() : [DROP])];
  });
  return [I64_CONST, 0, ...code];
}

function addressOf(variable: (typeof variables)[number]): number[] {
  const offset = BigInt(STRIDE * variables.indexOf(variable));
  return [LOCAL_GET, 0, I64_CONST, ...signedLeb(offset), I64_ADD];
}

function signedLeb(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 127n);
    const isLast = rest >> 6n === 0n;
    bytes.push(isLast ? low : low | 128);
    if (isLast) return bytes;
  }
}
