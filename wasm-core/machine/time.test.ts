import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const NEVER = (1n << 64n) - 1n;
const u64 = (value: bigint) => BigInt.asUintN(64, value);
const [OFF, GUEST, HOST, READY, BLOCKED, HALTED] = [0, 2, 3, 4, 5, 6];

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});
beforeEach(() => {
  m.create({ kind: Kind.ENLIGHTENED });
});

describe("time identity", () => {
  it("real = running + ready + blocked, and available stands still only in READY", () => {
    let seed = 12345;
    const states = [OFF, GUEST, HOST, READY, BLOCKED, HALTED];
    const expected = [0n, 0n, 0n];
    let now = 0n;
    let state = GUEST;
    for (let i = 0; i < 500; i++) {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      const ns = BigInt(seed % 1000);
      m.h.pass(ns);
      now += ns;
      const bucket = state === READY ? 1 : state === GUEST || state === HOST ? 0 : 2;
      expected[bucket] = (expected[bucket] as bigint) + ns;
      expect(m.h.identity(0)).toBe(1);
      expect(m.h.available(0) + m.h.stolen(0)).toBe(m.h.now());
      state = states[(seed >>> 10) % states.length] as number;
      m.h.setState(0, state);
    }
    expect([0x91, 0x92, 0x93].map((id) => m.get(0, id))).toEqual(expected);
    expect(m.h.stolen(0)).toBe(expected[1]);
    expect(m.h.now()).toBe(now);
  });
});

describe("TSC", () => {
  it("counts at 2.5 GHz of real time and moves with every reading", () => {
    m.h.pass(1_000_000_001n);
    expect(m.h.tsc(0)).toBe(2_500_000_002n);
    const first = m.value(0, "rdtsc");
    const second = m.value(0, "rdtsc");
    expect(second > first).toBe(true);
    expect(m.h.now()).toBe(1_000_000_003n);
  });

  it("has scale and offset per vCPU, and a migration that changes both", () => {
    m.h.pass(1000n);
    m.set(0, 0x5b, 77);
    expect([m.h.tsc(0), m.h.tsc(1)]).toEqual([2577n, 2500n]);
    m.h.migrate(0, 1n << 31n, u64(-250n));
    expect(u64(m.h.tsc(0))).toBe(1000n);
    expect(m.get(0, 0x94)).toBe(1000n);
    m.h.migrate(0, 3n << 32n, 0n);
    m.h.pass(1n << 40n);
    expect(m.h.tsc(0)).toBe(3n * ((((1n << 40n) + 1000n) * 5n) / 2n));
  });

  it("is written by MSR 0x10 and TSC_ADJUST on bare metal", () => {
    m.create();
    m.h.pass(100n);
    m.value(0, "wrmsr", 0x10, 1_000_000);
    expect(m.h.tsc(0)).toBe(1_000_000n);
    expect(m.value(0, "rdmsr", 0x3b)).toBe(999_750n);
    m.value(0, "wrmsr", 0x3b, 0);
    expect(m.h.tsc(0)).toBe(250n);
  });
});

describe("host timers", () => {
  it("expire at their real time, once or by period", () => {
    expect(u64(m.h.deadline())).toBe(NEVER);
    expect(m.h.setTimer(1, 3, 500n, 0n, 0)).toBe(0);
    expect(m.h.setTimer(-1, 0, 300n, 400n, 0)).toBe(0);
    const seen: [bigint, number, number][] = [];
    for (let i = 0; i < 4; i++) {
      m.h.pass(m.h.deadline() - m.h.now());
      m.h.expire();
      seen.push([m.h.now(), m.h.expired(-1), m.h.expired(1)]);
    }
    expect(seen).toEqual([
      [300n, 1, 0],
      [500n, 0, 8],
      [700n, 1, 0],
      [1100n, 1, 0],
    ]);
  });

  it("on available time wait while the vCPU is stolen from", () => {
    const ms = 1_000_000n;
    m.h.setTimer(0, 0, ms, ms, 1);
    // Stolen from 1.5 to 2.5 ms and from 4 to 6 ms: available time reaches 1, 2, 3, 4 ms at real 1, 3, 4, 7 ms.
    const plan: [bigint, number][] = [
      [1500n * 1000n, READY],
      [2500n * 1000n, GUEST],
      [4n * ms, READY],
      [6n * ms, HALTED],
      [7n * ms, HALTED],
    ];
    const at: bigint[] = [];
    for (const [end, state] of plan) {
      for (let i = 0; i < 10 && u64(m.h.deadline()) <= end; i++) {
        m.h.pass(m.h.deadline() - m.h.now());
        m.h.expire();
        if (m.h.expired(0)) at.push(m.h.now());
      }
      m.h.pass(end - m.h.now());
      m.h.setState(0, state);
    }
    m.h.expire();
    if (m.h.expired(0)) at.push(m.h.now());
    expect(at).toEqual([1n * ms, 3n * ms, 4n * ms, 7n * ms]);
  });

  it("on available time have no deadline while the vCPU is READY", () => {
    m.h.setTimer(0, 0, 500n, 0n, 1);
    m.h.pass(100n);
    expect(m.h.deadline()).toBe(500n);
    m.h.setState(0, READY);
    expect(u64(m.h.deadline())).toBe(NEVER);
    m.h.pass(1000n);
    m.h.setState(0, GUEST);
    expect(m.h.deadline()).toBe(1500n);
  });

  it("on guest TSC use its scale and offset", () => {
    m.set(0, 0x5b, 1000);
    m.h.setTimer(0, 0, 3501n, 0n, 2);
    expect(m.h.deadline()).toBe(1001n);
    m.h.pass(1000n);
    expect(m.h.expire()).toBe(0);
    m.h.pass(1n);
    expect(m.h.expire()).toBe(1);
  });

  it("in the past are due at once; missed periods are one expiry; cancel forgets an expiry", () => {
    m.h.pass(1000n);
    m.h.setTimer(0, 1, 10n, 100n, 0);
    expect(m.h.deadline()).toBe(1000n);
    expect(m.h.expire()).toBe(1);
    expect(m.h.deadline()).toBe(1010n);
    expect(m.h.cancelTimer(0, 1)).toBe(1);
    expect(m.h.expired(0)).toBe(0);
    expect(m.h.cancelTimer(0, 1)).toBe(0);
  });

  it("refuse slots, counters and vCPUs that do not exist", () => {
    expect([m.h.setTimer(0, 8, 1n, 0n, 0), m.h.setTimer(0, 0, 1n, 0n, 3), m.h.setTimer(2, 0, 1n, 0n, 0)]).toEqual([
      -1, -1, -1,
    ]);
    expect([m.h.setTimer(-1, 0, 1n, 0n, 1), m.h.setTimer(-2, 0, 1n, 0n, 0), m.h.cancelTimer(0, 9)]).toEqual([
      -1, -1, -1,
    ]);
  });
});

describe("APIC timer", () => {
  const IF = 1n << 9n;
  beforeEach(() => {
    m.create();
    m.set(0, 0x22, 2n | IF);
  });

  it("TSC deadline fires when the TSC reaches it and disarms", () => {
    m.value(0, "wrmsr", 0x832, 0x4_00ec);
    m.value(0, "wrmsr", 0x6e0, 25_000);
    expect(m.h.deadline()).toBe(10_000n);
    m.h.pass(9_999n);
    expect(m.h.expire()).toBe(0);
    m.h.pass(1n);
    expect(m.h.expire()).toBe(1);
    expect(m.h.pending(0)).toBe(0xec);
    expect(m.value(0, "rdmsr", 0x6e0)).toBe(0n);
  });

  it("does nothing while masked, and a change of mode disarms", () => {
    m.value(0, "wrmsr", 0x6e0, 25_000);
    expect(m.value(0, "rdmsr", 0x6e0)).toBe(0n);
    m.value(0, "wrmsr", 0x832, 0x5_00ec);
    m.value(0, "wrmsr", 0x6e0, 25_000);
    m.h.pass(10_000n);
    expect(m.h.expire()).toBe(1);
    expect(m.h.pending(0)).toBe(-1);
    m.value(0, "wrmsr", 0x6e0, 50_000);
    m.value(0, "wrmsr", 0x832, 0xec);
    expect(BigInt.asUintN(64, m.h.deadline())).toBe(NEVER);
  });

  it("counts down once or periodically, divided", () => {
    m.value(0, "wrmsr", 0x83e, 0b1011);
    m.value(0, "wrmsr", 0x832, 0x2_0040);
    m.value(0, "wrmsr", 0x838, 100);
    m.h.pass(40n);
    expect(m.value(0, "rdmsr", 0x839)).toBe(60n);
    m.h.pass(60n);
    expect([m.h.expire(), m.h.pending(0), m.h.deadline()]).toEqual([1, 0x40, 200n]);
    m.value(0, "wrmsr", 0x83e, 0);
    m.value(0, "wrmsr", 0x832, 0x40);
    m.value(0, "wrmsr", 0x838, 100);
    expect(m.h.deadline()).toBe(300n);
  });

  it("wakes a halted vCPU", () => {
    m.value(0, "wrmsr", 0x832, 0x4_00ec);
    m.value(0, "wrmsr", 0x6e0, 25_000);
    expect(m.step(0, "hlt")).toBe(Step.SLEEP);
    expect(m.h.mustWake(0)).toBe(0);
    m.h.pass(m.h.deadline());
    m.h.expire();
    expect(m.h.mustWake(0)).toBe(1);
  });
});
