/** Sabotages of rule.processor: a host half that carries instructions out itself does one of them wrong. */
import { edit, fullvirt, type Sabotage } from "./sabotage.ts";

const host = "conformance/backends/fullvirt/host";
const controls = `${host}/control-registers.ts`;
const events = `${host}/events.ts`;
const instructions = `${host}/instructions.ts`;
const segments = `${host}/segments.ts`;
const fault = `${host}/shadow/fault.ts`;
const memory = `${host}/shadow/memory.ts`;
const tables = `${host}/shadow/tables.ts`;
const walk = `${host}/shadow/walk.ts`;

const instructionSabotages: readonly Sabotage[] = [
  fullvirt("processor-cr0", "CLTS does nothing", edit(controls, "  setCr0(vcpu, word(vcpu, CR0) & ~CR0_TS);\n", "")),
  fullvirt("processor-cr2-cr3-cr8", "CR8 takes 16", edit(controls, "<u64>value > 15", "<u64>value > 16")),
  fullvirt(
    "processor-cr4",
    "OSXSAVE reads as clear",
    edit(controls, "finish(vcpu, word(vcpu, CR4))", "finish(vcpu, word(vcpu, CR4) & ~0x40000)"),
  ),
  fullvirt(
    "processor-debug-registers",
    "DR6 loses its highest cause",
    edit(controls, "value & 0xe00f", "value & 0x600f"),
  ),
  fullvirt("processor-flags", "POPF leaves ID alone", edit(instructions, "0x24_4dd5", "0x04_4dd5")),
  fullvirt(
    "processor-msr-values",
    "memory type 3 exists",
    edit(`${host}/msr.ts`, "type > 7 || type == 2 || type == 3", "type > 7 || type == 2"),
  ),
  fullvirt(
    "processor-ports",
    "four bytes of nothing are two",
    edit(`${host}/io.ts`, "0xffff_ffff >> (32 - (size << 3))", "0xffff >> max(0, 16 - (size << 3))"),
  ),
  fullvirt(
    "processor-segments",
    "a task that is not present is #GP",
    edit(
      segments,
      "!isPresent(systemLow)) {\n    raise(vcpu, VECTOR_NP, error);",
      "!isPresent(systemLow)) {\n    raiseGp(vcpu, error);",
    ),
  ),
  fullvirt(
    "processor-descriptor-pages",
    "a descriptor across pages loses a byte",
    edit(memory, "const low = bytes(inPage);", "const low = bytes(inPage - 1);"),
  ),
  fullvirt(
    "processor-apic",
    "the logical id is the physical one",
    edit(`${host}/apic-registers.ts`, "<i64>(<u32>logicalId(vcpu))", "apicIdOf(vcpu)"),
  ),
  fullvirt(
    "processor-destinations",
    "a logical destination names one vCPU at most",
    edit(`${host}/ipi.ts`, "(destination & logical & 0xffff) != 0", "(destination & 0xffff) == (logical & 0xffff)"),
  ),
];

const exceptionSabotages: readonly Sabotage[] = [
  fullvirt(
    "processor-page-faults",
    "the fault's address lies in the lower half of its page",
    edit(fault, "return raisePageFault(vcpu, va);", "return raisePageFault(vcpu, va & ~0x800);"),
  ),
  fullvirt(
    "processor-fault-restarts",
    "a read-modify-write that faults is skipped",
    edit(
      fault,
      "if (!walk(vcpu, va, access, true)) return raisePageFault(vcpu, va);",
      "if (!walk(vcpu, va, access, true)) {\n    if (assist(vcpu) == host.ACCESS_RMW) skip(vcpu);\n    return raisePageFault(vcpu, va);\n  }",
    ),
  ),
  fullvirt("processor-double-faults", "#GP is benign", edit(events, "vector <= VECTOR_GP);", "vector < VECTOR_GP);")),
  fullvirt(
    "processor-delivery-finds-table",
    "a #GP whose delivery was cut short loses its selector",
    edit(
      events,
      "host.get(vcpu, host.FIELD_INTERRUPTED_ERROR)",
      "(interrupted & 0xff) == VECTOR_GP ? 0 : host.get(vcpu, host.FIELD_INTERRUPTED_ERROR)",
    ),
  ),
  fullvirt(
    "processor-delivery-faults",
    "a page fault amid a software interrupt is a double fault",
    edit(
      events,
      "if (type == TYPE_FAULT && doubles)",
      "if (type == TYPE_FAULT ? doubles : type == TYPE_SOFT && vector == VECTOR_PF)",
    ),
  ),
  fullvirt(
    "processor-breakpoints",
    "RIP goes behind a breakpoint twice",
    edit(
      events,
      "  inject(vcpu, TYPE_SOFT | vector, 0);",
      "  host.set(vcpu, host.FIELD_RIP, host.get(vcpu, host.FIELD_RIP) + host.get(vcpu, host.FIELD_EXIT_LEN));\n  inject(vcpu, TYPE_SOFT | vector, 0);",
    ),
  ),
  fullvirt(
    "processor-returns",
    "any stack segment will do",
    edit(segments, "  if (!stackFits) return raiseGp(vcpu, ss & 0xfffc);\n", ""),
  ),
  fullvirt(
    "processor-system-calls",
    "SYSCALL masks no flags",
    edit(segments, "(flags & ~host.get(vcpu, host.FIELD_SFMASK)) | 2", "flags | 2"),
  ),
  fullvirt(
    "processor-user-mode",
    "user mode may disable interrupts by POPF",
    edit(segments, "  if (cpl <= ((old >> 12) & 3)) mask |= RFLAGS_IF;", "  mask |= RFLAGS_IF;"),
  ),
];

const translationSabotages: readonly Sabotage[] = [
  fullvirt(
    "processor-write-protection",
    "what was written without protection stays writable",
    edit(controls, "  if (changed & CR0_WP) loadRoot(vcpu);\n", ""),
  ),
  fullvirt(
    "processor-supervisor-protection",
    "AC lets the processor itself read user pages too",
    edit(
      walk,
      "access & ACCESS_IMPLICIT || !(host.get(vcpu, host.FIELD_RFLAGS)",
      "!(host.get(vcpu, host.FIELD_RFLAGS)",
    ),
  ),
  fullvirt(
    "processor-descriptor-faults",
    "a descriptor is marked busy where nothing may be written",
    edit(memory, "ACCESS_WRITE | ACCESS_IMPLICIT, false", "ACCESS_IMPLICIT, false"),
  ),
  fullvirt(
    "processor-no-execute",
    "no-execute of a directory's entry is ignored",
    edit(walk, "    role = narrow(role, entry);", "    role = narrow(role, level == 2 ? entry & ~NO_EXECUTE : entry);"),
  ),
  fullvirt(
    "processor-accessed-dirty",
    "a page that was read is writable at once",
    edit(walk, "entry & DIRTY ? allowed", "entry & DIRTY || level == 1 ? allowed"),
  ),
  fullvirt("processor-large-pages", "bit 13 of a page of 2 MiB is ignored", edit(walk, "0x1f_e000", "0x1f_c000")),
  fullvirt(
    "processor-beyond-memory",
    "the frame behind the memory is the first one",
    edit(
      `${host}/frames.ts`,
      "  return isMemory(gfn) ? host.guest_frame(<i32>gfn) << 12 : NOWHERE;",
      "  if (gfn == pages) return host.guest_frame(0) << 12;\n  return isMemory(gfn) ? host.guest_frame(<i32>gfn) << 12 : NOWHERE;",
    ),
  ),
  fullvirt(
    "processor-table-writes",
    "a compare with an entry in use compares with nothing",
    edit(fault, "ma, host.get(vcpu, host.FIELD_EXIT_GPA), value)", "ma, 0, value)"),
  ),
  fullvirt(
    "processor-table-alias",
    "the mapping of a table that is younger than others stays writable",
    edit(
      tables,
      "  for (let i = listFirst(mappedBy(ma)); i; i = listNext(i)) {\n    const at",
      "  const youngest = listFirst(mappedBy(ma));\n  for (let i = youngest && listNext(youngest) ? listNext(youngest) : youngest; i; i = listNext(i)) {\n    const at",
    ),
  ),
  fullvirt(
    "processor-tables-of-themselves",
    "a table has one shadow, whatever its level",
    edit(tables, "levelOf(sp) == level && load", "(levelOf(sp) == level || kind == KIND_TABLE) && load"),
  ),
  fullvirt(
    "processor-many-tables",
    "a table that is forgotten keeps its entries",
    edit(tables, " host.store64(entryAt(sp, first + <i32>ctz(bits)), 0);\n", " {}\n"),
  ),
  fullvirt(
    "processor-many-turns",
    "one table in 13 that is given back keeps its entries",
    edit(
      tables,
      "  dropAll(sp);\n  const bucket",
      "  freed += 1;\n  if (freed % 13 != 0) dropAll(sp);\n  const bucket",
    ),
    edit(tables, "let cleanCount: i32 = 0;", "let cleanCount: i32 = 0;\nlet freed: i32 = 0;"),
  ),
  fullvirt(
    "processor-many-roots",
    "writes to a root that nobody uses are not followed",
    edit(
      tables,
      "    for (let index = first; index <= last; index++) dropEntry(sp, index);",
      "    if (levelOf(sp) == 4 && !load<u8>(record(sp), 15)) continue;\n    for (let index = first; index <= last; index++) dropEntry(sp, index);",
    ),
  ),
];

export const processorSabotages: readonly Sabotage[] = [
  ...instructionSabotages,
  ...exceptionSabotages,
  ...translationSabotages,
  fullvirt(
    "processor-startup",
    "EFER outlives INIT",
    edit(`${host}/startup.ts`, "  host.set(vcpu, host.FIELD_EFER, EFER_RESET);\n", ""),
  ),
];
