// The explorer: what forking costs, schedules per second, the litmus set, and whether an instance keeps its size.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/toolchain.mjs";

const BOUNDS = { fork_us: 10, schedules_s: 20_000, litmus_s: 60 };
const MANY_SCHEDULES = 100_000;
/** Cases of the test kernel: 200 steps on two vCPUs. */
const CASE_STEPS = 39;
const DFS = 1;
const PCT = 2;
const ROUNDS = 15;

export async function explorer() {
  const { booted, compileTesting, run, unit } = await import("../../wasm-core/vm/testing/harness.ts");
  await compileTesting();
  const vm = await booted("native", 2);
  const steps = { strategy: DFS, bound: 3, schedules_max: 20_000 };
  const rate = fastest(() => run(vm, unit(CASE_STEPS, 2, steps), 1_000_000_000));
  return [
    await forkAndReset(),
    {
      figure: "schedules of a two-vCPU case of about 200 steps",
      value: rate.cpu,
      bound: BOUNDS.schedules_s,
      unit: "schedules/s",
      atLeast: true,
      how: `exhaustive search, 3 preemptions, 20 000 schedules, states looked up; CPU time of the process, best of ${ROUNDS}; by the clock on the wall ${rate.wall.toFixed(0)}`,
    },
    await litmus(),
    memoryKept(vm, run, unit),
  ];
}

/** Schedules per second by CPU time (what else the machine does meanwhile makes no difference), and by the clock on the wall. */
function schedulesPerSecond(search) {
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  const { tried, failure } = search();
  if (failure) throw new Error(failure.reason);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpu: tried / ((user + system) / 1_000_000), wall: tried / ((performance.now() - before) / 1000) };
}

/** The best of several rounds, for either clock. */
function fastest(search) {
  const rounds = Array.from({ length: ROUNDS }, () => schedulesPerSecond(search));
  return { cpu: Math.max(...rounds.map(({ cpu }) => cpu)), wall: Math.max(...rounds.map(({ wall }) => wall)) };
}

/** A typical case of the suite, run again and again: what a schedule costs beyond its instructions is fork and reset. */
async function forkAndReset() {
  const { inspectBuild, openSuite } = await import("../../conformance/runner/index.ts");
  const { bootPairing } = await import("../../conformance/runner/boot.ts");
  const { pairingsOf } = await import("../../conformance/runner/pairings.ts");
  const { createVm } = await import("../../conformance/runner/vm.ts");
  const { run, unit } = await import("../../wasm-core/vm/testing/harness.ts");
  const vm = await createVm(await WebAssembly.compile(readFileSync(join(root, "wasm-core/build/core.wasm"))));
  const suite = await openSuite(new Uint8Array(readFileSync(join(root, "conformance/build/suite.bin"))));
  const folder = join(root, "conformance/backends/kvm/build");
  const part = (file) =>
    existsSync(join(folder, file)) ? new Uint8Array(readFileSync(join(folder, file))) : undefined;
  const { build } = await inspectBuild(vm, suite, {
    manifest: part("parley.json"),
    guest: part("guest.wasm"),
    host: part("host.wasm"),
  });
  await bootPairing(vm, suite, build, pairingsOf(suite, build)[0], 1n, async () => {});
  const item = suite.cases.find(({ id }) => id === "irq-save-fl-both-states");
  const what = unit(item.index, 1, { strategy: PCT, bound: 1, schedules_max: 20_000 });
  const { fuel, tried } = run(vm, what, 1_000_000_000);
  const instructions = Math.round(Number(fuel) / tried);
  const rate = fastest(() => run(vm, what, 1_000_000_000));
  return {
    figure: "fork and reset of a typical case",
    value: 1_000_000 / rate.cpu,
    bound: BOUNDS.fork_us,
    unit: "µs",
    digits: 2,
    how: `${item.id} on kvm, 20 000 schedules: restoring the snapshot, starting the role and its ${instructions} instructions; CPU time, best of ${ROUNDS}; by the clock on the wall ${(1_000_000 / rate.wall).toFixed(2)} µs`,
  };
}

async function litmus() {
  const { checkPublished } = await import("../../wasm-core/vm/testing/litmus/check.ts");
  const { published } = await import("../../wasm-core/vm/testing/litmus/published.ts");
  const began = performance.now();
  let failed = 0;
  for (const test of published) failed += (await checkPublished(test)).problems.length;
  const value = failed ? null : (performance.now() - began) / 1000;
  const how = `${published.length} tests, each booted and explored exhaustively`;
  return { figure: "the litmus set", value, bound: BOUNDS.litmus_s, unit: "s", how };
}

function memoryKept(vm, run, unit) {
  const before = vm.memoryUsed();
  let tried = 0;
  while (tried < MANY_SCHEDULES)
    tried += run(
      vm,
      unit(CASE_STEPS, 2, { strategy: PCT, bound: 3, schedules_max: 20_000, seed: BigInt(tried) }),
    ).tried;
  const how = `${tried} schedules; ${(before / 2 ** 20).toFixed(1)} MiB before`;
  return { figure: "memory of an instance, growth", value: vm.memoryUsed() - before, bound: 1, unit: "bytes", how };
}
