/** The `host.*` imports of a host half (ABI version 1). */
import { fn, type ImportedFunction } from "./schema.ts";

const memory: ImportedFunction[] = [
  fn(
    "load8",
    "(ma i64) -> i32",
    "Loads one byte at machine address ma. A FOREIGN frame ends the host half with `isolation`.",
  ),
  fn("load16", "(ma i64) -> i32", "Loads two bytes."),
  fn("load32", "(ma i64) -> i32", "Loads four bytes."),
  fn("load64", "(ma i64) -> i64", "Loads eight bytes."),
  fn("store8", "(ma i64, v i32)", "Stores one byte into the store buffer of the CPU that this call runs on."),
  fn("store16", "(ma i64, v i32)", "Stores two bytes."),
  fn("store32", "(ma i64, v i32)", "Stores four bytes."),
  fn("store64", "(ma i64, v i64)", "Stores eight bytes."),
  fn("rmw", "(op i32, ma i64, v i64) -> i64", "As machine.rmw, by machine address."),
  fn("cmpxchg", "(op i32, ma i64, expect i64, v i64) -> i64", "As machine.cmpxchg, by machine address."),
  fn("copy_in", "(ptr i32, ma i64, len i32)", "Copies machine memory to private memory."),
  fn("copy_out", "(ptr i32, ma i64, len i32)", "Copies private memory to machine memory."),
  fn("mfence", "()", "Drains the store buffer of the CPU that this call runs on."),
  fn(
    "translate",
    "(vcpu i32, va i64, access i32) -> i64",
    "Walks va as the machine would (access 0 read, 1 write, 2 fetch); machine address or −3 EFAULT. Nothing pins the result.",
  ),
  fn("frames", "() -> i32", "Number of frames of machine memory."),
  fn("guest_frame", "(i i32) -> i64", "Machine frame of the i-th guest frame; −1 beyond the last."),
  fn("owner", "(mfn i64) -> i32", "0 HOST, 1 GUEST, 2 FOREIGN; negative beyond memory."),
  fn("assign", "(mfn i64, owner i32) -> i32", "Moves a frame between HOST and GUEST."),
];

const vcpus: ImportedFunction[] = [
  fn("get", "(vcpu i32, field i32) -> i64", "Reads a vCPU field (FIELD_*)."),
  fn(
    "set",
    "(vcpu i32, field i32, v i64) -> i32",
    "Writes a vCPU field; −2 while the target is in guest mode, −4 for read-only fields.",
  ),
  fn(
    "irq",
    "(vcpu i32, vector i32) -> i32",
    "Posts a vector into IRR, in any state of the target; −1 for a vector below 16.",
  ),
  fn("nmi", "(vcpu i32) -> i32", "Makes an NMI pending; at most one."),
  fn(
    "tlb",
    "(vcpu i32, op i32, a i64, b i64) -> i32",
    "Drops translations of self or of a target outside guest mode, else −2 (TLB_*).",
  ),
  fn("kick", "(vcpu i32)", "Makes an in-guest target exit at some later boundary with KICK."),
  fn(
    "stop",
    "(vcpu i32) -> i32",
    "Waits until the target is out of guest mode and holds it out until release or the end of this host call.",
  ),
  fn("release", "(vcpu i32) -> i32", "Ends stop."),
  fn("wake", "(vcpu i32) -> i32", "BLOCKED becomes READY and 1 is returned; otherwise no effect and 0. Not sticky."),
  fn("vcpu_on", "(vcpu i32) -> i32", "OFF becomes READY with the fields as set."),
  fn("vcpu_off", "(vcpu i32) -> i32", "The reverse; the target is self or stopped."),
  fn(
    "timer_set",
    "(vcpu i32, slot i32, at i64, period i64, counter i32)",
    "Arms a host timer: counter 0 real ns, 1 available ns, 2 guest TSC; 8 slots per vCPU.",
  ),
  fn("timer_cancel", "(vcpu i32, slot i32) -> i32", "Disarms; 1 when it was armed."),
  fn("now", "() -> i64", "Real time in ns since boot."),
  fn("resched", "(vcpu i32)", "The one place where host work may be preempted; the lock stays held."),
  fn("tsc_hz", "() -> i64", "Frequency of the bare machine's counter in Hz."),
  fn("cpuid", "(leaf i32, sub i32, which i32) -> i32", "CPUID of the bare machine; which 0 EAX, 1 EBX, 2 ECX, 3 EDX."),
  fn("shutdown", "(reason i32)", "Ends the guest in order. Does not return."),
  fn(
    "crash",
    "(why_ptr i32, why_len i32)",
    "Ends the guest as the host's judgement on it; the words are private memory. Does not return.",
  ),
  fn("param", "(k i32) -> i64", "Boot parameter k (PARAM_*)."),
  fn("log", "(ptr i32, len i32)", "Adds words of private memory to the bounded trace."),
  fn("choose", "(n i32) -> i32", "Explored branch 0 … n−1, for hostile variants only."),
];

export const hostImports: readonly ImportedFunction[] = [...memory, ...vcpus];
