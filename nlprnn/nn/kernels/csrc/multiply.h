/* Matrix products from packed operands.

   The left operand is read a word at a time, one word for each row of the result, wherever rows and words lie. The right
   operand is packed in panels of up to TILE_VECTORS vectors of columns, word after word along the summed dimension, so
   that it streams through the caches. A tile of the result stays in registers until it is done. */

enum { WIDTH = TILE_VECTORS * LANES, /* columns of a full panel */
       HEIGHT = 8 * TILE_ROWS,       /* rows of a product at a time */
       DEPTH = 1024,                 /* words of the summed dimension at a time: what fits into the caches */
       AHEAD = 16,                   /* words that a panel is fetched ahead, from the second cache, where it waits */
       LEFT_ROWS = 64 };             /* rows of a transposed left operand at a time; a multiple of LANES */

typedef float word;

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }
INLINE int64_t words(int64_t elements) { return parts(elements, PER_WORD); }

static void *scratch(int64_t bytes)
{
    void *memory = aligned_alloc(64, (size_t)(parts(bytes, 64) + 1) * 64);
    if (!memory)
        abort();
    return memory;
}

/* ---- tiles ---- */

INLINE void tile(const int rows, const int vectors, int64_t depth, const word *left, int64_t row_step, int64_t word_step,
                 const word *panel, float *out, int64_t out_step, const int add)
{
    vec sum[TILE_ROWS][TILE_VECTORS], column[TILE_VECTORS];
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++)
            sum[r][v] = v_zero();
    for (int64_t k = 0; k < depth; k++, left += word_step, panel += vectors * LANES) {
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            column[v] = v_load(panel + v * LANES);
            __builtin_prefetch(panel + (AHEAD * vectors + v) * LANES);
        }
#pragma GCC unroll 8
        for (int r = 0; r < rows; r++) {
            vec row = v_set(left[r * row_step]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                sum[r][v] = v_multiply_add(column[v], row, sum[r][v]);
        }
    }
#pragma GCC unroll 8
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) {
            float *place = out + r * out_step + v * LANES;
            if (add)
                sum[r][v] += v_load(place);
            v_store(place, sum[r][v]);
        }
}

typedef void tile_function(int64_t, const word *, int64_t, int64_t, const word *, float *, int64_t);

#define TILE(rows, vectors, add) \
    static void tile_##rows##_##vectors##_##add(int64_t depth, const word *left, int64_t row_step, int64_t word_step, \
                                                const word *panel, float *out, int64_t out_step) \
    { \
        tile(rows, vectors, depth, left, row_step, word_step, panel, out, out_step, add); \
    }
#define TILES(rows) \
    TILE(rows, 1, 0) TILE(rows, 2, 0) TILE(rows, 3, 0) TILE(rows, 4, 0) \
    TILE(rows, 1, 1) TILE(rows, 2, 1) TILE(rows, 3, 1) TILE(rows, 4, 1)
#define NAMES(rows) \
    { {tile_##rows##_1_0, tile_##rows##_2_0, tile_##rows##_3_0, tile_##rows##_4_0}, \
      {tile_##rows##_1_1, tile_##rows##_2_1, tile_##rows##_3_1, tile_##rows##_4_1} }

TILES(1)
TILES(2)
TILES(3)
#if defined(__AVX512F__)
TILES(4)
TILES(5)
TILES(6)
#endif

static tile_function *const tiles[TILE_ROWS][2][TILE_VECTORS] = { /* rows - 1, add, vectors - 1 */
    NAMES(1), NAMES(2), NAMES(3),
#if defined(__AVX512F__)
    NAMES(4), NAMES(5), NAMES(6),
#endif
};

/* Rows first to last of a product, in blocks of nearly equal height. */
struct blocks { int64_t count, rows; };

INLINE struct blocks blocks_of(int64_t rows)
{
    struct blocks found = {parts(rows, TILE_ROWS), rows};
    return found;
}
INLINE int64_t block_start(struct blocks b, int64_t index) { return b.rows * index / b.count; }

/* out (rows, columns) = or += left (rows, depth words) times one panel; columns may end inside the panel. */
static void multiply_panel(int64_t rows, int64_t columns, int64_t depth, const word *left, int64_t row_step,
                           int64_t word_step, const word *panel, int vectors, float *out, int64_t out_step, int add)
{
    struct blocks blocks = blocks_of(rows);
    for (int64_t b = 0; b < blocks.count; b++) {
        int64_t row = block_start(blocks, b), height = block_start(blocks, b + 1) - row;
        float *place = out + row * out_step;
        if (columns == vectors * LANES) {
            tiles[height - 1][add][vectors - 1](depth, left + row * row_step, row_step, word_step, panel, place, out_step);
            continue;
        }
        float whole[TILE_ROWS * WIDTH];
        tiles[height - 1][0][vectors - 1](depth, left + row * row_step, row_step, word_step, panel, whole, WIDTH);
        for (int64_t r = 0; r < height; r++)
            for (int64_t c = 0; c < columns; c += LANES) {
                vec x = v_load(whole + r * WIDTH + c);
                if (add)
                    x += v_load_some(place + r * out_step + c, columns - c);
                v_store_some(place + r * out_step + c, x, columns - c);
            }
    }
}

/* ---- operands ---- */

/* Rows of floats as rows of elements; what is left of a word is zero. */
static void to_elements(element *out, int64_t out_step, const float *x, int64_t rows, int64_t columns)
{
    for (int64_t r = 0; r < rows; r++) {
        for (int64_t c = 0; c < columns; c += LANES)
            v_store_elements(out + r * out_step + c, v_load_some(x + r * columns + c, columns - c), columns - c);
        if (out_step > columns)
            v_store_elements(out + r * out_step + columns, v_zero(), out_step - columns);
    }
}

/* The same for one vector of columns of a panel: rows that are not there are zeros. */
static void to_vector(element *out, int64_t out_step, const float *x, int64_t rows, int64_t columns)
{
    if (rows < LANES)
        memset(out, 0, (size_t)(LANES * out_step) * sizeof(element));
    to_elements(out, out_step, x, rows < 0 ? 0 : rows < LANES ? rows : LANES, columns);
}

/* Rows with a one after each. */
static void to_kept(element *out, int64_t out_step, const float *x, int64_t rows, int64_t columns)
{
    to_elements(out, out_step, x, rows, columns);
    for (int64_t r = 0; r < rows; r++)
        v_store_elements(out + r * out_step + columns, v_set(1), 1);
}

INLINE int64_t whole_words(int64_t elements) { return words(elements) * PER_WORD; }
INLINE int64_t kept_step(int64_t columns) { return whole_words(columns + 1); }

/* ---- panels ---- */

/* Columns of a result in panels of nearly equal width. */
struct panels { int64_t columns, vectors, count; };

INLINE struct panels panels_of(int64_t columns)
{
    int64_t vectors = parts(columns, LANES);
    struct panels found = {columns, vectors, parts(vectors, TILE_VECTORS)};
    return found;
}
INLINE int64_t panel_start(struct panels p, int64_t index) { return p.vectors * index / p.count; } /* in vectors */
INLINE int64_t panel_size(struct panels p, int64_t depth) { return p.vectors * LANES * depth; }    /* all, in words */

/* A panel whose columns are rows of elements, for a product with the transposed matrix. It is written from end to end,
   all vectors of a word before the next words: memory is slow to be written in strides. */
static void pack_transposed(word *panel, int64_t vectors, const element *rows, int64_t step, int64_t depth)
{
    for (int64_t k = 0; k < depth; k += LANES)
        for (int64_t v = 0; v < vectors; v++) {
            vec block[LANES];
#pragma GCC unroll 16
            for (int64_t r = 0; r < LANES; r++)
                block[r] = v_load_some((const word *)(rows + (v * LANES + r) * step) + k, depth - k);
            v_transpose(block);
            for (int64_t i = 0; i < smaller(depth - k, LANES); i++)
                v_store(panel + ((k + i) * vectors + v) * LANES, block[i]);
        }
}

/* The same from consecutive rows of floats, `count` of which are left; `rows` has room for a panel's. */
static void pack_float_columns(word *panel, int64_t vectors, element *rows, int64_t step, const float *w, int64_t count,
                               int64_t elements)
{
    for (int64_t v = 0; v < vectors; v++)
        to_vector(rows + v * LANES * step, step, w + v * LANES * elements, count - v * LANES, elements);
    pack_transposed(panel, vectors, rows, step, words(elements));
}

/* Panels whose columns are the rows of W (columns, elements), for a product with the transposed matrix, packed by the
   whole team. */
static void pack_columns(const struct team *team, word *packed, struct panels p, const float *w, int64_t elements)
{
    int64_t first, last, depth = words(elements), step = whole_words(elements);
    element *rows = scratch(WIDTH * step * (int64_t)sizeof(element));
    share(team, p.count, &first, &last);
    for (int64_t i = first; i < last; i++) {
        int64_t start = panel_start(p, i), vectors = panel_start(p, i + 1) - start, row = start * LANES;
        pack_float_columns(packed + row * depth, vectors, rows, step, w + row * elements, p.columns - row, elements);
    }
    free(rows);
}

/* One vector of columns, n of them, of a panel from rows of elements, each a row of W: a product with W itself. Row k is
   rows[k], or k, times scale[k], or 1. */
static void pack_rows(word *panel, int64_t step, const element *w, int64_t w_step, const int64_t *rows,
                      const float *scale, int64_t n, int64_t elements)
{
    for (int64_t k = 0; k < elements; k += PER_WORD) {
        vec pair[2] = {v_zero(), v_zero()};
        for (int64_t i = 0; i < PER_WORD && k + i < elements; i++) {
            pair[i] = v_load_elements(w + (rows ? rows[k + i] : k + i) * w_step, n);
            if (scale)
                pair[i] *= v_set(scale[k + i]);
        }
        v_store(panel + k / PER_WORD * step, v_pair(pair[0], pair[1]));
    }
}

enum { GROUP = LANES * PER_WORD }; /* rows packed at a time */

/* Some rows of elements, whose first goes to word `at` of each panel, in panels of `depth` words. */
static void pack_group(word *packed, struct panels p, int64_t depth, int64_t at, const element *w, int64_t w_step,
                       const int64_t *rows, const float *scale, int64_t elements)
{
    for (int64_t i = 0; i < p.count; i++) {
        int64_t start = panel_start(p, i), vectors = panel_start(p, i + 1) - start;
        for (int64_t v = 0; v < vectors; v++)
            pack_rows(packed + (start * depth + at * vectors + v) * LANES, vectors * LANES, w + (start + v) * LANES, w_step,
                      rows, scale, p.columns - (start + v) * LANES, elements);
    }
}

/* Panels of rows of elements (`elements` of them, each p.columns long), packed by the whole team. */
static void pack_elements(const struct team *team, word *packed, struct panels p, const element *w, int64_t w_step,
                          const int64_t *rows, const float *scale, int64_t elements)
{
    int64_t first, last;
    share(team, parts(elements, GROUP), &first, &last);
    for (int64_t k = first * GROUP; k < smaller(last * GROUP, elements); k += GROUP)
        pack_group(packed, p, words(elements), words(k), rows ? w : w + k * w_step, w_step, rows ? rows + k : 0,
                   scale ? scale + k : 0, smaller(elements - k, GROUP));
}

/* Panels of rows of floats, which begin at word `at` of panels of `depth` words. */
static void pack_floats(const struct team *team, word *packed, struct panels p, int64_t depth, int64_t at, const float *w,
                        int64_t elements)
{
    int64_t first, last, step = whole_words(p.columns);
    element *group = scratch(GROUP * step * (int64_t)sizeof(element));
    share(team, parts(elements, GROUP), &first, &last);
    for (int64_t k = first * GROUP; k < smaller(last * GROUP, elements); k += GROUP) {
        int64_t count = smaller(elements - k, GROUP);
        to_elements(group, step, w + k * p.columns, count, p.columns);
        pack_group(packed, p, depth, at + words(k), group, step, 0, 0, count);
    }
    free(group);
}

/* out (rows, columns) = left (rows, elements) times packed panels, shared by the team, and a barrier after it. */
static void multiply(const struct team *team, int64_t rows, int64_t elements, const element *left, int64_t left_step,
                     const word *packed, struct panels p, float *out, int64_t out_step)
{
    int64_t chunks = parts(rows, HEIGHT), depth = words(elements);
    for (struct items at = items_of(team, p.count * chunks); next_item(&at);) {
        int64_t i = at.item / chunks, row = at.item % chunks * HEIGHT, start = panel_start(p, i);
        int64_t vectors = panel_start(p, i + 1) - start;
        for (int64_t k = 0; k < depth; k += DEPTH)
            multiply_panel(smaller(rows - row, HEIGHT), smaller(p.columns - start * LANES, vectors * LANES),
                           smaller(depth - k, DEPTH), (const word *)(left + row * left_step) + k, left_step / PER_WORD, 1,
                           packed + (start * depth + k * vectors) * LANES, (int)vectors,
                           out + row * out_step + start * LANES, out_step, k > 0);
    }
    wait_for_all(team);
}

/* ---- gradients of weights ---- */

/* d_w (rows, columns) = d_y^T x, and d_b (rows) = d_y^T 1, where the packed x has a column of ones after its last.
   d_y has `tokens` rows of elements; d_y and d_w begin at the first of the rows wanted. One member does all of it. */
static void weight_rows(int64_t tokens, int64_t rows, const element *d_y, int64_t d_y_step, const word *packed,
                        struct panels p, float *d_w, float *d_b, word *turned)
{
    int64_t columns = p.columns - 1, depth = words(tokens);
    struct panels left = {rows, LEFT_ROWS / LANES, 1};
    for (int64_t k = 0; k < depth; k += DEPTH) {
        int64_t part = smaller(depth - k, DEPTH), first = k * PER_WORD;
        for (int64_t n = first; n < smaller(tokens, first + part * PER_WORD); n += GROUP) {
            for (int64_t ahead = n + GROUP; ahead < smaller(tokens, n + 2 * GROUP); ahead++)
                for (int64_t at = 0; at < rows; at += 64 / (int64_t)sizeof(element))
                    __builtin_prefetch(d_y + ahead * d_y_step + at);
            pack_group(turned, left, part, words(n - first), d_y + n * d_y_step, d_y_step, 0, 0,
                       smaller(tokens - n, GROUP));
        }
        for (int64_t i = 0; i < p.count; i++) {
            int64_t start = panel_start(p, i), vectors = panel_start(p, i + 1) - start;
            const word *panel = packed + (start * depth + k * vectors) * LANES;
            if (i + 1 < p.count) {
                multiply_panel(rows, vectors * LANES, part, turned, 1, LEFT_ROWS, panel, (int)vectors,
                               d_w + start * LANES, columns, k > 0);
                continue;
            }
            float end[LEFT_ROWS * WIDTH]; /* the last panel, with the sums of d_y in its last column */
            multiply_panel(rows, vectors * LANES, part, turned, 1, LEFT_ROWS, panel, (int)vectors, end, WIDTH, 0);
            for (int64_t r = 0; r < rows; r++) {
                for (int64_t c = start * LANES; c < columns; c++) {
                    float x = end[r * WIDTH + c - start * LANES];
                    d_w[r * columns + c] = k > 0 ? d_w[r * columns + c] + x : x;
                }
                float x = end[r * WIDTH + columns - start * LANES];
                d_b[r] = k > 0 ? d_b[r] + x : x;
            }
        }
    }
}

/* The same with the rows shared by the team, and a barrier after it. */
static void weight_gradient(const struct team *team, int64_t tokens, int64_t rows, const element *d_y, int64_t d_y_step,
                            const word *packed, struct panels p, float *d_w, float *d_b)
{
    word *turned = scratch(LEFT_ROWS * smaller(words(tokens), DEPTH) * (int64_t)sizeof(word));
    for (struct items at = items_of(team, parts(rows, LEFT_ROWS)); next_item(&at);) {
        int64_t row = at.item * LEFT_ROWS;
        weight_rows(tokens, smaller(rows - row, LEFT_ROWS), d_y + row, d_y_step, packed, p, d_w + row * (p.columns - 1),
                    d_b + row, turned);
    }
    free(turned);
    wait_for_all(team);
}
