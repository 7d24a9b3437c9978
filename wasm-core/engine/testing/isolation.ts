// Proof that a run wrote only where it may: canaries around every region, and a digest of everything else, static data and free
// memory included.
//
//   | static | hot: guard, record, guard … canary | guard, code, guard | guard, memory + room, guard | … | canary | free |
//   what is no writable region keeps its digest, guards and canaries too; room beyond a memory's or table's present size stays zero
import type { Engine } from "./engine.ts";

/** [start, end) */
type Region = readonly [start: number, end: number];

const CANARY_BYTES = 256;
const CANARY = 0xa5;
const GUARD_BYTES = 64;
const CHUNK_BYTES = 64 << 10;
const HOT_BYTES = 256 << 10;
const IMAGE_MAP_BYTES = 96 << 10;
/** Offsets of fields: Instance and Memory in instance.ts, Module in module.ts, Thread in thread.ts. */
const INSTANCE = { module: 0, memory: 4, tables: 8, dropped: 20, globals: 24 };
const MODULE = { tableCount: 56, elementCount: 100, dataCount: 108 };
const MEMORY = { base: 0, size: 4, pagesReserved: 12 };
const TABLE = { base: 0, size: 4, max: 8 };
const THREAD = { stackStart: 68, stackEnd: 72, bytes: 100 };

const isFilled = (bytes: Uint8Array, value: number) =>
  bytes.length === 0 || (bytes[0] === value && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0);

/** Watches all allocated core memory. Create it right after reset, before anything is allocated. */
export class Isolation {
  private readonly engine: Engine;
  private readonly start: number;
  private readonly canaries: Region[] = [];
  private regions: Region[] = [];
  private rooms: Region[] = [];
  private end = 0;
  private before = "";
  private free: bigint[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
    engine.wasm.arenaGuard(GUARD_BYTES);
    this.start = (engine.wasm.hot(0) >>> 0) - GUARD_BYTES;
    this.canary();
  }

  /** Puts a canary at the present ends of the hot region and of the rest: what is allocated before and after borders on it. */
  canary(): void {
    for (const at of [this.engine.wasm.hot(CANARY_BYTES) >>> 0, this.engine.wasm.alloc(CANARY_BYTES) >>> 0]) {
      if (!at) throw new Error("no room for a canary");
      this.engine.bytes(at, CANARY_BYTES).fill(CANARY);
      this.canaries.push([at, at + CANARY_BYTES]);
    }
  }

  /** Begins: from here on only this instance may be written, by running it on this thread. */
  watch(instance: number, thread: number): void {
    const { engine } = this;
    this.canary();
    this.end = engine.wasm.arenaUsed() >>> 0;
    const images = this.start + HOT_BYTES;
    const context = [thread, thread + THREAD.bytes] as const;
    const stack = [this.u32(thread + THREAD.stackStart), this.u32(thread + THREAD.stackEnd)] as const;
    // The harness's own: images of snapshots, and room for arguments.
    const { wasm } = engine;
    const room = (at: number, bytes: number): Region => [at >>> 0, (at >>> 0) + bytes];
    const own: Region[] = [
      room(images, IMAGE_MAP_BYTES),
      room(engine.scratch, 1024),
      room(wasm.dirtyMap(), 32 << 10),
      room(wasm.pagedTable(), 8192),
      room(wasm.stackTable(), 3072),
    ];
    this.rooms = this.storage(instance).map(([, from, to]) => [from, to]);
    this.regions = [...own, context, stack, ...this.records(instance), ...this.rooms].sort((a, b) => a[0] - b[0]);
    this.before = this.digest();
    this.free = this.freeChunks();
  }

  /** Digests of the memory that nothing was allocated in at watch(), in chunks. */
  private freeChunks(): bigint[] {
    const end = this.engine.wasm.memory.buffer.byteLength;
    const count = Math.max(0, Math.floor((end - this.end) / CHUNK_BYTES));
    return Array.from({ length: count }, (_, i) =>
      BigInt(this.engine.wasm.regionDigest(this.end + i * CHUNK_BYTES, CHUNK_BYTES)),
    );
  }

  /** Whether memory that is free still was written. Snapshots and growth allocate, beyond them nothing may change. */
  private freeChanged(): boolean {
    const first = Math.ceil(((this.engine.wasm.arenaUsed() >>> 0) - this.end) / CHUNK_BYTES);
    const now = this.freeChunks();
    return this.free.some((digest, i) => i >= first && digest !== now[i]);
  }

  /** What was written that must not have been; empty when nothing. */
  violation(instance: number): string {
    for (const [start, end] of this.canaries)
      if (!isFilled(this.engine.bytes(start, end - start), CANARY)) return `canary at ${start} was overwritten`;
    for (const [used, , end] of this.storage(instance))
      if (!isFilled(this.engine.bytes(used, end - used), 0)) return `written beyond the size, behind ${used}`;
    if (this.freeChanged()) return "free memory was written";
    return this.digest() === this.before ? "" : "something outside the instance changed";
  }

  private u32(at: number): number {
    return this.engine.view.getUint32(at, true);
  }

  /** Globals, flags of dropped segments, and the sizes of memory and tables. */
  private records(instance: number): Region[] {
    const module = this.u32(instance + INSTANCE.module);
    const [globals, dropped] = [this.u32(instance + INSTANCE.globals), this.u32(instance + INSTANCE.dropped)];
    const segments = this.u32(module + MODULE.elementCount) + this.u32(module + MODULE.dataCount);
    const sized = [this.u32(instance + INSTANCE.memory), ...this.tables(instance)];
    return [[globals, dropped + segments], ...sized.map((at): Region => [at + 4, at + 8])];
  }

  private tables(instance: number): number[] {
    const count = this.u32(this.u32(instance + INSTANCE.module) + MODULE.tableCount);
    return Array.from({ length: count }, (_, i) => this.u32(this.u32(instance + INSTANCE.tables) + 4 * i));
  }

  /** [end of what is in use, start of the block, end of its room] of the memory and every table. */
  private storage(instance: number): [number, number, number][] {
    const memory = this.u32(instance + INSTANCE.memory);
    const base = this.u32(memory + MEMORY.base);
    const bytes = this.u32(memory + MEMORY.pagesReserved) << 16;
    const blocks: [number, number, number][] = [[base + this.u32(memory + MEMORY.size), base, base + bytes]];
    for (const at of this.tables(instance)) {
      const start = this.u32(at + TABLE.base);
      blocks.push([start + 8 * this.u32(at + TABLE.size), start, start + 8 * this.u32(at + TABLE.max)]);
    }
    return blocks;
  }

  private digest(): string {
    const parts: bigint[] = [];
    let at = 0;
    for (const [start, end] of [...this.regions, [this.end, this.end] as const]) {
      if (start > at) parts.push(BigInt(this.engine.wasm.regionDigest(at, start - at)));
      at = Math.max(at, end);
    }
    return parts.join();
  }
}
