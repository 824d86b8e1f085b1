/* One token of some sequences through a whole network in one parallel region, with weights packed beforehand. */

/* How many numbers the projection, or the output layer, reads. */
static int64_t step_top(const struct step *s)
{
    return s->sequences[s->layers - 1].hidden + (s->keys ? s->values_size : 0);
}

struct step_buffers {
    word *projection, *output; /* packed */
    element *last, *top;       /* what the projection and the output layer read, as rows of elements */
    int64_t last_step, top_step;
    float *projected, *sums, *most; /* (B, columns); (members, B) */
    char *layer;                    /* scratch memory of one layer */
};

static void step_weights(const struct step *s, struct step_buffers *b, struct room *packed)
{
    int64_t last = step_top(s);
    b->output = take(packed, panel_size(panels_of(s->types), words(s->columns)) * (int64_t)sizeof(word));
    b->projection = take(packed, panel_size(panels_of(s->columns), words(last)) * (int64_t)sizeof(word));
}

static struct step_buffers step_buffers(const struct step *s, int64_t members, struct room *scratch)
{
    struct step_buffers b = {.last_step = whole_words(step_top(s)),
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

static void step_pack(const struct team *team, const struct step *s, void *memory)
{
    struct step_buffers b;
    struct room room = {s->packed, 0};
    (void)memory;
    step_weights(s, &b, &room);
    pack_columns(team, b.output, panels_of(s->types), s->w, s->columns);
    if (s->projection)
        pack_columns(team, b.projection, panels_of(s->columns), s->projection, step_top(s));
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
        float *row = s->log_probs + n * s->types, total = 0;
        vec mosts_of_lanes = v_set(-INFINITY), sum = v_zero();
        int64_t i = begin;
        for (; i + LANES <= end; i += LANES) {
            vec logits = v_load(row + i) + v_load(s->bias + i);
            v_store(row + i, logits);
            mosts_of_lanes = v_max(mosts_of_lanes, logits);
        }
        float most = v_largest(mosts_of_lanes);
        for (int64_t j = i; j < end; j++) {
            row[j] += s->bias[j];
            most = row[j] > most ? row[j] : most;
        }
        for (i = begin; i + LANES <= end; i += LANES)
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
            if (b->sums[m * s->batch + n] != 0) /* not of a member without types; NaN goes on */
                total += b->sums[m * s->batch + n] * expf(b->most[m * s->batch + n] - most);
        float log_total = logf(total) + most, *row = s->log_probs + n * s->types;
        for (int64_t i = first; i < last; i++)
            row[i] -= log_total;
    }
}

/* The sum of a[i] b[i]; the same for a row whatever stands beside it. */
static float inner(const float *a, const float *b, int64_t count)
{
    vec sum = v_zero();
    for (int64_t i = 0; i < count; i += LANES)
        sum = v_fma(v_load_some(a + i, count - i), v_load_some(b + i, count - i), sum);
    return v_sum(sum);
}

/* What rows `first` to `last` attend to: softmax of the inner products with the keys of their source, and with it the
   mean of its values. Then what the next layer reads. */
static void step_attend(const struct step *s, int64_t first, int64_t last)
{
    const struct sequence *below = &s->sequences[s->below - 1];
    int64_t size = below->hidden, more = s->values_size;
    for (int64_t n = first; n < last; n++) {
        int64_t source = n / (s->batch / s->sources), there = s->lengths[source];
        const float *query = below->out + n * size, *keys = s->keys + source * s->positions * size;
        const float *values = s->values + source * s->positions * more;
        float *weights = s->weights + n * s->positions, *context = s->context + n * more, most = -INFINITY, sum = 0;
        for (int64_t p = 0; p < there; p++) {
            weights[p] = inner(query, keys + p * size, size);
            most = weights[p] > most ? weights[p] : most;
        }
        for (int64_t p = 0; p < there; p++)
            sum += weights[p] = expf(weights[p] - most);
        memset(context, 0, (size_t)more * sizeof(float));
        for (int64_t p = 0; p < s->positions; p++)
            weights[p] = p < there ? weights[p] / sum : 0;
        for (int64_t p = 0; p < there; p++)
            for (int64_t i = 0; i < more; i += LANES) {
                vec so_far = v_load_some(context + i, more - i), value = v_load_some(values + p * more + i, more - i);
                v_store_some(context + i, v_fma(v_set(weights[p]), value, so_far), more - i);
            }
        if (s->below < s->layers) {
            float *mixed = (float *)s->sequences[s->below].x + n * (size + more);
            memcpy(mixed, query, (size_t)size * sizeof(float));
            memcpy(mixed + size, context, (size_t)more * sizeof(float));
        }
    }
}

/* What the projection reads: the last layer's outputs, and with attention the contexts behind them. */
static const float *step_joined(const struct step *s, int64_t first, int64_t last)
{
    const struct sequence *top = &s->sequences[s->layers - 1];
    if (!s->keys)
        return top->out;
    int64_t size = top->hidden, more = s->values_size;
    for (int64_t n = first; n < last; n++) {
        memcpy(s->joined + n * (size + more), top->out + n * size, (size_t)size * sizeof(float));
        memcpy(s->joined + n * (size + more) + size, s->context + n * more, (size_t)more * sizeof(float));
    }
    return s->joined;
}

static void step(const struct team *team, const struct step *s, void *memory)
{
    struct room scratch_room = {memory, 0}, packed = {s->packed, 0};
    struct step_buffers b = step_buffers(s, team->size, &scratch_room);
    int64_t first, last, size = step_top(s);
    step_weights(s, &b, &packed);
    share(team, s->batch, &first, &last);
    for (int64_t n = first; n < last; n++)
        memcpy(s->x + n * s->inputs, s->embedding + s->ids[n] * s->inputs, (size_t)s->inputs * sizeof(float));
    wait_for_all(team);
    for (int64_t l = 0; l < s->layers; l++) {
        sequence_forward(team, &s->sequences[l], b.layer);
        wait_for_all(team);
        if (s->keys && l + 1 == s->below) {
            step_attend(s, first, last);
            wait_for_all(team);
        }
    }
    const float *top = step_joined(s, first, last);
    if (s->projection) {
        to_elements(b.last + first * b.last_step, b.last_step, top + first * size, last - first, size);
        wait_for_all(team);
        multiply(team, s->batch, size, b.last, b.last_step, b.projection, panels_of(s->columns), b.projected,
                 s->columns);
        top = b.projected;
        if (s->squash)
            for (int64_t i = first * s->columns; i < last * s->columns; i += LANES) {
                int64_t left = last * s->columns - i;
                v_store_some(b.projected + i, v_tanh(v_load_some(b.projected + i, left)), left);
            }
    }
    to_elements(b.top + first * b.top_step, b.top_step, top + first * s->columns, last - first, s->columns);
    wait_for_all(team);
    step_logits(team, s, &b);
    wait_for_all(team);
    step_normalise(team, s, &b);
}
