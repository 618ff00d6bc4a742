/* Measures Hyperscan or Vectorscan for "sekimori bench inspect", which compiles
 * this file with the machine's C compiler when the library's headers are there,
 * and talks to it over standard input and output, a line at a time:
 *
 *   version                                  ok VERSION
 *   text FILE                                ok BYTES
 *   compile NAME block|stream LITERALS EXPR  ok SECONDS BYTES    ("-": none)
 *   scan NAME LENGTH                         ok CPU-SECONDS WALL-SECONDS MATCHES
 *   sum LENGTH                               ok CPU-SECONDS WALL-SECONDS SUM
 *
 * or "error TEXT". It is no part of the Go build. Patterns stand one a line;
 * a set of literals alone is compiled as literals, with expressions as escaped
 * expressions. Streams are fed 16 KiB at a time. It ends with its input. */
#define _GNU_SOURCE
#include <hs.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

enum { CHUNK = 16 << 10, DATABASES = 64 };

struct patterns {
    char **text;
    size_t *length;
    unsigned *flags, *id;
    int n, room;
};

struct database {
    char name[64];
    int stream;
    hs_database_t *db;
    hs_scratch_t *scratch;
};

static struct database databases[DATABASES];
static int count;
static const char *text;
static size_t text_size;

static double now(clockid_t c) {
    struct timespec t;
    clock_gettime(c, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *grow(void *p, size_t n) {
    p = realloc(p, n);
    if (!p) {
        puts("error out of memory");
        exit(1);
    }
    return p;
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *n) {
    (void)id, (void)from, (void)to, (void)flags;
    ++*(unsigned long long *)n;
    return 0;
}

static void add(struct patterns *p, const char *line, size_t n, int escape) {
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 1024;
        p->text = grow(p->text, p->room * sizeof *p->text);
        p->length = grow(p->length, p->room * sizeof *p->length);
        p->flags = grow(p->flags, p->room * sizeof *p->flags);
        p->id = grow(p->id, p->room * sizeof *p->id);
    }
    char *s = grow(NULL, 4 * n + 1);
    if (escape) {
        for (size_t i = 0; i < n; i++)
            sprintf(s + 4 * i, "\\x%02x", (unsigned char)line[i]);
        n *= 4;
    } else {
        memcpy(s, line, n);
    }
    s[n] = 0;
    p->text[p->n] = s;
    p->length[p->n] = n;
    p->flags[p->n] = 0;
    p->id[p->n] = p->n;
    p->n++;
}

static int add_file(struct patterns *p, const char *name, int escape) {
    if (!strcmp(name, "-"))
        return 1;
    FILE *f = fopen(name, "r");
    if (!f)
        return 0;
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, f)) > 0;) {
        while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
            n--;
        if (n > 0)
            add(p, line, n, escape);
    }
    free(line);
    fclose(f);
    return 1;
}

static void compile(const char *name, const char *mode, const char *literals, const char *expressions) {
    struct patterns p = {0};
    int alone = !strcmp(expressions, "-");
    if (count == DATABASES || !add_file(&p, literals, !alone) || !add_file(&p, expressions, 0)) {
        puts("error cannot read the patterns");
        return;
    }
    struct database *d = &databases[count];
    snprintf(d->name, sizeof d->name, "%s", name);
    d->stream = !strcmp(mode, "stream");
    unsigned m = d->stream ? HS_MODE_STREAM : HS_MODE_BLOCK;
    hs_compile_error_t *e = NULL;
    const char *const *t = (const char *const *)p.text;
    double start = now(CLOCK_PROCESS_CPUTIME_ID);
    hs_error_t err = alone ? hs_compile_lit_multi(t, p.flags, p.id, p.length, p.n, m, NULL, &d->db, &e)
                           : hs_compile_multi(t, p.flags, p.id, p.n, m, NULL, &d->db, &e);
    if (err != HS_SUCCESS) {
        printf("error compile: %s\n", e ? e->message : "?");
        return;
    }
    double took = now(CLOCK_PROCESS_CPUTIME_ID) - start;
    size_t bytes = 0;
    d->scratch = NULL;
    if (hs_alloc_scratch(d->db, &d->scratch) != HS_SUCCESS || hs_database_size(d->db, &bytes) != HS_SUCCESS) {
        puts("error no scratch");
        return;
    }
    count++;
    printf("ok %.6f %zu\n", took, bytes);
}

static void scan(const char *name, size_t n) {
    struct database *d = NULL;
    for (int i = 0; i < count; i++)
        if (!strcmp(databases[i].name, name))
            d = &databases[i];
    if (!d || n > text_size) {
        puts("error no such database, or text too short");
        return;
    }
    unsigned long long matches = 0;
    double cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
    hs_error_t err = HS_SUCCESS;
    if (d->stream) {
        hs_stream_t *s;
        err = hs_open_stream(d->db, 0, &s);
        for (size_t i = 0; i < n && err == HS_SUCCESS; i += CHUNK)
            err = hs_scan_stream(s, text + i, n - i < CHUNK ? n - i : CHUNK, 0, d->scratch, on_match, &matches);
        if (err == HS_SUCCESS)
            err = hs_close_stream(s, d->scratch, on_match, &matches);
    } else {
        err = hs_scan(d->db, text, n, 0, d->scratch, on_match, &matches);
    }
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu, wall = now(CLOCK_MONOTONIC) - wall;
    if (err != HS_SUCCESS)
        printf("error scan: %d\n", err);
    else
        printf("ok %.9f %.9f %llu\n", cpu, wall, matches);
}

/* sum is the memory limit as vector code reaches it. */
static void sum(size_t n) {
    if (n > text_size) {
        puts("error text too short");
        return;
    }
    double cpu = now(CLOCK_PROCESS_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
    uint64_t s = 0;
    size_t i = 0;
#if defined(__AVX512BW__)
    __m512i a = _mm512_setzero_si512(), zero = a;
    for (; i + 64 <= n; i += 64)
        a = _mm512_add_epi64(a, _mm512_sad_epu8(_mm512_loadu_si512(text + i), zero));
    s = _mm512_reduce_add_epi64(a);
#elif defined(__AVX2__)
    __m256i a = _mm256_setzero_si256(), zero = a;
    for (; i + 32 <= n; i += 32)
        a = _mm256_add_epi64(a, _mm256_sad_epu8(_mm256_loadu_si256((const __m256i *)(text + i)), zero));
    uint64_t lane[4];
    _mm256_storeu_si256((__m256i *)lane, a);
    s = lane[0] + lane[1] + lane[2] + lane[3];
#endif
    for (; i < n; i++)
        s += (unsigned char)text[i];
    cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu, wall = now(CLOCK_MONOTONIC) - wall;
    printf("ok %.9f %.9f %llu\n", cpu, wall, (unsigned long long)s);
}

/* load reads the text into memory of its own, as the other engines have it. */
static void load(const char *name) {
    static char *buffer;
    struct stat st;
    int f = open(name, O_RDONLY);
    if (f < 0 || fstat(f, &st) != 0) {
        puts("error cannot open the text");
        return;
    }
    buffer = grow(buffer, st.st_size + 1);
    text_size = 0;
    for (ssize_t k; (k = read(f, buffer + text_size, st.st_size - text_size)) > 0;)
        text_size += k;
    close(f);
    text = buffer;
    printf("ok %zu\n", text_size);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; (n = getline(&line, &room, stdin)) > 0;) {
        if (line[n - 1] == '\n')
            line[n - 1] = 0;
        char *save, *word[6] = {0};
        int k = 0;
        for (char *w = strtok_r(line, "\t", &save); w && k < 6; w = strtok_r(NULL, "\t", &save))
            word[k++] = w;
        if (k == 1 && !strcmp(word[0], "version"))
            printf("ok %s\n", hs_version());
        else if (k == 2 && !strcmp(word[0], "text"))
            load(word[1]);
        else if (k == 5 && !strcmp(word[0], "compile"))
            compile(word[1], word[2], word[3], word[4]);
        else if (k == 3 && !strcmp(word[0], "scan"))
            scan(word[1], strtoull(word[2], NULL, 10));
        else if (k == 2 && !strcmp(word[0], "sum"))
            sum(strtoull(word[1], NULL, 10));
        else
            puts("error unknown command");
        fflush(stdout);
    }
    return 0;
}
