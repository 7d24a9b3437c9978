// Node side of the VM's tests: compiles the test kernel and halves, boots them in core.wasm, runs one case.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome } from "../../../conformance/runner/types.ts";
import { createVm, type RoleName, type Vm } from "../../../conformance/runner/vm.ts";
import type { VmUnit } from "../../../conformance/runner/vm-structs.ts";
import { compileAll, root } from "../../../scripts/lib/asc.mjs";
import { coreJob } from "../../../scripts/lib/targets.mjs";

const build = "wasm-core/build/vm-testing";
const part = (name: string) => ({
  name: `vm-testing/${name}`,
  entry: `wasm-core/vm/testing/${name}.ts`,
  out: `${build}/${name}.wasm`,
  inputs: ["wasm-core/vm/testing"],
  args: ["--exportTable", "--exportStart", "_unused_start", "--initialMemory", "1", "--maximumMemory", "4"],
});

/** Ops of the test halves, in the order of their numbers. */
export const ops = [
  "t_add",
  "t_trap",
  "t_loop",
  "t_recurse",
  "t_grow",
  "t_missing",
  "race_prepare",
  "race_run",
  "race_event",
  "race_check",
  "litmus_0",
  "litmus_1",
  "litmus_2",
  "litmus_3",
  "xen_context",
  "vmi_init",
  "vmi_halt",
  "vmi_counter",
  "vmi_set_alarm",
  "vmi_set_ap_state",
  "vmi_expiry",
  "vmi_halts_early",
];
const shared = { fuel_boot: 20_000_000, fuel_schedule: 200_000, fuel_unit: 100_000_000, tsc_hz: 2_500_000_000 };

let core: WebAssembly.Module | undefined;

export const module = (name: string) => new Uint8Array(readFileSync(join(root, build, `${name}.wasm`)));

/** Machine kinds of the tests, and the modules that differ from the usual ones: the host half that runs them, first of all. */
const kinds = {
  native: { kind: 0 },
  enlightened: { kind: 1, host: "host" },
  protocol: { kind: 1, host: "protocol-host" },
  tlfs: { kind: 1, host: "tlfs-host" },
  tlfsBare: { kind: 1, host: "tlfs-bare-host" },
  start: { kind: 1, host: "start/host" },
  shadow: { kind: 2, host: "vmi/host", guest: "vmi/guest", rom: "vmi/rom" },
  direct: { kind: 3, host: "direct-host" },
  layered: { kind: 3, host: "layered/host" },
  fullvirt: { kind: 4, host: "trap-host" },
} as const;
export type KindName = keyof typeof kinds;

/** File of each role's module. */
function modulesOf({ kind: _, ...others }: (typeof kinds)[KindName]): Record<string, string> {
  return { kernel: "kernel", native: "native", guest: "guest", ...others };
}

export async function compileTesting(): Promise<void> {
  const modules = new Set(Object.values(kinds).flatMap((kind) => Object.values(modulesOf(kind))));
  await compileAll([coreJob(), ...[...modules, "fine-guest"].map(part)]);
  core = await WebAssembly.compile(readFileSync(join(root, coreJob().out)));
}

/** Other APIC ids, another guest or host half, a second level of translation. */
export interface Options {
  apicIds?: number[];
  slat?: boolean;
  guest?: Uint8Array<ArrayBuffer>;
  host?: Uint8Array<ArrayBuffer>;
}

/** A linked VM that has not booted. */
export async function linked(name: KindName, vcpus = 4, options: Options = {}): Promise<Vm> {
  if (!core) await compileTesting();
  const vm = await createVm(core as WebAssembly.Module);
  vm.reset();
  vm.configure({
    ...shared,
    kind: kinds[name].kind,
    vcpus,
    memory_pages: 512,
    host_pages: 64,
    abi_version: 1,
    feature_mask: (1n << 64n) - 1n,
    apic_id: options.apicIds ?? [0, 5, 130, 3, 4, 6, 7, 8],
    slat: options.slat ?? false,
    trace_entries: 400,
    seed: 1n,
  });
  for (const op of ops) vm.addOp(op);
  for (const [role, file] of Object.entries(modulesOf(kinds[name]))) {
    const error = vm.load(
      role as RoleName,
      (role === "guest" && options.guest) || (role === "host" && options.host) || module(file),
    );
    if (error) throw new Error(JSON.stringify(error));
  }
  const error = vm.link();
  if (error) throw new Error(JSON.stringify(error));
  return vm;
}

/** A VM at its boot snapshot. */
export async function booted(name: KindName, vcpus = 4, options: Options = {}): Promise<Vm> {
  const vm = await linked(name, vcpus, options);
  let state = vm.boot(1_000_000);
  while (state === "more") state = vm.boot(1_000_000);
  if (state !== "booted") throw new Error(JSON.stringify(state.failure));
  return vm;
}

export const sequential = { strategy: 0, bound: 0, schedules_max: 1 };
export const search = { strategy: 1, bound: 2, schedules_max: 5000 };
export const replay = (schedule: string, flags = 0) => ({ strategy: 3, bound: 0, schedules_max: 1, schedule, flags });

/** A unit of the test kernel's case. */
export function unit(index: number, roles: number, settings: Partial<VmUnit> = {}): VmUnit {
  return {
    case: index,
    vcpu_of_role: Array.from({ length: roles }, (_, role) => role),
    ...sequential,
    flags: 0,
    seed: 7n,
    stuck_clause: 99,
    arrivals: [],
    slice: 0,
    slices: 1,
    ...settings,
  };
}

/** Runs a unit to its outcome; `slice` is the fuel of one step. */
export function run(vm: Vm, what: VmUnit, slice = 2_000_000): Outcome {
  const error = vm.beginUnit(what);
  if (error) throw new Error(`${error.code}: ${error.message}`);
  let outcome = vm.stepUnit(slice);
  while (!outcome) outcome = vm.stepUnit(slice);
  return outcome;
}
