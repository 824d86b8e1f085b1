/* Output layer and cross entropy in one: the logits are never kept, and their exponentials only as operands.

   Forward, block of types after block: pack the block's rows of W both ways, and for one's own rows of x multiply,
   exponentiate, add up; with gradients, keep the exponentials and multiply them, still in the cache, by W: what is left
   of d_x is to divide by the sums and to subtract the target's row. Backward: d_w from the kept exponentials.

   The exponents are logits less a shift of each row: zero at first, which serves for all but absurd logits; where it
   does not, the largest logit, in a second run. */

enum { TYPES = 8 * WIDTH,       /* in a block */
       CHUNK = 4 * TILE_ROWS }; /* rows read at a time */

static const float MOST_LOGIT = 60.0f; /* so that neither an exponential nor a sum of them overflows */

struct output_buffers {
    element *x; /* (N, x_step), as to_kept has it */
    int64_t x_step;
    word *forward, *back;                       /* one block of W, packed for x W^T and for d_logits W */
    float *sums, *subset, *most;                /* (N, LANES) */
    float *shift, *target;                      /* (N) */
    atomic_int *again;                          /* whether some row needs another shift */
    float *factor;                              /* (N): of the backward pass, gradient times scale */
    word *packed_x;
    float *uniform;                             /* (H + 1): what smoothing takes from each row of d_w and from d_bias */
};

static int64_t output_saved(const struct cross_entropy *c)
{
    return parts(c->types, TYPES) * TYPES * c->rows * (int64_t)sizeof(element);
}

static struct output_buffers output_buffers(const struct cross_entropy *c, int backward, struct room *room)
{
    struct output_buffers b = {.x_step = kept_step(c->columns)};
    int64_t row = c->rows * (int64_t)sizeof(float);
    b.x = take(room, c->rows * b.x_step * (int64_t)sizeof(element));
    if (backward) {
        b.factor = take(room, row);
        b.packed_x = take(room, panel_size(panels_of(c->columns + 1), words(c->rows)) * (int64_t)sizeof(word));
        b.uniform = take(room, (c->columns + 1) * (int64_t)sizeof(float));
        return b;
    }
    b.forward = take(room, TYPES * words(c->columns) * (int64_t)sizeof(word));
    b.back = take(room, panel_size(panels_of(c->columns), words(TYPES)) * (int64_t)sizeof(word));
    b.sums = take(room, row * LANES);
    b.subset = take(room, row * LANES);
    b.most = take(room, row * LANES);
    b.shift = take(room, row);
    b.target = take(room, row);
    b.again = take(room, sizeof(atomic_int));
    return b;
}

static int64_t output_scratch(const struct cross_entropy *c, int backward)
{
    struct room room = {0, 0};
    output_buffers(c, backward, &room);
    return room.used;
}

/* ---- forward ---- */

/* The rows of W for `count` types, packed both ways. Vectors of the last panel beyond them are packed as zeros. */
static void pack_types(const struct team *team, const struct cross_entropy *c, const struct output_buffers *b,
                       int64_t type, int64_t count)
{
    int64_t first, last, depth = words(c->columns), step = whole_words(c->columns);
    element *rows = scratch(WIDTH * step * (int64_t)sizeof(element));
    share(team, parts(count, WIDTH), &first, &last);
    for (int64_t at = first * WIDTH; at < last * WIDTH; at += WIDTH) {
        pack_float_columns(b->forward + at * depth, TILE_VECTORS, rows, step, c->w + (type + at) * c->columns, count - at,
                           c->columns);
        for (int64_t k = at; c->exponentials && k < smaller(at + WIDTH, count); k += GROUP)
            pack_group(b->back, panels_of(c->columns), words(count), words(k), rows + (k - at) * step, step, 0, 0,
                       smaller(count - k, GROUP));
    }
    free(rows);
}

/* The logits of some rows for one panel of types: into sums of exponentials, and into the exponentials if they are kept. */
INLINE void exponentiate(const struct cross_entropy *c, const struct output_buffers *b, float *logits, int64_t first,
                         int64_t last, int64_t type, int64_t types, element *exponentials)
{
    for (int64_t n = first; n < last; n++) {
        float *row = logits + (n - first) * WIDTH;
        vec sum = v_load(b->sums + n * LANES), most = v_load(b->most + n * LANES), shift = v_set(b->shift[n]);
        int64_t target = c->targets[n] - type;
        for (int64_t v = 0; v < WIDTH; v += LANES) {
            vec l = v_load(row + v);
            if (v >= types) {
                if (exponentials)
                    v_store_elements(exponentials + (n - first) * TYPES + v, v_zero(), LANES);
                continue;
            }
            l += v_load_some(c->bias + type + v, types - v);
            v_store(row + v, l);
            if (types - v < LANES) { /* past the last type */
                float padded[LANES];
                v_store(padded, l);
                for (int64_t i = types - v; i < LANES; i++)
                    padded[i] = -1e30f;
                l = v_load(padded);
            }
            vec e = v_exp(l - shift);
            if (types - v < LANES)
                e = v_where_less(l, v_set(-1e29f), v_zero(), e);
            sum += e;
            most = v_max(most, l);
            if (c->subset) {
                vec part = v_load_some(c->subset + type + v, types - v);
                v_store(b->subset + n * LANES, v_fma(e, part, v_load(b->subset + n * LANES)));
            }
            if (exponentials)
                v_store_elements(exponentials + (n - first) * TYPES + v, e, LANES);
        }
        if (target >= 0 && target < smaller(types, WIDTH))
            b->target[n] = row[target];
        v_store(b->sums + n * LANES, sum);
        v_store(b->most + n * LANES, most);
    }
}

/* One block of types for the rows first to last: their exponentials, and what they add to d_x. */
static void read_block(const struct cross_entropy *c, const struct output_buffers *b, int64_t type, int64_t count,
                       int64_t first, int64_t last)
{
    int64_t depth = words(c->columns);
    struct blocks blocks = blocks_of(last - first);
    struct panels back = panels_of(c->columns);
    element *kept = c->exponentials ? (element *)c->exponentials + type * c->rows : 0;
    float logits[TILE_ROWS * WIDTH];
    for (int64_t at = 0; at < count; at += WIDTH)
        for (int64_t i = 0; i < blocks.count; i++) {
            int64_t n = first + block_start(blocks, i), end = first + block_start(blocks, i + 1);
            for (int64_t row = n; kept && row < end; row++) /* have the lines ready when they are written */
                for (int64_t line = 0; line < WIDTH; line += 64 / (int64_t)sizeof(element))
                    __builtin_prefetch(kept + row * TYPES + at + line, 1);
            tiles[end - n - 1][0][TILE_VECTORS - 1](depth, (const word *)(b->x + n * b->x_step), b->x_step / PER_WORD, 1,
                                                    b->forward + at * depth, logits, WIDTH);
            exponentiate(c, b, logits, n, end, type + at, count - at, kept ? kept + n * TYPES + at : 0);
        }
    for (int64_t i = 0; kept && i < back.count; i++) {
        int64_t start = panel_start(back, i), vectors = panel_start(back, i + 1) - start;
        multiply_panel(last - first, smaller(c->columns - start * LANES, vectors * LANES), words(count),
                       (const word *)(kept + first * TYPES), TYPES / PER_WORD, 1, b->back + start * LANES * words(count),
                       (int)vectors, c->d_x + first * c->columns + start * LANES, c->columns, type > 0);
    }
}

static void read_types(const struct team *team, const struct cross_entropy *c, const struct output_buffers *b)
{
    int64_t first, last;
    share(team, c->rows, &first, &last);
    for (int64_t n = first; n < last; n++) {
        v_store(b->sums + n * LANES, v_zero());
        v_store(b->subset + n * LANES, v_zero());
        v_store(b->most + n * LANES, v_set(-1e30f));
    }
    for (int64_t type = 0; type < c->types; type += TYPES) {
        int64_t count = smaller(c->types - type, TYPES);
        pack_types(team, c, b, type, count);
        wait_for_all(team);
        for (struct items at = items_of(team, parts(c->rows, CHUNK)); next_item(&at);)
            read_block(c, b, type, count, at.item * CHUNK, smaller(at.item * CHUNK + CHUNK, c->rows));
        wait_for_all(team);
    }
}

static void finish_row(const struct cross_entropy *c, const struct output_buffers *b, int64_t n)
{
    const float *x = c->x + n * c->columns, *target = c->w + c->targets[n] * c->columns;
    float total = v_sum(v_load(b->sums + n * LANES)), log_total = logf(total) + b->shift[n];
    float s = (float)c->smoothing, mean = 0;
    c->nll[n] = log_total - b->target[n];
    if (c->subset)
        c->subset_nll[n] = log_total - logf(v_sum(v_load(b->subset + n * LANES))) - b->shift[n];
    if (c->w_mean) {
        mean = c->w_mean[c->columns];
        for (int64_t i = 0; i < c->columns; i++)
            mean += x[i] * c->w_mean[i];
    }
    c->loss[n] = c->w_mean ? (1 - s) * c->nll[n] + s * (log_total - mean) : c->nll[n];
    if (!c->exponentials)
        return;
    float *d_x = c->d_x + n * c->columns;
    c->scale[n] = 1 / total;
    for (int64_t i = 0; i < c->columns; i += LANES) {
        int64_t rest = c->columns - i;
        vec d = v_load_some(d_x + i, rest) * v_set(c->scale[n]) - v_set(1 - s) * v_load_some(target + i, rest);
        if (c->w_mean)
            d -= v_set(s) * v_load_some(c->w_mean + i, rest);
        v_store_some(d_x + i, d, rest);
    }
}

static void output_forward(const struct team *team, const struct cross_entropy *c, void *memory)
{
    struct room scratch = {memory, 0};
    struct output_buffers b = output_buffers(c, 0, &scratch);
    int64_t first, last;
    share(team, c->rows, &first, &last);
    to_kept(b.x + first * b.x_step, b.x_step, c->x + first * c->columns, last - first, c->columns);
    for (int64_t n = first; n < last; n++)
        b.shift[n] = 0;
    if (team->index == 0)
        atomic_store(b.again, 0);
    read_types(team, c, &b);
    for (int64_t n = first; n < last; n++) {
        float most = v_largest(v_load(b.most + n * LANES));
        if (most > MOST_LOGIT || most < -MOST_LOGIT)
            atomic_store(b.again, 1);
    }
    wait_for_all(team);
    if (atomic_load(b.again)) {
        for (int64_t n = first; n < last; n++)
            b.shift[n] = v_largest(v_load(b.most + n * LANES));
        read_types(team, c, &b);
    }
    for (int64_t n = first; n < last; n++)
        finish_row(c, &b, n);
}

/* ---- backward ---- */

/* What the targets, and smoothing, take from the rows first to last of d_w. */
static void subtract_targets(const struct cross_entropy *c, const struct output_buffers *b, int64_t first, int64_t last)
{
    for (int64_t type = first; c->w_mean && type < last; type++) {
        float *d_w = c->d_w + type * c->columns;
        c->d_bias[type] -= b->uniform[c->columns];
        for (int64_t i = 0; i < c->columns; i += LANES) {
            int64_t rest = c->columns - i;
            v_store_some(d_w + i, v_load_some(d_w + i, rest) - v_load_some(b->uniform + i, rest), rest);
        }
    }
    for (int64_t n = 0; n < c->rows; n++) {
        if (c->targets[n] < first || c->targets[n] >= last)
            continue;
        float *d_w = c->d_w + c->targets[n] * c->columns, weight = (float)(1 - c->smoothing) * c->d_loss[n];
        c->d_bias[c->targets[n]] -= weight;
        for (int64_t i = 0; i < c->columns; i += LANES) {
            int64_t rest = c->columns - i;
            vec x = v_load_some(c->x + n * c->columns + i, rest);
            v_store_some(d_w + i, v_load_some(d_w + i, rest) - v_set(weight) * x, rest);
        }
    }
}

/* The columns first to last of what smoothing takes from every row. */
static void sum_uniform(const struct cross_entropy *c, const struct output_buffers *b, int64_t first, int64_t last)
{
    float share_of_type = (float)c->smoothing / (float)c->types;
    for (int64_t i = first; i < last; i++)
        b->uniform[i] = 0;
    for (int64_t n = 0; n < c->rows; n++)
        for (int64_t i = first; i < last; i++)
            b->uniform[i] += share_of_type * c->d_loss[n] * (i < c->columns ? c->x[n * c->columns + i] : 1);
}

static void output_backward(const struct team *team, const struct cross_entropy *c, void *memory)
{
    struct room scratch_room = {memory, 0};
    struct output_buffers b = output_buffers(c, 1, &scratch_room);
    struct panels p = panels_of(c->columns + 1);
    int64_t first, last;
    share(team, c->rows, &first, &last);
    to_kept(b.x + first * b.x_step, b.x_step, c->x + first * c->columns, last - first, c->columns);
    for (int64_t n = first; n < last; n++)
        b.factor[n] = c->d_loss[n] * c->scale[n];
    if (c->w_mean) {
        share(team, c->columns + 1, &first, &last);
        sum_uniform(c, &b, first, last);
    }
    wait_for_all(team);
    pack_elements(team, b.packed_x, p, b.x, b.x_step, 0, b.factor, c->rows);
    wait_for_all(team);
    word *turned = scratch(LEFT_ROWS * smaller(words(c->rows), DEPTH) * (int64_t)sizeof(word));
    for (struct items at = items_of(team, parts(c->types, LEFT_ROWS)); next_item(&at);) {
        int64_t type = at.item * LEFT_ROWS, block = type / TYPES * TYPES;
        weight_rows(c->rows, smaller(c->types - type, LEFT_ROWS),
                    (const element *)c->exponentials + block * c->rows + (type - block), TYPES, b.packed_x, p,
                    c->d_w + type * c->columns, c->d_bias + type, turned);
    }
    free(turned);
    wait_for_all(team);
    share(team, c->types, &first, &last);
    subtract_targets(c, &b, first, last);
}
