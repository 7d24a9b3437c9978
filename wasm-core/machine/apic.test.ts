import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const ICR = 0x830;
const IF = 1n << 9n;
const [OFF, WAIT_SIPI, GUEST] = [0n, 1n, 2n];

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

/** Four vCPUs with APIC ids 0, 5, 10, 15, all in guest mode. */
beforeEach(() => {
  m.create({ vcpus: 4, stride: 5 });
  for (let v = 0; v < 4; v++) {
    m.h.setState(v, 2);
    m.set(v, 0x22, 2n | IF);
    m.set(v, 0x32, m.get(0, 0x32));
  }
});

const send = (icr: bigint, v = 0) => m.run(v, "wrmsr", ICR, icr);
const to = (id: number) => BigInt(id) << 32n;
const received = () => [0, 1, 2, 3].map((v) => m.h.pending(v));

describe("ICR", () => {
  it("names a vCPU by APIC id", () => {
    expect(send(to(10) | 0x40n)).toBe(Step.DONE);
    expect(received()).toEqual([-1, -1, 0x40, -1]);
    expect(m.value(0, "rdmsr", ICR)).toBe(to(10) | 0x40n);
  });

  it("has shorthands: self, all, all but self", () => {
    send(0x4_0041n);
    expect(received()).toEqual([0x41, -1, -1, -1]);
    send(0x8_0052n, 1);
    expect(received()).toEqual([0x52, 0x52, 0x52, 0x52]);
    send(0xc_0063n, 1);
    expect(received()).toEqual([0x63, 0x52, 0x63, 0x63]);
  });

  it("names a set of one cluster, and everybody", () => {
    send((0x0000_8401n * 0x1_0000_0000n) | 0x840n);
    expect(received()).toEqual([0x40, -1, 0x40, 0x40]);
    send((0xffff_ffffn << 32n) | 0x50n);
    expect(received()).toEqual([0x50, 0x50, 0x50, 0x50]);
  });

  it("sends NMIs, one pending at most", () => {
    send(to(5) | 0x400n);
    send(to(5) | 0x400n);
    expect(m.h.pending(1)).toBe(2);
    m.h.accept(1, 2);
    expect(m.h.pending(1)).toBe(-1);
  });

  it("an absent destination receives nothing; an illegal vector is recorded in ESR; reserved bits are #GP", () => {
    send(to(77) | 0x40n);
    send(to(5) | 0x0fn);
    expect(received()).toEqual([-1, -1, -1, -1]);
    m.value(0, "wrmsr", 0x828, 0);
    expect(m.value(0, "rdmsr", 0x828)).toBe(0x20n);
    for (const bad of [1n << 12n, 1n << 20n, 0x100n, 0x300n, 0x700n]) expect(send(bad | 0x40n)).toBe(Step.FAULT);
  });

  it("self IPI register", () => {
    m.value(2, "wrmsr", 0x83f, 0x77);
    expect(received()).toEqual([-1, -1, 0x77, -1]);
    expect(m.value(2, "rdmsr", 0x823)).toBe(1n << 23n);
  });

  it("a software-disabled APIC accepts no interrupt", () => {
    m.value(1, "wrmsr", 0x80f, 0xff);
    send(to(5) | 0x40n);
    expect(m.h.pending(1)).toBe(-1);
  });

  it("identifies itself", () => {
    expect([0x802, 0x803, 0x80d].map((msr) => m.value(3, "rdmsr", msr))).toEqual([15n, 0x50014n, 0x8000n]);
    m.value(3, "cpuid", 0xb, 0);
    expect(m.h.register(3, 2)).toBe(15n);
    expect(m.run(0, "rdmsr", 0x80b)).toBe(Step.FAULT);
    expect(m.run(0, "wrmsr", 0x802, 1)).toBe(Step.FAULT);
  });
});

describe("start of an AP", () => {
  const trampoline = (rip: bigint) => {
    m.poke(0x8000, rip);
    m.poke(0x8008, m.get(0, 0x32));
    m.poke(0x8010, 0xffff_8880_0005_0000n);
  };

  it("native: INIT, SIPI, then RIP, CR3 and RSP come from the page that the vector names", () => {
    m.h.setState(1, 0);
    trampoline(0xffff_ffff_8100_0100n);
    send(to(5) | 0x608n);
    expect(m.get(1, 0x90)).toBe(OFF);
    send(to(5) | 0x500n);
    expect(m.get(1, 0x90)).toBe(WAIT_SIPI);
    send(to(5) | 0x608n);
    expect(m.h.startupPending(1)).toBe(2 | (8 << 8));
    send(to(5) | 0x609n);
    expect(m.h.startup(1)).toBe(Step.JUMP);
    expect([0x20, 0x21, 0x22, 0x90].map((id) => m.get(1, id))).toEqual([
      0xffff_ffff_8100_0100n,
      0xffff_8880_0005_0000n,
      2n,
      GUEST,
    ]);
    expect(m.h.startupPending(1)).toBe(0);
  });

  it("native: what waits in the sender's store buffer is not there yet", () => {
    m.h.setState(1, 0);
    trampoline(1n);
    m.value(0, "store64", 0xffff_8880_0000_8000n, 0xffff_ffff_8100_0100n);
    send(to(5) | 0x500n);
    send(to(5) | 0x608n);
    m.h.startup(1);
    expect(m.get(1, 0x20)).toBe(1n);
  });

  it("enlightened: SIPI exits on the target, the host half loads it", () => {
    m.create({ kind: Kind.ENLIGHTENED, vcpus: 2 });
    send(to(1) | 0x500n);
    send(to(1) | 0x608n);
    expect(m.h.startup(1)).toBe(Step.EXIT);
    expect([m.h.exitReason(1), m.get(1, 0x71)]).toEqual([14, 8n]);
    m.h.leave(1);
    expect(m.get(1, 0x90)).toBe(3n);
    m.set(1, 0x20, 0xffff_ffff_8100_0100n);
    m.set(1, 0x32, m.get(0, 0x32));
    expect(m.h.enter(1)).toBe(Step.DONE);
    expect(m.get(1, 0x90)).toBe(GUEST);
  });

  it("INIT of a running vCPU takes its state", () => {
    m.set(1, 0x20, 0xffff_ffff_8100_0100n);
    send(to(5) | 0x500n);
    expect(m.get(1, 0x90)).toBe(GUEST);
    expect(m.h.startup(1)).toBe(Step.DONE);
    expect([m.get(1, 0x20), m.get(1, 0x90)]).toEqual([0n, WAIT_SIPI]);
  });

  it("interrupts and NMIs to a vCPU that is off are lost", () => {
    m.h.setState(1, 0);
    send(to(5) | 0x40n);
    send(to(5) | 0x400n);
    m.h.setState(1, 2);
    expect(m.h.pending(1)).toBe(-1);
  });
});
