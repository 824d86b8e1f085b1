/* A product with one matrix. A row of the result depends on its own row of x alone, to the last bit. */

struct linear_buffers { word *packed; element *x; int64_t step; };

static struct linear_buffers linear_buffers(const struct linear *l, struct room *scratch)
{
    struct linear_buffers b = {.step = whole_words(l->inputs)};
    b.packed = take(scratch, panel_size(panels_of(l->outputs), words(l->inputs)) * (int64_t)sizeof(word));
    b.x = take(scratch, l->rows * b.step * (int64_t)sizeof(element));
    return b;
}

static int64_t linear_scratch(const struct linear *l)
{
    struct room room = {0, 0};
    linear_buffers(l, &room);
    return room.used;
}

static void linear(const struct team *team, const struct linear *l, void *memory)
{
    struct room room = {memory, 0};
    struct linear_buffers b = linear_buffers(l, &room);
    struct panels p = panels_of(l->outputs);
    int64_t first, last;
    pack_columns(team, b.packed, p, l->w, l->inputs);
    share(team, l->rows, &first, &last);
    to_elements(b.x + first * b.step, b.step, l->x + first * l->inputs, last - first, l->inputs);
    wait_for_all(team);
    multiply(team, l->rows, l->inputs, b.x, b.step, b.packed, p, l->out, l->outputs);
}
