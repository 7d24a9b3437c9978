// npm run -s fuzz -- --seconds N [--seed S] [--only]: compares random modules in V8 and in the engine until the time is over.
// Exit code 1 on any difference, with the seed that shows it; --only runs that one seed.
import { Engine } from "../wasm-core/engine/testing/engine.ts";
import { Fuzzer } from "../wasm-core/engine/testing/fuzz.ts";
import { foreignModules } from "./fuzz/binaryen.mjs";

const CALLS_PER_S = 1000;
const RETURNING_SHARE = 0.8;

const option = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const seconds = option("seconds", 60);
const first = option("seed", 1);
const only = process.argv.includes("--only");
if (!(seconds > 0) || !Number.isInteger(first)) {
  console.error("fuzz: --seconds needs a positive number, --seed an integer");
  process.exit(2);
}

const fuzzer = new Fuzzer(await Engine.create());
const foreign = foreignModules(first);
const began = performance.now();
const cpuBefore = process.cpuUsage();
let seed = first;
let foreignCount = 0;
try {
  do {
    // The other generator runs beside in a process of its own; what it finished meanwhile is compared here.
    for (const { bytes, label, seed: own } of only && seed === first ? await foreign.next() : foreign.finished())
      if (fuzzer.foreign(bytes, label, own)) foreignCount += 1;
    for (let i = 0; i < (only ? 1 : 50) && fuzzer.differences.length < 5; i++) fuzzer.round(seed++);
    await new Promise((resolve) => setImmediate(resolve));
  } while (!only && performance.now() - began < seconds * 1000 && fuzzer.differences.length < 5);
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
  for (const difference of differences)
    console.log(`DIFFERENCE ${difference}; again with --seed ${seedOf(difference)} --only`);
  console.log(`seeds ${first} to ${seed - 1} in ${elapsed_s.toFixed(1)} s`);
  console.log(`modules ${modules} (wasm-opt -ttf: ${foreignCount})`);
  console.log(
    `calls compared ${calls} (${rate.toFixed(0)}/s, ${rateOfCpu.toFixed(0)}/s of CPU time), returned ${returned}`,
  );
  console.log(`modules with a returning call: ${(100 * share).toFixed(1)} %`);
  console.log(
    `mutated binaries judged like WebAssembly.validate: ${mutants} (${accepted} accepted, ${unsupported} use a feature outside)`,
  );
  if (only) {
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

function seedOf(difference) {
  return difference.match(/seed (-?\d+)/)?.[1] ?? first;
}
