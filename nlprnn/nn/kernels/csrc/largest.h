/* The largest numbers of each row. */

/* Put a number into its place among the `count` that are kept; of equal numbers the one that came first stays first. */
static void keep_largest(float *values, int64_t *places, int64_t count, float value, int64_t place)
{
    int64_t i = count;
    for (; i > 0 && value > values[i - 1]; i--) {
        values[i] = values[i - 1];
        places[i] = places[i - 1];
    }
    values[i] = value;
    places[i] = place;
}

/* Most numbers are compared with the least that is kept, and not kept, a few vectors of them at a time. */
static void largest_of_row(const float *x, int64_t columns, float *values, int64_t *places, int64_t k)
{
    enum { CHUNK = 4 * LANES };
    int64_t i = 0;
    for (; i < k; i++)
        keep_largest(values, places, i, x[i], i);
    while (i < columns) {
        int64_t end = i + CHUNK;
        if (end <= columns) {
            vec most = v_max(v_max(v_load(x + i), v_load(x + i + LANES)),
                             v_max(v_load(x + i + 2 * LANES), v_load(x + i + 3 * LANES)));
            if (v_largest(most) <= values[k - 1]) {
                i = end;
                continue;
            }
        } else {
            end = columns;
        }
        for (; i < end; i++)
            if (x[i] > values[k - 1])
                keep_largest(values, places, k - 1, x[i], i);
    }
}

static void largest(const struct team *team, const struct largest *l, void *scratch)
{
    int64_t first, last;
    (void)scratch;
    share(team, l->rows, &first, &last);
    for (int64_t row = first; row < last; row++)
        largest_of_row(l->x + row * l->columns, l->columns, l->values + row * l->k, l->places + row * l->k, l->k);
}
