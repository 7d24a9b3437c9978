// Random valid modules for differential tests: integers, floats, memory, tables, calls, nested blocks with values, many traps.
// A budget in global 0 ends every loop and recursion with a trap, so that V8 ends too. NaNs are made canonical after float arithmetic.
import { must } from "../opcodes/must.ts";
import { FUNCREF, HEADER, I32, I64, name, section, signed, unsigned, vector } from "./assemble.ts";
import { BLOCK_TYPES, extraStatement } from "./random-extras.ts";

import { F32, F64, interesting, LOADS, OPERATIONS, Random, range, SATURATING, STORES, TYPES } from "./random-tables.ts";

export interface Signature {
  params: number[];
  results: number[];
}

interface Label {
  types: number[];
}

/** Builds one function body. */
class Body {
  private readonly random: Random;
  private readonly locals: number[];
  private readonly module: RandomModule;
  private readonly results: number[];
  private readonly labels: Label[];
  private size = 0;

  constructor(module: RandomModule, random: Random, signature: Signature, locals: number[]) {
    this.module = module;
    this.random = random;
    this.locals = [...signature.params, ...locals];
    this.results = signature.results;
    this.labels = [{ types: signature.results }];
  }

  build(): number[] {
    const code = [...budget()];
    for (let i = 1 + this.random.below(5); i > 0; i--) code.push(...this.statement(4));
    for (const type of this.results) code.push(...this.expression(type, 5));
    return code;
  }

  private local(type: number): number[] | null {
    const found = this.locals.flatMap((t, i) => (t === type ? [i] : []));
    return found.length ? unsigned(this.random.pick(found)) : null;
  }

  private constant(type: number): number[] {
    const { random } = this;
    if (type === I32) return [0x41, ...signed(interesting(random) | 0)];
    if (type === I64)
      return [
        0x42,
        ...signed(
          BigInt.asIntN(
            64,
            (BigInt(interesting(random)) << BigInt(random.pick([0, 0, 16, 32]))) ^
              BigInt(random.chance(30) ? random.next() : 0),
          ),
        ),
      ];
    const values = [
      0,
      -0,
      1,
      -1,
      0.5,
      1e10,
      -3.7,
      2147483648,
      -2147483649,
      4294967295.9,
      9.3e18,
      1e-40,
      Infinity,
      -Infinity,
      NaN,
      random.next() / 7,
    ];
    const view = new DataView(new ArrayBuffer(8));
    if (type === F32) {
      view.setFloat32(0, random.pick(values), true);
      return [0x43, ...new Uint8Array(view.buffer, 0, 4)];
    }
    view.setFloat64(0, random.pick(values), true);
    return [0x44, ...new Uint8Array(view.buffer)];
  }

  expression(type: number, depth: number): number[] {
    const { random } = this;
    this.size += 1;
    if (depth <= 0 || this.size > 400 || random.chance(15)) {
      const local = random.chance(70) ? this.local(type) : null;
      return local ? [0x20, ...local] : this.constant(type);
    }
    const roll = random.below(100);
    if (roll < 45) return this.operation(type, depth);
    if (roll < 55) return this.load(type, depth);
    if (roll < 63) return this.tee(type, depth);
    if (roll < 70)
      return [
        ...this.expression(type, depth - 1),
        ...this.expression(type, depth - 1),
        ...this.expression(I32, depth - 1),
        0x1b,
      ];
    if (roll < 78) return this.block(type, depth);
    if (roll < 84) return this.conditional(type, depth);
    if (roll < 92) return this.call(type, depth);
    if (roll < 95) return this.globalRead(type);
    if (roll < 97 && type === I32)
      return random.chance(70) ? [0x3f, 0] : [...this.expression(I32, 1), 0x41, 3, 0x71, 0x40, 0];
    return this.constant(type);
  }

  private operation(type: number, depth: number): number[] {
    const { random } = this;
    const saturating = SATURATING.filter(([, , to]) => to === type);
    if (saturating.length && random.chance(8)) {
      const [n, from] = random.pick(saturating);
      return [...this.expression(from, depth - 1), 0xfc, n];
    }
    const [opcodes, operands] = random.pick(OPERATIONS.filter(([, , result]) => result === type));
    const code = [...operands.flatMap((operand) => this.expression(operand, depth - 1)), random.pick(opcodes)];
    return type === F32 || type === F64 ? [...code, ...this.module.canonical(type)] : code;
  }

  private address(depth: number): number[] {
    const { random } = this;
    const code = this.expression(I32, depth - 1);
    return random.chance(92) ? [...code, 0x41, ...signed(random.chance(90) ? 0x3ff8 : 0xffff), 0x71] : code;
  }

  private access(align: number): number[] {
    const { random } = this;
    return [
      random.below(align + 1),
      ...unsigned(random.chance(90) ? random.below(64) : random.chance(80) ? 65530 + random.below(12) : 0xffffffff),
    ];
  }

  private load(type: number, depth: number): number[] {
    const [opcode, , align] = this.random.pick(LOADS.filter(([, t]) => t === type));
    const code = [...this.address(depth), opcode, ...this.access(align)];
    return type === F32 || type === F64 ? [...code, ...this.module.canonical(type)] : code;
  }

  private tee(type: number, depth: number): number[] {
    const local = this.local(type);
    return local ? [...this.expression(type, depth - 1), 0x22, ...local] : this.constant(type);
  }

  private globalRead(type: number): number[] {
    return [0x23, ...unsigned(1 + TYPES.indexOf(type))];
  }

  private block(type: number, depth: number): number[] {
    const { random } = this;
    const isLoop = random.chance(25);
    this.labels.unshift({ types: isLoop ? [] : [type] });
    const code = [isLoop ? 0x03 : 0x02, type];
    if (isLoop) code.push(...budget());
    for (let i = random.below(3); i > 0; i--) code.push(...this.statement(depth - 1));
    code.push(...this.expression(type, depth - 1), 0x0b);
    this.labels.shift();
    return code;
  }

  private conditional(type: number, depth: number): number[] {
    const condition = this.expression(I32, depth - 1);
    this.labels.unshift({ types: [type] });
    const code = [
      ...condition,
      0x04,
      type,
      ...this.statement(depth - 2),
      ...this.expression(type, depth - 1),
      0x05,
      ...this.expression(type, depth - 1),
      0x0b,
    ];
    this.labels.shift();
    return code;
  }

  private call(type: number, depth: number): number[] {
    const { random, module } = this;
    const fitting = module.signatures.flatMap((s, i) => (s.results.length === 1 && s.results[0] === type ? [i] : []));
    if (!fitting.length) return this.constant(type);
    const index = random.pick(fitting);
    const args = must(module.signatures[index], "signature").params.flatMap((t) => this.expression(t, depth - 2));
    if (random.chance(60)) return [...args, 0x10, ...unsigned(index)];
    // Usually the right slot; sometimes one of another type, null or out of bounds.
    const slot = random.chance(80) ? [0x41, ...signed(index)] : [...this.expression(I32, 1), 0x41, ...signed(15), 0x71];
    return [...args, ...slot, 0x11, ...unsigned(index), 0];
  }

  statement(depth: number): number[] {
    const { random } = this;
    this.size += 1;
    if (this.size > 400) return [0x01];
    const roll = random.below(100);
    if (roll < 30) return this.assign(depth);
    if (roll < 50) {
      const [opcode, type, align] = random.pick(STORES);
      return [...this.address(depth), ...this.expression(type, depth - 1), opcode, ...this.access(align)];
    }
    if (roll < 65) return this.branch(depth);
    if (roll < 72) return [...this.expression(random.pick(TYPES), depth - 1), 0x1a];
    if (roll < 80) return this.voidBlock(depth);
    if (roll < 86) return this.bulk(depth);
    if (roll < 90) return this.table(depth);
    if (roll < 95) return this.extra(depth);
    const type = random.pick(TYPES);
    return [...this.expression(type, depth - 1), 0x24, ...unsigned(1 + TYPES.indexOf(type))];
  }

  private extra(depth: number): number[] {
    return extraStatement({
      random: this.random,
      signatures: this.module.signatures,
      results: this.results,
      types: TYPES,
      expression: (type) => this.expression(type, depth - 2),
      within: (types, make) => {
        this.labels.unshift({ types });
        const code = make();
        this.labels.shift();
        return code;
      },
    });
  }

  private assign(depth: number): number[] {
    const type = this.random.pick(TYPES);
    const local = this.local(type);
    return local ? [...this.expression(type, depth - 1), 0x21, ...local] : [0x01];
  }

  private voidBlock(depth: number): number[] {
    const { random } = this;
    const isIf = random.chance(50);
    const isLoop = !isIf && random.chance(50);
    const code = isIf
      ? [...this.expression(I32, depth - 1), 0x04, 0x40]
      : [isLoop ? 0x03 : 0x02, 0x40, ...(isLoop ? budget() : [])];
    this.labels.unshift({ types: [] });
    for (let i = random.below(3); i > 0; i--) code.push(...this.statement(depth - 1));
    if (isIf && random.chance(40)) code.push(0x05, ...this.statement(depth - 1));
    this.labels.shift();
    return [...code, 0x0b];
  }

  /** A branch with its values, behind a condition; br_if leaves values that are dropped. Operands may lie below, unused. */
  private branch(depth: number): number[] {
    const { random } = this;
    const label = random.below(this.labels.length);
    const { types } = must(this.labels[label], "label");
    const below = random.chance(25) ? [random.pick(TYPES)] : [];
    const values = () => [...below, ...types].flatMap((t) => this.expression(t, depth - 2));
    const condition = () => this.expression(I32, depth - 1);
    const drops = new Array<number>(below.length + types.length).fill(0x1a);
    if (random.chance(60)) return [...values(), ...condition(), 0x0d, ...unsigned(label), ...drops];
    const guard = condition();
    this.labels.unshift({ types: [] });
    const code = [...guard, 0x04, 0x40, ...values()];
    if (random.chance(50)) code.push(0x0c, ...unsigned(label + 1));
    else {
      const same = this.labels.flatMap((l, i) => (l.types.join() === types.join() ? [i] : []));
      const targets = Array.from({ length: random.below(5) }, () => unsigned(random.pick(same)));
      code.push(...condition(), 0x0e, ...vector(targets), ...unsigned(random.pick(same)));
    }
    this.labels.shift();
    return [...code, 0x0b];
  }

  private bulk(depth: number): number[] {
    const { random } = this;
    const small = () => [...this.expression(I32, depth - 2), 0x41, ...signed(random.chance(90) ? 0x1ff : 0xffff), 0x71];
    const operands = [...small(), ...small(), ...small()];
    if (random.chance(40)) return [...operands, 0xfc, 10, 0, 0];
    if (random.chance(60)) return [...operands, 0xfc, 11, 0];
    return [...small(), ...small(), 0x41, 3, 0x71, ...small(), 0x41, 7, 0x71, 0xfc, 8, 0, 0];
  }

  private table(depth: number): number[] {
    const { random } = this;
    const slot = () => [...this.expression(I32, depth - 2), 0x41, 15, 0x71];
    if (random.chance(40))
      return [
        ...slot(),
        ...(random.chance(50) ? [0xd0, FUNCREF] : [0xd2, ...unsigned(random.below(this.module.signatures.length))]),
        0x26,
        0,
      ];
    if (random.chance(50)) return [...slot(), 0x25, 0, 0xd1, 0x1a];
    return [...slot(), ...slot(), 0x41, ...signed(random.below(4)), 0xfc, 14, 0, 0];
  }
}

/** global 0 -= 1; trap when it is negative. */
const budget = () => [0x23, 0, 0x41, 1, 0x6b, 0x24, 0, 0x23, 0, 0x41, 0, 0x48, 0x04, 0x40, 0x00, 0x0b];

export class RandomModule {
  readonly signatures: Signature[];
  private readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
    const types = (most: number) => Array.from({ length: this.random.below(most + 1) }, () => this.random.pick(TYPES));
    this.signatures = Array.from({ length: 3 + this.random.below(5) }, () => ({
      params: types(4),
      results: this.random.chance(75) ? [this.random.pick(TYPES)] : types(3),
    }));
  }

  /** Calls the helper that makes a NaN canonical. Helpers follow the functions. */
  canonical(type: number): number[] {
    return [0x10, ...unsigned(this.signatures.length + (type === F32 ? 0 : 1))];
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const helpers: Signature[] = [
      { params: [F32], results: [F32] },
      { params: [F64], results: [F64] },
    ];
    const all = [...this.signatures, ...helpers];
    const bodies = this.signatures.map((signature) => {
      const locals = Array.from({ length: this.random.below(6) }, () => this.random.pick(TYPES));
      return encode(locals, new Body(this, this.random, signature, locals).build());
    });
    bodies.push(
      encode([], [0x20, 0, 0x43, 0, 0, 0xc0, 0x7f, 0x20, 0, 0x20, 0, 0x5b, 0x1b]),
      encode([], [0x20, 0, 0x44, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0x20, 0, 0x20, 0, 0x61, 0x1b]),
    );
    const zeros = (n: number) => new Array<number>(n).fill(0);
    const globals = [
      [I32, 1, 0x41, ...signed(2000), 0x0b],
      [I32, 1, 0x41, 5, 0x0b],
      [I64, 1, 0x42, 9, 0x0b],
      [F32, 1, 0x43, ...zeros(4), 0x0b],
      [F64, 1, 0x44, ...zeros(8), 0x0b],
    ];
    const exports = [
      ...this.signatures.map((_, i) => [...name(`f${i}`), 0, i]),
      [...name("memory"), 2, 0],
      ...globals.map((_, i) => [...name(`g${i}`), 3, i]),
    ];
    return new Uint8Array([
      ...HEADER,
      ...section(
        1,
        vector(
          [...all, ...BLOCK_TYPES].map((s) => [
            0x60,
            ...vector(s.params.map((t) => [t])),
            ...vector(s.results.map((t) => [t])),
          ]),
        ),
      ),
      ...section(3, vector(all.map((_, i) => unsigned(i)))),
      ...section(4, vector([[FUNCREF, 1, 12, 20]])),
      ...section(5, vector([[1, 1, 2]])),
      ...section(6, vector(globals)),
      ...section(7, vector(exports)),
      ...section(
        9,
        vector([
          [0, 0x41, 0, 0x0b, ...vector(all.map((_, i) => unsigned(i)))],
          [1, 0, ...vector(this.signatures.map((_, i) => unsigned(i)))],
        ]),
      ),
      ...section(12, [1]),
      ...section(10, vector(bodies)),
      ...section(11, vector([[1, ...vector(range(1, 40).map((b) => [b]))]])),
    ]);
  }
}

function encode(locals: number[], code: number[]): number[] {
  const bytes = [...vector(locals.map((type) => [1, type])), ...code, 0x0b];
  return [...unsigned(bytes.length), ...bytes];
}
