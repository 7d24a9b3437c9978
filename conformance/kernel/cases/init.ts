/** init.*: version, features and the user's veto. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { finish, me, steal } from "../lib/case";
import { same } from "../lib/expect";
import { FIRST_VECTOR, waitTaken } from "../lib/interrupts";
import { mask, post, see } from "../lib/memory";
import { content, entry, leaf, mapAndTouch, page, touch } from "../lib/paging";

const FEATURES: i32 = 0;
const HINTS: i32 = 1;
const PRIVILEGES: i32 = 2;

export function init_version_number(): void {
  same(C.init_version_1, "major version", pvi.init_version() >>> 16, pvi.PVI_VERSION >>> 16);
}

export function init_version_everywhere(role: i32): void {
  post(role, pvi.init_version());
  finish();
  for (let other = 0; other < 4; other++)
    same(C.init_version_2, "version on another vCPU", see(other), pvi.init_version());
}

export function init_features_defined_bits(): void {
  same(C.init_features_1, "undefined feature bits", pvi.init_features(FEATURES) & ~info.FEATURES_DEFINED, 0);
  same(C.init_features_1, "undefined hint bits", pvi.init_features(HINTS) & ~info.HINTS_DEFINED, 0);
  same(C.init_features_1, "undefined privilege bits", pvi.init_features(PRIVILEGES) & ~info.PRIVILEGES_DEFINED, 0);
  same(C.init_features_2, "result for selector 3", pvi.init_features(3), 0);
  same(C.init_features_2, "result for selector -1", pvi.init_features(-1), 0);
  same(C.init_features_2, "result for selector 256", pvi.init_features(0x100), 0);
}

export function init_features_everywhere(role: i32): void {
  post(role, pvi.init_features(FEATURES));
  finish();
  for (let other = 0; other < 4; other++)
    same(C.init_features_3, "features of another vCPU", see(other), pvi.init_features(FEATURES));
}

export function init_features_veto(): void {
  const veto = test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK;
  for (let bit: i64 = 1; bit < 64; bit <<= 1) {
    machine.store64(veto, ~bit);
    same(C.init_features_4, "a vetoed feature bit", pvi.init_features(FEATURES) & bit, 0);
  }
  machine.store64(veto, 0);
  same(C.init_features_4, "features when all are vetoed", pvi.init_features(FEATURES), 0);
}

/** With everything vetoed on vCPU 0 its ops must still keep their promises, by native means. */
export function init_features_fallback(role: i32): void {
  if (role === 0) {
    machine.store64(test.param(test.TEST_PARAM_INFO_VA) + info.INFO_FEATURE_MASK, 0);
    pvi.init_features(FEATURES);
    steal(me(), 20_000);
    same(C.init_features_5, "stolen ns with the feature vetoed", pvi.time_steal_clock(me()), 0);
    pvi.mmu_set_pte(entry(1), leaf(0));
    test.barrier(3);
    test.barrier(4);
    pvi.mmu_set_pte(entry(1), leaf(1));
    same(
      C.init_features_5,
      "result of a flush with the feature vetoed",
      pvi.mmu_flush_tlb_multi(mask(4), page(1), page(2), 0),
      0,
    );
    same(C.init_features_5, "result of an IPI with the feature vetoed", pvi.ipi_send_mask(mask(4), FIRST_VECTOR), 0);
  } else {
    test.barrier(3);
    mapAndTouch(2, 2);
    touch(1);
    test.barrier(4);
    waitTaken(FIRST_VECTOR, 1);
    same(C.init_features_5, "content of the flushed page", touch(1), content(1));
  }
}
