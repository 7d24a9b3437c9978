/** A half that tells which of some sites it reaches: it calls coverage.hit(k) before the instruction of site k. */
import { OP, readLeb, writeLeb } from "./instructions.ts";
import type { Site } from "./sites.ts";
import { concat, type Module, type Patch, patchCode, patched, readModule, type Section, withSections } from "./wasm.ts";

const SECTION = { custom: 0, type: 1, import: 2, export: 7, start: 8, element: 9 } as const;
const I32 = 0x7f;
const FUNC_KIND = 0;

/** @param sites numbered by their place in the list */
export function instrument(module: Module, sites: readonly Site[]): Uint8Array<ArrayBuffer> {
  const shifted = readModule(withImport(module));
  const hit = module.imports.length;
  // Function numbers of the code move up by one before the marks go in: both lists are by the same offsets.
  const marks = sites.map((site, k) => ({ at: site.at, end: site.at, bytes: markOf(k, hit) }));
  const patches = [...marks, ...renumberings(module, hit)].sort((a, b) => a.at - b.at || a.end - b.end);
  const code = patchCode(module, patches);
  const codeSection = readModule(code).sections.find(({ id }) => id === 10);
  if (!codeSection) return code;
  const content = code.subarray(codeSection.at, codeSection.end);
  return withSections(shifted, ({ id }) => (id === 10 ? content : null));
}

function markOf(k: number, hit: number): number[] {
  return [OP.i32Const, ...writeLeb(k, true), OP.call, ...writeLeb(hit)];
}

function renumberings(module: Module, from: number): Patch[] {
  return module.funcs.flatMap((func) =>
    func.instructions
      .filter(({ op, value }) => (op === OP.call || op === OP.returnCall || op === OP.refFunc) && value >= from)
      .map(({ at, end, op, value }) => ({ at, end, bytes: [op, ...writeLeb(value + 1n)] })),
  );
}

/** The module with coverage.hit as its last import; exports, elements and the start function are renumbered, names left out. */
function withImport(module: Module): Uint8Array {
  const { bytes, types, imports } = module;
  const from = imports.length;
  const entry = [...text("coverage"), ...text("hit"), FUNC_KIND, ...writeLeb(types.length)];
  const moved = (value: bigint) => writeLeb(Number(value) >= from ? value + 1n : value);
  return withSections(module, (section) => {
    if (section.id === SECTION.custom) return new Uint8Array();
    if (section.id === SECTION.type) return appended(bytes, section, [0x60, 1, I32, 0]);
    if (section.id === SECTION.import) return appended(bytes, section, entry);
    if (section.id === SECTION.start) return Uint8Array.from(moved(readLeb(bytes, section.at)[0]));
    if (section.id === SECTION.export) return renumberExports(bytes, section, moved);
    return section.id === SECTION.element ? renumberElements(bytes, section, moved) : null;
  });
}

function text(words: string): number[] {
  const data = new TextEncoder().encode(words);
  return [...writeLeb(data.length), ...data];
}

/** A vector with one more entry. */
function appended(bytes: Uint8Array, section: Section, entry: number[]): Uint8Array {
  const [count, at] = readLeb(bytes, section.at);
  return concat([writeLeb(count + 1n), bytes.subarray(at, section.end), entry]);
}

function renumberExports(bytes: Uint8Array, section: Section, moved: (value: bigint) => number[]): Uint8Array {
  const patches: Patch[] = [];
  let [count, at] = readLeb(bytes, section.at);
  for (; count > 0n; count--) {
    const [length, name] = readLeb(bytes, at);
    const kind = name + Number(length);
    const [value, end] = readLeb(bytes, kind + 1);
    if (bytes[kind] === FUNC_KIND) patches.push({ at: kind + 1, end, bytes: moved(value) });
    at = end;
  }
  return patched(bytes, section.at, section.end, patches);
}

/** Active segments of table 0 (flag 0: offset expression, function numbers), which is what AssemblyScript writes. */
function renumberElements(bytes: Uint8Array, section: Section, moved: (value: bigint) => number[]): Uint8Array {
  const patches: Patch[] = [];
  let [count, at] = readLeb(bytes, section.at);
  for (; count > 0n; count--) {
    if (bytes[at] !== 0 || bytes[at + 1] !== OP.i32Const) throw new Error("an element segment of an unknown form");
    const [, expression] = readLeb(bytes, at + 2, true);
    let [length, next] = readLeb(bytes, expression + 1);
    for (; length > 0n; length--) {
      const [value, end] = readLeb(bytes, next);
      patches.push({ at: next, end, bytes: moved(value) });
      next = end;
    }
    at = next;
  }
  return patched(bytes, section.at, section.end, patches);
}
