/** The operands of a trace entry in words: fields, ports, registers and instructions by name instead of by number. */
import { constants } from "../interface/constants.ts";
import type { ReportTraceEntry } from "./report-failure.ts";

type Words = (a: bigint, b: bigint) => string;

const LOCKED = 0x100n;

/** Names of one enumeration by value, without their prefix. */
function namesOf(group: keyof typeof constants, prefix: string): Map<bigint, string> {
  const members = constants[group].filter(({ name }) => name.startsWith(`${prefix}_`));
  return new Map(members.map(({ name, value }) => [BigInt(value), name.slice(prefix.length + 1)]));
}

const fields = namesOf("host", "FIELD");
const exits = namesOf("host", "EXIT");
const instructions = namesOf("host", "INSN");
const accesses = namesOf("host", "ACCESS");
const hostParams = namesOf("host", "PARAM");
const params = namesOf("test", "TEST_PARAM");
const states = namesOf("test", "STATE");
const msrs = namesOf("machine", "MSR");
const updates = namesOf("machine", "RMW");

const hex = (value: bigint) => `0x${value.toString(16)}`;
const named = (names: Map<bigint, string>, value: bigint) => names.get(value) ?? hex(value);
const vcpu = (value: bigint) => `vCPU ${value}`;
const at = (address: bigint) => `[${hex(address)}]`;
/** Bits of the operand, from bits 5:4 of an update's op. */
const width = (op: bigint) => `${8 << Number((op >> 4n) & 3n)}-bit${op & LOCKED ? ", locked" : ""}`;

const ofVcpu: Words = (a) => vcpu(a);
const none: Words = () => "";
const load: Words = (a) => at(a);
const store: Words = (a, b) => `${at(a)} ← ${hex(b)}`;
const exitOf: Words = (a, b) => `${vcpu(a)}, ${named(exits, b)}`;

/** By the first words of `what`, in the halves and on the machine. */
const words: Record<string, Words> = {
  rmw: (a, b) => `${at(b)} ${named(updates, a & 15n)}, ${width(a)}`,
  cmpxchg: (a, b) => `${at(b)}, ${width(a)}`,
  invlpg: load,
  rdmsr: (a) => `MSR ${named(msrs, a)}`,
  wrmsr: (a, b) => `MSR ${named(msrs, a)} ← ${hex(b)}`,
  in: (a, b) => `port ${hex(a)}, ${b} bytes`,
  out: (a, b) => `port ${hex(a)}, ${b} bytes`,
  read_cr: (a) => `CR${a}`,
  write_cr: (a, b) => `CR${a} ← ${hex(b)}`,
  hypercall: (a, b) => `number ${hex(a)}, first argument ${hex(b)}`,
  "op called": (a, b) => `first arguments ${hex(a)}, ${hex(b)}`,
  "op returned": (a) => `result ${hex(a)}`,
  "exit hypercall": none,
  "exit kick": none,
  "exit insn": (a) => named(instructions, a),
  "exit msr": (_, b) => `MSR ${named(msrs, b)}`,
  "exit io": (_, b) => `port ${hex(b)}`,
  "exit exc": (_, b) => `at ${named(accesses, b & 0xffn)}`,
  "host.exit": exitOf,
  "host.enter": ofVcpu,
  "host.sched": (a, b) => `${vcpu(a)} ${b === 0n ? "leaves" : "gets"} its CPU`,
  "switched to": ofVcpu,
  "store drained": load,
  "kept off its CPU": none,
  stolen: none,
  "RDTSC executes early": (a) => `before the latest ${a === 1n ? "load" : `${a} loads`}`,
  "on another machine": (a, b) => `TSC scale ${hex(a)}, offset ${hex(b)}`,
  arrival: (a, b) => `number ${a}, vector ${hex(b)}`,
  event: (a, b) => `at ${hex(a)}, CR2 ${hex(b)}`,
};

/** The same name means something else to the host half, and to the kernel's own questions. */
const hostWords: Record<string, Words> = {
  get: (a, b) => `${vcpu(a)}, ${named(fields, b)}`,
  set: (a, b) => `${vcpu(a)}, ${named(fields, b)}`,
  irq: (a, b) => `${vcpu(a)}, vector ${hex(b)}`,
  nmi: ofVcpu,
  kick: ofVcpu,
  stop: ofVcpu,
  release: ofVcpu,
  wake: ofVcpu,
  param: (a) => named(hostParams, a),
};
const kernelWords: Record<string, Words> = {
  param: (a) => `${named(params, a & 0xffn)}${a >> 8n ? ` of vCPU ${a >> 8n}` : ""}`,
  state: (a, b) => `${vcpu(a)}, ${named(states, b & 0xffn)}${b >> 8n ? ` of vector ${hex(b >> 8n)}` : ""}`,
  expect_eq: (_, b) => `got ${hex(b)}`,
  expect: none,
  fail: (_, b) => `code ${BigInt.asIntN(32, b)}`,
  barrier: (a) => `number ${a}`,
  revoked: (_, b) => `from guest-physical ${hex(b)} on`,
};

/** @returns e.g. "vCPU 1, CTL_EXIT"; numbers in hexadecimal where nothing is known of them, "" where there is nothing to say */
export function traceWords({ layer, what, a, b }: Pick<ReportTraceEntry, "layer" | "what" | "a" | "b">): string {
  const [first, second] = [BigInt(a), BigInt(b)];
  const action = what.replace(/ = 0x[0-9a-f]+$/, "");
  const [name = ""] = action.split(" ");
  const own = layer === "host" ? hostWords : layer === "kernel" ? kernelWords : {};
  const known = own[name] ?? words[action] ?? words[name] ?? accessWords(name);
  if (known) return known(first, second);
  if (second !== 0n) return `${hex(first)} ${hex(second)}`;
  return first !== 0n ? hex(first) : "";
}

function accessWords(name: string): Words | undefined {
  if (/^load\d+$/.test(name)) return load;
  return /^store\d+$/.test(name) ? store : undefined;
}
