// Privileged instructions, one by one, with the results that the bare machine gives.
import * as host from "../../../sdk/as/host";
import { clearTaskSwitched, readCr, readDr, writeCr, writeDr } from "./control-registers";
import { halt, raiseGp, raiseUd } from "./events";
import { iret, loadLdt, loadTask, mergeFlags } from "./segments";
import { flushAll } from "./shadow/flush";
import { CR4, crash, finish, INTR_STI, skip, word } from "./state";

const RFLAGS_IF: i64 = 0x200;
/** RF and VM read as 0. */
const PUSHF_HIDDEN: i64 = 0x3_0000;
/** CF PF AF ZF SF TF DF OF NT AC ID. */
const POPF_FLAGS: i64 = 0x24_4dd5;
const CR4_PCIDE: i64 = 1 << 17;

export function exitInstruction(vcpu: i32): i32 {
  const a = host.get(vcpu, host.FIELD_EXIT_A);
  const b = host.get(vcpu, host.FIELD_EXIT_B);
  switch (<i32>host.get(vcpu, host.FIELD_EXIT_INSN)) {
    case host.INSN_CLI: return setFlags(vcpu, host.get(vcpu, host.FIELD_RFLAGS) & ~RFLAGS_IF);
    case host.INSN_STI: return sti(vcpu);
    case host.INSN_PUSHF: return finish(vcpu, host.get(vcpu, host.FIELD_RFLAGS) & ~PUSHF_HIDDEN);
    case host.INSN_POPF: return setFlags(vcpu, mergeFlags(vcpu, a, POPF_FLAGS));
    case host.INSN_HLT: return halt(vcpu);
    case host.INSN_READ_CR: return readCr(vcpu, <i32>a);
    case host.INSN_WRITE_CR: return writeCr(vcpu, <i32>a, b);
    case host.INSN_READ_DR: return readDr(vcpu, <i32>a);
    case host.INSN_WRITE_DR: return writeDr(vcpu, <i32>a, b);
    case host.INSN_CPUID: return cpuid(vcpu, <i32>a, <i32>b);
    case host.INSN_IRET: return iret(vcpu, a);
    case host.INSN_CLTS: return clearTaskSwitched(vcpu);
    case host.INSN_RDPMC: return raiseGp(vcpu);
    default: return exitTables(vcpu, a, b);
  }
}

/** Descriptor tables, translations, and what does nothing here. */
function exitTables(vcpu: i32, a: i64, b: i64): i32 {
  switch (<i32>host.get(vcpu, host.FIELD_EXIT_INSN)) {
    case host.INSN_INVLPG: return invalidatePage(vcpu, a);
    case host.INSN_INVPCID: return invalidatePcid(vcpu, a, b, host.get(vcpu, host.FIELD_EXIT_GVA));
    case host.INSN_LGDT: return loadTable(vcpu, host.FIELD_GDT_BASE, a, b);
    case host.INSN_LIDT: return loadTable(vcpu, host.FIELD_IDT_BASE, a, b);
    case host.INSN_LLDT: return loadLdt(vcpu, <i32>a & 0xffff);
    case host.INSN_LTR: return loadTask(vcpu, <i32>a & 0xffff);
    case host.INSN_STR: return finish(vcpu, host.get(vcpu, host.FIELD_TR_SELECTOR));
    case host.INSN_SWAPGS: return swapGs(vcpu);
    case host.INSN_RDTSC:
    case host.INSN_RDTSCP: return crash("a clock read left guest mode unasked");
    default: return skip(vcpu);
  }
}

function setFlags(vcpu: i32, flags: i64): i32 {
  host.set(vcpu, host.FIELD_RFLAGS, flags);
  return skip(vcpu);
}

/** STI: where it sets the flag, no interrupt comes before the next instruction has completed. */
function sti(vcpu: i32): i32 {
  const flags = host.get(vcpu, host.FIELD_RFLAGS);
  if (flags & RFLAGS_IF) return skip(vcpu);
  setFlags(vcpu, flags | RFLAGS_IF);
  host.set(vcpu, host.FIELD_INTR_STATE, host.get(vcpu, host.FIELD_INTR_STATE) | INTR_STI);
  return host.ACTION_ENTER;
}

/** CPUID of the bare machine: nothing says that there is a hypervisor. */
function cpuid(vcpu: i32, leaf: i32, sub: i32): i32 {
  const order = memory.data<u8>([0, 3, 1, 2]);
  for (let which = 0; which < 4; which++)
    host.set(vcpu, load<u8>(order + which), <i64>(<u32>host.cpuid(leaf, sub, which)));
  return skip(vcpu);
}

/** INVLPG; a non-canonical address drops nothing. The shadow itself follows every write to a table. */
function invalidatePage(vcpu: i32, va: i64): i32 {
  if ((va << 16) >> 16 == va) host.tlb(vcpu, host.TLB_PAGE, va, 0);
  return skip(vcpu);
}

/** INVPCID: type 0 address, 1 one PCID, 2 all with globals, 3 all without. The shadow knows neither PCIDs nor globals. */
function invalidatePcid(vcpu: i32, type: i64, pcid: i64, va: i64): i32 {
  if (<u64>type > 3 || <u64>pcid > 0xfff) return raiseGp(vcpu);
  if (type < 2 && pcid != 0 && !(word(vcpu, CR4) & CR4_PCIDE)) return raiseGp(vcpu);
  if (type == 0 && (va << 16) >> 16 != va) return raiseGp(vcpu);
  if (type == 0) return invalidatePage(vcpu, va);
  flushAll(vcpu);
  return skip(vcpu);
}

function loadTable(vcpu: i32, base: i32, value: i64, limit: i64): i32 {
  if ((value << 16) >> 16 != value) return raiseGp(vcpu);
  host.set(vcpu, base, value);
  host.set(vcpu, base + 1, limit & 0xffff);
  return skip(vcpu);
}

function swapGs(vcpu: i32): i32 {
  const base = host.get(vcpu, host.FIELD_GS_BASE);
  host.set(vcpu, host.FIELD_GS_BASE, host.get(vcpu, host.FIELD_KERNEL_GS_BASE));
  host.set(vcpu, host.FIELD_KERNEL_GS_BASE, base);
  return skip(vcpu);
}

/** VMCALL and the like: no hypervisor is to be seen. */
export function noHypervisor(vcpu: i32): i32 {
  return raiseUd(vcpu);
}
