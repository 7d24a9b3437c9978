/** The built host half on a bench: its imports served by plain JavaScript, one exit at a time, to check numbers and layouts. */
import { readFileSync } from "node:fs";
import { constants } from "../../../interface/constants.ts";

/** FIELD_*, EXIT_*, … by name, as the SDK has them. */
export const sdk = Object.fromEntries(constants.host.map(({ name, value }) => [name, Number(value)])) as Record<
  string,
  number
>;

const GUEST_PAGES = 16;
const FRAMES = 20;

export interface Bench {
  /** Does an exit of `vcpu` with these fields set; returns the action. */
  exit(vcpu: number, reason: string, fields: Record<string, bigint>): number;
  enter(vcpu: number): void;
  sched(vcpu: number, what: number): void;
  /** Host timer 0 of the vCPU expires. */
  timer(vcpu: number): void;
  field(vcpu: number, name: string): bigint;
  set(vcpu: number, name: string, value: bigint): void;
  /** Machine memory; guest frame i is machine frame i here, host frames follow, the last is foreign. */
  memory: DataView;
  /** What the host half asked of the machine, in order, e.g. "irq 1 64". */
  calls: string[];
}

interface HostHalf {
  memory: WebAssembly.Memory;
  boot(): number;
  exit(vcpu: number, reason: number): number;
  enter(vcpu: number): void;
  sched(vcpu: number, what: number): void;
  timer(vcpu: number, slot: number): void;
}

/** The TSC runs at the frequency of the processor: 32.32 fixed point. */
const TSC_SCALE_ONE = 1n << 32n;

/** A machine of these APIC ids, booted; `features` is the user's mask. */
export async function openBench(apicIds: number[], features = 0xffff_ffff_ffff_ffffn): Promise<Bench> {
  const memory = new DataView(new ArrayBuffer(FRAMES << 12));
  const fields = apicIds.map(
    (id) =>
      new Map<number, bigint>([
        [sdk.FIELD_APIC_ID as number, BigInt(id)],
        [sdk.FIELD_TSC_SCALE as number, TSC_SCALE_ONE],
      ]),
  );
  const calls: string[] = [];
  const call =
    (name: string, answer: number | bigint = 0) =>
    (...args: (number | bigint)[]) => {
      calls.push([name, ...args].join(" "));
      return answer;
    };
  const params = [BigInt(apicIds.length), BigInt(GUEST_PAGES), 3n, 1n, features];
  const host: Record<string, (...args: never[]) => unknown> = {
    ...loadsAndStores(memory),
    copy_out: (ptr: number, ma: bigint, bytes: number) => {
      const own = new Uint8Array(half.memory.buffer, ptr, bytes);
      new Uint8Array(memory.buffer, Number(ma), bytes).set(own);
    },
    frames: () => FRAMES,
    guest_frame: (i: number) => (i >= 0 && i < GUEST_PAGES ? BigInt(i) : -1n),
    owner: (mfn: bigint) =>
      mfn < GUEST_PAGES ? sdk.OWNER_GUEST : mfn < FRAMES - 1 ? sdk.OWNER_HOST : sdk.OWNER_FOREIGN,
    get: (vcpu: number, id: number) => fields[vcpu]?.get(id) ?? 0n,
    set: (vcpu: number, id: number, value: bigint) => {
      fields[vcpu]?.set(id, value);
      return 0;
    },
    now: () => 0n,
    tsc_hz: () => 2_500_000_000n,
    cpuid: (leaf: number, _sub: number, which: number) => (leaf === 1 && which === 2 ? 0x200 : which),
    param: (k: number) => params[k] ?? 0n,
    irq: (vcpu: number, vector: number) => call("irq", vector < 16 ? -1 : 0)(vcpu, vector),
    ...Object.fromEntries(
      ["nmi", "tlb", "kick", "stop", "release", "mfence", "timer_set", "timer_cancel", "shutdown", "crash"].map(
        (name) => [name, call(name)],
      ),
    ),
  };
  const bytes = readFileSync(new URL("../build/host.wasm", import.meta.url));
  const { instance } = await WebAssembly.instantiate(bytes, { host } as unknown as WebAssembly.Imports);
  const half = instance.exports as unknown as HostHalf;
  if (half.boot() !== 0) throw new Error("host.boot failed on the bench");
  // "IRR+1" is the second word of IRR.
  const id = (name: string) => {
    const [field, word = "0"] = name.split("+");
    return (sdk[`FIELD_${field}`] as number) + Number(word);
  };
  const set = (vcpu: number, name: string, value: bigint) => void fields[vcpu]?.set(id(name), BigInt.asIntN(64, value));
  return {
    exit: (vcpu, reason, values) => {
      set(vcpu, "EXIT_LEN", 1n);
      for (const [name, value] of Object.entries(values)) set(vcpu, name, value);
      return half.exit(vcpu, sdk[`EXIT_${reason}`] as number);
    },
    enter: (vcpu) => half.enter(vcpu),
    sched: (vcpu, what) => half.sched(vcpu, what),
    timer: (vcpu) => half.timer(vcpu, 0),
    field: (vcpu, name) => fields[vcpu]?.get(id(name)) ?? 0n,
    set,
    memory,
    calls,
  };
}

function loadsAndStores(memory: DataView) {
  const at = (ma: bigint) => Number(ma);
  return {
    load8: (ma: bigint) => memory.getUint8(at(ma)),
    load32: (ma: bigint) => memory.getUint32(at(ma), true),
    load64: (ma: bigint) => memory.getBigUint64(at(ma), true),
    store8: (ma: bigint, v: number) => memory.setUint8(at(ma), v),
    store32: (ma: bigint, v: number) => memory.setUint32(at(ma), v, true),
    store64: (ma: bigint, v: bigint) => memory.setBigUint64(at(ma), v, true),
    rmw: (_op: number, ma: bigint, v: bigint) => {
      const old = memory.getUint8(at(ma));
      memory.setUint8(at(ma), Number(v));
      return BigInt(old);
    },
  };
}
