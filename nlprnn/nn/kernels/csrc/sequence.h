/* A recurrent layer over a whole sequence, forward and backward.

   Forward: one product projects the inputs of some steps, then step after step adds h W_hh^T, the rows of h read where
   the step before wrote them and W_hh packed so that a panel holds all gates of some units. Backward: step after step
   the gradient of the gates' sums, d_g, from that of the step after; the gradients of weights and inputs are single
   products over all steps at the end. Both directions and batches of unequal lengths are a matter of which rows a step
   has and where their predecessors stand. */

enum { PROJECTED = 192, /* rows projected at a time: enough for the product, few enough to stay in the cache */
       SLOTS = 5 };     /* numbers kept of each LSTM or GRU unit and row */

struct buffers {
    struct panels gates, units; /* of W_hh^T and W_ih^T, by units; of W_hh, for the way back */
    int64_t count, slots, x_step, h_step, d_step;
    element *x, *h; /* (N, x_step), (N + B, h_step): rows for products; h0 stands after the N outputs */
    kept *unit;     /* (N, slots, H) */
    float *c_before; /* (N, H) */
    word *packed_ih, *packed_hh;
    float *bias, *bias_n, *projected;
    element *d_g; /* (N, d_step) */
    word *packed_x, *packed_h;
    int64_t *before; /* (N): the row of h that a row was computed from */
};

struct room {
    char *base;
    int64_t used;
};

static void *take(struct room *room, int64_t bytes)
{
    char *place = room->base + room->used;
    room->used += parts(bytes, 64) * 64;
    return place;
}

static int64_t gates_of(int64_t cell) { return cell == LSTM ? 4 : cell == GRU ? 3 : 1; }

/* The rows from which step t was computed are those of the step before it in reading order: -1 for none. */
static int64_t step_before(const struct sequence *s, int64_t t)
{
    return s->backwards ? (t + 1 < s->steps ? t + 1 : -1) : t - 1;
}
static int64_t rows_at(const struct sequence *s, int64_t t) { return t < 0 ? 0 : s->starts[t + 1] - s->starts[t]; }
/* How many sequences of step t have been read before it. */
static int64_t carried_into(const struct sequence *s, int64_t t)
{
    return smaller(rows_at(s, t), rows_at(s, step_before(s, t)));
}

static struct buffers kept_buffers(const struct sequence *s, struct room *saved)
{
    struct buffers b = {.count = gates_of(s->cell)};
    int64_t units = parts(s->hidden, LANES);
    b.units = panels_of(s->hidden);
    b.gates = (struct panels){b.count * units * LANES, b.count * units, b.count > 1 ? units : b.units.count};
    b.slots = b.count > 1 ? SLOTS : 1;
    b.x_step = kept_step(s->inputs);
    b.h_step = kept_step(s->hidden);
    b.d_step = words(s->cell == GRU ? 4 * s->hidden : b.count * s->hidden) * PER_WORD;
    b.x = take(saved, s->rows * b.x_step * (int64_t)sizeof(element));
    b.h = take(saved, (s->rows + s->batch) * b.h_step * (int64_t)sizeof(element));
    if (s->training) {
        b.unit = take(saved, s->rows * b.slots * s->hidden * (int64_t)sizeof(kept));
        if (s->cell == LSTM)
            b.c_before = take(saved, s->rows * s->hidden * (int64_t)sizeof(float));
    }
    return b;
}

static void packed_buffers(const struct sequence *s, struct buffers *b, struct room *packed)
{
    b->packed_ih = take(packed, panel_size(b->gates, words(s->inputs)) * (int64_t)sizeof(word));
    b->packed_hh = take(packed, panel_size(b->gates, words(s->hidden)) * (int64_t)sizeof(word));
    b->bias = take(packed, b->gates.columns * (int64_t)sizeof(float));
    b->bias_n = take(packed, b->gates.columns * (int64_t)sizeof(float));
}

static void forward_buffers(const struct sequence *s, struct buffers *b, struct room *scratch)
{
    struct room packed = {s->packed, 0};
    int64_t most = smaller(PROJECTED + s->batch, s->rows);
    packed_buffers(s, b, s->packed ? &packed : scratch);
    b->projected = take(scratch, most * b->gates.columns * (int64_t)sizeof(float));
}

static void backward_buffers(const struct sequence *s, struct buffers *b, struct room *scratch)
{
    int64_t depth = words(s->rows);
    b->packed_hh = take(scratch, panel_size(b->units, words(b->count * s->hidden) + 1) * (int64_t)sizeof(word));
    b->packed_ih = take(scratch, panel_size(panels_of(s->inputs), words(b->count * s->hidden)) * (int64_t)sizeof(word));
    b->packed_x = take(scratch, panel_size(panels_of(s->inputs + 1), depth) * (int64_t)sizeof(word));
    b->packed_h = take(scratch, panel_size(panels_of(s->hidden + 1), depth) * (int64_t)sizeof(word));
    b->d_g = take(scratch, (s->rows * b->d_step + PER_WORD) * (int64_t)sizeof(element));
    b->before = take(scratch, s->rows * (int64_t)sizeof(int64_t));
}

static int64_t sequence_saved(const struct sequence *s)
{
    struct room room = {0, 0};
    kept_buffers(s, &room);
    return room.used;
}

static int64_t sequence_scratch(const struct sequence *s, int backward)
{
    struct room saved = {0, 0}, room = {0, 0};
    struct buffers b = kept_buffers(s, s->training ? &saved : &room);
    if (backward)
        backward_buffers(s, &b, &room);
    else
        forward_buffers(s, &b, &room);
    return room.used;
}

static void pack_gates(const struct team *team, const struct sequence *s, const struct buffers *b, word *packed,
                       const float *w, int64_t elements)
{
    int64_t first, last, depth = words(elements), step = whole_words(elements);
    element *rows = scratch(WIDTH * step * (int64_t)sizeof(element));
    share(team, b->gates.count, &first, &last);
    for (int64_t i = first; i < last; i++) {
        int64_t start = panel_start(b->gates, i), vectors = panel_start(b->gates, i + 1) - start;
        for (int64_t v = 0; v < vectors; v++) { /* several gates of one vector of units, or several vectors of units */
            int64_t gate = b->count > 1 ? v : 0, unit = (b->count > 1 ? i : start + v) * LANES;
            to_vector(rows + v * LANES * step, step, w + (gate * s->hidden + unit) * elements, s->hidden - unit, elements);
        }
        pack_transposed(packed + start * LANES * depth, vectors, rows, step, depth);
    }
    free(rows);
}

static void pack_biases(const struct sequence *s, const struct buffers *b)
{
    for (int64_t i = 0; i < b->gates.count; i++)
        for (int64_t v = panel_start(b->gates, i); v < panel_start(b->gates, i + 1); v++) {
            int64_t gate = b->count > 1 ? v - panel_start(b->gates, i) : 0, unit = (b->count > 1 ? i : v) * LANES;
            int reset = s->cell == GRU && gate == 2; /* whose recurrent part is multiplied by r first */
            for (int64_t l = 0; l < LANES; l++) {
                int64_t row = gate * s->hidden + unit + l, inside = unit + l < s->hidden;
                float here = inside ? s->b_ih[row] : 0, there = inside ? s->b_hh[row] : 0;
                b->bias[v * LANES + l] = reset ? here : here + there;
                b->bias_n[v * LANES + l] = reset ? there : 0;
            }
        }
}

static void pack_forward(const struct team *team, const struct sequence *s, const struct buffers *b)
{
    pack_gates(team, s, b, b->packed_ih, s->w_ih, s->inputs);
    pack_gates(team, s, b, b->packed_hh, s->w_hh, s->hidden);
    if (team->index == 0)
        pack_biases(s, b);
}

static int64_t sequence_packed(const struct sequence *s)
{
    struct room saved = {0, 0}, room = {0, 0};
    struct buffers b = kept_buffers(s, &saved);
    packed_buffers(s, &b, &room);
    return room.used;
}

static void sequence_pack(const struct team *team, const struct sequence *s, void *scratch)
{
    struct room saved = {0, 0}, room = {s->packed, 0};
    struct buffers b = kept_buffers(s, &saved);
    (void)scratch;
    packed_buffers(s, &b, &room);
    pack_forward(team, s, &b);
}

struct place { /* of one vector of units in one row */
    int64_t row, sequence, unit, n;
};

INLINE kept *slot(const struct sequence *s, const struct buffers *b, struct place at, int64_t which)
{
    return b->unit + (at.row * b->slots + which) * s->hidden + at.unit;
}

INLINE void put_h(const struct sequence *s, const struct buffers *b, struct place at, vec h)
{
    v_store_some(s->out + at.row * s->hidden + at.unit, h, at.n);
    v_store_elements(b->h + at.row * b->h_step + at.unit, h, at.n);
}

INLINE void lstm_forward(const struct sequence *s, const struct buffers *b, struct place at, const vec pre[])
{
    vec i = v_sigmoid(pre[0]), f = v_sigmoid(pre[1]), g = v_tanh(pre[2]), o = v_sigmoid(pre[3]);
    float *memory = s->c_last + at.sequence * s->hidden + at.unit;
    vec before = v_load_some(memory, at.n), c = v_fma(f, before, i * g), t = v_tanh(c);
    v_store_some(memory, c, at.n);
    put_h(s, b, at, o * t);
    if (s->training) {
        v_store_some(b->c_before + at.row * s->hidden + at.unit, before, at.n);
        v_store_kept(slot(s, b, at, 0), i, at.n);
        v_store_kept(slot(s, b, at, 1), f, at.n);
        v_store_kept(slot(s, b, at, 2), g, at.n);
        v_store_kept(slot(s, b, at, 3), o, at.n);
        v_store_kept(slot(s, b, at, 4), t, at.n);
    }
}

INLINE void gru_forward(const struct sequence *s, const struct buffers *b, struct place at, const vec pre[], vec n_h,
                        const float *h_before)
{
    vec r = v_sigmoid(pre[0]), z = v_sigmoid(pre[1]), n = v_tanh(v_fma(r, n_h, pre[2]));
    vec before = v_load_some(h_before + at.sequence * s->hidden + at.unit, at.n);
    put_h(s, b, at, v_fma(z, before - n, n));
    if (s->training) {
        v_store_kept(slot(s, b, at, 0), r, at.n);
        v_store_kept(slot(s, b, at, 1), z, at.n);
        v_store_kept(slot(s, b, at, 2), n, at.n);
        v_store_kept(slot(s, b, at, 3), n_h, at.n);
        v_store_kept(slot(s, b, at, 4), before, at.n);
    }
}

INLINE void elman_forward(const struct sequence *s, const struct buffers *b, struct place at, vec pre)
{
    vec h = s->cell == TANH ? v_tanh(pre) : v_max(v_zero(), pre); /* in this order NaN stays NaN */
    put_h(s, b, at, h);
    if (s->training)
        v_store_kept(slot(s, b, at, 0), h, at.n);
}

/* Some sequences of a step, all computed from rows of h and of the outputs that stand together. */
struct segment {
    int64_t first, last;
    const element *h;
    const float *out;
};

static void forward_block(const struct sequence *s, const struct buffers *b, int64_t t, int64_t projected_row,
                          struct segment from, int64_t panel, int64_t first, int64_t last)
{
    int64_t start = panel_start(b->gates, panel), vectors = panel_start(b->gates, panel + 1) - start;
    int64_t depth = words(s->hidden), begin = start * LANES;
    float sums[TILE_ROWS * WIDTH];
    tiles[last - first - 1][0][vectors - 1](depth, (const word *)(from.h + first * b->h_step), b->h_step / PER_WORD, 1,
                                            b->packed_hh + begin * depth, sums, WIDTH);
    for (int64_t q = first; q < last; q++) {
        const float *sum = sums + (q - first) * WIDTH, *bias = b->bias + begin;
        const float *projected = b->projected + (projected_row + q) * b->gates.columns + begin;
        struct place at = {s->starts[t] + q, q, 0, 0};
        vec pre[TILE_VECTORS];
        for (int64_t v = 0; v < vectors; v++) {
            pre[v] = v_load(projected + v * LANES) + v_load(bias + v * LANES);
            if (s->cell != GRU || v < 2)
                pre[v] += v_load(sum + v * LANES);
        }
        if (b->count == 1) {
            for (int64_t v = 0; v < vectors; v++) {
                at.unit = (start + v) * LANES, at.n = s->hidden - at.unit;
                elman_forward(s, b, at, pre[v]);
            }
            continue;
        }
        at.unit = panel * LANES, at.n = s->hidden - at.unit;
        if (s->cell == LSTM)
            lstm_forward(s, b, at, pre);
        else
            gru_forward(s, b, at, pre, v_load(sum + 2 * LANES) + v_load(b->bias_n + begin + 2 * LANES), from.out);
    }
}

static void forward_step(const struct team *team, const struct sequence *s, const struct buffers *b, int64_t t,
                         int64_t projected_row)
{
    int64_t carried = carried_into(s, t), start = carried ? s->starts[step_before(s, t)] : 0;
    struct segment segments[2] = {
        {0, carried, b->h + start * b->h_step, s->out + start * s->hidden},
        {carried, rows_at(s, t), b->h + s->rows * b->h_step, s->h0},
    };
    struct blocks blocks[2] = {blocks_of(carried), blocks_of(rows_at(s, t) - carried)};
    int64_t each = blocks[0].count + blocks[1].count;
    for (struct items at = items_of(team, b->gates.count * each); next_item(&at);) {
        int64_t block = at.item % each, which = block >= blocks[0].count;
        struct segment from = segments[which];
        block -= which ? blocks[0].count : 0;
        forward_block(s, b, t, projected_row, from, at.item / each, from.first + block_start(blocks[which], block),
                      from.first + block_start(blocks[which], block + 1));
    }
    wait_for_all(team);
}

static void sequence_forward(const struct team *team, const struct sequence *s, void *memory)
{
    struct room scratch = {memory, 0}, saved = {s->saved, 0};
    struct buffers b = kept_buffers(s, s->training ? &saved : &scratch);
    forward_buffers(s, &b, &scratch);
    int64_t first, last;
    share(team, s->rows, &first, &last);
    to_kept(b.x + first * b.x_step, b.x_step, s->x + first * s->inputs, last - first, s->inputs);
    for (int64_t row = first; row < last; row++) /* the ones after the outputs; the steps fill in the rest */
        to_kept(b.h + row * b.h_step + s->hidden, b.h_step - s->hidden, 0, 1, 0);
    share(team, s->batch, &first, &last);
    to_kept(b.h + (s->rows + first) * b.h_step, b.h_step, s->h0 + first * s->hidden, last - first, s->hidden);
    if (s->cell == LSTM)
        memcpy(s->c_last + first * s->hidden, s->c0 + first * s->hidden,
               (size_t)((last - first) * s->hidden) * sizeof(float));
    if (!s->packed)
        pack_forward(team, s, &b);
    wait_for_all(team);
    for (int64_t done = 0; done < s->steps;) {
        int64_t until = done, rows = 0;
        for (; until < s->steps && rows < PROJECTED; until++)
            rows += rows_at(s, s->backwards ? s->steps - 1 - until : until);
        int64_t begin = s->starts[s->backwards ? s->steps - until : done];
        multiply(team, rows, s->inputs, b.x + begin * b.x_step, b.x_step, b.packed_ih, b.gates, b.projected,
                 b.gates.columns);
        for (; done < until; done++) {
            int64_t t = s->backwards ? s->steps - 1 - done : done;
            forward_step(team, s, &b, t, s->starts[t] - begin);
        }
    }
    share(team, s->batch, &first, &last);
    for (int64_t t = 0; t < s->steps; t++) { /* a sequence ends where no step goes on from it */
        int64_t end = s->backwards ? t == 0 : 1, from = s->backwards || t + 1 == s->steps ? 0 : rows_at(s, t + 1);
        for (int64_t q = first > from ? first : from; end && q < smaller(last, rows_at(s, t)); q++)
            memcpy(s->h_last + q * s->hidden, s->out + (s->starts[t] + q) * s->hidden,
                   (size_t)s->hidden * sizeof(float));
    }
}
