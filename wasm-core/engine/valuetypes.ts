// Types as the binary format writes them: value types, reference types, and the heap type of ref.null.
//
//   value type:     | 7f i32 | 7e i64 | 7d f32 | 7c f64 | 70 funcref | 6f externref |
//   reference type: | 70 | 6f |
//   heap type:      s33: ≥ 0 a type index (a feature outside), else one of the bytes of reference types
import { failed } from "./errors";
import { refuseType, refuseTypeIndex } from "./features";
import { offset, readByte, readSigned, seekBack } from "./reader";
import { T_F64, T_FUNCREF, T_I32, isReference } from "./types";

export function readValueType(): u32 {
  const type = readByte();
  if (failed) return T_I32;
  if ((type >= T_F64 && type <= T_I32) || isReference(type)) return type;
  refuseType(offset() - 1, type, "malformed value type");
  return T_I32;
}

/** Type of a table or of an element segment. */
export function readReferenceType(): u32 {
  const type = readByte();
  if (failed || isReference(type)) return type;
  refuseType(offset() - 1, type, "malformed reference type");
  return T_FUNCREF;
}

/** Type of the null that ref.null makes. */
export function readHeapType(): u32 {
  const where = offset();
  const first = readByte();
  if (failed || isReference(first)) return first;
  if (first >= 0x40 && first < 0x80) refuseType(where, first, "malformed reference type");
  else {
    seekBack(1);
    readSigned(33);
    refuseTypeIndex(where);
  }
  return T_FUNCREF;
}
