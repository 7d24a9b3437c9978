/**
 * A module's functions as editable bytes.
 *
 *   "\0asm" 1 │ section: id u8, size u32, content │ …    code section (10): count, then per function: size, locals, expression
 */
import { type Instruction, OP, readInstruction, readLeb, writeLeb } from "./instructions.ts";

export interface FuncType {
  params: number[];
  results: number[];
}

export interface Func {
  index: number;
  name: string;
  /** Offsets in the module of the body (locals first) and of its first instruction. */
  at: number;
  code: number;
  end: number;
  instructions: Instruction[];
}

export interface Section {
  id: number;
  /** Offsets of the content. */
  at: number;
  end: number;
}

export interface Module {
  bytes: Uint8Array;
  sections: Section[];
  types: FuncType[];
  /** Imported functions as "module.name", in index order. */
  imports: string[];
  /** Type number of every function, imported ones first. */
  typeOf: number[];
  funcs: Func[];
}

/** Bytes [at, end) of the module give way to others. */
export interface Patch {
  at: number;
  end: number;
  bytes: readonly number[] | Uint8Array;
}

const HEADER_BYTES = 8;
const SECTION = { custom: 0, type: 1, import: 2, function: 3, code: 10 } as const;

/** Reads a module that a validator has accepted. */
export function readModule(bytes: Uint8Array): Module {
  const sections: Section[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; ) {
    const [size, start] = readLeb(bytes, at + 1);
    sections.push({ id: bytes[at] ?? 0, at: start, end: start + Number(size) });
    at = start + Number(size);
  }
  const module: Module = { bytes, sections, types: [], imports: [], typeOf: [], funcs: [] };
  for (const section of sections) {
    if (section.id === SECTION.type) readTypes(module, section);
    if (section.id === SECTION.import) readImports(module, section);
    if (section.id === SECTION.function) eachLeb(bytes, section, (value) => void module.typeOf.push(value));
    if (section.id === SECTION.code) readCode(module, section);
  }
  nameFunctions(module);
  return module;
}

function eachLeb(bytes: Uint8Array, section: Section, take: (value: number) => void): void {
  let [count, at] = readLeb(bytes, section.at);
  for (let value: bigint; count > 0n; count--) {
    [value, at] = readLeb(bytes, at);
    take(Number(value));
  }
}

function readTypes(module: Module, section: Section): void {
  const { bytes } = module;
  let [count, at] = readLeb(bytes, section.at);
  const list = (): number[] => {
    const [length, start] = readLeb(bytes, at);
    at = start + Number(length);
    return [...bytes.subarray(start, at)];
  };
  for (; count > 0n; count--) {
    at += 1;
    module.types.push({ params: list(), results: list() });
  }
}

function readImports(module: Module, section: Section): void {
  const { bytes } = module;
  let [count, at] = readLeb(bytes, section.at);
  const name = (): string => {
    const [length, start] = readLeb(bytes, at);
    at = start + Number(length);
    return new TextDecoder().decode(bytes.subarray(start, at));
  };
  for (; count > 0n; count--) {
    const full = `${name()}.${name()}`;
    if (bytes[at] !== 0) throw new Error(`${full}: halves import functions only`);
    const [type, end] = readLeb(bytes, at + 1);
    at = end;
    module.imports.push(full);
    module.typeOf.push(Number(type));
  }
}

function readCode(module: Module, section: Section): void {
  const { bytes } = module;
  let [count, at] = readLeb(bytes, section.at);
  for (; count > 0n; count--) {
    const [size, body] = readLeb(bytes, at);
    const end = body + Number(size);
    let [groups, code] = readLeb(bytes, body);
    for (; groups > 0n; groups--) code = readLeb(bytes, code)[1] + 1;
    const instructions: Instruction[] = [];
    for (let next = code; next < end; ) {
      const instruction = readInstruction(bytes, next);
      instructions.push(instruction);
      next = instruction.end;
    }
    const index = module.imports.length + module.funcs.length;
    module.funcs.push({ index, name: `function ${index}`, at: body, code, end, instructions });
    at = end;
  }
}

/** Subsection 1 of the custom section "name": function index and name, LEB128 each. */
function nameFunctions(module: Module): void {
  const { bytes } = module;
  const text = (at: number): [string, number] => {
    const [length, start] = readLeb(bytes, at);
    const end = start + Number(length);
    return [new TextDecoder().decode(bytes.subarray(start, end)), end];
  };
  for (const section of module.sections.filter(({ id }) => id === SECTION.custom)) {
    let [title, at] = text(section.at);
    while (title === "name" && at < section.end) {
      const kind = bytes[at];
      const [size, start] = readLeb(bytes, at + 1);
      at = start + Number(size);
      if (kind !== 1) continue;
      let [count, next] = readLeb(bytes, start);
      for (; count > 0n; count--) {
        const [index, after] = readLeb(bytes, next);
        const [name, end] = text(after);
        const func = module.funcs[Number(index) - module.imports.length];
        if (func) func.name = name;
        next = end;
      }
    }
  }
}

/** The module with patches (ascending, apart from each other) applied inside functions; sizes are written anew. */
export function patchCode(module: Module, patches: readonly Patch[]): Uint8Array<ArrayBuffer> {
  const bodies = module.funcs.map((func) => {
    const mine = patches.filter(({ at, end }) => at >= func.at && end <= func.end);
    return mine.length === 0
      ? module.bytes.subarray(func.at, func.end)
      : patched(module.bytes, func.at, func.end, mine);
  });
  const code = [writeLeb(bodies.length), ...bodies.flatMap((body) => [writeLeb(body.length), body])];
  return withSections(module, (section) => (section.id === SECTION.code ? concat(code) : null));
}

/** Bytes [at, end) with patches applied. */
export function patched(
  bytes: Uint8Array,
  at: number,
  end: number,
  patches: readonly Patch[],
): Uint8Array<ArrayBuffer> {
  const parts: (Uint8Array | readonly number[])[] = [];
  let from = at;
  for (const patch of patches) {
    parts.push(bytes.subarray(from, patch.at), patch.bytes);
    from = patch.end;
  }
  return concat([...parts, bytes.subarray(from, end)]);
}

/** The module with the content of some sections replaced; null keeps one, an empty array leaves it out. */
export function withSections(
  module: Module,
  replace: (section: Section) => Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  const parts: (Uint8Array | readonly number[])[] = [module.bytes.subarray(0, HEADER_BYTES)];
  for (const section of module.sections) {
    const content = replace(section) ?? module.bytes.subarray(section.at, section.end);
    if (content.length > 0) parts.push([section.id], writeLeb(content.length), content);
  }
  return concat(parts);
}

export function concat(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Type of the function that a call names. */
export function calledType(module: Module, instruction: Instruction): FuncType {
  const type = module.types[module.typeOf[Number(instruction.value)] ?? -1];
  if (instruction.op !== OP.call || !type) throw new Error(`no call at offset ${instruction.at}`);
  return type;
}

/** "host.irq" of an import, the function's own name otherwise. */
export function calledName(module: Module, instruction: Instruction): string {
  const index = Number(instruction.value);
  return module.imports[index] ?? module.funcs[index - module.imports.length]?.name ?? `function ${index}`;
}
