import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { backendNames } from "../lib/targets.mjs";
import { root } from "../lib/toolchain.mjs";

const BOUND_MIB = 96;

/** Linear memory of one VM instance after whole runs of every reference build, one after the other, as an isolate keeps it. */
export async function memory() {
  const { inspectBuild, openSuite, planShards, runShard } = await import("../../conformance/runner/index.ts");
  const { Vm } = await import("../../conformance/runner/vm.ts");
  const { exports } = await WebAssembly.instantiate(readFileSync(join(root, "wasm-core/build/core.wasm")), {}).then(
    ({ instance }) => instance,
  );
  const vm = new Vm(exports);
  const suite = await openSuite(new Uint8Array(readFileSync(join(root, "conformance/build/suite.bin"))));
  for (const name of backendNames()) {
    const inspected = await inspectBuild(vm, suite, partsOf(join(root, "conformance/backends", name, "build")));
    if (!inspected.ok) throw new Error(`${name} was refused: ${JSON.stringify(inspected.problems)}`);
    for (const shard of planShards(suite, inspected.build)) await runShard(vm, suite, inspected.build, shard, {});
  }
  const value = exports.memory.buffer.byteLength / 2 ** 20;
  const how = `size of core.wasm's memory in Node after whole runs of ${backendNames().join(" and ")}; it never shrinks`;
  return [{ figure: "one VM instance", value, bound: BOUND_MIB, unit: "MiB", how }];
}

function partsOf(folder) {
  const part = (file) =>
    existsSync(join(folder, file)) ? new Uint8Array(readFileSync(join(folder, file))) : undefined;
  return { manifest: part("parley.json"), guest: part("guest.wasm"), host: part("host.wasm"), rom: part("rom.wasm") };
}
