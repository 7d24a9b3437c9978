// The host function of the glue benchmark, for native V8; harness.ts serves the same to the engine.
export function host(kind: i32, value: i64): i64 {
  return <i64>rotl<u64>(<u64>value ^ (<u64>kind * 0x9e3779b97f4a7c15), 9) + 1;
}
