/** init.*: version, features and the user's veto. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { finish, me, steal } from "../lib/case";
import { FIRST_VECTOR, waitTaken } from "../lib/interrupts";
import { mask, post, see } from "../lib/memory";
import { content, entry, leaf, mapAndTouch, page, touch } from "../lib/paging";

const FEATURES: i32 = 0;
const HINTS: i32 = 1;
const PRIVILEGES: i32 = 2;

export function init_version_number(): void {
  test.expect_eq(C.init_version_1, pvi.init_version() >>> 16, pvi.PVI_VERSION >>> 16);
}

export function init_version_everywhere(role: i32): void {
  post(role, pvi.init_version());
  finish();
  for (let other = 0; other < 4; other++) test.expect_eq(C.init_version_2, see(other), pvi.init_version());
}

export function init_features_defined_bits(): void {
  test.expect_eq(C.init_features_1, pvi.init_features(FEATURES) & ~0x3f, 0);
  test.expect_eq(C.init_features_1, pvi.init_features(HINTS) & ~0x1, 0);
  test.expect_eq(C.init_features_1, pvi.init_features(PRIVILEGES) & ~0x3, 0);
  test.expect_eq(C.init_features_2, pvi.init_features(3), 0);
  test.expect_eq(C.init_features_2, pvi.init_features(-1), 0);
  test.expect_eq(C.init_features_2, pvi.init_features(0x100), 0);
}

export function init_features_everywhere(role: i32): void {
  post(role, pvi.init_features(FEATURES));
  finish();
  for (let other = 0; other < 4; other++) test.expect_eq(C.init_features_3, see(other), pvi.init_features(FEATURES));
}

export function init_features_veto(): void {
  const veto = test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK;
  for (let bit: i64 = 1; bit < 64; bit <<= 1) {
    machine.store64(veto, ~bit);
    test.expect_eq(C.init_features_4, pvi.init_features(FEATURES) & bit, 0);
  }
  machine.store64(veto, 0);
  test.expect_eq(C.init_features_4, pvi.init_features(FEATURES), 0);
}

/** With everything vetoed on vCPU 0 its ops must still keep their promises, by native means. */
export function init_features_fallback(role: i32): void {
  if (role === 0) {
    machine.store64(test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK, 0);
    pvi.init_features(FEATURES);
    steal(me(), 20_000);
    test.expect_eq(C.init_features_5, pvi.time_steal_clock(me()), 0);
    pvi.mmu_set_pte(entry(1), leaf(0));
    test.barrier(3);
    test.barrier(4);
    pvi.mmu_set_pte(entry(1), leaf(1));
    test.expect_eq(C.init_features_5, pvi.mmu_flush_tlb_multi(mask(2), page(1), page(2), 0), 0);
    test.expect_eq(C.init_features_5, pvi.ipi_send_mask(mask(2), FIRST_VECTOR), 0);
  } else {
    test.barrier(3);
    mapAndTouch(2, 2);
    touch(1);
    test.barrier(4);
    waitTaken(FIRST_VECTOR, 1);
    test.expect_eq(C.init_features_5, touch(1), content(1));
  }
}
