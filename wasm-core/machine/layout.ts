// Where boot puts things (docs/abi.md). Kernel and halves see these addresses through `info` and `test.param`.

export const PAGE_BYTES: u32 = 4096;
/** va of guest frame 0; frame pfn is at DIRECT_MAP + 4096·pfn. */
export const DIRECT_MAP: u64 = 0xffff_8880_0000_0000;
/** Text of the roles with code addresses: role r (0 kernel, 1 native, 2 guest, 3 rom), slot s is at textBase(r) + 16·s. */
export const KERNEL_TEXT: u64 = 0xffff_ffff_8100_0000;
export const GUEST_TEXT: u64 = 0xffff_ffff_8200_0000;
export const ROM_TEXT: u64 = 0xffff_ffff_8300_0000;
export const NATIVE_TEXT: u64 = 0xffff_ffff_8400_0000;
/** Resume token of the context at nesting depth d: TOKENS + 16·d restarts, + 1 skips. */
export const TOKENS: u64 = 0xffff_ffff_8f00_0000;
/** Kernel functions that run at user CPL: slot s is at USER_TEXT + 16·s. */
export const USER_TEXT: u64 = 0x40_0000;
export const CODE_BYTES: u32 = 16;
/** 1024 slots per role. */
export const TEXT_PAGES: u32 = 4;

/** Page below 1 MiB whose number is the SIPI vector: {u64 rip, u64 cr3, u64 rsp}. */
export const TRAMPOLINE_PFN: u32 = 8;
/** First frame that boot hands out; below it are the trampoline and frames that stay free. */
export const BOOT_PFN: u32 = 16;

export const STACK_PAGES: u32 = 2;
export const SHARED_PAGES: u32 = 8;
export const PERCPU_PAGES: u32 = 2;

// Selectors of the boot GDT.
export const KERNEL_CS: u32 = 0x08;
export const KERNEL_SS: u32 = 0x10;
export const USER_SS: u32 = 0x23;
export const USER_CS: u32 = 0x2b;
export const TSS_SELECTOR: u32 = 0x30;
/** Bytes of the GDT; the TSS lies behind it in the same page. */
export const GDT_BYTES: u32 = 0x40;
export const TSS_OFFSET: u32 = 0x100;
export const TSS_BYTES: u32 = 0x68;

/** First address of a role's text; role numbers are the VM's: 0 kernel, 1 native, 2 guest, 3 rom. */
export function textBase(role: u32): u64 {
  if (role == 0) return KERNEL_TEXT;
  if (role == 1) return NATIVE_TEXT;
  return role == 2 ? GUEST_TEXT : ROM_TEXT;
}

/** Address of a table slot as code; `user` is 1 for user text, which only the kernel has. */
export function codeAddress(role: u32, slot: u32, user: u32): u64 {
  return (user ? USER_TEXT : textBase(role)) + <u64>slot * CODE_BYTES;
}

/** Role of a code address; −1 if it is none (not in text, or not at the start of a slot). User text is the kernel's. */
export function codeRole(va: u64): i32 {
  if (va & (CODE_BYTES - 1)) return -1;
  const span = <u64>TEXT_PAGES * PAGE_BYTES;
  for (let role: u32 = 0; role < 4; role++) if (va - textBase(role) < span) return role;
  return va - USER_TEXT < span ? 0 : -1;
}

/** Slot of a code address for which codeRole is not negative. */
export function codeSlot(va: u64): u32 {
  return <u32>(va & 0x3fff) / CODE_BYTES;
}
