/* One token of some sequences through a whole network in one parallel region, with weights packed beforehand. */

struct step_buffers {
    word *projection, *output; /* packed */
    element *last, *top;       /* what the projection and the output layer read, as rows of elements */
    int64_t last_step, top_step;
    float *projected, *sums, *most; /* (B, columns); (members, B) */
    char *layer;                    /* scratch memory of one layer */
};

static void step_weights(const struct step *s, struct step_buffers *b, struct room *packed)
{
    int64_t last = s->sequences[s->layers - 1].hidden;
    b->output = take(packed, panel_size(panels_of(s->types), words(s->columns)) * (int64_t)sizeof(word));
    b->projection = take(packed, panel_size(panels_of(s->columns), words(last)) * (int64_t)sizeof(word));
}

static struct step_buffers step_buffers(const struct step *s, int64_t members, struct room *scratch)
{
    struct step_buffers b = {.last_step = whole_words(s->sequences[s->layers - 1].hidden),
                             .top_step = whole_words(s->columns)};
    int64_t most = 0;
    b.last = take(scratch, s->batch * b.last_step * (int64_t)sizeof(element));
    b.top = take(scratch, s->batch * b.top_step * (int64_t)sizeof(element));
    b.projected = take(scratch, s->batch * s->columns * (int64_t)sizeof(float));
    b.sums = take(scratch, members * s->batch * (int64_t)sizeof(float));
    b.most = take(scratch, members * s->batch * (int64_t)sizeof(float));
    for (int64_t l = 0; l < s->layers; l++) {
        int64_t needed = sequence_scratch(&s->sequences[l], 0);
        most = needed > most ? needed : most;
    }
    b.layer = take(scratch, most);
    return b;
}

static int64_t step_packed(const struct step *s)
{
    struct step_buffers b;
    struct room room = {0, 0};
    step_weights(s, &b, &room);
    return room.used;
}

static int64_t step_scratch(const struct step *s, int threads)
{
    struct room room = {0, 0};
    step_buffers(s, threads, &room);
    return room.used;
}

/* Panels whose columns are the rows of W (rows, elements), for a product with the transposed matrix. */
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

static void step_pack(const struct team *team, const struct step *s, void *memory)
{
    struct step_buffers b;
    struct room room = {s->packed, 0};
    (void)memory;
    step_weights(s, &b, &room);
    pack_columns(team, b.output, panels_of(s->types), s->w, s->columns);
    if (s->projection)
        pack_columns(team, b.projection, panels_of(s->columns), s->projection, s->sequences[s->layers - 1].hidden);
}

/* Logits of all rows, and of one's own panels the largest and the sum of exponentials less the largest. */
static void step_logits(const struct team *team, const struct step *s, const struct step_buffers *b)
{
    struct panels p = panels_of(s->types);
    int64_t first, last, depth = words(s->columns);
    float *sums = b->sums + team->index * s->batch, *mosts = b->most + team->index * s->batch;
    share(team, p.count, &first, &last);
    for (int64_t i = first; i < last; i++) {
        int64_t start = panel_start(p, i), vectors = panel_start(p, i + 1) - start, type = start * LANES;
        multiply_panel(s->batch, smaller(s->types - type, vectors * LANES), depth, (const word *)b->top,
                       b->top_step / PER_WORD, 1, b->output + type * depth, (int)vectors, s->log_probs + type, s->types, 0);
    }
    int64_t begin = panel_start(p, first) * LANES, end = smaller(panel_start(p, last) * LANES, s->types);
    for (int64_t n = 0; n < s->batch; n++) {
        float *row = s->log_probs + n * s->types, total = 0, most = -INFINITY;
        for (int64_t i = begin; i < end; i++) {
            row[i] += s->bias[i];
            most = row[i] > most ? row[i] : most;
        }
        vec sum = v_zero();
        int64_t i = begin;
        for (; i + LANES <= end; i += LANES)
            sum += v_exp(v_load(row + i) - v_set(most));
        for (; i < end; i++)
            total += expf(row[i] - most);
        sums[n] = total + v_sum(sum);
        mosts[n] = most;
    }
}

static void step_normalise(const struct team *team, const struct step *s, const struct step_buffers *b)
{
    int64_t first, last;
    share(team, s->types, &first, &last);
    for (int64_t n = 0; n < s->batch; n++) {
        float most = -INFINITY, total = 0;
        for (int64_t m = 0; m < team->size; m++)
            most = b->most[m * s->batch + n] > most ? b->most[m * s->batch + n] : most;
        for (int64_t m = 0; m < team->size; m++)
            if (b->sums[m * s->batch + n] > 0)
                total += b->sums[m * s->batch + n] * expf(b->most[m * s->batch + n] - most);
        float log_total = logf(total) + most, *row = s->log_probs + n * s->types;
        for (int64_t i = first; i < last; i++)
            row[i] -= log_total;
    }
}

static void step(const struct team *team, const struct step *s, void *memory)
{
    struct room scratch_room = {memory, 0}, packed = {s->packed, 0};
    struct step_buffers b = step_buffers(s, team->size, &scratch_room);
    int64_t first, last;
    step_weights(s, &b, &packed);
    share(team, s->batch, &first, &last);
    for (int64_t n = first; n < last; n++)
        memcpy(s->x + n * s->inputs, s->embedding + s->ids[n] * s->inputs, (size_t)s->inputs * sizeof(float));
    wait_for_all(team);
    for (int64_t l = 0; l < s->layers; l++) {
        sequence_forward(team, &s->sequences[l], b.layer);
        wait_for_all(team);
    }
    const struct sequence *top = &s->sequences[s->layers - 1];
    if (s->projection) {
        to_elements(b.last + first * b.last_step, b.last_step, top->out + first * top->hidden, last - first, top->hidden);
        wait_for_all(team);
        multiply(team, s->batch, top->hidden, b.last, b.last_step, b.projection, panels_of(s->columns), b.projected,
                 s->columns);
    }
    to_elements(b.top + first * b.top_step, b.top_step, (s->projection ? b.projected : top->out) + first * s->columns,
                last - first, s->columns);
    wait_for_all(team);
    step_logits(team, s, &b);
    wait_for_all(team);
    step_normalise(team, s, &b);
}
