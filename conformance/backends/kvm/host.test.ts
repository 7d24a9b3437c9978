import { describe, expect, it } from "vitest";
import { type Bench, openBench, sdk } from "./testing/bench.ts";

const CLOCK = 0x4b564d01n;
const STEAL = 0x4b564d03n;
const EOI = 0x4b564d04n;
const ENTER = sdk.ACTION_ENTER;
const GP = 0x8000_0b0dn;
const ENOSYS = -1000n;

const call = (bench: Bench, nr: bigint, args: Record<string, bigint> = {}) => {
  bench.exit(0, "HYPERCALL", { CPL: 0n, RAX: nr, RIP: 100n, ...args });
  return bench.field(0, "RAX");
};
const msr = (bench: Bench, vcpu: number, index: bigint, value?: bigint) => {
  bench.set(vcpu, "ENTRY_EVENT", 0n);
  const flags = value === undefined ? 0n : 1n;
  bench.exit(vcpu, "MSR", { EXIT_A: index, EXIT_B: value ?? 0n, EXIT_FLAGS: flags, RIP: 100n });
  return bench.field(vcpu, "ENTRY_EVENT") === GP ? "#GP" : "done";
};
const cpuid = (bench: Bench, leaf: bigint) => {
  bench.exit(0, "INSN", { EXIT_INSN: BigInt(sdk.INSN_CPUID as number), EXIT_A: leaf, EXIT_B: 0n });
  return ["RAX", "RBX", "RCX", "RDX"].map((name) => bench.field(0, name));
};

describe("CPUID of the KVM model", () => {
  it("shows the signature, the feature leaf and the hypervisor bit", async () => {
    const bench = await openBench([0, 1]);
    const [max, ...words] = cpuid(bench, 0x40000000n);
    expect(max).toBe(0x40000001n);
    const bytes = words.flatMap((word) => [0n, 8n, 16n, 24n].map((shift) => Number((word >> shift) & 255n)));
    expect(String.fromCharCode(...bytes)).toBe("KVMKVMKVM\0\0\0");
    expect(cpuid(bench, 0x40000001n)[0]).toBe(
      (1n << 3n) | (1n << 5n) | (1n << 6n) | (1n << 7n) | (1n << 9n) | (1n << 11n) | (1n << 13n) | (1n << 24n),
    );
    expect(cpuid(bench, 1n)[2]).toBe(0x8000_0200n);
  });

  it("offers nothing that the user's mask forbids", async () => {
    expect(cpuid(await openBench([0], 0n), 0x40000001n)).toEqual([0n, 0n, 0n, 0n]);
  });
});

describe("hypercalls of the KVM model", () => {
  it("complete the instruction and answer in RAX", async () => {
    const bench = await openBench([0, 1]);
    expect(bench.exit(0, "HYPERCALL", { CPL: 0n, RAX: 5n, RCX: 1n, RIP: 100n, EXIT_LEN: 3n })).toBe(ENTER);
    expect([bench.field(0, "RAX"), bench.field(0, "RIP"), bench.field(0, "RCX")]).toEqual([0n, 103n, 1n]);
  });

  it("are refused with −1000 if unknown or not offered, and with −1 from user mode", async () => {
    const bench = await openBench([0, 1]);
    for (const nr of [0n, 2n, 12n, 0x1_0000_0005n]) expect(call(bench, nr), `${nr}`).toBe(ENOSYS);
    const bare = await openBench([0, 1], 0n);
    for (const nr of [5n, 9n, 10n, 11n]) expect(call(bare, nr), `${nr}`).toBe(ENOSYS);
    expect(call(bench, 5n, { CPL: 3n })).toBe(-1n);
  });

  it("kick answers 0 even for an id that nobody has, and disturbs nobody then", async () => {
    const bench = await openBench([0, 130]);
    bench.calls.length = 0;
    expect(call(bench, 5n, { RCX: 999n })).toBe(0n);
    expect(bench.calls).toEqual([]);
    expect(call(bench, 5n, { RCX: 130n })).toBe(0n);
    expect(bench.calls).toEqual(["kick 1"]);
  });

  it("yield answers 0 whoever is named, and lets a vCPU that waits for a processor go first", async () => {
    const bench = await openBench([0, 130]);
    const yieldTo = (id: bigint) => bench.exit(0, "HYPERCALL", { CPL: 0n, RAX: 11n, RBX: id, RIP: 100n });
    bench.set(1, "RUNSTATE", BigInt(sdk.RUNSTATE_READY as number));
    expect([yieldTo(130n), bench.field(0, "RAX")]).toEqual([sdk.ACTION_YIELD, 0n]);
    bench.set(1, "RUNSTATE", BigInt(sdk.RUNSTATE_GUEST as number));
    for (const id of [130n, 0n, 999n, -1n]) expect([yieldTo(id), bench.field(0, "RAX")]).toEqual([ENTER, 0n]);
  });

  it("send an IPI to the ids of a 128-bit window and count them", async () => {
    const bench = await openBench([0, 5, 68, 130]);
    for (let i = 0; i < 4; i++) bench.set(i, "RUNSTATE", BigInt(sdk.RUNSTATE_GUEST as number));
    bench.calls.length = 0;
    const window = { RBX: 1n, RCX: (1n << 61n) | 1n, RDX: 5n, RSI: 0x41n };
    expect(call(bench, 10n, window)).toBe(2n);
    expect(bench.calls).toEqual(["irq 1 65", "irq 3 65"]);
    expect(call(bench, 10n, { RBX: -1n, RCX: -1n, RDX: 0n, RSI: 0x41n })).toBe(3n);
    bench.set(2, "RUNSTATE", BigInt(sdk.RUNSTATE_OFF as number));
    expect(call(bench, 10n, { RBX: -1n, RCX: -1n, RDX: 0n, RSI: 0x41n })).toBe(2n);
  });

  it("do not wrap a window at the end of the ids, and refuse shorthands", async () => {
    const bench = await openBench([0, 1]);
    bench.set(0, "RUNSTATE", BigInt(sdk.RUNSTATE_GUEST as number));
    expect(call(bench, 10n, { RBX: -1n, RCX: -1n, RDX: 0xffff_ffc0n, RSI: 0x41n })).toBe(0n);
    for (const icr of [0x800n, 0x40000n, 0x80000n])
      expect(call(bench, 10n, { RBX: 1n, RCX: 0n, RDX: 0n, RSI: icr | 0x41n })).toBe(-22n);
  });
});

describe("MSRs of the KVM model", () => {
  it("raise #GP when unknown, not offered, or with reserved bits", async () => {
    const bench = await openBench([0]);
    for (const index of [0x12n, 0x4b564d02n, 0x4b564d08n, 0x1234n])
      expect(msr(bench, 0, index, 1n), `${index}`).toBe("#GP");
    expect(bench.field(0, "RIP")).toBe(100n);
    expect(msr(bench, 0, STEAL, 0x1003n)).toBe("#GP");
    const bare = await openBench([0], 0n);
    for (const index of [0x4b564d00n, CLOCK, STEAL, EOI])
      expect([msr(bare, 0, index, 0x1001n), msr(bare, 0, index)]).toEqual(["#GP", "#GP"]);
  });

  it("publish the clock under an even version, in the published layout", async () => {
    const bench = await openBench([0, 1]);
    bench.set(0, "TSC", 5_000_000_001n);
    bench.sched(0, 1);
    expect(msr(bench, 0, CLOCK, 0x1081n)).toBe("done");
    const at = 0x1080;
    expect(bench.memory.getUint32(at, true)).toBe(2);
    expect(bench.memory.getBigUint64(at + 8, true)).toBe(5_000_000_001n);
    expect(bench.memory.getBigUint64(at + 16, true)).toBe(2_000_000_000n);
    expect([
      bench.memory.getUint32(at + 24, true),
      bench.memory.getInt8(at + 28),
      bench.memory.getUint8(at + 29),
    ]).toEqual([0xcccccccc, -1, 1]);
    expect(msr(bench, 0, CLOCK)).toBe("done");
    expect(bench.field(0, "RAX")).toBe(0x1081n);
  });

  it("write no area that crosses a page, does not exist or was revoked", async () => {
    const bench = await openBench([0]);
    for (const gpa of [0x1ff1n, 0x10001n, 0x7fff_ffff_0001n, -4095n]) {
      expect(msr(bench, 0, CLOCK, gpa)).toBe("done");
      bench.sched(0, 1);
    }
    expect(msr(bench, 0, CLOCK, 0x2000n)).toBe("done");
    bench.sched(0, 1);
    expect(new Uint8Array(bench.memory.buffer, 0, 16 << 12).every((byte) => byte === 0)).toBe(true);
  });

  it("keep the guest-stopped flag that is in the area", async () => {
    const bench = await openBench([0]);
    bench.memory.setUint8(0x1000 + 29, 2);
    msr(bench, 0, CLOCK, 0x1001n);
    expect(bench.memory.getUint8(0x1000 + 29)).toBe(3);
  });
});

describe("PV EOI of the KVM model", () => {
  const ARRX = BigInt(sdk.CTL_ARRX as number);
  const VECTOR_41 = 0x8000_0041n;
  const CLEAR = 0n;
  const BIT_41 = 2n;

  /** A vCPU with an area at 0x1030 that takes interrupts, vector 0x41 pending. */
  async function withArea(): Promise<Bench> {
    const bench = await openBench([0]);
    expect(msr(bench, 0, EOI, 0x1031n)).toBe("done");
    for (const [name, value] of Object.entries({ RFLAGS: 0x202n, SVR: 0x1ffn, "IRR+1": BIT_41 }))
      bench.set(0, name, value);
    return bench;
  }
  const bit = (bench: Bench) => bench.memory.getUint32(0x1030, true);
  const words = (bench: Bench) => [bench.field(0, "IRR+1"), bench.field(0, "ISR+1"), bench.field(0, "ENTRY_EVENT")];
  const arrives = (bench: Bench) => bench.field(0, "CTL_EXIT") & ARRX;

  it("wants an aligned area in the guest's memory, and tells it back", async () => {
    const bench = await openBench([0]);
    for (const value of [0x1033n, 2n, 0x1000_0001n, -3n]) expect(msr(bench, 0, EOI, value), `${value}`).toBe("#GP");
    expect(msr(bench, 0, EOI)).toBe("done");
    expect(bench.field(0, "RAX")).toBe(0n);
    msr(bench, 0, EOI, 0x1031n);
    msr(bench, 0, EOI);
    expect(bench.field(0, "RAX")).toBe(0x1031n);
  });

  it("puts what arrives in service, injects it and sets the bit", async () => {
    const bench = await withArea();
    bench.enter(0);
    expect([words(bench), bit(bench), arrives(bench)]).toEqual([[CLEAR, BIT_41, VECTOR_41], 1, ARRX]);
  });

  it("sets no bit while another interrupt waits, and leaves that to the virtual APIC", async () => {
    const bench = await withArea();
    bench.set(0, "IRR+1", BIT_41 | 1n);
    bench.enter(0);
    expect([words(bench), bit(bench), arrives(bench)]).toEqual([[1n, BIT_41, VECTOR_41], 0, 0n]);
  });

  it("injects nothing past IF, shadow, priorities, a disabled APIC or another event", async () => {
    const against = { RFLAGS: 2n, INTR_STATE: 1n, TPR: 0x40n, "ISR+1": 1n, SVR: 0xffn, ENTRY_EVENT: GP };
    for (const [name, value] of Object.entries(against)) {
      const bench = await withArea();
      bench.set(0, name, value);
      bench.enter(0);
      expect([bench.field(0, "IRR+1"), bit(bench), arrives(bench)], name).toEqual([BIT_41, 0, 0n]);
    }
  });

  it("takes the bit back at each exit: set, the service goes on; clear, it has ended", async () => {
    for (const [left, service] of [
      [1, BIT_41],
      [0, CLEAR],
    ] as const) {
      const bench = await withArea();
      bench.enter(0);
      bench.memory.setUint32(0x1030, left, true);
      bench.exit(0, "KICK", { ENTRY_EVENT: 0n });
      expect([bench.field(0, "ISR+1"), bit(bench)]).toEqual([service, 0]);
      // Once: the next exit has nothing to take.
      bench.set(0, "ISR+1", BIT_41);
      bench.exit(0, "KICK", {});
      expect(bench.field(0, "ISR+1")).toBe(BIT_41);
    }
  });

  it("ends the highest of what is in service", async () => {
    const bench = await withArea();
    bench.set(0, "ISR+0", 1n << 63n);
    bench.enter(0);
    bench.memory.setUint32(0x1030, 0, true);
    bench.exit(0, "KICK", { ENTRY_EVENT: 0n });
    expect([bench.field(0, "ISR+0"), bench.field(0, "ISR+1")]).toEqual([-1n << 63n, 0n]);
  });

  it("writes nothing after the area was taken back, and INIT takes it", async () => {
    const bench = await withArea();
    bench.enter(0);
    expect(msr(bench, 0, EOI, 0n)).toBe("done");
    expect(bit(bench)).toBe(0);
    bench.enter(0);
    expect([bit(bench), arrives(bench)]).toEqual([0, 0n]);
    msr(bench, 0, EOI, 0x1031n);
    bench.exit(0, "SIPI", { EXIT_A: 2n });
    bench.enter(0);
    expect([bit(bench), arrives(bench)]).toEqual([0, 0n]);
  });
});

describe("INIT and SIPI of the KVM model", () => {
  it("take every area from the vCPU before its first instruction", async () => {
    const bench = await openBench([0, 1]);
    msr(bench, 1, CLOCK, 0x1001n);
    msr(bench, 1, STEAL, 0x3001n);
    bench.exit(1, "SIPI", { EXIT_A: 8n });
    for (const index of [CLOCK, STEAL]) {
      expect(msr(bench, 1, index)).toBe("done");
      expect(bench.field(1, "RAX")).toBe(0n);
    }
    const before = bench.memory.getUint32(0x1000, true);
    bench.sched(1, 0);
    bench.sched(1, 1);
    bench.enter(1);
    expect([bench.memory.getUint32(0x1000, true), bench.memory.getUint8(0x3010)]).toEqual([before, 0]);
  });
});

describe("steal time of the KVM model", () => {
  it("is marked once when preempted, taken and obeyed on entry, and counted under a version", async () => {
    const bench = await openBench([0]);
    msr(bench, 0, STEAL, 0x3001n);
    bench.enter(0);
    bench.sched(0, 0);
    expect(bench.memory.getUint8(0x3010)).toBe(1);
    bench.memory.setUint8(0x3010, 3);
    bench.sched(0, 0);
    expect(bench.memory.getUint8(0x3010)).toBe(3);
    bench.set(0, "TIME_READY", 700n);
    bench.calls.length = 0;
    bench.enter(0);
    expect(bench.calls).toEqual(["tlb 0 0 0 0"]);
    expect([
      bench.memory.getUint8(0x3010),
      bench.memory.getUint32(0x3008, true),
      bench.memory.getBigUint64(0x3000, true),
    ]).toEqual([0, 2, 700n]);
    bench.calls.length = 0;
    bench.enter(0);
    expect([bench.calls, bench.memory.getUint32(0x3008, true)]).toEqual([[], 2]);
  });

  it("is not marked when descheduled inside an instruction", async () => {
    const bench = await openBench([0]);
    msr(bench, 0, STEAL, 0x3001n);
    bench.sched(0, 2);
    expect(bench.memory.getUint8(0x3010)).toBe(0);
  });
});

describe("HLT and ports of the KVM model", () => {
  const hlt = (bench: Bench) => bench.exit(1, "INSN", { EXIT_INSN: BigInt(sdk.INSN_HLT as number), RIP: 100n });

  it("lets HLT run once in guest mode, and completes it at once after a kick", async () => {
    const bench = await openBench([0, 1]);
    bench.enter(1);
    expect(bench.field(1, "CTL_EXIT")).toBe(BigInt(sdk.CTL_HLTX as number));
    hlt(bench);
    bench.enter(1);
    expect([bench.field(1, "CTL_EXIT"), bench.field(1, "RIP")]).toEqual([0n, 100n]);
    bench.enter(1);
    expect(bench.field(1, "CTL_EXIT")).toBe(BigInt(sdk.CTL_HLTX as number));
    call(bench, 5n, { RCX: 1n });
    hlt(bench);
    expect(bench.field(1, "RIP")).toBe(101n);
  });

  it("ends the guest by port 0x604, and answers other ports with all ones", async () => {
    const bench = await openBench([0]);
    bench.calls.length = 0;
    bench.exit(0, "IO", { EXIT_A: 0x604n, EXIT_B: 0x2000n, EXIT_FLAGS: 1n });
    expect(bench.calls).toEqual(["shutdown 0"]);
    for (const size of [1n, 2n, 4n]) {
      bench.exit(0, "IO", { EXIT_A: 0x60n, EXIT_FLAGS: size << 1n });
      expect(bench.field(0, "RAX")).toBe((1n << (8n * size)) - 1n);
    }
  });

  it("starts a vCPU from the page that the SIPI vector names", async () => {
    const bench = await openBench([0, 1]);
    for (const [i, value] of [111n, 222n, 333n].entries()) bench.memory.setBigUint64(0x8000 + 8 * i, value, true);
    expect(bench.exit(1, "SIPI", { EXIT_A: 8n })).toBe(ENTER);
    expect(["RIP", "CR3", "RSP", "RFLAGS"].map((name) => bench.field(1, name))).toEqual([111n, 222n, 333n, 2n]);
    expect(bench.exit(1, "SIPI", { EXIT_A: 200n })).toBe(sdk.ACTION_OFF);
  });
});

describe("APIC timer of the KVM model", () => {
  const DEADLINE = 0x6e0n;
  const LVT = 0x832n;
  const COUNT = 0x838n;
  const read = (bench: Bench, index: bigint) => {
    msr(bench, 1, index);
    return bench.field(1, "RAX");
  };

  it("takes a deadline in its mode only, forgets it on expiry, and raises the vector unless masked", async () => {
    const bench = await openBench([0, 1]);
    bench.calls.length = 0;
    msr(bench, 1, DEADLINE, 5000n);
    expect([bench.calls, read(bench, DEADLINE), read(bench, LVT)]).toEqual([[], 0n, 0x10000n]);
    msr(bench, 1, LVT, 0x400f1n);
    bench.calls.length = 0;
    msr(bench, 1, DEADLINE, 5000n);
    expect([bench.calls, read(bench, DEADLINE)]).toEqual([["timer_set 1 0 5000 0 2"], 5000n]);
    bench.calls.length = 0;
    bench.timer(1);
    expect([bench.calls, read(bench, DEADLINE)]).toEqual([["irq 1 241"], 0n]);
    msr(bench, 1, LVT, 0x500f1n);
    bench.calls.length = 0;
    bench.timer(1);
    msr(bench, 1, DEADLINE, 0n);
    expect(bench.calls).toEqual(["timer_cancel 1 0"]);
  });

  it("counts down once or periodically, by its divider, and refuses reserved bits", async () => {
    const bench = await openBench([0, 1]);
    msr(bench, 1, 0x83en, 0xbn);
    bench.calls.length = 0;
    msr(bench, 1, COUNT, 1000n);
    expect(bench.calls).toEqual(["timer_set 1 0 1000 0 0"]);
    msr(bench, 1, LVT, 0x20040n);
    msr(bench, 1, 0x83en, 1n);
    bench.calls.length = 0;
    msr(bench, 1, COUNT, 1000n);
    msr(bench, 1, COUNT, 0n);
    expect(bench.calls).toEqual(["timer_set 1 0 4000 4000 0", "timer_cancel 1 0"]);
    for (const [index, value] of [
      [0x839n, 1n],
      [0x83en, 4n],
      [LVT, 1n << 32n],
      [COUNT, 1n << 32n],
    ] as const)
      expect(msr(bench, 1, index, value), `${index}`).toBe("#GP");
  });
});

describe("a single feature that the user forbids", () => {
  const ALL = 0xffff_ffff_ffff_ffffn;
  const refusals = async (mask: bigint) => {
    const bench = await openBench([0, 1], mask);
    return [
      msr(bench, 0, CLOCK, 0x1081n) === "#GP",
      msr(bench, 0, STEAL, 0x10c1n) === "#GP",
      call(bench, 5n, { RCX: 1n }) === ENOSYS,
      call(bench, 10n, { RBX: 0n, RCX: 0n, RDX: 0n, RSI: 0x41n }) === ENOSYS,
    ];
  };

  it.each([
    ["clock", 1n, 0],
    ["steal time", 4n, 1],
    ["wait", 32n, 2],
    ["IPI", 16n, 3],
  ] as const)("%s is refused, and nothing else", async (_, bit, refused) => {
    expect(await refusals(ALL)).toEqual([false, false, false, false]);
    expect(await refusals(ALL & ~bit)).toEqual([0, 1, 2, 3].map((n) => n === refused));
  });
});
