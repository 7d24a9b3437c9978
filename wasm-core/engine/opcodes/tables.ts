// Tables that decoding and lowering look up: operation numbers as constants, and rows by WebAssembly opcode.

import { bulkKinds } from "./cold.ts";
import { branchName } from "./control.ts";
import { floatForms, SATURATING_FIRST } from "./float.ts";
import { FORMS } from "./forms.ts";
import { binaries, binaryName, comparisons, formsOf, unaries } from "./integer.ts";
import { loads, stores } from "./memory.ts";
import { must } from "./must.ts";
import { COLD_FIRST, type Numbering } from "./numbering.ts";
import { signatures } from "./signatures.ts";

const NONE = 0xffff;

const constant = (name: string, value: number) => `export const ${name}: u32 = ${value};`;
const table = (name: string, type: string, rows: number[]) =>
  `export const ${name}: usize = memory.data<${type}>([${rows.join(",")}]);`;

/** u16 × 5 per WebAssembly opcode: the operation for each form, 0xffff = no such form. Unary operations and loads use the first two for S and A. */
function formRows({ byName }: Numbering): number[] {
  const rows = new Array<number>(256 * 5).fill(NONE);
  const set = (opcodes: number[], form: number, name: string) => {
    for (const opcode of opcodes) rows[opcode * 5 + form] = must(byName.get(name), name);
  };
  for (const binary of [...binaries, ...comparisons])
    for (const form of formsOf(binary)) set(binary.wasm, FORMS.indexOf(form), binaryName(binary.name, form));
  for (const [name, opcodes] of [...unaries, ...loads])
    for (const [i, form] of ["S", "A"].entries()) set(opcodes, i, `${name}_${form}`);
  for (const [name, opcodes] of stores) for (const [i, form] of FORMS.entries()) set(opcodes, i, `${name}_${form}`);
  for (const [opcode, form, name] of floatForms()) set([opcode], form === "S" ? 0 : FORMS.indexOf(form), name);
  return rows;
}

/** By WebAssembly opcode: the opcode that does the same with its operands swapped, 0 = none. */
function swapRows(): number[] {
  const rows = new Array<number>(256).fill(0);
  for (const binary of binaries) if (binary.commutative) for (const opcode of binary.wasm) rows[opcode] = opcode;
  for (const comparison of comparisons) {
    const other = must(
      comparisons.find((c) => c.name === comparison.swapped),
      comparison.name,
    );
    comparison.wasm.forEach((opcode, i) => {
      rows[opcode] = must(other.wasm[i], other.name);
    });
  }
  return rows;
}

/** By number of a comparison (or eqz): the branch taken when it holds. By number of a comparison or branch: its inverse. 0xffff = none. */
function branchRows({ byName }: Numbering): { branchOf: number[]; inverse: number[] } {
  const branchOf = new Array<number>(COLD_FIRST).fill(NONE);
  const inverse = new Array<number>(COLD_FIRST).fill(NONE);
  const number = (name: string) => must(byName.get(name), name);
  for (const comparison of comparisons) {
    for (const form of FORMS) {
      inverse[number(branchName(comparison.name, form))] = number(
        branchName(must(comparison.inverse, comparison.name), form),
      );
      if (!formsOf(comparison).includes(form)) continue;
      branchOf[number(binaryName(comparison.name, form))] = number(branchName(comparison.name, form));
      inverse[number(binaryName(comparison.name, form))] = number(
        binaryName(must(comparison.inverse, comparison.name), form),
      );
    }
  }
  for (const form of ["S", "A"]) {
    branchOf[number(`eqz_${form}`)] = number(`br_false_${form}`);
    inverse[number(`br_false_${form}`)] = number(`br_true_${form}`);
    inverse[number(`br_true_${form}`)] = number(`br_false_${form}`);
  }
  return { branchOf, inverse };
}

function pairRows({ fused }: Numbering): { index: number[]; rows: number[] } {
  const index = new Array<number>(COLD_FIRST * 2).fill(0);
  const rows: number[] = [];
  for (const first of new Set(fused.map((pair) => pair.first.number))) {
    const own = fused.filter((pair) => pair.first.number === first);
    index[first * 2] = rows.length / 2;
    index[first * 2 + 1] = own.length;
    for (const pair of own) rows.push(pair.second.number, pair.number);
  }
  return { index, rows };
}

export function tablesText(numbering: Numbering): string {
  const { all, byName, pairedEnd, hotEnd, fused } = numbering;
  const lengths = new Array<number>(COLD_FIRST + 512).fill(1);
  for (const { number, operation } of all) lengths[number] = operation.words | (operation.ends ? 0x80 : 0);
  const { branchOf, inverse } = branchRows(numbering);
  const pairs = pairRows(numbering);
  return [
    "// Generated from wasm-core/engine/opcodes by generate.ts. Do not edit.",
    ...[...byName]
      .filter(([name]) => !name.includes("+"))
      .map(([name, number]) => constant(`OP_${name.toUpperCase()}`, number)),
    ...bulkKinds.map(([name, opcode]) => constant(`BULK_${name}`, opcode)),
    constant("SATURATING_FIRST", SATURATING_FIRST),
    constant("COLD_FIRST", COLD_FIRST),
    constant("PAIRED_END", pairedEnd),
    constant("HOT_END", hotEnd),
    constant("FUSED_FIRST", hotEnd - fused.length),
    "/** By number of a hot operation: {first row, rows} in PAIRS, u16 each. */",
    table("PAIR_INDEX", "u16", pairs.index),
    "/** Rows {second operation, fused number}, u16 each. */",
    table("PAIRS", "u16", [...pairs.rows, 0, 0]),
    "/** By fused number - FUSED_FIRST: the operation it replaced. */",
    table("PLAIN", "u16", [...fused.map(({ first }) => first.number), 0]),
    "/** By number: length in words, 0x80 = ends a block. */",
    table("LENGTHS", "u8", lengths),
    "/** Rows of five: see formRows in tables.ts. */",
    table("FORM_ROWS", "u16", formRows(numbering)),
    table("SWAPPED", "u8", swapRows()),
    table("BRANCH_OF", "u16", branchOf),
    table("INVERSE", "u16", inverse),
    "/** By WebAssembly opcode: {class, first operand, second operand, result or log2 of the natural alignment}. */",
    table("SIGNATURES", "u8", signatures().flat()),
    "",
  ].join("\n");
}
