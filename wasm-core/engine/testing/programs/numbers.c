// No library: big integers, conversions that saturate, bit counting, structures copied whole, a function table and a jump table.
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

/** A host function of two arguments. */
__attribute__((import_module("env"), import_name("host"))) int64_t host(int32_t kind, int64_t value);

struct big {
  uint32_t limb[64];
};

static struct big product(struct big a, struct big b) {
  struct big out = {{0}};
  for (int i = 0; i < 64; i++) {
    uint64_t carry = 0;
    for (int k = 0; i + k < 64; k++) {
      uint64_t sum = (uint64_t)a.limb[i] * b.limb[k] + out.limb[i + k] + carry;
      out.limb[i + k] = (uint32_t)sum;
      carry = sum >> 32;
    }
  }
  return out;
}

static double horner(double x, const double *terms, int n) {
  double value = 0;
  while (n--) value = value * x + terms[n];
  return value;
}

static int64_t add(int64_t a, int64_t b) { return a + b; }
static int64_t xor(int64_t a, int64_t b) { return a ^ b; }
static int64_t turn(int64_t a, int64_t b) { return (int64_t)(((uint64_t)a << 7) | ((uint64_t)a >> 57)) - b; }
static int64_t ask(int64_t a, int64_t b) { return host((int32_t)b, a); }
static int64_t (*volatile const choices[])(int64_t, int64_t) = {add, xor, turn, ask};

static int64_t step(int64_t state, int turn) {
  switch (turn % 7) {
    case 0: return state + __builtin_popcountll(state);
    case 1: return state ^ __builtin_clzll(state | 1);
    case 2: return state - __builtin_ctzll(state | (1ll << 40));
    case 3: return (int64_t)(float)state;
    case 4: return state / (turn | 1);
    case 5: return (int8_t)state + ((int64_t)(int16_t)(state >> 9) << 20);
    default: return (int64_t)((double)state * 1e-3);
  }
}

static const double terms[] = {1, -0.5, 0.25, -1.0 / 6, 3e-5, 1e300, -1e-300};

EXPORT("run") int32_t run(int32_t turns) {
  struct big a = {{3, 5, 7}}, b = {{0xffffffff, 1, 0x10000}};
  int64_t state = 0x123456789abcdef;
  for (int32_t i = 0; i < turns; i++) {
    a = product(a, b);
    b.limb[i & 63] ^= (uint32_t)state;
    state = choices[i & 3](step(state, i), a.limb[i & 63]);
    state += (int32_t)horner((double)(i - 9), terms, sizeof terms / sizeof *terms);
    state ^= (uint32_t)((float)state * (i & 1 ? 1e9f : -1.0f));
  }
  for (int i = 0; i < 64; i++) state = state * 31 + a.limb[i];
  return (int32_t)(state ^ (state >> 32));
}
