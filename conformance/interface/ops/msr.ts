import { coreEverywhere, op } from "../schema.ts";

const msr = { name: "msr", type: "i32", doc: "number of the model-specific register, as an unsigned word" } as const;
const value = { name: "value", type: "i64", doc: "all 64 bits" } as const;

export const msrRead = op({
  id: "msr.read",
  summary: "Reads a model-specific register that is known to exist.",
  params: [msr],
  result: "i64",
  resultDoc: "the register's 64 bits",
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "The result is what RDMSR would return: a register reads back as last written.",
      source: "Intel SDM RDMSR; rule G1",
    },
    {
      n: 2,
      text: "A register that does not exist raises #GP on the calling vCPU; the call invents no value.",
      source: "Intel SDM RDMSR: #GP(0); rule G7",
    },
  ],
  deviations: [],
  sources: ["Linux pv_ops cpu.read_msr", "VMI RDMSR", "Intel SDM RDMSR"],
  native: true,
});

export const msrWrite = op({
  id: "msr.write",
  summary: "Writes a model-specific register that is known to exist.",
  params: [msr, value],
  result: "void",
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "On return the register of the calling vCPU holds the value.", source: "Intel SDM WRMSR; rule G1" },
    { n: 2, text: "The same register of other vCPUs stays as it is.", source: "rule G5" },
    {
      n: 3,
      text: "A refused write raises #GP on the calling vCPU: it is never dropped without a sign.",
      source: "Intel SDM WRMSR: #GP(0); rule G7",
    },
    {
      n: 4,
      text: "A non-canonical value for a register that holds an address is refused and changes nothing.",
      source: "Intel SDM WRMSR: FS_BASE, GS_BASE, KERNEL_GS_BASE, LSTAR; XSA-193",
    },
  ],
  deviations: [],
  sources: ["Linux pv_ops cpu.write_msr", "VMI WRMSR", "Intel SDM WRMSR"],
  native: true,
});

export const msrReadSafe = op({
  id: "msr.read_safe",
  summary: "Reads a model-specific register that may not exist.",
  params: [msr, { name: "out_va", type: "i64", doc: "va of a u64 that receives the value; 8-aligned" }],
  result: "i32",
  resultDoc: "0, or E_INVAL when the register is refused",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    {
      n: 1,
      text: "For a register that exists it stores what msr.read returns and gives 0.",
      source: "Linux rdmsr_safe",
    },
    {
      n: 2,
      text: "For a register that does not exist it gives E_INVAL and no exception reaches the kernel.",
      source: "Linux rdmsr_safe: −EIO by exception fix-up",
    },
    { n: 3, text: "After a refusal the word at out_va is what it was.", source: "decided here: docs/rules.md" },
    {
      n: 4,
      text: "A handler that interrupts the call and makes a refused call of its own does not change the outer result.",
      source: "Linux arch/x86/mm/extable.c: fix-ups are found by the faulting instruction, not by a flag",
    },
  ],
  deviations: [],
  decisions: [
    {
      conflict:
        "Linux leaves 0 in the output of a refused read, its predecessors left the old contents, VMI has no safe read.",
      choice: "The word keeps its contents, because a caller that ignores the error then sees its own initial value.",
    },
  ],
  sources: ["Linux pv_ops cpu.read_msr_safe", "Intel SDM RDMSR"],
  native: true,
});

export const msrWriteSafe = op({
  id: "msr.write_safe",
  summary: "Writes a model-specific register that may not exist or may refuse the value.",
  params: [msr, value],
  result: "i32",
  resultDoc: "0, or E_INVAL when the write is refused",
  fallible: true,
  tiers: coreEverywhere,
  clauses: [
    { n: 1, text: "A write that msr.write would make is made and gives 0.", source: "Linux wrmsr_safe" },
    {
      n: 2,
      text: "A refused write gives E_INVAL and no exception reaches the kernel.",
      source: "Linux wrmsr_safe: −EIO by exception fix-up",
    },
    { n: 3, text: "A refused write changes no register.", source: "Intel SDM WRMSR: #GP before any effect" },
  ],
  deviations: [],
  sources: ["Linux pv_ops cpu.write_msr_safe", "Intel SDM WRMSR"],
  native: true,
});
