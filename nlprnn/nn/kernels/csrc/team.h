/* A team of threads inside one parallel region: who I am, and a barrier that spins. */
#ifndef NLPRNN_TEAM_H
#define NLPRNN_TEAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { MOST_MEMBERS = 64 };

struct barrier {
    _Alignas(64) atomic_int arrived;
    _Alignas(64) atomic_int round;
    struct {
        _Alignas(64) atomic_llong count;
    } claims[MOST_MEMBERS / 2]; /* of each pair of members, since the last barrier */
};

struct team {
    int size, index;
    struct barrier *barrier;
};

/* The share [first, last) of `items` that belongs to a member. */
static inline void share(const struct team *team, int64_t items, int64_t *first, int64_t *last)
{
    *first = items * team->index / team->size;
    *last = items * (team->index + 1) / team->size;
}

/* Items done by whoever is free, until the next barrier. Two neighbours work on a stretch of items from its two ends: at
   first each on its own, so that what it reads stays in its cache, and at last one by one as they come to them. */
struct items {
    int64_t item, step, own, open;
    atomic_llong *claims;
};

static inline struct items items_of(const struct team *team, int64_t count)
{
    int64_t pair = team->index / 2, end = 2 * pair + 2, alone = end > team->size;
    int64_t first = count * 2 * pair / team->size, last = count * (alone ? team->size : end) / team->size;
    int64_t own = alone ? last - first : (last - first) * 3 / 8;
    int64_t backwards = team->index % 2;
    struct items items = {backwards ? last : first - 1, backwards ? -1 : 1, own, alone ? 0 : last - first - 2 * own,
                          &team->barrier->claims[pair].count};
    return items;
}

static inline int next_item(struct items *items)
{
    if (items->own > 0)
        items->own--;
    else if (items->open == 0 || atomic_fetch_add_explicit(items->claims, 1, memory_order_relaxed) >= items->open)
        return 0;
    items->item += items->step;
    return 1;
}

void wait_for_all(const struct team *team);
void in_parallel(int threads, void (*work)(void *, const struct team *), void *argument);

/* Run teams on the OpenMP library that is in the process already: a second pool would fight the first for the cores.
   Null pointers: threads of our own, made and joined for each region. */
void use_openmp(void *parallel, void *thread_number, void *thread_count);

#endif
