// Cases of the test kernel about flushing another vCPU's TLB beside protocol-cases.ts: 70 TLFS (tlfs-flush.ts), 71 work of the host half.
import { entryOf, FLAG, word } from "./cases";
import { barrier, DIRECT_MAP, expectEq, hypercall, invlpg, load64, outcome, param, quiet, reg, setReg, store64, wrmsr } from "./imports";
import { setGate } from "./kernel";
import { flushedPage, onFlushRequest, shootDown } from "./protocol-cases";

@external("machine", "exec") declare function exec(va: i64): void;

const AREA: i32 = 4;
const BLOCK: i32 = 6;
const HV_X64_MSR_HYPERCALL: i32 = 0x40000001;
const FLUSH_SPACE: i64 = 2;
const IGNORE_BUSY: i64 = 0x8000;
const NX: i64 = <i64>0x8000000000000000;
const RCX: i32 = 1;
const RDX: i32 = 2;

export function runFlushCase(index: i32, role: i32): void {
  if (index == 70) return flushSpace(role);
  return throughHost(role);
}

/** The page of hypercalls: the third one behind what the cases remap. */
function hypercallPage(): i64 {
  return flushedPage() + 0x3000;
}

function callPage(code: i64, gpa: i64): i64 {
  setReg(RCX, code);
  setReg(RDX, gpa);
  exec(hypercallPage());
  return reg(0);
}

/** Has the host half write its page, and makes it executable. */
function openPage(): void {
  const page = hypercallPage();
  wrmsr(HV_X64_MSR_HYPERCALL, (page - DIRECT_MAP) | 1);
  const entry = entryOf(page);
  store64(entry, load64(entry) & ~NX);
  invlpg(page);
}

/** Role 0 lets the page map the frame behind its own: the word there is 1, then 2. */
function remap(): void {
  const entry = entryOf(flushedPage());
  store64(entry, load64(entry) + 0x1000);
}

/** As protocol-cases.ts' flush. Bit 0 of the seed: the host half ignores EBUSY. */
function flushSpace(role: i32): void {
  quiet(1);
  const page = flushedPage();
  if (role == 0) {
    store64(page, 1);
    store64(page + 4096, 2);
    openPage();
    expectEq(70, callPage(FLUSH_SPACE, word(BLOCK) - DIRECT_MAP + 4), 4);
    expectEq(70, callPage(FLUSH_SPACE, 1 << 40), 5);
    if (param(3) & 1) callPage(IGNORE_BUSY, 0);
    store64(word(BLOCK), 0);
    store64(word(BLOCK) + 8, 1);
    store64(word(BLOCK) + 16, 2);
  }
  load64(page);
  barrier(1);
  quiet(0);
  if (role == 0) {
    remap();
    expectEq(70, callPage(FLUSH_SPACE, word(BLOCK) - DIRECT_MAP), 0);
    store64(word(FLAG), 1);
    return;
  }
  const said = load64(word(FLAG));
  outcome(0, said * 10 + load64(page));
}

/**
 * The host half reads the page for role 1: it translates, may be preempted, and then uses what it has. Role 0 flushes by IPI or through
 * the steal area. Bit 0 of the seed: the area is taken by one exchange; bit 1: preempted host work is reported there too.
 */
function throughHost(role: i32): void {
  quiet(1);
  const page = flushedPage();
  if (role == 0) {
    store64(page, 1);
    store64(page + 4096, 2);
    hypercall(2, 1, word(AREA) - DIRECT_MAP, param(3), 0, 0, 0);
  } else setGate(0x45, onFlushRequest);
  barrier(1);
  quiet(0);
  if (role == 1) return outcome(0, hypercall(20, page, word(FLAG) - DIRECT_MAP, 0, 0, 0, 0));
  remap();
  shootDown();
  store64(word(FLAG), 1);
}
