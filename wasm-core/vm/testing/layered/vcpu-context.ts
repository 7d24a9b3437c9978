// VCPUOP_initialise: the vCPU's context, read once, validated, and set (Xen public/arch-x86/xen.h, vcpu_guest_context: 5168 bytes).
//
//   | fpu 512 | flags 8 | user_regs 200: … rdi @112, rip @128, cs @136, rflags @144, rsp @152 … | traps 4096 | … | cr @4984 | … |
import { copyIn, load64, param, set, translate } from "../host-imports";
import { loadRoot, rootAddress } from "../direct-paging";

export const CONTEXT_BYTES: i32 = 5168;
const RSI: i32 = 624;
const RDI: i32 = 632;
const RIP: i32 = 648;
const CS: i32 = 656;
const RFLAGS: i32 = 664;
const RSP: i32 = 672;
const CR3: i32 = 5008;
const EEXIST: i64 = -17;
const EINVAL: i64 = -22;
const ENOENT: i64 = -2;
/** A call that is to be repeated: its first slice is done. */
export const AGAIN: i64 = 1;
const SLICE_BYTES: i32 = 2584;

/** How it is done wrong on purpose: 1 fetches RIP twice, 2 looks whether the vCPU has a context in the first of two slices only. */
export const FETCHES_TWICE: i32 = 1;
export const LOOKS_EARLY: i32 = 2;
/** Done right in two slices. */
export const IN_SLICES: i32 = 3;

/** What each caller has copied so far, and how much. */
const copies: usize = memory.data(3 * 5168, 8);
const copied: StaticArray<i32> = [0, 0, 0];
const initialised: StaticArray<bool> = [false, false, false, false, false, false, false, false];

export function isInitialised(target: i32): bool {
  return initialised[target];
}

/** 0, an error, or AGAIN. */
export function initialise(self: i32, target: i32, va: i64, how: i32): i64 {
  if (<u32>target >= <u32>(param(0) as i32)) return ENOENT;
  const early = copied[self] == 0;
  if (early && initialised[target]) return EEXIST;
  const sliced = how == LOOKS_EARLY || how == IN_SLICES;
  copy(self, va, early && sliced ? SLICE_BYTES : CONTEXT_BYTES);
  if (early && sliced) return AGAIN;
  copied[self] = 0;
  if (initialised[target] && how != LOOKS_EARLY) return EEXIST;
  const context = copies + self * CONTEXT_BYTES;
  if (!isValid(context)) return EINVAL;
  initialised[target] = true;
  if (how == FETCHES_TWICE) store<i64>(context, load64(translate(self, va + RIP, 0)), RIP);
  apply(target, context);
  return 0;
}

/** Copies up to `end`, page by page. */
function copy(self: i32, va: i64, end: i32): void {
  while (copied[self] < end) {
    const from = va + copied[self];
    const room = 4096 - ((from & 4095) as i32);
    const bytes = min(room, end - copied[self]);
    copyIn((copies + self * CONTEXT_BYTES + copied[self]) as i32, translate(self, from, 0), bytes);
    copied[self] += bytes;
  }
}

function canonical(va: i64): bool {
  return (va << 16) >> 16 == va;
}

/** The guest's kernel runs at CPL 3, on tables that it has. */
function isValid(context: usize): bool {
  if (!canonical(load<i64>(context, RIP)) || !canonical(load<i64>(context, RSP))) return false;
  return (load<i64>(context, CS) & 3) == 3 && load<i64>(context, CR3) == rootAddress();
}

function apply(target: i32, context: usize): void {
  loadRoot(target);
  set(target, 6, load<i64>(context, RSI));
  set(target, 7, load<i64>(context, RDI));
  set(target, 0x20, load<i64>(context, RIP));
  set(target, 0x22, (load<i64>(context, RFLAGS) & 0x244dd5) | 2);
  set(target, 0x21, load<i64>(context, RSP));
  set(target, 0x24, load<i64>(context, CS) & 0xffff);
}

/** A vCPU that was turned off may be initialised again. */
export function forgetContext(target: i32): void {
  initialised[target] = false;
}
