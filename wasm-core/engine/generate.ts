// Writes generated/opcodes.ts and generated/interpreter.ts from opcodes/. Run by scripts/build.mjs, or: node wasm-core/engine/generate.ts
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { interpreterText } from "./opcodes/interpreter.ts";
import { numberOperations } from "./opcodes/numbering.ts";
import { tablesText } from "./opcodes/tables.ts";

const folder = fileURLToPath(new URL("./generated/", import.meta.url));

/** Brings the generated files up to date; files that would not change are not touched. Returns the names written. */
export function generate(): string[] {
  mkdirSync(folder, { recursive: true });
  const numbering = numberOperations();
  const texts = { "opcodes.ts": tablesText(numbering), "interpreter.ts": interpreterText(numbering) };
  return Object.entries(texts).flatMap(([name, text]) => {
    if (existsSync(folder + name) && readFileSync(folder + name, "utf8") === text) return [];
    writeFileSync(folder + name, text);
    return [name];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(`generated: ${generate().join(", ") || "nothing to do"}`);
