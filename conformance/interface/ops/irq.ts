import { coreEverywhere, op } from "../schema.ts";

export const irqSaveFl = op({
  id: "irq.save_fl",
  summary: "Reads the interrupt-enable state of the calling vCPU.",
  params: [],
  result: "i64",
  resultDoc: "bit 9 is IF; all other bits are undefined",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "Bit 9 of the result is set iff the calling vCPU takes maskable interrupts.", source: "Linux pv_ops irq.save_fl; Intel SDM PUSHF" },
    { n: 2, text: "The call does not change the interrupt-enable state (rule G3).", source: "domain §1.0 G3" },
    { n: 3, text: "Called from an NMI handler it reports that state there and leaves the interrupted op undisturbed (rule G4).", source: "domain §1.0 G4" },
  ],
  deviations: ["Bits other than 9 may hold anything."],
  sources: ["domain §1.5", "VMI GetInterruptMask"],
  native: true,
});

export const irqDisable = op({
  id: "irq.disable",
  summary: "Stops maskable interrupts on the calling vCPU.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "On return no maskable interrupt is delivered to the calling vCPU until irq.enable or irq.safe_halt.", source: "Linux pv_ops irq.irq_disable; Intel SDM CLI" },
    { n: 2, text: "An interrupt that arrives while interrupts are disabled stays pending and is delivered after they are enabled.", source: "Intel SDM APIC IRR; domain §3.1 T-IRQ-4" },
    { n: 3, text: "Calls do not count: one irq.enable undoes any number of them.", source: "Intel SDM CLI" },
    { n: 4, text: "The interrupt-enable state of other vCPUs does not change (rule G5).", source: "domain §1.0 G5" },
  ],
  deviations: ["In profiles shadow and direct the flag is a byte in memory instead of RFLAGS.IF."],
  sources: ["domain §1.5", "VMI DisableInterrupts"],
  native: true,
});

export const irqEnable = op({
  id: "irq.enable",
  summary: "Lets maskable interrupts reach the calling vCPU.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "An interrupt pending at the call is delivered at the latest after one further machine instruction, without any other activity.", source: "domain §3.1 T-IRQ-3 (lguest never delivered)" },
    { n: 2, text: "When irq.disable follows at once, a pending interrupt is delivered between the two or stays pending; it is never dropped.", source: "domain §3.1 T-IRQ-4" },
  ],
  deviations: ["An `sti` shadow is allowed and not owed: delivery may come before or after the next instruction."],
  sources: ["domain §1.5", "VMI EnableInterrupts"],
  native: true,
});

export const irqSafeHalt = op({
  id: "irq.safe_halt",
  summary: "Enables interrupts and sleeps until one was delivered, in one atomic act. Interrupts are disabled on entry.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "An interrupt that became pending before the call, while masked, is delivered and ends the sleep.", source: "domain §3.1 T-IRQ-7 (a)" },
    { n: 2, text: "An interrupt that arrives between enabling and sleeping ends the sleep: none is lost.", source: "domain §3.1 T-IRQ-7 (b); sti; hlt shadow" },
    { n: 3, text: "An interrupt that arrives during the sleep ends it after its handler has run.", source: "domain §3.1 T-IRQ-7 (c)" },
    { n: 4, text: "On return interrupts are enabled.", source: "Linux pv_ops irq.safe_halt" },
  ],
  deviations: ["It may return without an interrupt (spurious wake-up)."],
  sources: ["domain §1.5", "Xen SCHEDOP_block", "VMI Halt"],
  native: true,
});
