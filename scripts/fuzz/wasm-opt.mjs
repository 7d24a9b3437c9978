// The worker that runs wasm-opt -ttf: its JavaScript is read and its WebAssembly compiled once, then a new instance makes each module.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import vm from "node:vm";
import { parentPort } from "node:worker_threads";
import { moduleSeed } from "../../wasm-core/engine/testing/fuzz.ts";
import { Random } from "../../wasm-core/engine/testing/random-tables.ts";
import { root } from "../lib/toolchain.mjs";

/** What the engine supports. NaNs become 0 (--denan): V8 does not say which bits they have. */
const OPTIONS = [
  "--mvp-features",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-sign-ext",
  "--enable-bulk-memory",
  "--enable-bulk-memory-opt",
  "--enable-multivalue",
  "--enable-reference-types",
  "--enable-tail-call",
  "--enable-extended-const",
  "--denan",
];
/** Last statement of wasm-opt's script. Its promise tells when the run is over. */
const START = "createWasm().then(()=>run());";

const path = join(root, "node_modules/binaryen/bin/wasm-opt");
const run = load();
const webAssembly = compilingOnce();

function load() {
  const source = readFileSync(path, "utf8").replace(/^#!.*/, "");
  if (!source.trimEnd().endsWith(START)) throw new Error(`${path} does not end with ${START}: another version?`);
  const text = source.replace(START, `return ${START}`);
  return vm.compileFunction(text, ["Module", "WebAssembly", "require", "__filename", "__dirname", "process"]);
}

/** WebAssembly as wasm-opt sees it: the one module it has is compiled the first time. */
function compilingOnce() {
  let compiled;
  return {
    ...Object.fromEntries(Object.getOwnPropertyNames(WebAssembly).map((name) => [name, WebAssembly[name]])),
    async instantiate(bytes, imports) {
      compiled ??= await WebAssembly.compile(bytes);
      return { module: compiled, instance: await WebAssembly.instantiate(compiled, imports) };
    },
  };
}

/** Runs wasm-opt as a program with these arguments. */
async function wasmOpt(args) {
  const own = { argv: { value: [process.execPath, path, ...args] }, exitCode: { value: 0, writable: true } };
  await run({}, webAssembly, createRequire(path), path, dirname(path), Object.create(process, own));
}

/** 2 to 34 KB, all from the seed. */
function randomBytes(seed) {
  const random = new Random(seed + 31);
  return Uint8Array.from({ length: 2000 + random.below(32_000) }, () => random.below(256));
}

parentPort.on("message", async ({ seed, index }) => {
  const folder = mkdtempSync(join(tmpdir(), "parley-fuzz-"));
  const [input, output] = [join(folder, "input"), join(folder, "output.wasm")];
  try {
    writeFileSync(input, randomBytes(moduleSeed(seed, index)));
    await wasmOpt(["-ttf", input, ...OPTIONS, "-o", output]);
    parentPort.postMessage(existsSync(output) ? new Uint8Array(readFileSync(output)) : null);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
