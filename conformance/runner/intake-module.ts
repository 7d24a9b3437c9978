/** Checks one half as a module: size, validity, imports, exports, start function, memory. Runs nothing of it. */
import type { Manifest } from "../interface/manifest.ts";
import { MEMORY_PAGES_MAX, PART_BYTES_MAX } from "./limits.ts";
import { looksLikeWasm } from "./sections.ts";
import { allowedImports, optionalExports, requiredExports } from "./signatures.ts";
import type { PartName, Problem } from "./types.ts";
import type { CoreError, ModuleDescription, ModuleImport, Vm } from "./vm.ts";

export interface CheckedModule {
  description: ModuleDescription | null;
  problems: Problem[];
}

/** @param manifest for the memory it asks for; null if the manifest itself was refused */
export function checkModule(vm: Vm, part: PartName, bytes: Uint8Array, manifest: Manifest | null): CheckedModule {
  const max = PART_BYTES_MAX[part];
  if (bytes.length > max) {
    const detail = `${part}.wasm has ${bytes.length} bytes; at most ${max} are allowed.`;
    return alone({
      code: "too-large",
      title: "The module is too large",
      detail,
      action: "Strip names and debug sections, or leave code out.",
      part,
    });
  }
  if (!looksLikeWasm(bytes)) return alone(notWasm(part, bytes));
  vm.reset();
  const error = vm.load(part, bytes);
  if (error) return alone(refusedModule(part, error));
  const description = vm.describe(part);
  const problems = [
    ...description.imports.flatMap((item) => importProblem(part, item)),
    ...exportProblems(part, description),
    ...memoryProblems(part, description, manifest),
  ];
  return { description, problems };
}

function alone(problem: Problem): CheckedModule {
  return { description: null, problems: [problem] };
}

function notWasm(part: PartName, bytes: Uint8Array): Problem {
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(" ") || "nothing";
  return {
    code: "not-wasm",
    title: "The file is not WebAssembly",
    detail: `${part}.wasm begins with ${start}; a module begins with 00 61 73 6d 01 00 00 00.`,
    action: "Send a core WebAssembly module, version 1, neither compressed nor as text.",
    part,
    offset: 0,
  };
}

/** What core.wasm refuses at load, by its code; all else is an invalid module. */
const refusals: Readonly<Record<string, { code: string; title: string; action: string }>> = {
  E_START: {
    code: "start-section",
    title: "The module has a start function",
    action: "Build without a start section (asc: --exportStart NAME) and initialise in half_init or boot.",
  },
  E_IMPORT: {
    code: "unknown-import",
    title: "Unknown import",
    action: "Import functions only; define memory, table and globals in the module.",
  },
  E_LIMIT: {
    code: "limit-exceeded",
    title: "The module is over a limit",
    action: "Make the module smaller in what the detail names.",
  },
};
const invalid = {
  code: "module-invalid",
  title: "The module is not valid",
  action:
    "Build it again for core WebAssembly 2.0 without SIMD, threads or garbage collection, and check that it was sent whole.",
};

function refusedModule(part: PartName, error: CoreError): Problem {
  const at = error.offset === null ? "" : ` at offset ${error.offset}`;
  const where = `${at}${error.function === null ? "" : `, function ${error.function}`}`;
  const { code, title, action } = refusals[error.code] ?? invalid;
  const detail = `${part}.wasm${where}: ${error.message} (${error.code}).`;
  return { code, title, detail, action, part, ...(error.offset === null ? {} : { offset: error.offset }) };
}

function importProblem(part: PartName, item: ModuleImport): Problem[] {
  const name = `${item.module}.${item.name}`;
  const wanted = item.kind === "func" ? allowedImports[part].get(item.module)?.get(item.name) : undefined;
  if (wanted === undefined) {
    const modules = [...allowedImports[part].keys()].join(", ");
    const detail = `${part}.wasm imports ${item.kind} ${name}, which this ABI does not have.`;
    return [
      {
        code: "unknown-import",
        title: "Unknown import",
        detail,
        action: `Import only functions of ${modules}; the SDK declares them.`,
        part,
      },
    ];
  }
  if (wanted === item.type) return [];
  const detail = `${part}.wasm imports ${name} as ${item.type}; it is ${wanted}.`;
  return [
    {
      code: "wrong-signature",
      title: "Import of another type",
      detail,
      action: "Take the declaration from the SDK of this PVI version.",
      part,
    },
  ];
}

function exportProblems(part: PartName, { exports }: ModuleDescription): Problem[] {
  const functions = new Map(exports.filter((item) => item.kind === "func").map((item) => [item.name, item.type]));
  const problems: Problem[] = [];
  for (const [name, type] of requiredExports[part]) {
    if (functions.has(name)) continue;
    const detail = `${part}.wasm does not export ${name}, which every ${part} half needs.`;
    problems.push({
      code: "missing-export",
      title: "A required export is missing",
      detail,
      action: `Export the function ${name} of type ${type}.`,
      part,
    });
  }
  for (const [name, type] of [...requiredExports[part], ...optionalExports[part]]) {
    const actual = functions.get(name);
    if (actual === undefined || actual === type) continue;
    const detail = `${part}.wasm exports ${name} as ${actual}; it is ${type}.`;
    problems.push({
      code: "wrong-signature",
      title: "Export of another type",
      detail,
      action: "Give the function the type the interface declares, or another name.",
      part,
    });
  }
  return problems;
}

function memoryProblems(part: PartName, { memory }: ModuleDescription, manifest: Manifest | null): Problem[] {
  if (!memory) return [];
  const key = part === "guest" ? "guest_memory_pages" : part === "host" ? "host_memory_pages" : null;
  const asked = key && manifest ? manifest.needs[key] : MEMORY_PAGES_MAX[part];
  const claimed = memory.max ?? memory.min;
  if (claimed <= asked && claimed <= MEMORY_PAGES_MAX[part]) return [];
  const detail = `${part}.wasm declares a linear memory of up to ${claimed} pages of 64 KiB; ${asked} are granted.`;
  const action = `Lower the module's maximum memory${key ? `, or raise needs.${key} (at most ${MEMORY_PAGES_MAX[part]})` : ""}.`;
  return [
    {
      code: "memory-too-large",
      title: "The linear memory is too large",
      detail,
      action,
      part,
      ...(key ? { pointer: `/needs/${key}` } : {}),
    },
  ];
}
