// Lays machine memory out before anything runs (docs/abi.md): tables, text, descriptor tables, stacks, info pages.
//
//   pfn 0 … 7 free | 8 trampoline | 9 … 15 free | 16 … handed out here, in order | first free pfn … | pages − 1
// Every address below is guest-physical; writes go straight to memory (nobody runs yet).
import { apicId, config, Kind } from "./config";
import { guestFrame, physLoad, physStore } from "./frames";
import {
  BOOT_PFN, DIRECT_MAP, GDT_BYTES, GUEST_TEXT, KERNEL_TEXT, NATIVE_TEXT, PAGE_BYTES, PERCPU_PAGES, ROM_TEXT, SHARED_PAGES,
  STACK_PAGES, TEXT_PAGES, TOKENS, TRAMPOLINE_PFN, TSS_BYTES, TSS_OFFSET, TSS_SELECTOR, USER_TEXT,
} from "./layout";
import { PTE_A, PTE_D, PTE_G, PTE_NX, PTE_P, PTE_U, PTE_W } from "./paging";
import { setRunstate } from "./time";
import { Runstate, Vcpu, vcpuAt } from "./vcpu";
import { hotAlloc } from "../memory/arena";

const ABI_VERSION: u32 = 0x1_0000;
/** Vectors that a backend may use: first << 16 | count. */
const BACKEND_VECTORS: u32 = (0xf0 << 16) | 8;

/** Where boot put what; pfns of per-vCPU pages are blocks of vCPU 0, 1, … */
@unmanaged
export class BootMap {
  root_pfn: u32;
  idt_pfn: u32;
  gdt_pfn: u32;
  stack_pfn: u32;
  ist_pfn: u32;
  info_pfn: u32;
  percpu_pfn: u32;
  shared_pfn: u32;
  first_free_pfn: u32;
  reserved: u32;
}

export let boot: BootMap = changetype<BootMap>(0);
let next: u32 = 0;

/** Takes `count` guest frames in order; answers the first pfn. */
function take(count: u32): u32 {
  const first = next;
  next += count;
  return first;
}

/** Machine address of a guest-physical address of the boot image. */
@inline
function ma(gpa: u64): u32 {
  return (guestFrame(<u32>(gpa >> 12)) << 12) | (<u32>gpa & 0xfff);
}

/** va of a guest frame in the direct map. */
@inline
export function directMap(pfn: u32): u64 {
  return DIRECT_MAP + ((<u64>pfn) << 12);
}

/** Builds everything; false when memory is used up or `pages` is too small. vCPU 0 is left runnable in GUEST. */
export function bootLayout(): bool {
  const at = hotAlloc(offsetof<BootMap>());
  if (!at) return false;
  boot = changetype<BootMap>(at);
  next = BOOT_PFN;
  boot.idt_pfn = take(config.vcpus);
  boot.gdt_pfn = take(config.vcpus);
  boot.stack_pfn = take(config.vcpus * STACK_PAGES);
  boot.ist_pfn = take(config.vcpus);
  boot.info_pfn = take(config.vcpus);
  boot.percpu_pfn = take(config.vcpus * PERCPU_PAGES);
  boot.shared_pfn = take(SHARED_PAGES);
  const text = take(TEXT_PAGES * 5 + 1);
  boot.root_pfn = take(1);
  // In D the host half builds the tables.
  if (config.kind != <u32>Kind.DIRECT) buildTables(text);
  if (next > config.pages) return false;
  boot.first_free_pfn = next;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    bootVcpu(vcpuAt(i));
    writeInfo(vcpuAt(i));
  }
  setRunstate(vcpuAt(0), Runstate.GUEST);
  return true;
}

function buildTables(text: u32): void {
  const data = PTE_P | PTE_W | PTE_A | PTE_D | PTE_G | PTE_NX;
  const code = PTE_P | PTE_A | PTE_G;
  for (let pfn: u32 = 0; pfn < config.pages; pfn++) mapPage(directMap(pfn), pfn, data);
  mapText(KERNEL_TEXT, text, TEXT_PAGES, code);
  mapText(GUEST_TEXT, text + TEXT_PAGES, TEXT_PAGES, code);
  mapText(ROM_TEXT, text + 2 * TEXT_PAGES, TEXT_PAGES, code);
  mapText(NATIVE_TEXT, text + 3 * TEXT_PAGES, TEXT_PAGES, code);
  mapText(USER_TEXT, text + 4 * TEXT_PAGES, TEXT_PAGES, PTE_P | PTE_A | PTE_U);
  mapText(TOKENS, text + 5 * TEXT_PAGES, 1, code);
}

function mapText(va: u64, pfn: u32, pages: u32, flags: u64): void {
  for (let i: u32 = 0; i < pages; i++) mapPage(va + i * PAGE_BYTES, pfn + i, flags);
}

/** Maps one 4 KiB page in the boot tables; missing tables are taken. Frames in S are machine frames' guest-physical names. */
function mapPage(va: u64, pfn: u32, flags: u64): void {
  let table = boot.root_pfn;
  const upper = PTE_P | PTE_W | PTE_A | (flags & PTE_U);
  for (let level: u64 = 4; level > 1; level--) {
    const entry = ma((<u64>table << 12) | (((va >> (3 + 9 * level)) & 511) << 3));
    let value = physLoad(entry, 8);
    if (!value) {
      value = ((<u64>take(1)) << 12) | upper;
      physStore(entry, 8, value);
    }
    table = <u32>(value >> 12) & 0xfffff;
  }
  physStore(ma((<u64>table << 12) | (((va >> 12) & 511) << 3)), 8, ((<u64>pfn) << 12) | flags);
}

/** va of the top of a vCPU's stack. */
export function stackTopVa(i: u32): u64 {
  return directMap(boot.stack_pfn + (i + 1) * STACK_PAGES);
}

export function idtVa(i: u32): u64 {
  return directMap(boot.idt_pfn + i);
}

export function infoVa(i: u32): u64 {
  return directMap(boot.info_pfn + i);
}

export function percpuVa(i: u32): u64 {
  return directMap(boot.percpu_pfn + i * PERCPU_PAGES);
}

export function sharedVa(): u64 {
  return directMap(boot.shared_pfn);
}

/** Descriptor tables in memory and the registers that point at them. The IDT is empty: the kernel builds it. */
function bootVcpu(v: Vcpu): void {
  const gdt = (<u64>(boot.gdt_pfn + v.index)) << 12;
  const tss = directMap(boot.gdt_pfn + v.index) + TSS_OFFSET;
  // Code and data, kernel then user; user code last, as SYSRET wants it.
  physStore(ma(gdt + 0x08), 8, 0x00af_9b00_0000_ffff);
  physStore(ma(gdt + 0x10), 8, 0x00cf_9300_0000_ffff);
  physStore(ma(gdt + 0x18), 8, 0x00cf_fb00_0000_ffff);
  physStore(ma(gdt + 0x20), 8, 0x00cf_f300_0000_ffff);
  physStore(ma(gdt + 0x28), 8, 0x00af_fb00_0000_ffff);
  // Busy 64-bit TSS.
  physStore(ma(gdt + 0x30), 8, (TSS_BYTES - 1) | ((tss & 0xff_ffff) << 16) | ((<u64>0x8b) << 40) | (((tss >> 24) & 0xff) << 56));
  physStore(ma(gdt + 0x38), 8, tss >> 32);
  physStore(ma(gdt + TSS_OFFSET + 4), 8, stackTopVa(v.index));
  physStore(ma(gdt + TSS_OFFSET + 0x24), 8, directMap(boot.ist_pfn + v.index + 1));
  physStore(ma(gdt + TSS_OFFSET + 0x66), 2, TSS_BYTES);
  v.gdt_base = directMap(boot.gdt_pfn + v.index);
  v.gdt_limit = GDT_BYTES - 1;
  v.idt_base = idtVa(v.index);
  v.idt_limit = PAGE_BYTES - 1;
  v.tss_base = tss;
  v.tss_limit = TSS_BYTES - 1;
  v.tr_selector = TSS_SELECTOR;
  v.cr3 = config.kind == <u32>Kind.DIRECT ? 0 : (<u64>boot.root_pfn) << 12;
}

/** The info page, by which the halves find what boot made for them (docs/abi.md). */
function writeInfo(v: Vcpu): void {
  const at = ma((<u64>(boot.info_pfn + v.index)) << 12);
  physStore(at, 4, ABI_VERSION);
  physStore(at + 4, 4, v.index);
  physStore(at + 8, 4, config.vcpus);
  physStore(at + 12, 4, BACKEND_VECTORS);
  physStore(at + 16, 8, idtVa(v.index));
  physStore(at + 24, 8, sharedVa());
  physStore(at + 32, 4, SHARED_PAGES);
  physStore(at + 36, 4, PERCPU_PAGES);
  physStore(at + 40, 8, percpuVa(v.index));
  physStore(at + 48, 8, config.feature_mask);
  for (let i: u32 = 0; i < 8; i++) physStore(at + 56 + i * 4, 4, i < config.vcpus ? apicId(i) : 0xffff_ffff);
  physStore(at + 88, 8, (<u64>TRAMPOLINE_PFN) << 12);
}
