// CR0, CR2, CR3, CR4, CR8, debug registers. The guest's CR0 and CR4 are kept apart: the real ones always have WP and never PCIDE.
import * as host from "../../../sdk/as/host";
import { raiseGp, raiseUd } from "./events";
import { CR0_WP } from "./shadow/entry";
import { flushAll } from "./shadow/flush";
import { loadRoot } from "./shadow/roots";
import { CR0, CR4, finish, setWord, skip, word } from "./state";

const CR0_DEFINED: i64 = 0xe005_003f;
const CR0_REQUIRED: i64 = 0x8000_0001;
const CR0_TS: i64 = 8;
const CR0_ET: i64 = 16;
const CR0_NW: i64 = 1 << 29;
const CR0_CD: i64 = 1 << 30;
const CR4_DEFINED: i64 = 0x37_0fff;
const CR4_PAE: i64 = 32;
const CR4_DE: i64 = 8;
const CR4_PGE: i64 = 1 << 7;
const CR4_PCIDE: i64 = 1 << 17;
const CR4_SMEP: i64 = 1 << 20;
const CR3_NO_FLUSH: i64 = i64.MIN_VALUE;
const CR3_RESERVED: i64 = ~0xff_ffff_ffff;
const PCID: i64 = 0xfff;

export function readCr(vcpu: i32, n: i32): i32 {
  switch (n) {
    case 0: return finish(vcpu, word(vcpu, CR0));
    case 2: return finish(vcpu, host.get(vcpu, host.FIELD_CR2));
    case 3: return finish(vcpu, host.get(vcpu, host.FIELD_CR3));
    case 4: return finish(vcpu, word(vcpu, CR4));
    case 8: return finish(vcpu, host.get(vcpu, host.FIELD_CR8));
    default: return raiseUd(vcpu);
  }
}

export function writeCr(vcpu: i32, n: i32, value: i64): i32 {
  switch (n) {
    case 0: return writeCr0(vcpu, value);
    case 2: {
      host.set(vcpu, host.FIELD_CR2, value);
      return skip(vcpu);
    }
    case 3: return writeCr3(vcpu, value);
    case 4: return writeCr4(vcpu, value);
    case 8: {
      if (<u64>value > 15) return raiseGp(vcpu);
      host.set(vcpu, host.FIELD_CR8, value);
      return skip(vcpu);
    }
    default: return raiseUd(vcpu);
  }
}

function writeCr0(vcpu: i32, value: i64): i32 {
  const invalid = value >>> 32 != 0 || (value & CR0_REQUIRED) != CR0_REQUIRED || (value & CR0_NW && !(value & CR0_CD));
  if (invalid) return raiseGp(vcpu);
  setCr0(vcpu, (value & CR0_DEFINED) | CR0_ET);
  return skip(vcpu);
}

function setCr0(vcpu: i32, value: i64): void {
  const changed = value ^ word(vcpu, CR0);
  setWord(vcpu, CR0, value);
  host.set(vcpu, host.FIELD_CR0, value | CR0_WP);
  if (changed & CR0_WP) loadRoot(vcpu);
}

export function clearTaskSwitched(vcpu: i32): i32 {
  setCr0(vcpu, word(vcpu, CR0) & ~CR0_TS);
  return skip(vcpu);
}

/** A load of CR3. All translations go, also those that PCIDs or the no-flush bit would let the guest keep: keeping is never owed. */
function writeCr3(vcpu: i32, value: i64): i32 {
  const root = word(vcpu, CR4) & CR4_PCIDE ? value & ~CR3_NO_FLUSH : value;
  if (root & CR3_RESERVED) return raiseGp(vcpu);
  host.set(vcpu, host.FIELD_CR3, root);
  loadRoot(vcpu);
  return skip(vcpu);
}

function writeCr4(vcpu: i32, value: i64): i32 {
  if (value & ~CR4_DEFINED || !(value & CR4_PAE)) return raiseGp(vcpu);
  const changed = value ^ word(vcpu, CR4);
  if (changed & value & CR4_PCIDE && host.get(vcpu, host.FIELD_CR3) & PCID) return raiseGp(vcpu);
  setWord(vcpu, CR4, value);
  host.set(vcpu, host.FIELD_CR4, value & ~CR4_PCIDE);
  if (changed & CR4_SMEP) loadRoot(vcpu);
  else if (changed & (CR4_PGE | CR4_PCIDE)) flushAll(vcpu);
  return skip(vcpu);
}

/** DR4 and DR5 are DR6 and DR7 unless CR4.DE is set. */
function debugField(vcpu: i32, n: i32): i32 {
  if (<u32>n > 7 || ((n == 4 || n == 5) && word(vcpu, CR4) & CR4_DE)) return -1;
  return n < 4 ? host.FIELD_DR0 + n : n & 1 ? host.FIELD_DR7 : host.FIELD_DR6;
}

export function readDr(vcpu: i32, n: i32): i32 {
  const field = debugField(vcpu, n);
  return field < 0 ? raiseUd(vcpu) : finish(vcpu, host.get(vcpu, field));
}

export function writeDr(vcpu: i32, n: i32, value: i64): i32 {
  const field = debugField(vcpu, n);
  if (field < 0) return raiseUd(vcpu);
  if (n >= 4 && value >>> 32 != 0) return raiseGp(vcpu);
  const kept = n < 4 ? value : field == host.FIELD_DR7 ? (value & 0xffff_2bff) | 0x400 : (value & 0xe00f) | 0xffff_0ff0;
  host.set(vcpu, field, kept);
  return skip(vcpu);
}
