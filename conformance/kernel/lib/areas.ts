/** The pages that belong to the guest half: all that it can have registered with the host lies there. */
import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as test from "../../sdk/as/test";
import { direct, PAGE_SIZE } from "./memory";

/** The host half may write no more to the pages that all vCPUs share, and to this vCPU's own. */
export function revokeAreas(clause: i32): void {
  test.revoked(clause, gpaOf(info.INFO_SHARED_VA), infoCount(info.INFO_SHARED_PAGES));
  test.revoked(clause, gpaOf(info.INFO_PERCPU_VA), infoCount(info.INFO_PERCPU_PAGES));
}

/** It may again. */
export function offerAreas(clause: i32): void {
  test.revoked(clause, gpaOf(info.INFO_SHARED_VA), 0);
  test.revoked(clause, gpaOf(info.INFO_PERCPU_VA), 0);
}

function gpaOf(offset: i32): i64 {
  return infoField(offset) - direct(0);
}

/** Digest of the pages that all vCPUs share. */
export function sharedDigest(): i64 {
  return digest(infoField(info.INFO_SHARED_VA), infoCount(info.INFO_SHARED_PAGES));
}

/** Digest of this vCPU's own pages. */
export function percpuDigest(): i64 {
  return digest(infoField(info.INFO_PERCPU_VA), infoCount(info.INFO_PERCPU_PAGES));
}

/** Address or number that the info page of this vCPU holds. */
function infoField(offset: i32): i64 {
  return machine.load64(test.param(test.TEST_PARAM_INFO_VA) + offset);
}

function infoCount(offset: i32): i32 {
  return machine.load32(test.param(test.TEST_PARAM_INFO_VA) + offset);
}

/** Digest of pages of the direct map, past every cache. */
export function digest(va: i64, pages: i32): i64 {
  let sum: i64 = 0;
  const gpa = va - direct(0);
  for (let at: i64 = 0; at < pages * PAGE_SIZE; at += 8) sum = (sum ^ test.peek(gpa + at)) * 0x100_0000_01b3;
  return sum;
}
