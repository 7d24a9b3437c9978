import { coreEverywhere, op } from "../schema.ts";

export const irqSaveFl = op({
  id: "irq.save_fl",
  summary: "Reads the interrupt-enable state of the calling vCPU.",
  params: [],
  result: "i64",
  resultDoc: "bit 9 is IF; all other bits are undefined",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "Bit 9 of the result is set iff the calling vCPU takes maskable interrupts.",
      source: "Linux pv_ops irq.save_fl; Intel SDM PUSHF",
    },
    { n: 2, text: "The call does not change the interrupt-enable state (rule G3).", source: "rule G3" },
    {
      n: 3,
      text: "Called from an NMI handler it reports that state there and leaves the interrupted op undisturbed (rule G4).",
      source: "rule G4",
    },
    {
      n: 4,
      text: "General registers other than RAX keep their values (rule G2, callee-save class).",
      source: "Linux arch/x86/include/asm/paravirt_types.h, callee-save calls",
    },
  ],
  deviations: ["Bits other than 9 may hold anything."],
  sources: ["Linux pv_ops irq.save_fl", "VMI GetInterruptMask"],
  native: true,
});

export const irqDisable = op({
  id: "irq.disable",
  summary: "Stops maskable interrupts on the calling vCPU.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return no maskable interrupt is delivered to the calling vCPU until irq.enable or irq.safe_halt.",
      source: "Linux pv_ops irq.irq_disable; Intel SDM CLI",
    },
    {
      n: 2,
      text: "An interrupt that arrives while interrupts are disabled stays pending and is delivered after they are enabled.",
      source: "Intel SDM vol. 3, local APIC: IRR holds what is not yet accepted",
    },
    { n: 3, text: "Calls do not count: one irq.enable undoes any number of them.", source: "Intel SDM CLI" },
    { n: 4, text: "The interrupt-enable state of other vCPUs does not change (rule G5).", source: "rule G5" },
    {
      n: 5,
      text: "General registers other than RAX keep their values (rule G2, callee-save class).",
      source: "Linux arch/x86/include/asm/paravirt_types.h, callee-save calls",
    },
  ],
  deviations: ["In profiles shadow and direct the flag is a byte in memory instead of RFLAGS.IF."],
  sources: ["Linux pv_ops irq.irq_disable", "VMI DisableInterrupts"],
  native: true,
});

export const irqEnable = op({
  id: "irq.enable",
  summary: "Lets maskable interrupts reach the calling vCPU.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "An interrupt pending at the call is delivered at the latest after one further machine instruction, without any other activity.",
      source: "Linux commit a32a8813d017 (lguest never delivered what was pending)",
    },
    {
      n: 2,
      text: "When irq.disable follows at once, a pending interrupt is delivered between the two or stays pending; it is never dropped.",
      source: "VMI draft of 2006 EnableInterrupts; Intel SDM vol. 2 STI",
    },
    {
      n: 3,
      text: "General registers other than RAX keep their values (rule G2, callee-save class).",
      source: "Linux arch/x86/include/asm/paravirt_types.h, callee-save calls",
    },
  ],
  deviations: ["An `sti` shadow is allowed and not owed: delivery may come before or after the next instruction."],
  decisions: [
    {
      conflict:
        "In Linux the thread that enables may be moved to another vCPU between the store and the test for what is pending: a comment in arch/x86/xen/xen-asm.S calls the test on the wrong one harmless.",
      choice:
        "An op ends on the vCPU on which it began: halves have private state for each vCPU, and no case moves a thread within an op. Whoever moves threads does so between ops, with interrupts disabled.",
    },
    {
      conflict:
        "STI delays delivery by one instruction, VMI and Xen deliver at once; kernels have relied on the delay for `sti; hlt`.",
      choice:
        "Either boundary is right, because a flag in memory cannot have the delay; what needs it, going to sleep, is irq.safe_halt.",
    },
    {
      conflict: "Events come by IDT vector, event channel or synthetic interrupt source.",
      choice: "irq.* is the local flag alone. How an event finds its vector is the backend's affair.",
    },
  ],
  sources: ["Linux pv_ops irq.irq_enable", "VMI EnableInterrupts"],
  native: true,
});

export const irqSafeHalt = op({
  id: "irq.safe_halt",
  summary:
    "Enables interrupts and sleeps until one was delivered, in one atomic act. Interrupts are disabled on entry.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "An interrupt that became pending before the call, while masked, is delivered and ends the sleep.",
      source: "Intel SDM vol. 2 STI, HLT; Xen SCHEDOP_block",
    },
    {
      n: 2,
      text: "An interrupt that arrives between enabling and sleeping ends the sleep: none is lost.",
      source: "Intel SDM vol. 2 STI (shadow over HLT); Linux commit 66450a21f996 (event lost around HLT)",
    },
    {
      n: 3,
      text: "An interrupt that arrives during the sleep ends it after its handler has run.",
      source: "Intel SDM vol. 2 HLT",
    },
    { n: 4, text: "On return interrupts are enabled.", source: "Linux pv_ops irq.safe_halt" },
    {
      n: 5,
      text: "Called with interrupts enabled it sleeps and returns just so.",
      source: "Intel SDM vol. 2 STI, HLT; Linux kernel/sched/idle.c default idle",
    },
  ],
  deviations: ["It may return without an interrupt (spurious wake-up)."],
  sources: ["Linux pv_ops irq.safe_halt", "Xen SCHEDOP_block", "VMI Halt"],
  native: true,
});

export const irqRestore = op({
  id: "irq.restore",
  summary: "Sets the interrupt-enable state to what irq.save_fl has returned.",
  params: [{ name: "flags", type: "i64", doc: "bit 9 is IF; other bits are ignored" }],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "On return the calling vCPU takes maskable interrupts iff bit 9 of `flags` is set.",
      source: "VMI SetInterruptMask; Linux pv_ops irq.restore_fl, removed by commit ab234a260b1f",
    },
    { n: 2, text: "Bits other than 9 have no effect.", source: "VMI SetInterruptMask; Intel SDM POPF" },
    {
      n: 3,
      text: "When it enables interrupts, one that is pending is delivered at the latest after one further machine instruction.",
      source: "as irq.enable; Intel SDM POPF",
    },
  ],
  deviations: [],
  sources: ["VMI SetInterruptMask", "Linux local_irq_restore"],
  native: true,
});

export const irqHalt = op({
  id: "irq.halt",
  summary: "Parks the vCPU in its present interrupt-enable state.",
  params: [],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "With interrupts enabled an arriving one ends the halt after its handler has run.",
      source: "Intel SDM vol. 2 HLT",
    },
    {
      n: 2,
      text: "With interrupts disabled none is delivered in the halt, and what arrives stays pending.",
      source: "Intel SDM vol. 2 HLT, CLI",
    },
    {
      n: 3,
      text: "An NMI ends the halt in either state after its handler has run.",
      source: "Intel SDM vol. 2 HLT",
    },
    { n: 4, text: "The interrupt-enable state on return is that on entry.", source: "rule G3" },
  ],
  deviations: [
    "It may return without an event (spurious wake-up): callers loop.",
    "In profile direct a park with interrupts disabled takes the vCPU down (Xen VCPUOP_down); with KVM's PV_UNHALT a kick ends it too.",
  ],
  decisions: [
    {
      conflict:
        "Linux has one `halt` that means idle on bare metal, waiting for a kick on KVM and going away on Xen; Hyper-V idles by reading an MSR.",
      choice: "Three ops: irq.safe_halt idles, irq.halt parks, lock.wait waits for lock.kick.",
    },
  ],
  sources: ["Linux pv_ops irq.halt", "VMI Shutdown (halt with interrupts off)", "Xen VCPUOP_down"],
  native: true,
});

export const irqSintConfig = op({
  id: "irq.sint_config",
  summary: "Routes one of the hypervisor's synthetic interrupt sources to a vector.",
  params: [
    { name: "source", type: "i32", doc: "0 to 15" },
    { name: "config", type: "i64", doc: "bits 7:0 vector, 16 masked, 17 automatic EOI, 18 polled" },
  ],
  result: "i32",
  resultDoc: "0 or E_INVAL",
  fallible: true,
  tiers: { native: "none", enlightened: "optional", shadow: "none", direct: "none" },
  clauses: [
    {
      n: 1,
      text: "A source above 15, or a vector below 16 that is not masked, gives E_INVAL.",
      source: "Hyper-V TLFS, SINT registers",
    },
  ],
  deviations: [],
  sources: ["Hyper-V SINT0 to SINT15"],
  native: false,
});
