// Counts words in a hash table on the heap and prints them by frequency: strings, malloc, qsort, doubles and varargs of libc.
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
  struct word *next;
  unsigned count;
  uint64_t hash;
  char text[];
};

static struct word *buckets[64];
static unsigned total, distinct;

static uint64_t fnv1a(const char *text, size_t length) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
  return hash;
}

static void add(const char *text, size_t length) {
  uint64_t hash = fnv1a(text, length);
  struct word **link = &buckets[hash >> 58];
  total++;
  for (; *link; link = &(*link)->next) {
    if ((*link)->hash == hash && strlen((*link)->text) == length && !memcmp((*link)->text, text, length)) {
      (*link)->count++;
      return;
    }
  }
  *link = calloc(1, sizeof(struct word) + length + 1);
  memcpy((*link)->text, text, length);
  (*link)->hash = hash;
  (*link)->count = 1;
  distinct++;
}

static int by_count(const void *a, const void *b) {
  const struct word *x = *(struct word *const *)a, *y = *(struct word *const *)b;
  if (x->count != y->count) return x->count < y->count ? 1 : -1;
  return strcmp(x->text, y->text);
}

static void scan(const char *text) {
  char lower[32];
  for (const char *p = text; *p;) {
    size_t length = 0;
    while (*p && !isalpha((unsigned char)*p)) p++;
    while (isalpha((unsigned char)*p) && length < sizeof lower) lower[length++] = (char)tolower((unsigned char)*p++);
    if (length) add(lower, length);
  }
}

int main(int argc, char **argv) {
  (void)argv;
  for (int i = 0; i < 3 + argc; i++) {
    scan("The guest asks, the host answers; what the host may do, the guest must expect.");
    scan("A store is seen in its own time: until it drains, the store is the processor's own.");
  }
  struct word **all = malloc(distinct * sizeof *all);
  unsigned n = 0;
  for (unsigned i = 0; i < 64; i++)
    for (struct word *word = buckets[i]; word; word = word->next) all[n++] = word;
  qsort(all, n, sizeof *all, by_count);
  for (unsigned i = 0; i < n; i++)
    printf("%-10s %4u %6.2f %% %016llx\n", all[i]->text, all[i]->count, 100.0 * all[i]->count / total,
           (unsigned long long)all[i]->hash);
  printf("%u words, %u of them different, mean %.3g, %e\n", total, distinct, (double)total / distinct, 1.0 / total);
  return n == distinct ? 0 : 1;
}
