// The steps of a demanding guest half, one question each.
import { KVM_PV_SEND_IPI, PVCLOCK_GUEST_STOPPED } from "../../backends/kvm/abi";
import { self, vcpus } from "../../backends/lib/info";
import { ASK_STEAL, DONE, WRONG_CALL } from "./lib";
import {
  callsAreGated,
  destinationsAreRefused,
  downIsSkipped,
  ipisAreCounted,
  leavesFit,
  offers,
  otherPortsAreEmpty,
  registersStay,
  windowReachesSelf,
} from "./published";
import {
  absentAreRefused,
  areasGo,
  countIsIgnored,
  clockAreaIsPublished,
  firstBytesAreAnArea,
  goneAreasStayUnwritten,
  lastPageIsEmpty,
  registersReadBack,
  stealAreaHasGrown,
  stealAreaMoves,
  wallClockIsPublished,
} from "./published-registers";

const STOLEN_NS: i64 = 20_000;

export function parley_hostile_step(k: i32, end: i64): i32 {
  switch (k) {
    case 0:
      return registersReadBack() ? 0 : 1;
    case 1:
      return absentAreRefused() && countIsIgnored() ? 0 : 1;
    case 2:
      return clockAreaIsPublished(6, 0) ? 0 : 1;
    case 3:
      return clockAreaIsPublished(7, PVCLOCK_GUEST_STOPPED) ? 0 : 1;
    case 4:
      return wallClockIsPublished(6) ? 0 : 1;
    case 5:
      return wallClockIsPublished(7) ? 0 : 1;
    case 6:
      return stealAreaMoves() ? ASK_STEAL : 1;
    case 7:
      return stealAreaHasGrown(STOLEN_NS) ? 0 : 1;
    case 8:
      areasGo();
      return ASK_STEAL;
    case 9:
      return goneAreasStayUnwritten() ? 0 : 1;
    case 10:
      return firstBytesAreAnArea() && lastPageIsEmpty(end) ? 0 : 1;
    case 11:
      return leavesFit() ? 0 : 1;
    case 12:
      return otherPortsAreEmpty() ? 0 : 1;
    case 13:
      return callsAreGated() ? 0 : WRONG_CALL;
    case 14:
      return registersStay() ? 0 : WRONG_CALL;
    default:
      return offers(KVM_PV_SEND_IPI) ? interrupts(k - 15) : DONE;
  }
}

/** A vCPU that is taken down stays so: last. */
function interrupts(k: i32): i32 {
  switch (k) {
    case 0:
      return windowReachesSelf() ? 0 : WRONG_CALL;
    case 1:
      return ipisAreCounted() ? 0 : WRONG_CALL;
    case 2:
      return destinationsAreRefused() ? 0 : WRONG_CALL;
    case 3:
      return downIsSkipped(self == vcpus - 1 ? 0 : vcpus - 1) ? 0 : WRONG_CALL;
    default:
      return DONE;
  }
}
