// The engine against native V8 on the same modules, metering on, in Node and inside workerd; speed of loading; size; start.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { backendNames } from "../lib/targets.mjs";
import { root } from "../lib/toolchain.mjs";
import { benchFile, buildBench, turns } from "./engine-build.mjs";
import { makeSide } from "./engine-side.mjs";
import { startWorkerd } from "./engine-workerd.mjs";

const ROUNDS = 11;
/** Rounds before counting: until V8 has compiled both sides with its optimising compiler. */
const WARM = 4;
const BOUNDS = { node: 11.5, workerd: 13.5, load_mb_s: 20, core_kb: 400, start_ms: 2 };

export async function engine() {
  await buildBench();
  const names = Object.keys(turns);
  const workerd = await startWorkerd(names);
  const side = makeSide(nodeFiles(names));
  const node = async (name, which, n) => {
    const began = performance.now();
    const answer = side(name, which, n);
    return { ms: performance.now() - began, answer };
  };
  const ratios = { node: await compare("node", names, node), workerd: await compare("workerd", names, workerd.time) };
  await workerd.stop();
  const how = `geometric mean over ${names.join(", ")} of median whole-program times, ${ROUNDS} interleaved rounds, exact fuel`;
  const figures = Object.entries(ratios).map(([where, value]) => ({
    figure: `engine against V8 in ${where}`,
    value,
    bound: BOUNDS[where],
    unit: "times",
    digits: 2,
    how,
  }));
  return [
    ...loading(),
    ...figures,
    { line: `engine geomean vs V8: node ${ratios.node.toFixed(2)} workerd ${ratios.workerd.toFixed(2)}` },
  ];
}

function nodeFiles(names) {
  const compiled = (name) => new WebAssembly.Module(benchFile(name));
  return {
    engine: compiled("harness"),
    host: compiled("host"),
    native: Object.fromEntries(names.map((name) => [name, compiled(name)])),
    bytes: Object.fromEntries(names.map((name) => [name, benchFile(name)])),
  };
}

/** Prints a row per program; answers the geometric mean of the ratios. */
async function compare(where, names, time) {
  const samples = Object.fromEntries(names.map((name) => [name, { v8: [], parley: [] }]));
  for (let round = 0; round < WARM + ROUNDS; round++) {
    for (const name of names) {
      const v8 = await time(name, "v8", turns[name]);
      const parley = await time(name, "parley", turns[name]);
      if (v8.answer !== parley.answer) throw new Error(`${name}: the engine answers ${parley.answer}, V8 ${v8.answer}`);
      if (round < WARM) continue;
      samples[name].v8.push(v8.ms);
      samples[name].parley.push(parley.ms);
    }
  }
  let logarithms = 0;
  for (const [name, { v8, parley }] of Object.entries(samples)) {
    const ratio = median(parley) / median(v8);
    logarithms += Math.log(ratio);
    console.log(
      `engine  ${where.padEnd(8)}${name.padEnd(11)}V8 ${spread(v8)}  engine ${spread(parley)}  ratio ${ratio.toFixed(2)}`,
    );
  }
  return Math.exp(logarithms / names.length);
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const spread = (list) =>
  `${median(list).toFixed(2)} ms (${Math.min(...list).toFixed(2)} to ${Math.max(...list).toFixed(2)})`.padEnd(32);

/** Loading and starting the largest modules there are: core.wasm itself and the kernel; and the size of core.wasm. */
function loading() {
  const core = join(root, "wasm-core/build/core.wasm");
  const kernel = join(root, "conformance/kernel/build/kernel.wasm");
  const halves = backendNames()
    .map((name) => join(root, "conformance/backends", name, "build/guest.wasm"))
    .filter((path) => existsSync(path));
  const files = [core, kernel, ...halves].map((path) => new Uint8Array(readFileSync(path)));
  const harness = new WebAssembly.Instance(new WebAssembly.Module(benchFile("harness"))).exports;
  const bytes = files.reduce((sum, file) => sum + file.length, 0);
  const load_s = [];
  const start_ms = [];
  for (let round = 0; round < 40; round++) {
    harness.start();
    const placed = files.map((file) => place(harness, file));
    const began = performance.now();
    const modules = placed.map(({ at, length }) => harness.moduleLoad(at, length));
    load_s.push((performance.now() - began) / 1000);
    if (modules.includes(0)) throw new Error("the engine refused a module of the project");
    const started = performance.now();
    if (!harness.instantiate(modules[1])) throw new Error("the kernel could not be instantiated");
    start_ms.push(performance.now() - started);
  }
  return [
    {
      figure: "decode, validate and lower",
      value: bytes / 1e6 / median(load_s.slice(10)),
      bound: BOUNDS.load_mb_s,
      atLeast: true,
      unit: "MB/s",
      digits: 1,
      how: `core.wasm, kernel.wasm and the guest halves (${(bytes / 1e3).toFixed(0)} KB) together, median of 30 after 10`,
    },
    {
      figure: "core.wasm",
      value: statSync(core).size / 1e3,
      bound: BOUNDS.core_kb,
      unit: "KB",
      how: "size of the file",
    },
    {
      figure: "start of an instance",
      value: median(start_ms),
      bound: BOUNDS.start_ms,
      unit: "ms",
      digits: 2,
      how: "creating and initialising an instance of the kernel's loaded module, median",
    },
  ];
}

function place(harness, file) {
  const at = harness.alloc(file.length);
  new Uint8Array(harness.memory.buffer, at, file.length).set(file);
  return { at, length: file.length };
}
