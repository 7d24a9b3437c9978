// The import tables of `host.*` and `test.*`, and lookup in these and the machine's.
//
// One line per import; its id is its place: `letter name:parameters>results`, i = i32, I = i64.
//   host: a access to machine memory, a scheduling point   p another scheduling point   s no point
import { internType } from "../engine/types";

export const hostOps: string = `a load8:I>i
a load16:I>i
a load32:I>i
a load64:I>I
a store8:Ii>
a store16:Ii>
a store32:Ii>
a store64:II>
a rmw:iII>I
a cmpxchg:iIII>I
a copy_in:iIi>
a copy_out:iIi>
s mfence:>
s translate:iIi>I
s frames:>i
s guest_frame:i>I
s owner:I>i
s assign:Ii>i
s get:ii>I
s set:iiI>i
s irq:ii>i
s nmi:i>i
s tlb:iiII>i
s kick:i>
p stop:i>i
s release:i>i
s wake:i>i
s vcpu_on:i>i
s vcpu_off:i>i
s timer_set:iiIIi>
s timer_cancel:ii>i
s now:>I
p resched:i>
s tsc_hz:>I
s cpuid:iii>i
s shutdown:i>
s crash:ii>
s param:i>I
s log:ii>
s choose:i>i
`;

/** Ids of `host.*` in the order of the table (a test holds the two equal). */
export const enum HostOp {
  load8, load16, load32, load64, store8, store16, store32, store64, rmw, cmpxchg, copy_in, copy_out, mfence,
  translate, frames, guest_frame, owner, assign, get, set, irq, nmi, tlb, kick, stop, release, wake, vcpu_on, vcpu_off,
  timer_set, timer_cancel, now, resched, tsc_hz, cpuid, shutdown, crash, param, log, choose,
}

export const testOps: string = `s expect:ii>
s expect_eq:iII>
s fail:ii>
s note:ii>
s not_offered:i>
s may_end:i>
p barrier:i>
s quiet:i>
s outcome:iI>
s choose:i>i
s plan:iiII>
s advance:I>
s cost_begin:i>
s cost_end:i>
s peek:I>I
s tlb:iI>I
s state:ii>I
s param:i>I
s revoked:iIi>
`;

export const enum TestOp {
  expect, expect_eq, fail, note, not_offered, may_end, barrier, quiet, outcome, choose, plan, advance, cost_begin, cost_end, peek, tlb, state, param,
  revoked,
}

@inline
function unit(table: string, at: u32): u32 {
  return load<u16>(changetype<usize>(table) + (<usize>at << 1));
}

/** Id of the import with this name, -1 if the table has none. */
export function importId(table: string, name: usize, length: u32): i32 {
  const end = <u32>table.length;
  let id = 0;
  for (let at: u32 = 0; at < end; id++) {
    let i: u32 = 0;
    while (i < length && unit(table, at + 2 + i) == <u32>load<u8>(name + i)) i++;
    if (i == length && unit(table, at + 2 + i) == 58) return id;
    while (unit(table, at) != 10) at++;
    at += 1;
  }
  return -1;
}

const typeBuffer: usize = memory.data(16, 8);

/** Interned function type of import `id`. */
export function importSignature(table: string, id: u32): usize {
  let at: u32 = 0;
  for (let line: u32 = 0; line < id; at++) if (unit(table, at) == 10) line++;
  while (unit(table, at) != 58) at++;
  let params: u32 = 0;
  for (at++; unit(table, at) != 62; at++) store<u8>(typeBuffer + params++, unit(table, at) == 105 ? 0x7f : 0x7e);
  const results: u32 = unit(table, at + 1) == 10 ? 0 : 1;
  store<u8>(typeBuffer + 15, unit(table, at + 1) == 105 ? 0x7f : 0x7e);
  return internType(typeBuffer, params, typeBuffer + 15, results);
}

/** Parameters of import `id`, + 256 if it has a result. */
export function importShape(table: string, id: u32): u32 {
  let at = importNameStart(table, id);
  while (unit(table, at) != 58) at++;
  let params: u32 = 0;
  for (at++; unit(table, at) != 62; at++) params += 1;
  return params | (unit(table, at + 1) == 10 ? 0 : 256);
}

/** Index of the first character of the name of import `id`. */
export function importNameStart(table: string, id: u32): u32 {
  let at: u32 = 0;
  for (let line: u32 = 0; line < id; at++) if (unit(table, at) == 10) line++;
  return at + 2;
}
