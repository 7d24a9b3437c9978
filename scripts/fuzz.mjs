// npm run -s fuzz -- --seconds N [--seed S] [--only I]: compares random modules in V8 and in the engine until the time is over.
// Exit code 1 on any difference. Module I follows from S and I alone: --seed S --only I repeats it.
import { Engine } from "../wasm-core/engine/testing/engine.ts";
import { Fuzzer, isForeign } from "../wasm-core/engine/testing/fuzz.ts";
import { foreignModules } from "./fuzz/binaryen.mjs";

const CALLS_PER_S = 1000;
const RETURNING_SHARE = 0.8;
const DIFFERENCES_MAX = 5;

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const seconds = option("seconds", 60);
const seed = option("seed", 1);
const only = option("only", null);
if (!(seconds > 0) || !Number.isInteger(seed) || !(only === null || (Number.isInteger(only) && only >= 0))) {
  console.error("fuzz: --seconds needs a positive number, --seed an integer, --only the index of a module");
  process.exit(2);
}

function* foreignIndices() {
  for (let index = only ?? 0; only === null || index === only; index++) if (isForeign(index)) yield index;
}

const fuzzer = new Fuzzer(await Engine.create(), seed);
const foreign = foreignModules(seed, foreignIndices());
const began = performance.now();
const cpuBefore = process.cpuUsage();
let index = only ?? 0;
try {
  do {
    fuzzer.round(index, isForeign(index) ? await foreign.next() : null);
    index += 1;
  } while (only === null && performance.now() - began < seconds * 1000 && fuzzer.differences.length < DIFFERENCES_MAX);
} finally {
  await foreign.stop();
}
report((performance.now() - began) / 1000);

function report(elapsed_s) {
  const { modules, calls, returned, returning, mutants, accepted, unsupported, coverage, differences } = fuzzer;
  const rate = calls / elapsed_s;
  // Other processes may take the cores: what counts is the time this one had.
  const { user, system } = process.cpuUsage(cpuBefore);
  const rateOfCpu = calls / Math.min(elapsed_s, (user + system) / 1e6);
  const share = returning / modules;
  const left = coverage.left;
  for (const { index, text } of differences)
    console.log(`DIFFERENCE ${text}; again with --seed ${seed} --only ${index}`);
  console.log(`seed ${seed}, modules 0 to ${index - 1} in ${elapsed_s.toFixed(1)} s`);
  console.log(`modules ${modules} (wasm-opt -ttf: ${fuzzer.foreign})`);
  console.log(
    `calls compared ${calls} (${rate.toFixed(0)}/s, ${rateOfCpu.toFixed(0)}/s of CPU time), returned ${returned}`,
  );
  console.log(`modules with a returning call: ${(100 * share).toFixed(1)} %`);
  console.log(
    `mutated binaries judged like WebAssembly.validate: ${mutants} (${accepted} accepted, ${unsupported} use a feature outside)`,
  );
  if (only !== null) {
    if (differences.length) process.exitCode = 1;
    return;
  }
  console.log(`opcodes never executed: ${left.length}${left.length ? ` (${left.join(" ")})` : ""}`);
  // A run of a few seconds need not have reached everything.
  const long = elapsed_s >= 30;
  if (long && rateOfCpu < CALLS_PER_S) console.log(`too slow: under ${CALLS_PER_S} calls/s`);
  if (differences.length || (long && (left.length || share < RETURNING_SHARE || rateOfCpu < CALLS_PER_S)))
    process.exitCode = 1;
}
