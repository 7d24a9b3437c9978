// Values of WebAssembly between JavaScript and the engine's 64-bit slots; every NaN becomes the canonical one, references null or not.
import { FUNCREF, I32, I64 } from "./assemble.ts";

export const F32 = 0x7d;
export const F64 = 0x7c;
export const EXTERNREF = 0x6f;

const view = new DataView(new ArrayBuffer(8));

export const isReference = (type: number): boolean => type === FUNCREF || type === EXTERNREF;

export function toBits(type: number, value: unknown): bigint {
  if (isReference(type)) return value === null ? 0n : 1n;
  if (type === I32) return BigInt.asUintN(32, BigInt(value as number));
  if (type === I64) return BigInt.asUintN(64, value as bigint);
  if (type === F32) {
    view.setFloat32(0, value as number, true);
    return Number.isNaN(value) ? 0x7fc00000n : BigInt(view.getUint32(0, true));
  }
  view.setFloat64(0, value as number, true);
  return Number.isNaN(value) ? 0x7ff8000000000000n : view.getBigUint64(0, true);
}

/** A reference that is not null becomes `true`: it can be compared, not passed on. */
export function fromBits(type: number, bits: bigint): unknown {
  if (isReference(type)) return bits === 0n ? null : true;
  view.setBigUint64(0, bits, true);
  if (type === I32) return view.getInt32(0, true);
  if (type === I64) return view.getBigInt64(0, true);
  return type === F32 ? view.getFloat32(0, true) : view.getFloat64(0, true);
}
