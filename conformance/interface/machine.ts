/** The `machine.*` imports of kernel, guest half, native half and ROM (ABI version 1). */
import { fn, type ImportedFunction } from "./schema.ts";

const memory: ImportedFunction[] = [
  fn("load8", "(va i64) -> i32", "Loads one byte, zero-extended; the own store buffer is forwarded."),
  fn("load16", "(va i64) -> i32", "Loads two bytes, zero-extended."),
  fn("load32", "(va i64) -> i32", "Loads four bytes."),
  fn("load64", "(va i64) -> i64", "Loads eight bytes."),
  fn("store8", "(va i64, v i32)", "Stores one byte into the FIFO store buffer."),
  fn("store16", "(va i64, v i32)", "Stores two bytes into the FIFO store buffer."),
  fn("store32", "(va i64, v i32)", "Stores four bytes into the FIFO store buffer."),
  fn("store64", "(va i64, v i64)", "Stores eight bytes into the FIFO store buffer."),
  fn(
    "rmw",
    "(op i32, va i64, v i64) -> i64",
    "Read-modify-write, returns the old value; op is RMW_* | log2(size) << 4 | LOCK. Without LOCK other vCPUs may come between load and store.",
  ),
  fn(
    "cmpxchg",
    "(op i32, va i64, expect i64, v i64) -> i64",
    "Compare and exchange, returns the old value; op is log2(size) << 4 | LOCK. A failed locked compare drains too.",
  ),
  fn(
    "copy_in",
    "(ptr i32, va i64, len i32)",
    "Copies len bytes from machine memory at va to private memory at ptr; interruptible between aligned 8 bytes.",
  ),
  fn(
    "copy_out",
    "(ptr i32, va i64, len i32)",
    "Copies len bytes from private memory at ptr to machine memory at va; interruptible between aligned 8 bytes.",
  ),
  fn("fill", "(va i64, v i64, n i32)", "Stores v into n consecutive 8-byte words."),
  fn("mfence", "()", "Drains the store buffer."),
  fn("sfence", "()", "Orders stores as x86-TSO does already; drains nothing."),
  fn("lfence", "()", "Orders loads as x86-TSO does already; drains nothing."),
  fn("pause", "()", "Spin-loop hint: a scheduling point that yields."),
];

const instructions: ImportedFunction[] = [
  fn("cli", "()", "Clears IF."),
  fn("sti", "()", "Sets IF; interrupts stay blocked until the next machine instruction has completed."),
  fn("pushf", "() -> i64", "Returns RFLAGS."),
  fn("popf", "(flags i64)", "Loads RFLAGS; has no shadow."),
  fn("hlt", "()", "Sleeps until an interrupt, NMI or INIT."),
  fn("read_cr", "(n i32) -> i64", "Reads control register n (0, 2, 3, 4, 8)."),
  fn("write_cr", "(n i32, v i64)", "Writes control register n; serialising."),
  fn("read_dr", "(n i32) -> i64", "Reads debug register n (0–7)."),
  fn("write_dr", "(n i32, v i64)", "Writes debug register n (0–7)."),
  fn(
    "invlpg",
    "(va i64)",
    "Drops the translations of the page of va, global ones too; a non-canonical va has no effect.",
  ),
  fn(
    "invpcid",
    "(type i32, pcid i64, va i64)",
    "Drops translations: type 0 one address, 1 one PCID, 2 all with global, 3 all but global.",
  ),
  fn("rdmsr", "(msr i32) -> i64", "Reads a model-specific register; #GP when it does not exist."),
  fn("wrmsr", "(msr i32, v i64)", "Writes a model-specific register; serialising but for x2APIC ICR and TSC deadline."),
  fn("lgdt", "(base i64, limit i32)", "Loads the GDT register."),
  fn("lidt", "(base i64, limit i32)", "Loads the IDT register."),
  fn("lldt", "(sel i32)", "Loads the LDT selector."),
  fn("ltr", "(sel i32)", "Loads the task register."),
  fn("str", "() -> i32", "Returns the task register's selector."),
  fn(
    "in",
    "(port i32, size i32) -> i32",
    "Reads size bytes (1, 2, 4) from an I/O port; all ones when nothing answers.",
    "in_port",
  ),
  fn("out", "(port i32, size i32, v i32)", "Writes size bytes (1, 2, 4) to an I/O port.", "out_port"),
  fn("cpuid", "(leaf i32, sub i32)", "Writes RAX, RBX, RCX, RDX; read them with reg."),
  fn("rdtsc", "() -> i64", "Returns the time-stamp counter."),
  fn("rdtscp", "() -> i64", "Returns the time-stamp counter after earlier loads; RCX receives TSC_AUX."),
  fn(
    "iret",
    "(frame i64)",
    "Returns from the innermost handler through the frame at va; after it no machine instruction may be made.",
  ),
  fn("swapgs", "()", "Exchanges GS base and KERNEL_GS_BASE."),
  fn("wbinvd", "()", "Writes back and invalidates caches."),
  fn("rdpmc", "(n i32) -> i64", "Reads performance counter n."),
  fn("clts", "()", "Clears CR0.TS."),
  fn("int", "(n i32)", "Software interrupt n through the IDT.", "int_n"),
  fn("ud", "()", "Undefined instruction: raises #UD."),
  fn("syscall", "(nr i64) -> i64", "SYSCALL with RAX = nr; not serialising."),
  fn(
    "hypercall",
    "(nr i64, a0 i64, a1 i64, a2 i64, a3 i64, a4 i64, a5 i64) -> i64",
    "Sets RAX, RDI, RSI, RDX, R10, R8, R9, leaves guest mode, returns RAX; #UD without a hypervisor.",
  ),
  fn("vmcall", "()", "VMCALL with the registers as they stand; #UD without a hypervisor."),
  fn("vmmcall", "()", "VMMCALL with the registers as they stand; #UD without a hypervisor."),
  fn(
    "exec",
    "(va i64)",
    "Fetches and runs at most 16 bytes at va: ret, nop, mov eax, vmcall, vmmcall, syscall, ud2, int3; else #UD.",
  ),
];

const contexts: ImportedFunction[] = [
  fn("reg", "(r i32) -> i64", "Register r: 0–15 RAX…R15 in x86 encoding, 16–27 XMM0–5 as low and high halves."),
  fn("set_reg", "(r i32, v i64)", "Sets register r."),
  fn("ctx_reg", "(r i32) -> i64", "Register r of the innermost suspended context."),
  fn("ctx_set_reg", "(r i32, v i64)", "Sets register r of the innermost suspended context."),
  fn(
    "code_addr",
    "(slot i32, user i32) -> i64",
    "Virtual address of this module's table slot, whose type must be (i64) -> ().",
  ),
  fn("call_code", "(addr i64, arg i64)", "Jumps to a code address and returns when it returns."),
  fn("vcpu", "() -> i32", "Index of this vCPU, 0-based."),
  fn("nop", "()", "An instruction boundary."),
];

export const machineImports: readonly ImportedFunction[] = [...memory, ...instructions, ...contexts];
