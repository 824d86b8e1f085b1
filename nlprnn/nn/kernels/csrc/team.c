#include "team.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { SPINS = 1 << 14 }; /* some tens of microseconds, then let others have the core */

void wait_for_all(const struct team *team)
{
    if (team->size == 1)
        return;
    struct barrier *b = team->barrier;
    int round = atomic_load_explicit(&b->round, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&b->arrived, 1, memory_order_acq_rel) == team->size - 1) {
        atomic_store_explicit(&b->arrived, 0, memory_order_relaxed);
        for (int pair = 0; 2 * pair < team->size; pair++)
            atomic_store_explicit(&b->claims[pair].count, 0, memory_order_relaxed);
        atomic_store_explicit(&b->round, round + 1, memory_order_release);
        return;
    }
    for (int spins = 0; atomic_load_explicit(&b->round, memory_order_acquire) == round; spins++) {
        if (spins < SPINS)
            __builtin_ia32_pause();
        else
            sched_yield();
    }
}

typedef void parallel_function(void (*)(void *), void *, unsigned, unsigned);
typedef int number_function(void);

static parallel_function *parallel;
static number_function *thread_number, *thread_count;

void use_openmp(void *parallel_, void *thread_number_, void *thread_count_)
{
    parallel = (parallel_function *)parallel_;
    thread_number = (number_function *)thread_number_;
    thread_count = (number_function *)thread_count_;
}

struct region {
    void (*work)(void *, const struct team *);
    void *argument;
    struct barrier *barrier;
    int size, index; /* of threads of our own */
};

static void member_of_openmp(void *data)
{
    struct region *region = data;
    struct team team = {thread_count(), thread_number(), region->barrier};
    region->work(region->argument, &team);
}

static void *member(void *data)
{
    struct region *region = data;
    struct team team = {region->size, region->index, region->barrier};
    region->work(region->argument, &team);
    return 0;
}

static void on_own_threads(struct region region)
{
    struct region members[region.size];
    pthread_t threads[region.size];
    for (int i = 0; i < region.size; i++) {
        members[i] = region;
        members[i].index = i;
    }
    for (int i = 1; i < region.size; i++)
        if (pthread_create(&threads[i], 0, member, &members[i]))
            abort(); /* the others would wait for it for ever */
    member(&members[0]);
    for (int i = 1; i < region.size; i++)
        pthread_join(threads[i], 0);
}

void in_parallel(int threads, void (*work)(void *, const struct team *), void *argument)
{
    struct barrier barrier;
    memset(&barrier, 0, sizeof barrier);
    threads = threads < MOST_MEMBERS ? threads : MOST_MEMBERS;
    struct region region = {work, argument, &barrier, threads, 0};
    if (threads <= 1) {
        struct team alone = {1, 0, &barrier};
        work(argument, &alone);
    } else if (parallel) {
        parallel(member_of_openmp, &region, (unsigned)threads, 0);
    } else {
        on_own_threads(region);
    }
}
