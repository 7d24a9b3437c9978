// Cases of the test kernel on a two-layer host (layered/host.ts): starts by context, flushes, waits, timers, addresses. 94 and up.
import { FLAG, word, X, Y } from "../cases";
import { advance, barrier, codeAddr, DIRECT_MAP, expect, expectEq, hypercall, iret, load64, mfence, outcome, param, pause, quiet, rmw, state, store64 } from "../imports";

@external("pvi", "xen_context") declare function writeContext(context: i64, apStart: i64, rsp: i64, flag: i64): void;

const AREA: i32 = 4;
const CONTEXT: i64 = 0x2000;
const RIP: i64 = 648;
const CS: i64 = 656;
const CR3: i64 = 5008;
const TARGET: i64 = 2;
const EVIL: i64 = 0x1234_0000_0000_0000;
/** Private word: upcalls so far. */
const EVENTS: usize = 96;

export function runLayeredCase(index: i32, role: i32): void {
  switch (index) {
    case 94: return rewritten(role);
    case 95: return oneByOne();
    case 96: return twoCallers(role);
    case 97: return flushMulti(role);
    case 98: return sleep(role);
    case 99: return alarm();
    case 100: return addresses();
    case 101: return statuses();
  }
  unreachable();
}

function call(nr: i64, a: i64, b: i64, c: i64, d: i64): i64 {
  return hypercall(nr, a, b, c, d, 0, 0);
}

function context(): i64 {
  return param(13) + CONTEXT;
}

/** vCPU 2 is off, and its context lies ready. */
function prepare(): void {
  call(50, TARGET, 0, 0, 0);
  call(45, TARGET, word(AREA) - DIRECT_MAP, 0, 0);
  writeContext(context(), codeAddr(started.index, 0), param(15 | (2 << 8)), word(Y));
  store64(context() + CR3, call(51, 0, 0, 0, 0));
}

/** Where the guest half's entry hands on to: its upcalls are masked, and it came through the guest half. */
function started(rsp: i64): void {
  const good = load64(word(AREA) + 8) == 1 && load64(word(Y)) == 1 && rsp == param(15 | (2 << 8));
  rmw(0x131, word(X), good ? 1 : 100);
}

function initialise(target: i64, how: i64): i64 {
  return call(24, 0, target, context(), how);
}

function up(target: i64): i64 {
  return call(24, 1, target, 0, 0);
}

/**
 * Role 1 makes the context's RIP non-canonical while the host half reads it for role 0. Slots: 0 or EINVAL; entries that the machine
 * refused: none, unless the host half fetches RIP again behind its checks (seed 1).
 */
function rewritten(role: i32): void {
  quiet(1);
  if (role == 0) prepare();
  barrier(1);
  quiet(0);
  if (role == 1) {
    store64(context() + RIP, EVIL);
    return;
  }
  const result = initialise(TARGET, param(3));
  quiet(1);
  outcome(0, -result);
  if (result == 0) up(TARGET);
  while (result == 0 && load64(word(X)) == 0 && call(48, 0, 0, 0, 0) == 0) pause();
  outcome(1, call(48, 0, 0, 0, 0));
}

/** Answers, in turn; and the vCPU that is up at last. */
function oneByOne(): void {
  prepare();
  expectEq(95, initialise(9, 0), -2);
  expectEq(95, up(TARGET), -2);
  const cs = load64(context() + CS);
  store64(context() + CS, 0x08);
  expectEq(95, initialise(TARGET, 0), -22);
  store64(context() + CS, cs);
  store64(context() + CR3, load64(context() + CR3) + 0x1000);
  expectEq(95, initialise(TARGET, 0), -22);
  store64(context() + CR3, load64(context() + CR3) - 0x1000);
  expectEq(95, initialise(TARGET, 0), 0);
  expectEq(95, initialise(TARGET, 0), -17);
  expectEq(95, load64(word(X)), 0);
  expectEq(95, up(TARGET), 0);
  while (load64(word(X)) == 0) pause();
  expectEq(95, load64(word(X)), 1);
  // It runs: the core's INVALID_VP_STATE.
  expectEq(95, up(TARGET), -17);
}

/** Both roles initialise vCPU 2 (seed: how); slots: 0 or EEXIST, who is let starts it, and it starts once. */
function twoCallers(role: i32): void {
  quiet(1);
  if (role == 0) prepare();
  barrier(1);
  quiet(0);
  const result = initialise(TARGET, param(3));
  quiet(1);
  outcome(role, -result);
}

/** The page whose entry changes: its word is 1, that of the frame behind it 2. */
function page(): i64 {
  return DIRECT_MAP + ((param(5) as i64) << 12);
}

/**
 * MMUEXT_TLB_FLUSH_MULTI of role 1's vCPU, which may be descheduled. As protocol-cases.ts' flush: never 11, unless the core forgets
 * who is descheduled (seed 1).
 */
function flushMulti(role: i32): void {
  quiet(1);
  if (role == 0) {
    store64(page(), 1);
    store64(page() + 4096, 2);
  }
  load64(page());
  barrier(1);
  quiet(0);
  if (role == 0) {
    mapTo(page(), call(40, param(5) + 1, 0, 0, 0));
    call(26, 2, param(3), 0, 0);
    store64(word(FLAG), 1);
    return;
  }
  const said = load64(word(FLAG));
  outcome(0, said * 10 + load64(page()));
}

/** The page-table entry of va, which the kernel may read through the direct map only, is written by the host half without a flush. */
function mapTo(va: i64, frame: i64): void {
  call(53, va, (frame << 12) | 0x67, 0, 0);
}

/** Role 1 blocks until role 0's event: in no order does it sleep through. */
function sleep(role: i32): void {
  if (role == 1) {
    store64(word(AREA) + 8, 1);
    store<i64>(EVENTS, 0);
    call(44, word(AREA) - DIRECT_MAP, codeAddr(onEvent.index, 0), 0, 0);
  }
  barrier(1);
  if (role == 0) {
    call(32, 1, 0, 0, 0);
    return;
  }
  call(29, 0, 0, 0, 0);
  while (load<i64>(EVENTS) == 0) pause();
  expectEq(98, load<i64>(EVENTS), 1);
  expectEq(98, load64(word(AREA)), 0);
}

function onEvent(frame: i64): void {
  store<i64>(EVENTS, load<i64>(EVENTS) + rmw(0x130, word(AREA), 0));
  iret(frame);
}

/** Timers at times that are no multiples of 100 ns do not come early; seed 1 rounds down. */
function alarm(): void {
  for (let odd = 1; odd < 100; odd += 49) {
    const at = (state(0, 2) / 100) * 100 + 100_000 + odd;
    call(15, at, param(3) & 1, 0, 0);
    while (state(0, 2) < at + 1_000) {
      advance(97);
      pause();
    }
    const expired = call(49, 0, 0, 0, 0);
    expect(99, expired >= at && expired < at + 1_000 ? 1 : 0);
  }
}

/** Tables, P2M and M2P hold the partition's frames; an overlay covers a page, whose content is there again without it. */
function addresses(): void {
  const pfn = param(5);
  const frame = call(40, pfn, 0, 0, 0);
  expect(100, frame != pfn ? 1 : 0);
  expectEq(100, call(41, frame, 0, 0, 0), pfn);
  expectEq(100, call(41, 0, 0, 0, 0), -1);
  store64(page(), 1);
  store64(page() + 4096, 2);
  mfence();
  call(43, page(), ((frame + 1) << 12) | 0x67, 0, 0);
  expectEq(100, load64(page()), 2);
  call(43, page(), (frame << 12) | 0x67, 0, 0);
  expectEq(100, load64(page()), 1);
  call(46, frame << 12, 1, 0, 0);
  expectEq(100, load64(page()), 0);
  store64(page(), 7);
  mfence();
  expectEq(100, call(52, frame << 12, 0, 0, 0), 7);
  call(46, frame << 12, 0, 0, 0);
  expectEq(100, load64(page()), 1);
}

/** Errors of Xen for statuses of the core: | status 15:0 | errno 31:16 | of each. */
function statuses(): void {
  const table = memory.data<i32>([0, 2 | (38 << 16), 3 | (22 << 16), 4 | (22 << 16), 5 | (22 << 16), 6 | (1 << 16), 7 | (16 << 16), 0xb | (12 << 16), 0xd | (3 << 16), 0xe | (2 << 16), 0x15 | (17 << 16), 0x99 | (5 << 16)]);
  for (let i: usize = 0; i < 12; i++) {
    const row = load<i32>(table + (i << 2));
    expectEq(101, call(47, row & 0xffff, 0, 0, 0), -(row >> 16));
  }
}
