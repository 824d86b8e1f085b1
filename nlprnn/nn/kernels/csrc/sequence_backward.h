/* The way back through a recurrent layer: step after step d_g, the gradient of the gates' sums, and at the end single
   products for everything else. */

INLINE void put_d_g(const struct sequence *s, const struct buffers *b, struct place at, int64_t which, vec d)
{
    v_store_elements(b->d_g + at.row * b->d_step + which * s->hidden + at.unit, d, at.n);
}

INLINE void lstm_backward(const struct sequence *s, const struct buffers *b, struct place at, vec d_h)
{
    vec i = v_load_kept(slot(s, b, at, 0), at.n), f = v_load_kept(slot(s, b, at, 1), at.n), one = v_set(1);
    vec g = v_load_kept(slot(s, b, at, 2), at.n), o = v_load_kept(slot(s, b, at, 3), at.n);
    vec t = v_load_kept(slot(s, b, at, 4), at.n);
    float *memory = s->d_c0 + at.sequence * s->hidden + at.unit;
    vec before = v_load_some(b->c_before + at.row * s->hidden + at.unit, at.n);
    vec d_c = v_load_some(memory, at.n) + d_h * o * (one - t * t);
    put_d_g(s, b, at, 0, d_c * g * i * (one - i));
    put_d_g(s, b, at, 1, d_c * before * f * (one - f));
    put_d_g(s, b, at, 2, d_c * i * (one - g * g));
    put_d_g(s, b, at, 3, d_h * t * o * (one - o));
    v_store_some(memory, d_c * f, at.n);
}

/* d_g of a GRU: those of r, z and n as the inputs see them, and of n as the recurrent product sees it. Returns what goes
   on to the state before. */
INLINE vec gru_backward(const struct sequence *s, const struct buffers *b, struct place at, vec d_h)
{
    vec r = v_load_kept(slot(s, b, at, 0), at.n), z = v_load_kept(slot(s, b, at, 1), at.n), one = v_set(1);
    vec n = v_load_kept(slot(s, b, at, 2), at.n), n_h = v_load_kept(slot(s, b, at, 3), at.n);
    vec before = v_load_kept(slot(s, b, at, 4), at.n), d_n = d_h * (one - z) * (one - n * n);
    put_d_g(s, b, at, 0, d_n * n_h * r * (one - r));
    put_d_g(s, b, at, 1, d_h * (before - n) * z * (one - z));
    put_d_g(s, b, at, 2, d_n);
    put_d_g(s, b, at, 3, d_n * r);
    return d_h * z;
}

INLINE void elman_backward(const struct sequence *s, const struct buffers *b, struct place at, vec d_h)
{
    vec h = v_load_kept(slot(s, b, at, 0), at.n);
    vec slope = v_where_less(v_zero(), h, v_set(1), v_zero());
    if (s->cell == TANH)
        slope = v_set(1) - h * h;
    put_d_g(s, b, at, 0, d_h * slope);
}

/* out (rows, columns of a panel) = or += what d_g of some rows sends back through W_hh. */
static void through_recurrence(const struct sequence *s, const struct buffers *b, int64_t row, int64_t rows,
                               int64_t panel, float *out, int64_t out_step, int64_t columns, int add)
{
    int64_t start = panel_start(b->units, panel), vectors = panel_start(b->units, panel + 1) - start;
    int64_t first = words((s->cell == GRU ? 2 : b->count) * s->hidden); /* r and z, or all gates */
    int64_t second = s->cell == GRU ? words(s->hidden) : 0;             /* n, as the recurrent product sees it */
    const word *packed = b->packed_hh + start * LANES * (first + second);
    const element *d_g = b->d_g + row * b->d_step;
    multiply_panel(rows, columns, first, (const word *)d_g, b->d_step / PER_WORD, 1, packed, (int)vectors, out, out_step,
                   add);
    if (second)
        multiply_panel(rows, columns, second, (const word *)(d_g + 3 * s->hidden), b->d_step / PER_WORD, 1,
                       packed + first * vectors * LANES, (int)vectors, out, out_step, 1);
}

static void backward_block(const struct sequence *s, const struct buffers *b, int64_t t, int64_t after, int64_t panel,
                           int64_t first, int64_t last)
{
    int64_t start = panel_start(b->units, panel), vectors = panel_start(b->units, panel + 1) - start;
    float sums[TILE_ROWS * WIDTH];
    if (after >= 0)
        through_recurrence(s, b, s->starts[after] + first, last - first, panel, sums, WIDTH, vectors * LANES, 0);
    for (int64_t q = first; q < last; q++)
        for (int64_t v = 0; v < vectors; v++) {
            struct place at = {s->starts[t] + q, q, (start + v) * LANES, s->hidden - (start + v) * LANES};
            float *carry = s->d_h0 + q * s->hidden + at.unit;
            vec d_h = v_load_some(s->d_out + at.row * s->hidden + at.unit, at.n) + v_load_some(carry, at.n);
            vec rest = v_zero();
            if (after >= 0)
                d_h += v_load(sums + (q - first) * WIDTH + v * LANES);
            if (s->cell == LSTM)
                lstm_backward(s, b, at, d_h);
            else if (s->cell == GRU)
                rest = gru_backward(s, b, at, d_h);
            else
                elman_backward(s, b, at, d_h);
            v_store_some(carry, rest, at.n);
        }
}

static void backward_step(const struct team *team, const struct sequence *s, const struct buffers *b, int64_t t)
{
    int64_t after = s->backwards ? t - 1 : (t + 1 < s->steps ? t + 1 : -1);
    int64_t going_on = smaller(rows_at(s, t), rows_at(s, after));
    struct blocks blocks[2] = {blocks_of(going_on), blocks_of(rows_at(s, t) - going_on)};
    int64_t each = blocks[0].count + blocks[1].count;
    for (struct items at = items_of(team, b->units.count * each); next_item(&at);) {
        int64_t block = at.item % each, ends = block >= blocks[0].count, from = ends ? going_on : 0;
        block -= ends ? blocks[0].count : 0;
        backward_block(s, b, t, ends ? -1 : after, at.item / each, from + block_start(blocks[ends], block),
                       from + block_start(blocks[ends], block + 1));
    }
    wait_for_all(team);
}

/* What reaches the initial states: from the rows that were computed from them. */
static void backward_start(const struct team *team, const struct sequence *s, const struct buffers *b)
{
    for (int64_t t = 0; t < s->steps; t++) {
        int64_t from = carried_into(s, t), rows = rows_at(s, t) - from, first, last;
        struct blocks blocks = blocks_of(rows);
        share(team, b->units.count * blocks.count, &first, &last);
        for (int64_t item = first; item < last; item++) {
            int64_t panel = item / blocks.count, block = item % blocks.count;
            int64_t begin = block_start(blocks, block), unit = panel_start(b->units, panel) * LANES;
            int64_t columns = smaller(s->hidden, panel_start(b->units, panel + 1) * LANES) - unit;
            through_recurrence(s, b, s->starts[t] + from + begin, block_start(blocks, block + 1) - begin, panel,
                               s->d_h0 + (from + begin) * s->hidden + unit, s->hidden, columns, 1);
        }
    }
}

static void pack_recurrent(const struct team *team, const struct sequence *s, const struct buffers *b)
{
    int64_t gates = s->cell == GRU ? 2 : b->count, first = words(gates * s->hidden);
    int64_t second = s->cell == GRU ? words(s->hidden) : 0;
    pack_floats(team, b->packed_hh, b->units, first + second, 0, s->w_hh, gates * s->hidden);
    if (second)
        pack_floats(team, b->packed_hh, b->units, first + second, first, s->w_hh + 2 * s->hidden * s->hidden, s->hidden);
}

static void sequence_backward(const struct team *team, const struct sequence *s, void *memory)
{
    struct room scratch = {memory, 0}, saved = {s->saved, 0};
    struct buffers b = kept_buffers(s, &saved);
    backward_buffers(s, &b, &scratch);
    struct panels x_panels = panels_of(s->inputs + 1), h_panels = panels_of(s->hidden + 1);
    int64_t first, last, rows = b.count * s->hidden, step = b.d_step;
    share(team, s->batch, &first, &last);
    memcpy(s->d_h0 + first * s->hidden, s->d_h_last + first * s->hidden,
           (size_t)((last - first) * s->hidden) * sizeof(float));
    if (s->cell == LSTM)
        memcpy(s->d_c0 + first * s->hidden, s->d_c_last + first * s->hidden,
               (size_t)((last - first) * s->hidden) * sizeof(float));
    share(team, s->rows, &first, &last);
    for (int64_t row = first; row < last; row++) /* half a word after the gates, which is read and must be a number */
        memset(b.d_g + (row + 1) * step - 1, 0, (1 + PER_WORD) * sizeof(element));
    for (int64_t t = 0; t < s->steps; t++)
        for (int64_t q = 0, before = step_before(s, t), carried = carried_into(s, t); q < rows_at(s, t); q++)
            if (s->starts[t] + q >= first && s->starts[t] + q < last)
                b.before[s->starts[t] + q] = q < carried ? s->starts[before] + q : s->rows + q;
    pack_recurrent(team, s, &b);
    if (s->d_x)
        pack_floats(team, b.packed_ih, panels_of(s->inputs), words(rows), 0, s->w_ih, rows);
    pack_elements(team, b.packed_x, x_panels, b.x, b.x_step, 0, 0, s->rows);
    wait_for_all(team);
    pack_elements(team, b.packed_h, h_panels, b.h, b.h_step, b.before, 0, s->rows);
    for (int64_t done = 0; done < s->steps; done++)
        backward_step(team, s, &b, s->backwards ? done : s->steps - 1 - done);
    backward_start(team, s, &b);
    if (s->d_x)
        multiply(team, s->rows, rows, b.d_g, step, b.packed_ih, panels_of(s->inputs), s->d_x, s->inputs);
    weight_gradient(team, s->rows, rows, b.d_g, step, b.packed_x, x_panels, s->d_w_ih, s->d_b_ih);
    int64_t direct = s->cell == GRU ? 2 * s->hidden : rows; /* gates whose recurrent part has the same gradient */
    weight_gradient(team, s->rows, direct, b.d_g, step, b.packed_h, h_panels, s->d_w_hh, s->d_b_hh);
    if (direct < rows)
        weight_gradient(team, s->rows, s->hidden, b.d_g + 3 * s->hidden, step, b.packed_h, h_panels,
                        s->d_w_hh + direct * s->hidden, s->d_b_hh + direct);
}
