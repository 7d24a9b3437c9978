import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DIRECT_MAP, Kind, Machine, Step } from "./testing/machine.ts";

const HANDLER = 0xffff_ffff_8100_0040n;
const TOKEN = 0xffff_ffff_8f00_0000n;
const RIP = 0x20;
const RSP = 0x21;
const RFLAGS = 0x22;
const IF = 1n << 9n;

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

beforeEach(() => {
  boot(Kind.NATIVE);
});

function boot(kind: number): void {
  m.create({ kind });
  m.set(0, RIP, TOKEN);
  m.set(0, RSP, stack());
  m.set(0, RFLAGS, 2n | IF);
}

/** Some address in the middle of the boot stack, not 16-aligned. */
const stack = () => DIRECT_MAP + BigInt((m.h.firstFreePfn() + 20) * 4096 + 0x808);
const enabled = () => m.set(0, RFLAGS, 2n | IF);

describe("an arrival under ARRX", () => {
  const ARRIVAL = 256;
  beforeEach(() => {
    boot(Kind.ENLIGHTENED);
    m.set(0, 0x53, 1024);
    m.gate(0, 0x40, HANDLER);
  });

  it("leaves guest mode with KICK, whatever IF and the task priority say, and stays in IRR", () => {
    expect(m.h.pending(0)).toBe(-1);
    m.set(0, RFLAGS, 2n);
    m.set(0, 0x81, 0xf0);
    m.h.irq(0, 0x40);
    expect(m.h.pending(0)).toBe(ARRIVAL);
    expect(m.h.mustWake(0)).toBe(1);
    expect(m.h.deliverNow(0)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x84), m.get(0, RIP)]).toEqual([9, 1n, TOKEN]);
  });

  it("gives way to an NMI, which the machine delivers", () => {
    m.gate(0, 2, HANDLER);
    m.h.irq(0, 0x40);
    m.h.nmi(0);
    expect(m.h.pending(0)).toBe(2);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    expect(m.h.pending(0)).toBe(ARRIVAL);
  });

  it("is the virtual APIC's again when the control is cleared", () => {
    m.h.irq(0, 0x40);
    m.set(0, 0x53, 0);
    expect(m.h.pending(0)).toBe(0x40);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    expect(m.get(0, RIP)).toBe(HANDLER);
  });
});

describe("delivery", () => {
  it("pushes ss, rsp, rflags, cs, rip below the aligned RSP and enters the gate's handler with IF clear", () => {
    m.gate(0, 0x40, HANDLER);
    m.h.irq(0, 0x40);
    expect(m.h.pending(0)).toBe(0x40);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    const rsp = m.get(0, RSP);
    expect(rsp).toBe((stack() & ~15n) - 40n);
    expect(m.words(0, rsp, 5)).toEqual([TOKEN, 8n, 2n | IF, stack(), 0x10n]);
    expect([m.get(0, RIP), m.get(0, RFLAGS)]).toEqual([HANDLER, 2n]);
    expect(m.h.deliveries(0, 0x40)).toBe(1);
    expect(m.h.pending(0)).toBe(-1);
  });

  it("leaves the frame in the store buffer: delivery does not drain", () => {
    m.gate(0, 0x40, HANDLER);
    m.h.irq(0, 0x40);
    m.h.deliverNow(0);
    expect(m.h.bufferCount(0)).toBe(5);
  });

  it("keeps IF through a trap gate, and pushes an error code at the bottom", () => {
    m.gate(0, 13, HANDLER, { type: 0xf });
    expect(m.h.deliverException(0, 13, true, 0x1238, false)).toBe(Step.DONE);
    const rsp = m.get(0, RSP);
    expect(rsp).toBe((stack() & ~15n) - 48n);
    expect(m.words(0, rsp, 2)).toEqual([0x1238n, TOKEN]);
    expect(m.get(0, RFLAGS)).toBe(2n | IF);
  });

  it("takes the IST stack of the gate", () => {
    m.gate(0, 2, HANDLER, { ist: 1 });
    m.h.nmi(0);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    const tss = m.get(0, 0x47);
    const top = m.value(0, "load64", tss + 0x24n);
    expect(m.get(0, RSP)).toBe(top - 40n);
  });

  it("takes RSP0 from user mode and enters CPL 0", () => {
    m.gate(0, 0x40, HANDLER);
    m.set(0, 0x23, 3);
    m.set(0, 0x24, 0x2b);
    m.set(0, 0x25, 0x23);
    m.h.irq(0, 0x40);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    const top = m.value(0, "load64", m.get(0, 0x47) + 4n);
    expect(m.get(0, RSP)).toBe(top - 40n);
    expect(m.words(0, top - 40n, 5)).toEqual([TOKEN, 0x2bn, 2n | IF, stack(), 0x23n]);
    expect([m.get(0, 0x23), m.get(0, 0x24)]).toEqual([0n, 8n]);
  });

  it("writes a frame that crosses a page", () => {
    const at = 0x7000_0000_1010n;
    for (const page of [0x7000_0000_1000n, 0x7000_0000_0000n]) m.map(page, m.frame(), 3n);
    m.set(0, RSP, at);
    m.gate(0, 0x40, HANDLER);
    m.h.irq(0, 0x40);
    m.h.deliverNow(0);
    expect(m.words(0, at - 40n, 5)).toEqual([TOKEN, 8n, 2n | IF, at, 0x10n]);
  });

  it("sets A and D of what its walks use in locked steps of their own", () => {
    const at = 0x7000_0000_1000n;
    const entry = m.map(at - 4096n, m.frame(), 3n);
    m.set(0, RSP, at);
    m.gate(0, 0x40, HANDLER);
    m.h.irq(0, 0x40);
    const marks = () => m.h.memoryAt(entry, 8) & 0x60n;
    const steps = [];
    for (let status: number = Step.SPLIT; status === Step.SPLIT; ) {
      status = m.h.deliverStep(0);
      steps.push([status, marks(), m.h.bufferCount(0)]);
    }
    // Three tables above the page, its entry, then the frame of five words.
    expect(steps).toEqual([
      [Step.SPLIT, 0n, 0],
      [Step.SPLIT, 0n, 0],
      [Step.SPLIT, 0n, 0],
      [Step.SPLIT, 0x60n, 0],
      [Step.DONE, 0x60n, 5],
    ]);
    expect([m.get(0, RIP), m.h.deliveries(0, 0x40)]).toEqual([HANDLER, 1]);
  });

  it("goes on with the fault that it has become, whatever happens to the tables between its steps", () => {
    m.gate(0, 0x40, HANDLER, { present: false });
    m.gate(0, 11, HANDLER + 16n);
    const at = 0x7000_0000_1000n;
    m.map(at - 4096n, m.frame(), 3n);
    m.set(0, RSP, at);
    m.h.irq(0, 0x40);
    expect(m.h.deliverStep(0)).toBe(Step.SPLIT);
    m.gate(0, 0x40, HANDLER);
    while (m.h.deliverStep(0) === Step.SPLIT);
    expect([m.get(0, RIP), m.h.deliveries(0, 11)]).toEqual([HANDLER + 16n, 1]);
  });

  it("names the instruction INT in the frame of a fault that comes instead", () => {
    m.gate(0, 0x40, HANDLER, { present: false });
    m.gate(0, 11, HANDLER + 16n);
    expect(m.step(0, "int", 0x40n)).toBe(Step.JUMP);
    expect(m.words(0, m.get(0, RSP), 2)).toEqual([0x40n * 8n + 2n, TOKEN]);
  });
});

describe("faults of delivery", () => {
  it("an absent gate is #NP, handled instead; its error names the gate", () => {
    m.gate(0, 0x40, HANDLER, { present: false });
    m.gate(0, 11, HANDLER + 16n);
    m.h.irq(0, 0x40);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    expect(m.get(0, RIP)).toBe(HANDLER + 16n);
    expect(m.words(0, m.get(0, RSP), 1)).toEqual([0x40n * 8n + 3n]);
  });

  it("a page fault while delivering a page fault is #DF; a fault of #DF ends the machine", () => {
    m.gate(0, 8, HANDLER + 32n, { ist: 1 });
    m.gate(0, 14, HANDLER);
    m.set(0, RSP, 0x7000_0000_0000n);
    expect(m.run(0, "load8", 0x1000n)).toBe(Step.FAULT);
    expect(m.h.deliverException(0, 14, true, 0, false)).toBe(Step.DONE);
    expect(m.get(0, RIP)).toBe(HANDLER + 32n);
    expect(m.words(0, m.get(0, RSP), 1)).toEqual([0n]);
    expect(m.get(0, 0x31)).toBe(0x7000_0000_0000n - 48n);
    m.gate(0, 8, HANDLER, { present: false });
    m.set(0, RSP, 0x7000_0000_0000n);
    m.run(0, "load8", 0x1000n);
    expect(m.h.deliverException(0, 14, true, 0, false)).toBe(Step.END);
    expect(m.h.endKind(0)).toBe(3);
  });

  it("a triple fault of an enlightened guest exits", () => {
    boot(Kind.ENLIGHTENED);
    expect(m.h.deliverException(0, 6, false, 0, false)).toBe(Step.EXIT);
    expect(m.h.exitReason(0)).toBe(10);
  });

  it("sets CR2 only when the page fault is delivered", () => {
    m.gate(0, 14, HANDLER);
    expect(m.run(0, "load8", 0x1000n)).toBe(Step.FAULT);
    expect(m.get(0, 0x31)).toBe(0n);
    m.h.deliverException(0, 14, true, 0, false);
    expect(m.get(0, 0x31)).toBe(0x1000n);
    expect(m.words(0, m.get(0, RSP), 2)).toEqual([0n, TOKEN]);
  });

  it("a software interrupt needs the gate's DPL; an exception does not", () => {
    m.gate(0, 3, HANDLER, { dpl: 0 });
    m.gate(0, 13, HANDLER + 16n);
    m.set(0, 0x23, 3);
    m.set(0, 0x24, 0x2b);
    expect(m.step(0, "int", 3)).toBe(Step.JUMP);
    expect(m.get(0, RIP)).toBe(HANDLER + 16n);
    expect(m.words(0, m.get(0, RSP), 1)).toEqual([3n * 8n + 2n]);
  });

  it("int n saves the next instruction", () => {
    m.gate(0, 0x80, HANDLER);
    expect(m.step(0, "int", 0x80)).toBe(Step.JUMP);
    expect(m.words(0, m.get(0, RSP), 1)).toEqual([TOKEN + 1n]);
  });

  it("an intercepted exception exits with its decode assist", () => {
    boot(Kind.ENLIGHTENED);
    m.set(0, 0x54, 1n << 14n);
    m.run(0, "store64", 0x1238n, 1);
    expect(m.h.deliverException(0, 14, true, 2, false)).toBe(Step.EXIT);
    expect([0x70, 0x73, 0x75].map((id) => m.get(0, id))).toEqual([14n, 0x1238n, 2n]);
    expect(m.get(0, 0x31)).toBe(0n);
  });
});

describe("iret", () => {
  it("returns to the frame and unblocks NMIs", () => {
    m.gate(0, 2, HANDLER);
    m.h.nmi(0);
    m.h.deliverNow(0);
    m.h.nmi(0);
    expect(m.h.pending(0)).toBe(-1);
    expect(m.run(0, "iret", m.get(0, RSP))).toBe(Step.DONE);
    expect([m.get(0, RIP), m.get(0, RSP), m.get(0, RFLAGS)]).toEqual([TOKEN, stack(), 2n | IF]);
    expect(m.h.pending(0)).toBe(2);
  });

  it("drains the store buffer", () => {
    m.gate(0, 0x40, HANDLER);
    m.h.irq(0, 0x40);
    m.h.deliverNow(0);
    m.run(0, "iret", m.get(0, RSP));
    expect(m.h.bufferCount(0)).toBe(0);
  });

  it("refuses frames that the processor would refuse", () => {
    const frame = 0x7000_0000_0000n;
    m.map(frame, m.frame(), 7n);
    const attempt = (rip: bigint, cs: bigint, ss: bigint) => {
      [rip, cs, 2n, stack(), ss].forEach((word, i) => void m.value(0, "store64", frame + BigInt(i * 8), word));
      return [m.run(0, "iret", frame), m.h.faultVector(0), m.h.faultErrorCode(0)];
    };
    expect(attempt(1n << 60n, 8n, 0x10n)).toEqual([Step.FAULT, 13, 0]);
    expect(attempt(TOKEN, 0n, 0x10n)).toEqual([Step.FAULT, 13, 0]);
    expect(attempt(TOKEN, 0x10n, 0x10n)).toEqual([Step.FAULT, 13, 0x10]);
    expect(attempt(TOKEN, 0x48n, 0x10n)).toEqual([Step.FAULT, 13, 0x48]);
    expect(attempt(TOKEN, 0x2bn, 0n)).toEqual([Step.FAULT, 13, 0]);
    expect(attempt(TOKEN, 0x2bn, 0x23n)[0]).toBe(Step.DONE);
    expect(m.get(0, 0x23)).toBe(3n);
    expect(attempt(TOKEN, 8n, 0x10n)[0]).toBe(Step.FAULT);
  });
});

describe("what is pending", () => {
  it("waits for IF", () => {
    m.set(0, RFLAGS, 2n);
    m.h.irq(0, 0x40);
    expect(m.h.pending(0)).toBe(-1);
    enabled();
    expect(m.h.pending(0)).toBe(0x40);
  });

  it("goes by priority classes of TPR and the vector in service", () => {
    for (const vector of [0x35, 0x41, 0x52]) m.gate(0, vector, HANDLER);
    m.h.irq(0, 0x41);
    m.h.irq(0, 0x35);
    m.value(0, "write_cr", 8, 4);
    expect(m.h.pending(0)).toBe(-1);
    m.value(0, "write_cr", 8, 3);
    expect(m.h.pending(0)).toBe(0x41);
    m.h.deliverNow(0);
    enabled();
    m.value(0, "write_cr", 8, 0);
    expect(m.h.pending(0)).toBe(-1);
    m.h.irq(0, 0x4f);
    expect(m.h.pending(0)).toBe(-1);
    m.h.irq(0, 0x52);
    expect(m.h.pending(0)).toBe(0x52);
    m.h.deliverNow(0);
    enabled();
    expect(m.value(0, "rdmsr", 0x80a)).toBe(0x50n);
    m.value(0, "wrmsr", 0x80b, 0);
    expect(m.h.pending(0)).toBe(-1);
    m.value(0, "wrmsr", 0x80b, 0);
    expect(m.h.pending(0)).toBe(0x4f);
  });

  it("the shadow of sti lasts until the next machine instruction completed", () => {
    m.set(0, RFLAGS, 2n);
    m.h.irq(0, 0x40);
    m.value(0, "sti");
    expect(m.h.pending(0)).toBe(-1);
    m.h.setRegister(0, 3, 1n);
    m.value(0, "reg", 3);
    expect(m.h.pending(0)).toBe(-1);
    m.value(0, "pause");
    expect(m.h.pending(0)).toBe(0x40);
    m.value(0, "sti");
    expect(m.h.pending(0)).toBe(0x40);
  });

  it("popf opens no shadow", () => {
    m.set(0, RFLAGS, 2n);
    m.h.irq(0, 0x40);
    m.value(0, "popf", IF);
    expect(m.h.pending(0)).toBe(0x40);
  });

  it("sti; hlt sleeps with IF set, and the interrupt that came between wakes it", () => {
    m.set(0, RFLAGS, 2n);
    m.value(0, "sti");
    m.h.irq(0, 0x40);
    expect(m.h.pending(0)).toBe(-1);
    expect(m.step(0, "hlt")).toBe(Step.SLEEP);
    expect(m.get(0, 0x90)).toBe(6n);
    expect(m.h.mustWake(0)).toBe(1);
    m.h.wake(0);
    expect([m.get(0, 0x90), m.h.pending(0)]).toEqual([2n, 0x40]);
  });

  it("hlt with IF clear wakes for an NMI only", () => {
    m.set(0, RFLAGS, 2n);
    m.step(0, "hlt");
    m.h.irq(0, 0x40);
    expect(m.h.mustWake(0)).toBe(0);
    m.h.nmi(0);
    expect(m.h.mustWake(0)).toBe(1);
  });

  it("nothing comes between the steps of one instruction", () => {
    m.h.irq(0, 0x40);
    const va = DIRECT_MAP + BigInt(m.frame() * 4096);
    m.value(0, "load8", va);
    expect(m.step(0, "rmw", 0x31, va, 1)).toBe(Step.SPLIT);
    expect(m.h.pending(0)).toBe(-1);
    m.step(0, "rmw", 0x31, va, 1);
    expect(m.h.pending(0)).toBe(0x40);
  });
});
